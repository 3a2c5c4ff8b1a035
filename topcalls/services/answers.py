"""What answered calls: stored as the bridge finds out, corrected by users."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from topcalls.core.answer_verdict import Answerer, Verdict, documented
from topcalls.errors import Conflict, NotFound
from topcalls.store import answers, calls
from topcalls.store.database import Database
from topcalls.store.models import CallAnswer


@dataclass(frozen=True, slots=True)
class AnswerView:
    """What answered a call. `detected` is the last verdict, `detected_first` the one that was acted
    on; `answered_by` is `corrected`, where somebody has corrected it."""

    answered_by: str
    detected: str
    detected_first: str
    confidence: float
    decided_after_ms: int
    evidence: tuple[Mapping[str, Any], ...]
    corrected: str | None
    corrected_at: datetime | None


class Answers:
    """Writes for controllers, reads and corrections for users."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def note(self, call_id: str, verdict: Verdict, at: datetime) -> None:
        """Store what the bridge has found out; a later verdict replaces an earlier one."""

        def verb() -> None:
            answers.put(
                call_id,
                kind=verdict.answerer.value,
                confidence_percent=round(100 * verdict.confidence),
                decided_ms=round(1000 * verdict.at),
                evidence=[asdict(item) for item in verdict.evidence],
                at=at,
            )
            row = answers.of_call(call_id)
            if row is not None and row.corrected is None:
                calls.set_columns(call_id, answered_by=documented(verdict.answerer))

        self._db.run(verb)

    def of_call(self, account_id: str, call_id: str) -> AnswerView | None:
        """None where nothing was decided."""

        def verb() -> AnswerView | None:
            if calls.of_account(account_id, call_id) is None:
                raise NotFound("No such call.")
            row = answers.of_call(call_id)
            return None if row is None else answer_view(row)

        return self._db.read(verb)

    def correct(self, account_id: str, call_id: str, answerer: str, now: datetime) -> AnswerView:
        """Say what it really was. `answered_by` follows; webhooks that were sent do not.

        Raises:
            Conflict: nothing answered, or nothing was decided.
            NotFound: no such call.
        """
        kind = Answerer(answerer)

        def verb() -> AnswerView:
            if calls.of_account(account_id, call_id) is None:
                raise NotFound("No such call.")
            if answers.of_call(call_id) is None:
                raise Conflict("There is no verdict on what answered this call.")
            answers.correct(call_id, kind.value, now)
            calls.set_columns(call_id, answered_by=documented(kind))
            row = answers.of_call(call_id)
            assert row is not None
            return answer_view(row)

        return self._db.run(verb)


def answer_view(row: CallAnswer) -> AnswerView:
    """A row for its owner."""
    return AnswerView(
        answered_by=documented(row.corrected or row.kind),
        detected=row.kind,
        detected_first=row.first_kind,
        confidence=row.confidence_percent / 100,
        decided_after_ms=row.decided_ms,
        evidence=tuple(row.evidence),
        corrected=row.corrected,
        corrected_at=row.corrected_at,
    )
