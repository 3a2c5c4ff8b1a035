"""What happened to a call, step by step, and where the time of its turns went."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from topcalls.core.latency import Spreads, TurnTiming, spreads_of, timing_of
from topcalls.core.personal_data import Rules
from topcalls.core.token_usage import TokenUsage
from topcalls.errors import NotFound
from topcalls.services.carried import used_of
from topcalls.services.redacted_calls import readable_detail, rules_for_readers
from topcalls.services.routing import AttemptView, Routing
from topcalls.store import calls
from topcalls.store.database import Database
from topcalls.store.models import Call, CallEvent

STAGES: Final = ("recognizer", "model", "voice", "speech_to_speech")
"""What can fail in a call and be replaced."""


@dataclass(frozen=True, slots=True)
class EventView:
    """An accepted event: what it was, and the state before and after."""

    version: int
    kind: str
    from_state: str
    to_state: str
    detail: Mapping[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True)
class UsageView:
    """What one model took in a call, and the voice beside it, in so many responses."""

    model: str
    responses: int
    tokens: TokenUsage


class CallTrail:
    """Reads the trail of an account's calls."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._routing = Routing(db)

    def routing(self, account_id: str, call_id: str) -> list[AttemptView]:
        """The dials of a call, in order."""
        return self._routing.attempts(account_id, call_id)

    def events(self, account_id: str, call_id: str) -> list[EventView]:
        """Oldest first. Raises NotFound."""

        def verb() -> list[EventView]:
            rules = rules_for_readers(_found(account_id, call_id))
            return [event_view(row, rules) for row in calls.events(call_id)]

        return self._db.read(verb)

    def timings(self, account_id: str, call_id: str) -> list[TurnTiming]:
        """Oldest first. Raises NotFound."""

        def verb() -> list[TurnTiming]:
            _found(account_id, call_id)
            return [timing_of(row.seq, row.measures) for row in calls.timings(call_id)]

        return self._db.read(verb)

    def usage(self, account_id: str, call_id: str) -> list[UsageView]:
        """By model. Raises NotFound."""

        def verb() -> list[UsageView]:
            _found(account_id, call_id)
            rows = calls.usage(call_id)
            used = {row.model: used_of(row) for row in rows}
            return [UsageView(model, one.responses, one.usage) for model, one in used.items()]

        return self._db.read(verb)

    def stages_replaced(self, account_id: str, call_id: str) -> list[str]:
        """The stages that failed in the call and were replaced, in order. Raises NotFound."""

        def verb() -> list[str]:
            _found(account_id, call_id)
            return calls.stages_replaced([call_id]).get(call_id, [])

        return self._db.read(verb)

    def latency(self, account_id: str, call_id: str) -> Spreads:
        """The percentiles of the call's timings. Raises NotFound."""
        return spreads_of(self.timings(account_id, call_id))


def event_view(row: CallEvent, rules: Rules | None = None) -> EventView:
    """A row for the owner of the call, without what `rules` take out."""
    detail = readable_detail(row.detail, rules)
    return EventView(row.version, row.kind, row.before, row.after, detail, row.at)


def _found(account_id: str, call_id: str) -> Call:
    call = calls.of_account(account_id, call_id)
    if call is None:
        raise NotFound("No such call.")
    return call
