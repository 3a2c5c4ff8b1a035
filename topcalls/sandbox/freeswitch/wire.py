"""The bytes of mod_event_socket: commands in; replies, responses and events out.

Pure functions and one parser, written from the behaviour of FreeSWITCH 1.10. Text may carry lone
surrogates for bytes that are not UTF-8 (`surrogateescape`): they leave as those very bytes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

MAX_COMMAND_BYTES = 1024 * 1024
GOODBYE = "Disconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/\n"
_UNSAFE = frozenset('\r\n #%&+:;<=>?@[\\]^`{|}"')
_END_OF_BLOCK = re.compile(rb"\r?\n\r?\n")


class CommandTooLong(Exception):
    """A client sent more than `MAX_COMMAND_BYTES` without ending its command."""


@dataclass(frozen=True)
class Command:
    """One command of a client: first line, the headers under it (lower-case names), body."""

    line: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""


class CommandParser:
    """Cuts what a client sends into commands, in whatever pieces it arrives."""

    def __init__(self) -> None:
        self._buffer = b""

    def feed(self, data: bytes) -> list[Command]:
        """The commands completed by `data`."""
        self._buffer += data
        commands: list[Command] = []
        while command := self._next():
            commands.append(command)
        if len(self._buffer) > MAX_COMMAND_BYTES:
            raise CommandTooLong
        return commands

    def _next(self) -> Command | None:
        self._buffer = self._buffer.lstrip(b"\r\n")
        end = _END_OF_BLOCK.search(self._buffer)
        if not end:
            return None
        block = self._buffer[: end.start()].decode("utf-8", "surrogateescape")
        line, *rest = block.replace("\r", "\n").split("\n")
        headers = dict(_header(item) for item in rest if ":" in item)
        length = _number(headers.get("content-length", "0"))
        if len(self._buffer) < end.end() + length:
            return None
        body = self._buffer[end.end() : end.end() + length].decode("utf-8", "surrogateescape")
        self._buffer = self._buffer[end.end() + length :]
        return Command(line.rstrip(), headers, body)


@dataclass
class Event:
    """An event as the switch fires it: headers in order, an optional body."""

    headers: dict[str, str]
    body: str = ""

    @property
    def name(self) -> str:
        """Event-Name, such as CHANNEL_ANSWER."""
        return self.headers.get("Event-Name", "")

    @property
    def subclass(self) -> str:
        """Event-Subclass of a CUSTOM event, else ""."""
        return self.headers.get("Event-Subclass", "")

    @property
    def uuid(self) -> str:
        """Unique-ID of the channel, else ""."""
        return self.headers.get("Unique-ID", "")


def encode(text: str) -> bytes:
    """Text as bytes; escaped bytes come out as they went in."""
    return text.encode("utf-8", "surrogateescape")


def auth_request() -> bytes:
    """What a client reads first."""
    return b"Content-Type: auth/request\n\n"


def command_reply(text: str, more: Iterable[tuple[str, str]] = ()) -> bytes:
    """The answer to everything but `api`."""
    lines = ["Content-Type: command/reply", f"Reply-Text: {text}"]
    lines += [f"{name}: {value}" for name, value in more]
    return encode("\n".join(lines) + "\n\n")


def api_response(text: str) -> bytes:
    """The answer to `api`: a body with its length in bytes."""
    body = encode(text or "-ERR no reply\n")
    return b"Content-Type: api/response\nContent-Length: %d\n\n" % len(body) + body


def disconnect_notice(text: str = GOODBYE) -> bytes:
    """The last thing a client reads."""
    body = encode(text)
    return b"Content-Type: text/disconnect-notice\nContent-Length: %d\n\n" % len(body) + body


def rude_rejection() -> bytes:
    """What an address that the access list refuses reads."""
    body = b"Access Denied, go away.\n"
    return b"Content-Type: text/rude-rejection\nContent-Length: %d\n\n" % len(body) + body


def event_bytes(event: Event, form: str) -> bytes:
    """An event in `plain` or `json` form, framed."""
    payload = plain_event(event) if form == "plain" else json_event(event)
    head = b"Content-Length: %d\nContent-Type: text/event-%s\n\n" % (len(payload), form.encode())
    return head + payload


def plain_event(event: Event) -> bytes:
    """Percent-encoded header lines, then a body with its own length."""
    lines = "".join(f"{name}: {percent(value)}\n" for name, value in event.headers.items())
    body = encode(event.body)
    if not body:
        return encode(lines) + b"\n"
    return encode(lines) + b"Content-Length: %d\n\n" % len(body) + body


def json_event(event: Event) -> bytes:
    """One object of strings; a body is `_body`, its length in bytes is `Content-Length`."""
    content = dict(event.headers)
    if event.body:
        content["Content-Length"] = str(len(encode(event.body)))
        content["_body"] = event.body
    return encode(json.dumps(content, ensure_ascii=False, separators=(",", ":")))


def percent(value: str) -> str:
    """A header value as plain events carry it; an empty one reads `_undef_`."""
    if not value:
        return "_undef_"
    if value.isalnum() and value.isascii():
        return value
    return "".join(
        chr(byte) if 32 <= byte <= 126 and chr(byte) not in _UNSAFE else f"%{byte:02X}"
        for byte in encode(value)
    )


def _header(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name.lower(), value.lstrip(" ")


def _number(text: str) -> int:
    return int(text) if text.isdigit() else 0
