"""Beginning and end of a conversation, silence, keys, commands; and nothing stays behind."""

from __future__ import annotations

import gc
from dataclasses import replace
from functools import partial
from typing import Any

import gevent
import pytest
from bridge_doubles import CONFIG, LIMIT, Loudspeaker, Talk, configured

from topcalls.bridge import prompt
from topcalls.bridge.config import Limits
from topcalls.bridge.opening import OpeningPlan
from topcalls.bridge.session import MOST_FAULTS
from topcalls.core.token_usage import TokenUsage
from topcalls.core.turn_rules import TurnRules
from topcalls.providers.base import (
    CallerTranscript,
    CallerTranscriptFailed,
    FirstToken,
    ProviderClosed,
    Spent,
    StageReplaced,
    ToolCall,
)

COMMIT_AFTER = (TurnRules().wordless_ms + TurnRules().hangover_ms) / 1000
OPENING = configured(opening=OpeningPlan("Hi, this is Rachel."))
QUIET = configured(silence_timeout=10.0)


def in_talk(config: Any = CONFIG) -> Talk:
    return Talk(config).ring().answer()


def speaking(config: Any = CONFIG) -> Talk:
    """The agent has been heard for one second of three."""
    talk = in_talk(config)
    talk.caller_says("Who is there?")
    talk.session.respond("one two three", 3.0)
    talk.settle()
    talk.advance(1.0)
    talk.calls.clear()
    return talk


# --- the end


def test_a_stop_is_reported_once_whatever_comes_after_it() -> None:
    talk = in_talk()
    talk.bridge.stop("hangup")
    talk.bridge.stop("again")
    talk.bridge.dtmf("1")
    talk.dictate("Hello")
    talk.answer()
    talk.end("and again")
    assert talk.observer.ends == [("hangup", "")]


def test_a_bridge_that_was_never_started_still_ends() -> None:
    talk = Talk()
    talk.bridge.stop("cancelled")
    assert talk.observer.over.wait(LIMIT)
    assert talk.model.sessions == []
    talk.is_gone()


def test_a_hang_up_while_the_session_opens_leaves_no_session() -> None:
    talk = Talk()
    talk.model.gate.clear()
    talk.bridge.start()
    assert talk.model.opening.wait(LIMIT)
    talk.bridge.stop("hangup")
    assert talk.observer.over.wait(LIMIT)
    assert talk.model.gave_up.wait(LIMIT)
    talk.is_gone()


def test_a_hang_up_at_the_moment_the_session_opens_closes_it() -> None:
    talk = Talk()
    talk.bridge.start()
    talk.bridge.stop("hangup")
    assert talk.observer.over.wait(LIMIT)
    gevent.idle()
    talk.is_gone()


def test_a_killed_bridge_tells_its_end_too() -> None:
    talk = in_talk()
    talk.bridge._greenlet.kill()
    assert talk.observer.ends == [("killed", "")]
    talk.is_gone()


def test_a_hang_up_in_mid_sentence_keeps_what_was_heard() -> None:
    talk = speaking()
    talk.end()
    cut = talk.observer.turns[-1]
    assert (cut.text, cut.interrupted) == ("one", True)
    assert talk.loudspeaker.log == ["clear"]


def test_a_hang_up_whose_playback_is_closed_already_keeps_what_was_heard() -> None:
    talk = speaking()
    talk.loudspeaker.queue.clear()
    talk.end()
    assert talk.observer.turns[-1].text == "one"


def test_the_last_words_of_the_caller_are_waited_for() -> None:
    talk = in_talk()
    item = talk.start_speech()
    talk.advance(1.0)
    talk.stop_speech(item)
    talk.bridge.stop("hangup")
    talk.advance(0.5)
    assert talk.observer.ends == []
    talk.tell(CallerTranscript(item, "Goodbye."))
    assert talk.observer.ends == [("hangup", "")]
    assert talk.observer.texts() == [("user", "Goodbye.")]
    talk.is_gone()


def test_a_caller_who_hangs_up_while_speaking_is_heard_to_the_end() -> None:
    talk = in_talk()
    item = talk.start_speech()
    talk.advance(1.0)
    before = talk.sent_ms
    talk.bridge.stop("hangup")
    talk.settle()
    assert talk.sent_ms - before >= 500  # the silence that ends the speech
    talk.stop_speech(item)
    talk.tell(CallerTranscriptFailed(item))
    assert talk.observer.ends == [("hangup", "")]
    talk.is_gone()


def test_words_that_never_come_do_not_hold_up_the_end() -> None:
    talk = in_talk()
    talk.stop_speech(talk.start_speech())
    talk.bridge.stop("hangup")
    talk.advance(Limits().linger + 0.1)
    assert talk.observer.ends == [("hangup", "")]
    talk.is_gone()


def test_a_session_lost_while_the_last_words_are_awaited() -> None:
    talk = in_talk()
    talk.stop_speech(talk.start_speech())
    talk.bridge.stop("hangup")
    talk.tell(ProviderClosed(1006))
    assert talk.observer.ends == [("hangup", "")]
    talk.is_gone()


def test_nothing_is_said_or_started_while_the_last_words_are_awaited() -> None:
    talk = speaking()
    response = "resp-late"
    talk.stop_speech(talk.start_speech())
    talk.bridge.stop("hangup")
    talk.settle()
    talk.calls.clear()
    talk.tell(ToolCall(response, "c", "look_up", "{}"))
    talk.tell(CallerTranscript("caller-9", "And another thing."))
    assert [call for call in talk.calls if call[0] in ("respond", "speak")] == []
    talk.advance(2.0)
    talk.is_gone()


def test_audio_after_the_end_is_nobodys() -> None:
    talk = in_talk()
    talk.end()
    before = len(talk.session.audio)
    talk.line.on_audio(b"\0" * 640)
    talk.line.on_closed(1006, "")
    talk.loudspeaker.on_started("x", 0.0)
    assert len(talk.session.audio) == before


def test_a_finished_bridge_can_be_collected() -> None:
    before = len(greenlets())
    for _ in range(3):
        talk = speaking()
        talk.bridge.dtmf("1")
        talk.end()
    del talk
    gevent.idle()
    gc.collect()
    assert len(greenlets()) <= before


def greenlets() -> list[Any]:
    found = [item for item in gc.get_objects() if isinstance(item, gevent.Greenlet)]
    return [item for item in found if not item.dead]


# --- faults of our own


def test_one_bad_fact_costs_only_itself() -> None:
    talk = in_talk()
    talk.bridge._mailbox.put(bad)
    talk.faults = 1
    talk.caller_says("Hello?")
    assert talk.calls == [("respond",)]
    talk.end()


def test_a_bridge_that_keeps_failing_ends() -> None:
    talk = in_talk()
    for _ in range(MOST_FAULTS):
        talk.bridge._mailbox.put(bad)
    assert talk.observer.over.wait(LIMIT)
    assert talk.observer.ends == [("internal_error", "ZeroDivisionError")]
    talk.faults = MOST_FAULTS
    talk.is_gone()


def bad() -> None:
    raise ZeroDivisionError


# --- the line


def test_a_torn_stream_may_come_back() -> None:
    talk = in_talk()
    talk.line.on_closed(1006, "cut")
    talk.advance(Limits().media - 0.5)
    talk.answer()
    talk.advance(Limits().media)
    assert talk.observer.ends == []
    talk.end()


def test_a_stream_that_does_not_come_back_ends_the_call() -> None:
    talk = in_talk()
    talk.line.on_closed(1006, "cut")
    talk.advance(Limits().media + 0.1)
    assert talk.observer.ends == [("media_lost", "")]
    talk.is_gone()


def test_caller_audio_reaches_the_model_and_gaps_are_silence() -> None:
    talk = in_talk()
    talk.line.on_audio(b"\0\x10" * 320)
    assert len(talk.session.audio) == 320
    talk.advance(1.0)
    assert talk.sent_ms == pytest.approx(1040, abs=200)
    assert talk.session.audio.endswith(b"\xff" * 1600)
    talk.end()


# --- silence


def test_a_silent_caller_is_asked_once_and_then_left() -> None:
    talk = in_talk(QUIET)
    talk.advance(9.9)
    assert talk.calls == []
    talk.advance(0.2)
    assert talk.calls == [("speak", prompt.STILL_THERE, False)]
    talk.session.respond("Are you still there?", 1.0)
    talk.advance(11.2)
    assert talk.calls[-1] == ("speak", prompt.SILENT_GOODBYE, False)
    talk.session.respond("Goodbye.", 1.0)
    talk.advance(1.5)
    assert talk.observer.ends == [("silence", "")]
    talk.is_gone()


def test_silence_is_counted_from_the_last_word() -> None:
    talk = speaking(QUIET)
    talk.advance(11.5)
    assert talk.calls == []
    talk.advance(1.0)
    assert talk.calls == [("speak", prompt.STILL_THERE, False)]
    talk.end()


def test_a_caller_who_answers_starts_the_count_anew() -> None:
    talk = in_talk(QUIET)
    talk.advance(10.1)
    talk.session.respond("Are you still there?", 1.0)
    talk.advance(1.5)
    talk.caller_says("Yes, sorry.")
    talk.session.respond("No problem.", 1.0)
    talk.settle()
    talk.advance(10.9)
    assert talk.calls.count(("speak", prompt.STILL_THERE, False)) == 1
    talk.advance(0.3)
    assert talk.calls.count(("speak", prompt.STILL_THERE, False)) == 2
    talk.end()


def test_a_caller_who_speaks_into_the_last_goodbye_is_answered() -> None:
    talk = in_talk(QUIET)
    talk.advance(10.1)
    talk.session.respond("Are you still there?", 1.0)
    talk.advance(11.2)
    talk.session.respond("I can not hear you, goodbye.", 3.0)
    talk.advance(0.5)
    talk.caller_says("Hello, I am here!")
    talk.advance(1.0)
    assert talk.observer.ends == []
    assert talk.calls[-1] == ("respond",)
    talk.end()


def test_a_ringing_phone_is_not_silence() -> None:
    talk = Talk(replace(OPENING, silence_timeout=10.0)).ring()
    talk.session.respond("Hi, this is Rachel.", 1.0)
    talk.advance(40.0)
    assert len(talk.calls) == 1
    talk.end()


# --- keys and commands


def test_keys_are_gathered_until_a_pause() -> None:
    talk = in_talk()
    for digit in "12":
        talk.bridge.dtmf(digit)
        talk.advance(1.0)
    assert talk.calls == []
    talk.advance(0.6)
    assert talk.calls == [("message", "system", prompt.keys_message("12")), ("respond",)]
    talk.end()


def test_a_hash_completes_the_entry() -> None:
    talk = in_talk()
    for digit in "12#x":
        talk.bridge.dtmf(digit)
    talk.settle()
    assert talk.calls == [("message", "system", prompt.keys_message("12#")), ("respond",)]
    talk.advance(3.0)
    assert len(talk.calls) == 2
    talk.end()


def test_keys_interrupt_the_agent() -> None:
    talk = speaking()
    talk.bridge.dtmf("1")
    talk.bridge.dtmf("#")
    talk.settle()
    assert [call[0] for call in talk.calls] == ["message", "cancel", "truncate", "respond"]
    talk.end()


def test_an_endless_entry_is_cut_into_pieces() -> None:
    talk = in_talk()
    for _ in range(70):
        talk.bridge.dtmf("7")
    talk.settle()
    assert ("message", "system", prompt.keys_message("7" * 64)) in talk.calls
    talk.end()


def test_words_from_outside_are_said_and_may_be_interrupted() -> None:
    talk = in_talk()
    talk.dictate("The doctor is on the way.")
    assert talk.calls == [("speak", "The doctor is on the way.", True)]
    talk.session.respond("The doctor is on the way.", 3.0)
    talk.settle()
    talk.advance(0.5)
    talk.start_speech()
    assert talk.loudspeaker.paused
    talk.end()


def test_a_notice_that_must_be_heard_is_heard() -> None:
    talk = in_talk()
    talk.dictate("This call is recorded.", interruptible=False)
    talk.session.respond("This call is recorded.", 3.0)
    talk.settle()
    talk.advance(0.5)
    talk.caller_says("I do not want to hear that!", 2.0)
    assert talk.loudspeaker.log == []
    talk.advance(1.0)
    assert talk.calls[-1] == ("respond",)
    talk.end()


def test_the_model_can_be_told_something_quietly_or_aloud() -> None:
    talk = in_talk()
    talk.bridge.inject("The order was sent.")
    talk.settle()
    assert talk.calls == [("message", "system", prompt.note_message("The order was sent."))]
    talk.bridge.inject("It arrives today.", respond=True)
    talk.settle()
    assert talk.calls[-1] == ("respond",)
    talk.end()


def test_playback_may_be_replaced_by_nothing_worse_than_silence() -> None:
    talk = Talk(OPENING).ring()
    assert isinstance(talk.loudspeaker, Loudspeaker)
    talk.session.respond("Hi, this is Rachel.", 1.0)
    talk.end("no answer")
    assert talk.loudspeaker.said == {}
    assert talk.observer.turns == []


def test_what_is_spent_and_what_was_replaced_counts_before_a_session_is_used() -> None:
    talk = Talk().ring()
    spare = partial(talk.bridge._conversation._parts.link._post, 99)
    wasted = TokenUsage(wasted_tokens=5)
    for event in (Spent(wasted), StageReplaced("recognizer"), FirstToken("late")):
        spare(event)
    talk.settle()
    assert talk.observer.used == [("model", wasted)]
    assert talk.observer.replaced == ["recognizer"]
    talk.end()
