"""What arrives on sockets: the Event Socket, WebSockets, the audio stream, the model's events."""

from __future__ import annotations

import inspect
import json
from types import SimpleNamespace
from typing import Any

import orjson
from hypothesis import strategies as st
from target import Target, cut, deep, json_values, mutated, places

from topcalls.clock import SystemClock
from topcalls.core.keys import Sounds
from topcalls.errors import InvalidRequest
from topcalls.esl import commands, configuration_commands, translate
from topcalls.esl.errors import ProtocolError
from topcalls.esl.parser import EventDecoder, Message, MessageParser
from topcalls.media.audio_stream import MediaStream
from topcalls.net import websocket_frames as frames
from topcalls.net.websocket_frames import FrameDecoder, Role
from topcalls.net.websocket_handshake import (
    HandshakeRefused,
    accept_response,
    parse_request,
    rejection_response,
)

_LIMIT = 4096  # small, so that limits are met

# --- the Event Socket


def _message(kind: str, body: bytes) -> bytes:
    return b"Content-Length: %d\nContent-Type: %s\n\n%s" % (len(body), kind.encode(), body)


def _event(**headers: Any) -> bytes:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return _message("text/event-json", orjson.dumps(named))


_EVENT_SOCKET = [
    b"Content-Type: auth/request\n\n",
    b"Content-Type: command/reply\nReply-Text: +OK accepted\n\n",
    _message("api/response", "+OK żółć\n".encode()),
    _event(Event_Name="CHANNEL_ANSWER", Unique_ID="u-1", variable_tc_call_id="c-1"),
    _event(
        Event_Name="CHANNEL_HANGUP_COMPLETE",
        Hangup_Cause="NORMAL_CLEARING",
        variable_sip_term_status="486",
        variable_hangup_cause_q850="17",
    ),
    _event(Event_Name="CHANNEL_PARK", Call_Direction="inbound"),
    _event(Event_Name="DTMF", DTMF_Digit="5"),
    _event(Event_Name="PLAYBACK_STOP", Playback_Status="break", variable_playback_samples="80"),
    _event(
        Event_Name="CUSTOM",
        Event_Subclass="mod_audio_stream::disconnect",
        _body='{"message":{"code":1001,"reason":"away"}}',
    ),
    _event(Event_Name="BACKGROUND_JOB", Job_UUID="j-1", _body="+OK u-1\n"),
    _message("text/event-plain", b"Event-Name: HEARTBEAT\nUp-Time: 0%20years\n\n"),
    b"Content-Type: text/disconnect-notice\nContent-Length: 3\n\nbye",
]


def _read(pieces: list[bytes]) -> tuple[list[Message], str]:
    parser = MessageParser(max_header_bytes=_LIMIT, max_body_bytes=_LIMIT)
    found: list[Message] = []
    try:
        for piece in pieces:
            parser.feed(piece)
            found.extend(parser.messages())
    except ProtocolError as error:
        return found, error.message
    assert len(parser._buffer) - parser._start <= 2 * _LIMIT + len(pieces[-1])
    return found, ""


def _event_stream(case: tuple[bytes, list[int]]) -> None:
    data, where = case
    found, verdict = _read([data])
    pieces, again = _read(cut(data, where))
    assert (pieces, again) == (found, verdict), "it matters how a stream is cut"
    for message in found:
        _use_event(message)


def _use_event(message: Message) -> None:
    event = EventDecoder().decode(message)
    if event is None:
        return
    translate.translate(event)
    translate.notice(event)
    repr(event)
    assert event.timestamp_us >= 0 or event.get("Event-Date-Timestamp").startswith("-")
    for name, value in event.headers.items():
        assert isinstance(name, str)
        assert isinstance(value, str)


_NAMES = """
    Event-Name Event-Subclass Unique-ID Hangup-Cause Call-Direction DTMF-Digit Job-UUID
    Playback-Status variable_playback_samples Event-Date-Timestamp Channel-Write-Codec-Name
    variable_sip_term_status variable_hangup_cause_q850 _body
"""
_VALUES = """
    CHANNEL_ANSWER CHANNEL_PARK CHANNEL_HANGUP_COMPLETE CUSTOM DTMF PLAYBACK_START PLAYBACK_STOP
    RECORD_STOP BACKGROUND_JOB mod_audio_stream::disconnect 9999999999999999999 -1 inbound break
"""
_headers = st.dictionaries(
    st.sampled_from(_NAMES.split()) | st.text(max_size=10),
    st.sampled_from(_VALUES.split()) | json_values,
    max_size=8,
)
_deep_events = st.tuples(
    st.sampled_from([b'{"Event-Name":', b'{"Event-Name":"DTMF","DTMF-Digit":', b'{"_body":']),
    st.sampled_from([(b"[", b"]"), (b'{"a":', b"}")]),
    st.sampled_from([1, 100, 500, 1000, 5000]),
).map(lambda made: made[0] + made[1][0] * made[2] + b"1" + made[1][1] * made[2] + b"}")


def _event_body(body: bytes) -> None:
    _use_event(Message("text/event-json", {}, body))


def _encoded(headers: dict[str, Any]) -> bytes:
    return json.dumps(headers).encode()


# --- commands to the switch

_NASTY = st.text(max_size=30) | st.sampled_from(
    ["a\nexit", "a\r\n\r\nbgapi x", "x\0y", "';}&park()", "${system rm}", "{a=b}", "a,b=c", "\\"]
)
_BUILDERS = [
    builder
    for module in (commands, configuration_commands)
    for builder in vars(module).values()
    if inspect.isfunction(builder)
    and builder.__module__ == module.__name__
    and not builder.__name__.startswith("_")
    and builder.__name__ not in ("originate", "originate_to", "event_subscription")
]


_TEXTS = _NASTY | st.just("6a3f9d9c-8f2c-4a7e-9a52-0f5b8a3d8b11")
_OF_KINDS: dict[str, st.SearchStrategy[Any]] = {
    "int": st.integers(-5, 10**9),
    "bool": st.booleans(),
    "Sounds": st.builds(
        Sounds,
        lead_ms=st.integers(0, 5000),
        keys=st.lists(st.tuples(_NASTY | st.sampled_from("0123456789*#"), st.integers(0, 5000))),
    ),
}


def _arguments(builder: Any) -> st.SearchStrategy[Any]:
    signature = inspect.signature(builder)
    made = {
        name: _OF_KINDS.get(parameter.annotation, _TEXTS)
        for name, parameter in signature.parameters.items()
    }
    return st.tuples(st.just(builder), st.fixed_dictionaries(made))


def _command(case: tuple[Any, dict[str, Any]]) -> None:
    builder, arguments = case
    try:
        text = builder(**arguments)
    except InvalidRequest:
        return
    head, _, _ = text.partition("\n\n")  # of `sendmsg`: what follows has its length announced
    assert "\r" not in text
    assert "\0" not in text
    if builder is commands.sendmsg_execute:
        assert len(head.split("\n")) <= 6
    else:
        assert "\n" not in text


_DIALLED = "call_id owner node gateway number caller_id_number caller_id_name"
_dials = st.fixed_dictionaries(
    {name: _NASTY | st.sampled_from(["ok", "+12025550100"]) for name in _DIALLED.split()}
    | {"variables": st.dictionaries(_NASTY, _NASTY, max_size=2)}
)


def _dial(fields: dict[str, Any]) -> None:
    uuid = "6a3f9d9c-8f2c-4a7e-9a52-0f5b8a3d8b11"
    try:
        text = commands.originate(commands.Dial(channel_uuid=uuid, **fields))
    except InvalidRequest:
        return
    assert not set(text) & set("\n\r\0"), "one line only"
    assert text.endswith(" &park()")
    assert text.count("&park()") == 1 + sum("&park()" in str(v) for v in fields.values())


# --- WebSocket

_CORPUS = [
    frames.encode_frame(opcode, payload, masked=masked, fin=fin)
    for opcode, payload in ((1, "żółć".encode()), (2, b"\x5a" * 130), (0, b"x"), (9, b"p"))
    for masked in (True, False)
    for fin in (True, False)
] + [frames.encode_close(1000, "bye", masked=masked) for masked in (True, False)]


def _frames(case: tuple[Role, bytes, list[int]]) -> None:
    role, data, where = case
    whole, pieces = (FrameDecoder(role, max_message_bytes=_LIMIT) for _ in range(2))
    messages = whole.feed(data)
    again = [message for piece in cut(data, where) for message in pieces.feed(piece)]
    assert (again, pieces.violation) == (messages, whole.violation), "cutting matters"
    if whole.violation is not None:
        assert frames.may_be_sent(whole.violation.code)
        assert whole.feed(data) == []
    for opcode, payload in messages:
        assert isinstance(payload, str) == (opcode == frames.TEXT)
        assert opcode == frames.CLOSE or len(payload) <= _LIMIT


_HANDSHAKE = (
    b"GET /c-1?token=x HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
)


def _handshake(head: bytes) -> None:
    try:
        answer = accept_response(parse_request(head, ("192.0.2.1", 1)))
        assert answer.startswith(b"HTTP/1.1 101 ")
    except HandshakeRefused as refused:
        answer = rejection_response(refused.rejection)
    assert answer.partition(b"\r\n\r\n")[0].count(b"\r\n") <= 6, "nothing of it comes back"


def _stream_text(text: bytes) -> None:
    connection = SimpleNamespace(on_binary=None, on_text=None, on_close=None)
    stream = MediaStream("c-1", connection, SystemClock())  # type: ignore[arg-type]
    stream._take_text(text.decode(errors="replace"))
    assert stream.metadata is None or isinstance(stream.metadata, dict)


TARGETS = [
    Target("Event Socket stream", st.tuples(mutated(_EVENT_SOCKET), places), _event_stream),
    Target("Event Socket events", _headers.map(_encoded) | _deep_events, _event_body),
    Target("Event Socket commands", st.sampled_from(_BUILDERS).flatmap(_arguments), _command),
    Target("dial string", _dials, _dial),
    Target("WebSocket frames", st.tuples(st.sampled_from(Role), mutated(_CORPUS), places), _frames),
    Target("WebSocket handshake", mutated([_HANDSHAKE]), _handshake),
    Target("audio stream text", mutated([b'{"a": 1}', b"[]", b'"x"']) | deep, _stream_text),
]
