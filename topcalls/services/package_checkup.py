"""Are Python and the packages those that this version was made for?

What is required stands in the package's own metadata; `TRIED` are the versions the tests last
passed with, for packages of which more than their documented surface is used.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from importlib import metadata

from topcalls.core.checkup import Finding, fault, ok, warning

OLDEST_PYTHON, NEWEST_PYTHON = (3, 11), (3, 13)
TRIED = {
    "gevent": "26",
    "greenswitch": "0.0.19",
    "huey": "3.5",
    "openai": "3",
    "peewee": "4.5",
    "psycopg": "3.3",
    "redis": "8",
}
"""Package to the newest release line that passed; the next major one, or for 0.x any other, is new
ground."""

_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9._-]+)(\[[^]]*\])?\s*([^;]*)(?:;(.*))?")
_BOUND = re.compile(r"(>=|<=|==|<|>)\s*([0-9][0-9.]*)")
_PYTHON_MARKER = re.compile(r"python_version\s*(>=|<)\s*[\"']([0-9.]+)[\"']")
Version = Callable[[str], str]


def python(version: tuple[int, int] = sys.version_info[:2]) -> Finding:
    """The interpreter."""
    found = f"Python {version[0]}.{version[1]}"
    tried = f"{_dotted(OLDEST_PYTHON)} to {_dotted(NEWEST_PYTHON)}"
    if version < OLDEST_PYTHON:
        return fault("python", f"{found} is too old.", f"Use Python {tried}.")
    if version > NEWEST_PYTHON:
        return warning("python", f"{found} was not tried.", f"Use Python {tried}.")
    return ok("python", f"{found}.")


def packages(
    requirements: Iterable[str],
    extras: frozenset[str] = frozenset(),
    version_of: Version = metadata.version,
) -> Finding:
    """Every package that is required, and those of `extras`, against bounds and `TRIED`."""
    missing, wrong, new, right = [], [], [], 0
    for name, bounds in _wanted(requirements, extras):
        try:
            version = version_of(name)
        except metadata.PackageNotFoundError:
            missing.append(name)
            continue
        if not all(_holds(version, sign, bound) for sign, bound in bounds):
            wrong.append(f"{name} {version}")
        elif _is_new_ground(version, TRIED.get(name.lower(), "")):
            new.append(f"{name} {version}")
        else:
            right += 1
    if missing or wrong:
        troubles = [f"{name} is missing" for name in missing]
        troubles += [f"{name} is outside of the required bounds" for name in wrong]
        names = f"topcalls[{','.join(sorted(extras))}]" if extras else "topcalls"
        return fault("packages", f"{'; '.join(troubles)}.", f"pip install --upgrade '{names}'")
    if new:
        return warning(
            "packages",
            f"Newer than what was tried: {', '.join(new)}.",
            "Run the tests (./scripts/test) with them, or install the versions that were tried.",
        )
    return ok("packages", f"{right} packages within their bounds.")


def requirements_of_ours() -> list[str]:
    """What the installed package says it needs."""
    return metadata.requires("topcalls") or []


def _wanted(
    requirements: Iterable[str], extras: frozenset[str]
) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    for requirement in requirements:
        match = _REQUIREMENT.fullmatch(requirement)
        if match is None:
            continue
        name, _, bounds, marker = match.groups()
        if _applies(marker or "", extras):
            yield name, _BOUND.findall(bounds)


def _applies(marker: str, extras: frozenset[str]) -> bool:
    if "extra" in marker:
        return any(f'"{extra}"' in marker or f"'{extra}'" in marker for extra in extras)
    return all(
        _holds(_dotted(sys.version_info[:2]), *bound) for bound in _PYTHON_MARKER.findall(marker)
    )


def _holds(version: str, sign: str, bound: str) -> bool:
    have, wanted = _parts(version), _parts(bound)
    length = max(len(have), len(wanted))
    have += (0,) * (length - len(have))
    wanted += (0,) * (length - len(wanted))
    return {
        ">=": have >= wanted,
        "<=": have <= wanted,
        "==": have == wanted,
        "<": have < wanted,
        ">": have > wanted,
    }[sign]


def _is_new_ground(version: str, tried: str) -> bool:
    if not tried:
        return False
    have, known = _parts(version), _parts(tried)
    if known[0] == 0:
        return have != known
    return have[0] > known[0]


def _parts(version: str) -> tuple[int, ...]:
    """The numbers that a version begins with."""
    numbers = re.match(r"[0-9]+(\.[0-9]+)*", version)
    return tuple(int(part) for part in numbers.group().split(".")) if numbers else (0,)


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(str(part) for part in version)
