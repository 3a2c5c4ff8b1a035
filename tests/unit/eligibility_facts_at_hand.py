"""Somebody who may be called, as the hundred cases have them: telemarketing by an AI's voice,
written consent with its wording, nothing against it, registers asked three days ago, no calls."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from topcalls.core.eligibility import decide
from topcalls.core.eligibility_facts import (
    CallerNumber,
    Consent,
    ConsentKind,
    Contact,
    Facts,
    PastAttempt,
    Plan,
    Policy,
    Scrub,
)
from topcalls.core.rule_values import SLOTS, Register
from topcalls.services.rule_pack import load_rule_pack

PACK = load_rule_pack()
NOW = datetime(2026, 12, 1, 18, tzinfo=UTC)
"""A Tuesday at noon in Chicago: inside everybody's hours from New York to Los Angeles."""

LISTS = sorted({rule.value.list for rule in PACK.rules if isinstance(rule.value, Register)})
LOOSE = Policy(most_per_day=50, most_per_30_days=500, hours_apart=0)
"""The product's own caps out of the way, where one of the law is looked at."""


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def plan(**changes) -> Plan:
    caller = CallerNumber("+911405550100")
    return replace(Plan("offers", slots=frozenset(SLOTS), caller=caller), **changes)


def written(now: datetime = NOW, **changes) -> Consent:
    given = Consent(
        "consent-1",
        ConsentKind.EXPRESS_WRITTEN,
        now - timedelta(days=60),
        has_wording=True,
        device_agreement=True,
    )
    return replace(given, **changes)


def scrubs(now: datetime = NOW, *, days: float = 3, listed: str = "", without: str = ""):
    asked = now - timedelta(days=days)
    lists = [name for name in LISTS if name != without]
    return tuple(Scrub(name, name == listed, asked, f"scrub-{name}") for name in lists)


def facts(number: str, now: datetime = NOW, *, at: Contact | None = None, **changes) -> Facts:
    contact = at or Contact(number)
    known = Facts(contact, consents=(written(now),), scrubs=scrubs(now))
    return replace(known, **changes)


def living(number: str, region: str, zone: str | None = None, now: datetime = NOW) -> Contact:
    """Somebody whose address is known, since ten days ago."""
    return Contact(number, (region,), zone, now - timedelta(days=10))


def attempt(at: datetime, **changes) -> PastAttempt:
    return replace(PastAttempt(at, f"attempt-{at:%m-%dT%H:%M}"), **changes)


def decided(known: Facts, meant: Plan | None = None, now: datetime = NOW, pack=PACK, **options):
    """By zone data that is as young as on the day on which the cases were written."""
    return decide(known, meant or plan(), pack, now, **{"today": NOW.date(), **options})
