"""What a conversation does about what answered it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from bridge_doubles import CONFIG, Talk
from test_audio_line_listener import noisy, silence, voice

from topcalls.audio.tones import sine
from topcalls.bridge.opening import OpeningPlan
from topcalls.core.answer_plan import AnswerPlan, answer_faults, answer_plan
from topcalls.core.answer_verdict import CERTAIN, Answerer
from topcalls.core.call_request import CallRequest
from topcalls.providers.base import CallerTranscript

pytestmark = pytest.mark.unit

MESSAGE = "This is Rachel. Please call us back."
LEAVE = AnswerPlan(detect=True, voicemail="leave_message", message=MESSAGE)
MENU = "For sales, press one. For anything else, press two."


def talk_with(plan: AnswerPlan) -> Talk:
    talk = Talk(replace(CONFIG, answer=plan)).ring()
    talk.answer()
    return talk


def hear(talk: Talk, l16: bytes) -> None:
    """The far end's sound, as the switch sends it."""
    line = noisy(l16, -60.0)
    for at in range(0, len(line), 640):
        talk.line.on_audio(line[at : at + 640])
        talk.clock.advance(0.04)
        talk.settle()


def spoken(talk: Talk) -> list[Any]:
    return [call for call in talk.session.calls if call[0] == "speak"]


def at_the_beep(plan: AnswerPlan) -> Talk:
    talk = talk_with(plan)
    hear(talk, silence(0.4) + voice(2.6) + silence(0.4))
    assert MESSAGE not in str(spoken(talk))
    hear(talk, sine(1000, milliseconds=500) + silence(0.3))
    return talk


def test_a_message_begins_after_the_beep_and_ends_the_call() -> None:
    talk = at_the_beep(LEAVE)
    assert talk.observer.answers[-1].answerer is Answerer.VOICEMAIL
    assert spoken(talk) == [("speak", MESSAGE, True)]
    talk.session.respond(MESSAGE, 2.0)
    talk.advance(3.0)
    assert talk.observer.ends == [("agent_ended", "voicemail message left")]


def test_a_long_message_is_heard_to_its_end() -> None:
    talk = at_the_beep(LEAVE)
    talk.session.respond(MESSAGE, 70.0)
    talk.advance(69.5)
    assert talk.observer.ends == []
    talk.advance(2.0)
    assert talk.observer.ends == [("agent_ended", "voicemail message left")]
    assert ("assistant", MESSAGE) in talk.observer.texts()


def test_a_message_that_never_comes_does_not_hold_the_line() -> None:
    talk = at_the_beep(LEAVE)
    while talk.session.wanted:
        talk.session.end(talk.session.begin())
        talk.advance(1.0)
    talk.advance(31.0)
    assert len(talk.observer.ends) == 1


def without_a_beep() -> Talk:
    talk = talk_with(LEAVE)
    hear(talk, silence(0.3) + voice(2.6))
    talk.caller_says("Leave a message, please.")
    hear(talk, silence(5.0))
    talk.session.respond(MESSAGE, 8.0)
    return talk


def test_a_beep_after_a_message_began_without_one_begins_it_again() -> None:
    talk = without_a_beep()
    talk.advance(4.0)
    hear(talk, sine(1000, milliseconds=500) + silence(0.3))
    assert spoken(talk) == [("speak", MESSAGE, True)] * 2
    talk.session.respond(MESSAGE, 8.0)
    talk.advance(7.5)
    assert talk.observer.ends == []
    talk.advance(2.0)
    assert talk.observer.ends == [("agent_ended", "voicemail message left")]


def test_a_beep_soon_after_another_is_the_true_one_and_a_late_one_is_not() -> None:
    talk = at_the_beep(LEAVE)
    talk.session.respond(MESSAGE, 20.0)
    hear(talk, silence(1.0) + sine(1000, milliseconds=500) + silence(0.3))
    assert spoken(talk) == [("speak", MESSAGE, True)] * 2
    talk.session.respond(MESSAGE, 20.0)
    hear(talk, silence(5.0) + sine(1000, milliseconds=500) + silence(0.3))
    assert spoken(talk) == [("speak", MESSAGE, True)] * 2


NOTICE = "This call is recorded."


def announced(plan: AnswerPlan) -> Talk:
    """A mailbox greets while the notice of five seconds is heard."""
    opening = OpeningPlan("Hi, this is Rachel.", announcement=NOTICE)
    talk = Talk(replace(CONFIG, answer=plan, opening=opening)).ring()
    talk.session.respond(NOTICE, 5.0)
    talk.session.respond("Hi, this is Rachel.", 3.0)
    talk.answer()
    return talk


def test_a_legal_notice_is_heard_to_its_end_before_a_message() -> None:
    talk = announced(LEAVE)
    talk.advance(0.5)
    talk.tell(CallerTranscript("caller-1", "Leave a message after the tone."))
    hear(talk, silence(0.4) + sine(1000, milliseconds=500) + silence(0.3))
    assert spoken(talk)[2:] == []
    talk.advance(4.6)
    assert ("assistant", NOTICE) in talk.observer.texts()
    assert "Rachel" not in str(talk.observer.texts())
    assert spoken(talk)[2:] == [("speak", MESSAGE, True)]


def test_a_legal_notice_is_heard_to_its_end_before_a_menu_is_answered() -> None:
    talk = announced(AnswerPlan(detect=True, ivr="navigate", goal="sales"))
    talk.advance(0.5)
    talk.tell(CallerTranscript("caller-1", MENU))
    assert ("respond",) not in talk.session.calls
    talk.advance(5.0)
    assert ("assistant", NOTICE) in talk.observer.texts()
    assert ("respond",) in talk.session.calls


def test_only_what_is_certain_ends_a_call() -> None:
    talk = talk_with(AnswerPlan(detect=True, voicemail="hangup"))
    hear(talk, silence(0.4) + voice(8.5))
    assert talk.observer.answers[-1].answerer is Answerer.VOICEMAIL
    assert talk.observer.answers[-1].confidence < CERTAIN
    assert talk.observer.ends == []
    hear(talk, silence(0.4) + sine(1000, milliseconds=500) + silence(0.3))
    assert talk.observer.ends == [("agent_ended", "voicemail")]


def test_a_mailbox_without_a_beep_is_spoken_to_when_it_is_silent() -> None:
    talk = talk_with(LEAVE)
    hear(talk, silence(0.3) + voice(2.6))
    talk.caller_says("Leave a message, please.")
    hear(talk, silence(3.0))
    assert spoken(talk) == []
    hear(talk, silence(2.0))
    assert spoken(talk) == [("speak", MESSAGE, True)]


def test_a_person_who_picks_up_meanwhile_is_talked_to() -> None:
    talk = at_the_beep(LEAVE)
    talk.session.respond(MESSAGE, 6.0)
    talk.advance(1.0)
    talk.caller_says("Hello? Wait, I am here.")
    assert talk.observer.answers[-1].answerer is Answerer.HUMAN
    assert ("respond",) in talk.session.calls
    talk.session.respond("Oh, hello.", 1.0)
    talk.advance(3.0)
    assert talk.observer.ends == []


def test_who_picks_up_at_the_end_of_the_message_is_waited_for() -> None:
    talk = at_the_beep(LEAVE)
    talk.session.respond(MESSAGE, 2.0)
    talk.advance(1.0)
    item_id = talk.start_speech()
    talk.advance(2.5)
    talk.stop_speech(item_id)
    assert talk.observer.ends == []
    talk.tell(CallerTranscript(item_id, "Hello, wait, I am here."))
    assert talk.observer.answers[-1].answerer is Answerer.HUMAN
    assert ("respond",) in talk.session.calls


def test_words_that_never_come_do_not_hold_the_line() -> None:
    talk = at_the_beep(LEAVE)
    talk.session.respond(MESSAGE, 2.0)
    talk.advance(1.0)
    talk.stop_speech(talk.start_speech())
    talk.advance(7.0)
    assert talk.observer.ends == [("agent_ended", "voicemail message left")]


def test_what_the_mailbox_says_over_the_message_is_nobody_picking_up() -> None:
    talk = at_the_beep(LEAVE)
    talk.session.respond(MESSAGE, 6.0)
    talk.advance(1.0)
    talk.caller_says("When you have finished recording, press one.")
    assert talk.observer.answers[-1].answerer is Answerer.VOICEMAIL
    assert ("respond",) not in talk.session.calls


@pytest.mark.parametrize(
    ("plan", "said", "why"),
    [
        (
            AnswerPlan(detect=True, voicemail="hangup"),
            "Leave a message after the tone.",
            "voicemail",
        ),
        (AnswerPlan(detect=True, ivr="hangup"), MENU, "ivr"),
    ],
)
def test_a_machine_is_hung_up_on_if_that_is_wanted(plan: AnswerPlan, said: str, why: str) -> None:
    talk = talk_with(plan)
    talk.caller_says(said)
    assert talk.observer.ends == [("agent_ended", why)]


def test_a_menu_is_told_to_the_model_and_its_fourth_time_ends_the_call() -> None:
    talk = talk_with(AnswerPlan(detect=True, ivr="navigate", goal="the sales team"))
    talk.caller_says(MENU)
    assert "the sales team" in str(talk.session.calls)
    for _ in range(2):
        talk.caller_says(MENU)
    assert "heard again" in str(talk.session.calls)
    assert talk.observer.ends == []
    talk.caller_says(MENU)
    assert talk.observer.ends == [("agent_ended", "menu_loop")]


def test_a_key_that_was_pressed_before_the_menu_was_known_is_not_pressed_again() -> None:
    talk = talk_with(AnswerPlan(detect=True, ivr="navigate", goal="the sales team"))
    item_id = talk.start_speech()
    talk.advance(2.0)
    talk.stop_speech(item_id)
    talk.session.call("send_dtmf", '{"digits": "1"}')
    talk.settle()
    asked = talk.session.calls.count(("respond",))
    talk.tell(CallerTranscript(item_id, MENU))
    assert "the sales team" in str(talk.session.calls)
    assert talk.session.calls.count(("respond",)) == asked
    talk.caller_says("Sales. Press one for old orders, press two for new ones.")
    talk.advance(1.1)  # a menu may have more to say
    assert talk.session.calls.count(("respond",)) == asked + 1


def in_a_menu(**wishes: Any) -> Talk:
    wishes = {"goal": "the sales team", **wishes}
    talk = talk_with(AnswerPlan(detect=True, ivr="navigate", **wishes))
    talk.caller_says(MENU)
    return talk


def test_a_menu_that_is_written_down_differently_is_the_same_menu() -> None:
    talk = in_a_menu()
    talk.caller_says("For sales press 1. For anything else press 2.")
    talk.caller_says("For sales, press one, for anything")
    assert talk.observer.ends == []
    talk.caller_says("for sales press 1 for anything else press 2")
    assert talk.observer.ends == [("agent_ended", "menu_loop")]


def test_a_person_behind_a_menu_ends_it() -> None:
    talk = in_a_menu(steps=1)
    talk.session.call("send_dtmf", '{"digits": "1"}')
    talk.settle()
    talk.caller_says("Sales, this is Susan, how can I help you?")
    assert [item.answerer for item in talk.observer.answers] == [Answerer.IVR, Answerer.HUMAN]
    for _ in range(3):
        talk.session.respond("I have a question.", 1.0)
        talk.advance(1.5)
        talk.caller_says("Please say that again or hold on.")
    assert talk.observer.ends == []


def test_a_mailbox_behind_a_menu_is_a_mailbox() -> None:
    talk = in_a_menu(voicemail="leave_message", message=MESSAGE)
    talk.session.call("send_dtmf", '{"digits": "1"}')
    hear(talk, silence(35.0) + voice(2.6))
    talk.caller_says("Nobody is here. Leave a message after the tone.")
    assert talk.observer.answers[-1].answerer is Answerer.VOICEMAIL
    assert spoken(talk) == []
    hear(talk, silence(0.3) + sine(1000, milliseconds=500) + silence(0.3))
    assert spoken(talk) == [("speak", MESSAGE, True)]


@pytest.mark.parametrize(
    ("by", "told"),
    [("keys", "Do not talk"), ("speech", "press no keys"), ("both", "as it asks")],
)
def test_the_model_is_told_how_a_menu_is_answered(by: str, told: str) -> None:
    assert told in str(in_a_menu(by=by).session.calls)


def test_words_said_to_a_menu_are_choices_too() -> None:
    talk = in_a_menu(by="speech", steps=1)
    talk.session.respond("Sales.", 0.6)
    talk.advance(1.0)
    assert talk.observer.ends == []
    talk.caller_says("For old orders, press one, or say old. For new orders, press two.")
    talk.advance(1.1)
    talk.session.respond("New orders.", 0.6)
    talk.advance(1.0)
    assert talk.observer.ends == [("agent_ended", "menu_steps")]


def test_a_screening_assistant_hears_who_calls_when_its_question_is_over() -> None:
    talk = talk_with(AnswerPlan(detect=True, introduction="This is Rachel. It is about Tuesday."))
    hear(talk, silence(0.3) + voice(2.0))
    talk.caller_says("Record your name and reason for calling.")
    hear(talk, silence(1.5))
    assert spoken(talk) == [("speak", "This is Rachel. It is about Tuesday.", True)]


def test_without_detection_nothing_is_told() -> None:
    talk = talk_with(AnswerPlan())
    hear(talk, silence(0.4) + sine(2100, milliseconds=1500))
    assert talk.observer.answers == []


def test_a_plan_is_made_of_the_request() -> None:
    request = CallRequest(
        "+12025550100",
        voicemail={"action": "leave_message", "message": MESSAGE},
        ivr={"action": "navigate", "goal": "billing", "by": "both", "max_steps": 3},
        screening={"name": "This is Rachel", "purpose": "It is about Tuesday."},
    )
    plan = answer_plan(request)
    assert (plan.voicemail, plan.message, plan.steps) == ("leave_message", MESSAGE, 3)
    assert (plan.goal, plan.by) == ("billing", "both")
    assert plan.introduction == "This is Rachel. It is about Tuesday."


@pytest.mark.parametrize(
    ("wanted", "fields"),
    [
        ({"voicemail": {"action": "shout"}}, ["voicemail.action"]),
        ({"voicemail": {"action": "leave_message"}}, ["voicemail.message"]),
        ({"voicemail": {"action": "hangup", "message": "x"}}, ["voicemail.message"]),
        ({"ivr": {"action": "navigate"}}, ["ivr.goal"]),
        ({"ivr": {"action": "hangup", "max_steps": 0}}, ["ivr.max_steps"]),
        ({"ivr": {"action": "hangup", "by": "shouting"}}, ["ivr.by"]),
        ({"screening": {"purpose": "x"}}, ["screening.name"]),
        ({"screening": {"nam": "x", "name": "y"}}, ["screening.nam"]),
        ({"voicemail": {}, "ivr": {}, "screening": {}}, []),
    ],
)
def test_what_makes_no_sense_is_told_by_its_field(wanted: Any, fields: list[str]) -> None:
    assert [fault.path for fault in answer_faults(wanted)] == fields
