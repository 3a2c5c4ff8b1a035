"""A real FreeSWITCH on this repository's configuration, our telephones, and the product on it.

The switch is the one that the contract tests start (`tests/contract/own_switch.py`):
`TOPCALLS_TEST_FREESWITCH_BIN` names the program, `TOPCALLS_TEST_FREESWITCH_MODULES` its modules.
Telephones and model are one compiled process (`stand_in/`), so that one clock times both ends.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gevent
from common import (
    HERE,
    JsonProcess,
    Product,
    product,
    product_settings,
    python_process,
    say,
    stand_in,
    wait_for,
)
from gevent.server import StreamServer
from gevent.socket import create_connection, socket

CALLS_PER_SECOND = 20
START_SECONDS = 60.0
_RTP_PORTS = {"FREESWITCH_RTP_START": "12000", "FREESWITCH_RTP_END": "13998"}


def _own_switch() -> Any:
    path = HERE.parent / "tests" / "contract" / "own_switch.py"
    spec = importlib.util.spec_from_file_location("own_switch", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def switch_missing() -> str:
    """Why there is no switch to measure; empty when there is."""
    program = _own_switch().PROGRAM
    return "" if os.environ.get(program) else f"set {program} to a FreeSWITCH with mod_audio_stream"


class Switch:
    """The switch under test; it may be killed and started again."""

    def __init__(self, directory: Path) -> None:
        self._module = _own_switch()
        self._made = self._module.OwnSwitch(directory / "switch", **_RTP_PORTS)
        self._made.directory.mkdir()
        self.ports: dict[str, int] = self._made.ports
        self.password: str = self._module.PASSWORD
        self.gateway: str = self._module.GATEWAY
        self.cdrs: Path = self._made.cdrs

    @property
    def pid(self) -> int:
        """Its process."""
        return int((self._made.directory / "pid").read_text())

    def start(self) -> None:
        """Start it on all cores, and first in the queue where the benchmark is."""
        self._made.start()
        self._come_first()

    def _come_first(self) -> None:
        if os.environ.get("BENCHMARK_FIRST"):
            for thread in os.listdir(f"/proc/{self.pid}/task"):
                os.sched_setscheduler(int(thread), os.SCHED_RR, os.sched_param(1))

    def start_again(self) -> None:
        """After `kill`."""
        self._module.start(self._made.directory)
        self._come_first()

    def kill(self) -> None:
        """As if the power went."""
        self._module._end(self._made.directory, signal.SIGKILL)

    def stop(self) -> None:
        """As an init system would."""
        self._made.stop()

    def cpu_seconds(self) -> float:
        """What it has used, to the nanosecond: all of its threads that are alive."""
        used = 0
        for task in Path(f"/proc/{self.pid}/task").iterdir():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                used += int((task / "schedstat").read_text().split()[0])
        return used / 1e9


class Relay:
    """Stands between controller and Event Socket, and can be cut."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._ends: list[socket] = []
        self._cut = False
        self._server = StreamServer(("127.0.0.1", 0), self._serve)
        self._server.start()

    @property
    def port(self) -> int:
        """Where the controller connects to."""
        return int(self._server.server_port)

    def cut(self) -> None:
        """End both connections, and refuse new ones until `mend`."""
        self._cut = True
        for end in self._ends:
            end.close()
        self._ends.clear()

    def mend(self) -> None:
        """Let connections through again."""
        self._cut = False

    def close(self) -> None:
        """Cut for good."""
        self.cut()
        self._server.stop()

    def _serve(self, near: socket, _: object) -> None:
        if self._cut:
            near.close()
            return
        try:
            far = create_connection(("127.0.0.1", self._target), timeout=5)
        except OSError:
            near.close()
            return
        far.settimeout(None)
        self._ends += [near, far]
        back = gevent.spawn(_copy, far, near)
        _copy(near, far)
        back.join()


def _copy(source: socket, target: socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    source.close()
    target.close()


class Lab:
    """All of it. `world` is the telephones and the model, `controller` is under test."""

    def __init__(
        self, directory: Path, switch: Switch, world: JsonProcess, relay: Relay, strategy: str
    ) -> None:
        self.directory = directory
        self.switch = switch
        self.world = world
        self.relay = relay
        self.strategy = strategy
        self.settings: dict[str, str] = {}
        self.made: Product
        self.controller: JsonProcess

    def start_controller(self) -> None:
        """A controller process, also after one that was killed."""
        self.controller = python_process("controller_process.py", self.directory, self.settings)

    def queue(self, count: int, first_line: int = 0, **request: Any) -> None:
        """Queue calls that last as long as they are let."""
        self.made.queue_calls(count, first_line=first_line, max_duration=60, **request)

    def line(self, number: int) -> dict[str, Any]:
        """What became of the last call of a line, on its telephone; times are monotonic."""
        self.world.tell(f"line {number}")
        return self.world.answer()

    def await_talk(self, calls: int) -> None:
        """Wait until so many telephones are in a call."""
        seconds = START_SECONDS + calls / CALLS_PER_SECOND
        wait_for(
            lambda: self.world.report()["talking"] >= calls, seconds, f"starting {calls} calls"
        )


@contextlib.contextmanager
def lab(
    directory: Path, strategy: str, *, relayed: bool = False, calls: int = 100, **options: int
) -> Iterator[Lab]:
    """A running lab; `options` are the stand-in's."""
    switch = Switch(directory)
    world = stand_in(directory, telephones=switch.ports["callee"], **options)
    relay = Relay(switch.ports["esl"])
    built = Lab(directory, switch, world, relay, strategy)
    try:
        switch.start()
        ports = {
            "esl_port": relay.port if relayed else switch.ports["esl"],
            "realtime_port": world.ready["realtime_port"],
        }
        built.settings = product_settings(
            directory,
            ports,
            esl_password=switch.password,
            gateway=switch.gateway,
            node="lab",
            playback=strategy,
            cdr_dir=str(switch.cdrs),
            max_calls=str(calls),
            calls_per_second=str(CALLS_PER_SECOND),
            min_idle_cpu="0",
        )
        with product(built.settings) as made:
            built.made = made
            built.start_controller()
            try:
                yield built
            finally:
                built.controller.stop()
    finally:
        with contextlib.suppress(FileNotFoundError, AssertionError):
            switch.stop()
        world.stop()
        relay.close()


def introduce_machine(what: str) -> None:
    """Say what runs, and on what."""
    say(f"{what}\n{len(os.sched_getaffinity(0))} cores, load before {os.getloadavg()[0]:.1f}")
