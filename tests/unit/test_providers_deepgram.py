"""Deepgram's two recognisers against the double of the service, on real sockets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gevent
import pytest
from gevent.queue import Queue
from sandbox_openai_realtime import hearing_with_calls
from sandbox_openai_speech import silence, spoken

from topcalls.clock import SystemClock
from topcalls.errors import ProviderError
from topcalls.providers.deepgram import link
from topcalls.providers.deepgram.flux import DeepgramFlux
from topcalls.providers.deepgram.nova import DeepgramNova, nova_query
from topcalls.providers.stages import (
    HearingConfig,
    HearingFailed,
    Partial,
    TurnBegan,
    TurnEnded,
    TurnLikelyOver,
    TurnResumed,
)
from topcalls.sandbox.deepgram import wire
from topcalls.sandbox.deepgram.server import DeepgramDouble

pytestmark = pytest.mark.unit

KEY = "dg-test"
LIMIT = 5.0
ENGLISH = HearingConfig(language="en-US", keywords=("Bright Smile",))
WORDS = "Good morning this is Anna"


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
def server() -> Iterator[DeepgramDouble]:
    server = DeepgramDouble(hearing_with_calls(SystemClock()))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def events() -> Events:
    return Events()


def nova(server: DeepgramDouble, model: str = "nova-3", key: str = KEY) -> DeepgramNova:
    return DeepgramNova(key, model, server.base_url)


def flux(server: DeepgramDouble, **more: Any) -> DeepgramFlux:
    return DeepgramFlux(KEY, base_url=server.base_url, **more)


def say(server: DeepgramDouble, session: Any, words: str, after: float = 1.2) -> float:
    """The caller says this, then nothing; the milliseconds of the words."""
    sound = spoken(words)
    server._hearing.said("call-1", "talk", words, sound)
    data = silence(0.4) + sound + silence(after)
    for start in range(0, len(data), 320):
        session.append_audio(data[start : start + 320])
    return len(sound) / 8


def test_nova_hears_a_turn(server: DeepgramDouble, events: Events) -> None:
    session = nova(server).open(ENGLISH, events)
    length = say(server, session, WORDS)
    found = events.until(TurnEnded)
    assert isinstance(found[0], TurnBegan)
    assert found[0].audio_ms == pytest.approx(450, abs=120)
    assert any(isinstance(event, Partial) for event in found)
    assert found[-1].text == WORDS
    assert found[-1].audio_ms == pytest.approx(400 + length, abs=150)
    session.close()


def test_novas_settings_are_what_the_call_wants(server: DeepgramDouble, events: Events) -> None:
    session = nova(server).open(ENGLISH, events)
    query = server.wait_for_connection().query
    assert (query["encoding"], query["sample_rate"]) == ("mulaw", "8000")
    assert (query["language"], query["keyterm"]) == ("en-US", "Bright Smile")
    assert (query["endpointing"], query["utterance_end_ms"]) == ("500", "1000")
    session.close()


def test_more_words_than_the_service_takes_are_left_out(server: DeepgramDouble) -> None:
    many = HearingConfig(
        language="en-US", keywords=tuple(f"keyword number {n}" for n in range(150))
    )
    for recogniser in (nova(server), DeepgramFlux(KEY, base_url=server.base_url)):
        recogniser.open(many, lambda _: None).close()
    terms = [value for name, value in nova_query("nova-3", many) if name == "keyterm"]
    assert terms == [f"keyword number {n}" for n in range(len(terms))]
    assert 50 < len(terms) <= 100


@pytest.mark.parametrize(
    ("tag", "language"),
    [("de-AT", "de"), ("de-CH", "de-CH"), ("nb", "no"), (None, "multi")],
)
def test_novas_language(tag: str | None, language: str) -> None:
    assert ("language", language) in nova_query("nova-3", HearingConfig(language=tag))


def test_every_turn_of_nova_is_its_own(server: DeepgramDouble, events: Events) -> None:
    session = nova(server).open(ENGLISH, events)
    texts = []
    for words in (WORDS, "Another sentence of mine"):
        say(server, session, words)
        texts.append(events.until(TurnEnded)[-1].text)
    assert texts == [WORDS, "Another sentence of mine"]
    session.close()


def test_a_noise_ends_without_words(server: DeepgramDouble, events: Events) -> None:
    session = nova(server).open(ENGLISH, events)
    session.append_audio(silence(0.4) + spoken("never said by anybody") + silence(1.2))
    assert events.until(TurnEnded)[-1].text == ""
    session.close()


def test_flux_begins_early_and_takes_it_back(server: DeepgramDouble, events: Events) -> None:
    session = flux(server).open(ENGLISH, events)
    first, second = spoken("I would like to"), spoken("book a table")
    server._hearing.said("call-1", "talk", "I would like to", first)
    server._hearing.said("call-1", "talk", "book a table", second)
    session.append_audio(silence(0.4) + first + silence(0.35) + second + silence(1.2))
    found = events.until(TurnEnded)
    kinds = [type(event) for event in found if not isinstance(event, Partial)]
    assert kinds == [TurnBegan, TurnLikelyOver, TurnResumed, TurnLikelyOver, TurnEnded]
    likely = [event.text for event in found if isinstance(event, TurnLikelyOver)]
    assert likely[0] == "I would like to"
    assert likely[1] == found[-1].text == "I would like to book a table"
    session.close()


def test_flux_without_eagerness(server: DeepgramDouble, events: Events) -> None:
    session = flux(server, eager=None).open(ENGLISH, events)
    say(server, session, WORDS)
    found = events.until(TurnEnded)
    assert found[-1].text == WORDS
    assert not any(isinstance(event, TurnLikelyOver) for event in found)
    session.close()


@pytest.mark.parametrize(
    ("language", "model", "hint"),
    [("en-GB", "flux-general-en", None), ("de-DE", "flux-general-multi", "de"), (None,) * 3],
)
def test_fluxes_model_follows_the_language(
    server: DeepgramDouble, events: Events, language: Any, model: Any, hint: Any
) -> None:
    session = flux(server).open(HearingConfig(language=language), events)
    query = server.wait_for_connection().query
    assert query["model"] == (model or "flux-general-multi")
    assert query.get("language_hint") == hint
    session.close()


@pytest.mark.parametrize("kind", ["nova", "flux"])
def test_an_idle_stream_stays_open(
    server: DeepgramDouble, events: Events, monkeypatch: Any, kind: str
) -> None:
    monkeypatch.setattr(link, "KEEP_ALIVE_SECONDS", 0.05)
    monkeypatch.setattr(wire, "NO_AUDIO_SECONDS", 0.3)
    session = (nova if kind == "nova" else flux)(server).open(ENGLISH, events)
    with pytest.raises(gevent.queue.Empty):
        events.get(timeout=0.7)
    say(server, session, WORDS)
    found = events.until(TurnEnded)
    assert found[-1].text == WORDS
    assert found[0].audio_ms == pytest.approx(450, abs=120)
    session.close()


@pytest.mark.parametrize(
    ("model", "key", "retryable"),
    [
        ("nova-3+rate-limit", KEY, True),
        ("nova-3+server-error", KEY, True),
        ("nova-3+quota", KEY, False),
        ("nova-3+forbidden", KEY, False),
        ("nova-99", KEY, False),
        ("nova-3", "sk-of-another", False),
    ],
)
def test_refused_handshakes(
    server: DeepgramDouble, events: Events, model: str, key: str, retryable: bool
) -> None:
    with pytest.raises(ProviderError) as caught:
        nova(server, model, key).open(ENGLISH, events)
    assert caught.value.retryable is retryable
    assert key not in f"{caught.value!r}{caught.value.extra}"


def test_a_connection_that_is_lost_is_told_once(server: DeepgramDouble, events: Events) -> None:
    session = nova(server).open(ENGLISH, events)
    server.wait_for_connection().cut()
    assert events.until(HearingFailed)[-1].error.retryable
    session.append_audio(silence(0.1))
    session.close()
    assert events.empty()


def test_a_closed_session_leaves_the_service(server: DeepgramDouble, events: Events) -> None:
    session = nova(server).open(ENGLISH, events)
    connection = server.wait_for_connection()
    session.close()
    assert connection.closed.wait(LIMIT)
    assert events.empty()


# --- the double refuses what the service refuses


@pytest.mark.parametrize(
    "change",
    [
        {"keywords": "x"},
        {"utterance_end_ms": "500"},
        {"interim_results": "false"},
        {"encoding": "mp3"},
        {"no_such_thing": "1"},
        {"model": "whisper-9"},
    ],
)
def test_what_v1_does_not_take(change: dict[str, str]) -> None:
    good = {
        "model": "nova-3",
        "encoding": "mulaw",
        "sample_rate": "8000",
        "interim_results": "true",
        "utterance_end_ms": "1000",
    }
    assert wire.refusal_of_nova(good) is None
    refused = wire.refusal_of_nova({**good, **change})
    assert refused is not None
    assert refused.status == 400


@pytest.mark.parametrize(
    "change",
    [
        {"eot_threshold": "0.2"},
        {"eager_eot_threshold": "0.8"},
        {"language_hint": "de"},
        {"eot_timeout_ms": "20000"},
        {"model": "nova-3"},
        {"vad_events": "true"},
    ],
)
def test_what_v2_does_not_take(change: dict[str, str]) -> None:
    good = {"model": "flux-general-en", "encoding": "mulaw", "sample_rate": "8000"}
    assert wire.refusal_of_flux(good) is None
    assert wire.refusal_of_flux({**good, **change}) is not None


def test_only_token_goes_with_a_key() -> None:
    assert wire.refusal_of_key({"authorization": f"Token {KEY}"}) is None
    for header in (f"Bearer {KEY}", "Token other", ""):
        assert wire.refusal_of_key({"authorization": header}) is not None
