"""ElevenLabs' voice and its recogniser against the double of the service, on real sockets."""

from __future__ import annotations

import audioop
from collections.abc import Iterator
from typing import Any

import pytest
import waiting
from gevent.queue import Queue
from sandbox_openai_realtime import hearing_with_calls
from sandbox_openai_speech import silence, spoken

from topcalls.clock import SystemClock
from topcalls.errors import ProviderError
from topcalls.net.http import HttpClient
from topcalls.providers.elevenlabs.rest import MAX_ANSWER_BYTES, ElevenLabsLibrary, ElevenLabsRest
from topcalls.providers.elevenlabs.scribe import ElevenLabsScribe
from topcalls.providers.elevenlabs.voice import ElevenLabsSession, ElevenLabsVoice
from topcalls.providers.stages import (
    HearingConfig,
    HearingFailed,
    Partial,
    SpeakingConfig,
    TurnBegan,
    TurnEnded,
)
from topcalls.sandbox.elevenlabs.scribe import problem_of
from topcalls.sandbox.elevenlabs.server import ElevenLabsDouble
from topcalls.sandbox.elevenlabs.shelf import BadQuery

pytestmark = pytest.mark.unit

KEY = "el-test"
LIMIT = 5.0
WORDS = "Good morning this is Anna"


@pytest.fixture
def server() -> Iterator[ElevenLabsDouble]:
    server = ElevenLabsDouble(hearing_with_calls(SystemClock()), spoken)
    server.start()
    yield server
    server.stop()


def voice(server: ElevenLabsDouble, model: str = "eleven_flash_v2_5", **more: Any) -> Any:
    return ElevenLabsVoice(KEY, model, base_url=server.base_url, **more)


@pytest.fixture
def session(server: ElevenLabsDouble) -> Iterator[ElevenLabsSession]:
    session = voice(server).open(SpeakingConfig(language="en-US"))
    yield session
    session.close()


# --- the voice


def test_a_clause_comes_whole_with_its_words(session: ElevenLabsSession) -> None:
    found = list(session.speak(WORDS))
    assert b"".join(item.audio for item in found) == spoken(WORDS)
    assert len(found) > 2
    assert " ".join(item.text for item in found if item.text).split() == WORDS.split()
    assert found[0].text.split() != WORDS.split()


def test_clauses_follow_each_other_on_one_socket(
    server: ElevenLabsDouble, session: ElevenLabsSession
) -> None:
    for number in range(8):
        text = f"Sentence number {number}"
        assert b"".join(item.audio for item in session.speak(text)) == spoken(text)
    assert len(server.connections) == 1
    names = [name for name, _ in server.wait_for_connection().spoken]
    assert len(set(names)) == 8


def test_the_call_decides_format_language_and_voice(server: ElevenLabsDouble) -> None:
    session = voice(server).open(SpeakingConfig("audio/pcma", "de-DE", "josh"))
    audio = b"".join(item.audio for item in session.speak(WORDS))
    assert audio == audioop.lin2alaw(audioop.ulaw2lin(spoken(WORDS), 2), 2)
    connection = server.wait_for_connection()
    assert (connection.query["language_code"], connection.query["output_format"]) == (
        "de",
        "alaw_8000",
    )
    assert connection.path == "/v1/text-to-speech/TxGEqnHWrfWFTfGW9XjX/multi-stream-input"
    session.close()
    assert connection.closed.wait(LIMIT)


def test_a_model_that_cannot_be_told_the_language_is_not(server: ElevenLabsDouble) -> None:
    voice(server, "eleven_multilingual_v2").open(SpeakingConfig(language="de-DE")).close()
    assert "language_code" not in server.wait_for_connection().query


def test_nothing_of_a_cancelled_clause_is_heard_later(session: ElevenLabsSession) -> None:
    for _ in range(12):
        speech = session.speak("This is a sentence that is never heard to its end")
        next(speech)
        speech.close()
    assert b"".join(item.audio for item in session.speak("And now")) == spoken("And now")


def test_a_socket_that_died_between_clauses_is_replaced(
    server: ElevenLabsDouble, session: ElevenLabsSession
) -> None:
    list(session.speak("One"))
    connection = server.wait_for_connection()
    connection.cut()
    assert connection.closed.wait(LIMIT)
    waiting.until(lambda: session._connection is None or session._connection.closed)
    assert b"".join(item.audio for item in session.speak("Two")) == spoken("Two")


@pytest.mark.parametrize(
    ("model", "name", "key", "retryable"),
    [
        ("eleven_flash_v2_5+rate-limit", "rachel", KEY, True),
        ("eleven_flash_v2_5+server-error", "rachel", KEY, True),
        ("eleven_flash_v2_5+quota", "rachel", KEY, False),
        ("eleven_nonsense", "rachel", KEY, False),
        ("eleven_flash_v2_5", "nobody", KEY, False),
        ("eleven_flash_v2_5", "rachel", "wrong", False),
    ],
)
def test_refused_handshakes(
    server: ElevenLabsDouble, model: str, name: str, key: str, retryable: bool
) -> None:
    with pytest.raises(ProviderError) as caught:
        ElevenLabsVoice(key, model, name, server.base_url).open(SpeakingConfig())
    assert caught.value.retryable is retryable
    assert key not in f"{caught.value!r}{caught.value.extra}"


@pytest.mark.parametrize("fault", ["mute", "cut"])
def test_a_voice_that_falls_silent_fails(server: ElevenLabsDouble, fault: str) -> None:
    session = voice(server, f"eleven_flash_v2_5+{fault}", stall_timeout=0.2).open(SpeakingConfig())
    with pytest.raises(ProviderError) as caught:
        list(session.speak(WORDS))
    assert caught.value.retryable
    session.close()


def test_the_double_takes_no_sixth_context(server: ElevenLabsDouble) -> None:
    session = voice(server, stall_timeout=1.0).open(SpeakingConfig())
    for number in range(6):
        session._connection.send_text(f'{{"text":"x ","context_id":"other{number}"}}')
    with pytest.raises(ProviderError) as caught:
        list(session.speak(WORDS))
    assert caught.value.extra["provider_code"] == "max_active_conversations"
    session.close()


# --- the recogniser


class Events(Queue):  # type: ignore[misc]
    """What a recogniser tells, in order."""

    def __call__(self, event: Any) -> None:
        self.put(event)

    def until(self, kind: type) -> list[Any]:
        found = [self.get(timeout=LIMIT)]
        while not isinstance(found[-1], kind):
            found.append(self.get(timeout=LIMIT))
        return found


@pytest.mark.parametrize("audio_format", ["audio/pcmu", "audio/pcma"])
def test_scribe_hears_turns(server: ElevenLabsDouble, audio_format: Any) -> None:
    events = Events()
    config = HearingConfig(audio_format, "en-US")
    session = ElevenLabsScribe(KEY, base_url=server.base_url).open(config, events)
    for words in (WORDS, "Another sentence of mine"):
        sound = spoken(words)
        server._hearing.said("call-1", "talk", words, sound)
        data = silence(0.4) + sound + silence(0.9)
        if audio_format == "audio/pcma":
            data = audioop.lin2alaw(audioop.ulaw2lin(data, 2), 2)
        for start in range(0, len(data), 320):
            session.append_audio(data[start : start + 320])
        found = events.until(TurnEnded)
        assert isinstance(found[0], TurnBegan)
        assert isinstance(found[1], Partial)
        assert found[-1].text == words
    session.close()
    assert events.empty()


@pytest.mark.parametrize(
    ("model", "key", "retryable"),
    [
        ("scribe_v2_realtime+rate-limit", KEY, True),
        ("scribe_v9", KEY, False),
        ("scribe_v2_realtime", "wrong", False),
    ],
)
def test_scribes_refused_handshakes(
    server: ElevenLabsDouble, model: str, key: str, retryable: bool
) -> None:
    with pytest.raises(ProviderError) as caught:
        ElevenLabsScribe(key, model, server.base_url).open(HearingConfig(), Events())
    assert caught.value.retryable is retryable


def test_scribe_tells_its_end_once(server: ElevenLabsDouble) -> None:
    events = Events()
    session = ElevenLabsScribe(KEY, base_url=server.base_url).open(HearingConfig(), events)
    server.wait_for_connection().cut()
    assert events.until(HearingFailed)[-1].error.retryable
    session.append_audio(silence(0.1))
    session.close()
    assert events.empty()


def test_scribe_is_refused_what_is_no_audio(server: ElevenLabsDouble) -> None:
    events = Events()
    session = ElevenLabsScribe(KEY, base_url=server.base_url).open(HearingConfig(), events)
    session._connection.send_text('{"message_type":"hello"}')
    failed = events.until(HearingFailed)[-1].error
    assert (failed.retryable, failed.extra["provider_code"]) == (False, "input_error")


def test_scribe_is_given_the_words_that_it_takes(server: ElevenLabsDouble) -> None:
    words = ("Bright Smile", "a word of more than twenty characters", "<b>", *map(str, range(60)))
    session = ElevenLabsScribe(KEY, base_url=server.base_url).open(
        HearingConfig(keywords=words), lambda _: None
    )
    assert server.wait_for_connection().keyterms == ["Bright Smile", *map(str, range(49))]
    session.close()


@pytest.mark.parametrize("terms", [["x" * 21], ["<b>"], [""], ["x"] * 51])
def test_the_double_takes_no_words_that_the_service_would_not(terms: list[str]) -> None:
    assert problem_of({"model_id": "scribe_v2_realtime", "audio_format": "ulaw_8000"}, terms)


# --- the library


def library(server: ElevenLabsDouble, key: str = KEY) -> ElevenLabsLibrary:
    http = HttpClient(LIMIT, MAX_ANSWER_BYTES, allow_private=True)
    return ElevenLabsLibrary(ElevenLabsRest(http, key, server.base_url))


def test_the_whole_list_is_read_page_by_page(
    server: ElevenLabsDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("topcalls.providers.elevenlabs.rest.PAGE", 4)
    found = list(library(server).voices())
    assert len(found) == len({voice.voice_id for voice in found}) > 4
    george = next(voice for voice in found if voice.name.startswith("George"))
    assert (george.gender, george.accent, george.languages) == ("male", "british", ("en-GB",))
    assert george.category == "premade"


def test_a_key_that_is_refused_is_an_error_without_the_key(server: ElevenLabsDouble) -> None:
    with pytest.raises(ProviderError) as caught:
        list(library(server, "wrong").voices())
    assert caught.value.extra["provider_code"] == "invalid_api_key"
    assert not caught.value.retryable
    assert "wrong" not in f"{caught.value!r}{caught.value.extra}"


def test_a_library_that_cannot_be_reached() -> None:
    http = HttpClient(LIMIT, MAX_ANSWER_BYTES, allow_private=True)
    with pytest.raises(ProviderError) as caught:
        list(ElevenLabsLibrary(ElevenLabsRest(http, KEY, "http://127.0.0.1:9")).voices())
    assert caught.value.retryable


def test_the_double_gives_no_page_that_the_service_would_not(server: ElevenLabsDouble) -> None:
    page = server.voices.page({"page_size": "100"})
    assert {"voices", "has_more", "total_count", "next_page_token"} == set(page)
    with pytest.raises(BadQuery):
        server.voices.page({"page_size": "101"})
    with pytest.raises(BadQuery):
        server.voices.page({"next_page_token": "nonsense"})
