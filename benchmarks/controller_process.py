"""The controller process exactly as `topcalls controller` builds it, with a meter beside it.

Started by the benchmarks. Commands on standard input: `reset`; `report`, which prints processor
time, memory and how late the event loop was, as JSON; `census`, which counts greenlets too. It ends
with its standard input. The meter itself costs some 3 CPU-ms a second.
"""

from gevent import monkey

monkey.patch_all()

import gc  # noqa: E402
import time  # noqa: E402

import gevent  # noqa: E402
import greenlet  # noqa: E402
from gevent.os import tp_read  # noqa: E402
from meter import PROBE_SECONDS, Meter, write  # noqa: E402

from topcalls import compose, config, log  # noqa: E402


def probe(meter: Meter) -> None:
    """Tell the meter how late the event loop is, for ever."""
    while True:
        before = time.monotonic()
        gevent.sleep(PROBE_SECONDS)
        meter.late(time.monotonic() - before)


def greenlets() -> int:
    """How many are alive. Walks the whole heap: not for a measurement of delays."""
    gc.collect()
    return sum(isinstance(thing, greenlet.greenlet) and bool(thing) for thing in gc.get_objects())


def main() -> None:
    """Serve until standard input ends."""
    settings = config.load()
    log.configure(settings.log_level, process="controller")
    telephony = compose.build_controller(settings)
    telephony.start()
    meter = Meter()
    gevent.spawn(probe, meter)
    write({"ready": True})
    while commands := tp_read(0, 1024):
        if commands == b"census\n":
            write(meter.report() | {"greenlets": greenlets()})
        else:
            meter.obey(commands)
    telephony.stop(drain_seconds=0)


if __name__ == "__main__":
    main()
