"""`interruption` of a call: what may be asked, and what becomes of it."""

from __future__ import annotations

from typing import Any

import pytest

from topcalls.core.call_request import CallRequest
from topcalls.core.endpointing import Endpointing
from topcalls.core.interruption import Interruption, interruption_faults
from topcalls.core.turn_rules import rules_for

GOOD = {
    "enabled": False,
    "sensitivity": "high",
    "min_words": 4,
    "acknowledgements": ["roger", "copy that"],
    "endpointing": {"min_ms": 300, "max_ms": 4000, "by": "rules"},
    "ears": "auto",
    "longest_turn_seconds": 90,
    "longest_answer_seconds": 30,
}


def faults(
    section: Any, *, mode: str = "realtime", local_ears: bool = True, turn_model: bool = True
) -> dict[str, str]:
    given = {"interruption": section, "mode": mode}
    found = interruption_faults(given, local_ears=local_ears, turn_model=turn_model)
    return {fault.path: fault.code for fault in found}


def test_a_model_that_listens_can_only_be_asked_for_where_there_is_one() -> None:
    asked = {"endpointing": {"by": "sound"}, "ears": "local"}
    for mode in ("realtime", "legacy"):
        assert faults(asked, mode=mode) == {}
        missing = faults(asked, mode=mode, turn_model=False)
        assert missing == {"interruption.endpointing.by": "not_installed"}
    assert Interruption(**asked).judge == "sound"
    assert Interruption().judge is None


def test_what_may_be_asked() -> None:
    assert faults(GOOD) == {}
    assert faults({}) == {}
    assert faults(dict.fromkeys(("ears", "min_words", "acknowledgements", "endpointing"))) == {}
    assert faults({"longest_turn_seconds": None}) == {}
    assert faults({"endpointing": {"min_ms": None, "by": "model"}, "ears": "server"}) == {}


@pytest.mark.parametrize(
    ("section", "path", "code"),
    [
        ([], "interruption", "invalid_type"),
        ({"sensivity": "low"}, "interruption.sensivity", "unknown"),
        ({"sensitivity": "lowest"}, "interruption.sensitivity", "choice"),
        ({"sensitivity": None}, "interruption.sensitivity", "choice"),
        ({"enabled": "no"}, "interruption.enabled", "invalid_type"),
        ({"protect_first_sentence": 1}, "interruption.protect_first_sentence", "invalid_type"),
        ({"min_words": 0}, "interruption.min_words", "range"),
        ({"min_words": 11}, "interruption.min_words", "range"),
        ({"min_words": True}, "interruption.min_words", "invalid_type"),
        ({"min_words": 1.5}, "interruption.min_words", "invalid_type"),
        ({"longest_answer_seconds": 5}, "interruption.longest_answer_seconds", "range"),
        ({"longest_turn_seconds": 9}, "interruption.longest_turn_seconds", "range"),
        ({"longest_turn_seconds": 601}, "interruption.longest_turn_seconds", "range"),
        ({"longest_turn_seconds": "60"}, "interruption.longest_turn_seconds", "invalid_type"),
        ({"acknowledgements": "ok"}, "interruption.acknowledgements", "invalid_type"),
        ({"acknowledgements": ["ok"] * 51}, "interruption.acknowledgements", "too_many"),
        ({"acknowledgements": ["ok", ""]}, "interruption.acknowledgements.1", "invalid_word"),
        ({"acknowledgements": [1]}, "interruption.acknowledgements.0", "invalid_word"),
        ({"ears": "mine"}, "interruption.ears", "choice"),
        ({"endpointing": 500}, "interruption.endpointing", "invalid_type"),
        ({"endpointing": {"min": 5}}, "interruption.endpointing.min", "unknown"),
        ({"endpointing": {"min_ms": 99}}, "interruption.endpointing.min_ms", "range"),
        ({"endpointing": {"min_ms": "1"}}, "interruption.endpointing.min_ms", "invalid_type"),
        ({"endpointing": {"max_ms": 10_001}}, "interruption.endpointing.max_ms", "range"),
        ({"endpointing": {"by": "luck"}}, "interruption.endpointing.by", "choice"),
        (
            {"endpointing": {"min_ms": 900, "max_ms": 800}},
            "interruption.endpointing.max_ms",
            "conflict",
        ),
        (
            {"endpointing": {"by": "model"}, "ears": "local"},
            "interruption.endpointing.by",
            "conflict",
        ),
    ],
)
def test_every_fault_names_its_field(section: Any, path: str, code: str) -> None:
    assert faults(section) == {path: code}


def test_ears_that_are_not_installed_are_refused() -> None:
    assert faults({"ears": "local"}, local_ears=False) == {"interruption.ears": "not_installed"}


def test_a_model_that_judges_is_one_of_speech_to_speech() -> None:
    asked = {"endpointing": {"by": "model"}}
    assert faults(asked, mode="legacy") == {"interruption.endpointing.by": "wrong_mode"}


def test_it_is_stored_with_the_call_and_read_again() -> None:
    body = {"phone_number": "+12025550100", "task": "Say hello.", "interruption": GOOD}
    request = CallRequest.from_mapping(body)
    assert request.interruption.acknowledgements == ("roger", "copy that")
    stored = request.to_mapping()
    assert stored["interruption"] == GOOD | {"protect_first_sentence": False}
    assert CallRequest.from_mapping(stored) == request
    plain = CallRequest.from_mapping({"phone_number": "+12025550100", "task": "Say hello."})
    assert plain.to_mapping()["interruption"] == {
        "enabled": True,
        "sensitivity": "medium",
        "protect_first_sentence": False,
    }


def test_the_sensitivity_counts_unless_the_words_are_named() -> None:
    assert Interruption("low").turn_rules(300) == rules_for("low", 300)
    rules = Interruption("low", min_words=7, enabled=False).turn_rules(300)
    assert (rules.min_words, rules.interruptible) == (7, False)


def test_the_longest_turn_is_that_of_the_call() -> None:
    assert Interruption().turn_rules(300).longest_turn_ms == 60_000
    assert Interruption(longest_turn_seconds=90).turn_rules(300).longest_turn_ms == 90_000


def test_the_longest_answer_is_that_of_the_call() -> None:
    assert Interruption().longest_answer_ms == 90_000
    assert Interruption(longest_answer_seconds=20).longest_answer_ms == 20_000


@pytest.mark.parametrize(
    ("asked", "limits"),
    [
        (None, (400, 2500)),
        ({}, (400, 2500)),
        ({"min_ms": 700}, (700, 2500)),
        ({"max_ms": 1000}, (400, 1000)),
        ({"max_ms": 500}, (400, 500)),
        ({"min_ms": 2000, "max_ms": None}, (2000, 2500)),
        ({"min_ms": 150, "max_ms": 9000}, (150, 9000)),
    ],
)
def test_the_limits_of_a_turns_end(asked: Any, limits: tuple[int, int]) -> None:
    plan = Interruption(endpointing=asked).end_of_turn
    assert (plan.min_ms, plan.max_ms) == limits
    assert not plan.by_model


def test_the_model_may_judge() -> None:
    plan = Interruption(endpointing={"by": "model"}).end_of_turn
    assert plan == Endpointing(by_model=True)
