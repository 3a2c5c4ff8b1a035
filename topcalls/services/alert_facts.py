"""Gathers what the alert rules look at: rows of all, and metrics of this machine's processes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from prometheus_client.parser import text_string_to_metric_families

from topcalls import metrics
from topcalls.clock import Clock
from topcalls.core.alert_rules import AlertFacts
from topcalls.core.metric_samples import Labels, Snapshot, earlier, growth, percentile
from topcalls.services.carriers import STALE_AFTER
from topcalls.store import alerts, campaign_contacts, status
from topcalls.store.database import Database

_QUARTER: Final = 15 * 60.0
_HOUR: Final = 60 * 60.0
_FIVE: Final = 5 * 60.0
_SLACK: Final = 30.0
"""Looks are a minute apart, and come a little late."""

_MOST_REGISTER_FAILURES: Final = 5
_GROWTH: Final[Mapping[str, tuple[float, Callable[[Labels], bool]]]] = {
    "topcalls_esl_reconnects_total": (_QUARTER, lambda labels: True),
    "topcalls_calls_saved_total": (_QUARTER, lambda labels: True),
    "topcalls_reconciler_disagreements_total": (_HOUR, lambda labels: True),
    "topcalls_impossible_events_total": (_HOUR, lambda labels: True),
    "topcalls_recordings_total": (_HOUR, lambda labels: labels["outcome"] in ("lost", "failed")),
    "topcalls_api_request_seconds_count": (
        _FIVE,
        lambda labels: labels["status"].startswith("5"),
    ),
}


_SPREAD: Final = (
    "topcalls_esl_event_lag_seconds",
    "topcalls_loop_lag_seconds",
    "topcalls_turn_gateway_seconds",
    "topcalls_turn_provider_seconds",
)
_SPOOL_FREE: Final = "topcalls_recording_spool_free_bytes"
_LOOKED_AT: Final = frozenset((*_GROWTH, *(f"{name}_bucket" for name in _SPREAD), _SPOOL_FREE))
"""What is remembered: the rest of sixty looks would be kept for nothing."""


class AlertWatch:
    """What is known now. It remembers the metrics of the last hour, in this process."""

    def __init__(
        self, db: Database, clock: Clock, read: Callable[[], bytes] = metrics.exposition
    ) -> None:
        self._db = db
        self._clock = clock
        self._read = read
        self._history: deque[Snapshot] = deque()

    def facts(self, now: datetime) -> AlertFacts:
        """Everything that the rules want. Raises StoreUnavailable."""
        return self._db.read(self._rows, now, self._snapshot())

    def _snapshot(self) -> Snapshot:
        moment = self._clock.monotonic()
        families = text_string_to_metric_families(self._read().decode())
        samples = [
            (sample.name, sample.labels, sample.value)
            for family in families
            for sample in family.samples
            if sample.name in _LOOKED_AT
        ]
        made = Snapshot(moment, samples)
        self._history.append(made)
        while moment - self._history[0].at > _HOUR + _SLACK:
            self._history.popleft()
        return made

    def _rows(self, now: datetime, latest: Snapshot) -> AlertFacts:
        oldest, overdue = status.oldest_queued(), campaign_contacts.longest_due(now)
        free = latest.least(_SPOOL_FREE)
        event_lag, loop_lag, gateway, provider = _SPREAD
        return AlertFacts(
            oldest_queued_seconds=_age(oldest, now),
            carriers_down=tuple(alerts.carriers_down(now - STALE_AFTER)),
            ended=alerts.ended_since(now - timedelta(seconds=_QUARTER)),
            webhooks_due=status.deliveries_due(now),
            receivers_disabled=alerts.receivers_disabled_since(now - timedelta(seconds=_HOUR)),
            producer_lag_seconds=_age(overdue, now),
            registers_failing=tuple(alerts.registers_failing(_MOST_REGISTER_FAILURES)),
            grown=self._grown(latest),
            event_lag_p99=self._share(latest, event_lag, 0.99, _FIVE),
            loop_lag_p99=self._share(latest, loop_lag, 0.99, _FIVE),
            gateway_p95=self._share(latest, gateway, 0.95, _QUARTER),
            provider_p95=self._share(latest, provider, 0.95, _QUARTER),
            spool_free_bytes=free or None,
        )

    def _grown(self, latest: Snapshot) -> dict[str, float]:
        found = {}
        for name, (seconds, wanted) in _GROWTH.items():
            before = earlier(self._history, latest.at, seconds + _SLACK)
            if before is not None:
                found[name] = growth(before, latest, name, wanted)
        return found

    def _share(self, latest: Snapshot, name: str, share: float, seconds: float) -> float | None:
        before = earlier(self._history, latest.at, seconds + _SLACK)
        return None if before is None else percentile(before, latest, name, share)


def _age(since: datetime | None, now: datetime) -> float:
    return 0.0 if since is None else max(0.0, (now - since).total_seconds())
