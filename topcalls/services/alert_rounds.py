"""The worker's look at what is wrong, once a minute: judged, told, tidied up."""

from __future__ import annotations

from datetime import datetime

from topcalls.services.alert_facts import AlertWatch
from topcalls.services.alerts import AlertMessages, Alerts


class AlertRounds:
    """One installation's alerts. Any number of workers may run it."""

    def __init__(self, alerts: Alerts, watch: AlertWatch, messages: AlertMessages) -> None:
        self._alerts = alerts
        self._watch = watch
        self._messages = messages

    def run(self, now: datetime) -> None:
        """Raises StoreUnavailable."""
        self._alerts.judge(self._watch.facts(now), now)
        self._messages.send_due()
        self._alerts.forget(now)
