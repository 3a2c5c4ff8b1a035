"""Faults at the Event Socket: what a test or a scenario can make go wrong, on purpose.

A fault is injected into a running server and acts on what passes: outgoing events, answers to
commands, bytes. Each acts `count` times and then is spent; `fired` says how often it has acted. The
pure part is here; sockets are in `freeswitch/server.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import unquote

from topcalls.sandbox import scenario_steps as steps
from topcalls.sandbox.freeswitch.wire import Event

UNLIMITED = 1_000_000_000


@dataclass
class Packet:
    """Events that leave in one write, after `delay` seconds."""

    events: list[Event]
    delay: float = 0.0


@dataclass
class Fault:
    """Root. `count`: how often it acts."""

    count: int = field(default=1, kw_only=True)
    fired: int = field(default=0, init=False)

    @property
    def spent(self) -> bool:
        """Whether it has acted as often as it may."""
        return self.fired >= self.count


@dataclass
class CutConnections(Fault):
    """Close every Event Socket connection now, without a notice, and new ones for `seconds`."""

    seconds: float = 0.0


@dataclass
class RefuseConnections(Fault):
    """The next `count` connections get a rude rejection."""


@dataclass
class Freeze(Fault):
    """From now on accept connections and bytes, but answer nothing and send nothing."""

    seconds: float = 5.0


@dataclass
class Crash(Fault):
    """The switch dies with its calls, and is started again after `seconds`."""

    seconds: float = 3.0


@dataclass
class SplitBytes(Fault):
    """Every write goes out in pieces of `size` bytes, for `seconds` (0: for good)."""

    size: int = 1
    seconds: float = 0.0
    count: int = field(default=UNLIMITED, kw_only=True)


@dataclass
class RefuseCommand(Fault):
    """Answer a command whose line holds `command` and `uuid` with `reply`, and do not do it."""

    command: str
    reply: str = "-ERR Operation Failed"
    uuid: str = ""

    def matches(self, line: str) -> bool:
        """Whether this line is refused."""
        return self.command in line and self.uuid in line


@dataclass
class EventFault(Fault):
    """Acts on events by name or subclass; `uuid` and `job_command` narrow it down."""

    event: str = ""
    uuid: str = ""
    job_command: str = ""

    def matches(self, event: Event) -> bool:
        """Whether it acts on this one."""
        return (
            self.event in ("", event.name, event.subclass)
            and self.concerns(event)
            and self.job_command in ("", event.headers.get("Job-Command"))
        )

    def concerns(self, event: Event) -> bool:
        """Whether the event is of the call that this is about; a job is by its argument."""
        return self.uuid in ("", event.uuid) or (
            event.name == "BACKGROUND_JOB" and self.uuid in event.headers.get("Job-Command-Arg", "")
        )

    def act(self, event: Event) -> list[Packet]:
        """What leaves instead of `event`."""
        raise NotImplementedError

    @property
    def holding(self) -> bool:
        """Whether it keeps an event back and must see the next ones."""
        return False


@dataclass
class LoseEvents(EventFault):
    """Never sent. With event="BACKGROUND_JOB": a job result that never comes."""

    def act(self, event: Event) -> list[Packet]:
        return []


@dataclass
class DuplicateEvents(EventFault):
    """Sent twice."""

    def act(self, event: Event) -> list[Packet]:
        return [Packet([event]), Packet([event])]


@dataclass
class DelayEvents(EventFault):
    """Sent late; others overtake it."""

    seconds: float = 1.0

    def act(self, event: Event) -> list[Packet]:
        return [Packet([event], self.seconds)]


@dataclass
class ChangeHeader(EventFault):
    """A header gets another value: a byte that is no UTF-8, a line break and a look-alike."""

    header: str = "Caller-Caller-ID-Name"
    value: str = ""

    def act(self, event: Event) -> list[Packet]:
        event.headers[self.header] = self.value
        return [Packet([event])]


@dataclass
class SwapEvents(EventFault):
    """Sent after the event that follows it, or after the next one called `after`."""

    after: str = ""
    _held: Event | None = field(default=None, init=False)

    @property
    def holding(self) -> bool:
        return self._held is not None

    def act(self, event: Event) -> list[Packet]:
        if self._held is None:
            self._held = event
            return []
        if self.after not in ("", event.name, event.subclass):
            return [Packet([event])]
        held, self._held = self._held, None
        return [Packet([event]), Packet([held])]


@dataclass
class JoinEvents(EventFault):
    """Hold everything from `event` on until `last`, then send it in one packet."""

    last: str = "CHANNEL_HANGUP_COMPLETE"
    _held: list[Event] = field(default_factory=list, init=False)

    @property
    def holding(self) -> bool:
        return bool(self._held)

    def act(self, event: Event) -> list[Packet]:
        self._held.append(event)
        if event.name != self.last:
            return []
        held, self._held = self._held, []
        return [Packet(held)]


_Kind = TypeVar("_Kind", bound=Fault)


class Faults:
    """The faults in force on one server."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Put a fault in force."""
        self._faults = [item for item in self._faults if not _is_over(item)]
        self._faults.append(fault)

    def remove(self, fault: Fault) -> None:
        """This one is over."""
        self._faults = [item for item in self._faults if item is not fault]

    def clear(self) -> None:
        """Nothing goes wrong any more. What a fault holds back is lost."""
        self._faults.clear()

    def outgoing(self, event: Event) -> list[Packet]:
        """What leaves instead of `event`: the first fault that concerns it decides."""
        for fault in self._of(EventFault):
            if fault.holding and fault.concerns(event):
                return fault.act(event)
            if not fault.spent and not fault.holding and fault.matches(event):
                fault.fired += 1
                return fault.act(event)
        return [Packet([event])]

    def refusal(self, line: str) -> str | None:
        """What to answer to a command instead of carrying it out."""
        for fault in self._of(RefuseCommand):
            if not fault.spent and fault.matches(line):
                fault.fired += 1
                return fault.reply
        return None

    def piece_size(self) -> int:
        """Bytes per write; 0 = all at once."""
        fault = self._next(SplitBytes)
        return fault.size if fault else 0

    def refuses_connection(self) -> bool:
        """Whether a new connection is turned away."""
        return self._next(RefuseConnections) is not None

    def _next(self, kind: type[_Kind]) -> _Kind | None:
        for fault in self._of(kind):
            if not fault.spent:
                fault.fired += 1
                return fault
        return None

    def _of(self, kind: type[_Kind]) -> list[_Kind]:
        return [fault for fault in self._faults if isinstance(fault, kind)]


def _is_over(fault: Fault) -> bool:
    return fault.spent and not (isinstance(fault, EventFault) and fault.holding)


def event_fault(fault: steps.ScenarioFault, uuid: str) -> Fault | None:
    """A scenario's fault on the call `uuid`, in force from the start; None for a timed one."""
    make = _FROM_THE_START.get(type(fault))
    return make(fault, uuid) if make else None


def timed_fault(fault: steps.ScenarioFault) -> tuple[float, Fault] | None:
    """(seconds after the answer, fault) for a timed fault of the Event Socket."""
    match fault:
        case steps.CutEventSocket(at, seconds):
            return at, CutConnections(seconds)
        case steps.SplitEventSocket(at, seconds):
            return at, SplitBytes(seconds=seconds)
        case steps.CrashSwitch(at, seconds):
            return at, Crash(seconds)
        case steps.FreezeEventSocket(at, seconds):
            return at, Freeze(seconds)
    return None


_FROM_THE_START: dict[type, Callable[..., Fault]] = {
    steps.LoseEvent: lambda fault, uuid: LoseEvents(fault.event, uuid),
    steps.DuplicateEvent: lambda fault, uuid: DuplicateEvents(fault.event, uuid),
    steps.DelayEvent: lambda fault, uuid: DelayEvents(fault.event, uuid, seconds=fault.seconds),
    steps.SwapEvents: lambda fault, uuid: SwapEvents(fault.event, uuid, after=fault.after),
    steps.JoinEvents: lambda fault, uuid: JoinEvents(fault.event, uuid, last=fault.last),
    steps.FalsifyHeader: lambda fault, uuid: ChangeHeader(
        fault.event, uuid, header=fault.header, value=unquote(fault.value, errors="surrogateescape")
    ),
    steps.LoseJobResult: lambda fault, uuid: LoseEvents(
        "BACKGROUND_JOB", uuid, job_command=fault.command
    ),
    steps.RefuseCommand: lambda fault, uuid: RefuseCommand(fault.command, fault.reply, uuid),
}
