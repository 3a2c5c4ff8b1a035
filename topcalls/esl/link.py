"""Keeps one connection to the switch alive: connect, set up, watch, and again after it broke.

A switch can die in ways that TCP does not tell: it accepts and never greets (the login's time
limit), or freezes with the connection open. So silence is answered with a probe, and a command
that stays without any sign of life ends the connection.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

import gevent
from gevent import Greenlet
from gevent.event import Event

from topcalls.clock import Clock
from topcalls.errors import SwitchError
from topcalls.esl.backoff import LONGEST_WAIT, full_jitter
from topcalls.esl.connection import EventSocketConnection
from topcalls.log import get_logger

PROBE = "api status"
_log = get_logger("esl")


@dataclass(frozen=True, slots=True)
class Watchdog:
    """When a silent connection counts as dead, in seconds.

    After `quiet` seconds without a byte the switch is probed; it has `grace` seconds to answer.
    The same grace is given to every command on top of its own time limit. Heartbeats of the switch
    come every 20 s by default, so a quiet connection is probed even on a healthy switch.
    """

    quiet: float = 15.0
    grace: float = 5.0

    @property
    def interval(self) -> float:
        """How often to look."""
        return min(self.quiet, self.grace) / 4


class Link:
    """One supervised connection.

    `set_up(connection)` runs after each login and raises `SwitchError` where the connection is of
    no use. `on_change(link)` is called whenever `is_ready` changed; it must return at once.
    """

    def __init__(
        self,
        name: str,
        connection: EventSocketConnection,
        *,
        clock: Clock,
        on_change: Callable[[Link], None],
        set_up: Callable[[EventSocketConnection], None] | None = None,
        watchdog: Watchdog | None = None,
        backoff: Callable[[int], float] | None = None,
    ) -> None:
        self.name = name
        self.connection = connection
        self.is_ready = False
        self.last_error = ""
        self.connects = 0
        self.failures_in_a_row = 0
        self._clock = clock
        self._on_change = on_change
        self._set_up = set_up
        self._watchdog = watchdog or Watchdog()
        self._backoff = backoff or (lambda failures: full_jitter(failures, random.random))
        self._lost = Event()
        self._stopping = Event()
        self._retry = Event()
        self._greenlet: Greenlet[[], None] | None = None
        connection.on_lost = self._connection_lost

    def start(self) -> None:
        """Begin to connect, and never give up until `stop`."""
        self._greenlet = gevent.spawn(self._supervise)

    def stop(self) -> None:
        """Close the connection and end."""
        self._stopping.set()
        self._lost.set()
        self.connection.stop()
        greenlet, self._greenlet = self._greenlet, None
        if greenlet is not None and greenlet is not gevent.getcurrent():
            greenlet.kill()
        self._now_ready(False)

    def retry_now(self) -> None:
        """The switch was seen alive: end the pause before the next attempt, if there is one."""
        self._retry.set()

    def _connection_lost(self, reason: str) -> None:
        self.last_error = reason
        self._lost.set()

    def _supervise(self) -> None:
        while not self._stopping.is_set():
            begun = self._clock.monotonic()
            self._retry.clear()
            if self._connect():
                self._watch()
                self._now_ready(False)
            # A connection that breaks right away is a failure too, or we would hammer the switch.
            if self._clock.monotonic() - begun > LONGEST_WAIT:
                self.failures_in_a_row = 0
            self.failures_in_a_row += 1
            pause = self._backoff(self.failures_in_a_row)
            gevent.wait([self._stopping, self._retry], timeout=pause, count=1)

    def _connect(self) -> bool:
        self._lost.clear()
        try:
            self.connection.connect()
            if self._set_up is not None:
                self._set_up(self.connection)
        except SwitchError as error:
            self.last_error = str(error)
            if self.failures_in_a_row == 0:
                _log.warning("The switch cannot be used.", link=self.name, error=self.last_error)
            self.connection.abort("setting up failed")
            return False
        except Exception:  # noqa: BLE001 - a supervisor that dies leaves us deaf
            self.last_error = "an unexpected error; see the log"
            _log.exception("Connecting to the switch failed unexpectedly.", link=self.name)
            self.connection.abort("setting up failed")
            return False
        self.connects += 1
        if not self._lost.is_set():
            self._now_ready(True)
        return True

    def _watch(self) -> None:
        while not self._lost.wait(self._watchdog.interval):
            if self.connection.is_stuck(self._watchdog.grace):
                self.connection.abort("the switch does not answer")
            elif self.connection.is_silent(self._watchdog.quiet):
                self._probe()

    def _probe(self) -> None:
        try:
            self.connection.submit(PROBE, timeout=0.0)
        except SwitchError as error:
            self.connection.abort(error.message)

    def _now_ready(self, ready: bool) -> None:
        if self.is_ready == ready:
            return
        self.is_ready = ready
        if ready:
            self.last_error = ""
            _log.info("Connected to the switch.", link=self.name)
        elif not self._stopping.is_set():
            _log.warning("Lost the switch.", link=self.name, error=self.last_error)
        self._on_change(self)
