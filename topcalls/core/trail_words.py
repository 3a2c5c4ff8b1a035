"""What the entries of a call's trail mean, in words for people.

Nothing that anybody said or was told is in them: words of a conversation, of a note or of a person
stay where they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

Detail = Mapping[str, Any]


def words_of_entry(kind: str, detail: Detail) -> str:
    """One sentence; of a kind that nobody foresaw, its name."""
    told = _WORDS.get(kind)
    if told is None:
        return f"{kind}."
    return told if isinstance(told, str) else told(detail)


def hangup_words(cause: object, sip: object, q850: object, by: object) -> str:
    """What the network said of the end of a channel: `NORMAL_CLEARING, SIP 200, Q.850 16`."""
    parts = [str(cause or "no cause")]
    parts += [f"SIP {sip}"] if sip else []
    parts += [f"Q.850 {q850}"] if q850 else []
    parts += [f"by {_SIDES.get(str(by), by)}"] if by else []
    return ", ".join(parts)


_SIDES: Final = {"callee": "the far end", "us": "the gateway", "network": "the network"}


def _hangup(detail: Detail) -> str:
    told = detail.get("hangup") or {}
    return hangup_words(told.get("cause"), told.get("sip_status"), told.get("q850"), told.get("by"))


def _with(sentence: str, *names: str) -> Callable[[Detail], str]:
    """The sentence, and behind it the details of these names that there are."""

    def words(detail: Detail) -> str:
        known = [f"{name} {detail[name]}" for name in names if detail.get(name) not in (None, "")]
        return f"{sentence} ({', '.join(known)})." if known else f"{sentence}."

    return words


_WORDS: Final[Mapping[str, str | Callable[[Detail], str]]] = {
    "Released": "Its scheduled time came.",
    "Arrived": "It came in and was parked on the switch.",
    "Refused": _with("It was not taken", "reason", "detail"),
    "Claimed": "A controller took it from the queue.",
    "GivenBack": "The controller gave it back without having dialled.",
    "Forbidden": _with("A rule forbade it", "rule", "detail", "until"),
    "DispatchExpired": "Nobody took it from the queue in time.",
    "OriginateFailed": lambda detail: f"The dial failed: {_hangup(detail)}.",
    "AttemptFailed": lambda detail: f"A carrier did not get it through: {_hangup(detail)}.",
    "Rang": "The phone rings (SIP 180).",
    "EarlyMedia": "Sound before the answer (SIP 183).",
    "Answered": "It was answered.",
    "StreamConnected": "The audio reached the controller.",
    "StreamLost": _with("The audio was lost", "detail"),
    "BridgeReady": "The AI was ready: the conversation began.",
    "BridgeFailed": _with("The conversation could not go on", "reason", "detail"),
    "BridgeFinished": _with("The conversation came to its end", "reason"),
    "Transferred": _with("It was handed over to a person", "by"),
    "HandedToCarrier": _with("The carrier handed it over to a person", "by"),
    "TransferTargetLeft": "The person it was handed over to hung up.",
    "Supervised": _with("A supervisor took part", "mode"),
    "PutOnHold": "The far end put it on hold.",
    "TakenOffHold": "The far end took it off hold.",
    "StopRequested": _with("Its end was asked for", "by"),
    "TimedOut": "The time limit of the state ran out.",
    "HungUp": lambda detail: f"The channel ended: {_hangup(detail)}.",
    "ChannelLost": _with("The switch does not know the channel any more", "last_heard_at"),
    "OwnerLost": _with("Its controller was gone", "last_heard_at"),
    "Adopted": "Another controller carried on.",
    "ShutDown": "The controller stopped.",
    "Misconfigured": _with("No controller can carry it", "detail"),
    "ContextInjected": "The agent was given a note.",
    "FollowingBegan": "Somebody began to follow it.",
    "KeysAsked": "Keys were to be pressed.",
    "ListenerJoined": "Somebody began to listen.",
    "ListenerLeft": "Somebody stopped listening.",
    "ListeningAllowed": "Somebody was allowed to listen.",
    "OptOutByMachine": "The analysis found that the person wants no calls.",
    "OptedOut": "The person said that they want no calls.",
    "RecordingPauseAsked": "The recording was to be paused.",
    "RecordingPaused": "The recording was paused.",
    "RecordingPauseFailed": "The recording could not be paused.",
    "RecordingResumeAsked": "The recording was to go on.",
    "RecordingResumed": "The recording went on.",
    "SupervisionAsked": _with("A supervisor was to take part", "mode"),
    "TransferAsked": "It was to be handed over.",
    "WordsSaid": "Words were put into the agent's mouth.",
}
"""By kind, as the trail stores it."""

KINDS: Final = frozenset(_WORDS)
