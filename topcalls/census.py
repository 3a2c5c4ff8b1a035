"""How many greenlets a process has: what is left behind by calls shows here first."""

from __future__ import annotations

import weakref

import gevent

from topcalls import metrics

COUNT_SECONDS = 2.0


class Census:
    """Counts the greenlets that were started since it began, as long as they live."""

    def __init__(self) -> None:
        self._started: weakref.WeakSet[gevent.Greenlet] = weakref.WeakSet()
        gevent.Greenlet.add_spawn_callback(self._started.add)

    def count(self) -> int:
        """How many are alive now."""
        return sum(not greenlet.dead for greenlet in list(self._started))

    def close(self) -> None:
        """Count no more."""
        gevent.Greenlet.remove_spawn_callback(self._started.add)


def publish(process: str) -> gevent.Greenlet:
    """Keep the metric of this process up to date from now on."""
    census, gauge = Census(), metrics.greenlets.labels(process)

    def watch() -> None:
        while True:
            gauge.set(census.count())
            gevent.sleep(COUNT_SECONDS)

    return gevent.spawn(watch)
