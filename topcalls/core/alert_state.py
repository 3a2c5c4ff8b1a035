"""When somebody is told of an alert: once when it begins, and once when it is over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from topcalls.core.alert_rules import AlertRule


class News(StrEnum):
    """What is told. `test` is nothing but a try."""

    STARTED = "started"
    OVER = "over"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Standing:
    """How it stands with one rule: `since` when it is wrong, and since when it is `fired_at`,
    which was told; None: it is not."""

    name: str
    since: datetime
    fired_at: datetime | None
    words: str


@dataclass(frozen=True, slots=True)
class Turn:
    """The standings after a look, and what is to be told."""

    standings: tuple[Standing, ...]
    news: tuple[tuple[News, Standing], ...]


def look(
    rules: Sequence[AlertRule],
    standing: Mapping[str, Standing],
    wrong: Mapping[str, str],
    now: datetime,
) -> Turn:
    """What follows from what is `wrong` now, by rule, and from how it stood. What was not told has
    no end that is told."""
    after: list[Standing] = []
    news: list[tuple[News, Standing]] = []
    for rule in rules:
        before, words = standing.get(rule.name), wrong.get(rule.name)
        if words is None:
            if before is not None and before.fired_at is not None:
                news.append((News.OVER, before))
            continue
        since = before.since if before is not None else now
        fired_at = before.fired_at if before is not None else None
        fires = fired_at is None and now - since >= timedelta(minutes=rule.minutes)
        one = Standing(rule.name, since, now if fires else fired_at, words)
        after.append(one)
        if fires:
            news.append((News.STARTED, one))
    return Turn(tuple(after), tuple(news))
