"""Keys in a conversation: those of the caller, by whatever way they come, and ours."""

from __future__ import annotations

import json
from typing import Any

import pytest
from bridge_doubles import CONFIG, Audio, Talk, configured

from topcalls.audio import dtmf, g711
from topcalls.bridge import prompt
from topcalls.providers.base import ToolCall

PIECE = 640


def in_talk(config: Any = CONFIG, *, keys_in_band: bool = False) -> Talk:
    """The caller has spoken and was answered; the line is quiet."""
    talk = Talk(config).ring()
    talk.bridge.attach(Audio(talk.line, talk.loudspeaker, keys_in_band=keys_in_band))
    talk.settle()
    talk.caller_says("Hello?")
    talk.session.respond("Hello.", 1.0)
    talk.advance(1.5)
    talk.calls.clear()
    return talk


def press_tones(talk: Talk, keys: str) -> bytes:
    """The caller's audio with tones in it; returns what the model hears of that."""
    before = len(talk.session.audio)
    audio = b"".join(dtmf.tone(key, 100) + bytes(1600) for key in keys) + bytes(1600)
    audio += bytes(-len(audio) % PIECE)
    for at in range(0, len(audio), PIECE):
        talk.line.on_audio(audio[at : at + PIECE])
        talk.clock.advance(0.04)
    talk.settle()
    return g711.decode(bytes(talk.session.audio[before:]), "PCMU")


def loud_ms(l16: bytes) -> float:
    samples = memoryview(l16).cast("h")
    return sum(abs(value) > 500 for value in samples) / 8


def messages(talk: Talk) -> list[str]:
    return [call[2] for call in talk.calls if call[0] == "message"]


# --- the caller's


def test_keys_stand_in_the_transcript_as_asterisks() -> None:
    talk = in_talk()
    for key in "12#":
        talk.bridge.dtmf(key)
    talk.settle()
    assert messages(talk) == [prompt.keys_message("12#")]
    assert talk.observer.texts()[-1] == ("user", "[pressed ***]")
    assert all("12#" not in turn.text + turn.masked for turn in talk.observer.turns)
    talk.end()


def test_they_stand_there_as_they_are_where_that_was_asked_for() -> None:
    talk = in_talk(configured(show_keys=True))
    talk.bridge.dtmf("7")
    talk.bridge.dtmf("#")
    talk.settle()
    assert talk.observer.texts()[-1] == ("user", "[pressed 7#]")
    talk.end()


def test_tones_are_keys_where_the_line_has_no_others() -> None:
    talk = in_talk(keys_in_band=True)
    left = press_tones(talk, "47#")
    assert messages(talk) == [prompt.keys_message("47#")]
    assert loud_ms(left) <= 3 * 20
    talk.end()


def test_where_the_switch_tells_tones_are_leaks() -> None:
    talk = in_talk()
    left = press_tones(talk, "47#")
    assert messages(talk) == []
    assert loud_ms(left) <= 3 * 40
    talk.end()


def test_once_the_switch_has_told_a_key_leaks_are_looked_for_closely() -> None:
    talk = in_talk()
    talk.bridge.dtmf("4")
    talk.settle()
    left = press_tones(talk, "47#")
    assert loud_ms(left) <= 3 * 20
    talk.bridge.dtmf("7")
    talk.bridge.dtmf("#")
    talk.settle()
    assert messages(talk) == [prompt.keys_message("47#")]
    talk.end()


def test_a_key_that_is_found_and_told_is_one() -> None:
    talk = in_talk(configured(in_band_keys="always"))
    press_tones(talk, "5")
    talk.bridge.dtmf("5")
    talk.settle()
    press_tones(talk, "6")
    talk.bridge.dtmf("6")
    talk.bridge.dtmf("#")
    talk.settle()
    assert messages(talk) == [prompt.keys_message("56#")]
    talk.end()


def test_keys_that_are_told_late_do_not_count_twice() -> None:
    talk = in_talk(configured(in_band_keys="always"))
    press_tones(talk, "12")
    for key in "12":
        talk.bridge.dtmf(key)
    talk.bridge.dtmf("#")
    talk.settle()
    assert messages(talk) == [prompt.keys_message("12#")]
    talk.end()


def test_the_search_can_be_forbidden() -> None:
    talk = in_talk(configured(in_band_keys="never"), keys_in_band=True)
    talk.bridge.dtmf("4")
    talk.settle()
    assert loud_ms(press_tones(talk, "47#")) > 200
    talk.advance(2.0)
    assert messages(talk) == [prompt.keys_message("4")]
    talk.end()


def test_an_echo_of_our_own_tones_is_nobody_pressing_keys() -> None:
    talk = in_talk(keys_in_band=True)
    talk.bridge.press("47")
    talk.settle()
    press_tones(talk, "4")
    talk.advance(5.0)
    assert messages(talk) == [prompt.keys_sent_message("47")]
    press_tones(talk, "4#")
    assert messages(talk)[-1] == prompt.keys_message("4#")
    talk.end()


# --- ours


def wanting(talk: Talk, arguments: Any) -> list[Any]:
    """The model presses keys; returns the tool's outputs."""
    talk.caller_says("Press one.")
    talk.session.call("send_dtmf", json.dumps(arguments))
    talk.settle()
    return [json.loads(call[2]) for call in talk.calls if call[0] == "output"]


def test_the_model_presses_keys_and_then_listens() -> None:
    talk = in_talk()
    assert wanting(talk, {"digits": "1w2#", "pause_ms": 500}) == [{"status": "pressed"}]
    assert talk.observer.keys == ["1w2w#"]
    assert talk.observer.texts()[-1] == ("assistant", "[pressed ***]")
    talk.advance(1.0)
    assert talk.calls[-1][0] == "output"
    talk.caller_says("You have chosen one.")
    assert talk.calls[-1] == ("respond",)
    talk.end()


@pytest.mark.parametrize("arguments", [{}, {"digits": "hello"}, {"digits": "1", "pause_ms": "x"}])
def test_wrong_keys_are_told_to_the_model_who_may_try_again(arguments: Any) -> None:
    talk = in_talk()
    assert "error" in wanting(talk, arguments)[0]
    assert talk.observer.keys == []
    assert talk.calls[-1] == ("respond",)
    talk.end()


def test_a_call_has_only_the_tools_it_is_allowed() -> None:
    talk = in_talk(configured(builtin_tools=("end_call",)))
    assert wanting(talk, {"digits": "1"}) == [{"error": "There is no tool of this name."}]
    assert talk.observer.keys == []
    talk.end()


def test_a_call_that_was_cut_off_presses_nothing() -> None:
    talk = in_talk()
    talk.caller_says("Press one.")
    response = talk.session.begin()
    talk.tell(ToolCall(response, "a", "send_dtmf", '{"digits": "1', complete=False))
    assert talk.observer.keys == []
    talk.session.end(response)
    talk.settle()
    talk.end()


def test_a_user_presses_keys() -> None:
    talk = in_talk()
    talk.bridge.press("12#")
    talk.settle()
    assert talk.observer.keys == ["12#"]
    assert messages(talk) == [prompt.keys_sent_message("12#")]
    assert talk.observer.texts()[-1] == ("assistant", "[pressed ***]")
    talk.end()


def test_nothing_is_pressed_before_the_answer_or_after_the_end() -> None:
    talk = Talk(CONFIG).ring()
    talk.bridge.press("1")
    talk.settle()
    assert talk.observer.keys == []
    talk.answer()
    talk.caller_says("Bye.")
    talk.start_speech()
    talk.bridge.stop("hangup")
    talk.settle()
    talk.bridge.press("2")
    talk.end()
    assert talk.observer.keys == []


def test_a_new_session_knows_the_keys() -> None:
    talk = in_talk()
    talk.bridge.press("12#")
    talk.settle()
    shown = talk.bridge._conversation._parts.transcript.turns()[-1]
    assert (shown.speaker, shown.text) == ("assistant", "[pressed 12#]")
    talk.end()
