"""Area codes of the North American Numbering Plan: whose law and which clocks a number tells of.

libphonenumber has one zone, and a wrong one, for many area codes that a zone's border cuts; so the
rule pack brings a table of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from topcalls.core.local_times import is_zone
from topcalls.errors import FieldError


@dataclass(frozen=True)
class Area:
    """`regions`: jurisdictions that the area code belongs to. `zones`: all in which it is used."""

    regions: tuple[str, ...]
    zones: tuple[str, ...]


@dataclass(frozen=True)
class AreaCodes:
    """`codes`: by the three digits. `zones_of`: every zone of a jurisdiction's area codes."""

    codes: Mapping[str, Area] = field(default_factory=dict)
    zones_of: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def area_codes(content: Mapping[str, Any]) -> AreaCodes:
    """The table in a file that `area_faults` found right."""
    codes: dict[str, Area] = {}
    zones: dict[str, set[str]] = {}
    for entry in content["area"]:
        area = Area(tuple(entry["regions"]), tuple(entry["zones"]))
        codes |= {str(code): area for code in entry["codes"]}
        for region in area.regions:
            zones.setdefault(region, set()).update(area.zones)
    return AreaCodes(codes, {region: tuple(sorted(found)) for region, found in zones.items()})


def area_faults(content: Mapping[str, Any]) -> Iterator[FieldError]:
    """Everything wrong with a table."""
    seen: set[int] = set()
    for index, entry in enumerate(content.get("area", [])):
        path = f"area.{index}"
        for key in ("regions", "zones", "codes"):
            if not isinstance(entry.get(key), list) or not entry[key]:
                yield FieldError(f"{path}.{key}", "Must be a list.", "required")
                return
        for zone in entry["zones"]:
            if not is_zone(zone):
                yield FieldError(f"{path}.zones", f"There is no zone '{zone}'.", "unknown_zone")
        for code in entry["codes"]:
            if not isinstance(code, int) or not 200 <= code <= 999 or code in seen:
                message = f"{code} is no area code, or stands here twice."
                yield FieldError(f"{path}.codes", message, "invalid_code")
            seen.add(code)
