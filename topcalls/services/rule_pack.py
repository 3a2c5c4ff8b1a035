"""The rules by which calls are judged: those that this version ships, and the operator's own."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib import resources
from itertools import chain
from pathlib import Path
from typing import Any

from topcalls.core.area_codes import area_codes, area_faults
from topcalls.core.holiday_calendars import calendar_faults, calendars_of
from topcalls.core.rule_pack import (
    Rule,
    RulePack,
    content_hash,
    overridden,
    releases_of,
    rule_faults,
    rules_of,
)
from topcalls.errors import ConfigError, FieldError

_REMEDY = "docs/rules.md shows how rules are written."
_NOT_RULES = ("pack.toml", "area_codes.toml", "holidays.toml")


@lru_cache(4)
def load_rule_pack(folder: Path | None = None) -> RulePack:
    """The shipped rules, and those in the files `*.toml` of a folder, which replace shipped ones of
    the same id; its `holidays.toml` likewise replaces calendars.

    Raises:
        ConfigError: names the file and the place at fault.
    """
    shipped = {
        file.name: tomllib.loads(file.read_text(encoding="utf-8"))
        for file in resources.files("topcalls.rules").iterdir()
        if file.name.endswith(".toml")
    }
    own = dict(_read_folder(folder)) if folder is not None else {}
    calendars = calendars_of(_checked("holidays.toml", shipped["holidays.toml"], calendar_faults))
    if "holidays.toml" in own:
        calendars |= calendars_of(_checked("holidays.toml", own["holidays.toml"], calendar_faults))
    areas = _checked("area_codes.toml", shipped["area_codes.toml"], area_faults)
    about = shipped["pack.toml"]
    return RulePack(
        version=about["version"] + ("+own" if own else ""),
        hash=content_hash(chain(shipped.values(), own.values())),
        rules=overridden(_rules(shipped, calendars), _rules(own, calendars)),
        areas=area_codes(areas),
        calendars=calendars,
        parents={name: tuple(of) for name, of in about["parents"].items()},
        zones_left_out={name: frozenset(of) for name, of in about["zones_left_out"].items()},
        releases=releases_of(about["time_zone_data"]),
    )


def _rules(files: Mapping[str, Mapping[str, Any]], calendars: Mapping[str, Any]) -> list[Rule]:
    found: list[Rule] = []
    for name, content in sorted(files.items()):
        if name not in _NOT_RULES:
            found += rules_of(_checked(name, content, lambda it: rule_faults(it, calendars)))
    return found


def _checked(name: str, content: Mapping[str, Any], faults: Any) -> Mapping[str, Any]:
    wrong: FieldError
    for wrong in faults(content):
        message = f"The rules in {name} are wrong: {wrong.path}: {wrong.message}"
        raise ConfigError(message, field="rules_folder", remedy=_REMEDY)
    return content


def _read_folder(folder: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if not folder.is_dir():
        message = f"The folder of rules {folder} does not exist."
        raise ConfigError(message, field="rules_folder", remedy=_REMEDY)
    for path in sorted(folder.glob("*.toml")):
        if path.name in ("pack.toml", "area_codes.toml"):
            message = f"{path} cannot be replaced: only rules and holidays can."
            raise ConfigError(message, field="rules_folder", remedy=_REMEDY)
        try:
            yield path.name, tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
            message = f"The rules in {path} cannot be read: {error}."
            raise ConfigError(message, field="rules_folder", remedy=_REMEDY) from None
