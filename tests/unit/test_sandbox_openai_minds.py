"""The minds of several sessions of one call: what is used up stays used up."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from topcalls.sandbox.openai.minds import _CALLS_REMEMBERED, Minds, SessionMind
from topcalls.sandbox.openai.script import STILL_THERE, Situation
from topcalls.sandbox.scenario import parse_scenario

pytestmark = pytest.mark.unit
HELLO = Situation(heard="Hello there")
TALK = parse_scenario(
    """
name: talk
number: "+12025550150"
description: d
callee: [answer]
model:
  - when: hello
    speak: One.
  - when: hello
    speak: Two.
  - when: hello
    speak: Three.
"""
)


@pytest.fixture
def minds():
    return Minds([TALK])


def session(minds, call_id="call-1", scenario="talk"):
    return SessionMind(minds, SimpleNamespace(call_id=call_id, scenario=scenario))


def said(mind, situation=HELLO):
    return " ".join(mind.answer(situation).speeches)


def test_a_new_session_of_a_call_does_not_begin_anew(minds):
    first = session(minds)
    assert said(first) == "One."
    first.close()
    second = session(minds)
    assert (said(second), said(second)) == ("Two.", "Three.")


def test_history_that_the_first_session_lived_through_uses_nothing_up_again(minds):
    first = session(minds)
    assert said(first) == "One."
    first.close()
    second = session(minds)
    second.remember("Hello there")
    assert said(second) == "Two."


def test_history_that_no_session_knows_of_uses_rules_up(minds):
    mind = session(minds)
    mind.remember("Hello there")
    assert said(mind) == "Two."


def test_a_call_that_is_recognised_late_goes_on_where_it_was(minds):
    first = session(minds)
    assert said(first) == "One."
    first.close()
    second = session(minds, call_id=None, scenario=None)
    second.remember("Hello there")
    assert said(second, Situation()) == STILL_THERE
    second._ears.call_id, second._ears.scenario = "call-1", "talk"
    assert said(second) == "Two."


def test_other_calls_have_their_own_rules(minds):
    first = session(minds)
    assert said(first) == "One."
    first.close()
    assert said(session(minds, call_id="call-2")) == "One."


def test_a_call_that_nobody_recognised_leaves_nothing(minds):
    first = session(minds, call_id=None)
    assert said(first) == "One."
    first.close()
    assert said(session(minds, call_id=None)) == "One."


def test_only_so_many_calls_are_remembered(minds):
    for number in range(_CALLS_REMEMBERED + 1):
        minds.leave(f"call-{number}", {0})
    assert minds.used_in("call-0") == frozenset()
    assert minds.used_in(f"call-{_CALLS_REMEMBERED}") == {0}
