"""The controller process exactly as `topcalls controller` builds it, with a meter beside it.

Started by the benchmarks. Commands on standard input: `reset`, and `report`, which prints processor
time, memory, greenlets and how late the event loop was, as JSON. It ends with its standard input.
"""

from gevent import monkey

monkey.patch_all()

import gc  # noqa: E402
import json  # noqa: E402
import os  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402

import gevent  # noqa: E402
import greenlet  # noqa: E402
from gevent.os import tp_read  # noqa: E402

from topcalls import compose, config, log  # noqa: E402

PROBE_SECONDS = 0.01


class Meter:
    """Counts from the last `reset`. The probe itself costs some 3 CPU-ms a second."""

    def __init__(self) -> None:
        self._late: list[float] = []
        self.reset()
        gevent.spawn(self._probe)

    def reset(self) -> None:
        """Begin anew."""
        self._late.clear()
        self._wall, self._cpu = time.monotonic(), time.process_time()
        self._waited = _waited_seconds()

    def report(self) -> dict[str, object]:
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

    def _probe(self) -> None:
        while True:
            before = time.monotonic()
            gevent.sleep(PROBE_SECONDS)
            self._late.append(max(0.0, time.monotonic() - before - PROBE_SECONDS))


def greenlets() -> int:
    """How many are alive. Walks the whole heap: not for a measurement of delays."""
    gc.collect()
    return sum(isinstance(thing, greenlet.greenlet) and bool(thing) for thing in gc.get_objects())


def _waited_seconds() -> float:
    """How long the main thread was ready to run and had no core: other processes had it."""
    with open("/proc/self/schedstat") as file:
        return int(file.read().split()[1]) / 1e9


def _rss_mb() -> float:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def _write(value: object) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Serve until standard input ends."""
    settings = config.load()
    log.configure(settings.log_level, process="controller")
    telephony = compose.build_controller(settings)
    telephony.start()
    meter = Meter()
    _write({"ready": True})
    while command := tp_read(0, 1024):
        for line in command.decode().split("\n"):
            if line == "reset":
                meter.reset()
            elif line == "report":
                _write(meter.report())
            elif line == "census":
                _write(meter.report() | {"greenlets": greenlets()})
    telephony.stop(drain_seconds=0)


if __name__ == "__main__":
    main()
