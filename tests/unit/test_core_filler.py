"""`filler` of a call: what may be asked, and which phrase comes when."""

from __future__ import annotations

from typing import Any

import pytest

from topcalls.core.call_request import CallRequest
from topcalls.core.filler import FillerPlan, FillerRequest, filler_faults
from topcalls.core.filler_phrases import _PHRASES, phrases_of

pytestmark = pytest.mark.unit


def faults(section: Any) -> dict[str, str]:
    return {fault.path: fault.code for fault in filler_faults({"filler": section})}


def test_what_may_be_asked() -> None:
    assert list(filler_faults({})) == []
    assert faults({}) == {}
    assert faults({"enabled": False, "after_ms": None, "phrases": None}) == {}
    assert faults({"after_ms": 500, "phrases": ["Hm, let me see."]}) == {}


@pytest.mark.parametrize(
    ("section", "path", "code"),
    [
        ("yes", "filler", "invalid_type"),
        ({"after": 1}, "filler.after", "unknown"),
        ({"enabled": None}, "filler.enabled", "invalid_type"),
        ({"after_ms": 499}, "filler.after_ms", "range"),
        ({"after_ms": 15_001}, "filler.after_ms", "range"),
        ({"after_ms": 1.5}, "filler.after_ms", "invalid_type"),
        ({"after_ms": True}, "filler.after_ms", "invalid_type"),
        ({"phrases": "Hm."}, "filler.phrases", "invalid_type"),
        ({"phrases": ["Hm."] * 11}, "filler.phrases", "too_many"),
        ({"phrases": ["Hm.", " "]}, "filler.phrases.1", "invalid_phrase"),
        ({"phrases": ["x" * 121]}, "filler.phrases.0", "invalid_phrase"),
        ({"phrases": [7]}, "filler.phrases.0", "invalid_phrase"),
    ],
)
def test_every_fault_names_its_field(section: Any, path: str, code: str) -> None:
    assert faults(section) == {path: code}


def test_it_is_stored_with_the_call_and_read_again() -> None:
    body = {"phone_number": "+12025550100", "task": "Say hello."}
    asked = CallRequest.from_mapping(body | {"filler": {"after_ms": 900, "phrases": ["Hm."]}})
    assert asked.filler == FillerRequest(True, 900, ("Hm.",))
    stored = asked.to_mapping()
    assert stored["filler"] == {"enabled": True, "after_ms": 900, "phrases": ["Hm."]}
    assert CallRequest.from_mapping(stored) == asked
    assert "filler" not in CallRequest.from_mapping(body).to_mapping()


def test_the_phrases_are_those_of_the_call_or_of_its_language() -> None:
    assert FillerRequest(phrases=("Hm.",)).plan("de") == FillerPlan(("Hm.",), 2500)
    assert FillerRequest(after_ms=700).plan("de-AT").phrases == phrases_of("de")
    assert FillerRequest().plan(None).phrases == phrases_of("en")
    assert FillerRequest(enabled=False).plan("de") == FillerPlan()
    assert phrases_of("eu") == ()


def test_each_wait_is_longer_than_the_one_before_and_the_last_one_stays_empty() -> None:
    plan = FillerPlan(("One.", "Two."), 1000)
    assert [plan.wait_ms(said) for said in range(4)] == [1000, 2000, 3000, None]
    assert FillerPlan().wait_ms(0) is None


def test_one_phrase_alone_is_said_once() -> None:
    for phrases in (("One.",), ("One.", "One.")):
        plan = FillerPlan(phrases, 1000)
        assert [plan.wait_ms(said) for said in range(2)] == [1000, None]


def test_no_phrase_comes_twice_in_a_row() -> None:
    plan = FillerPlan(("One.", "Two.", "Two.", "Three."))
    said = [plan.next_phrase("")]
    for _ in range(8):
        said.append(plan.next_phrase(said[-1]))
    assert all(one != other for one, other in zip(said, said[1:], strict=False))
    assert set(said) == set(plan.phrases)


def test_every_language_has_two_phrases() -> None:
    assert all(len(set(phrases)) == 2 for phrases in _PHRASES.values())
