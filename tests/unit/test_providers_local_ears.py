"""Sessions that are told of turns, against the double of the service, over real sockets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from bridge_realtime_peer import Heard
from sandbox_openai_realtime import CLIENT_EVENTS
from sandbox_openai_speech import silence, spoken
from test_providers_openai_double import FIRST, QUICK, SCRIPT, SETTINGS, double, until

from topcalls.providers.base import (
    AgentTextDone,
    CallerTranscript,
    CallerTranscriptFailed,
    Ears,
    ResponseDone,
    SpeechStarted,
    SpeechStopped,
)
from topcalls.providers.openai.realtime import OpenAIRealtime, OpenAIRealtimeSession
from topcalls.sandbox.openai.http_server import OpenAIDouble

WORDS = "Hello there my friend"


@pytest.fixture
def server() -> Iterator[OpenAIDouble]:
    server = double(SCRIPT, behaviour=replace(QUICK, transcription="before"))
    yield server
    server.stop()


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def session(server: OpenAIDouble, heard: Heard) -> Iterator[OpenAIRealtimeSession]:
    settings = replace(SETTINGS, ears=Ears(local=True))
    session = OpenAIRealtime("sk-test", server.base_url).open(settings, heard)
    yield session
    session.close()


def appended_ms(server: OpenAIDouble) -> float:
    journal = server.realtime.wait_for_connection().journal
    sent = journal.events("client", "input_audio_buffer.append")
    return sum(len(event["audio"]) * 3 / 4 / 8 for event in sent)


def take_turn(server: OpenAIDouble, session: OpenAIRealtimeSession, words: str = WORDS) -> None:
    """Two seconds of silence, a turn, and silence again."""
    sound = spoken(words)
    server._studio.hearing.said("call-1", "talk", words, sound)
    session.append_audio(silence(2.0) + sound[:800])
    session.begin_turn(2000)
    session.append_audio(sound[800:] + silence(0.5))
    session.commit_turn(2000 + len(sound) // 8)
    session.append_audio(silence(2.0))


def test_a_turn_that_we_tell_of_is_written_down_and_answered(
    server: OpenAIDouble, session: OpenAIRealtimeSession, heard: Heard
) -> None:
    take_turn(server, session)
    events = until(heard, CallerTranscript)
    length = len(spoken(WORDS)) // 8
    assert events[:2] == [SpeechStarted(2000, "turn_1"), SpeechStopped(2000 + length, "turn_1")]
    assert events[-1] == CallerTranscript("turn_1", WORDS)
    session.create_response()
    answer = [event for event in until(heard, ResponseDone) if isinstance(event, AgentTextDone)]
    assert answer[0].text == "Do you have a minute"
    assert appended_ms(server) < 600 + length + 600  # of the silence hardly anything went out
    journal = server.realtime.wait_for_connection().journal
    settings = journal.wait_for("server", "session.updated")["session"]
    assert settings["audio"]["input"]["turn_detection"] is None
    for event in journal.events("client"):
        CLIENT_EVENTS[event["type"]].model_validate(event)


def test_a_turn_taken_back_leaves_the_conversation(
    server: OpenAIDouble, session: OpenAIRealtimeSession, heard: Heard
) -> None:
    """However early: also before the service has given the turn an id."""
    take_turn(server, session)
    session.delete_item("turn_1")
    journal = server.realtime.wait_for_connection().journal
    item_id = journal.wait_for("server", "input_audio_buffer.committed")["item_id"]
    assert journal.wait_for("server", "conversation.item.deleted")["item_id"] == item_id
    take_turn(server, session, "Please two of them")
    while not isinstance(event := heard.next(), CallerTranscript) or event.item_id != "turn_2":
        pass
    assert event.text == "Please two of them"


def test_a_turn_too_short_for_the_service_is_known_to_have_no_words(
    server: OpenAIDouble, session: OpenAIRealtimeSession, heard: Heard
) -> None:
    session.append_audio(silence(0.05))
    session.begin_turn(0)
    session.commit_turn(50)
    assert until(heard, CallerTranscriptFailed)[-1] == CallerTranscriptFailed("turn_1")
    take_turn(server, session)
    assert until(heard, CallerTranscript)[-1] == CallerTranscript("turn_2", WORDS)


def test_other_sessions_are_told_of_nothing(server: OpenAIDouble, heard: Heard) -> None:
    session = OpenAIRealtime("sk-test", server.base_url).open(SETTINGS, heard)
    session.begin_turn(0)
    session.commit_turn(100)
    session.speak(FIRST)
    assert not [event for event in until(heard, ResponseDone) if isinstance(event, SpeechStarted)]
    session.close()
