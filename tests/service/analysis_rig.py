"""Calls that are over and analysed, with a model that answers what it is told."""

from __future__ import annotations

from typing import Any

import factories
from worker_rig import Reader

from topcalls.core.token_usage import TokenUsage
from topcalls.core.transcript import Turn
from topcalls.providers.structured import StructuredAnswer
from topcalls.services.analysis_runner import AnalysisRunner

URL = "https://example.com/h"
TURNS = (
    Turn(1, "assistant", "Does Tuesday suit?", 100, 1900),
    Turn(2, "user", "Yes, at ten.", 2000, 2900),
)
SCHEMA = {
    "type": "object",
    "properties": {
        "agreed": {"type": "boolean"},
        "hour": {"type": "string", "minLength": 2},
    },
    "required": ["agreed", "hour"],
}
MAPPING = (
    {"when": {"field": "agreed", "op": "eq", "value": True}, "outcome": "booked"},
    {"when": {"field": "call.answered_by", "op": "exists", "value": False}, "outcome": "other"},
)
SUMMARY = {
    "summary": "They agreed on Tuesday.",
    "language": "en",
    "sentiment": {
        "overall": "positive",
        "caller": "positive",
        "agent": "neutral",
        "turning_point": {"turn": 2, "why": "A yes."},
    },
    "success": {"reached": True, "reason": "Agreed."},
}


def extraction(**named: Any) -> dict[str, Any]:
    """A model's answer; every value but null was found in the second turn."""
    values = {"agreed": True, "hour": "ten", **named}
    evidence = [
        {"field": name, "turns": [2]} for name, value in values.items() if value is not None
    ]
    return {"values": values, "evidence": evidence}


def used(content: Any, tokens: int = 100) -> StructuredAnswer:
    """An answer that cost something."""
    return StructuredAnswer(content, usage=TokenUsage(input_text=tokens, output_text=10))


class Desk:
    """Ends calls, and does the work that follows them."""

    def __init__(self, services: factories.Services, *answers: Any) -> None:
        self.services = services
        self.who = factories.principal(services)
        self.model = Reader(*answers)
        self.runner = AnalysisRunner(services.db, self.model, recount=services.costs.recount)

    def call(self, turns: tuple[Turn, ...] = TURNS, **fields: Any) -> str:
        """A call that has just ended, with its words written."""
        fields.setdefault("webhook_url", URL)
        life = factories.Life(
            self.services, factories.claimed_call(self.services, self.who, **fields)
        ).talk(30)
        for turn in turns:
            self.services.calls.append_turn(life.call_id, turn)
        self.services.calls.note_recording(life.call_id, "refused")
        return life.hang_up().call_id

    def work(self, seconds: int = 5) -> None:
        """Do what is due, second by second."""
        for _ in range(seconds):
            now = self.services.clock.now()
            for call_id in self.services.wrap_ups.due(now, 100):
                self.services.wrap_ups.run(call_id, now)
            for analysis_id in self.runner.due(now):
                self.runner.run(analysis_id, now)
            self.services.clock.advance(1)

    def view(self, call_id: str) -> Any:
        return self.services.calls.get(self.who.account_id, call_id)

    def report(self, call_id: str) -> Any:
        return self.services.analyses.report(self.who.account_id, call_id)
