"""The first rule that matches decides; null is null; true is not one."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topcalls.core.dispositions import FACTS, Decision, decide, matches, value_of
from topcalls.core.outcome_rules import OPERATORS, outcome_faults

pytestmark = pytest.mark.unit
VALUES = (None, True, False, 0, 1, 1.0, "", "a", "B", [], ["a"], [1], {}, {"a": 1})


def when(field, op, value):
    return {"field": field, "op": op, "value": value}


def holds(found, op, value):
    return matches(when("f", op, value), {"f": found}, {})


def rule(condition, outcome):
    return {"when": condition, "outcome": outcome}


def test_the_first_match_wins_and_says_which_rule_it_was():
    rules = [
        rule(when("n", "gt", 5), "many"),
        rule(when("n", "gt", 1), "some"),
        rule(when("n", "exists", True), "few"),
    ]
    assert decide(rules, {"n": 9}, {}) == Decision("many", 0)
    assert decide(rules, {"n": 3}, {}) == Decision("some", 1)
    assert decide(rules, {"n": 0}, {}) == Decision("few", 2)
    assert decide(rules, {"n": None}, {}) == Decision(None, None)
    assert decide([], {"n": 1}, {}) == Decision(None, None)
    assert decide(rules, None, {}) == Decision(None, None)


@pytest.mark.parametrize(
    ("found", "op", "value", "expected"),
    [
        (True, "eq", True, True),
        (True, "eq", 1, False),
        (1, "eq", True, False),
        (1, "eq", 1.0, True),
        ([True], "eq", [1], False),
        ({"a": [1, None]}, "eq", {"a": [1, None]}, True),
        (None, "eq", None, True),
        (None, "ne", "a", True),
        ("a", "in", ["a", "b"], True),
        (True, "in", [1], False),
        (None, "in", [None], True),
        ("c", "not_in", ["a"], True),
        (2, "gt", 1, True),
        (2, "gt", True, False),
        (True, "gte", 0, False),
        (None, "lt", 5, False),
        ("2026-12-01", "gt", "2026-11-30", True),
        ("5", "gt", 4, False),
        (4, "lte", 4, True),
        ("Call me Tuesday", "contains", "TUESDAY", True),
        (["a", "b"], "contains", "b", True),
        (["a", "b"], "contains", "B", False),
        (None, "contains", "", False),
        (7, "contains", "7", False),
        (0, "exists", True, True),
        (None, "exists", True, False),
        (None, "exists", False, True),
    ],
)
def test_operators(found, op, value, expected):
    assert holds(found, op, value) is expected


@pytest.mark.parametrize("op", OPERATORS)
def test_every_operator_takes_every_value(op):
    for found, value in itertools.product(VALUES, VALUES):
        if list(outcome_faults([rule(when("f", op, value), "x")])):
            continue
        assert holds(found, op, value) in (True, False)


def test_negations_are_negations():
    for found, value in itertools.product(VALUES, VALUES):
        assert holds(found, "eq", value) is not holds(found, "ne", value)
        assert holds(found, "in", [value]) is holds(found, "eq", value)
        assert holds(found, "in", [value]) is not holds(found, "not_in", [value])
        assert holds(found, "exists", True) is not holds(found, "exists", False)


def test_conditions_are_joined():
    yes, no = when("a", "eq", 1), when("a", "eq", 2)
    assert matches({"all": [yes, {"any": [no, yes]}]}, {"a": 1}, {})
    assert not matches({"all": [yes, no]}, {"a": 1}, {})
    assert not matches({"any": [no, {"all": [no, yes]}]}, {"a": 1}, {})


@pytest.mark.parametrize(
    ("field", "found"),
    [
        ("a", {"b": [1, {"c": 2}]}),
        ("a.b.0", 1),
        ("a.b.1.c", 2),
        ("a.b.7", None),
        ("a.b.x", None),
        ("a.b.0.x", None),
        ("x.y", "dotted"),
        ("nothing", None),
        ("call.answered_by", "human"),
        ("call.nothing", None),
    ],
)
def test_fields(field, found):
    analysis = {"a": {"b": [1, {"c": 2}]}, "x.y": "dotted"}
    assert value_of(field, analysis, {"answered_by": "human"}) == found


def test_the_analysis_goes_before_facts_of_its_name():
    assert value_of("call.status", {"call": {"status": "mine"}}, {"status": "fact"}) == "mine"
    assert value_of("call.status", {"call": {}}, {"status": "fact"}) is None
    assert value_of("call.status", None, {"status": "fact"}) == "fact"
    assert "answered_by" in FACTS


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)


@given(json_values, st.text(max_size=8), st.sampled_from(OPERATORS), json_values)
def test_nothing_that_is_right_by_the_rules_raises(analysis, field, op, value):
    if not list(outcome_faults([rule(when(field, op, value), "x")])):
        decide([rule(when(field, op, value), "x")], analysis, {})
