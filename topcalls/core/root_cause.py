"""Why a call ended as it did: the one rule that explains each end there is, and what to do.

A rule tells the cause in words and the remedy; at whose door it lies is decided in
`core/end_reasons.py` alone. The rules of a reason are looked through in their order, the general
one last, so that every end has exactly one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from topcalls.core.end_reasons import EndedBy, EndReason, ended_by
from topcalls.core.network_refusals import BLOCKED


@dataclass(frozen=True, slots=True)
class Ending:
    """How a call ended. `decided_by`: the kind of the event that decided it (`TimedOut`), empty
    where the trail does not tell; `cause` and `sip_status` as of `core.call_events.Hangup`;
    `is_network_block`: a network refused the call for what it took the calling number for."""

    reason: EndReason
    decided_by: str = ""
    cause: str | None = None
    sip_status: int | None = None
    is_inbound: bool = False
    is_network_block: bool = False

    @property
    def blame(self) -> EndedBy:
        """At whose door it lies."""
        return ended_by(self.reason, self.cause, self.sip_status, inbound=self.is_inbound)


@dataclass(frozen=True, slots=True)
class Rule:
    """Explains ends of one `reason`, as far as they are like what else is named; what is empty
    may be anything. `remedy`: what to do about it; empty where nothing went wrong."""

    name: str
    reason: EndReason
    cause: str
    remedy: str = ""
    decided_by: frozenset[str] = frozenset()
    causes: frozenset[str] = frozenset()
    sip: frozenset[int] = frozenset()
    blocked: bool = False
    inbound: bool | None = None

    def fits(self, ending: Ending) -> bool:
        """Whether an end is like this, other rules apart."""
        return (
            ending.reason is self.reason
            and (not self.decided_by or ending.decided_by in self.decided_by)
            and (not self.causes or ending.cause in self.causes)
            and (not self.sip or ending.sip_status in self.sip)
            and (not self.blocked or ending.is_network_block or ending.sip_status == BLOCKED)
            and self.inbound in (None, ending.is_inbound)
        )


def explaining(ending: Ending) -> Rule:
    """The rule that explains an end."""
    return next(rule for rule in RULES if rule.fits(ending))


def _dials() -> Iterator[Rule]:
    """Dials that did not get through, by what the network said."""
    for name, causes, sip, cause, remedy in _DIAL_FAILED:
        yield Rule(
            f"dial_failed.{name}",
            EndReason.DIAL_FAILED,
            cause,
            remedy,
            causes=frozenset(causes),
            sip=frozenset(sip),
            blocked=name == "blocked",
        )


_ASK_CARRIER: Final = (
    "Give the carrier the cause, the SIP status and the time of the dial; a second carrier would "
    "have been tried next (docs/trunks.md)."
)
_LOG: Final = "See the controller's log at the time of the event."
_DIAL_FAILED: Final[tuple[tuple[str, tuple[str, ...], tuple[int, ...], str, str], ...]] = (
    (
        "credentials",
        (),
        (401, 407),
        "The carrier did not accept our user name and password.",
        "Correct the carrier's credentials; `topcalls doctor carrier NAME` tells more.",
    ),
    (
        "number_unassigned",
        ("UNALLOCATED_NUMBER",),
        (),
        "The number is not assigned to anybody.",
        "Correct or remove the number where it came from.",
    ),
    (
        "switch_unreachable",
        ("SWITCH_UNREACHABLE",),
        (),
        "The switch could not be reached, so nothing was dialled.",
        "See that FreeSWITCH runs and its Event Socket answers: `topcalls doctor`, check `switch`.",
    ),
    (
        "intent_not_stored",
        ("DIAL_INTENT_NOT_STORED",),
        (),
        "The database did not take the dial's row, so nothing was dialled.",
        "See that the database can be written to: `topcalls doctor`, check `database_writes`.",
    ),
    (
        "originate_refused",
        ("ORIGINATE_REFUSED",),
        (),
        "The switch refused the command to dial.",
        "See the switch's log: often `max-sessions` or `sessions-per-second` is reached.",
    ),
    (
        "destination_out_of_order",
        ("DESTINATION_OUT_OF_ORDER",),
        (),
        "The way to the destination is out of order at the carrier.",
        _ASK_CARRIER,
    ),
    (
        "unpaid",
        (),
        (402,),
        "The carrier wants to be paid first.",
        "Top up the balance at the carrier.",
    ),
    (
        "forbidden",
        (),
        (403,),
        "The carrier does not allow this call.",
        "Check there whether this caller ID is yours, and whether calls to this country are "
        "permitted.",
    ),
    (
        "blocked",
        (),
        (),
        "A network blocked the call for what it takes the calling number for.",
        "Object where the refusal says (the dial's `sip_reason`), register the number with the "
        "networks' analytics, and call less often from it.",
    ),
    (
        "gateway_down",
        ("GATEWAY_DOWN",),
        (),
        "The carrier's gateway did not answer the switch's pings.",
        "`topcalls doctor carrier NAME`; check its host, its port and the firewall.",
    ),
    (
        "no_answer_from_carrier",
        ("RECOVERY_ON_TIMER_EXPIRE",),
        (),
        "The carrier did not answer our INVITE in time.",
        "Check its host and port, and that the firewall lets its answers in.",
    ),
    (
        "number_format",
        ("INVALID_NUMBER_FORMAT",),
        (),
        "The carrier did not accept how the number is written.",
        "Change the carrier's `number_format` or `number_prefix`.",
    ),
    (
        "no_route",
        ("NO_ROUTE_DESTINATION", "NO_ROUTE_TRANSIT_NET", "EXCHANGE_ROUTING_ERROR"),
        (),
        "The carrier has no route to this number.",
        "Have the carrier open this country, or add a carrier that reaches it.",
    ),
    (
        "no_codec",
        ("INCOMPATIBLE_DESTINATION", "BEARERCAPABILITY_NOTAVAIL"),
        (),
        "There is no audio codec that both sides speak.",
        "Have the carrier allow PCMU or PCMA.",
    ),
    (
        "congestion",
        (
            "NORMAL_TEMPORARY_FAILURE",
            "NORMAL_CIRCUIT_CONGESTION",
            "NETWORK_OUT_OF_ORDER",
            "REQUESTED_CHAN_UNAVAIL",
            "SWITCH_CONGESTION",
        ),
        (),
        "The carrier had no free line, or its network failed for the moment.",
        f"Lower the carrier's calls at once if this repeats. {_ASK_CARRIER}",
    ),
    (
        "malformed",
        ("MANDATORY_IE_MISSING", "PROTOCOL_ERROR", "INVALID_MSG_UNSPECIFIED"),
        (),
        "The far end refused the request as malformed.",
        f"Make a bundle of the call: the switch's log has the INVITE. {_ASK_CARRIER}",
    ),
    ("other", (), (), "The carrier did not get the call through.", _ASK_CARRIER),
)

RULES: Final = (
    Rule("callee_hung_up", EndReason.CALLEE_HUNG_UP, "Whoever was called hung up."),
    Rule("caller_hung_up", EndReason.CALLER_HUNG_UP, "The caller hung up."),
    Rule("agent_ended", EndReason.AGENT_ENDED, "The agent said goodbye and ended the call."),
    Rule(
        "silence",
        EndReason.SILENCE,
        "Nothing was heard from the other side for `silence_timeout_seconds`.",
        "If somebody did speak, their audio did not arrive: listen to the recording. Else raise "
        "`silence_timeout_seconds`.",
    ),
    Rule(
        "max_duration",
        EndReason.MAX_DURATION,
        "The call reached its longest duration.",
        "Raise `max_duration` if the conversation needed longer.",
    ),
    Rule("stopped", EndReason.STOPPED, "Somebody, or a campaign, asked for the end of the call."),
    Rule(
        "busy",
        EndReason.BUSY,
        "The line was busy.",
        "Try later: a campaign does so by its `retry` rules.",
    ),
    Rule(
        "no_answer.rang_out",
        EndReason.NO_ANSWER,
        "It rang for `ring_timeout_seconds`, and nobody answered.",
        "Try at another hour, or raise `ring_timeout_seconds`.",
        decided_by=frozenset({"TimedOut"}),
    ),
    Rule(
        "no_answer.out_of_reach",
        EndReason.NO_ANSWER,
        "The phone was off or out of reach.",
        "Try later.",
        causes=frozenset({"SUBSCRIBER_ABSENT"}),
    ),
    Rule(
        "no_answer.not_reached",
        EndReason.NO_ANSWER,
        "The carrier did not reach the phone in time (SIP 408).",
        "Try later; if it happens with every number, ask the carrier.",
        sip=frozenset({408}),
    ),
    Rule("no_answer.other", EndReason.NO_ANSWER, "Nobody answered.", "Try at another hour."),
    Rule(
        "rejected.unwanted",
        EndReason.REJECTED,
        "Whoever was called marked the call as unwanted (SIP 607).",
        "Do not call again: the number is on your do-not-call list now.",
        sip=frozenset({607}),
    ),
    Rule("rejected.other", EndReason.REJECTED, "Whoever was called declined the call."),
    *_dials(),
    Rule(
        "configuration.no_gateway",
        EndReason.CONFIGURATION,
        "The switch does not know the gateway or the profile that the call was to leave by.",
        "`topcalls doctor carrier NAME`: the carrier's file has not reached the switch, or "
        "`gateway` and `sip_profile` name what is not there.",
        causes=frozenset({"INVALID_GATEWAY", "INVALID_PROFILE"}),
    ),
    Rule(
        "configuration.no_carrier",
        EndReason.CONFIGURATION,
        "There is no carrier to call by.",
        "Add one by POST /v1/phone-numbers/carriers, or set `gateway`.",
        causes=frozenset({"NO_CARRIER"}),
    ),
    Rule(
        "configuration.dial_not_possible",
        EndReason.CONFIGURATION,
        "The call could not be put into a dial command.",
        f"A value of the carrier or of the call is not allowed there. {_LOG}",
        causes=frozenset({"DIAL_NOT_POSSIBLE", "CHAN_NOT_IMPLEMENTED"}),
    ),
    Rule(
        "configuration.refused",
        EndReason.CONFIGURATION,
        "Nobody is set up to take a call to this number.",
        "Bind an agent to the number: docs/inbound.md.",
        inbound=True,
    ),
    Rule(
        "configuration.other",
        EndReason.CONFIGURATION,
        "This installation is not set up to make the call.",
        "The message says what is missing; `topcalls doctor` checks the rest.",
    ),
    Rule(
        "not_callable",
        EndReason.NOT_CALLABLE,
        "A rule forbade the call before anybody was rung.",
        "The compliance decision names the rule and what it wants (docs/compliance.md).",
    ),
    Rule(
        "dispatch_timeout",
        EndReason.DISPATCH_TIMEOUT,
        "No controller took the call up within `dispatch_timeout_seconds`.",
        "See `topcalls status`: no controller runs, none has room, or the switch is down; or the "
        "account's limits kept the call waiting.",
    ),
    Rule(
        "stream_lost.never_came",
        EndReason.STREAM_LOST,
        "The call was answered, and its audio never reached the controller.",
        "`topcalls doctor`, checks `switch_modules` and `media_address`: the switch must have "
        "mod_audio_stream and reach `media_advertised_host`.",
        decided_by=frozenset({"TimedOut"}),
    ),
    Rule(
        "stream_lost.broke",
        EndReason.STREAM_LOST,
        "The call's audio broke off in the middle of the call.",
        "Look at the network between the switch and the controller, and for a crash of either.",
    ),
    Rule(
        "playback_failed",
        EndReason.PLAYBACK_FAILED,
        "The agent's speech could not be played to the phone.",
        "`topcalls doctor`, checks `playback_dir`, `playback_space` and `playback_shared`.",
    ),
    Rule(
        "provider_failed.late",
        EndReason.PROVIDER_FAILED,
        "The AI was not ready in time after the answer.",
        "`topcalls doctor`, check `ai_server`; look at the vendor's status page.",
        decided_by=frozenset({"TimedOut"}),
    ),
    Rule(
        "provider_failed.broke",
        EndReason.PROVIDER_FAILED,
        "The AI failed, and another try did not help.",
        "The message has the vendor's words. Name a model to fall back to (docs/legacy.md); look "
        "at the vendor's status page and the key's limits.",
    ),
    Rule(
        "internal_error",
        EndReason.INTERNAL_ERROR,
        "The conversation met a fault of TopCalls itself.",
        f"Report it with a bundle of the call (`topcalls bundle`). {_LOG}",
    ),
    Rule(
        "channel_lost.answer_unheard",
        EndReason.CHANNEL_LOST,
        "The call was answered and ended while the switch could not be heard.",
        "Look at why the Event Socket was away at that time: the switch's log and the network.",
        decided_by=frozenset({"HungUp"}),
    ),
    Rule(
        "channel_lost.vanished",
        EndReason.CHANNEL_LOST,
        "The switch does not know the channel any more, and never said why it ended.",
        "Look for a crash or restart of FreeSWITCH; with `cdr_dir` the ends that nobody heard are "
        "read from its records.",
    ),
    Rule(
        "controller_lost",
        EndReason.CONTROLLER_LOST,
        "The controller that carried the call died, and no other one took it over in time.",
        "Find out why it died: its log, or the kernel's for lack of memory. Run a second "
        "controller on the node (docs/operations.md).",
    ),
    Rule(
        "shutdown",
        EndReason.SHUTDOWN,
        "The controller was stopped, and the time for its calls to end was over.",
        "Raise `drain_seconds`, or hand calls over to another controller (docs/operations.md).",
    ),
    Rule(
        "network_hung_up",
        EndReason.NETWORK_HUNG_UP,
        "The telephone network ended the call while people talked.",
        _ASK_CARRIER,
    ),
    Rule(
        "switch_hung_up",
        EndReason.SWITCH_HUNG_UP,
        "The switch ended the call, and TopCalls had not asked for it.",
        "Look at the switch's log: `media_timeout`, a command typed by hand, or a lease of the "
        "channel that no controller extended.",
    ),
    Rule(
        "answer_failed.no_codec",
        EndReason.ANSWER_FAILED,
        "The caller's network offered no audio codec that the switch speaks.",
        "Have the carrier send PCMU or PCMA.",
        causes=frozenset({"INCOMPATIBLE_DESTINATION"}),
        inbound=True,
    ),
    Rule(
        "answer_failed.other",
        EndReason.ANSWER_FAILED,
        "A call came in and could not be answered.",
        f"`topcalls doctor`, check `switch`. {_LOG}",
    ),
    Rule(
        "too_many_calls",
        EndReason.TOO_MANY_CALLS,
        "The account, or the number, had as many calls as it may have.",
        "Raise `max_concurrent_calls`, or the number's own limit.",
    ),
    Rule(
        "no_minutes",
        EndReason.NO_MINUTES,
        "The account has no minutes left.",
        "Grant some: `topcalls accounts grant`.",
    ),
    Rule(
        "over_budget",
        EndReason.OVER_BUDGET,
        "A budget of the account is spent.",
        "Raise it, or wait for its next period (docs/limits.md).",
    ),
    Rule(
        "no_capacity",
        EndReason.NO_CAPACITY,
        "No controller had room for the call that came in.",
        "Raise `max_calls` or start another controller; see `topcalls status`.",
    ),
    Rule("transferred", EndReason.TRANSFERRED, "The carrier handed the call over to a person."),
    Rule(
        "transfer_ended",
        EndReason.TRANSFER_ENDED,
        "The person whom the call was handed over to hung up.",
    ),
)
"""Of each reason the general rule comes last."""
