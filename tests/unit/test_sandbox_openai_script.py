"""The scripted mind: which words, calls and failures follow from which situation."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topcalls.sandbox.hearing import UNINTELLIGIBLE
from topcalls.sandbox.openai.script import (
    CANNOT,
    DONE,
    GO_ON,
    GREETING,
    SAY_AGAIN,
    STILL_THERE,
    Answer,
    Mind,
    Situation,
    directed_speech,
    items_of,
)
from topcalls.sandbox.scenario import ModelRule, ToolUse

LOOK_UP = ToolUse("look_up", {"order": 7})
TOOLS = {"look_up": {"type": "object"}, "end_call": {"type": "object"}}


def said(words, **more):
    return Situation(heard=words, **more)


def spoken(answer):
    return list(answer.speeches)


@pytest.mark.parametrize(
    ("instructions", "words"),
    [
        ('Say exactly: "Hello, this is Rachel."', "Hello, this is Rachel."),
        ('Greet in German. Say exactly: "Guten Tag!" Nothing else.', "Guten Tag!"),
        ("say exactly “Curly quotes”", "Curly quotes"),
        ('Say exactly: "She said "yes" to me"', 'She said "yes" to me'),
        ('Say exactly: "two\nlines"', "two\nlines"),
        ('Read exactly: "this"', "this"),
        ("Apologise for the fault.", "I am sorry about that. Could you say it again?"),
        ("Ask whether they are still there.", STILL_THERE),
        ("Say goodbye politely.", "Thank you for your time. Goodbye."),
        ("Greet the caller.", GREETING),
        ("You are Rachel. " * 60 + "Greet the caller.", ""),
        ("Be friendly.", ""),
        ("", ""),
    ],
)
def test_directed_speech(instructions, words):
    assert directed_speech(instructions) == words


def test_given_text_is_read_out():
    assert directed_speech("Read the text exactly as it is.", "Some text") == "Some text"
    assert directed_speech("Read exactly what is given.", "Some text") == "Some text"
    assert directed_speech("Be friendly.", "Some text") == ""


def test_directions_come_before_rules_and_use_none_up():
    mind = Mind([ModelRule("hello", speak="From the rule")])
    told = mind.answer(said("hello", instructions='Say exactly: "As told"'))
    assert spoken(told) == ["As told"]
    assert spoken(mind.answer(said("hello"))) == ["From the rule"]


def test_first_unused_rule_that_matches():
    mind = Mind(
        [
            ModelRule("hello", speak="one"),
            ModelRule("HELLO|bye", speak="two"),
            ModelRule("anything", speak="other", repeat=True),
        ]
    )
    answers = [spoken(mind.answer(said(words)))[0] for words in ("hello", "hello", "hello", "bye")]
    assert answers == ["one", "two", "other", "other"]


def test_silence_has_its_own_rule():
    mind = Mind([ModelRule("anything", speak="x", repeat=True), ModelRule("silence", speak="Hm?")])
    assert spoken(mind.answer(said(None))) == ["Hm?"]
    assert spoken(mind.answer(said(""))) == [STILL_THERE]


def test_defaults():
    mind = Mind()
    assert spoken(mind.answer(said(None))) == [GREETING]
    assert spoken(mind.answer(said(None))) == [STILL_THERE]
    assert spoken(mind.answer(said("what"))) == [GO_ON]


def test_unintelligible_speech_uses_no_rule_up():
    mind = Mind([ModelRule("anything", speak="understood")])
    assert spoken(mind.answer(said(UNINTELLIGIBLE))) == [SAY_AGAIN]
    assert spoken(mind.answer(said("clear"))) == ["understood"]


def test_call_after_speech_and_what_follows():
    mind = Mind([ModelRule("order", speak="One moment.", tool=LOOK_UP, then="On its way.")])
    answer = mind.answer(said("my order", tools=TOOLS))
    assert (spoken(answer), answer.calls) == (["One moment."], (LOOK_UP,))
    assert spoken(mind.answer(Situation(has_tool_results=True))) == ["On its way."]
    assert spoken(mind.answer(Situation(has_tool_results=True))) == [DONE]


def test_result_and_new_words_are_both_answered():
    rules = [
        ModelRule("order", tool=LOOK_UP, then="On its way."),
        ModelRule("price", speak="Seven dollars."),
    ]
    mind = Mind(rules)
    mind.answer(said("order", tools=TOOLS))
    answer = mind.answer(said("what price", has_tool_results=True))
    assert spoken(answer) == ["On its way.", "Seven dollars."]


def test_result_without_matching_words_does_not_invent():
    mind = Mind([ModelRule("order", tool=LOOK_UP, then="On its way.")])
    mind.answer(said("order", tools=TOOLS))
    assert spoken(mind.answer(said("hm", has_tool_results=True))) == ["On its way."]


def test_only_functions_on_offer_are_called():
    mind = Mind([ModelRule("order", tool=LOOK_UP, then="Never said", repeat=True)])
    assert mind.answer(said("order")) == Answer((CANNOT,))
    assert mind.answer(said("order", tools=TOOLS, tool_choice="none")) == Answer((CANNOT,))
    assert spoken(mind.answer(Situation(has_tool_results=True))) == [DONE]
    assert mind.answer(said("order", tools=TOOLS)).calls == (LOOK_UP,)


def test_speech_stays_when_the_call_is_not_possible():
    mind = Mind([ModelRule("bye", speak="Goodbye.", tool=ToolUse("end_call"))])
    assert mind.answer(said("bye")) == Answer(("Goodbye.",))


@pytest.mark.parametrize("choice", ["required", {"type": "function", "name": "book"}])
def test_demanded_function_is_called_with_made_up_arguments(choice):
    parameters = {"type": "object", "properties": {"day": {"enum": ["Monday", "Tuesday"]}}}
    answer = Mind().answer(said("hi", tools={"book": parameters}, tool_choice=choice))
    assert answer == Answer((), (ToolUse("book", {"day": "Monday"}),))


def test_demanded_function_that_the_rule_calls_anyway():
    mind = Mind([ModelRule("order", speak="Sure.", tool=LOOK_UP)])
    choice = {"type": "function", "name": "look_up"}
    answer = mind.answer(said("order", tools=TOOLS, tool_choice=choice))
    assert (spoken(answer), answer.calls) == (["Sure."], (LOOK_UP,))


def test_unknown_demand_is_ignored():
    choice = {"type": "function", "name": "nothing"}
    assert not Mind().answer(said("x", tools=TOOLS, tool_choice=choice)).calls
    assert not Mind().answer(said("x", tool_choice="required")).calls


@pytest.mark.parametrize("fail", ["server_error", "rate_limit", "cut", "silent", "garbage"])
def test_failures_are_passed_on(fail):
    mind = Mind([ModelRule("x", speak="partly", fail=fail)])
    assert mind.answer(said("x")) == Answer(("partly",), fail=fail)


def test_blank_lines_make_items():
    assert items_of("One moment.\n\nHere it\nis.\n \n\nDone.") == (
        "One moment.",
        "Here it is.",
        "Done.",
    )
    assert items_of("") == ()


RULES = st.builds(
    ModelRule,
    when=st.sampled_from(["a", "b", "anything", "silence"]),
    speak=st.sampled_from(["one", "two"]),
    tool=st.sampled_from([None, LOOK_UP]),
    then=st.sampled_from(["", "then"]),
    repeat=st.booleans(),
)
SITUATIONS = st.builds(
    Situation,
    heard=st.sampled_from([None, "", "a", "b", "c", UNINTELLIGIBLE]),
    instructions=st.sampled_from(["", 'Say exactly: "x"', "Apologise."]),
    has_tool_results=st.booleans(),
    tools=st.sampled_from([{}, TOOLS]),
    tool_choice=st.sampled_from(["auto", "none", "required"]),
)


@given(st.lists(RULES, max_size=4), st.lists(SITUATIONS, max_size=6))
def test_there_is_always_an_answer_and_always_the_same(rules, situations):
    first, second = Mind(rules), Mind(rules)
    for situation in situations:
        answer = first.answer(situation)
        assert answer == second.answer(situation)
        assert answer.speeches or answer.calls
        assert all(call.name in situation.tools for call in answer.calls)
        if situation.tool_choice == "none":
            assert not answer.calls


def test_an_answer_that_failed_is_asked_for_again_about_the_same_words():
    mind = Mind([ModelRule("anything", fail="server_error", repeat=True)])
    assert mind.answer(Situation(heard="Yes.")).fail == "server_error"
    assert mind.answer(Situation()).fail == "server_error"
    apology = mind.answer(Situation(instructions='Say exactly: "I am sorry."'))
    assert apology.speeches == ("I am sorry.",)


def test_a_second_try_uses_the_next_rule():
    mind = Mind(
        [ModelRule("hello", fail="server_error"), ModelRule("hello", speak="Hello to you.")]
    )
    assert mind.answer(Situation(heard="hello")).fail == "server_error"
    assert mind.answer(Situation()).speeches == ("Hello to you.",)
    assert mind.answer(Situation()).speeches == ("Are you still there?",)
