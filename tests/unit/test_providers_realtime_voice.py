"""A speech-to-speech model that reads aloud, against the double of the service."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
import waiting
from sandbox_openai_realtime import QUICK, double, scenario
from sandbox_openai_speech import spoken

from topcalls.bridge.pipeline_voice import Mouth
from topcalls.clock import SystemClock
from topcalls.core.pronunciation import Pronunciation
from topcalls.core.token_usage import TokenUsage
from topcalls.errors import ProviderError
from topcalls.providers.openai.realtime import OpenAIRealtime
from topcalls.providers.openai.realtime_voice import RealtimeVoice, RealtimeVoiceSession
from topcalls.providers.stages import SpeakingConfig, Spoken
from topcalls.sandbox.openai.http_server import OpenAIDouble

pytestmark = pytest.mark.unit

MODEL = "gpt-realtime-2.1-mini"
ONE, TWO = "It is on its way.", "It comes on Monday."


@pytest.fixture
def server() -> Iterator[OpenAIDouble]:
    server = double(scenario({"when": "hello", "speak": "Hello"}), behaviour=QUICK)
    yield server
    server.stop()


def voice(server: OpenAIDouble, key: str = "sk-test") -> RealtimeVoice:
    return RealtimeVoice(OpenAIRealtime(key, server.base_url), MODEL, stall_timeout=2.0)


@pytest.fixture
def session(server: OpenAIDouble) -> Iterator[RealtimeVoiceSession]:
    session = voice(server).open(SpeakingConfig(language="en-US"))
    yield session
    session.close()


def said(parts: list[Spoken]) -> tuple[str, int]:
    return " ".join(part.text for part in parts if part.text), sum(len(p.audio) for p in parts)


def used(parts: list[Spoken]) -> TokenUsage:
    return sum((part.usage for part in parts if part.usage is not None), TokenUsage())


def events_sent(server: OpenAIDouble, kind: str, number: int = 0) -> list[dict]:
    server.realtime.wait_for_connection()
    return server.realtime.connections[number].journal.events("client", kind)


def test_texts_are_read_aloud_one_after_the_other(
    server: OpenAIDouble, session: RealtimeVoiceSession
) -> None:
    for text in (ONE, TWO):
        parts = list(session.speak(text))
        assert said(parts) == (text, pytest.approx(len(spoken(text)), abs=200))
        assert used(parts).output_audio > 0
    waiting.until(lambda: len(events_sent(server, "conversation.item.delete")) == 2)
    (settings,) = events_sent(server, "session.update")
    assert settings["session"]["audio"]["input"]["turn_detection"] is None
    assert settings["session"]["audio"]["output"]["voice"] == "marin"


def test_what_is_cut_off_is_cancelled_and_its_tokens_are_told_with_the_next(
    server: OpenAIDouble, session: RealtimeVoiceSession
) -> None:
    speech = session.speak(ONE)
    next(speech)
    speech.close()
    parts = list(session.speak(TWO))
    assert said(parts)[0] == TWO
    assert said(parts)[1] == pytest.approx(len(spoken(TWO)), abs=200)
    assert len(events_sent(server, "response.cancel")) == 1


def test_a_session_that_has_ended_meanwhile_is_opened_anew(
    server: OpenAIDouble, session: RealtimeVoiceSession
) -> None:
    list(session.speak(ONE))
    server.realtime.wait_for_connection().cut()
    waiting.until(lambda: not session._events.empty())
    assert said(list(session.speak(TWO)))[0] == TWO
    assert len(server.realtime.connections) == 2


def test_a_refused_session_is_an_error(server: OpenAIDouble) -> None:
    with pytest.raises(ProviderError):
        voice(server, key="").open(SpeakingConfig())


def test_a_connection_that_is_lost_in_mid_text_is_an_error(
    server: OpenAIDouble, session: RealtimeVoiceSession
) -> None:
    speech = session.speak(ONE)
    next(speech)
    server.realtime.wait_for_connection().cut()
    with pytest.raises(ProviderError):
        list(speech)


def test_pronunciations_are_told(server: OpenAIDouble) -> None:
    config = SpeakingConfig(pronunciations=(Pronunciation("Nguyen", None, "wɪn"),), voice="cedar")
    session = voice(server).open(config)
    (settings,) = events_sent(server, "session.update")
    assert "Nguyen" in settings["session"]["instructions"]
    assert settings["session"]["audio"]["output"]["voice"] == "cedar"
    session.close()


def test_the_chain_counts_tokens_and_no_characters(server: OpenAIDouble) -> None:
    spent: list[tuple[str, TokenUsage]] = []
    note: Callable[[str, TokenUsage], None] = lambda *told: spent.append(told)  # noqa: E731
    config = replace(SpeakingConfig(), language="en-US")
    mouth = Mouth((voice(server),), config, SystemClock(), lambda _: None, None, note)
    assert "".join(part.text for part in mouth.speak(ONE)) == ONE
    mouth.close()
    assert {name for name, _ in spent} == {f"openai:{MODEL}"}
    total = sum((usage for _, usage in spent), TokenUsage())
    assert total.output_audio > 0
    assert total.voice_characters == 0
