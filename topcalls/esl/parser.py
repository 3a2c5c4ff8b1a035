"""From the bytes of an Event Socket connection to messages and events. No sockets in here.

A message is a block of `Name: value` lines, an empty line, and as many bytes of body as
`Content-Length` says. Text in an event comes from strangers (SDP, SIP headers, display names), so
lengths are counted in bytes, a block is split into lines before any of it is decoded, and a value
can never become a header. Bytes that are not UTF-8 are replaced and counted, never fatal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

import orjson

from topcalls.esl.errors import ProtocolError

MAX_HEADER_BYTES = 64 * 1024
MAX_BODY_BYTES = 16 * 1024 * 1024

_END_OF_HEADERS = b"\n\n"
_LINE_FEED = 0x0A


@dataclass(frozen=True, slots=True)
class Message:
    """One framed message: its outer headers and its raw body."""

    content_type: str
    headers: dict[str, str]
    body: bytes = b""


class LenientUtf8:
    """Decodes UTF-8; `replaced` counts the texts that held other bytes."""

    def __init__(self) -> None:
        self.replaced = 0

    def decode(self, raw: bytes) -> str:
        """The text, with U+FFFD for what is not UTF-8."""
        try:
            return raw.decode()
        except UnicodeDecodeError:
            self.replaced += 1
            return raw.decode(errors="replace")


class MessageParser:
    """Cuts a byte stream into messages.

    `feed` takes whatever the socket gave; `messages` yields what is complete so far and raises
    `ProtocolError` where the stream stops making sense, after yielding everything before that.
    Memory is bounded: a header block or an announced body above its limit is refused at once.
    """

    def __init__(
        self,
        text: LenientUtf8 | None = None,
        *,
        max_header_bytes: int = MAX_HEADER_BYTES,
        max_body_bytes: int = MAX_BODY_BYTES,
    ) -> None:
        self._text = text or LenientUtf8()
        self._max_header_bytes = max_header_bytes
        self._max_body_bytes = max_body_bytes
        self._buffer = bytearray()
        self._start = 0
        self._scanned = 0
        self._headers: dict[str, str] | None = None
        self._body_length = 0

    def feed(self, data: bytes) -> None:
        """Take in the next bytes of the stream, however they are cut."""
        if self._start:
            del self._buffer[: self._start]
            self._scanned -= self._start
            self._start = 0
        self._buffer += data

    def messages(self) -> Iterator[Message]:
        """Every message that is complete by now."""
        while True:
            if self._headers is None and not self._read_headers():
                return
            end = self._start + self._body_length
            if len(self._buffer) < end:
                return
            body = bytes(self._buffer[self._start : end])
            headers = self._headers or {}
            self._headers = None
            self._start = self._scanned = end
            yield Message(headers.get("Content-Type", ""), headers, body)

    def _read_headers(self) -> bool:
        self._skip_empty_lines()
        end = self._buffer.find(_END_OF_HEADERS, max(self._scanned, self._start))
        length = (len(self._buffer) if end < 0 else end) - self._start
        if length > self._max_header_bytes:
            raise ProtocolError("The switch sent a header block that is too long.", length=length)
        if end < 0:
            self._scanned = max(self._start, len(self._buffer) - 1)
            return False
        headers = self._parse_block(bytes(self._buffer[self._start : end]))
        self._body_length = self._announced_length(headers)
        self._headers = headers
        self._start = self._scanned = end + len(_END_OF_HEADERS)
        return True

    def _skip_empty_lines(self) -> None:
        while self._start < len(self._buffer) and self._buffer[self._start] == _LINE_FEED:
            self._start += 1

    def _parse_block(self, block: bytes) -> dict[str, str]:
        headers: dict[str, str] = {}
        for name, value in _split_lines(block):
            headers.setdefault(self._text.decode(name), self._text.decode(value))
        return headers

    def _announced_length(self, headers: dict[str, str]) -> int:
        text = headers.get("Content-Length", "0")
        if not (text.isascii() and text.isdigit()) or len(text) > 12:
            raise ProtocolError("The switch sent a Content-Length that is no length.")
        if int(text) > self._max_body_bytes:
            raise ProtocolError("The switch announced a body that is too long.", length=int(text))
        return int(text)


def _split_lines(block: bytes) -> Iterator[tuple[bytes, bytes]]:
    """`Name: value` lines; lines without a colon are not headers and are left out."""
    for line in block.split(b"\n"):
        name, colon, value = line.partition(b":")
        if colon and name:
            yield name, value.strip()


class ESLEvent:
    """One event of the switch. Headers are text; the body, where there is one, is kept apart."""

    __slots__ = ("_fields", "_flat", "body")

    def __init__(self, fields: dict[str, object], body: str = "") -> None:
        self._fields = fields
        self._flat: dict[str, str] | None = None
        self.body = body

    @property
    def headers(self) -> Mapping[str, str]:
        """All headers, channel variables included (`variable_…`)."""
        if self._flat is None:
            self._flat = {name: _text(value) for name, value in self._fields.items()}
        return self._flat

    def get(self, name: str, default: str = "") -> str:
        """One header. A header with several values reads `ARRAY::first|:second`."""
        value = self._fields.get(name)
        if type(value) is str:
            return value
        return default if value is None else _text(value)

    def variable(self, name: str, default: str = "") -> str:
        """One channel variable."""
        return self.get(f"variable_{name}", default)

    def integer(self, name: str) -> int | None:
        """A header that holds a whole number; None when absent or anything else."""
        text = self.get(name)
        digits = text[1:] if text[:1] in ("-", "+") else text
        return int(text) if digits.isascii() and digits.isdigit() and len(text) < 20 else None

    @property
    def name(self) -> str:
        """`Event-Name`, such as `CHANNEL_ANSWER`."""
        return self.get("Event-Name")

    @property
    def subclass(self) -> str:
        """`Event-Subclass` of a CUSTOM event, such as `mod_audio_stream::connect`."""
        return self.get("Event-Subclass")

    @property
    def uuid(self) -> str:
        """`Unique-ID`: the channel the event belongs to; empty for events of no channel."""
        return self.get("Unique-ID")

    @property
    def job_uuid(self) -> str:
        """The `bgapi` command that a BACKGROUND_JOB event answers."""
        return self.get("Job-UUID")

    @property
    def timestamp_us(self) -> int:
        """When the switch made the event: microseconds since 1970; 0 when it does not say."""
        return self.integer("Event-Date-Timestamp") or 0

    def __repr__(self) -> str:
        kind = self.subclass or self.name
        return f"<ESLEvent {kind} {self.uuid or '-'}>"


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "ARRAY::" + "|:".join(_plain(item) for item in value)
    return _plain(value)


def _plain(value: object) -> str:
    """A single value. The switch nests nothing; what is nested is dropped, however deep it goes."""
    return "" if value is None or isinstance(value, list | dict) else str(value)


class EventDecoder:
    """Makes events of `text/event-json` and `text/event-plain` messages."""

    def __init__(self, text: LenientUtf8 | None = None) -> None:
        self._text = text or LenientUtf8()

    def decode(self, message: Message) -> ESLEvent | None:
        """The event, or None when the body is none; the framing around it is intact."""
        try:
            if message.content_type == "text/event-json":
                return self._from_json(message.body)
            return self._from_plain(message.body)
        except ValueError:
            return None

    def _from_json(self, raw: bytes) -> ESLEvent:
        try:
            fields = orjson.loads(raw)
        except orjson.JSONDecodeError:
            fields = orjson.loads(self._text.decode(raw))
        if not isinstance(fields, dict):
            raise ValueError("not an object")
        return ESLEvent(fields, _text(fields.pop("_body", "")))

    def _from_plain(self, raw: bytes) -> ESLEvent:
        block, _, rest = raw.partition(_END_OF_HEADERS)
        fields: dict[str, object] = {}
        for name, value in _split_lines(block):
            fields.setdefault(self._text.decode(name), self._text.decode(unquote_to_bytes(value)))
        if "Event-Name" not in fields:
            raise ValueError("not an event")
        length = ESLEvent(fields).integer("Content-Length") or 0
        return ESLEvent(fields, self._text.decode(rest[: max(length, 0)]))
