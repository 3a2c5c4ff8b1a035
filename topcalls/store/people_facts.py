"""Everything that is known of many people at once: what `person_facts` finds one by one."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from topcalls.store import rows
from topcalls.store.fields import to_microseconds
from topcalls.store.person_facts import (
    ATTEMPT_COLUMNS,
    CHECK_COLUMNS,
    CONSENT_COLUMNS,
    LEAD_COLUMNS,
    LOOK_BACK,
    MOST_CALLS,
    MOST_CHECKS,
    READ,
    SUPPRESSION_COLUMNS,
    PersonFacts,
    facts_of,
    subjects_of,
)

MOST_AT_ONCE: Final = 500
"""Numbers in one query: SQLite takes 32,766 values, of which each number is seven."""

_MOST: Final = {"scrub": ("check", MOST_CHECKS), "reassigned": ("check", MOST_CHECKS)} | {
    "attempt": ("attempt", MOST_CALLS)
}
_NOBODY: Final = "CAST(NULL AS TEXT)"
_FACTS: Final = f"""
SELECT 'suppression', d.phone_number, {SUPPRESSION_COLUMNS}
  FROM do_not_call_entry d WHERE d.account_id = ? AND d.phone_number IN ({{names}})
UNION ALL SELECT 'consent', c.phone_number, {CONSENT_COLUMNS}
  FROM consent c WHERE c.account_id = ? AND c.phone_number IN ({{names}})
UNION ALL SELECT n.kind, n.phone_number, {CHECK_COLUMNS}
  FROM number_check n WHERE n.account_id = ? AND n.phone_number IN ({{numbers}})
UNION ALL SELECT 'attempt', a.phone_number, {ATTEMPT_COLUMNS}
  FROM call a WHERE a.account_id = ? AND a.phone_number IN ({{numbers}}) AND a.claimed_at >= ?
    AND a.direction = 'outbound'
UNION ALL SELECT 'lead', l.phone_number, {LEAD_COLUMNS}
  FROM lead l WHERE l.account_id = ? AND l.phone_number IN ({{numbers}})
UNION ALL SELECT 'consent', m.phone_number, {CONSENT_COLUMNS}
  FROM lead m JOIN lead_list_assignment s ON s.lead_id = m.id
  JOIN consent c ON c.list_id = s.list_id AND c.account_id = m.account_id
  WHERE m.account_id = ? AND m.phone_number IN ({{numbers}})
UNION ALL SELECT 'consent', {_NOBODY}, {CONSENT_COLUMNS}
  FROM consent c WHERE c.account_id = ? AND c.campaign_id = ?
"""
_ID, _AT = 0, 5
"""Places of a row's id, and of the moment from which it is."""


def of_people(
    account_id: str,
    names: Sequence[tuple[str, ...]],
    now: datetime,
    *,
    campaign_id: str | None = None,
) -> list[PersonFacts]:
    """Everything about up to `MOST_AT_ONCE` people whom an account knows by these names, their
    number first, in their order. Of each kind the latest comes first."""
    numbers = [one[0] for one in names]
    of_name = {name: one[0] for one in names for name in one}
    text = _FACTS.format(names=", ".join("?" * len(of_name)), numbers=", ".join("?" * len(numbers)))
    values: list[Any] = [account_id, *of_name, account_id, *of_name, account_id, *numbers]
    values += [account_id, *numbers, to_microseconds(now - LOOK_BACK), account_id, *numbers]
    values += [account_id, *numbers, account_id, campaign_id]
    found = rows.select(text, *values)
    found.sort(key=lambda row: (row[2 + _AT] or 0, row[2 + _ID]), reverse=True)
    people = _by_person(found, of_name)
    everybody = people.pop(None, {})
    attempts = [one for kinds in people.values() for one in kinds.get("attempt", ())]
    subjects = subjects_of(account_id, attempts)
    shared = everybody.get("consent", [])
    return [facts_of(_with(people.get(number, {}), shared), subjects) for number in numbers]


def _by_person(
    found: Sequence[tuple[Any, ...]], of_name: Mapping[str, str]
) -> dict[str | None, dict[str, list[Any]]]:
    """What rows say, by number and kind; of nobody: what holds for everybody. Who shares a row with
    others shares what was read of it."""
    people: dict[str | None, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    counts: Counter[tuple[str | None, str]] = Counter()
    read: dict[tuple[str, str], Any] = {}
    for kind, name, *row in found:
        number = of_name.get(name)
        group, most = _MOST.get(kind, (kind, len(found)))
        counts[number, group] += 1
        if counts[number, group] > most:
            continue
        known = read.get((kind, row[_ID]))
        if known is None:
            known = read[kind, row[_ID]] = READ[kind](row)
        people[number][kind].append(known)
    return people


def _with(own: Mapping[str, list[Any]], consents: list[Any]) -> Mapping[str, list[Any]]:
    """What is known of somebody, and the consents that hold for everybody."""
    return {**own, "consent": [*own.get("consent", ()), *consents]} if consents else own
