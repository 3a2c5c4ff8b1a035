"""What a model answered about a call: read, and held to what was asked."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from topcalls.core.analysis_work import MOODS
from topcalls.core.evidence import unsupported_paths
from topcalls.core.json_schema import Checker
from topcalls.core.languages import LANGUAGE_PATTERN
from topcalls.core.strict_schema import StrictSchema
from topcalls.core.transcript import Turn

LONGEST_SUMMARY: Final = 8_000
LONGEST_REASON: Final = 1_000
MOST_PROBLEMS: Final = 10


@dataclass(frozen=True)
class SummaryAnswer:
    """`sentiment` and `success` as in `core.analysis_work.Findings`."""

    summary: str
    language: str | None
    sentiment: dict[str, Any]
    success: dict[str, Any]


def read_summary(answer: Any, turns: Sequence[Turn]) -> SummaryAnswer | None:
    """None where it makes no sense. A turning point that is no turn of the call is left out."""
    if not isinstance(answer, Mapping) or not isinstance(answer.get("summary"), str):
        return None
    mood, success = answer.get("sentiment"), answer.get("success")
    if not isinstance(mood, Mapping) or not isinstance(success, Mapping):
        return None
    if any(mood.get(side) not in MOODS for side in ("overall", "caller", "agent")):
        return None
    reached, reason = success.get("reached"), success.get("reason")
    language = answer.get("language")
    return SummaryAnswer(
        answer["summary"].strip()[:LONGEST_SUMMARY],
        language if _is_tag(language) else None,
        {
            **{side: mood[side] for side in ("overall", "caller", "agent")},
            "turning_point": _turning_point(mood.get("turning_point"), turns),
        },
        {
            "reached": reached if isinstance(reached, bool) else None,
            "reason": reason[:LONGEST_REASON] if isinstance(reason, str) else "",
        },
    )


def _is_tag(language: Any) -> bool:
    return isinstance(language, str) and re.fullmatch(LANGUAGE_PATTERN, language) is not None


def _turning_point(point: Any, turns: Sequence[Turn]) -> dict[str, Any] | None:
    if not isinstance(point, Mapping):
        return None
    turn = next((one for one in turns if one.seq == point.get("turn")), None)
    if turn is None:
        return None
    why = point.get("why")
    return {
        "turn": turn.seq,
        "started_ms": turn.started_ms,
        "ended_ms": turn.ended_ms,
        "why": why[:LONGEST_REASON] if isinstance(why, str) else "",
    }


@dataclass(frozen=True)
class ExtractionAnswer:
    """`values` in the form of the customer's schema; `named` are turns by path."""

    values: Any
    named: Mapping[str, list[int]]


def read_extraction(answer: Any, strict: StrictSchema) -> ExtractionAnswer | None:
    """None where it makes no sense. Servers without a strict mode may leave the evidence out, or
    write it by field."""
    if not isinstance(answer, Mapping) or not isinstance(answer.get("values"), Mapping):
        return None
    values = strict.decode(answer["values"])
    return ExtractionAnswer(values, _named(answer.get("evidence")))


def _named(evidence: Any) -> dict[str, list[int]]:
    pairs: list[tuple[Any, Any]] = []
    if isinstance(evidence, Mapping):
        pairs = list(evidence.items())
    elif isinstance(evidence, list):
        entries = (entry for entry in evidence if isinstance(entry, Mapping))
        pairs = [(entry.get("field"), entry.get("turns")) for entry in entries]
    named: dict[str, list[int]] = {}
    for path, turns in pairs:
        if isinstance(path, str) and isinstance(turns, list):
            numbers = [one for one in turns if isinstance(one, int) and not isinstance(one, bool)]
            named.setdefault(path, []).extend(numbers)
    return named


def form_problems(values: Any, schema: Mapping[str, Any]) -> list[str]:
    """Where the values do not fit the customer's own schema, for the model to read. Null fits
    everywhere."""
    found = Checker(schema, null_is_unknown=True).problems(values, MOST_PROBLEMS)
    return [f"{problem.path or 'values'}: {problem.message}" for problem in found]


def evidence_problems(
    answer: ExtractionAnswer, strict: StrictSchema, turns: Sequence[Turn]
) -> list[str]:
    """Values for which no turn is named."""
    paths = unsupported_paths(answer.values, answer.named, strict.paths, turns)
    return [f"{path}: no turn of the call is named as evidence" for path in paths[:MOST_PROBLEMS]]
