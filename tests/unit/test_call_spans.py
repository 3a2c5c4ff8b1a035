"""Spans of a call from its rows: what they must not tell."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from topcalls.core.tools import ToolStatus
from topcalls.services.call_facts import CallFacts
from topcalls.services.call_spans import spans_of

pytestmark = pytest.mark.unit
BEGAN = datetime(2026, 3, 2, 15, tzinfo=UTC)


def test_a_failed_tool_says_that_it_failed_and_not_what_it_was_told():
    call = SimpleNamespace(
        id="c1",
        account_id="a1",
        campaign_id=None,
        agent_id=None,
        direction="outbound",
        state="completed",
        end_reason="callee_hung_up",
        sandbox=False,
        created_at=BEGAN,
        answered_at=None,
        ended_at=BEGAN + timedelta(minutes=1),
        trace_context="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    )
    tool = SimpleNamespace(
        id="t1",
        name="look_up",
        status=ToolStatus.FAILED,
        error="422: no patient Ann Miller, +12025550123",
        called_at=BEGAN,
        finished_at=BEGAN + timedelta(seconds=1),
        attempts=1,
        http_status=422,
        is_builtin=False,
    )
    facts = CallFacts(call, [], [], [], [], [], [tool], [], [], None)
    spans = {span.name: span for span in spans_of(facts, BEGAN)}
    assert spans["tool"].failed == "failed"
    assert spans["tool"].parent == spans["call"].context
    assert "Ann" not in str(spans)
    assert "2025550123" not in str(spans)
