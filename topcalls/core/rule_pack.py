"""A pack of rules: what laws and this product ask of calls, each with its date and its source.

Rules come as tables of TOML files; docs/rules.md says what stands in them. A pack is read once
and never changes; its hash tells two packs apart by their content. Of several entries of one id
the one in effect with the latest `effective_from` holds, so that a change is a new entry and a past
decision can be made again.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any, Final

from topcalls.core.area_codes import AreaCodes
from topcalls.core.eligibility_facts import Category, Verdict, Voice
from topcalls.core.holiday_calendars import Calendar
from topcalls.core.rule_reading import read_value
from topcalls.core.rule_values import COMBINED, TOPICS, Hours, Value
from topcalls.core.suggestions import did_you_mean
from topcalls.errors import FieldError

EVERYWHERE: Final = "*"
FOR_EVER: Final = date(9000, 1, 1)
"""The last day of a rule that has none."""

STATUSES: Final = ("read", "secondary", "unverified", "product", "proposed", "waived")
"""How far a rule is confirmed. `read`: the text of the law was read. `secondary`: somebody else's
account of it was. `unverified`: neither. `product`: no law, this product's own caution. `proposed`:
not in force, never applied. `waived`: put off until `effective_from`."""

ENTRY: Final = (
    *("id", "jurisdiction", "topic", "applies_to", "effective_from", "effective_to", "value"),
    *("combine", "on_unknown", "status", "source", "checked_on", "note"),
)
_ID = re.compile(r"[A-Za-z0-9*][A-Za-z0-9._-]{2,63}")
_JURISDICTION = re.compile(r"\*|[A-Z]{2}(-[A-Z0-9]{1,3})?")
_RELEASE = re.compile(r"\d{4}[a-z]{1,2}")
_MOST_CACHED = 4096


@dataclass(frozen=True, eq=False)
class Rule:
    """One rule. It holds from the first to the last of its days, both of them local dates.

    `on_unknown`: what is done where the evidence is missing. `checked_on`: when its source was last
    looked at, ISO; empty: never.
    """

    id: str
    jurisdiction: str
    topic: str
    value: Value
    categories: frozenset[Category] = frozenset(Category)
    voices: frozenset[Voice] = frozenset(Voice)
    effective_from: date = date.min
    effective_to: date = FOR_EVER
    on_unknown: Verdict = Verdict.REVIEW
    status: str = "unverified"
    source: str = ""
    checked_on: str = ""
    note: str = ""

    def holds(self, first: date, last: date) -> bool:
        """On any of these days."""
        return self.effective_from <= last and first <= self.effective_to

    def holds_for(self, category: Category, voice: Voice) -> bool:
        """Whether it is about such calls, and applied at all."""
        is_applied = self.status != "proposed"
        return is_applied and category in self.categories and voice in self.voices


@dataclass(frozen=True)
class ZoneReleases:
    """When releases of the IANA data were made, and how old they may be, in days."""

    dates: Mapping[str, date] = field(default_factory=dict)
    refuse_after_days: int = 180
    warn_after_days: int = 90

    def age_days(self, release: str, today: date) -> int | None:
        """Days since a release ("2026f"), or since the newest known one before it; None where none
        is known."""
        if not _RELEASE.fullmatch(release):
            return None
        before = [day for name, day in self.dates.items() if name <= release]
        return (today - max(before)).days if before else None


@dataclass(frozen=True, eq=False)
class RulePack:
    """Rules, and what they name: area codes, calendars, and which jurisdiction is part of which.

    `parents`: of jurisdictions that are no part of a country by their code ("RE" of "FR").
    `zones_left_out`: zones that numbers of a country may be of, and that are not looked at.
    """

    version: str
    hash: str
    rules: tuple[Rule, ...]
    areas: AreaCodes
    calendars: Mapping[str, Calendar]
    parents: Mapping[str, tuple[str, ...]]
    zones_left_out: Mapping[str, frozenset[str]]
    releases: ZoneReleases

    def chain(self, jurisdiction: str) -> tuple[str, ...]:
        """A jurisdiction and all that it is part of, the narrowest first; no "*"."""
        return _chain(self, jurisdiction)

    def covers(self, jurisdiction: str) -> bool:
        """Whether hours are known for it or what it is part of: else nobody there is called."""
        return any(one in _with_hours(self) for one in self.chain(jurisdiction))

    def holding(
        self, jurisdictions: tuple[str, ...], plan: tuple[Category, Voice], days: tuple[date, date]
    ) -> Mapping[str, tuple[Rule, ...]]:
        """The rules of each topic that hold in any of these (give whole chains), for such calls, on
        any of the days from the first to the last."""
        return _holding(self, jurisdictions, plan, days)


@lru_cache(_MOST_CACHED)
def _chain(pack: RulePack, jurisdiction: str) -> tuple[str, ...]:
    found, waiting = [], [jurisdiction]
    while waiting:
        one = waiting.pop(0)
        if one not in found:
            found.append(one)
            country = one.partition("-")[0]
            waiting += [*((country,) if country != one else ()), *pack.parents.get(one, ())]
    return tuple(found)


@lru_cache(8)
def _with_hours(pack: RulePack) -> frozenset[str]:
    rules = (rule for rule in pack.rules if rule.topic == "hours" and rule.status != "proposed")
    return frozenset(rule.jurisdiction for rule in rules) - {EVERYWHERE}


@lru_cache(_MOST_CACHED)
def _holding(
    pack: RulePack,
    jurisdictions: tuple[str, ...],
    plan: tuple[Category, Voice],
    days: tuple[date, date],
) -> Mapping[str, tuple[Rule, ...]]:
    newest: dict[str, Rule] = {}
    for rule in pack.rules:
        if rule.jurisdiction in jurisdictions or rule.jurisdiction == EVERYWHERE:
            before = newest.get(rule.id)
            is_newer = before is None or before.effective_from < rule.effective_from
            if rule.holds(*days) and rule.holds_for(*plan) and is_newer:
                newest[rule.id] = rule
    found: dict[str, list[Rule]] = {topic: [] for topic in TOPICS}
    for rule in newest.values():
        found[rule.topic].append(rule)
    return {topic: tuple(rules) for topic, rules in found.items()}


def content_hash(contents: Iterable[Mapping[str, Any]]) -> str:
    """SHA-256, in hex, over what files say, whatever their order and layout."""
    lines = sorted(json.dumps(one, sort_keys=True, default=str) for one in contents)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def overridden(rules: Iterable[Rule], own: Iterable[Rule]) -> tuple[Rule, ...]:
    """The rules, with every entry of an id that the operator has as well replaced by theirs."""
    mine = tuple(own)
    replaced = {rule.id for rule in mine}
    return (*(rule for rule in rules if rule.id not in replaced), *mine)


def releases_of(section: Mapping[str, Any]) -> ZoneReleases:
    """The section `time_zone_data` of `pack.toml`. Raises ValueError."""
    dates = section.get("releases", {})
    for name, day in dates.items():
        if not _RELEASE.fullmatch(name) or not isinstance(day, date):
            raise ValueError(f"time_zone_data.releases.{name}: write as in 2026f = 2026-10-28.")
    refuse, warn = section["refuse_after_days"], section["warn_after_days"]
    return ZoneReleases(dates, refuse, warn)


def rules_of(content: Mapping[str, Any]) -> tuple[Rule, ...]:
    """The rules of a file that `rule_faults` found right."""
    return tuple(map(_rule, content.get("rule", ())))


def rule_faults(content: Mapping[str, Any], calendars: Iterable[str]) -> Iterator[FieldError]:
    """Everything wrong with the rules of one file."""
    entries = content.get("rule", [])
    if not isinstance(entries, list):
        yield FieldError("rule", "Must be a list of tables: [[rule]].", "invalid_type")
        return
    known, dated = set(calendars), set()
    for index, entry in enumerate(entries):
        path = f"rule.{index}"
        if not isinstance(entry, Mapping):
            yield FieldError(path, "Must be a table.", "invalid_type")
            continue
        name = (str(entry.get("id")), entry.get("effective_from"))
        if name in dated:
            message = f"{name[0]} stands here twice. Give each entry its own effective_from."
            yield FieldError(f"{path}.id", message, "duplicate")
        dated.add(name)
        yield from _entry_faults(entry, path)
        yield from _value_faults(entry, path, known)


def _entry_faults(entry: Mapping[str, Any], path: str) -> Iterator[FieldError]:
    for key in entry.keys() - set(ENTRY):
        message = f"Is no field of a rule.{did_you_mean(str(key), ENTRY)}"
        yield FieldError(f"{path}.{key}", message, "unknown")
    if not isinstance(entry.get("id"), str) or not _ID.fullmatch(entry["id"]):
        yield FieldError(f"{path}.id", "Must be a name, as US-FL.hours.", "invalid_id")
    where = entry.get("jurisdiction")
    if not isinstance(where, str) or not _JURISDICTION.fullmatch(where):
        message = 'Must be "*", a country, or a part of one: "US", "US-FL".'
        yield FieldError(f"{path}.jurisdiction", message, "invalid_jurisdiction")
    for key in ("effective_from", "effective_to", "checked_on"):
        if key in entry and not isinstance(entry[key], date):
            message = "Must be a date without quotes, as in 2026-08-11."
            yield FieldError(f"{path}.{key}", message, "invalid_date")
    for key in ("source", "note"):
        if not isinstance(entry.get(key, ""), str):
            yield FieldError(f"{path}.{key}", "Must be text.", "invalid_type")
    yield from _choice_faults(entry, path)
    yield from _scope_faults(entry.get("applies_to", {}), f"{path}.applies_to")


def _choice_faults(entry: Mapping[str, Any], path: str) -> Iterator[FieldError]:
    topic = entry.get("topic")
    choices = {
        "topic": tuple(TOPICS),
        "status": STATUSES,
        "on_unknown": ("allow", "defer", "review", "block"),
        "combine": (COMBINED.get(str(topic), "all"),),
    }
    for key, allowed in choices.items():
        if (key in entry or key in ("topic", "status")) and entry.get(key) not in allowed:
            near = did_you_mean(str(entry.get(key)), allowed)
            message = f"Must be one of {', '.join(allowed)}.{near}"
            yield FieldError(f"{path}.{key}", message, "choice")
    if entry.get("status") not in ("unverified", "product") and not entry.get("source"):
        message = "A rule without a source is 'unverified': say where it was read."
        yield FieldError(f"{path}.source", message, "required")


def _scope_faults(scope: Any, path: str) -> Iterator[FieldError]:
    if not isinstance(scope, Mapping):
        yield FieldError(path, "Must be a table.", "invalid_type")
        return
    for key, given in scope.items():
        choices: dict[str, tuple[str, ...]] = {"category": tuple(Category), "voice": tuple(Voice)}
        if key not in choices:
            yield FieldError(f"{path}.{key}", "Must be 'category' or 'voice'.", "unknown")
        elif not isinstance(given, list) or not given or set(given) - set(choices[key]):
            message = f"Must be a list of {', '.join(choices[key])}."
            yield FieldError(f"{path}.{key}", message, "choice")


def _value_faults(entry: Mapping[str, Any], path: str, calendars: set[str]) -> Iterator[FieldError]:
    if entry.get("topic") not in TOPICS:
        return
    try:
        value = read_value(entry["topic"], entry.get("value"))
    except ValueError as error:
        yield FieldError(f"{path}.value", f"The value {error}", "invalid_value")
        return
    if isinstance(value, Hours) and value.calendar and value.calendar not in calendars:
        message = f"There is no calendar '{value.calendar}' in holidays.toml."
        yield FieldError(f"{path}.value", message, "unknown_calendar")


def _rule(entry: Mapping[str, Any]) -> Rule:
    scope = entry.get("applies_to", {})
    return Rule(
        id=entry["id"],
        jurisdiction=entry["jurisdiction"],
        topic=entry["topic"],
        value=read_value(entry["topic"], entry["value"]),
        categories=frozenset(map(Category, scope.get("category", Category))),
        voices=frozenset(map(Voice, scope.get("voice", Voice))),
        effective_from=entry.get("effective_from", date.min),
        effective_to=entry.get("effective_to", FOR_EVER),
        on_unknown=Verdict(entry.get("on_unknown", Verdict.REVIEW)),
        status=entry["status"],
        source=entry.get("source", ""),
        checked_on=entry["checked_on"].isoformat() if "checked_on" in entry else "",
        note=entry.get("note", ""),
    )
