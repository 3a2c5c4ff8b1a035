"""Where two conversations part: every rule, and every pair of what an exchange can be."""

import itertools
import json

import pytest

from topcalls.core import notes
from topcalls.core.replay_fork import (
    ALIKE,
    Exchange,
    Likeness,
    Reason,
    Used,
    alike,
    compare,
    exchanges_of,
    likeness_of,
    words_of,
)
from topcalls.core.tools import ToolRecord, ToolStatus
from topcalls.core.transcript import Turn

pytestmark = pytest.mark.unit
SAME, REWORDED, OTHER = Likeness.SAME, Likeness.REWORDED, Likeness.OTHER


def said(text, **more):
    return Exchange("Hello?", text, **more)


def tool(name="book", status="succeeded", error=None, **arguments):
    return Used(name, json.dumps(arguments), status, error)


@pytest.mark.parametrize(
    ("then", "now", "likeness", "reasons"),
    [
        ("See you on Tuesday.", "see you, on TUESDAY", SAME, []),
        ("It’s fine.", "It's fine.", SAME, []),
        ("", "", SAME, []),
        ("", "Hello?", OTHER, [Reason.SPEAKS]),
        ("Hello?", "", OTHER, [Reason.SILENT]),
        ("Does Thursday at two suit you?", "Would Thursday at two suit you?", REWORDED, []),
        ("Does room 2 suit you?", "Does room 3 suit you?", OTHER, [Reason.FIGURES]),
        ("Thursday at two suits you.", "Thursday at two suits you?", SAME, []),
        ("You can come on Thursday then.", "Can you come on Thursday?", OTHER, [Reason.QUESTION]),
        ("I am sorry to hear that.", "We open at nine.", OTHER, [Reason.WORDS]),
        ("木曜日の二時", "木曜日の二時です", REWORDED, []),
    ],
)
def test_words_are_compared(then, now, likeness, reasons):
    assert likeness_of(said(then), said(now)) == (likeness, tuple(reasons))


def test_of_an_answer_that_was_cut_off_only_what_was_heard_of_both_counts():
    whole = "Thank you. I am calling about Tuesday at 10."
    for cut in ("Thank you. I am", "Thank"):
        assert likeness_of(said(whole), said(cut, interrupted=True))[0] is SAME
        assert likeness_of(said(cut, interrupted=True), said(whole))[0] is SAME
    assert likeness_of(said(whole), said("No, never", interrupted=True))[0] is OTHER


def test_calls_of_tools_are_the_same_or_they_are_not():
    one, other = tool(day="thursday"), tool(day="friday")
    assert likeness_of(said("Yes.", tools=(one,)), said("Yes.", tools=(one,)))[0] is SAME
    for then, now in (((one,), (other,)), ((one,), ()), ((), (one,)), ((one, other), (other, one))):
        found = likeness_of(said("Yes.", tools=then), said("Yes.", tools=now))
        assert found == (OTHER, (Reason.TOOLS,))
    failed = tool(day="thursday", status="failed", error="not_in_cassette")
    assert likeness_of(said("Yes.", tools=(one,)), said("Yes.", tools=(failed,)))[0] is SAME


def test_an_end_is_a_difference():
    assert likeness_of(said("Bye."), said("Bye.", ends=True)) == (OTHER, (Reason.ENDED,))
    assert likeness_of(said("Bye.", ends=True), said("Bye.")) == (OTHER, (Reason.GOES_ON,))
    assert likeness_of(said("Bye."), None) == (OTHER, (Reason.ENDED,))
    assert likeness_of(None, said("Bye.")) == (OTHER, (Reason.GOES_ON,))


KINDS = {
    "same": (said("Yes."), said("yes")),
    "reworded": (said("Does Thursday suit you?"), said("Would Thursday suit you?")),
    "other": (said("Yes."), said("No, never again.")),
    "gone": (said("Yes."), None),
    "new": (None, said("Yes.")),
}


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("kinds", list(itertools.product(KINDS, repeat=3)))
def test_the_fork_is_the_first_that_is_another_one(kinds, exact):
    pairs = [KINDS[kind] for kind in kinds]
    found = compare([one for one, _ in pairs], [other for _, other in pairs], exact=exact)
    parting = {"other", "gone", "new"} | ({"reworded"} if exact else set())
    forks = [number for number, kind in enumerate(kinds) if kind in parting]
    assert found.fork == (forks[0] if forks else None)
    for one in found.exchanges:
        assert one.after_fork == (bool(forks) and one.number > forks[0])


def test_two_conversations_without_anything_do_not_fork():
    assert compare([], []).fork is None


def test_alike_is_from_nothing_in_common_to_everything():
    assert alike(words_of("a b c"), words_of("c b a")) == 1.0
    assert alike(words_of("a b"), words_of("c d")) == 0.0
    assert alike([], []) == 1.0
    assert alike(words_of("a b c"), words_of("a b d")) == pytest.approx(2 / 3)
    assert ALIKE < 2 / 3


# --- exchanges


def turn(seq, speaker, text, start, end, **more):
    return Turn(seq, speaker, text, start, end, **more)


def used(name, at, arguments="{}"):
    return ToolRecord(name, name, False, arguments, at, ToolStatus.SUCCEEDED)


def test_a_conversation_is_cut_where_the_caller_begins():
    turns = [
        turn(1, "assistant", "Hi, this is Rachel.", 0, 1500),
        turn(2, "user", "Hello.", 1850, 2500),
        turn(3, "user", notes.OPTED_OUT, 2500, 2500),
        turn(4, "assistant", "Does Tuesday suit you?", 3300, 4800, interrupted=True),
        turn(5, "user", "No.", 4700, 5200),
        turn(6, "assistant", "Goodbye.", 5900, 6500),
    ]
    tools = [used("end_call", 5950), used("look", 3200, '{"b": 1.0, "a": 2}')]
    first, second, third = exchanges_of(turns, tools, [2000, 4720], agent_ended=True)
    assert (first.caller, first.agent, first.wait_ms, first.ends) == (
        "",
        "Hi, this is Rachel.",
        None,
        False,
    )
    assert (second.caller, second.agent, second.wait_ms) == (
        "Hello.",
        "Does Tuesday suit you?",
        800,
    )
    assert second.interrupted
    assert second.tools == (Used("look", '{"a": 2, "b": 1}', "succeeded"),)
    assert (third.caller, third.agent, third.ends) == ("No.", "Goodbye.", True)
    assert [one.name for one in third.tools] == ["end_call"]


def test_without_a_word_of_the_caller_there_is_one_exchange():
    (only,) = exchanges_of([turn(1, "assistant", "Hello?", 0, 900)], [], [], agent_ended=False)
    assert (only.agent, only.ends) == ("Hello?", False)


def test_an_agent_that_asks_for_the_end_has_ended_the_call():
    (only,) = exchanges_of([], [used("end_call", 5)], [], agent_ended=False)
    assert only.ends


def test_arguments_that_are_no_json_are_compared_as_they_are():
    (only,) = exchanges_of([], [used("look", 0, "{")], [], agent_ended=False)
    assert only.tools[0].arguments == "{"
