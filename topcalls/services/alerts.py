"""Alerts of the installation: looked for once a minute, told once, and once when they are over.

What is wrong stands in rows, so a restart tells nothing twice, and of several workers that look at
once one is the first. Messages are rows too, tried again as webhooks are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import orjson

from topcalls.clock import Clock
from topcalls.core.alert_rules import PAGE, RULES, AlertFacts, firing, rule_named
from topcalls.core.alert_state import News, Standing, look
from topcalls.core.webhook_retry import MAX_ATTEMPTS, DeliveryState, Outcome, after_attempt
from topcalls.errors import Conflict
from topcalls.ids import new_id
from topcalls.log import get_logger
from topcalls.store import alerts
from topcalls.store.database import Database
from topcalls.store.models import AlertMessage

LEASE_SECONDS: Final = 120.0
MOST_AT_ONCE: Final = 20
KEPT: Final = timedelta(days=30)
TEST: Final = "TopCallsTest"

log = get_logger("alerts")


@dataclass(frozen=True, slots=True)
class AlertView:
    """Something that is wrong. `firing`: it has been for long enough, and was told."""

    name: str
    severity: str
    firing: bool
    since: datetime
    summary: str
    remedy: str


@dataclass(frozen=True, slots=True)
class MessageView:
    """A message of an alert. `error`: why the last try did not do."""

    alert: str
    news: str
    channel: str
    state: str
    attempts: int
    error: str | None
    created_at: datetime


Sender = Callable[[str, str, Mapping[str, Any], int], Outcome]
"""Makes one try to tell `target` under a message id what a payload says; its number counts."""


class Alerts:
    """`channels`: who is told, by `webhook` and by `email`; without any nobody is."""

    def __init__(
        self, db: Database, clock: Clock, channels: Mapping[str, str], installation: str
    ) -> None:
        self._db = db
        self._clock = clock
        self._channels = channels
        self._installation = installation

    def standing(self) -> list[AlertView]:
        """What is wrong now."""
        return [_view(one) for one in self._db.read(alerts.standings).values()]

    def messages(self, limit: int = 20) -> list[MessageView]:
        """The latest messages, newest first."""
        return [
            MessageView(
                row.alert,
                row.news,
                row.channel,
                row.state,
                row.attempts,
                row.last_error,
                row.created_at,
            )
            for row in self._db.read(alerts.messages, limit)
        ]

    def judge(self, facts: AlertFacts, now: datetime) -> list[tuple[News, str]]:
        """Look at what is known, and store what is to be told; what that is."""

        def verb() -> list[tuple[News, str]]:
            turn = look(RULES, alerts.standings(lock=True), firing(facts), now)
            alerts.put_standings(turn.standings)
            for news, one in turn.news:
                self._store(news, one, now)
            return [(news, one.name) for news, one in turn.news]

        told = self._db.run(verb)
        for news, name in told:
            log.warning("Alert", alert=name, news=news)
        return told

    def test(self) -> int:
        """Have a message sent that says nothing; by how many ways.

        Raises:
            Conflict: nobody is to be told.
        """
        if not self._channels:
            raise Conflict(
                "Nobody is told of alerts.",
                remedy="Set TOPCALLS_ALERT_WEBHOOK_URL, or TOPCALLS_ALERT_EMAIL_TO with a mail "
                "server.",
            )
        now = self._clock.now()
        one = Standing(TEST, now, now, "This is a test: nothing is wrong.")
        self._db.run(self._store, News.TEST, one, now)
        return len(self._channels)

    def forget(self, now: datetime) -> int:
        """Delete old messages; how many there were."""
        return self._db.run(alerts.delete_messages, now - KEPT)

    def _store(self, news: News, one: Standing, now: datetime) -> None:
        """Part of a verb."""
        payload = orjson.dumps(self._payload(news, one, now), option=orjson.OPT_UTC_Z).decode()
        for channel, target in self._channels.items():
            alerts.insert_message(
                id=new_id(),
                alert=one.name,
                news=news,
                channel=channel,
                target=target,
                payload=payload,
                state=DeliveryState.PENDING,
                available_at=now,
                tries_left=MAX_ATTEMPTS,
                created_at=now,
            )

    def _payload(self, news: News, one: Standing, now: datetime) -> dict[str, Any]:
        view = _view(one)
        return {
            "event": f"alert.{news}",
            "alert": one.name,
            "severity": view.severity,
            "summary": one.words,
            "remedy": view.remedy,
            "since": one.since,
            "at": now,
            "installation": self._installation,
        }


class AlertMessages:
    """Sends what waits. `senders` by channel."""

    def __init__(
        self, db: Database, clock: Clock, senders: Mapping[str, Sender], owner: str | None = None
    ) -> None:
        self._db = db
        self._clock = clock
        self._senders = senders
        self._owner = owner or new_id()

    def send_due(self) -> int:
        """Make a try at each message that is due; how many were."""
        now = self._clock.now()
        rows = self._db.run(alerts.claim_messages, self._owner, now, LEASE_SECONDS, MOST_AT_ONCE)
        for row in rows:
            self._try(row)
        return len(rows)

    def _try(self, row: AlertMessage) -> None:
        sender = self._senders.get(row.channel)
        attempt = row.attempts + 1
        if sender is None:
            outcome = Outcome(error="No settings say any more how this is sent.")
        else:
            outcome = sender(row.id, row.target, orjson.loads(row.payload), attempt)
        now = self._clock.now()
        verdict = after_attempt(attempt, outcome, now)
        log.info("Alert told", alert=row.alert, channel=row.channel, state=verdict.state)
        self._db.run(
            lambda: alerts.settle_message(
                row.id,
                self._owner,
                attempts=attempt,
                state=verdict.state,
                last_error=None if outcome.succeeded else outcome.error,
                available_at=verdict.retry_at or now,
                finished_at=None if verdict.retry_at else now,
            )
        )


def _view(one: Standing) -> AlertView:
    rule = rule_named(one.name)
    return AlertView(
        one.name,
        rule.severity if rule else PAGE,
        one.fired_at is not None,
        one.since,
        one.words,
        rule.remedy if rule else "",
    )
