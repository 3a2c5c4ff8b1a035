"""The conversation as a language model reads it."""

from __future__ import annotations

import pytest

from topcalls.core.dialogue import Dialogue, FunctionCall, Message, SpokenWords

pytestmark = pytest.mark.unit


def words(*parts: tuple[int, str]) -> SpokenWords:
    spoken = SpokenWords()
    for at_ms, text in parts:
        spoken.add(at_ms, text)
    return spoken


def test_only_what_was_heard_stays() -> None:
    dialogue = Dialogue()
    dialogue.add("user", "Tell me", "u1")
    dialogue.reply("a1", words((0, "One two"), (1000, "three four"), (2000, "five six")))
    assert dialogue.messages("Be kind.")[-1].text == "One two three four five six"
    dialogue.truncate("a1", 1600, 3000)
    assert dialogue.messages("Be kind.") == [
        Message("system", "Be kind."),
        Message("user", "Tell me"),
        Message("assistant", "One two three"),
    ]


def test_a_reply_may_be_cut_once_more() -> None:
    dialogue = Dialogue()
    dialogue.reply("a1", words((0, "One two"), (1000, "three four"), (2000, "five six")))
    dialogue.truncate("a1", 2000, 3000)
    assert dialogue.messages("")[-1].text == "One two three four"
    dialogue.truncate("a1", 1000, 2000)
    assert dialogue.messages("")[-1].text == "One two"


@pytest.mark.parametrize(
    ("played", "heard"),
    [(0, ""), (400, "One"), (1000, "One two"), (1001, "One two"), (3000, "One two three four")],
)
def test_words_heard_by_milliseconds(played: int, heard: str) -> None:
    assert words((0, "One two"), (1000, "three four")).heard(played, 2000) == heard


def test_a_reply_of_which_nothing_was_heard_is_gone() -> None:
    dialogue = Dialogue()
    dialogue.add("user", "Hello", "u1")
    dialogue.reply("a1", words((0, "Good morning")))
    dialogue.truncate("a1", 0, 900)
    assert [message.role for message in dialogue.messages("")] == ["user"]
    dialogue.delete("u1")
    assert dialogue.messages("") == []


def test_a_call_is_shown_with_its_result_or_not_at_all() -> None:
    dialogue = Dialogue()
    calls = (FunctionCall("c1", "look_up", "{}"), FunctionCall("c2", "look_up", "{}"))
    dialogue.add("user", "Where is it?")
    dialogue.call(calls)
    assert [message.role for message in dialogue.messages("")] == ["user"]
    dialogue.output("c2", "here")
    dialogue.output("nobody's", "lost")
    assert dialogue.messages("")[1:] == [
        Message("assistant", "", (calls[1],)),
        Message("tool", "here", answers="c2"),
    ]
    assert dialogue.has_news


def test_speakers_alternate() -> None:
    dialogue = Dialogue()
    for text in ("Wait", "Another thing"):
        dialogue.add("user", text)
    dialogue.add("assistant", "Yes?")
    assert [message.text for message in dialogue.messages("")] == ["Wait Another thing", "Yes?"]


def test_news_is_what_came_after_the_agents_last_words() -> None:
    dialogue = Dialogue()
    assert dialogue.has_news
    dialogue.reply("a1", words((0, "Hello")))
    assert not dialogue.has_news
    dialogue.add("user", "Hi", "u1")
    assert dialogue.has_news
    dialogue.delete("u1")
    assert not dialogue.has_news


def test_what_is_known_this_once_does_not_stay() -> None:
    dialogue = Dialogue()
    dialogue.add("user", "Hello")
    dialogue.messages("", Message("user", "and goodbye"))
    assert [message.text for message in dialogue.messages("")] == ["Hello"]
