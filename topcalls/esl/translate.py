"""What the switch's events mean: for the call's state machine, for playback, for recordings.

`translate` answers with an event of the state machine, `notice` with a fact that only the media
side needs. Results of background jobs are not events of a call; see `esl/jobs.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import orjson

from topcalls.audio.formats import G711Codec
from topcalls.core import network_refusals, softphones
from topcalls.core.call_events import (
    Answered,
    Arrived,
    CallEvent,
    EarlyMedia,
    Hangup,
    HungUp,
    HungUpBy,
    Rang,
    StreamConnected,
    StreamLost,
)
from topcalls.esl.parser import ESLEvent

# -- the call ---------------------------------------------------------------------------------


def translate(event: ESLEvent) -> CallEvent | None:
    """The event of the state machine, or None where this event moves no call."""
    translator = _TRANSLATORS.get(_kind(event))
    return translator(event) if translator else None


def _arrived(event: ESLEvent) -> CallEvent | None:
    """Outbound channels are parked too, after their answer."""
    return Arrived() if event.get("Call-Direction") == "inbound" else None


def _hung_up(event: ESLEvent) -> CallEvent:
    return hung_up(event)


def _stream_lost(event: ESLEvent) -> CallEvent:
    return StreamLost(_stream_message(event.body))


_TRANSLATORS: dict[str, Callable[[ESLEvent], CallEvent | None]] = {
    "CHANNEL_PROGRESS": lambda _: Rang(),
    "CHANNEL_PROGRESS_MEDIA": lambda _: EarlyMedia(),
    "CHANNEL_ANSWER": lambda _: Answered(),
    "CHANNEL_PARK": _arrived,
    "CHANNEL_HANGUP_COMPLETE": _hung_up,
    "mod_audio_stream::connect": lambda _: StreamConnected(),
    "mod_audio_stream::disconnect": _stream_lost,
    "mod_audio_stream::error": _stream_lost,
}


def _kind(event: ESLEvent) -> str:
    return event.subclass if event.name == "CUSTOM" else event.name


def line_codec(event: ESLEvent) -> G711Codec:
    """The codec on the wire of an answered channel. It may differ from the first one we offer."""
    return codec_named(event.get("Channel-Write-Codec-Name"))


def answered_seconds_ago(event: ESLEvent) -> float:
    """For how long a channel has been answered, by the switch's clock; 0 where it does not say."""
    answered_us = event.integer("Caller-Channel-Answered-Time") or 0
    return max(0.0, (event.timestamp_us - answered_us) / 1e6) if answered_us > 0 else 0.0


def keys_in_band(event: ESLEvent) -> bool:
    """An answered channel whose far end does not take part in `telephone-event` (RFC 4733)."""
    return not event.variable("rtp_2833_send_payload")


def codec_named(name: str) -> G711Codec:
    """The switch's name of a line's codec; lines are pinned to the two kinds of G.711."""
    return "PCMA" if name == "PCMA" else "PCMU"


def _stream_message(body: str) -> str:
    """`1001 going away` or `6 Connection refused`, as far as the module says."""
    try:
        message = orjson.loads(body)["message"]
        words = (message.get("code"), message.get("error") or message.get("reason"))
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        return ""
    return " ".join(str(word) for word in words if word)


# -- why it ended -----------------------------------------------------------------------------


def hangup_of(event: ESLEvent) -> Hangup:
    """Why a channel ended, from its CHANNEL_HANGUP_COMPLETE or its `uuid_dump`."""
    cause = event.get("Hangup-Cause") or event.variable("hangup_cause", "NORMAL_UNSPECIFIED")
    disposition, status = event.variable("sip_hangup_disposition"), _sip_status(event)
    picked_up = _was_picked_up(event, cause, disposition, status)
    phrase, reason, wait = _refusal(event) if status and status >= _REFUSED else ("", "", None)
    is_block = network_refusals.is_network_block(status, phrase, reason)
    return Hangup(
        cause=cause,
        sip_status=_OK if picked_up else status,
        q850=event.integer("variable_hangup_cause_q850"),
        by=HungUpBy.US if picked_up else _hung_up_by(disposition, cause, status, is_block),
        rang_ms=_rang_ms(event),
        picked_up=picked_up,
        phrase=phrase,
        reason=reason,
        retry_after=wait,
    )


def _refusal(event: ESLEvent) -> tuple[str, str, float | None]:
    """The phrase of a refusal, its Reason header and its Retry-After.

    The switch tells the Reason header of a refusal from 1.11.1 on, and `Retry-After` not at all:
    its SIP stack keeps the headers that it knows to itself. What stands between us and a carrier
    may copy it to `X-Retry-After`, as headers that begin so are told.
    """
    phrase = event.variable("sip_invite_failure_phrase")
    reason = event.variable("sip_603plus_reason") or event.variable("sip_reason")
    wait = event.variable(RETRY_AFTER)
    most = network_refusals.MOST_TEXT
    return phrase[:most], reason[:most], network_refusals.retry_after(wait)


def _was_picked_up(event: ESLEvent, cause: str, disposition: str, status: int | None) -> bool:
    """A dial of ours that was accepted and has no answer all the same. Without a codec in common
    the switch sends a BYE, as only accepted calls get one; where the SDP is none the SIP stack does
    so by itself, and only the status tells."""
    if event.variable("direction") != "outbound" or _moment(event, "answer_uepoch") is not None:
        return False
    if cause == "INCOMPATIBLE_DESTINATION":
        return disposition == "send_bye"
    return not disposition and status == _OK


def hung_up(event: ESLEvent) -> HungUp:
    """Why, and when by the switch's clock, from CHANNEL_HANGUP_COMPLETE or the like."""
    return HungUp(hangup_of(event), _moment(event, "answer_uepoch"), _moment(event, "end_uepoch"))


def _moment(event: ESLEvent, name: str) -> datetime | None:
    """A variable in microseconds since 1970; 0 is never."""
    microseconds = event.integer(f"variable_{name}") or 0
    if not 0 < microseconds < _END_OF_TIME_US:
        return None
    return datetime.fromtimestamp(microseconds / 1_000_000, UTC)


def _rang_ms(event: ESLEvent) -> int:
    """From the first ringing or tone to the end; of an answered call to its answer."""
    moments = [_moment(event, f"{name}_uepoch") for name in ("progress", "progress_media")]
    began = min((moment for moment in moments if moment is not None), default=None)
    ended = _moment(event, "answer_uepoch") or _moment(event, "end_uepoch")
    if began is None or ended is None:
        return 0
    return max(0, round((ended - began).total_seconds() * 1000))


def _sip_status(event: ESLEvent) -> int | None:
    """The last SIP response of the leg; a cancelled INVITE knows it under another name.

    A request that nobody answered has none: the 408 or 503 told of it is of the switch's own
    making, as the port shows that no reply came from.
    """
    if event.variable("sip_reply_port") == "0":
        return None
    if event.variable("sip_term_status") == _ASKED_AGAIN:
        return _UNAUTHORIZED
    protocol, _, status = event.variable("proto_specific_hangup_cause").partition(":")
    candidates = (
        event.variable("sip_term_status"),
        status if protocol == "sip" else "",
        event.variable("sip_invite_failure_status"),
    )
    for text in candidates:
        if text.isascii() and text.isdigit() and 100 <= int(text) <= 699:
            return int(text)
    return None


_END_OF_TIME_US = 10**16
RETRY_AFTER = "sip_rh_X-Retry-After"
_REFUSED = 300
_OK, _UNAUTHORIZED = 200, 401
_ASKED_AGAIN = "904"
"""The SIP stack's own: the carrier asked for a password (401 or 407) once more after it had ours,
or we have none."""

_BY_A_PERSON = frozenset({486, 600, 603, 607})
"""Refusals that somebody, or somebody's telephone, decided on."""

_BY_THE_NETWORK = frozenset(
    {
        "DESTINATION_OUT_OF_ORDER",
        "EXCHANGE_ROUTING_ERROR",
        "GATEWAY_DOWN",
        "MEDIA_TIMEOUT",
        "NETWORK_OUT_OF_ORDER",
        "NORMAL_CIRCUIT_CONGESTION",
        "NORMAL_TEMPORARY_FAILURE",
        "PROTOCOL_ERROR",
        "RECOVERY_ON_TIMER_EXPIRE",
        "REQUESTED_CHAN_UNAVAIL",
        "SWITCH_CONGESTION",
    }
)
"""Causes that stand for a failure, whichever side's equipment sent the BYE."""


def _hung_up_by(disposition: str, cause: str, status: int | None, is_block: bool) -> HungUpBy:
    """Who ended it, by the SIP request that did: `recv_bye`, `send_cancel`, `recv_refuse`, …"""
    if is_block or cause in _BY_THE_NETWORK:
        return HungUpBy.NETWORK
    if disposition in ("recv_bye", "recv_cancel"):
        return HungUpBy.CALLEE
    if disposition.startswith("send_"):
        return HungUpBy.US
    return HungUpBy.CALLEE if status in _BY_A_PERSON else HungUpBy.NETWORK


# -- facts for the media side -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PlaybackStarted:
    """The switch plays a file; `switch_us` is its clock in microseconds since 1970."""

    target: str
    switch_us: int


@dataclass(frozen=True, slots=True)
class PlaybackStopped:
    """It ended: `status` is `done` or `break`.

    `samples` were read from the file: what was heard after `done`, more than that after `break`.
    """

    target: str
    switch_us: int
    status: str
    samples: int


@dataclass(frozen=True, slots=True)
class KeyPressed:
    """One telephone key, `0`-`9`, `*`, `#` or `A`-`D`. It may be part of a secret: never log it."""

    digit: str


@dataclass(frozen=True, slots=True)
class LineHeld:
    """The far end has put the channel on hold, and hears nothing of us; or it is back. `call_ms`:
    since the channel was answered."""

    is_held: bool
    call_ms: int


@dataclass(frozen=True, slots=True)
class RecordingStopped:
    """A recording is complete on disk. `milliseconds` is 0 where the switch does not say."""

    path: str
    milliseconds: int


@dataclass(frozen=True, slots=True)
class SwitchHeartbeat:
    """How the switch is: sessions now, and the idle share of its processors in percent."""

    sessions: int
    idle_percent: float


Notice = (
    PlaybackStarted | PlaybackStopped | KeyPressed | LineHeld | RecordingStopped | SwitchHeartbeat
)


def notice(event: ESLEvent) -> Notice | None:
    """The fact for the media side, or None."""
    reader = _NOTICES.get(event.name)
    return reader(event) if reader else None


def _playback_started(event: ESLEvent) -> Notice:
    return PlaybackStarted(event.get("Playback-File-Path"), event.timestamp_us)


def _playback_stopped(event: ESLEvent) -> Notice:
    return PlaybackStopped(
        event.get("Playback-File-Path"),
        event.timestamp_us,
        event.get("Playback-Status", "done"),
        event.integer("variable_playback_samples") or 0,
    )


def _key_pressed(event: ESLEvent) -> Notice | None:
    digit = event.get("DTMF-Digit")
    return KeyPressed(digit) if len(digit) == 1 and digit in "0123456789*#ABCD" else None


def _line_held(event: ESLEvent) -> Notice:
    is_held = event.name == "CHANNEL_HOLD"
    return LineHeld(is_held, round(answered_seconds_ago(event) * 1000))


def _recording_stopped(event: ESLEvent) -> Notice:
    return RecordingStopped(event.get("Record-File-Path"), event.integer("variable_record_ms") or 0)


def _heartbeat(event: ESLEvent) -> Notice:
    try:
        idle = float(event.get("Idle-CPU", "0"))
    except ValueError:
        idle = 0.0
    return SwitchHeartbeat(event.integer("Session-Count") or 0, idle)


_NOTICES: dict[str, Callable[[ESLEvent], Notice | None]] = {
    "PLAYBACK_START": _playback_started,
    "PLAYBACK_STOP": _playback_stopped,
    "DTMF": _key_pressed,
    "CHANNEL_HOLD": _line_held,
    "CHANNEL_UNHOLD": _line_held,
    "RECORD_STOP": _recording_stopped,
    "HEARTBEAT": _heartbeat,
}


# -- inbound calls ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class InboundCall:
    """A channel that a caller opened and the dialplan parked.

    `owner` is `unclaimed` until a controller takes it. Numbers, name and `headers` (by their SIP
    names) come from the caller's SIP request: they prove nothing. `is_hidden`: the caller asked
    that the number is not shown. `gateway`: the trunk that the request was addressed to, if any;
    `carrier_id` the carrier whose gateway that is, or whose password was given: our own files put
    it on the channel (`core/gateways.py`). `softphone`: the user name of a registered softphone,
    which alone gets into the dialplan contexts of softphones; None for everybody else.
    `is_code`: what was dialled is a feature code.
    """

    channel_uuid: str
    owner: str
    node: str
    called_number: str
    caller_number: str
    caller_name: str
    sip_call_id: str
    source_address: str
    gateway: str = ""
    carrier_id: str = ""
    softphone: str | None = None
    is_code: bool = False
    is_hidden: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)


_INBOUND_EVENTS = frozenset({"CHANNEL_PARK", "CHANNEL_HANGUP_COMPLETE", "CHANNEL_DATA"})
_HEADER = "variable_sip_h_"
_HEADER_VARIABLES = {
    "variable_sip_P-Asserted-Identity": "P-Asserted-Identity",
    "variable_sip_Remote-Party-ID": "Remote-Party-ID",
    "variable_sip_history_info": "History-Info",
    "variable_sip_subject": "Subject",
}
"""Where the switch puts the headers that it understands itself."""

_VERDICT = re.compile(r"verstat=([A-Za-z0-9-]{1,64})")
_VERDICTS = ("variable_sip_verstat", "variable_sip_h_X-Twilio-VerStat", "variable_sip_h_Verstat")


def inbound_call(event: ESLEvent) -> InboundCall | None:
    """Who calls whom, from a CHANNEL_PARK, a CHANNEL_HANGUP_COMPLETE or a `uuid_dump`; None for
    other events, and for channels that are not inbound."""
    if event.name not in _INBOUND_EVENTS or event.get("Call-Direction") != "inbound":
        return None
    context = event.get("Caller-Context")
    is_softphone = context in softphones.CONTEXTS
    return InboundCall(
        channel_uuid=event.uuid,
        owner=event.variable("tc_owner"),
        node=event.variable("tc_node"),
        called_number=event.get("Caller-Destination-Number"),
        caller_number=event.get("Caller-Caller-ID-Number"),
        caller_name=event.get("Caller-Caller-ID-Name"),
        sip_call_id=event.variable("sip_call_id"),
        source_address=event.variable("sip_network_ip"),
        gateway=event.variable("sip_gateway"),
        carrier_id=event.variable("tc_carrier"),
        softphone=event.variable("sip_auth_username") if is_softphone else None,
        is_code=context == softphones.FEATURE_CODES,
        is_hidden=event.get("Caller-Privacy-Hide-Number") == "true",
        headers=_sip_headers(event),
    )


def _sip_headers(event: ESLEvent) -> dict[str, str]:
    """Headers that the switch tells, and the carrier's word on the caller's number as `Verstat`."""
    found = {}
    for name, value in event.headers.items():
        if name.startswith(_HEADER):
            found[name.removeprefix(_HEADER)] = value
        elif name in _HEADER_VARIABLES:
            found[_HEADER_VARIABLES[name]] = value
    verdicts = [event.headers[name] for name in _VERDICTS if event.headers.get(name)]
    for name in ("variable_sip_name_params", "variable_sip_P-Asserted-Identity"):
        verdicts += _VERDICT.findall(event.headers.get(name, ""))
    verdicts += _VERDICT.findall(event.headers.get("variable_sip_full_from", ""))
    return {**found, "Verstat": verdicts[0]} if verdicts else found
