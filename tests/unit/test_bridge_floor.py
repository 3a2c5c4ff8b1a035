"""Who keeps the floor for too long loses it."""

from __future__ import annotations

import pytest
from bridge_doubles import CONFIG, Talk, configured

from topcalls.bridge import prompt
from topcalls.bridge.hold import Reason
from topcalls.bridge.opening import OpeningPlan
from topcalls.core.turn_rules import TurnRules
from topcalls.providers.base import CallerTranscript, SpeechStopped

pytestmark = pytest.mark.unit

SOON = configured(rules=TurnRules(longest_turn_ms=10_000))
QUESTION = "I see. Which day suits you?"
TAKES_FLOOR = ("speak", prompt.TAKE_FLOOR, False)


def talked_at(seconds: float = 10.1, **changes: object) -> tuple[Talk, str]:
    """The caller has been speaking for so long, and goes on."""
    talk = Talk(configured(rules=SOON.rules, **changes)).ring().answer()
    item_id = talk.start_speech()
    talk.advance(seconds)
    return talk, item_id


def test_a_caller_who_does_not_stop_is_spoken_over() -> None:
    talk, item_id = talked_at()
    assert talk.calls == [("end turn", pytest.approx(10_000, abs=50)), TAKES_FLOOR]
    talk.session.respond(QUESTION, 2.0)
    talk.tell(CallerTranscript(item_id, "And then, and then"))
    talk.advance(3.0)
    assert talk.loudspeaker.log == []
    assert talk.observer.texts() == [("user", "And then, and then"), ("assistant", QUESTION)]
    talk.tell(SpeechStopped(talk.sent_ms - 500, "caller-rest"))
    talk.advance(3.0)
    assert talk.calls[-1] == ("respond",)  # they spoke on after it: that is answered
    talk.end()


def test_who_stops_for_it_is_listened_to() -> None:
    talk, item_id = talked_at()
    talk.session.respond(QUESTION, 2.0)
    talk.advance(0.6)
    talk.tell(SpeechStopped(talk.sent_ms - 500, item_id))
    talk.advance(4.0)
    assert talk.calls[-1] == TAKES_FLOOR
    talk.caller_says("Monday.")
    assert talk.calls[-1] == ("respond",)
    talk.end()


def test_a_noise_that_never_ends_is_asked_twice_and_left() -> None:
    talk, _ = talked_at()
    for _ in range(2):
        assert talk.calls[-1] == TAKES_FLOOR
        talk.session.respond(QUESTION, 1.0)
        talk.advance(11.3)
    assert talk.calls[-1] == ("speak", prompt.SILENT_GOODBYE, False)
    talk.session.respond("I cannot hear you. Goodbye.", 1.0)
    talk.advance(4.0)
    assert talk.observer.ends == [("silence", "")]
    talk.is_gone()


def test_a_prepared_first_sentence_is_heard_in_the_end() -> None:
    opening = OpeningPlan("Hi, this is Rachel.", greeting_wait=4.0)
    talk = Talk(configured(rules=SOON.rules, opening=opening)).ring()
    talk.session.respond("Hi, this is Rachel.", 1.0)
    talk.answer()
    talk.start_speech()
    talk.advance(10.6)
    talk.advance(1.2)
    assert talk.observer.texts() == [("assistant", "Hi, this is Rachel.")]
    assert TAKES_FLOOR not in talk.calls
    talk.end()


def test_music_on_hold_is_not_spoken_to() -> None:
    talk = Talk(SOON).ring().answer()
    talk.bridge.hold(Reason.LINE)
    talk.start_speech()
    talk.advance(25.0)
    assert TAKES_FLOOR not in talk.calls
    talk.end()


def test_without_a_setting_it_is_a_minute() -> None:
    assert CONFIG.rules.longest_turn_ms == 60_000
