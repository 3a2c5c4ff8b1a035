"""What another analysis of a call would change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from topcalls.core.analysis_work import Findings, Part, Wanted

OF_SUMMARY: Final = ("call_summary", "sentiment", "success")
OF_ANALYSIS: Final = "analysis"


class Change(NamedTuple):
    """`field` is one of a call, or one of its analysis as in `analysis.agreed`."""

    field: str
    before: Any
    after: Any


def changes(before: Mapping[str, Any], found: Findings, wanted: Wanted) -> list[Change]:
    """The outcome first, then what was extracted, then what was judged. What could not be done
    changes nothing; a summary in other words is no change of the outcome."""
    return list(_changes(before, found, wanted))


def _changes(before: Mapping[str, Any], found: Findings, wanted: Wanted) -> Iterator[Change]:
    if wanted.mapping and Part.DISPOSITION not in found.errors:
        yield from _if_other("disposition", before.get("disposition"), found.disposition)
    if wanted.schema is not None and Part.EXTRACTION not in found.errors:
        yield from _of_analysis(before.get(OF_ANALYSIS), found.data)
    if wanted.summary is not None and Part.SUMMARY not in found.errors:
        yield from _if_other("sentiment", before.get("sentiment"), found.mood)
        yield from _if_other("success", before.get("success"), found.succeeded)


def _of_analysis(before: Any, after: Any) -> Iterator[Change]:
    if not isinstance(before, Mapping) or not isinstance(after, Mapping):
        yield from _if_other(OF_ANALYSIS, before, after)
        return
    for name in dict.fromkeys([*before, *after]):
        yield from _if_other(f"{OF_ANALYSIS}.{name}", before.get(name), after.get(name))


def _if_other(field: str, before: Any, after: Any) -> Iterator[Change]:
    if before != after:
        yield Change(field, before, after)


class Outcome(NamedTuple):
    """How many calls go from one disposition to another."""

    before: str | None
    after: str | None
    calls: int


def outcomes(pairs: Iterable[tuple[str | None, str | None]]) -> list[Outcome]:
    """Counted, the most frequent first; those that stay as they are too."""
    counted = Counter(pairs)
    ordered = sorted(counted.items(), key=lambda item: (-item[1], str(item[0])))
    return [Outcome(before, after, count) for (before, after), count in ordered]
