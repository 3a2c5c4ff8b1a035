"""Which calls a subscription hears of: names of events, equality, lists, patterns, conversions."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from topcalls.core.webhook_filters import (
    event_fault,
    filter_faults,
    is_like,
    is_wanted,
    matches,
)

pytestmark = pytest.mark.unit
PAYLOAD = {
    "phone_number": "+15550001111",
    "call_status": "no-answer",
    "duration": 2,
    "disposition": "booked_callback",
    "campaign_id": None,
    "metadata": {"order": "7"},
    "sandbox": True,
}


@pytest.mark.parametrize(
    "event",
    [
        "call.completed",
        "call.completed.booked_callback",
        "call.completed.2",
        "lead.status_changed",
        "campaign.activated",
        "campaign.paused",
        "webhook.disabled",
    ],
)
def test_the_documented_events_and_the_notice_can_be_subscribed_to(event):
    assert event_fault(event) is None


@pytest.mark.parametrize(
    "event",
    [
        "call.failed",
        "call.completed.",
        "call.completed.Booked",
        "call.completed\n",
        "campaign.resumed",
        "call.completed." + "x" * 600,
        "",
    ],
)
def test_no_other_can(event):
    fault = event_fault(event)
    assert fault.path == "event"
    assert "call.completed.DISPOSITION" in fault.message


@pytest.mark.parametrize(
    ("subscribed", "disposition", "wanted"),
    [
        ("call.completed", None, True),
        ("call.completed", "booked", True),
        ("call.completed.booked", "booked", True),
        ("call.completed.booked", "lost", False),
        ("call.completed.booked", None, False),
        ("lead.status_changed", "booked", False),
    ],
)
def test_a_suffix_is_a_disposition(subscribed, disposition, wanted):
    assert is_wanted(subscribed, "call.completed", disposition) is wanted
    assert is_wanted("call.completed.booked", "call.failed", "booked") is False


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, True),
        ({"call_status": "no-answer"}, True),
        ({"call_status": "no_answer"}, False),
        ({"call_status": ["busy", "no-answer"]}, True),
        ({"call_status": ["busy", "failed"]}, False),
        ({"phone_number": "+1555%"}, True),
        ({"phone_number": ["+44%", "%1111"]}, True),
        ({"phone_number": "+1666%"}, False),
        ({"duration": 2.0}, True),
        ({"duration": True}, False),
        ({"sandbox": 1}, False),
        ({"sandbox": True}, True),
        ({"campaign_id": None}, True),
        ({"lead_id": None}, True),
        ({"metadata": {"order": "7"}}, True),
        ({"metadata": {"order": "8"}}, False),
        ({"duration": "%"}, False),
        ({"call_status": "no-answer", "duration": 3}, False),
        ({"is_conversion": False}, True),
        ({"is_conversion": True}, False),
    ],
)
def test_filters_by_equality_list_and_pattern(filters, expected):
    assert matches(filters, PAYLOAD, is_conversion=False) is expected


def test_conversion_is_no_field_of_the_payload():
    assert matches({"is_conversion": True}, {"is_conversion": False}, is_conversion=True)


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("%", "", True),
        ("%%", "x", True),
        ("a%c", "abc", True),
        ("a%c", "ac", True),
        ("a%a", "a", False),
        ("a_c%", "abcd", True),
        ("%b%b%", "abc", False),
        ("%b%b%", "abcb", True),
        (r"100\%%", "100% sure", True),
        (r"100\%%", "1000", False),
        (r"a\_%", "abc", False),
        ("A%", "abc", False),
        ("%ab", "aab", True),
        ("a%\\", "ab\\", True),
        ("%\n%", "a\nb", True),
    ],
)
def test_like(pattern, text, expected):
    assert is_like(pattern, text) is expected


@settings(max_examples=200, deadline=None)
@given(st.text("ab%_", max_size=8), st.text("ab", max_size=12))
def test_like_is_the_obvious_regular_expression(pattern, text):
    wild = {"%": ".*", "_": "."}
    expression = "".join(wild.get(one, re.escape(one)) for one in pattern)
    assert is_like(pattern, text) is bool(re.fullmatch(expression, text, re.DOTALL))


@pytest.mark.parametrize(
    ("filters", "path"),
    [
        ({"phone": "x"}, "filters.phone"),
        ({"transcript": "x"}, "filters.transcript"),
        ({"is_conversion": "yes"}, "filters.is_conversion"),
        ({"status": []}, "filters.status"),
        ({"status": ["a"] * 101}, "filters.status"),
        ({"status": [["a"]]}, "filters.status"),
        ({"status": "x" * 501}, "filters.status"),
        (dict.fromkeys(map(str, range(21)), 1), "filters"),
    ],
)
def test_filters_that_could_never_match_are_refused_by_name(filters, path):
    (fault,) = filter_faults(filters)
    assert fault.path == path


def test_a_name_that_is_nearly_right_is_hinted_at():
    (fault,) = filter_faults({"phone_numbr": "x"})
    assert "phone_number" in fault.message


def test_good_filters_have_no_fault():
    assert list(filter_faults({"status": ["completed", None], "is_conversion": True})) == []
