"""Has campaigns make their calls, every second, in the one worker that holds the loop's lease.

It is a loop of its own beside `DueLoop`: a round that makes many calls must not hold webhooks up.
"""

from __future__ import annotations

import gevent
from gevent.event import Event

from topcalls.errors import StoreUnavailable
from topcalls.ids import new_id
from topcalls.log import get_logger
from topcalls.worker.outage import Outage
from topcalls.worker.services import WorkerServices

LOOP = "campaign-loop"
LEASE_SECONDS = 15.0
INTERVAL_SECONDS = 1.0
log = get_logger("campaigns")


class CampaignLoop:
    """Start it in every worker. `database` is the outage of what it depends on."""

    def __init__(
        self, services: WorkerServices, database: Outage, interval: float = INTERVAL_SECONDS
    ) -> None:
        self._services = services
        self._database = database
        self._interval = interval
        self._owner = new_id()
        self._stopping = Event()
        self._greenlet: gevent.Greenlet | None = None

    def ensure_running(self) -> None:
        """Start the loop, or start it again should it have died."""
        if not self._stopping.is_set() and (self._greenlet is None or self._greenlet.dead):
            self._greenlet = gevent.spawn(self._run)

    def stop(self) -> None:
        """End the loop after the round it is in, and let another worker have it at once."""
        self._stopping.set()
        if self._greenlet is not None:
            self._greenlet.join()
        try:
            self._services.housekeeping.release(LOOP, self._owner)
        except StoreUnavailable:
            log.warning("Lease of the campaigns' loop not released, it runs out by itself")

    def _run(self) -> None:
        while not self._stopping.is_set():
            begun = self._services.clock.monotonic()
            pause = self._round()
            left = self._interval - (self._services.clock.monotonic() - begun)
            self._stopping.wait(max(pause, left, 0.0))

    def _round(self) -> float:
        """One round, if the loop is this worker's; the seconds to wait at least."""
        now = self._services.clock.now()
        try:
            if self._services.housekeeping.hold(LOOP, self._owner, now, LEASE_SECONDS):
                self._services.campaigns.round(now)
        except StoreUnavailable as error:
            return self._database.failed(error)
        except (Exception, gevent.Timeout) as error:
            log.exception("A round of campaigns failed", why=repr(error))
            return self._interval
        self._database.over()
        return 0.0
