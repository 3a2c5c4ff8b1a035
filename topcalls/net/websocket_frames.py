"""RFC 6455 frames, sans-I/O: bytes in, messages out, and the other way round.

`FrameDecoder` takes bytes in any chunking and gives back whole messages and control frames.
It never raises on what a peer sent: the first offence ends decoding and is left in `violation`,
after everything that came before it has been returned. A frame is judged by its header, so an
oversized or forbidden one is refused before its payload arrives. No extension is ever
negotiated, hence every reserved bit is an offence.

One shape matters for speed: a whole unfragmented binary frame (20 or 40 ms of audio, 50 times a
second and call). `_take_frame` handles it first and without another function call.
"""

from __future__ import annotations

import struct
from enum import Enum, IntEnum
from typing import Any, Final, NamedTuple

from topcalls.net.masking import apply_mask, new_key

CONTINUATION: Final = 0x0
TEXT: Final = 0x1
BINARY: Final = 0x2
CLOSE: Final = 0x8
PING: Final = 0x9
PONG: Final = 0xA

# (opcode, payload): bytes for BINARY, PING and PONG, str for TEXT, `Close` for CLOSE.
Message = tuple[int, Any]

DEFAULT_MAX_MESSAGE_BYTES: Final = 1 << 20

_FIN = 0x80
_RESERVED_BITS = 0x70
_CONTROL = 0x08
_MASKED = 0x80
_FIN_BINARY = _FIN | BINARY
_KNOWN_OPCODES = frozenset((CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG))
_MAX_CONTROL_BYTES = 125
_MAX_REASON_BYTES = _MAX_CONTROL_BYTES - 2
_HEADER_16 = struct.Struct("!BBH")
_HEADER_64 = struct.Struct("!BBQ")


class Role(Enum):
    """Which end we are: a client masks what it sends and a server must not."""

    CLIENT = "client"
    SERVER = "server"


class CloseCode(IntEnum):
    """The close codes this package uses (RFC 6455 §7.4.1 and the IANA registry)."""

    NORMAL = 1000
    GOING_AWAY = 1001
    PROTOCOL_ERROR = 1002
    NO_STATUS = 1005  # never on the wire: the close frame carried no code
    ABNORMAL = 1006  # never on the wire: there was no close frame
    INVALID_DATA = 1007
    MESSAGE_TOO_BIG = 1009
    INTERNAL_ERROR = 1011
    TRY_AGAIN_LATER = 1013


class Close(NamedTuple):
    """The content of a close frame; `code` is 1005 when it had none."""

    code: int
    reason: str


class Violation(NamedTuple):
    """What the peer did wrong: the close code it deserves and a sentence for the log."""

    code: int
    reason: str


class _Refused(Exception):
    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.violation = Violation(code, reason)


def may_be_sent(code: int) -> bool:
    """Whether a close frame may carry this code."""
    return 1000 <= code <= 1003 or 1007 <= code <= 1014 or 3000 <= code <= 4999


def encode_frame(opcode: int, payload: bytes, *, masked: bool, fin: bool = True) -> bytes:
    """One frame on the wire; a client must mask. All fragments but the last have no `fin`."""
    first = opcode | _FIN if fin else opcode
    length = len(payload)
    mask_bit = _MASKED if masked else 0
    if length < 126:
        header = bytes((first, mask_bit | length))
    elif length < 65536:
        header = _HEADER_16.pack(first, mask_bit | 126, length)
    else:
        header = _HEADER_64.pack(first, mask_bit | 127, length)
    if masked:
        key = new_key()
        return header + key + apply_mask(payload, key)
    return header + payload


def encode_close(code: int, reason: str, *, masked: bool) -> bytes:
    """A close frame; 1005 gives an empty one. A reason too long is cut at a character."""
    if code == CloseCode.NO_STATUS:
        return encode_frame(CLOSE, b"", masked=masked)
    if not may_be_sent(code):
        raise ValueError(f"close code {code} must not be sent")
    text = reason.encode()
    if len(text) > _MAX_REASON_BYTES:
        text = text[:_MAX_REASON_BYTES].decode(errors="ignore").encode()
    return encode_frame(CLOSE, code.to_bytes(2, "big") + text, masked=masked)


class FrameDecoder:
    """Decodes what the peer sends to an endpoint of `role`.

    `max_message_bytes` bounds a whole message, however it is fragmented, and thereby the memory
    a peer can make us hold.
    """

    def __init__(self, role: Role, *, max_message_bytes: int = DEFAULT_MAX_MESSAGE_BYTES) -> None:
        self.violation: Violation | None = None
        self._mask_bit = _MASKED if role is Role.SERVER else 0
        self._max_message_bytes = max_message_bytes
        self._partial = bytearray()  # the beginning of a frame that is not complete yet
        self._needed = 0  # bytes that must be in `_partial` before looking again is worth it
        self._fragments: list[bytes] = []
        self._fragments_opcode = CONTINUATION  # CONTINUATION: no fragmented message is open
        self._fragments_bytes = 0
        self._ended = False

    def feed(self, data: bytes) -> list[Message]:
        """The messages that `data` completes, in order. Nothing after a close or a violation."""
        if self._ended:
            return []
        if self._partial:
            self._partial += data
            if len(self._partial) < self._needed:
                return []
            data = bytes(self._partial)
            self._partial.clear()
        messages: list[Message] = []
        position = 0
        size = len(data)
        try:
            while position < size and not self._ended:
                end = self._take_frame(data, position, size, messages)
                if not end:
                    self._partial += data[position:] if position else data
                    break
                position = end
        except _Refused as refused:
            self.violation = refused.violation
            self._ended = True
        return messages

    def _take_frame(self, data: bytes, start: int, size: int, messages: list[Message]) -> int:
        """Decode the frame at `start`. Its end, or 0 when it is not all here yet."""
        payload_at = start + 2
        if payload_at > size:
            self._needed = 2
            return 0
        first = data[start]
        length = data[start + 1] & 0x7F
        if first != _FIN_BINARY or self._fragments_opcode:
            self._check_first_byte(first, length)
        if data[start + 1] & _MASKED != self._mask_bit:
            raise _Refused(CloseCode.PROTOCOL_ERROR, "wrong masking for the sender's role")
        if length > 125:
            payload_at += 2 if length == 126 else 8
            if payload_at > size:
                self._needed = payload_at - start
                return 0
            length = _extended_length(data[start + 2 : payload_at])
        if length + self._fragments_bytes > self._max_message_bytes and not first & _CONTROL:
            raise _Refused(CloseCode.MESSAGE_TOO_BIG, "message exceeds the size limit")
        if self._mask_bit:
            payload_at += 4
        end = payload_at + length
        if end > size:
            self._needed = end - start
            return 0
        payload = data[payload_at:end]
        if self._mask_bit and length:
            payload = apply_mask(payload, data[payload_at - 4 : payload_at])
        if first == _FIN_BINARY:
            messages.append((BINARY, payload))
        else:
            self._take_payload(first, payload, messages)
        return end

    def _check_first_byte(self, first: int, length: int) -> None:
        opcode = first & 0x0F
        if first & _RESERVED_BITS:
            raise _Refused(CloseCode.PROTOCOL_ERROR, "reserved bit set")
        if opcode not in _KNOWN_OPCODES:
            raise _Refused(CloseCode.PROTOCOL_ERROR, "unknown opcode")
        if opcode & _CONTROL:
            if not first & _FIN or length > _MAX_CONTROL_BYTES:
                raise _Refused(CloseCode.PROTOCOL_ERROR, "control frame fragmented or too long")
        elif opcode == CONTINUATION and not self._fragments_opcode:
            raise _Refused(CloseCode.PROTOCOL_ERROR, "continuation of nothing")
        elif opcode != CONTINUATION and self._fragments_opcode:
            raise _Refused(CloseCode.PROTOCOL_ERROR, "new message inside a fragmented one")

    def _take_payload(self, first: int, payload: bytes, messages: list[Message]) -> None:
        opcode = first & 0x0F
        if opcode == CLOSE:
            self._ended = True
            messages.append((CLOSE, _decode_close(payload)))
        elif opcode & _CONTROL:
            messages.append((opcode, payload))
        else:
            self._take_fragment(opcode, payload)
            if first & _FIN:
                messages.append(self._assemble())

    def _take_fragment(self, opcode: int, payload: bytes) -> None:
        if opcode != CONTINUATION:
            self._fragments_opcode = opcode
        if payload:
            self._fragments.append(payload)
            self._fragments_bytes += len(payload)

    def _assemble(self) -> Message:
        opcode, data = self._fragments_opcode, b"".join(self._fragments)
        self._fragments = []
        self._fragments_opcode = CONTINUATION
        self._fragments_bytes = 0
        return (opcode, _decode_text(data)) if opcode == TEXT else (opcode, data)


def _extended_length(field: bytes) -> int:
    length = int.from_bytes(field, "big")
    if length < (126 if len(field) == 2 else 65536):
        raise _Refused(CloseCode.PROTOCOL_ERROR, "length not in its shortest form")
    if length >> 63:
        raise _Refused(CloseCode.PROTOCOL_ERROR, "length with its highest bit set")
    return length


def _decode_text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise _Refused(CloseCode.INVALID_DATA, "text is not UTF-8") from None


def _decode_close(payload: bytes) -> Close:
    if not payload:
        return Close(CloseCode.NO_STATUS, "")
    code = int.from_bytes(payload[:2], "big")
    if len(payload) == 1 or not may_be_sent(code):
        raise _Refused(CloseCode.PROTOCOL_ERROR, "close frame with an invalid code")
    return Close(code, _decode_text(payload[2:]))
