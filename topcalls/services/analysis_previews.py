"""Rules tried on calls of the past, before they are saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from topcalls.core import analysis_diff
from topcalls.core.analysis_diff import Outcome
from topcalls.core.analysis_request import CallFilter
from topcalls.core.analysis_work import Findings, Wanted
from topcalls.core.dispositions import decide
from topcalls.services.analyses import facts_of
from topcalls.store import analysis_runs, transfers
from topcalls.store.database import Database

MOST_PREVIEWED = 2_000
MOST_SHOWN = 100
"""Changed calls that a preview lists."""


@dataclass(frozen=True, slots=True)
class RuleView:
    """How many calls a rule decides."""

    rule: int
    outcome: str
    calls: int


@dataclass(frozen=True, slots=True)
class PreviewedCall:
    """A call whose disposition would change."""

    call_id: str
    before: str | None
    after: str | None
    rule: int | None


@dataclass(frozen=True, slots=True)
class PreviewView:
    """What rules would do to calls. `without_analysis`: calls that have none to judge by."""

    calls: int
    changed: int
    without_analysis: int
    unmatched: int
    rules: tuple[RuleView, ...]
    outcomes: tuple[Outcome, ...]
    changes: tuple[PreviewedCall, ...]


class AnalysisPreviews:
    """Tries rules on an account's calls."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def preview(
        self,
        account_id: str,
        selection: CallFilter,
        mapping: Sequence[Mapping[str, Any]],
        limit: int = MOST_PREVIEWED,
    ) -> PreviewView:
        """What rules would make of what is known of past calls. Nothing is changed, no model asked.

        `mapping` must be right by `core.outcome_rules`.
        """

        def verb() -> PreviewView:
            found = analysis_runs.calls_of(account_id, selection, limit)
            handed_over = transfers.handed_over([call.id for call in found])
            seen = []
            for call in found:
                facts = facts_of(call, Findings(), Wanted(), call.id in handed_over)
                decision = decide(mapping, call.analysis, facts)
                seen.append(PreviewedCall(call.id, call.disposition, *decision))
            without = sum(call.analysis is None for call in found)
            return _preview(seen, mapping, without)

        return self._db.read(verb)


def _preview(
    seen: Sequence[PreviewedCall], mapping: Sequence[Mapping[str, Any]], without: int
) -> PreviewView:
    changed = [one for one in seen if one.before != one.after]
    rules = tuple(
        RuleView(index, rule["outcome"], sum(one.rule == index for one in seen))
        for index, rule in enumerate(mapping)
    )
    return PreviewView(
        calls=len(seen),
        changed=len(changed),
        without_analysis=without,
        unmatched=sum(one.rule is None for one in seen),
        rules=rules,
        outcomes=tuple(analysis_diff.outcomes((one.before, one.after) for one in seen)),
        changes=tuple(changed[:MOST_SHOWN]),
    )
