"""What becomes of a call that this controller took and cannot carry."""

from __future__ import annotations

from topcalls.clock import Clock
from topcalls.controller.journal import Journal
from topcalls.core.call_events import (
    CallEvent,
    ChannelLost,
    GivenBack,
    Misconfigured,
    OwnerLost,
)
from topcalls.core.call_state import Verdict, advance
from topcalls.esl import commands
from topcalls.esl.client import SwitchClient
from topcalls.services.dispatch import ClaimedCall


def turn_away(call: ClaimedCall, journal: Journal, switch: SwitchClient, clock: Clock) -> None:
    """It goes back to the queue, and after its last try to its end. One that was dialled by another
    controller, and taken over, is hung up and over."""
    facts = call.facts
    if facts.dialled:
        switch.post(commands.uuid_kill(call.channel_uuid, "NORMAL_CLEARING"))
    for event in _what_follows(call):
        transition = advance(facts, event)
        if transition.verdict is Verdict.MOVED:
            journal.transition(transition, {}, clock.now())
            facts = facts.after(transition)


def _what_follows(call: ClaimedCall) -> tuple[CallEvent, ...]:
    if call.facts.dialled:
        return OwnerLost(call.owner_heard_at), ChannelLost(call.owner_heard_at)
    if call.tries_left > 0:
        return (GivenBack(),)
    return (Misconfigured("See the controller's log."),)
