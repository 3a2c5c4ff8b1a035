"""Runs the processes of one machine as children, and ends them in order.

A child says that it is ready by one line of JSON on its standard output. It is started in a session
of its own, so that Ctrl-C reaches only the supervisor, which then stops the children one after the
other: each gets SIGTERM and the time it needs to drain. A child ends by itself when the supervisor
dies, because its standard input closes (`until_stopped` in `process.py`), and does not wait for
calls to end by themselves then. A child that dies is started again, with growing pauses, and so are
those that only know where its predecessor was.
"""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Protocol

import gevent
from gevent.event import AsyncResult, Event

from topcalls.clock import SystemClock
from topcalls.errors import TopCallsError
from topcalls.log import get_logger

READY_SECONDS = 60.0
STEADY_SECONDS = 30.0
FIRST_PAUSE_SECONDS = 0.2
"""Somebody may be on the line and wait for the process that died."""

LONGEST_PAUSE_SECONDS = 30.0
WATCHER_SECONDS = 5.0
LAST_WORDS_BYTES = 4096
LAST_WORDS_SECONDS = 2.0

log = get_logger("supervisor")


class ChildFailed(TopCallsError):
    """A process ended before it was ready."""

    code = "child_failed"


class Running(Protocol):
    """A process with pipes for its standard input and output; `subprocess.Popen` is one."""

    @property
    def pid(self) -> int: ...
    @property
    def stdout(self) -> IO[str] | None: ...
    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def send_signal(self, number: int, /) -> None: ...
    def kill(self) -> None: ...


Launch = Callable[[Sequence[str], int], Running]
"""Starts `topcalls ARGUMENTS` in a session of its own, with this descriptor as standard error.
Raises `OSError`."""


@dataclass
class Child:
    """One process of ours: `topcalls NAME …`.

    `stop_seconds`: how long it may take to end after SIGTERM. `needs`: the children whose addresses
    it learnt when it started, and whose restart is also its own. `ready`: what it said of itself
    when it was ready.
    """

    name: str
    arguments: Sequence[str]
    log_file: Path
    stop_seconds: float
    needs: Sequence[str] = ()
    ready: dict[str, Any] = field(default_factory=dict)
    process: Running | None = None
    restarts: int = 0
    log_start: int = 0

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None


class Supervisor:
    """Starts children in order, keeps them running, and stops them in reverse order.

    `on_restart` is told of a child that died, before it is started again. `launch` starts a child
    with its arguments, `--supervised` and `--log-file`: it keeps the file small itself.
    """

    def __init__(
        self,
        children: Sequence[Child],
        on_restart: Callable[[Child], None],
        launch: Launch,
    ) -> None:
        self.children = list(children)
        self._on_restart = on_restart
        self._launch_process = launch
        self._clock = SystemClock()
        self._stopping = Event()
        self._ending: Child | None = None
        self._watchers: list[gevent.Greenlet] = []

    def start(self, on_ready: Callable[[Child], None]) -> None:
        """Start every child, each when the one before is ready. Raises `ChildFailed`."""
        for child in self.children:
            self._spawn(child)
            on_ready(child)
            self._watchers.append(gevent.spawn(self._keep, child))

    def stop(self, on_stop: Callable[[Child], None]) -> None:
        """Stop all children in reverse order. A second call while it runs ends them at once."""
        if self._stopping.is_set():
            self.kill()
            return
        self._stopping.set()
        for child in reversed(self.children):
            if child.is_running:
                on_stop(child)
                self._ending = child
                _end(child)
        self._ending = None
        gevent.joinall(self._watchers, timeout=WATCHER_SECONDS)
        gevent.killall(self._watchers)

    def hurry(self) -> None:
        """Ask the child that is being stopped again: it ends what it would have waited for."""
        if self._ending is not None and self._ending.process is not None:
            self._ending.process.send_signal(signal.SIGINT)  # a second SIGTERM may melt into one

    def kill(self) -> None:
        """End all children at once."""
        for child in self.children:
            if child.is_running and child.process is not None:
                child.process.kill()

    def _spawn(self, child: Child) -> None:
        child.ready = {}
        self._launch(child)
        if self._stopping.is_set():  # it was not there yet to be stopped
            _end(child)
            return
        said: AsyncResult[dict[str, Any]] = AsyncResult()
        assert child.process is not None and child.process.stdout is not None
        gevent.spawn(_read_output, child.process.stdout, said)
        with gevent.Timeout(READY_SECONDS, False):
            child.ready = said.get()
        if not child.ready:
            raise _failure(child, ended=said.ready())

    def _launch(self, child: Child) -> None:
        """Start the process. Raises `ChildFailed`."""
        try:
            child.log_file.parent.mkdir(parents=True, exist_ok=True)
            with child.log_file.open("a") as errors:
                child.log_start = errors.tell()
                words = [*child.arguments, *_told(child)]
                child.process = self._launch_process(words, errors.fileno())
        except OSError as error:
            raise ChildFailed(
                f"The {child.name} process cannot be started: {error.strerror or error}.",
                remedy=f"Its log would be {child.log_file}.",
            ) from error

    def _keep(self, child: Child) -> None:
        pause = FIRST_PAUSE_SECONDS
        while True:
            began = self._clock.monotonic()
            assert child.process is not None
            code = child.process.wait()
            if self._stopping.is_set():
                return
            if self._clock.monotonic() - began > STEADY_SECONDS:
                pause = FIRST_PAUSE_SECONDS
            log.error("Process ended, starting it again", child=child.name, code=code)
            child.restarts += 1
            self._on_restart(child)
            if self._stopping.wait(pause):
                return
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
            try:
                self._spawn(child)
                self._restart_dependents(child)
            except ChildFailed as error:
                log.error("Process did not come back", child=child.name, why=str(error))

    def _restart_dependents(self, restarted: Child) -> None:
        """Their watchers start them again. They are not asked: what they hold is gone already."""
        for child in self.children:
            if restarted.name in child.needs and child.is_running and child.process is not None:
                child.process.kill()


def _told(child: Child) -> list[str]:
    return ["--supervised", "--log-file", str(child.log_file)]


def _failure(child: Child, *, ended: bool) -> ChildFailed:
    """Why it did not start. `ended`: it closed its output, so it is at its end or near it."""
    why = f"it was not ready after {READY_SECONDS:.0f} s."
    assert child.process is not None
    if ended:
        with suppress(subprocess.TimeoutExpired):
            child.process.wait(LAST_WORDS_SECONDS)
        why = _last_words(child)
    if child.is_running:
        child.process.kill()
    return ChildFailed(
        f"The {child.name} process did not start: {why}", remedy=f"Its log is {child.log_file}."
    )


def _end(child: Child) -> None:
    assert child.process is not None
    child.process.send_signal(signal.SIGTERM)
    try:
        child.process.wait(child.stop_seconds)
    except subprocess.TimeoutExpired:
        log.error("Process did not stop in time", child=child.name)
        child.process.kill()
        child.process.wait()


def _read_output(output: IO[str], said: AsyncResult[dict[str, Any]]) -> None:
    for line in output:
        if not said.ready():
            try:
                said.set(json.loads(line))
            except ValueError:
                log.warning("Unexpected output of a process", size=len(line))
    if not said.ready():
        said.set({})


def _last_words(child: Child) -> str:
    """The last line of what it wrote since it was started."""
    with child.log_file.open("rb") as log_of_it:
        end = log_of_it.seek(0, 2)
        began = child.log_start if child.log_start <= end else 0  # it is another file by now
        log_of_it.seek(max(began, end - LAST_WORDS_BYTES))
        lines = log_of_it.read().decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing."
