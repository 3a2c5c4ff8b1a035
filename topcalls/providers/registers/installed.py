"""The registers that this installation asks: named in a file, made by plug-ins that are installed.

A plug-in is an entry point of the group `topcalls.registers`: a function that makes a `Register` of
one section of the file.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from topcalls.core.number_checks import ANSWERS, register_fault
from topcalls.errors import ConfigError
from topcalls.providers.registers.base import Register, Terms

GROUP: Final = "topcalls.registers"
FIELD: Final = "registers_file"
MOST_AT_ONCE: Final = 10_000
LONGEST_SECONDS: Final = 3_600.0
_REMEDY: Final = "docs/compliance.md shows how registers are named."
Factory = Callable[[Mapping[str, Any]], Register]


def load_registers(path: Path | None) -> tuple[Register, ...]:
    """The registers named in a file, in its order; none without a file.

    Raises:
        ConfigError: names the place at fault, and the plug-ins that there are.
    """
    if path is None:
        return ()
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise _wrong(f"The registers in {path} cannot be read: {error}.") from None
    sections = content.pop("register", [])
    is_list = isinstance(sections, list) and all(isinstance(one, dict) for one in sections)
    if content or not is_list or not sections:
        raise _wrong(f"{path} must hold sections [[register]], and nothing else.")
    known = {one.name: one for one in metadata.entry_points(group=GROUP)}
    found = tuple(_made(one, known, path, place) for place, one in enumerate(sections, 1))
    names = [one.provider for one in found]
    for name in names:
        if names.count(name) > 1:
            raise _wrong(f"Two registers in {path} have the provider {name!r}: give each its own.")
    return found


def _made(
    section: Mapping[str, Any], known: Mapping[str, metadata.EntryPoint], path: Path, place: int
) -> Register:
    where = f"Register {place} in {path}"
    plugin = known.get(str(section.get("plugin")))
    if plugin is None:
        there = ", ".join(sorted(known)) or "none"
        raise _wrong(f"{where}: 'plugin' must be one that is installed. There are: {there}.")
    options = {name: value for name, value in section.items() if name != "plugin"}
    try:
        factory: Factory = plugin.load()
        made = factory(options)
        fault = _fault(made)
    except ConfigError as error:
        raise _wrong(f"{where}: {error.message}") from None
    except Exception as error:
        words = f"the plug-in {plugin.name!r} cannot be used: {type(error).__name__}: {error}."
        raise _wrong(f"{where}: {words}") from error
    if fault is not None:
        raise _wrong(f"{where}: what the plug-in {plugin.name!r} made is no register: {fault}")
    return made


def _fault(made: Register) -> str | None:
    """What is wrong with what a plug-in made."""
    if made.kind not in ANSWERS:
        return f"its kind must be one of {', '.join(ANSWERS)}."
    wrong = register_fault(made.kind, made.register)
    if wrong is not None:
        return wrong
    if not isinstance(made.provider, str) or not 0 < len(made.provider.strip()) <= 100:
        return "its provider must be a name of up to 100 characters."
    if not isinstance(made.terms, Terms):
        return "its terms must be `Terms`."
    terms = made.terms
    if not 0 < terms.batch <= MOST_AT_ONCE or not 0 < terms.timeout_seconds <= LONGEST_SECONDS:
        return f"it must be asked about 1 to {MOST_AT_ONCE} numbers, for an hour at most."
    if terms.per_minute is not None and terms.per_minute < 1:
        return "per_minute must be at least 1."
    if not callable(made.ask) or not callable(made.covers):
        return "it must have `ask` and `covers`."
    return None


def _wrong(message: str) -> ConfigError:
    return ConfigError(message, field=FIELD, remedy=_REMEDY)
