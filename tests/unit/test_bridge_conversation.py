"""A whole conversation, turn by turn: opening, answers, interruptions at every stage."""

from __future__ import annotations

import pytest
from bridge_doubles import CONFIG, Audio, Talk, configured

from topcalls.bridge.config import ConversationConfig
from topcalls.bridge.opening import OpeningPlan
from topcalls.core.instructions import GREET
from topcalls.core.transcript import Turn
from topcalls.core.turn_rules import TurnRules
from topcalls.providers.base import (
    AgentTextDelta,
    AgentTextDone,
    AudioDelta,
    AudioDone,
    CallerTextDelta,
    CallerTranscript,
    CallerTranscriptFailed,
    ResponseStarted,
    SpeechStopped,
)

RACHEL = "Hi, this is Rachel."
OPENING = configured(opening=OpeningPlan(RACHEL))
COMMIT_AFTER = (TurnRules().wordless_ms + TurnRules().hangover_ms) / 1000


def in_talk(config: ConversationConfig = CONFIG) -> Talk:
    """Answered; nobody speaks."""
    return Talk(config).ring().answer()


def while_agent_speaks(seconds: float = 4.0) -> Talk:
    """The agent has been answering a turn for one second."""
    talk = in_talk()
    talk.caller_says("Who is there?")
    talk.session.respond("one two three four five six seven eight", seconds)
    talk.advance(1.02)
    talk.calls.clear()
    return talk


# --- the opening


def test_the_first_sentence_is_asked_for_while_it_rings() -> None:
    talk = Talk(OPENING).ring()
    assert talk.calls == [("speak", RACHEL, True)]
    talk.end()


def test_a_prepared_first_sentence_is_heard_the_moment_the_call_is_answered() -> None:
    talk = Talk(OPENING).ring()
    talk.session.respond(RACHEL, 1.0)
    talk.advance(12.0)
    assert talk.loudspeaker.said == {}
    talk.answer()
    talk.advance(1.1)
    assert talk.observer.turns == [Turn(1, "assistant", RACHEL, 20, 1000)]
    timing = talk.observer.timings[0]
    assert (timing.endpointing_ms, timing.provider_ms, timing.gateway_ms) == (0, 0, 20)
    talk.end()


def test_a_first_sentence_still_being_made_is_heard_as_it_comes() -> None:
    talk = Talk(OPENING).ring().answer()
    response = talk.session.begin()
    talk.session.say(response, RACHEL, 0.5, done=False)
    talk.advance(0.1)
    assert talk.loudspeaker.said["item-1"].played > 0
    talk.end()


def test_a_hello_before_the_first_sentence_does_not_displace_it() -> None:
    talk = Talk(OPENING).ring().answer()
    talk.caller_says("Hello, this is John speaking.")
    talk.session.respond(RACHEL, 1.0)
    talk.advance(1.2)
    assert talk.calls == [("speak", RACHEL, True)]
    assert talk.observer.texts()[-1] == ("assistant", RACHEL)
    talk.end()


def test_a_call_answered_before_the_model_is_ready() -> None:
    talk = Talk(OPENING)
    talk.model.gate.clear()
    talk.bridge.start()
    talk.answer()
    talk.model.gate.set()
    assert talk.observer.is_ready.wait(5)
    talk.settle()
    talk.session.respond(RACHEL, 1.0)
    talk.advance(1.2)
    assert talk.observer.texts() == [("assistant", RACHEL)]
    talk.end()


def test_a_protected_first_sentence_is_not_interrupted() -> None:
    talk = Talk(configured(opening=OpeningPlan(RACHEL, protected=True))).ring()
    talk.session.respond(RACHEL, 3.0)
    talk.answer()
    talk.advance(0.5)
    talk.caller_says("Hello, who is this please?", 1.2)
    assert talk.loudspeaker.log == []
    assert talk.calls == [("speak", RACHEL, True)]
    talk.advance(1.5)
    assert talk.calls[-1] == ("respond",)  # once it has been heard
    talk.end()


def test_without_a_first_sentence_the_callee_may_speak_first() -> None:
    talk = in_talk(configured(opening=OpeningPlan(greeting_wait=2.5)))
    assert talk.calls == []
    talk.caller_says("Hello?", 0.6)
    assert talk.calls == [("respond",)]
    talk.advance(5.0)
    assert talk.calls == [("respond",)]
    talk.end()


def test_a_callee_who_says_nothing_is_greeted() -> None:
    talk = in_talk(configured(opening=OpeningPlan(greeting_wait=2.5)))
    talk.advance(2.4)
    assert talk.calls == []
    talk.advance(0.2)
    assert talk.calls == [("speak", GREET, False)]
    talk.end()


def test_an_inbound_caller_is_greeted_at_once() -> None:
    talk = in_talk(configured(opening=OpeningPlan()))
    assert talk.calls == [("speak", GREET, False)]
    talk.end()


def test_a_greeting_that_is_waited_for_releases_the_prepared_sentence() -> None:
    talk = Talk(configured(opening=OpeningPlan(RACHEL, greeting_wait=4.0))).ring()
    talk.session.respond(RACHEL, 1.0)
    talk.answer()
    talk.advance(1.0)
    assert talk.loudspeaker.said == {}
    talk.caller_says("Hello?", 0.6)
    assert talk.loudspeaker.said == {}
    talk.advance(0.3)
    assert talk.loudspeaker.said["item-1"].played > 0
    assert ("respond",) not in talk.calls
    talk.end()


def test_a_greeting_is_not_waited_for_for_ever() -> None:
    talk = Talk(configured(opening=OpeningPlan(RACHEL, greeting_wait=4.0))).ring()
    talk.session.respond(RACHEL, 1.0)
    talk.answer()
    talk.advance(4.1)
    assert talk.loudspeaker.said["item-1"].played > 0
    talk.end()


# --- turns


def test_a_turn_of_the_caller_is_answered_and_timed() -> None:
    talk = in_talk()
    talk.caller_says("Who is there?", 1.0)
    assert talk.calls == [("respond",)]
    talk.advance(0.3)
    talk.session.respond("It is me.", 1.0)
    talk.settle()
    talk.advance(1.2)
    assert talk.observer.texts() == [("user", "Who is there?"), ("assistant", "It is me.")]
    timing = talk.observer.timings[0]
    assert (timing.endpointing_ms, timing.provider_ms, timing.gateway_ms) == (500, 300, 20)
    assert timing.turn_seq == 2
    talk.end()


def test_turns_carry_the_time_they_were_spoken() -> None:
    talk = in_talk()
    talk.advance(3.0)
    talk.caller_says("Who is there?", 1.0)
    turn = talk.observer.turns[0]
    assert turn.started_ms == pytest.approx(3000, abs=250)
    assert turn.ended_ms - turn.started_ms == pytest.approx(1000, abs=250)
    talk.end()


def test_words_that_come_after_the_answer_keep_their_place() -> None:
    talk = in_talk()
    item = talk.start_speech()
    talk.advance(1.5)
    talk.stop_speech(item)
    talk.session.respond("It is me.", 0.5)
    talk.advance(1.0)
    talk.tell(CallerTranscript(item, "Who is there?"))
    assert talk.observer.texts() == [("user", "Who is there?"), ("assistant", "It is me.")]
    talk.end()


def test_a_failed_recognition_costs_only_the_words() -> None:
    talk = in_talk()
    item = talk.start_speech()
    talk.advance(1.5)
    talk.stop_speech(item)
    talk.tell(CallerTranscriptFailed(item))
    talk.session.respond("Pardon?", 0.5)
    talk.advance(1.0)
    assert talk.observer.texts() == [("assistant", "Pardon?")]
    talk.end()


def test_two_audio_items_of_one_response_play_in_order_and_are_two_turns() -> None:
    talk = in_talk()
    talk.caller_says("What is the weather?")
    response = talk.session.begin()
    first = talk.session.say(response, "Let me see.", 1.0, done=False)
    second = talk.session.say(response, "It rains.", 1.0, done=False)
    talk.session.emit(AudioDone(first))  # after the second item's first audio
    talk.session.emit(AgentTextDone(second, "It rains."))
    talk.session.emit(AgentTextDone(first, "Let me see."))
    talk.session.emit(AudioDone(second))
    talk.session.end(response)
    talk.advance(2.2)
    assert talk.observer.texts()[1:] == [("assistant", "Let me see."), ("assistant", "It rains.")]
    assert len(talk.observer.timings) == 1
    talk.end()


def test_empty_audio_is_no_audio() -> None:
    talk = in_talk()
    talk.caller_says("Hm?")
    response = talk.session.begin()
    talk.tell(AudioDelta(response, "item-x", b""))
    assert talk.loudspeaker.said == {}
    talk.end()


def test_an_empty_response_is_asked_for_once_more() -> None:
    talk = in_talk()
    talk.caller_says("Hm?")
    talk.session.end(talk.session.begin())
    talk.advance(1.0)
    assert talk.calls == [("respond",), ("respond",)]
    talk.session.respond("Pardon?", 0.5)
    talk.advance(1.0)
    assert talk.observer.texts()[-1] == ("assistant", "Pardon?")
    talk.end()


def test_the_line_of_an_a_law_call_gets_a_law() -> None:
    talk = Talk(OPENING).ring()
    response = talk.session.begin()
    talk.tell(AudioDelta(response, "item-x", b"\xff\x7f"))
    talk.bridge.attach(Audio(talk.line, talk.loudspeaker, "PCMA"))
    talk.settle()
    assert bytes(talk.loudspeaker.said["item-x"].audio) in (b"\xd5\x55", b"\xd5\xd5")
    talk.end()


# --- interruptions


def test_a_backchannel_pauses_and_resumes_and_is_forgotten() -> None:
    talk = while_agent_speaks()
    item = talk.start_speech()
    assert talk.loudspeaker.log == ["pause"]
    talk.advance(0.7)
    talk.stop_speech(item)
    assert talk.loudspeaker.log == ["pause", "resume"]
    talk.tell(CallerTranscript(item, "Mm-hm."))
    talk.advance(1.1)
    assert talk.calls == [("delete", item)]
    talk.end()


def test_a_cough_is_forgotten_and_does_not_hold_up_the_end() -> None:
    talk = while_agent_speaks()
    item = talk.start_speech()
    talk.advance(0.7)
    talk.stop_speech(item)
    talk.advance(2.1)
    assert talk.calls == [("delete", item)]
    talk.bridge.stop("hangup")
    talk.settle()
    assert talk.observer.ends == [("hangup", "")]
    talk.is_gone()


def test_lasting_speech_cuts_the_agent_off_where_it_was_heard() -> None:
    talk = while_agent_speaks()
    item = talk.start_speech()
    talk.advance(COMMIT_AFTER + 0.02)
    assert talk.loudspeaker.log == ["pause", "clear"]
    assert talk.calls == [("cancel",), ("truncate", "item-1", 1000, 4000)]
    cut = talk.observer.turns[-1]
    assert (cut.text, cut.interrupted) == ("one two", True)
    assert cut.ended_ms - cut.started_ms == 1000
    talk.advance(1.0)
    talk.stop_speech(item)
    assert talk.calls[-1] == ("respond",)
    talk.end()


def test_two_words_cut_the_agent_off_before_the_time_is_up() -> None:
    talk = while_agent_speaks()
    item = talk.start_speech()
    talk.tell(CallerTextDelta(item, "Wait "))
    assert talk.calls == []
    assert [turn.text for turn in talk.observer.growing] == ["Wait"]
    talk.tell(CallerTextDelta(item, "stop"))
    assert talk.calls[0] == ("cancel",)
    talk.end()


def test_a_short_word_that_turns_out_to_be_an_objection() -> None:
    talk = while_agent_speaks()
    item = talk.start_speech()
    talk.advance(0.7)
    talk.stop_speech(item)
    talk.tell(CallerTranscript(item, "Not interested."))
    assert talk.calls[0] == ("cancel",)
    assert talk.calls[-1] == ("respond",)
    talk.end()


def test_a_yes_into_the_last_word_is_an_answer() -> None:
    talk = while_agent_speaks(1.3)
    item = talk.start_speech()
    talk.advance(0.7)
    talk.stop_speech(item)
    talk.tell(CallerTranscript(item, "Yes."))
    talk.advance(0.4)
    assert talk.calls == [("respond",)]
    talk.end()


def test_a_caller_who_goes_on_before_the_answer_is_heard() -> None:
    talk = in_talk()
    talk.caller_says("I would like")
    talk.calls.clear()
    item = talk.start_speech()
    assert talk.calls == [("cancel",)]
    talk.advance(1.0)
    talk.stop_speech(item)
    talk.advance(0.4)  # who has paused before is given more
    assert talk.calls == [("cancel",), ("respond",)]
    assert talk.loudspeaker.said == {}
    talk.end()


def test_an_interruption_after_the_response_began_but_before_its_audio() -> None:
    talk = in_talk()
    talk.caller_says("I would like")
    response = talk.session.begin()
    talk.tell(AgentTextDelta(response, "item-x", "Sure"))
    talk.calls.clear()
    talk.start_speech()
    assert talk.calls == [("cancel",), ("delete", "item-x")]
    talk.tell(AudioDelta(response, "item-x", b"late"))
    assert talk.loudspeaker.said == {}
    talk.end()


def test_an_interruption_between_first_byte_and_first_sound() -> None:
    talk = in_talk()
    talk.caller_says("I would like")
    response = talk.session.begin()
    item = talk.session.say(response, "Sure thing", 1.0, done=False)
    talk.settle()
    talk.calls.clear()
    talk.start_speech()
    assert talk.calls == [("cancel",), ("truncate", item, 0, 1000)]
    assert talk.loudspeaker.log == ["clear"]
    talk.end()
    assert talk.observer.texts() == [("user", "I would like")]


def test_an_interruption_while_the_model_still_speaks() -> None:
    talk = in_talk()
    talk.caller_says("Tell me everything.")
    response = talk.session.begin()
    item = talk.session.say(response, "It is a long story and", 2.0, done=False)
    talk.advance(1.02)
    talk.calls.clear()
    talk.start_speech()
    talk.advance(COMMIT_AFTER + 0.02)
    talk.session.emit(AudioDelta(response, item, b"late"))
    talk.settle()
    assert talk.calls == [("cancel",), ("truncate", item, 1000, 2000)]
    assert len(talk.loudspeaker.said[item].audio) == 16000
    talk.end()


def test_of_two_items_the_first_is_cut_and_the_second_never_heard() -> None:
    talk = in_talk()
    talk.caller_says("What is the weather?")
    response = talk.session.begin()
    first = talk.session.say(response, "Let me see.", 2.0)
    second = talk.session.say(response, "It rains.", 1.0)
    talk.session.end(response)
    talk.advance(1.02)
    talk.calls.clear()
    talk.start_speech()
    talk.advance(COMMIT_AFTER + 0.02)
    assert talk.calls == [
        ("cancel",),
        ("truncate", first, 1000, 2000),
        ("truncate", second, 0, 1000),
    ]
    talk.end()
    assert talk.observer.texts()[1:] == [("assistant", "Let")]


def test_an_item_heard_in_full_before_the_interruption_is_left_alone() -> None:
    talk = in_talk()
    talk.caller_says("What is the weather?")
    response = talk.session.begin()
    talk.session.say(response, "Let me see.", 0.5)
    second = talk.session.say(response, "It rains.", 2.0)
    talk.session.end(response)
    talk.advance(1.02)
    talk.calls.clear()
    talk.start_speech()
    talk.advance(COMMIT_AFTER + 0.02)
    assert talk.calls == [("cancel",), ("truncate", second, 500, 2000)]
    talk.end()


def test_the_agent_finishes_as_the_caller_begins() -> None:
    talk = while_agent_speaks(1.04)
    item = talk.start_speech()
    talk.advance(0.7)  # paused 20 ms before its end
    talk.stop_speech(item)
    talk.advance(0.1)
    assert talk.calls == [("respond",)]
    assert not talk.loudspeaker.paused
    talk.end()


def test_nothing_is_left_paused_when_playback_ended_under_the_pause() -> None:
    talk = while_agent_speaks(1.04)
    spoken = talk.loudspeaker.queue.pop(0)
    item = talk.start_speech()
    talk.loudspeaker.on_finished(spoken.heard)
    talk.settle()
    assert not talk.loudspeaker.paused
    talk.advance(0.7)
    talk.stop_speech(item)
    assert talk.calls == [("respond",)]
    talk.end()


def test_the_answer_after_an_interruption_is_heard() -> None:
    talk = while_agent_speaks()
    talk.caller_says("Wait, I have a question.")
    talk.session.respond("Go ahead.", 0.5)
    talk.advance(1.0)
    assert talk.observer.texts()[-1] == ("assistant", "Go ahead.")
    assert len(talk.observer.timings) == 2
    talk.end()


def test_a_response_the_model_gives_unasked_is_spoken() -> None:
    talk = in_talk()
    talk.tell(ResponseStarted("resp-x", ""))
    talk.tell(AudioDelta("resp-x", "item-x", b"\x01" * 800))
    talk.advance(0.1)
    assert talk.loudspeaker.said["item-x"].played > 0
    talk.end()


def test_an_end_of_speech_without_a_beginning_is_a_turn() -> None:
    talk = in_talk()
    talk.tell(SpeechStopped(0, "caller-x"))
    talk.advance(0.6)
    assert talk.calls == [("respond",)]
    talk.end()


def test_speech_that_playback_gave_up_is_not_told_as_heard() -> None:
    talk = while_agent_speaks()
    spoken = talk.loudspeaker.queue.pop(0)
    talk.loudspeaker.on_finished(spoken.heard)
    talk.advance(0.1)
    turn = talk.observer.turns[-1]
    assert turn.interrupted
    assert "eight" not in turn.text
    talk.end()
