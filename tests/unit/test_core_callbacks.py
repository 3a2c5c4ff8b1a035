"""Which time a callback is at, and what its call is like."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from topcalls.core import variables
from topcalls.core.call_request import CallRequest
from topcalls.core.callbacks import callback_of, in_words, moment, spec, zone_of
from topcalls.core.json_schema import schema_faults

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 23, 19, 32, tzinfo=UTC)
NEW_YORK = ZoneInfo("America/New_York")
CALL = CallRequest(
    phone_number="+12125550123",
    task="Ask about {{thing}}, or write \\{{thing}}.",
    request_data={"thing": "shoes {{not a name}}"},
    transfer={"destinations": [{"name": "a", "number": "+12025550114", "briefing": "{{thing}}"}]},
    metadata={"order": 7},
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-24T15:30", datetime(2026, 11, 24, 20, 30, tzinfo=UTC)),
        ("2026-11-24 15:30", datetime(2026, 11, 24, 20, 30, tzinfo=UTC)),
        ("2026-11-24T15:30+01:00", datetime(2026, 11, 24, 14, 30, tzinfo=UTC)),
        ("2026-11-24T15:30Z", datetime(2026, 11, 24, 15, 30, tzinfo=UTC)),
        ("2026-11-23T14:40", datetime(2026, 11, 23, 19, 40, tzinfo=UTC)),
    ],
)
def test_a_time_is_theirs_unless_it_says_otherwise(text, expected):
    assert moment(text, NEW_YORK, NOW) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("tomorrow at three", "no time"),
        ("", "no time"),
        ("2026-11-23T14:32", "is over. For them it is now Monday, 23 November 2026, 14:32"),
        ("2025-01-01T10:00", "is over"),
        ("2026-12-24T10:00", "more than 30 days"),
    ],
)
def test_a_time_that_cannot_be_is_told_in_words(text, words):
    with pytest.raises(ValueError, match="[.]$") as refusal:
        moment(text, NEW_YORK, NOW)
    assert words in str(refusal.value)


def test_the_model_knows_what_time_it_is():
    told = spec(NOW.astimezone(NEW_YORK))
    assert "Monday, 23 November 2026, 14:32 (America/New_York)" in told.description
    assert len(told.description) <= 1_000
    assert list(schema_faults(told.parameters, "parameters")) == []
    assert in_words(NOW.astimezone(NEW_YORK)) in told.description
    assert "now" not in spec(None).description


def test_a_number_tells_its_zone_or_none():
    assert zone_of("+12125550123").key == "America/New_York"
    assert zone_of("+80012345678").key == "UTC"


def test_the_callback_is_the_same_call_at_another_time():
    call = variables.filled(CALL, {})
    assert call.task == "Ask about shoes {{not a name}}, or write {{thing}}."
    at = NOW + timedelta(days=1)
    made = callback_of(
        call, call_id="c1", to_number="+12125550123", from_number="+1", at=at, told="It was agreed."
    )
    assert (made.schedule_at, made.from_number) == (at, "+1")
    assert made.metadata == {"order": 7, "callback_of": "c1"}
    assert made.request_data["callback"] == "It was agreed."
    again = variables.filled(made, {})
    assert (again.task, again.transfer) == (call.task, call.transfer)
    plain = replace(CALL, task="Nothing to fill in here.", transfer=None)
    assert variables.protected(plain) is not None
    assert variables.protected(plain) == plain
