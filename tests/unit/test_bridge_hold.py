"""The agent listens and says nothing: the line is on hold, or a supervisor speaks."""

from __future__ import annotations

from typing import Any

import pytest
from bridge_doubles import CONFIG, Talk, configured

from topcalls.bridge.hold import Reason
from topcalls.core import notes
from topcalls.core.builtin_tools import TRANSFER_CALL
from topcalls.providers.base import ProviderClosed

pytestmark = pytest.mark.unit


def in_talk(config: Any = CONFIG) -> Talk:
    """The caller has spoken and was answered; the line is quiet."""
    talk = Talk(config).ring().answer()
    talk.caller_says("Hello?")
    talk.session.respond("Hello.", 1.0)
    talk.advance(1.5)
    talk.calls.clear()
    return talk


def hold(talk: Talk, reason: Reason = Reason.LINE) -> None:
    talk.bridge.hold(reason)
    talk.settle()


def resume(talk: Talk, reason: Reason = Reason.LINE) -> None:
    talk.bridge.resume(reason)
    talk.settle()


def asked(talk: Talk) -> list[tuple[Any, ...]]:
    return [call for call in talk.calls if call[0] in ("respond", "speak")]


def told(talk: Talk) -> str:
    return " ".join(call[2] for call in talk.calls if call[:2] == ("message", "system"))


def test_a_caller_on_hold_is_not_asked_whether_he_is_there() -> None:
    talk = in_talk(configured(silence_timeout=5.0))
    hold(talk)
    talk.advance(600.0)
    assert asked(talk) == []
    resume(talk)
    assert "600 seconds" in told(talk)
    assert asked(talk) == []  # who comes back speaks first
    talk.advance(6.0)
    assert asked(talk) != []  # and from now on silence counts again
    talk.end()


def test_it_stands_in_the_transcript() -> None:
    talk = in_talk()
    hold(talk)
    hold(talk)
    resume(talk)
    resume(talk)
    talk.end()
    assert talk.observer.texts()[-2:] == [
        ("user", notes.PUT_ON_HOLD),
        ("user", notes.TAKEN_OFF_HOLD),
    ]


def test_what_was_cut_off_goes_on_after_the_hold() -> None:
    talk = in_talk()
    talk.caller_says("Tell me everything.")
    talk.session.respond("It is a long story.", 5.0)
    talk.advance(1.0)
    hold(talk)
    assert talk.loudspeaker.log[-1] == "clear"
    talk.calls.clear()
    resume(talk)
    assert len(asked(talk)) == 1
    talk.session.respond("As I said.", 1.0)
    talk.advance(1.5)
    assert talk.observer.texts()[-1] == ("assistant", "As I said.")
    talk.end()


def test_words_that_are_heard_meanwhile_are_written_and_not_answered() -> None:
    talk = in_talk()
    hold(talk)
    talk.caller_says("Your call is important to us.")
    talk.advance(2.0)
    assert asked(talk) == []
    assert ("user", "Your call is important to us.") in talk.observer.texts()
    resume(talk)
    assert len(asked(talk)) == 1
    talk.end()


def test_what_somebody_wants_said_meanwhile_is_said_afterwards() -> None:
    talk = in_talk()
    hold(talk)
    talk.dictate("The meeting is at ten.")
    assert asked(talk) == []
    resume(talk)
    assert asked(talk) == [("speak", "The meeting is at ten.", True)]
    talk.end()


def test_after_a_supervisor_the_agent_goes_on() -> None:
    talk = in_talk()
    hold(talk, Reason.SUPERVISOR)
    talk.caller_says("And who are you?")
    talk.advance(20.0)
    assert asked(talk) == []
    resume(talk, Reason.SUPERVISOR)
    assert "colleague" in told(talk)
    assert len(asked(talk)) == 1
    assert ("assistant", notes.SUPERVISOR_LEFT) in talk.observer.texts()
    talk.end()


def test_two_reasons_and_the_last_one_counts() -> None:
    talk = in_talk()
    hold(talk, Reason.SUPERVISOR)
    hold(talk, Reason.LINE)
    resume(talk, Reason.SUPERVISOR)
    assert asked(talk) == []
    resume(talk, Reason.LINE)
    assert len(asked(talk)) == 1
    talk.end()


def test_a_goodbye_that_a_supervisor_cuts_off_ends_nothing() -> None:
    talk = in_talk()
    talk.caller_says("That is all, goodbye.")
    talk.session.call("end_call", text="Goodbye.", seconds=3.0)
    talk.advance(1.0)
    hold(talk, Reason.SUPERVISOR)
    talk.advance(60.0)
    assert talk.observer.ends == []
    talk.end()


def test_a_transfer_that_was_announced_is_taken_back() -> None:
    config = configured(
        destinations=("support",), builtin_tools=(*CONFIG.builtin_tools, TRANSFER_CALL)
    )
    talk = in_talk(config)
    talk.caller_says("I want to talk to a person.")
    talk.session.call(TRANSFER_CALL, '{"destination": "support"}', text="One moment.", seconds=3.0)
    talk.advance(1.0)
    hold(talk, Reason.SUPERVISOR)
    talk.advance(10.0)
    assert talk.observer.handed_over == []
    talk.end()


def test_a_session_that_is_lost_meanwhile_speaks_only_afterwards() -> None:
    talk = in_talk()
    hold(talk)
    talk.caller_says("Your call is important to us.")
    talk.tell(ProviderClosed(1006, "reset"))
    talk.advance(1.0)
    assert len(talk.model.sessions) == 2
    assert asked(talk) == []
    resume(talk)
    assert asked(talk) != []
    talk.end()
