"""One Event Socket connection: greenswitch's `InboundESL` with its inside replaced.

What stays is the surface: construct with host, port and password, `connect()`, `send()`, `stop()`,
`register_handle()`, `connected`, use as a context manager. Reader, event object, sending and
dispatch are ours (`esl/wire.py`, `esl/parser.py`), because a remote party can inject headers into,
freeze or deafen the stock ones.
"""

from __future__ import annotations

import contextlib
import socket as stdlib_socket
from collections.abc import Callable
from typing import Any

import greenswitch
from gevent import Timeout, socket
from gevent.event import AsyncResult

from topcalls.clock import Clock, SystemClock
from topcalls.errors import SwitchError
from topcalls.esl.errors import (
    CommandNotSent,
    CommandRefused,
    CommandTimeout,
    LoginRefused,
)
from topcalls.esl.parser import ESLEvent
from topcalls.esl.wire import Outcome, PendingReply, Reply, Wire, WireCounters
from topcalls.log import get_logger

COMMAND_TIMEOUT = 5.0
_FAREWELL_TIMEOUT = 1.0
_KEEPALIVE_IDLE, _KEEPALIVE_INTERVAL, _KEEPALIVE_PROBES = 15, 5, 3
_USER_TIMEOUT_MS = 20_000
_log = get_logger("esl")

Handler = Callable[[ESLEvent], None]


class EventSocketConnection(greenswitch.InboundESL):
    """A connection that can be made again after it broke.

    `timeout` limits connecting and logging in, `command_timeout` each command that names no limit
    of its own. `on_lost(reason)` is called once per connection that had been made, whoever ended
    it. Handlers are called from the reader and must return at once.
    """

    def __init__(
        self,
        host: str,
        port: int,
        password: str,
        timeout: float = 5.0,
        *,
        command_timeout: float = COMMAND_TIMEOUT,
        clock: Clock | None = None,
        on_lost: Callable[[str], None] | None = None,
    ) -> None:
        super().__init__(host, port, password, timeout)
        self.command_timeout = command_timeout
        self.counters = WireCounters()
        self.handler_errors = 0
        self._clock = clock or SystemClock()
        self.on_lost = on_lost
        self._wire: Wire | None = None

    # -- life ---------------------------------------------------------------------------------

    def connect(self) -> None:
        """Connect and log in, within `timeout` seconds in all; raises a `SwitchError`."""
        if self._wire is not None:
            raise SwitchError("This connection to the switch is already made.")
        limit = Timeout(self.timeout)
        try:
            with limit:
                self._open()
                self.authenticate()
                self._require_wire()
        except Timeout as expired:
            self._abandon("the switch did not answer in time")
            if expired is not limit:
                raise
            raise SwitchError("The switch did not answer the connection in time.") from None
        except (OSError, UnicodeError) as error:
            self._abandon("the connection could not be made")
            text = getattr(error, "strerror", None) or type(error).__name__
            raise SwitchError(f"The switch cannot be reached: {text}.") from None
        except BaseException:
            self._abandon("logging in failed")
            raise
        self.connected = True

    def authenticate(self) -> None:
        """Answer the switch's greeting with the password."""
        wire = self._require_wire()
        if "\n" in self.password:
            raise LoginRefused("The Event Socket password holds a line break.")
        wire.greeting.wait()
        if wire.rejection is not None:
            raise LoginRefused(
                "The switch's access list rejects this host.",
                remedy="Add this host to apply-inbound-acl in event_socket.conf.xml.",
            )
        if wire.closed_because is not None:
            raise SwitchError(f"The switch did not let us log in: {wire.closed_because}.")
        reply = self.send(f"auth {self.password}", timeout=self.timeout)
        if reply.refusal is not None:
            raise LoginRefused("The switch rejects the Event Socket password.")

    def stop(self) -> None:
        """Say goodbye, which waits for the commands under way, and close."""
        if self.connected:
            with contextlib.suppress(SwitchError):
                self.send("exit", timeout=_FAREWELL_TIMEOUT)
        self.abort("stopped")

    def abort(self, reason: str) -> None:
        """Close at once; every command under way fails."""
        if self._wire is not None:
            self._wire.close(reason)

    def _open(self) -> None:
        address = (self.host, self.port)
        sock = socket.create_connection(address, timeout=self.timeout)
        sock.settimeout(None)
        _keep_alive(sock)
        self._wire = Wire(
            socket=sock,
            clock=self._clock,
            on_event=self.dispatch,
            on_closed=self._closed,
            counters=self.counters,
        )
        self._wire.start()

    def _abandon(self, reason: str) -> None:
        """Undo an attempt to connect that failed half-way."""
        self.connected = False
        self.abort(reason)

    def _closed(self, reason: str) -> None:
        was_connected, self.connected, self._wire = self.connected, False, None
        if was_connected and self.on_lost is not None:
            self.on_lost(reason)

    def _require_wire(self) -> Wire:
        if self._wire is None:
            raise CommandNotSent("There is no connection to the switch.")
        return self._wire

    # -- commands -----------------------------------------------------------------------------

    def send(self, data: str, timeout: float | None = None) -> Reply:
        """Send a command and wait for its reply, `-ERR` included.

        Raises `CommandNotSent`, `CommandTimeout` or `ConnectionLost`. After a time-out the reply
        may still come; it is counted and dropped, and later replies stay in order.
        """
        limit = self.command_timeout if timeout is None else timeout
        answer: AsyncResult[Outcome] = AsyncResult()
        pending = self.submit(data, timeout=limit, on_outcome=answer.set)
        timer = Timeout(limit)
        try:
            with timer:
                outcome: Outcome = answer.get()
        except Timeout as expired:
            pending.on_outcome = None
            if expired is not timer:
                raise
            raise CommandTimeout(
                "The switch did not answer a command in time.", command=pending.verb, seconds=limit
            ) from None
        if isinstance(outcome, SwitchError):
            raise outcome
        return outcome

    def send_ok(self, data: str, timeout: float | None = None) -> Reply:
        """Like `send`, and raise `CommandRefused` where the switch answers `-ERR`."""
        reply = self.send(data, timeout)
        if reply.refusal is not None:
            raise CommandRefused("The switch refused a command.", reply=reply.refusal)
        return reply

    def submit(
        self,
        data: str,
        *,
        timeout: float,
        on_outcome: Callable[[Outcome], None] | None = None,
        job_uuid: str | None = None,
    ) -> PendingReply:
        """Queue a command and return at once; never yields, so it is safe in a hub callback.

        `on_outcome` gets the `Reply`, or the `SwitchError` where the connection ends first.
        """
        frame = _frame(data)
        now = self._clock.monotonic()
        pending = PendingReply(verb_of(data), now, now + timeout, on_outcome, job_uuid)
        self._require_wire().submit(pending, frame)
        return pending

    # -- health -------------------------------------------------------------------------------

    @property
    def waiting(self) -> int:
        """Commands without a reply."""
        return self._wire.waiting if self._wire else 0

    def is_silent(self, seconds: float) -> bool:
        """Nothing came from the switch for so long, and nothing was asked since."""
        wire = self._wire
        if wire is None or wire.was_asked():
            return False
        return self._clock.monotonic() - wire.last_received > seconds

    def is_stuck(self, grace: float) -> bool:
        """The switch went silent on a command for longer than the command's limit and `grace`."""
        return self._wire is not None and self._wire.is_stuck(self._clock.monotonic(), grace)

    # -- events -------------------------------------------------------------------------------

    def dispatch(self, event: ESLEvent) -> None:
        """Hand an event to the handlers of its name (its subclass if CUSTOM), else to `*`."""
        name = event.subclass if event.name == "CUSTOM" else event.name
        handlers = self.event_handlers.get(name) or self.event_handlers.get("*") or ()
        for handler in tuple(handlers):
            try:
                handler(event)
            except (Exception, Timeout):  # noqa: BLE001 - it must not end the reader
                self.handler_errors += 1
                _log.exception("A handler of switch events failed.", event_name=name)

    def start_event_handlers(self) -> None:
        """Not used: reading and dispatching start with the connection."""

    receive_events = process_events = start_event_handlers

    def handle_event(self, event: Any) -> None:
        """Not used: see `esl/wire.py`."""


def verb_of(command: str) -> str:
    """What kind of command this is, without its arguments: `api uuid_kill`, `sendmsg`, `auth`."""
    words = command.split(None, 2)[:2]
    return " ".join(words) if words and words[0] in ("api", "bgapi") else "".join(words[:1])


def _frame(command: str) -> bytes:
    if "\0" in command or "\r" in command:
        raise SwitchError("A command holds a NUL or a carriage return.")
    try:
        return f"{command}\n\n".encode()
    except UnicodeEncodeError:
        raise SwitchError("A command holds text that is not Unicode.") from None


def _keep_alive(sock: stdlib_socket.socket) -> None:
    """Notice a peer that vanished without a word, also while data is on its way to it."""
    sock.setsockopt(stdlib_socket.IPPROTO_TCP, stdlib_socket.TCP_NODELAY, 1)
    sock.setsockopt(stdlib_socket.SOL_SOCKET, stdlib_socket.SO_KEEPALIVE, 1)
    for option, value in (
        ("TCP_KEEPIDLE", _KEEPALIVE_IDLE),
        ("TCP_KEEPINTVL", _KEEPALIVE_INTERVAL),
        ("TCP_KEEPCNT", _KEEPALIVE_PROBES),
        ("TCP_USER_TIMEOUT", _USER_TIMEOUT_MS),
    ):
        if hasattr(stdlib_socket, option):
            sock.setsockopt(stdlib_socket.IPPROTO_TCP, getattr(stdlib_socket, option), value)
