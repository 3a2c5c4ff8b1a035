"""A model with another that stands by for it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from bridge_doubles import SESSION, ScriptedSession

from topcalls.bridge.standby import Standby
from topcalls.errors import ProviderError
from topcalls.providers.base import ProviderClosed, ProviderFailed, ResponseDone, StageReplaced

pytestmark = pytest.mark.unit

LIMITED = ProviderError("Slow down.", retryable=True, provider_code="rate_limit")
BROKE = ProviderError("No credit.", provider_code="quota")


class Model:
    """Opens scripted sessions, or fails to."""

    def __init__(self) -> None:
        self.error: ProviderError | None = None
        self.sessions: list[ScriptedSession] = []

    def open(self, config: Any, on_event: Any) -> Any:
        if self.error is not None:
            raise self.error
        self.sessions.append(ScriptedSession(config, on_event))
        return self.sessions[-1]


class Call:
    """A call on a model that another stands by for."""

    def __init__(self) -> None:
        self.first, self.other = Model(), Model()
        self.events: list[Any] = []
        self.standby = Standby(self.first, self.other, lambda config: replace(config, voice=""))

    def open(self) -> Any:
        return self.standby.open(SESSION, self.events.append)

    @property
    def opened(self) -> tuple[int, int]:
        return len(self.first.sessions), len(self.other.sessions)


@pytest.fixture
def call() -> Call:
    return Call()


def test_a_sound_model_is_all_there_is(call: Call) -> None:
    session = call.open()
    session.append_audio(b"x")
    session.speak("Hello", exact=True, tag="t")
    assert call.first.sessions[0].calls == [("speak", "Hello", True)]
    assert call.opened == (1, 0)


def test_one_that_cannot_be_opened_is_replaced_at_once(call: Call) -> None:
    call.first.error = BROKE
    call.open()
    assert call.events == [StageReplaced("speech_to_speech")]
    assert call.opened == (0, 1)
    assert call.other.sessions[0].config.voice == ""


@pytest.mark.parametrize("event", [ProviderClosed(1006), ProviderFailed(BROKE)])
def test_one_that_is_lost_is_not_tried_again(call: Call, event: Any) -> None:
    call.open()
    call.first.sessions[0].emit(event)
    call.open()
    call.open()
    assert call.opened == (1, 2)


def test_an_end_for_good_is_worth_another_model(call: Call) -> None:
    call.open()
    call.first.sessions[0].emit(ProviderFailed(BROKE))
    assert call.events[0].error.retryable
    assert call.events[0].error.extra == {"provider_code": "quota"}


def test_one_that_does_not_answer_is_replaced(call: Call) -> None:
    call.open().close()
    call.open()
    assert call.first.sessions[0].closed
    assert call.opened == (1, 1)


def test_an_old_session_is_renewed_by_the_same_model(call: Call) -> None:
    old = call.open()
    call.open()
    old.close()
    call.open()
    assert call.opened == (3, 0)


def test_one_failed_response_may_happen_and_two_in_a_row_not(call: Call) -> None:
    call.open()
    failed = ResponseDone("r", "t", "failed", error=LIMITED)
    good = ResponseDone("r", "t", "completed")
    for event in (failed, good, failed, failed):
        call.first.sessions[0].emit(event)
    assert call.events[:3] == [failed, good, failed]
    assert isinstance(call.events[3], ProviderFailed)
    call.open()
    assert call.opened == (1, 1)


def test_a_response_that_no_retry_helps_is_a_loss(call: Call) -> None:
    call.open()
    call.first.sessions[0].emit(ResponseDone("r", "t", "failed", error=BROKE))
    assert isinstance(call.events[0], ProviderFailed)
    assert call.events[0].error.retryable


def test_the_others_end_is_its_own(call: Call) -> None:
    call.first.error = BROKE
    call.open()
    call.other.error = LIMITED
    with pytest.raises(ProviderError) as caught:
        call.open()
    assert caught.value is LIMITED
