"""Models that end: who may still be asked for, who holds a call instead, and what is said of it."""

from datetime import date

import pytest

from topcalls.core.model_life import KnownModel, ModelRules

pytestmark = pytest.mark.unit

TODAY = date(2026, 11, 23)
DEAD = KnownModel("realtime", date(2026, 11, 23), "new")
DYING = KnownModel("realtime", date(2026, 11, 24), "new")
KNOWN = {"dead": DEAD, "dying": DYING, "new": KnownModel("realtime"), "mind": KnownModel("legacy")}


def rules(default="new", *fallbacks):
    return ModelRules(KNOWN, {"realtime": default}, {"realtime": fallbacks})


def codes(model, default="new", *fallbacks):
    return [fault.code for fault in rules(default, *fallbacks).faults(model, "realtime", TODAY)]


@pytest.mark.parametrize(
    ("model", "wrong"),
    [
        ("new", []),
        ("never heard of", []),
        ("dying", []),
        ("dead", ["shut_down"]),
        ("mind", ["wrong_mode"]),
        (None, []),
    ],
)
def test_what_may_be_asked_for(model, wrong):
    assert codes(model) == wrong


def test_a_model_that_is_named_is_refused_though_another_could_hold_the_call():
    assert codes("dead", "new", "mind") == ["shut_down"]


def test_a_dead_default_is_the_customers_to_get_around():
    (fault,) = rules("dead").faults(None, "realtime", TODAY)
    assert (fault.path, fault.code) == ("model", "shut_down")
    for word in ("Name one", "'realtime'", "dead", "2026-11-23", "Use new."):
        assert word in fault.message


def test_a_dead_default_with_somebody_who_takes_over_is_none_of_theirs():
    assert codes(None, "dead", "mind") == []
    assert codes(None, "dead", "dead") == ["shut_down"]


@pytest.mark.parametrize(
    ("model", "fallbacks", "possible"),
    [
        ("new", (), True),
        ("never heard of", (), True),
        ("dying", (), True),
        ("dead", (), False),
        ("dead", ("dead",), False),
        ("dead", ("dead", "mind"), True),
        ("dead", ("never heard of",), True),
        (None, (), True),
    ],
)
def test_a_call_is_possible_while_somebody_can_hold_it(model, fallbacks, possible):
    problem = rules("new", *fallbacks).problem(model, "realtime", TODAY)
    assert (problem is None) is possible
    if problem:
        assert "dead was shut down by its vendor on 2026-11-23. Use new." in problem


def test_a_model_lives_until_its_day():
    assert rules().problem("dying", "realtime", date(2026, 11, 23)) is None
    assert rules().problem("dying", "realtime", date(2026, 11, 24)) is not None


def test_whoever_asks_for_a_model_that_ends_is_told():
    warning = rules().warning("dying", "realtime", TODAY)
    assert warning == (
        "model",
        "dying will be shut down by its vendor on 2026-11-24. Use new.",
        "shuts_down",
    )
    assert rules("dying").warning(None, "realtime", TODAY) == warning
    assert rules("dead", "mind").warning(None, "realtime", TODAY).code == "shut_down"
    assert rules().warning("new", "realtime", TODAY) is None
    assert rules().warning(None, "legacy", TODAY) is None


def test_one_that_nothing_replaces_is_told_of_too():
    lonely = KnownModel("realtime", TODAY)
    assert lonely.words(TODAY) == "Was shut down by its vendor on 2026-11-23. Choose another one."
    assert KnownModel("realtime").words(TODAY) == ""
