"""The Event Socket of the double, and the handle by which tests and the sandbox hold it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import gevent
from gevent import socket
from gevent.event import Event as Flag
from gevent.lock import BoundedSemaphore
from gevent.queue import Empty, Queue
from gevent.server import StreamServer

from topcalls.clock import Clock, SystemClock
from topcalls.log import get_logger
from topcalls.sandbox.faults import (
    Crash,
    CutConnections,
    Fault,
    Faults,
    Freeze,
    Packet,
    SplitBytes,
    event_fault,
    timed_fault,
)
from topcalls.sandbox.freeswitch import stream_faults, wire
from topcalls.sandbox.freeswitch.call import Call
from topcalls.sandbox.freeswitch.commands import Api
from topcalls.sandbox.freeswitch.invite import Invite
from topcalls.sandbox.freeswitch.listener import Listener
from topcalls.sandbox.freeswitch.switch import Hooks, Switch, SwitchOptions
from topcalls.sandbox.freeswitch.wire import Command, CommandParser, Event
from topcalls.sandbox.magic_numbers import NumberPlan
from topcalls.sandbox.scenario import Scenario
from topcalls.sandbox.scenario_steps import RefuseModel, ScenarioFault
from topcalls.sandbox.speech import Synthesizer

PASSWORD = "sandbox"
MAX_QUEUED_EVENTS = 100_000
MAX_LOST_EVENTS = 500
JOURNAL_LENGTH = 2000

log = get_logger("sandbox.event_socket")


@dataclass(frozen=True)
class Received:
    """A command a client sent, and when (monotonic seconds)."""

    command: Command
    at: float
    connection: int

    @property
    def line(self) -> str:
        """The command's first line."""
        return self.command.line


_Item = TypeVar("_Item")


class Journal(Generic[_Item]):
    """What happened, in order; a test waits on it instead of sleeping."""

    def __init__(self) -> None:
        self.items: list[_Item] = []
        self._waiting: list[tuple[Callable[[_Item], bool], Queue[_Item]]] = []

    def add(self, item: _Item) -> None:
        """Note `item`, and wake whoever waits for it. The oldest are forgotten."""
        self.items.append(item)
        if len(self.items) > JOURNAL_LENGTH:
            del self.items[: JOURNAL_LENGTH // 2]
        for predicate, found in tuple(self._waiting):
            if predicate(item):
                found.put(item)

    def wait_for(self, predicate: Callable[[_Item], bool], timeout: float, what: str) -> _Item:
        """The first item, past or future, that satisfies `predicate`. Raises `TimeoutError`."""
        for item in self.items:
            if predicate(item):
                return item
        found: Queue[_Item] = Queue()
        entry = (predicate, found)
        self._waiting.append(entry)
        try:
            awaited: _Item = found.get(timeout=timeout)
            return awaited
        except Empty:
            raise TimeoutError(f"no such {what} within {timeout} s") from None
        finally:
            self._waiting.remove(entry)


class SwitchServer:
    """A running double: `start`, `stop`, and everything a test wants to know or to break."""

    def __init__(
        self,
        synthesizer: Synthesizer,
        plan: NumberPlan | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        password: str = PASSWORD,
        on_utterance: Callable[[str, Scenario, str, bytes], None] = lambda *_: None,
        on_model_fault: Callable[[RefuseModel], None] = lambda _: None,
        options: SwitchOptions | None = None,
        clock: Clock | None = None,
    ) -> None:
        """`on_utterance(channel uuid, scenario, text, pcmu)`: the person begins to say `text`.

        `on_model_fault`: a scenario's fault that is the AI's, not the switch's.
        """
        self.host = host
        self.port = port
        self.password = password
        self.faults = Faults()
        self.crashed = ""
        self.clock = clock or SystemClock()
        self._received: Journal[Received] = Journal()
        self._events: Journal[Event] = Journal()
        self._connections: dict[int, _Connection] = {}
        self._count = 0
        self._thawed = Flag()
        self._thawed.set()
        self._on_model_fault = on_model_fault
        self._barred_until = 0.0  # monotonic; connections are closed at once before
        self._server: StreamServer | None = None
        hooks = Hooks(
            event=self._fired,
            utterance=on_utterance,
            answered=self._answered,
            dialled=self._dialled,
            crashed=self._crashed,
        )
        self.switch = Switch(synthesizer, plan or NumberPlan(), hooks, options, self.clock)
        self._api = Api(self.switch)

    # --- process

    def start(self) -> None:
        """Listen; `port` is known afterwards. Also restarts a crashed or stopped switch."""
        self.crashed = ""
        self._thawed.set()
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.bind((self.host, self.port))
        listener.listen(128)
        self.port = listener.getsockname()[1]
        self._server = StreamServer(listener, self._serve)
        self._server.start()
        self.switch.start()

    def stop(self) -> None:
        """Close every connection and end every call, quietly."""
        self._close()
        self.switch.stop()

    def _close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for connection in tuple(self._connections.values()):
            connection.close()

    def _crashed(self, reason: str) -> None:
        self.crashed = reason
        self._close()

    # --- handle

    @property
    def received(self) -> list[Received]:
        """Every command that came, in order."""
        return self._received.items

    @property
    def events(self) -> list[Event]:
        """Every event fired, in order, whether anybody subscribed or not, before faults."""
        return self._events.items

    @property
    def connection_count(self) -> int:
        """Clients connected now."""
        return len(self._connections)

    def wait_for(self, predicate: Callable[[Received], bool], timeout: float = 5.0) -> Received:
        """The first command received that satisfies `predicate`. Raises `TimeoutError`."""
        return self._received.wait_for(predicate, timeout, "command")

    def wait_for_event(self, name: str, uuid: str = "", timeout: float = 5.0) -> Event:
        """The first event fired of that name (or subclass) and channel. Raises `TimeoutError`."""
        return self._events.wait_for(
            lambda event: name in (event.name, event.subclass) and uuid in ("", event.uuid),
            timeout,
            f"event {name}",
        )

    def call(self, uuid: str) -> Call:
        """A call, live or past. Raises `KeyError`."""
        call = self.switch.call(uuid)
        if call is None:
            raise KeyError(uuid)
        return call

    def call_in(self, caller: str, to: str, scenario: Scenario | None = None, **more: Any) -> Call:
        """Somebody calls us; `more` is as in `Invite`. See `Switch.call_in`."""
        return self.switch.call_in(Invite(to=to, caller=caller, **more), scenario)

    def inject(self, fault: Fault) -> Fault:
        """Put a fault in force; a cut, a freeze and a crash act at once."""
        if isinstance(fault, CutConnections):
            self._cut(fault.seconds)
        elif isinstance(fault, Freeze):
            self._thawed.clear()
            gevent.spawn_later(fault.seconds, self._thawed.set)
        elif isinstance(fault, Crash):
            self.switch.crash("A fault was injected.")
            gevent.spawn_later(fault.seconds, self.start)
        else:
            self.faults.add(fault)
            if isinstance(fault, SplitBytes) and fault.seconds:
                gevent.spawn_later(fault.seconds, self.faults.remove, fault)
            return fault
        fault.fired += 1
        return fault

    def bring_about(self, fault: ScenarioFault) -> None:
        """A scenario's fault that no scenario asked for: it concerns every call there is, or the
        next one; times count from now."""
        if isinstance(fault, RefuseModel):
            self._on_model_fault(fault)
        elif (made := event_fault(fault, "")) is not None:
            self.faults.add(made)
        elif (timed := timed_fault(fault)) is not None:
            gevent.spawn_later(timed[0], self.inject, timed[1])
        for call in tuple(self.switch.calls.values()):
            stream_faults.schedule(fault, call)

    # --- inner workings

    def _serve(self, client: socket.socket, _: Any) -> None:
        if self.clock.monotonic() < self._barred_until:
            client.close()
            return
        if self.faults.refuses_connection():
            client.sendall(wire.rude_rejection())
            client.close()
            return
        self._count += 1
        number = self._count
        listener = Listener(self.switch, self._api, self.password, self.faults, gevent.spawn)
        connection = _Connection(
            client,
            listener,
            self.faults,
            self._thawed,
            lambda command: self._received.add(Received(command, self.clock.monotonic(), number)),
        )
        self._connections[number] = connection
        try:
            connection.run()
        finally:
            del self._connections[number]

    def _fired(self, event: Event) -> None:
        self._events.add(event)
        for packet in self.faults.outgoing(event):
            if packet.delay:
                gevent.spawn_later(packet.delay, self._deliver, packet)
            else:
                self._deliver(packet)

    def _deliver(self, packet: Packet) -> None:
        for connection in tuple(self._connections.values()):
            connection.offer(packet.events)

    def _cut(self, seconds: float) -> None:
        self._barred_until = self.clock.monotonic() + seconds
        for connection in tuple(self._connections.values()):
            connection.close()

    def _dialled(self, call: Call) -> None:
        for fault in call.scenario.faults:
            if isinstance(fault, RefuseModel):
                self._on_model_fault(fault)
            elif (made := event_fault(fault, call.uuid)) is not None:
                self.faults.add(made)

    def _answered(self, call: Call) -> None:
        for fault in call.scenario.faults:
            stream_faults.schedule(fault, call)
            if (timed := timed_fault(fault)) is not None:
                gevent.spawn_later(timed[0], self.inject, timed[1])


class _Connection:
    """One client's socket: a greenlet that reads and answers, one that sends events."""

    def __init__(
        self,
        client: socket.socket,
        listener: Listener,
        faults: Faults,
        thawed: Flag,
        note: Callable[[Command], None],
    ) -> None:
        self._socket = client
        self._listener = listener
        self._faults = faults
        self._thawed = thawed
        self._note = note
        self._queue: Queue[bytes] = Queue()
        self._lost = 0
        self._writing = BoundedSemaphore(1)
        self._idle = Flag()  # events wait while an `api` command is carried out
        self._idle.set()

    def run(self) -> None:
        """Serve until either side closes."""
        sender = gevent.spawn(self._send_events)
        try:
            self._write(wire.auth_request())
            self._read()
        except (OSError, wire.CommandTooLong) as error:
            log.debug("A client is gone.", error=str(error))
        finally:
            sender.kill()
            self.close()

    def offer(self, events: list[Event]) -> None:
        """Events for this client, if it wants them; those in one list leave in one write."""
        subscription = self._listener.subscription
        wanted = [event for event in events if subscription.wants(event)]
        if not wanted:
            return
        if self._queue.qsize() >= MAX_QUEUED_EVENTS:
            self._lost += len(wanted)
            if self._lost > MAX_LOST_EVENTS:
                self.close()
            return
        self._queue.put(b"".join(wire.event_bytes(event, subscription.form) for event in wanted))

    def close(self) -> None:
        """Drop the connection without a word."""
        self._socket.close()

    def _read(self) -> None:
        parser = CommandParser()
        while not self._listener.closing:
            data = self._socket.recv(65536)
            if not data:
                return
            for command in parser.feed(data):
                self._note(command)
                self._answer(command)
                if self._listener.closing:
                    break
        self._write(wire.disconnect_notice())

    def _answer(self, command: Command) -> None:
        self._thawed.wait()
        self._idle.clear()
        try:
            self._write(self._listener.handle(command))
        finally:
            self._idle.set()

    def _send_events(self) -> None:
        try:
            while True:
                data = self._queue.get()
                self._idle.wait()
                self._thawed.wait()
                self._write(data)
        except OSError:
            self.close()

    def _write(self, data: bytes) -> None:
        self._thawed.wait()
        with self._writing:
            size = self._faults.piece_size() or len(data)
            for at in range(0, len(data), size):
                self._socket.sendall(data[at : at + size])
                if size < len(data):
                    gevent.sleep(0)
