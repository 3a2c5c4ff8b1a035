"""What can happen to a call.

Events are facts, told by FreeSWITCH, the media stream, the bridge, the API or a timer. What follows
from them is decided in `core/call_state.py` alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from topcalls.core import network_refusals


class HungUpBy(StrEnum):
    """Who ended the channel, as far as the switch can tell."""

    CALLEE = "callee"
    US = "us"
    NETWORK = "network"


@dataclass(frozen=True, slots=True)
class Hangup:
    """Why a channel ended.

    `cause` is FreeSWITCH's name of the Q.850 cause (`NORMAL_CLEARING`); `sip_status` the final SIP
    response, `q850` the cause number, both None where the far end sent none. `rang_ms`: for how
    long it rang, or a tone was heard, as far as the switch tells. `picked_up`: a dial was accepted
    (200 OK) that counts as unanswered, because its answer held no audio that could be used.
    `phrase` and `reason`: the words of a refusal, and its Reason header, as strangers sent them;
    `retry_after`: for how many seconds it asks to be left alone (`core/network_refusals.py`).
    """

    cause: str
    sip_status: int | None = None
    q850: int | None = None
    by: HungUpBy = HungUpBy.NETWORK
    rang_ms: int = 0
    picked_up: bool = False
    phrase: str = ""
    reason: str = ""
    retry_after: float | None = None

    @property
    def is_network_block(self) -> bool:
        """A network refused it for what it takes us for; nobody declined."""
        return network_refusals.is_network_block(self.sip_status, self.phrase, self.reason)


@dataclass(frozen=True, slots=True)
class Released:
    """The scheduled time has come."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """An inbound call is parked and ours."""


@dataclass(frozen=True, slots=True)
class Refused:
    """An inbound call that we do not take: `reason` is an `EndReason`, `detail` is for people."""

    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A controller took the call from the queue and holds its lease."""


@dataclass(frozen=True, slots=True)
class GivenBack:
    """The controller returns a call that it has not dialled."""


@dataclass(frozen=True, slots=True)
class Forbidden:
    """A rule forbids the call, or its next dial, before anybody was rung; `detail` is for people.
    `until`: when it may be made, where the rule only makes it wait. `held`: it may be made once
    something arrives that is missing."""

    rule: str
    detail: str = ""
    until: datetime | None = None
    held: bool = False


@dataclass(frozen=True, slots=True)
class DispatchExpired:
    """Nobody took the call up within its dispatch time."""


@dataclass(frozen=True, slots=True)
class OriginateFailed:
    """The switch could not place the call."""

    hangup: Hangup


@dataclass(frozen=True, slots=True)
class AttemptFailed:
    """A carrier did not get the call through, nobody was rung, and the next carrier tries."""

    hangup: Hangup


@dataclass(frozen=True, slots=True)
class Rang:
    """The far end rings (SIP 180)."""


@dataclass(frozen=True, slots=True)
class EarlyMedia:
    """Audio before the answer (SIP 183): ringback or an announcement."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The far end picked up, so many seconds ago; from then on the call is billed."""

    seconds_ago: float = 0.0


@dataclass(frozen=True, slots=True)
class StreamConnected:
    """mod_audio_stream reached us: the caller's audio flows."""


@dataclass(frozen=True, slots=True)
class StreamLost:
    """The caller's audio stopped for good."""

    detail: str = ""


@dataclass(frozen=True, slots=True)
class BridgeReady:
    """Audio is attached and the AI session is configured: the conversation runs."""


@dataclass(frozen=True, slots=True)
class BridgeFailed:
    """The conversation cannot go on, and a retry did not help.

    `reason`: the AI's fault (`provider_failed`), ours (`internal_error`), or the agent's speech
    could not be brought to the phone (`playback_failed`).
    """

    detail: str = ""
    reason: str = "provider_failed"


@dataclass(frozen=True, slots=True)
class BridgeFinished:
    """The conversation came to its end: `agent_ended` or `silence`."""

    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Transferred:
    """The caller is connected with a person: `destination` is its listed name, `by` who wanted it
    (`agent`, `api` or `supervisor`)."""

    destination: str
    by: str = "agent"


@dataclass(frozen=True, slots=True)
class HandedToCarrier:
    """The carrier has connected the caller with a person, by REFER: our leg is of no use."""

    destination: str
    by: str = "agent"


@dataclass(frozen=True, slots=True)
class TransferTargetLeft:
    """The person that the caller was connected with hung up."""


@dataclass(frozen=True, slots=True)
class Supervised:
    """A person of the account's own takes part in the call from now on: `mode` says how, or that
    they `left`. `supervisor` is their softphone's extension."""

    supervisor: str
    mode: str


@dataclass(frozen=True, slots=True)
class PutOnHold:
    """The far end has put the call on hold: it hears nothing of us. `call_ms`: since the answer,
    by the switch's clock."""

    call_ms: int = 0


@dataclass(frozen=True, slots=True)
class TakenOffHold:
    """It hears us again; `call_ms` as above."""

    call_ms: int = 0


@dataclass(frozen=True, slots=True)
class StopRequested:
    """A user asked for the end."""

    by: str = "api"


@dataclass(frozen=True, slots=True)
class TimedOut:
    """The time limit of the current state ran out."""


@dataclass(frozen=True, slots=True)
class HungUp:
    """The channel is over.

    `answered_at` and `ended_at` are by the switch's clock; None: it was not answered, or the switch
    does not say.
    """

    hangup: Hangup
    answered_at: datetime | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ChannelLost:
    """The switch knows the channel no more, and never said why.

    `last_heard_at`: the last sign of it; None where there was none, or it is of this moment.
    """

    last_heard_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class OwnerLost:
    """The controller that carried the call is gone, and the conversation with it.

    `last_heard_at`: when it last told that it had the call; nothing after that is billed.
    """

    last_heard_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Adopted:
    """The controller that carried the call is gone, and another one carries on: the channel and
    who is on it have waited."""


@dataclass(frozen=True, slots=True)
class ShutDown:
    """The controller stops, and the time for its calls to end by themselves is over."""


@dataclass(frozen=True, slots=True)
class Misconfigured:
    """No controller can carry the call, however often it is tried: the installation is not set up
    for it."""

    detail: str = ""


CallEvent = (
    Released
    | Arrived
    | Refused
    | Claimed
    | GivenBack
    | Forbidden
    | DispatchExpired
    | OriginateFailed
    | AttemptFailed
    | Rang
    | EarlyMedia
    | Answered
    | StreamConnected
    | StreamLost
    | BridgeReady
    | BridgeFailed
    | BridgeFinished
    | Transferred
    | HandedToCarrier
    | TransferTargetLeft
    | Supervised
    | PutOnHold
    | TakenOffHold
    | StopRequested
    | TimedOut
    | HungUp
    | ChannelLost
    | OwnerLost
    | Adopted
    | ShutDown
    | Misconfigured
)

EVENT_KINDS: tuple[type[CallEvent], ...] = CallEvent.__args__
