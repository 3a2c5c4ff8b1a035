"""What a process under test knows about itself, as JSON. Standard library only."""

from __future__ import annotations

import json
import os
import sys
import time
from array import array

PROBE_SECONDS = 0.01
_STEP_SECONDS = 0.00005
_STEPS = 20_000


class Meter:
    """Counts from the last `reset`. Whoever owns the event loop calls `late` every 10 ms."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Begin anew."""
        # Counted in steps, in a table of fixed size: a meter of memory must not grow itself.
        self._late = array("L", bytes(8 * _STEPS))
        self._latest = 0.0
        self._wall, self._cpu = time.monotonic(), time.process_time()
        self._waited = _waited_seconds()

    def late(self, seconds: float) -> None:
        """A timer of `PROBE_SECONDS` took so long."""
        late = max(0.0, seconds - PROBE_SECONDS)
        self._late[min(int(late / _STEP_SECONDS), _STEPS - 1)] += 1
        self._latest = max(self._latest, late)

    def report(self) -> dict[str, float]:
        """Delays in milliseconds, memory in MB."""
        return {
            "seconds": time.monotonic() - self._wall,
            "cpu_seconds": time.process_time() - self._cpu,
            "waited_seconds": _waited_seconds() - self._waited,
            "lag_p50": self._late_ms(0.50),
            "lag_p99": self._late_ms(0.99),
            "lag_max": self._latest * 1e3,
            "rss_mb": _rss_mb(),
            "descriptors": len(os.listdir("/proc/self/fd")),
        }

    def _late_ms(self, share: float) -> float:
        """So large a share of the timers was at most so late."""
        left = share * sum(self._late)
        for step, count in enumerate(self._late):
            left -= count
            if left <= 0:
                return step * _STEP_SECONDS * 1e3
        return 0.0

    def obey(self, commands: bytes) -> None:
        """Carry out `reset` and `report`, one a line."""
        for line in commands.decode().split("\n"):
            if line == "reset":
                self.reset()
            elif line == "report":
                write(self.report())


def write(value: object) -> None:
    """One line of JSON on standard output."""
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def _waited_seconds() -> float:
    """How long the main thread was ready to run and had no core: other processes had it."""
    with open("/proc/self/schedstat") as file:
        return int(file.read().split()[1]) / 1e9


def _rss_mb() -> float:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
