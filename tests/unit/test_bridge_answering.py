"""What a conversation does about what answered it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from bridge_doubles import CONFIG, Talk
from test_audio_line_listener import noisy, silence, voice

from topcalls.audio.tones import sine
from topcalls.core.answer_detection import Answerer
from topcalls.core.answer_plan import AnswerPlan, answer_faults, answer_plan
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
    assert talk.session.calls.count(("respond",)) == asked + 1


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
        ivr={"action": "navigate", "goal": "billing", "max_steps": 3},
        screening={"name": "This is Rachel", "purpose": "It is about Tuesday."},
    )
    plan = answer_plan(request)
    assert (plan.voicemail, plan.message, plan.steps) == ("leave_message", MESSAGE, 3)
    assert plan.introduction == "This is Rachel. It is about Tuesday."


@pytest.mark.parametrize(
    ("wanted", "fields"),
    [
        ({"voicemail": {"action": "shout"}}, ["voicemail.action"]),
        ({"voicemail": {"action": "leave_message"}}, ["voicemail.message"]),
        ({"voicemail": {"action": "hangup", "message": "x"}}, ["voicemail.message"]),
        ({"ivr": {"action": "navigate"}}, ["ivr.goal"]),
        ({"ivr": {"action": "hangup", "max_steps": 0}}, ["ivr.max_steps"]),
        ({"screening": {"purpose": "x"}}, ["screening.name"]),
        ({"screening": {"nam": "x", "name": "y"}}, ["screening.nam"]),
        ({"voicemail": {}, "ivr": {}, "screening": {}}, []),
    ],
)
def test_what_makes_no_sense_is_told_by_its_field(wanted: Any, fields: list[str]) -> None:
    assert [fault.path for fault in answer_faults(wanted)] == fields
