"""The Realtime adapter, alone and under a whole conversation, against the double of the service."""

from __future__ import annotations

import audioop
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import gevent
import numpy as np
import pytest
from bridge_doubles import CONFIG, LIMIT, Audio, Line, Loudspeaker, Observer, Tool, configured
from bridge_realtime_peer import Heard
from gevent.event import Event
from sandbox_openai_realtime import CLIENT_EVENTS, QUICK, double, scenario
from sandbox_openai_speech import silence, spoken

from topcalls.bridge.opening import OpeningPlan
from topcalls.bridge.session import BridgeSession
from topcalls.clock import SystemClock
from topcalls.core.builtin_tools import END_CALL
from topcalls.core.pronunciation import Pronunciation
from topcalls.core.tools import ToolSpec
from topcalls.errors import ProviderError
from topcalls.providers.base import (
    AgentTextDelta,
    AgentTextDone,
    AudioDelta,
    CallerTranscript,
    Ears,
    ProviderClosed,
    ProviderEvent,
    ProviderFailed,
    Rendered,
    ResponseDone,
    ResponseStarted,
    SessionConfig,
    SpeechStarted,
    SpeechStopped,
    ToolCall,
)
from topcalls.providers.openai.realtime import OpenAIRealtime, OpenAIRealtimeSession
from topcalls.sandbox.openai.http_server import OpenAIDouble

ORDER = ToolSpec("look_up", "Look up an order.")
SETTINGS = SessionConfig(
    "gpt-realtime-2.1",
    "Be kind.",
    voice="marin",
    language="en-US",
    tools=(ORDER, END_CALL),
    noise_reduction="near_field",
    max_output_tokens=4096,
    speed=1.0,
    reasoning_effort="low",
)
SCRIPT = scenario(
    {"when": "hello", "speak": "Do you have a minute"},
    {"when": "two", "speak": "Let me see\n\nIt is all here now"},
    {"when": "order", "tool": {"name": "look_up", "arguments": {"order": 7}}, "then": "On its way"},
    {"when": "bye", "speak": "Goodbye and thank you", "tool": {"name": "end_call"}},
    {"when": "story", "speak": "Once upon a time there was a very long story about a telephone"},
    {"when": "limit", "fail": "rate_limit"},
    {"when": "tear", "fail": "cut", "speak": "This sentence will never come to its end"},
    {"when": "noise", "fail": "garbage", "speak": "That was strange"},
)
FIRST = "Good morning this is Rachel"


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
    session = OpenAIRealtime("sk-test", server.base_url).open(SETTINGS, heard)
    yield session
    session.close()


def until(heard: Heard, kind: type) -> list[ProviderEvent]:
    """The events up to the first of this kind."""
    found = [heard.next()]
    while not isinstance(found[-1], kind):
        found.append(heard.next())
    return found


def of(events: list[ProviderEvent], kind: type) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


def say(server: OpenAIDouble, session: OpenAIRealtimeSession, words: str) -> None:
    """The caller says this, and then nothing for a while."""
    sound = spoken(words)
    server._studio.hearing.said("call-1", "talk", words, sound)
    session.append_audio(silence(0.4) + sound + silence(0.8))


def errors_sent(server: OpenAIDouble) -> list[Any]:
    journal = server.realtime.wait_for_connection().journal
    return [event["error"] for event in journal.events("server", "error")]


# --- the adapter


def test_all_settings_are_taken(server: OpenAIDouble, session: OpenAIRealtimeSession) -> None:
    connection = server.realtime.wait_for_connection()
    updated = connection.journal.wait_for("server", "session.updated")["session"]
    assert updated["audio"]["input"]["turn_detection"]["create_response"] is False
    assert updated["audio"]["input"]["turn_detection"]["interrupt_response"] is False
    assert updated["audio"]["input"]["format"] == {"type": "audio/pcmu"}
    assert updated["audio"]["input"]["transcription"]["model"] == "gpt-transcribe"
    assert {tool["name"] for tool in updated["tools"]} == {"look_up", "end_call"}
    for event in connection.journal.events("client"):
        CLIENT_EVENTS[event["type"]].model_validate(event)


def test_the_services_own_model_may_judge_the_end_of_a_turn(
    server: OpenAIDouble, heard: Heard
) -> None:
    settings = replace(SETTINGS, ears=Ears(semantic=True))
    session = OpenAIRealtime("sk-test", server.base_url).open(settings, heard)
    journal = server.realtime.wait_for_connection().journal
    updated = journal.wait_for("server", "session.updated")["session"]
    detection = updated["audio"]["input"]["turn_detection"]
    assert detection["type"] == "semantic_vad"
    assert not (detection["create_response"] or detection["interrupt_response"])
    for event in journal.events("client"):
        CLIENT_EVENTS[event["type"]].model_validate(event)
    say(server, session, "What is the weather")
    started, stopped = until(heard, SpeechStarted)[-1], until(heard, SpeechStopped)[-1]
    assert isinstance(started, SpeechStarted)
    assert isinstance(stopped, SpeechStopped)
    assert stopped.audio_ms > started.audio_ms
    session.close()


def test_a_setting_the_service_refuses_is_named(server: OpenAIDouble) -> None:
    model = OpenAIRealtime("sk-test", server.base_url)
    with pytest.raises(ProviderError) as caught:
        model.open(replace(SETTINGS, voice="nobody"), Heard())
    assert caught.value.field == "session.audio.output.voice"
    assert not caught.value.retryable


@pytest.mark.parametrize(
    ("key", "model", "retryable"),
    [
        ("sk-bad", "gpt-realtime-2.1", False),
        ("sk-test", "gpt-realtime-2.1+quota", False),
        ("sk-test", "gpt-realtime-2.1+rate-limit", True),
        ("sk-test", "gpt-realtime-2.1+server-error", True),
        ("sk-test", "gpt-realtime-2.1+forbidden", False),
        ("sk-test", "gpt-realtime-9+not-found", False),
    ],
)
def test_refused_handshakes(server: OpenAIDouble, key: str, model: str, retryable: bool) -> None:
    with pytest.raises(ProviderError) as caught:
        OpenAIRealtime(key, server.base_url).open(replace(SETTINGS, model=model), Heard())
    assert caught.value.retryable is retryable
    assert key not in f"{caught.value!r}{caught.value.extra}"


def test_exact_words_come_as_their_sound(
    server: OpenAIDouble, session: OpenAIRealtimeSession, heard: Heard
) -> None:
    session.speak(FIRST, tag="opening")
    events = until(heard, ResponseDone)
    assert events[0] == ResponseStarted(events[-1].response_id, "opening")
    assert b"".join(event.audio for event in of(events, AudioDelta)) == spoken(FIRST)
    assert [event.text for event in of(events, AgentTextDone)] == [FIRST]
    assert events[-1].usage.output_audio > 0


def test_exact_words_are_said_in_words_and_told_in_figures(
    server: OpenAIDouble, heard: Heard
) -> None:
    settings = replace(
        SETTINGS, keywords=("Acme",), pronunciations=(Pronunciation("Nguyen", "win"),)
    )
    session = OpenAIRealtime("sk-test", server.base_url).open(settings, heard)
    session.speak("Mr Nguyen owes $12.50 until 3:05 pm.", tag="opening")
    found = until(heard, ResponseDone)
    said = "Mr win owes twelve dollars and fifty cents until three oh five p.m."
    assert b"".join(event.audio for event in of(found, AudioDelta)) == spoken(said)
    written = "Mr Nguyen owes $12.50 until 3:05 pm."
    assert [event.text for event in of(found, AgentTextDone)] == [written]
    assert "".join(event.text for event in of(found, AgentTextDelta)).strip() == written
    journal = server.realtime.wait_for_connection().journal
    updated = journal.wait_for("server", "session.updated")["session"]
    assert updated["audio"]["input"]["transcription"]["keywords"] == ["Acme"]
    session.speak("Mr Nguyen again")
    assert of(until(heard, ResponseDone), AgentTextDone)[0].text == "Mr Nguyen again"
    session.close()


def test_a_turn_is_heard_but_not_answered_unasked(
    server: OpenAIDouble, session: OpenAIRealtimeSession, heard: Heard
) -> None:
    say(server, session, "Hello there my friend")
    events = until(heard, CallerTranscript)
    assert events[-1].text == "Hello there my friend"
    started, stopped = of(events, SpeechStarted)[0], of(events, SpeechStopped)[0]
    assert started.item_id == stopped.item_id == events[-1].item_id
    assert started.audio_ms == pytest.approx(450, abs=120)
    length = len(spoken("Hello there my friend")) / 8
    assert stopped.audio_ms == pytest.approx(400 + length, abs=150)
    assert heard.nothing
    session.create_response()
    events = until(heard, ResponseDone)
    assert of(events, AgentTextDone)[0].text == "Do you have a minute"


def test_a_turn_that_does_not_end_is_ended_for_the_caller(
    server: OpenAIDouble, session: OpenAIRealtimeSession, heard: Heard
) -> None:
    sound = spoken("hello there my friend")
    server._studio.hearing.said("call-1", "talk", "hello there my friend", sound)
    session.append_audio(silence(0.4) + sound)
    began = until(heard, SpeechStarted)[-1]
    session.end_turn(1000)
    session.speak("Ask them something.", exact=False, tag="floor")
    events = until(heard, ResponseDone)
    assert of(events, CallerTranscript)[0].item_id == began.item_id
    assert events[-1].tag == "floor"
    assert errors_sent(server) == []


def test_a_turn_of_our_own_ears_goes_on_in_another_item(server: OpenAIDouble, heard: Heard) -> None:
    settings = replace(SETTINGS, ears=Ears(local=True))
    session = OpenAIRealtime("sk-test", server.base_url).open(settings, heard)
    session.begin_turn(0)
    session.append_audio(spoken("hello there my friend"))
    session.end_turn(1000)
    first, ended, second = (heard.next() for _ in range(3))
    assert isinstance(ended, SpeechStopped)
    assert (first.item_id, second.item_id) == (ended.item_id, "turn_2")
    session.close()


def test_a_text_is_rendered_beside_an_answer(
    server: OpenAIDouble, session: OpenAIRealtimeSession, heard: Heard
) -> None:
    say(server, session, "tell me a story")
    until(heard, CallerTranscript)
    session.create_response(tag="a")
    session.render("One moment, please.")
    events = until(heard, ResponseDone)
    if not of(events, Rendered):
        events += until(heard, Rendered)
    rendered = of(events, Rendered)[0]
    assert rendered.text == "One moment, please."
    assert len(rendered.audio) == pytest.approx(len(spoken("One moment, please.")), abs=200)
    assert rendered.usage.output_audio > 0
    said = {event.text for event in of(events, AgentTextDone)}
    assert said == {"Once upon a time there was a very long story about a telephone"}
    assert {event.tag for event in of(events, ResponseStarted)} == {"a"}
    assert errors_sent(server) == []


def test_two_items_keep_their_order(
    server: OpenAIDouble, session: OpenAIRealtimeSession, heard: Heard
) -> None:
    say(server, session, "Please two of them")
    until(heard, CallerTranscript)
    session.create_response()
    events = until(heard, ResponseDone)
    order = list(dict.fromkeys(event.item_id for event in of(events, AudioDelta)))
    texts = {event.item_id: event.text for event in of(events, AgentTextDone)}
    assert [texts[item] for item in order] == ["Let me see", "It is all here now"]


def test_a_tool_call_and_its_answer(
    server: OpenAIDouble, session: OpenAIRealtimeSession, heard: Heard
) -> None:
    say(server, session, "Where is my order")
    until(heard, CallerTranscript)
    session.create_response()
    call = of(until(heard, ResponseDone), ToolCall)[0]
    assert (call.name, call.complete) == ("look_up", True)
    session.add_tool_output(call.call_id, '{"status":"sent"}')
    session.create_response()
    assert of(until(heard, ResponseDone), AgentTextDone)[0].text == "On its way"
    assert errors_sent(server) == []


def test_requests_queue_and_none_is_refused(
    server: OpenAIDouble, session: OpenAIRealtimeSession, heard: Heard
) -> None:
    for number in range(3):
        session.speak(f"Number {number}", tag=str(number))
    tags = [until(heard, ResponseDone)[-1].tag for _ in range(3)]
    assert tags == ["0", "1", "2"]
    assert errors_sent(server) == []


def test_a_cancelled_request_is_never_heard(
    server: OpenAIDouble, session: OpenAIRealtimeSession, heard: Heard
) -> None:
    session.speak(FIRST, tag="first")
    session.cancel_response()
    session.speak("Second words", tag="second")
    events = until(heard, ResponseDone)
    assert {event.tag for event in of(events, ResponseStarted)} == {"second"}
    assert b"".join(event.audio for event in of(events, AudioDelta)) == spoken("Second words")


def test_an_interrupted_item_is_cut_where_it_was_heard(
    server: OpenAIDouble, session: OpenAIRealtimeSession, heard: Heard
) -> None:
    session.speak(FIRST)
    audio = until(heard, AudioDelta)[-1]
    session.cancel_response()
    received_ms = len(audio.audio) // 8
    session.truncate(audio.item_id, received_ms + 5000, received_ms)
    done = until(heard, ResponseDone)[-1]
    journal = server.realtime.wait_for_connection().journal
    cut = journal.wait_for("server", "conversation.item.truncated")
    assert (cut["item_id"], cut["audio_end_ms"]) == (audio.item_id, received_ms)
    assert done.status in ("cancelled", "completed")
    session.truncate(audio.item_id, 0, received_ms)
    journal.wait_for("server", "conversation.item.deleted")
    session.delete_item(audio.item_id)
    session.speak("Still there")
    until(heard, ResponseDone)
    codes = {error["code"] for error in errors_sent(server)}
    assert codes <= {"response_cancel_not_active", "item_delete_invalid_item_id"}


def test_history_is_taken_in_every_role(
    server: OpenAIDouble, session: OpenAIRealtimeSession, heard: Heard
) -> None:
    for role in ("user", "assistant", "system"):
        session.add_message(role, "Some words")
    session.speak("Done")
    until(heard, ResponseDone)
    assert errors_sent(server) == []


def test_a_failed_response_can_be_tried_again(
    server: OpenAIDouble, session: OpenAIRealtimeSession, heard: Heard
) -> None:
    say(server, session, "To the limit")
    until(heard, CallerTranscript)
    session.create_response()
    done = until(heard, ResponseDone)[-1]
    assert done.status == "failed"
    assert done.error is not None
    assert done.error.retryable


def test_garbage_is_passed_over(
    server: OpenAIDouble, session: OpenAIRealtimeSession, heard: Heard
) -> None:
    say(server, session, "What a noise")
    until(heard, CallerTranscript)
    session.create_response()
    server.realtime.wait_for_connection().garbage()
    assert of(until(heard, ResponseDone), AgentTextDone)[0].text == "That was strange"


def test_a_cut_connection_is_told(
    server: OpenAIDouble, session: OpenAIRealtimeSession, heard: Heard
) -> None:
    say(server, session, "Now tear it")
    until(heard, CallerTranscript)
    session.create_response()
    assert until(heard, ProviderClosed)[-1].code == 1006


def test_the_end_of_the_hour_is_told(
    server: OpenAIDouble, session: OpenAIRealtimeSession, heard: Heard
) -> None:
    server.realtime.wait_for_connection().expire()
    assert until(heard, ProviderFailed)[-1].error.retryable
    assert until(heard, ProviderClosed)[-1].code == 1001


def test_a_closed_session_leaves_the_service(
    server: OpenAIDouble, session: OpenAIRealtimeSession
) -> None:
    connection = server.realtime.wait_for_connection()
    session.close()
    assert connection.closed.wait(LIMIT)


# --- a conversation on it


class Follower(Observer):
    """An observer that can be waited on."""

    def __init__(self) -> None:
        super().__init__()
        self.changed = Event()

    def turn(self, turn: Any) -> None:
        super().turn(turn)
        self._notify()

    def finished(self, reason: str, detail: str = "") -> None:
        super().finished(reason, detail)
        self._notify()

    def _notify(self) -> None:
        self.changed.set()
        self.changed.clear()

    def wait_for(self, found: Callable[[], bool]) -> None:
        with gevent.Timeout(LIMIT, TimeoutError(f"only {self.texts()} {self.ends}")):
            while not found():
                self.changed.wait()


class Call:
    """A call on the machine's clock, whose loudspeaker plays when it is told to."""

    def __init__(self, server: OpenAIDouble, config: Any = CONFIG, **options: Any) -> None:
        self.server = server
        self.observer = Follower()
        self.line = Line()
        self.loudspeaker = QuickLoudspeaker(SystemClock())
        model = OpenAIRealtime("sk-test", server.base_url)
        config = replace(config, session=SETTINGS)
        self.bridge = BridgeSession(
            "call-1", config, model, self.observer, SystemClock(), **options
        )
        self.bridge.start()
        assert self.observer.is_ready.wait(LIMIT)

    def answer(self) -> None:
        self.bridge.attach(Audio(self.line, self.loudspeaker))
        assert self.loudspeaker.attached.wait(LIMIT)

    def say(self, words: str) -> None:
        """The caller says this, in 20 ms frames as fast as they go."""
        sound = spoken(words)
        self.server._studio.hearing.said("call-1", "talk", words, sound)
        l16 = audioop.ulaw2lin(silence(0.4) + sound + silence(0.8), 2)
        for start in range(0, len(l16), 320):
            self.line.on_audio(l16[start : start + 320])

    def hear(self, text: str) -> None:
        """Until the agent has been heard saying this, whole."""
        self.loudspeaker.pace = 1000.0
        self.observer.wait_for(lambda: self.observer.texts()[-1:] == [("assistant", text)])

    def is_over(self, reason: str) -> None:
        assert self.bridge.join(LIMIT)
        assert [end[0] for end in self.observer.ends] == [reason]
        for connection in self.server.realtime.connections:
            assert connection.closed.wait(LIMIT)


class QuickLoudspeaker(Loudspeaker):
    """Plays whatever it gets, `pace` seconds of sound with every piece that arrives."""

    def __init__(self, clock: SystemClock) -> None:
        super().__init__(clock)  # type: ignore[arg-type]
        self.attached = Event()
        self.pace = 1000.0

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if name == "on_finished" and "attached" in self.__dict__:
            self.attached.set()

    def append(self, utterance_id: str, audio: bytes) -> None:
        super().append(utterance_id, audio)
        self.play(self.pace)

    def finish(self, utterance_id: str) -> None:
        super().finish(utterance_id)
        self.play(self.pace)

    def resume(self) -> None:
        super().resume()
        self.play(self.pace)


OPENED = configured(opening=OpeningPlan(FIRST))


def test_a_friendly_talk_from_ringing_to_goodbye(server: OpenAIDouble) -> None:
    tool = Tool()
    call = Call(server, OPENED, run_tool=tool)
    journal = server.realtime.wait_for_connection().journal
    journal.wait_for("server", "response.done")  # the opening is ready before the answer
    call.answer()
    call.hear(FIRST)
    call.say("Hello there my friend")
    call.hear("Do you have a minute")
    call.say("Where is my order")
    call.hear("On its way")
    assert tool.calls == [("look_up", {"order": 7})]
    call.say("Thank you and bye")
    call.is_over("agent_ended")
    assert call.observer.texts() == [
        ("assistant", FIRST),
        ("user", "Hello there my friend"),
        ("assistant", "Do you have a minute"),
        ("user", "Where is my order"),
        ("assistant", "On its way"),
        ("user", "Thank you and bye"),
        ("assistant", "Goodbye and thank you"),
    ]
    assert journal.events("server", "error") == []
    assert len(call.observer.timings) == 4
    for event in journal.events("client"):
        CLIENT_EVENTS[event["type"]].model_validate(event)


def test_an_interrupted_story(server: OpenAIDouble) -> None:
    call = Call(server, OPENED)
    call.answer()
    call.hear(FIRST)
    call.loudspeaker.pace = 0.1
    call.say("Tell me a story please")
    journal = server.realtime.wait_for_connection().journal
    journal.wait_for("server", "response.output_audio.delta")
    journal.wait_for("server", "response.done", lambda event: len(journal_done(journal)) == 2)
    call.say("Hello wait a moment please")
    cut = journal.wait_for("server", "conversation.item.truncated")
    assert 0 < cut["audio_end_ms"] < len(spoken(SCRIPT.model[4].speak)) / 8
    call.hear("Do you have a minute")
    told = {turn.seq: turn for turn in call.observer.turns}
    story = next(turn for turn in told.values() if turn.text.startswith("Once"))
    assert story.interrupted
    assert SCRIPT.model[4].speak.startswith(story.text)
    assert len(story.text) < len(SCRIPT.model[4].speak)
    assert journal.events("server", "error") == []
    call.bridge.stop("hangup")
    call.is_over("hangup")


def journal_done(journal: Any) -> list[Any]:
    return journal.events("server", "response.done")


def test_a_torn_session_goes_on_in_a_new_one(server: OpenAIDouble) -> None:
    call = Call(server, OPENED)
    call.answer()
    call.hear(FIRST)
    server.realtime.wait_for_connection(0).cut()
    journal = server.realtime.wait_for_connection(1).journal
    carried = journal.wait_for("client", "conversation.item.create")["item"]
    assert carried["role"] == "assistant"
    assert carried["content"] == [{"type": "output_text", "text": FIRST}]
    call.say("Hello there my friend")
    call.hear("Do you have a minute")
    assert journal.events("server", "error") == []
    call.bridge.stop("hangup")
    call.is_over("hangup")


def test_a_service_that_is_gone_ends_the_call_with_an_apology(server: OpenAIDouble) -> None:
    sorry = "Sorry"
    call = Call(server, replace(OPENED, apology=spoken(sorry), apology_text=sorry))
    call.answer()
    call.hear(FIRST)
    server.stop()
    call.hear(sorry)
    assert call.bridge.join(LIMIT)
    assert call.observer.ends[0][0] == "provider_failed"


def test_a_hang_up_in_the_middle_leaves_nothing(server: OpenAIDouble) -> None:
    call = Call(server, OPENED)
    call.answer()
    call.hear(FIRST)
    call.say("Tell me a story please")
    journal = server.realtime.wait_for_connection().journal
    journal.wait_for("client", "response.create", lambda event: "response" not in event)
    call.bridge.stop("hangup")
    call.is_over("hangup")
    assert ("user", "Tell me a story please") in call.observer.texts()


# --- a server that knows no G.711


@pytest.fixture
def wide(server: OpenAIDouble, heard: Heard) -> Iterator[OpenAIRealtimeSession]:
    session = OpenAIRealtime("sk-test", server.base_url, pcm24=True).open(SETTINGS, heard)
    yield session
    session.close()


def test_wide_sound_says_the_same_words(
    server: OpenAIDouble, wide: OpenAIRealtimeSession, heard: Heard
) -> None:
    wide.speak(FIRST, tag="first")
    events = until(heard, ResponseDone)
    audio = b"".join(event.audio for event in of(events, AudioDelta))
    assert abs(len(audio) - len(spoken(FIRST))) <= 2 * 8
    assert likeness(audio, spoken(FIRST)) > 0.95
    (sent,) = server.realtime.wait_for_connection().journal.events("client", "session.update")
    sides = sent["session"]["audio"]
    assert [sides[side]["format"]["type"] for side in ("input", "output")] == ["audio/pcm"] * 2


def test_wide_sound_is_heard_and_answered(
    server: OpenAIDouble, wide: OpenAIRealtimeSession, heard: Heard
) -> None:
    say(server, wide, "hello there")
    events = until(heard, CallerTranscript)
    (started, stopped) = (*of(events, SpeechStarted), *of(events, SpeechStopped))
    assert abs(started.audio_ms - 400) < 150
    assert stopped.audio_ms > started.audio_ms
    assert of(events, CallerTranscript)[0].text == "hello there"


def likeness(first: bytes, second: bytes) -> float:
    """The highest correlation of two sounds, shifted by up to 3 ms."""
    samples = [np.frombuffer(audioop.ulaw2lin(each, 2), "<i2") for each in (first, second)]
    size = min(map(len, samples)) - 48
    one = samples[0][24 : 24 + size].astype(float)
    shifted = (samples[1][at : at + size].astype(float) for at in range(49))
    return float(max(one @ other / np.sqrt((one @ one) * (other @ other)) for other in shifted))
