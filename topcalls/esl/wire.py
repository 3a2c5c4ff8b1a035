"""One TCP connection to an Event Socket: reader, writer and the commands that wait for a reply.

Replies carry no identifier; the switch answers strictly in order. So every command takes a slot in
one queue in the same step that queues its bytes, one writer greenlet sends them, and a command
that timed out leaves its slot behind: its late reply falls into it and not into a neighbour's.
Where a reply cannot belong to the slot it falls into, the connection is given up.

Nothing here blocks its caller, and a `Wire` is used for one connection only.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import gevent
from gevent.event import Event
from gevent.socket import socket as Socket

from topcalls.clock import Clock
from topcalls.errors import SwitchError
from topcalls.esl.errors import CommandNotSent, ConnectionLost, ProtocolError
from topcalls.esl.fairness import give_way
from topcalls.esl.parser import ESLEvent, EventDecoder, LenientUtf8, Message, MessageParser
from topcalls.log import get_logger

_log = get_logger("esl")

READ_SIZE = 256 * 1024
WRITE_SIZE = 64 * 1024
MAX_UNSENT_BYTES = 4 * 1024 * 1024
"""A switch that lets this much pile up is not listening."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The switch's answer: `data` is the body of an `api` command, else `Reply-Text`."""

    headers: dict[str, str]
    data: str

    @property
    def refusal(self) -> str | None:
        """The text of `-ERR …` or `-USAGE …`; None when the command was accepted."""
        return self.data.rstrip("\r\n") if self.data.startswith(("-ERR", "-USAGE")) else None


Outcome = Reply | SwitchError


@dataclass(slots=True, eq=False)
class PendingReply:
    """A command's place in the queue of replies.

    `verb` names the command without its arguments, which may be secret or personal.
    `on_outcome` is called once, from the reader, and returns at once; None once nobody waits.
    """

    verb: str
    sent_at: float
    deadline: float
    on_outcome: Callable[[Outcome], None] | None
    job_uuid: str | None = None
    written: bool = False

    def settle(self, outcome: Outcome) -> None:
        """Tell the waiter, if there is one. Its mistakes must not reach the reader."""
        waiter, self.on_outcome = self.on_outcome, None
        if waiter is None:
            return
        try:
            waiter(outcome)
        except (Exception, gevent.Timeout):  # noqa: BLE001 - it is called from the reader
            _log.exception("A handler of a command's reply failed.", command=self.verb)

    def accepts(self, message: Message) -> bool:
        """False when this message cannot be the reply to this command."""
        if message.content_type == "api/response":
            return self.verb.startswith("api ")
        if self.verb.startswith("api "):
            return message.headers.get("Reply-Text", "").startswith("-ERR")
        answered = message.headers.get("Job-UUID")
        return answered is None or self.job_uuid is None or answered == self.job_uuid


@dataclass(slots=True)
class WireCounters:
    """What happened on one connection and its predecessors."""

    text: LenientUtf8 = field(default_factory=LenientUtf8)
    events: int = 0
    malformed: int = 0
    late_replies: int = 0
    unknown_messages: int = 0


@dataclass(slots=True, eq=False)
class Wire:
    """The life of one connection. `on_closed(reason)` is called exactly once."""

    socket: Socket
    clock: Clock
    on_event: Callable[[ESLEvent], None]
    on_closed: Callable[[str], None]
    counters: WireCounters
    last_received: float = 0.0
    closed_because: str | None = None
    greeting: Event = field(default_factory=Event)
    rejection: str | None = None
    _pending: deque[PendingReply] = field(default_factory=deque)
    _unsent: deque[tuple[PendingReply, bytes]] = field(default_factory=deque)
    _unsent_bytes: int = 0
    _writable: Event = field(default_factory=Event)
    _decoder: EventDecoder = field(init=False)

    def __post_init__(self) -> None:
        self._decoder = EventDecoder(self.counters.text)

    def start(self) -> None:
        """Begin to read and write."""
        self.last_received = self.clock.monotonic()
        gevent.spawn(self._read)
        gevent.spawn(self._write)

    def submit(self, pending: PendingReply, frame: bytes) -> None:
        """Queue a command. Never blocks; raises `CommandNotSent` on a closed or stuck wire."""
        if self.closed_because is not None:
            raise CommandNotSent("There is no connection to the switch.")
        if self._unsent_bytes + len(frame) > MAX_UNSENT_BYTES:
            raise CommandNotSent("The switch does not take commands fast enough.")
        self._pending.append(pending)
        self._unsent.append((pending, frame))
        self._unsent_bytes += len(frame)
        self._writable.set()

    @property
    def waiting(self) -> int:
        """Commands without a reply, those given up included."""
        return len(self._pending)

    def was_asked(self) -> bool:
        """A command was sent since the switch last said anything."""
        return bool(self._pending) and self._pending[-1].sent_at >= self.last_received

    def is_stuck(self, now: float, grace: float) -> bool:
        """Nothing came since a command was sent, and its time is up by `grace` seconds.

        A slow command holds up those behind it, so they are given its time too.
        """
        limit = 0.0
        for pending in self._pending:
            limit = max(limit, pending.deadline)
            if pending.sent_at >= self.last_received:
                return now > limit + grace
        return False

    def close(self, reason: str) -> None:
        """End the connection and fail every command under way. May be called repeatedly."""
        if self.closed_because is not None:
            return
        self.closed_because = reason
        self.socket.close()
        self.greeting.set()
        self._writable.set()
        while self._pending:
            pending = self._pending.popleft()
            kind = ConnectionLost if pending.written else CommandNotSent
            pending.settle(kind(f"The connection to the switch broke: {reason}."))
        self.on_closed(reason)

    def _read(self) -> None:
        reason = "the reader failed"
        try:
            reason = self._read_until_end()
        except ProtocolError as error:
            reason = error.message
        except OSError as error:
            reason = error.strerror or type(error).__name__
        finally:
            self.close(reason)

    def _read_until_end(self) -> str:
        parser = MessageParser(self.counters.text)
        while data := self.socket.recv(READ_SIZE):
            self.last_received = self.clock.monotonic()
            parser.feed(data)
            for message in parser.messages():
                self._handle(message)
                if self.closed_because is not None:
                    return self.closed_because
            # A flood never makes recv() wait.
            give_way()
        return "the switch closed the connection"

    def _handle(self, message: Message) -> None:
        match message.content_type:
            case "text/event-json" | "text/event-plain":
                self._handle_event(message)
            case "command/reply":
                self._handle_reply(message, message.headers.get("Reply-Text", ""))
            case "api/response":
                self._handle_reply(message, self.counters.text.decode(message.body))
            case "auth/request":
                self.greeting.set()
            case "text/rude-rejection":
                self.rejection = self.counters.text.decode(message.body).strip()
                self.close("the switch's access list rejects this host")
            case "text/disconnect-notice":
                if message.headers.get("Content-Disposition") != "linger":
                    self.close("the switch said goodbye")
            case _:
                self.counters.unknown_messages += 1

    def _handle_event(self, message: Message) -> None:
        event = self._decoder.decode(message)
        if event is None:
            self.counters.malformed += 1
            return
        self.counters.events += 1
        self.on_event(event)

    def _handle_reply(self, message: Message, data: str) -> None:
        if not self._pending:
            raise ProtocolError("a reply came that no command waits for")
        pending = self._pending.popleft()
        if not pending.accepts(message):
            pending.settle(ConnectionLost("The switch's replies are out of step."))
            raise ProtocolError("a reply came that belongs to another command")
        if pending.on_outcome is None:
            self.counters.late_replies += 1
        pending.settle(Reply(message.headers, data))

    def _write(self) -> None:
        reason = "the writer failed"
        try:
            while self._writable.wait() and self.closed_because is None:
                self.socket.sendall(self._take_unsent())
                if not self._unsent:
                    self._writable.clear()
            reason = self.closed_because or reason
        except OSError as error:
            reason = error.strerror or type(error).__name__
        finally:
            self.close(reason)

    def _take_unsent(self) -> bytes:
        """The next frames, few enough to know which of them the peer may have got."""
        batch = bytearray()
        while self._unsent and len(batch) < WRITE_SIZE:
            pending, frame = self._unsent.popleft()
            pending.written = True
            batch += frame
        self._unsent_bytes -= len(batch)
        return bytes(batch)
