"""The first word on why a call ended, for people: stored as `error_message`."""

from __future__ import annotations

from topcalls.core.call_events import (
    BridgeFailed,
    CallEvent,
    ChannelLost,
    DispatchExpired,
    Forbidden,
    HungUp,
    HungUpBy,
    Misconfigured,
    OriginateFailed,
    OwnerLost,
    Refused,
    ShutDown,
    StreamLost,
    TimedOut,
)
from topcalls.core.hangup_causes import in_words

AI_WAS_LATE = "The AI provider was not ready in time."
ANSWER_UNHEARD = "The call was answered and ended while the switch could not be heard."

_BROKEN = {
    "provider_failed": "The AI provider failed.",
    "internal_error": "The conversation met an internal error.",
    "playback_failed": "The agent's speech could not be played to the phone.",
}


def words_of(event: CallEvent, *, answered: bool) -> str | None:
    """One or two sentences; None for an event that needs none. `answered`: somebody picked up."""
    if isinstance(event, OriginateFailed | HungUp):
        return in_words(event.hangup)
    if isinstance(event, StreamLost):
        return f"The call's audio stream was lost. {event.detail}".rstrip()
    if isinstance(event, BridgeFailed):
        return f"{_BROKEN.get(event.reason, _BROKEN['provider_failed'])} {event.detail}".rstrip()
    if isinstance(event, ChannelLost):
        counts = " It counts until it was last heard of." if answered else ""
        return f"The switch lost the call without saying why.{counts}"
    if isinstance(event, OwnerLost):
        return "The controller that carried the call died."
    if isinstance(event, ShutDown):
        return "The controller that carried the call was stopped."
    if isinstance(event, Misconfigured):
        return f"TopCalls is not set up to make this call. {event.detail}".rstrip()
    if isinstance(event, Forbidden):
        return event.detail or f"The rule '{event.rule}' forbids the call."
    if isinstance(event, DispatchExpired):
        return "No controller took the call up in time. See that a controller runs and has room."
    return None


def words_of_arrival(event: CallEvent) -> str | None:
    """The same for an inbound call that was not answered, where it is told otherwise."""
    if isinstance(event, Refused):
        return event.detail
    if isinstance(event, HungUp) and event.hangup.by is HungUpBy.CALLEE:
        return f"The caller hung up before the call was answered. ({event.hangup.cause})"
    if isinstance(event, HungUp | TimedOut):
        why = f" {in_words(event.hangup)}" if isinstance(event, HungUp) else ""
        return f"The call could not be answered.{why}"
    return None
