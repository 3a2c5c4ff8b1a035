"""Sessions that grow old are replaced before their end, without anybody noticing."""

from __future__ import annotations

from typing import Any

from bridge_doubles import SESSION, Talk, configured

from topcalls import metrics
from topcalls.bridge.config import Limits
from topcalls.errors import ProviderError
from topcalls.providers.base import CallerTranscript, ProviderClosed, SpeechStopped

RACHEL = "Hi, this is Rachel."
CUT = ProviderClosed(1006, "reset")


def broken(retryable: bool = True, code: str = "server_error") -> ProviderError:
    return ProviderError("broken", retryable=retryable, provider_code=code)


def in_talk(config: Any) -> Talk:
    """One turn of each side has been spoken."""
    talk = Talk(config).ring().answer()
    talk.caller_says("Who is there?")
    talk.session.respond("It is me.", 1.0)
    talk.settle()
    talk.advance(1.2)
    talk.calls.clear()
    return talk


SOON = configured(limits=Limits(swap=30.0, swap_again=5.0))


def test_an_old_session_is_replaced_at_a_quiet_moment() -> None:
    talk = in_talk(SOON)
    first = talk.session
    talk.advance(26.0)
    item = talk.start_speech()
    talk.advance(2.0)
    assert len(talk.model.sessions) == 2
    assert not first.closed
    first.emit(CallerTranscript(item, "I am still speaking"))
    talk.advance(0.1)
    assert not first.closed
    first.emit(SpeechStopped(0, item))
    talk.settle()
    response = first.begin()
    first.say(response, "I hear you.", 0.5)
    first.end(response)
    talk.advance(1.0)
    assert first.closed
    assert talk.calls[-1] == ("message", "assistant", "I hear you.")
    talk.caller_says("Good.")
    assert talk.calls[-1] == ("respond",)
    talk.end()


def test_a_replacement_that_fails_is_tried_again_and_disturbs_nobody() -> None:
    talk = in_talk(SOON)
    talk.model.failures.append(broken(retryable=False))
    talk.advance(31.0)
    assert len(talk.model.sessions) == 1
    assert talk.observer.ends == []
    talk.advance(5.1)
    assert len(talk.model.sessions) == 2
    talk.end()


def test_a_session_that_dies_with_its_replacement_ready() -> None:
    talk = in_talk(SOON)
    first = talk.session
    talk.advance(26.0)
    talk.start_speech()
    talk.advance(2.0)
    assert len(talk.model.sessions) == 2
    first.emit(CUT)
    talk.settle()
    assert first.closed
    assert len(talk.model.sessions) == 2
    talk.caller_says("Hello?")
    assert talk.calls[-1] == ("respond",)
    talk.end()


def test_a_replacement_that_dies_before_it_is_used_is_replaced_too() -> None:
    talk = in_talk(SOON)
    first = talk.session
    talk.advance(26.0)
    talk.start_speech()
    talk.advance(2.0)
    talk.model.sessions[1].emit(CUT)
    talk.settle()
    assert talk.session is first
    assert talk.model.sessions[1].closed
    talk.advance(5.1)
    assert len(talk.model.sessions) == 3
    assert talk.session is first
    talk.end()


def test_the_session_is_configured_as_asked() -> None:
    talk = Talk(SOON).ring()
    assert talk.session.config == SESSION
    talk.end()


def test_every_session_is_counted_while_it_is_open() -> None:
    gauge = metrics.provider_sessions._value
    before = gauge.get()
    talk = in_talk(SOON)
    assert gauge.get() == before + 1
    talk.advance(26.0)
    talk.start_speech()
    talk.advance(2.0)
    assert gauge.get() == before + 2
    talk.end()
    assert gauge.get() == before
