"""The frame codec against wsproto, against the RFC's rules, and against broken input."""

import os
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from net_oracle import (
    WsprotoDecoder,
    conversations,
    expected_messages,
    heard_by_wsproto,
    in_chunks,
    payloads,
    spoken_by_wsproto,
)

from topcalls.net.masking import apply_mask, new_key, numpy_mask
from topcalls.net.websocket_frames import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    FrameDecoder,
    Role,
    encode_close,
    encode_frame,
)

pytestmark = pytest.mark.unit

roles = st.sampled_from(Role)
both_roles = pytest.mark.parametrize("role", Role)


def masked_for(receiver: Role) -> bool:
    return receiver is Role.SERVER


def decode(data: bytes, role: Role = Role.SERVER, **options):
    decoder = FrameDecoder(role, **options)
    return decoder.feed(data), decoder.violation


def frame(opcode: int, payload: bytes = b"", *, fin: bool = True) -> bytes:
    """As a client sends it."""
    return encode_frame(opcode, payload, masked=True, fin=fin)


@given(conversations(), roles, st.data())
def test_what_wsproto_says_is_understood_in_every_chunking(conversation, role, data):
    decoder = FrameDecoder(role)
    heard = []
    for chunk in data.draw(in_chunks(spoken_by_wsproto(conversation, role))):
        heard += decoder.feed(chunk)
    assert heard == expected_messages(conversation)
    assert decoder.violation is None


@given(conversations(), roles)
def test_what_we_say_is_understood_by_wsproto(conversation, sender):
    masked = sender is Role.CLIENT
    script, close = conversation
    said = b""
    for kind, fragments in script:
        opcode = kind
        for index, (part, controls) in enumerate(fragments):
            raw = part.encode() if kind == TEXT else part
            said += encode_frame(opcode, raw, masked=masked, fin=index == len(fragments) - 1)
            opcode = CONTINUATION
            for control, payload in controls:
                said += encode_frame(control, payload, masked=masked)
    if close is not None:
        said += encode_close(*close, masked=masked)
    assert heard_by_wsproto(said, sender) == expected_messages(conversation)


@given(conversations(), roles, st.data())
def test_damaged_streams_get_the_verdict_wsproto_gives(conversation, role, data):
    stream = bytearray(spoken_by_wsproto(conversation, role))
    if stream:
        at = data.draw(st.integers(0, min(len(stream) - 1, 60)))
        stream[at] ^= data.draw(st.integers(1, 255))
    agree(bytes(stream), role)


@given(st.binary(max_size=60), roles)
def test_random_bytes_get_the_verdict_wsproto_gives(data, role):
    agree(data, role)


def agree(stream: bytes, role: Role) -> None:
    ours = FrameDecoder(role, max_message_bytes=1 << 64)
    theirs = WsprotoDecoder(role)
    heard, expected = ours.feed(stream), theirs.feed(stream)
    if ours.violation and not theirs.violation and not _has_close_1014(expected):
        # We judge a frame by its first two bytes; wsproto waits for the header's end.
        expected += theirs.feed(bytes(14))
    if _has_close_1014(heard):
        return  # a registered code that wsproto does not know
    if theirs.violation == 1007:
        # wsproto judges each fragment's text, we the whole message: until its last fragment
        # control frames pass, or another offence is found.
        assert all(opcode in (PING, PONG, CLOSE) for opcode, _ in heard[len(expected) :])
        assert heard[: len(expected)] == expected
        return
    assert heard == expected
    assert (ours.violation.code if ours.violation else None) == theirs.violation


def _has_close_1014(messages) -> bool:
    return bool(messages) and messages[-1][0] == CLOSE and messages[-1][1][0] == 1014


@given(payloads, st.binary(min_size=4, max_size=4))
def test_masking_with_and_without_the_compiled_package_is_the_same(payload, key):
    masked = numpy_mask(payload, key)
    assert masked == bytes(byte ^ key[i % 4] for i, byte in enumerate(payload))
    assert masked == apply_mask(payload, key)
    assert numpy_mask(masked, key) == payload


HEADER_ONLY = {
    "reserved bit 1": (b"\xc2\x80", 1002),
    "reserved bit 3": (b"\x92\x80", 1002),
    "unknown data opcode": (b"\x83\x80", 1002),
    "unknown control opcode": (b"\x8b\x80", 1002),
    "fragmented ping": (b"\x09\x80", 1002),
    "ping of 126 bytes": (b"\x89\xfe", 1002),
    "unmasked to a server": (b"\x82\x05", 1002),
    "two-byte length for 125": (b"\x82\xfe\x00\x7d", 1002),
    "eight-byte length for 65535": (b"\x82\xff" + struct.pack("!Q", 65535), 1002),
    "highest bit of a length": (b"\x82\xff" + struct.pack("!Q", 1 << 63), 1002),
    "longer than the limit": (b"\x82\xff" + struct.pack("!Q", (1 << 20) + 1), 1009),
}


@pytest.mark.parametrize(("data", "code"), HEADER_ONLY.values(), ids=HEADER_ONLY)
def test_an_offence_is_seen_in_the_header_before_any_payload(data, code):
    messages, violation = decode(data)
    assert messages == []
    assert violation.code == code


WHOLE_FRAMES = {
    "continuation of nothing": (frame(CONTINUATION, b"x"), 1002),
    "message inside a message": (frame(TEXT, b"a", fin=False) + frame(TEXT, b"b"), 1002),
    "binary inside a message": (frame(BINARY, b"a", fin=False) + frame(BINARY, b"b"), 1002),
    "text that is not UTF-8": (frame(TEXT, b"\xc3\x28"), 1007),
    "text cut in a character": (
        frame(TEXT, b"ok \xe2\x82", fin=False) + frame(CONTINUATION, b""),
        1007,
    ),
    "an encoded surrogate": (frame(TEXT, b"\xed\xa0\x80"), 1007),
    "close of one byte": (frame(CLOSE, b"\x03"), 1002),
    "close reason not UTF-8": (frame(CLOSE, b"\x03\xe8\xff"), 1007),
}


@pytest.mark.parametrize(("data", "code"), WHOLE_FRAMES.values(), ids=WHOLE_FRAMES)
def test_an_offence_in_content_or_order(data, code):
    messages, violation = decode(data)
    assert messages == []
    assert violation.code == code


def test_masked_to_a_client_is_refused():
    assert decode(frame(BINARY, b"x"), Role.CLIENT)[1].code == 1002


@pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535])
def test_close_codes_that_must_not_be_sent(code):
    assert decode(frame(CLOSE, code.to_bytes(2, "big")))[1].code == 1002
    if code != 1005:
        with pytest.raises(ValueError, match="must not be sent"):
            encode_close(code, "", masked=False)


@pytest.mark.parametrize("code", [1000, 1003, 1007, 1011, 1014, 3000, 4999])
def test_close_codes_that_may_be_sent(code):
    assert decode(encode_close(code, "bye", masked=True)) == ([(CLOSE, (code, "bye"))], None)


def test_a_long_close_reason_is_cut_at_a_character():
    data = encode_close(1000, "€" * 100, masked=False)
    assert len(data) <= 127
    assert decode(data, Role.CLIENT) == ([(CLOSE, (1000, "€" * 41))], None)


def test_what_came_before_an_offence_is_delivered():
    messages, violation = decode(frame(BINARY, b"good") + frame(PING, b"p") + b"\xc2\x80")
    assert messages == [(BINARY, b"good"), (PING, b"p")]
    assert violation.code == 1002


def test_nothing_is_read_after_a_close_or_an_offence():
    decoder = FrameDecoder(Role.SERVER)
    assert decoder.feed(encode_close(1000, "", masked=True) + frame(TEXT, b"late"))[-1][0] == CLOSE
    assert decoder.feed(frame(TEXT, b"later")) == []
    decoder = FrameDecoder(Role.SERVER)
    decoder.feed(b"\xc2\x80")
    assert decoder.feed(frame(TEXT, b"late")) == []


def test_the_limit_counts_a_message_over_its_fragments():
    start = frame(BINARY, b"x" * 60, fin=False)
    assert decode(start + frame(CONTINUATION, b"y" * 40), max_message_bytes=100)[0] == [
        (BINARY, b"x" * 60 + b"y" * 40)
    ]
    assert decode(start + frame(CONTINUATION, b"y" * 41), max_message_bytes=100)[1].code == 1009


def test_control_frames_pass_while_a_message_fills_the_limit():
    data = frame(BINARY, b"x" * 100, fin=False) + frame(PONG, b"p" * 125)
    assert decode(data + frame(CONTINUATION), max_message_bytes=100) == (
        [(PONG, b"p" * 125), (BINARY, b"x" * 100)],
        None,
    )


@both_roles
def test_a_large_message_in_single_bytes(role):
    payload = os.urandom(70_000)
    decoder = FrameDecoder(role)
    heard = []
    for byte in encode_frame(BINARY, payload, masked=masked_for(role)):
        heard += decoder.feed(bytes((byte,)))
    assert heard == [(BINARY, payload)]


def test_every_frame_gets_a_key_of_its_own():
    keys = [new_key() for _ in range(3000)]  # more than the system is asked for at once
    assert {len(key) for key in keys} == {4}
    assert len(set(keys)) > 2990
