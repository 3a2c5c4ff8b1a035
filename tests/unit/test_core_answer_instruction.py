"""What a customer's server may say about what answered."""

from __future__ import annotations

import json
from typing import Any

import pytest

from topcalls.core.answer_instruction import Instruction, read_instruction
from topcalls.core.answer_plan import AnswerPlan, Reaction
from topcalls.core.answer_verdict import Answerer
from topcalls.errors import InvalidRequest

pytestmark = pytest.mark.unit

BARE = AnswerPlan(detect=True)
FULL = AnswerPlan(detect=True, message="Call us back.", goal="billing")


def read(content: Any, plan: AnswerPlan = BARE) -> Instruction:
    return read_instruction(json.dumps(content).encode(), plan)


@pytest.mark.parametrize("body", [b"", b"  \n", b"{}", b'{"verdict": null, "action": null}'])
def test_an_empty_answer_changes_nothing(body: bytes) -> None:
    assert read_instruction(body, BARE) == Instruction()


@pytest.mark.parametrize(
    ("content", "plan", "expected"),
    [
        ({"verdict": "human"}, BARE, Instruction(Answerer.HUMAN)),
        ({"action": "hangup"}, BARE, Instruction(None, Reaction("hangup"))),
        (
            {"verdict": "voicemail", "action": "leave_message", "message": "Hi."},
            FULL,
            Instruction(Answerer.VOICEMAIL, Reaction("leave_message", "Hi.")),
        ),
        (
            {"action": "leave_message"},
            FULL,
            Instruction(None, Reaction("leave_message", "Call us back.")),
        ),
        ({"action": "navigate"}, FULL, Instruction(None, Reaction("navigate", "billing"))),
        (
            {"action": "navigate", "goal": "sales"},
            BARE,
            Instruction(None, Reaction("navigate", "sales")),
        ),
    ],
)
def test_what_it_leaves_out_is_taken_from_the_call(
    content: Any, plan: AnswerPlan, expected: Instruction
) -> None:
    assert read(content, plan) == expected


@pytest.mark.parametrize(
    ("content", "fields"),
    [
        ({"verdict": "robot"}, ["verdict"]),
        ({"verdict": ["human"]}, ["verdict"]),
        ({"action": "shout"}, ["action"]),
        ({"action": {}}, ["action"]),
        ({"actoin": "hangup"}, ["actoin"]),
        ({"action": "leave_message"}, ["message"]),
        ({"action": "navigate"}, ["goal"]),
        ({"action": "hangup", "message": "Hi."}, ["message"]),
        ({"action": "leave_message", "message": " "}, ["message"]),
        ({"action": "leave_message", "message": "x" * 2001}, ["message"]),
        ({"action": "leave_message", "message": 5}, ["message"]),
    ],
)
def test_what_makes_no_sense_is_told_by_its_field(content: Any, fields: list[str]) -> None:
    with pytest.raises(InvalidRequest) as caught:
        read(content)
    assert [fault.path for fault in caught.value.errors] == fields


@pytest.mark.parametrize("body", [b"ok", b"[]", b"\xff", b'"hangup"', b"[" * 100_000])
def test_what_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidRequest):
        read_instruction(body, BARE)
