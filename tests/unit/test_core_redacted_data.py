"""What identifies people in JSON of tools, and in the request of a call."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topcalls.core.personal_data import KINDS, Rules
from topcalls.core.redacted_data import (
    DEEPEST,
    redacted_json,
    redacted_request,
    shown_request,
)

pytestmark = pytest.mark.unit
ALL = Rules(frozenset(KINDS), ("Ann Miller",))
UUID = "53e35988-9ad9-4bfc-816b-f2d2e55ca88c"
leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
values = st.recursive(
    leaves, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20
)


def tool(value, rules=ALL):
    return json.loads(redacted_json(json.dumps(value), rules))


@pytest.mark.parametrize(
    ("given", "left"),
    [
        ({"phone": "+1 202 555 0100"}, {"phone": "[phone]"}),
        ({"order": 12345678}, {"order": "[phone]"}),
        ({"order": 1234, "open": True, "price": 0.0393481}, None),
        ({"note": "Ann wrote from ann@example.com"}, {"note": "[name] wrote from [email]"}),
        ({"contact": {"name": "Bob Kelly"}}, {"contact": {"name": "[name]"}}),
        ({"cardNumber": "4111", "pin": 12}, {"cardNumber": "[hidden]", "pin": "[hidden]"}),
        (["4111 1111 1111 1111", [UUID]], ["[card]", [UUID]]),
        ({"start": "2026-11-24T15:30-05:00", "at": "2026-11-24 15:30:00.12Z"}, None),
        ({"total": "0.039348", "none": None, "blank_name": ""}, None),
    ],
)
def test_a_value_of_a_tool_is_what_it_looks_like_and_what_its_name_says(given, left):
    assert tool(given) == (given if left is None else left)


def test_what_is_no_json_is_a_text():
    assert redacted_json("Call Ann at 202 555 0100", ALL) == "Call [name] at [phone]"
    assert redacted_json("[masked]", ALL) == "[masked]"


def test_only_the_kinds_that_are_wanted_go():
    kept = {"name": "Bob", "phone": "+12025550100", "mail": "[email]"}
    given = {**kept, "mail": "bob@example.com"}
    assert tool(given, Rules(frozenset(["email"]))) == kept


def test_what_lies_deep_is_taken_as_text():
    value = {"phone": "+1 202 555 0100"}
    for _ in range(DEEPEST + 2):
        value = [value]
    assert "555" not in redacted_json(json.dumps(value), ALL)


@given(values)
def test_nothing_is_left_to_be_taken_out_twice(value):
    once = redacted_json(json.dumps(value), ALL)
    assert redacted_json(once, ALL) == once


REQUEST = {
    "phone_number": "+12025550100",
    "webhook_url": "https://example.com/hooks/12345678",
    "task": "Call Ann Miller about order 12345678.",
    "voicemail": {"action": "leave_message", "message": "For Ann Miller."},
    "screening": {"name": "Rachel", "purpose": "Ann's appointment"},
    "request_data": {"patient_name": "Joan Doe", "visits": 3, "account": "12345678"},
    "metadata": {
        "crm_id": 20231107123,
        "order": "ORD-12345678",
        "mobile": "2025550123",
        "card": "4111111111111111",
        "said": "Joan has 202 555 0100",
        "owner": "Miller",
    },
    "transfer": {
        "destinations": [
            {"name": "Sales", "number": "+12025550177", "briefing": "Joan calls."},
            {"name": "Desk", "number": "+12025550178"},
        ]
    },
    "redaction": {"names": ["Ann Miller"]},
}


def test_a_request_keeps_what_calls_need_and_what_customers_know_them_by():
    rules = Rules.of(REQUEST)
    clean = redacted_request(REQUEST, rules)
    for name in ("phone_number", "webhook_url"):
        assert clean[name] == REQUEST[name]
    assert clean["task"] == "Call [name] about order [phone]."
    assert clean["voicemail"] == {"action": "leave_message", "message": "For [name]."}
    assert clean["screening"] == {"name": "Rachel", "purpose": "[name]'s appointment"}
    assert clean["request_data"] == {"patient_name": "[name]", "visits": 3, "account": "[phone]"}
    assert clean["metadata"] == {
        "crm_id": 20231107123,
        "order": "ORD-12345678",
        "mobile": "[phone]",
        "card": "[card]",
        "said": "[name] has [phone]",
        "owner": "[name]",
    }
    first, second = clean["transfer"]["destinations"]
    assert (first["name"], first["number"]) == ("Sales", "+12025550177")
    assert first["briefing"] == "[name] calls."
    assert second == REQUEST["transfer"]["destinations"][1]


def test_names_are_known_afterwards_too_and_shown_to_nobody():
    clean = redacted_request(REQUEST, Rules.of(REQUEST))
    assert Rules.of(clean) == Rules.of(REQUEST)
    assert redacted_request(clean, Rules.of(clean)) == clean
    assert "Joan" not in str(shown_request(clean))
    assert "Miller" not in str(shown_request(clean))


def test_a_request_of_little_stays_little():
    assert redacted_request({"task": "Hello"}, ALL) == {
        "task": "Hello",
        "redaction": {"names": ["Ann Miller"]},
    }
