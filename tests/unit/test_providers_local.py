"""The engines on the own machine: they hear and speak in child processes, with no network."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import gevent
import pytest
from bridge_realtime_peer import Heard
from gevent.queue import Queue
from sandbox_openai_realtime import double, scenario
from sandbox_openai_speech import silence

from topcalls.bridge.pipeline import Chain, Pipeline
from topcalls.clock import SystemClock
from topcalls.errors import ProviderError
from topcalls.providers.base import AgentTextDone, AudioDelta, CallerTranscript, ResponseDone
from topcalls.providers.base import SessionConfig as Config
from topcalls.providers.local import engines
from topcalls.providers.local.engines import LocalRecognizer, LocalVoice
from topcalls.providers.openai.chat import ChatCompletions
from topcalls.providers.openai.chat_features import openai_features
from topcalls.providers.stages import (
    HearingConfig,
    HearingFailed,
    SpeakingConfig,
    TurnBegan,
    TurnEnded,
)

pytest.importorskip("pocketsphinx")
pytest.importorskip("espeakng_loader")
pytestmark = pytest.mark.unit

LIMIT = 30.0
WORDS = "Yes, I would like to go to the party on Saturday"


class Events(Queue):  # type: ignore[misc]
    """What a recogniser tells, in order."""

    def __call__(self, event: Any) -> None:
        self.put(event)

    def until(self, kind: type) -> list[Any]:
        found = [self.get(timeout=LIMIT)]
        while not isinstance(found[-1], kind):
            found.append(self.get(timeout=LIMIT))
        return found


@pytest.fixture
def voice() -> Iterator[Any]:
    session = LocalVoice().open(SpeakingConfig(language="en-US"))
    yield session
    session.close()


def sound_of(voice: Any, text: str) -> bytes:
    return b"".join(item.audio for item in voice.speak(text))


def feed(session: Any, sound: bytes) -> None:
    for start in range(0, len(sound), 320):
        session.append_audio(sound[start : start + 320])


def test_the_voice_speaks_and_tells_its_words(voice: Any) -> None:
    found = list(voice.speak(WORDS))
    assert [item.text for item in found if item.text] == [WORDS]
    assert 1.5 < sum(len(item.audio) for item in found) / 8000 < 6
    assert sound_of(voice, "No.") != sound_of(voice, "Perhaps tomorrow.")


def test_a_cancelled_clause_is_not_taken_for_the_next(voice: Any) -> None:
    expected = len(sound_of(voice, "And now"))
    cancelled = gevent.spawn(list, voice.speak("This is never heard"))
    gevent.sleep(0)
    cancelled.kill()
    assert len(sound_of(voice, "And now")) == pytest.approx(expected, rel=0.1)


def test_the_language_decides_how_words_sound() -> None:
    sounds = set()
    for language in ("en-US", "de-DE", "fr-FR"):
        session = LocalVoice().open(SpeakingConfig("audio/pcma", language))
        sounds.add(sound_of(session, "Information"))
        session.close()
    assert len(sounds) == 3


def test_a_turn_is_heard(voice: Any) -> None:
    events = Events()
    session = LocalRecognizer().open(HearingConfig(language="en-GB"), events)
    sound = sound_of(voice, WORDS)
    for _ in range(2):
        feed(session, silence(0.5) + sound + silence(1.2))
        found = events.until(TurnEnded)
        assert isinstance(found[0], TurnBegan)
        assert found[-1].text
        spoken_ms = found[-1].audio_ms - found[0].audio_ms
        assert spoken_ms == pytest.approx(len(sound) / 8, abs=700)
    session.close()


def test_silence_is_no_turn() -> None:
    events = Events()
    session = LocalRecognizer().open(HearingConfig(), events)
    feed(session, silence(3.0))
    session.close()
    assert events.empty()


def test_another_language_is_refused() -> None:
    with pytest.raises(ProviderError) as caught:
        LocalRecognizer().open(HearingConfig(language="de-DE"), Events())
    assert not caught.value.retryable


def test_an_engine_that_dies_is_told_once() -> None:
    events = Events()
    session = LocalRecognizer().open(HearingConfig(), events)
    session._child._process.kill()
    assert isinstance(events.until(HearingFailed)[-1], HearingFailed)
    session.append_audio(silence(0.1))
    session.close()
    assert events.empty()


def test_a_voice_that_dies_fails(voice: Any) -> None:
    voice._child._process.kill()
    with pytest.raises(ProviderError):
        list(voice.speak(WORDS))


def test_engines_that_are_not_installed_name_the_extra(monkeypatch: Any) -> None:
    program = (
        "import sys; sys.modules['pocketsphinx'] = sys.modules['espeakng_loader'] = None;"
        "import runpy; runpy.run_module(sys.argv[1], run_name='__main__')"
    )
    real = engines.Child.__init__

    def without(self: Any, module: str, *more: Any) -> None:
        popen = engines_process.subprocess.Popen
        monkeypatch.setattr(
            engines_process.subprocess,
            "Popen",
            lambda _, **pipes: popen([sys.executable, "-c", program, module], **pipes),
        )
        real(self, module, *more)
        monkeypatch.setattr(engines_process.subprocess, "Popen", popen)

    engines_process = sys.modules["topcalls.providers.local.process"]
    monkeypatch.setattr(engines.Child, "__init__", without)
    for opening in (
        lambda: LocalRecognizer().open(HearingConfig(), Events()),
        lambda: LocalVoice().open(SpeakingConfig()),
    ):
        with pytest.raises(ProviderError) as caught:
            opening()
        assert "topcalls[local]" in str(caught.value)


def test_a_conversation_without_any_vendor(voice: Any) -> None:
    server = double(scenario({"when": "anything", "speak": "Very well.", "repeat": True}))
    mind = ChatCompletions(
        server.base_url, "sk-x", "gpt-6-luna", features=openai_features("gpt-6-luna")
    )
    chain = Chain((LocalRecognizer(),), (mind,), (LocalVoice(),))
    heard = Heard()
    session = Pipeline(lambda _: chain, SystemClock()).open(Config("", "Be kind."), heard)
    feed(session, silence(0.5) + sound_of(voice, WORDS) + silence(1.2))
    events: list[Any] = [heard.next()]
    while not isinstance(events[-1], CallerTranscript):
        events.append(heard.next())
    session.create_response()
    while not isinstance(events[-1], ResponseDone):
        events.append(heard.next())
    assert [e.text for e in events if isinstance(e, AgentTextDone)]
    assert sum(len(e.audio) for e in events if isinstance(e, AudioDelta)) > 2000
    session.close()
    server.stop()
