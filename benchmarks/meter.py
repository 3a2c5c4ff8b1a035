"""What a process under test knows about itself, as JSON. Standard library only."""

from __future__ import annotations

import json
import os
import sys
import time

PROBE_SECONDS = 0.01


class Meter:
    """Counts from the last `reset`. Whoever owns the event loop calls `late` every 10 ms."""

    def __init__(self) -> None:
        self._late: list[float] = []
        self.reset()

    def reset(self) -> None:
        """Begin anew."""
        self._late.clear()
        self._wall, self._cpu = time.monotonic(), time.process_time()
        self._waited = _waited_seconds()

    def late(self, seconds: float) -> None:
        """A timer of `PROBE_SECONDS` took so long."""
        self._late.append(max(0.0, seconds - PROBE_SECONDS))

    def report(self) -> dict[str, float]:
        """Delays in milliseconds, memory in MB."""
        late = sorted(self._late) or [0.0]
        return {
            "seconds": time.monotonic() - self._wall,
            "cpu_seconds": time.process_time() - self._cpu,
            "waited_seconds": _waited_seconds() - self._waited,
            "lag_p50": late[len(late) // 2] * 1e3,
            "lag_p99": late[len(late) * 99 // 100] * 1e3,
            "lag_max": late[-1] * 1e3,
            "rss_mb": _rss_mb(),
            "descriptors": len(os.listdir("/proc/self/fd")),
        }

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
