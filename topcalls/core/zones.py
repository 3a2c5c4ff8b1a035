"""Where somebody may be: every jurisdiction whose rules hold, and every clock by which they do.

Evidence is judged in this order: what they said in a call, at most a week ago; where the account
knows them to live, with the day it was noted; the area code; the country of the number. Dated
evidence of the first two kinds replaces the number's zones. It never takes a jurisdiction away:
some states presume from the area code that somebody lives there.

No hour is right for somebody whose zone is not known: they are not called.
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final

import tzdata

from topcalls.core.area_codes import Area
from topcalls.core.eligibility_facts import Contact, ZoneSource
from topcalls.core.local_times import is_zone
from topcalls.core.number_facts import NumberFacts, number_facts
from topcalls.core.rule_pack import RulePack

SPOKEN_HOLDS: Final = timedelta(days=7)
UNPINNED: Final = "system"
"""The version of zone data that is not the packaged one: unknown, and possibly years old."""

_MOST_CACHED = 16_384


@dataclass(frozen=True, slots=True, eq=False)
class Whereabouts:
    """`jurisdictions`: with all that each is part of. `candidates`: the narrowest ones.
    `uncovered`: those of them for which no rules are known. `zones`: empty where it is not known.
    `sources`: what each rests on, for the record."""

    jurisdictions: tuple[str, ...]
    candidates: tuple[str, ...]
    uncovered: tuple[str, ...]
    zones: tuple[str, ...]
    sources: tuple[str, ...]

    def dates(self, moment: datetime) -> tuple[date, date]:
        """The first and the last local date at a moment; that of UTC where no zone is known."""
        return _dates(self.zones, int(moment.timestamp()) // 60)


def whereabouts(
    contact: Contact, number: NumberFacts, pack: RulePack, now: datetime
) -> Whereabouts:
    """Where a contact may be at a moment."""
    said = contact.time_zone
    noted = contact.zone_noted_at
    is_dated = noted is not None and noted <= now
    is_old = noted is None or now - noted > SPOKEN_HOLDS
    if contact.zone_source is ZoneSource.SPOKEN and is_old:
        said, is_dated = None, False
    return _whereabouts(
        pack, number.country, number.area_code, number.zones, contact.regions, said, is_dated
    )


def reach(contacts: Iterable[tuple[str, str | None]], pack: RulePack) -> tuple[str, ...]:
    """The narrowest jurisdictions in which any of these people may be: of each the number, and the
    region where one is known. In order of their names."""
    found: set[str] = set()
    for number, region in contacts:
        facts = number_facts(number)
        area = pack.areas.codes.get(facts.area_code or "")
        found.update(area.regions if area else ((facts.country,) if facts.country else ()))
        found.update((region,) if region else ())
    return tuple(sorted(found))


def data_version() -> str:
    """The release of the IANA data ("2026f") that zones are read from; `UNPINNED` where it is not
    the packaged one."""
    return str(tzdata.IANA_VERSION) if not zoneinfo.TZPATH else UNPINNED


@lru_cache(_MOST_CACHED)
def _whereabouts(
    pack: RulePack,
    country: str | None,
    area_code: str | None,
    number_zones: tuple[str, ...],
    regions: tuple[str, ...],
    said: str | None,
    is_dated: bool,
) -> Whereabouts:
    area = pack.areas.codes.get(area_code or "")
    by_number = area.regions if area else ((country,) if country else ())
    candidates = tuple(dict.fromkeys((*by_number, *regions)))
    chains = dict.fromkeys(one for each in candidates for one in pack.chain(each))
    zones, source = _zones(pack, area, country, number_zones, regions, said, is_dated)
    named = "area_code" if area else "country"
    return Whereabouts(
        jurisdictions=tuple(chains),
        candidates=candidates,
        uncovered=tuple(one for one in candidates if not pack.covers(one)),
        zones=tuple(sorted(zones)),
        sources=(
            *(f"{one}: {named}" for one in by_number),
            *(f"{one}: address" for one in regions),
            f"zones: {source}",
        ),
    )


def _zones(
    pack: RulePack,
    area: Area | None,
    country: str | None,
    number_zones: tuple[str, ...],
    regions: tuple[str, ...],
    said: str | None,
    is_dated: bool,
) -> tuple[set[str], str]:
    """The zones, and what they rest on. None where any evidence cannot be placed."""
    left_out = pack.zones_left_out.get(country or "", frozenset())
    of_number = set(area.zones if area else number_zones) - left_out
    if said is not None and not is_zone(said):
        return set(), "a zone that does not exist"
    if said is not None and is_dated:
        return {said}, "stated"
    placed = _of_regions(pack, area, country, regions)
    if placed is None:
        return set(), "a region whose zones are not known"
    if placed and is_dated:
        return placed, "address"
    if not of_number:
        return set(), "nothing"
    return of_number | placed | ({said} if said else set()), "area_code" if area else "country"


def _of_regions(
    pack: RulePack, area: Area | None, country: str | None, regions: tuple[str, ...]
) -> set[str] | None:
    """Zones of the regions somebody is known to be of; the number's, where it is of the same
    region. Empty where no region says more than the number; None where one cannot be placed."""
    found: set[str] = set()
    own = {one for part in (area.regions if area else ()) for one in pack.chain(part)}
    own |= set(pack.chain(country)) if country else set()
    for region in regions:
        if area and region in area.regions:
            found |= set(area.zones)
        elif region in pack.areas.zones_of:
            found |= set(pack.areas.zones_of[region])
        elif region.partition("-")[0] not in own:
            return None
    return found


@lru_cache(_MOST_CACHED)
def _dates(zones: tuple[str, ...], minute: int) -> tuple[date, date]:
    moment = datetime.fromtimestamp(minute * 60, UTC)
    found = [moment.astimezone(zoneinfo.ZoneInfo(zone)).date() for zone in zones or ("UTC",)]
    return min(found), max(found)
