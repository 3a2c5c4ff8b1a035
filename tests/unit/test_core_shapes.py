"""What is left of words, names, numbers and secrets: how long they were."""

import pytest

from topcalls.core.bundle_redaction import Redaction
from topcalls.core.shapes import KEPT, shaped

pytestmark = pytest.mark.unit
UUID = "2f6f9f8a-6a1e-4a8e-8a3a-5a8f2f1c7d42"


@pytest.mark.parametrize(
    ("row", "left"),
    [
        ({"state": "failed", "version": 7, "sandbox": True}, None),
        ({"id": UUID, "call_id": UUID, "at": "2026-11-23T12:00:00.123456Z"}, None),
        ({"text": "My name is Ann."}, {"text": "<15 characters>"}),
        ({"text": ""}, None),
        ({"phone_number": "+12025550100"}, {"phone_number": "<12 characters>"}),
        ({"lead_id": "12025550100"}, {"lead_id": "<11 characters>"}),
        ({"state": "Ann said so."}, {"state": "<12 characters>"}),
        ({"password": "x", "api_key": 7}, {"password": "<secret>", "api_key": "<number>"}),
        (
            {"request_data": {"name": "Ann", "age": 41, "ok": True, "status": "vip", "no": None}},
            {
                "request_data": {
                    "name": "<3 characters>",
                    "age": "<number>",
                    "ok": True,
                    "status": "<3 characters>",
                    "no": None,
                }
            },
        ),
        ({"metadata": ["Ann", [UUID]]}, {"metadata": ["<3 characters>", ["<36 characters>"]]}),
        ({"mode": "realtime", "task": "Ask Ann"}, {"mode": "realtime", "task": "<7 characters>"}),
    ],
)
def test_a_row_keeps_what_is_ours(row, left):
    assert shaped(row) == (row if left is None else left)


@pytest.mark.parametrize("name", sorted(KEPT))
def test_a_kept_field_keeps_names_of_ours_and_no_sentence(name):
    assert shaped({name: "no_answer"}) == {name: "no_answer"}
    assert shaped({name: "Ann, is that you?"}) == {name: "<17 characters>"}
    assert shaped({name: "+12025550100"}) == {name: "<12 characters>"}


@pytest.fixture
def redaction():
    return Redaction(["+12025550100"], ["Ann Miller", "abc"], ["very-secret", "short"])


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("It failed.", "It failed."),
        ("to 12025550100", "to *********00"),
        ("Ann Miller said abc", "<words> said abc"),
        ("mail ann@example.com", "mail <e-mail>"),
        ("with very-secret", "with <secret>"),
        ("key sk-proj-12345678", "key <secret>"),
        ("key tc_live_12345678abc", "key <secret>"),
        ("short", "short"),
    ],
)
def test_a_sentence_loses_what_is_known(redaction, text, left):
    assert redaction.text(text) == left
    assert redaction.prose({"a": [text]}) == {"a": [left]}


def test_unredacted_only_secrets_go():
    whole = Redaction(["+12025550100"], ["Ann Miller"], ["very-secret"], unredacted=True)
    row = {"text": "Ann Miller, +12025550100, very-secret", "n": 1}
    assert whole.row(row) == {"text": "Ann Miller, +12025550100, <secret>", "n": 1}
