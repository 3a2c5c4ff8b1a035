"""Behaviour of the Realtime double beyond its table: timing, races, ears, formats. No sockets."""

from __future__ import annotations

import audioop
import base64
from dataclasses import replace

import pytest
from sandbox_openai_realtime import QUICK, PureClient, kinds, scenario
from sandbox_openai_speech import silence, spoken, tone

from topcalls.sandbox.hearing import UNINTELLIGIBLE
from topcalls.sandbox.openai.realtime_response import GARBAGE
from topcalls.sandbox.openai.realtime_wire import Behaviour
from topcalls.sandbox.openai.script import GREETING, SAY_AGAIN

SLOW = Behaviour(first_audio=0.25, speed=4.0)
LONG = "this is a rather long sentence that takes a while to say"
TRANSCRIBE = {"transcription": {"model": "gpt-transcribe"}}
TRANSCRIPTION = "conversation.item.input_audio_transcription"
SCRIPT = scenario(
    {"when": "hello", "speak": "Do you have a minute"},
    {"when": "quiet", "fail": "silent"},
    {"when": "noise", "fail": "garbage", "speak": "After the noise"},
    {"when": "silence", "speak": "Is anybody there"},
    {"when": "second", "speak": "You said it again"},
    {"when": "bye", "speak": "Goodbye", "tool": {"name": "end_call"}},
    {"when": "long", "speak": LONG},
)


@pytest.fixture
def connect():
    def open_client(behaviour=QUICK, **how):
        client = PureClient([SCRIPT], behaviour, **how)
        client.until("session.created")
        return client

    return open_client


def caller_says(client, words, quiet=0.6):
    client.hearing.said("call-1", "talk", words, spoken(words))
    client.append(silence(0.2), spoken(words), silence(quiet))


def exactly(words):
    return {"instructions": f'Say exactly: "{words}"'}


def transcript(done):
    return done["response"]["output"][0]["content"][0]["transcript"]


def sound_of(client):
    """What the model said, wire bytes."""
    deltas = client.of("response.output_audio.delta")
    return b"".join(base64.b64decode(event["delta"]) for event in deltas)


def test_ids_are_random_and_different(connect):
    client = connect(seed=None)
    for _ in range(3):
        client.send("response.create", response=exactly("Hi"))
        client.until("response.done")
    ids = [event["event_id"] for event in client.events]
    assert len(set(ids)) == len(ids)
    assert len({event["response"]["id"] for event in client.of("response.created")}) == 3


def test_same_seed_same_conversation(connect):
    streams = []
    for _ in range(2):
        client = connect(seed=5)
        client.telephone(input=TRANSCRIBE)
        caller_says(client, "Hello there")
        client.run(5)
        streams.append(client.events)
    assert streams[0] == streams[1]


def test_first_audio_delay_and_pace(connect):
    client = connect(SLOW)
    client.telephone()
    client.send("response.create", response=exactly(LONG))
    assert kinds(client.fresh())[0] == "response.created"
    began = client.clock.monotonic()
    client.until("response.output_audio.delta")
    assert client.clock.monotonic() - began == pytest.approx(0.25)
    client.until("response.done")
    length = len(spoken(LONG)) / 8000
    assert client.clock.monotonic() - began == pytest.approx(0.25 + length / 4, abs=0.01)
    sizes = [
        len(base64.b64decode(e["delta"])) // 8 for e in client.of("response.output_audio.delta")
    ]
    assert sizes[0] == 100
    assert max(sizes) <= 400


@pytest.mark.parametrize(
    ("wire_format", "decode"),
    [
        ({"type": "audio/pcmu"}, lambda data: audioop.ulaw2lin(data, 2)),
        ({"type": "audio/pcma"}, lambda data: audioop.alaw2lin(data, 2)),
        (
            {"type": "audio/pcm", "rate": 24000},
            lambda data: audioop.ratecv(data, 2, 1, 24000, 8000, None)[0],
        ),
    ],
    ids=lambda value: value["type"] if isinstance(value, dict) else "",
)
def test_formats_out_and_in(connect, wire_format, decode):
    client = connect()
    client.configure(
        audio={
            "input": {"format": wire_format, "turn_detection": {"type": "server_vad"}},
            "output": {"format": wire_format},
        }
    )
    client.send("response.create", response=exactly("Hello you there"))
    client.until("response.done")
    sound = sound_of(client)
    original = audioop.ulaw2lin(spoken("Hello you there"), 2)
    heard = decode(sound)
    assert len(heard) == pytest.approx(len(original), abs=8)
    loud = audioop.rms(original, 2)
    assert audioop.rms(heard, 2) == pytest.approx(loud, rel=0.25)
    client.hearing.said("call-1", "talk", "Hello you there", spoken("Hello you there"))
    pause = sound[:1] if wire_format["type"] == "audio/pcm" else b""
    client.append(sound + pause, frame=961)
    quiet = {"audio/pcmu": b"\xff" * 8000, "audio/pcma": b"\xd5" * 8000}
    client.append(quiet.get(wire_format["type"], bytes(48000 - 1)), frame=0)
    client.until("response.done")
    assert client.session.conversation.items[-2].words == "Hello you there"


def test_prefix_threshold_and_silence_are_respected(connect):
    client = connect()
    client.telephone(
        vad={"prefix_padding_ms": 100, "silence_duration_ms": 400, "create_response": False}
    )
    words = spoken("Word", lead=0.0)
    client.append(silence(1.0), words, silence(0.32))
    (started,) = client.of("input_audio_buffer.speech_started")
    assert started["audio_start_ms"] == 900
    assert not client.of("input_audio_buffer.speech_stopped")
    client.append(silence(0.2))
    (stopped,) = client.of("input_audio_buffer.speech_stopped")
    voiced = 1000 + len(words) // 8 - 40
    assert stopped["audio_end_ms"] == pytest.approx(voiced + 400, abs=40)
    item = client.session.conversation.items[0]
    assert item.audio_ms == stopped["audio_end_ms"] - started["audio_start_ms"]


def test_start_comes_60_ms_after_the_onset(connect):
    client = connect()
    client.telephone()
    client.append(silence(0.5))
    loud = tone(1.0, 400)
    client.append(loud[:320])
    assert not client.of("input_audio_buffer.speech_started")
    client.append(loud[320:480])
    assert client.of("input_audio_buffer.speech_started")[0]["audio_start_ms"] == 200


@pytest.mark.parametrize(("threshold", "hears"), [(0.1, True), (0.9, False)])
def test_threshold(connect, threshold, hears):
    client = connect()
    client.telephone(vad={"threshold": threshold})
    soft = audioop.lin2ulaw(audioop.mul(audioop.ulaw2lin(tone(0.5, 400), 2), 2, 0.05), 2)
    client.append(soft)
    assert bool(client.of("input_audio_buffer.speech_started")) is hears


def test_clicks_are_not_speech(connect):
    client = connect()
    client.telephone()
    client.append(*[tone(0.04, 400) + silence(0.1)] * 5)
    assert not client.of("input_audio_buffer.speech_started")


def test_semantic_vad_waits_by_eagerness(connect):
    waits = {}
    for eagerness in ("high", "low"):
        client = connect()
        client.telephone()
        settings = {"type": "semantic_vad", "eagerness": eagerness, "create_response": False}
        client.configure(audio={"input": {"turn_detection": settings}})
        caller_says(client, "Hello there", quiet=1.2)
        waits[eagerness] = client.of("input_audio_buffer.speech_stopped")[0]["audio_end_ms"]
    assert waits["low"] - waits["high"] == 500


def test_partial_words_are_heard_in_part(connect):
    client = connect()
    client.telephone(input=TRANSCRIBE)
    words = "My order number is seven and I am waiting"
    sound = spoken(words)
    client.hearing.said("call-1", "talk", words, sound)
    client.append(silence(0.2), sound[: len(sound) // 2], silence(0.6))
    completed = client.until(f"{TRANSCRIPTION}.completed")[-1]
    assert words.startswith(completed["transcript"])
    assert 0.3 < len(completed["transcript"]) / len(words) < 0.7


def test_unknown_speech_is_unintelligible(connect):
    client = connect()
    client.telephone(input=TRANSCRIBE)
    client.append(silence(0.2), spoken("never registered"), silence(0.6))
    client.run(5)
    assert client.of(f"{TRANSCRIPTION}.completed")[0]["transcript"] == UNINTELLIGIBLE
    assert transcript(client.of("response.done")[0]) == SAY_AGAIN


def test_beep_is_a_turn_without_words(connect):
    client = connect()
    client.hearing.calls["call-1"] = "talk"
    client.telephone(input=TRANSCRIBE)
    client.append(silence(0.2), tone(0.5), silence(0.6))
    client.run(5)
    assert client.of(f"{TRANSCRIPTION}.completed")[0]["transcript"] == ""
    assert transcript(client.of("response.done")[0]) == "Is anybody there"


@pytest.mark.parametrize("order", ["before", "after"])
def test_transcription_before_or_after_the_answer(connect, order):
    client = connect(replace(QUICK, transcription=order))
    client.telephone(input=TRANSCRIBE)
    caller_says(client, "Hello there")
    seen = [event["type"] for event in client.run(5)]
    completed, done = seen.index(f"{TRANSCRIPTION}.completed"), seen.index("response.done")
    assert (completed < done) is (order == "before")


def test_random_order_has_both(connect):
    orders = set()
    for seed in range(12):
        client = connect(seed=seed)
        client.telephone(input=TRANSCRIBE)
        caller_says(client, "Hello there")
        seen = [event["type"] for event in client.run(5)]
        orders.add(seen.index(f"{TRANSCRIPTION}.completed") < seen.index("response.done"))
    assert orders == {True, False}


def test_late_transcription_does_not_wait_for_an_answer_that_never_comes(connect):
    client = connect(replace(QUICK, transcription="after"))
    client.telephone(vad={"create_response": False}, input=TRANSCRIBE)
    caller_says(client, "Hello there")
    assert client.until(f"{TRANSCRIPTION}.completed", timeout=4)


def test_transcription_may_fail_or_be_off(connect):
    client = connect(replace(QUICK, transcription_fails=True))
    client.telephone(input=TRANSCRIBE)
    caller_says(client, "Hello there")
    client.run(5)
    assert client.of(f"{TRANSCRIPTION}.failed")[0]["error"]["code"]
    assert not client.of(f"{TRANSCRIPTION}.completed")
    client = connect()
    client.telephone()
    caller_says(client, "Hello there")
    assert not [event for event in client.run(5) if event["type"].startswith(TRANSCRIPTION)]


def test_whisper_counts_seconds(connect):
    client = connect()
    client.telephone(input={"transcription": {"model": "whisper-1"}})
    caller_says(client, "Hello there")
    usage = client.until(f"{TRANSCRIPTION}.completed")[-1]["usage"]
    assert usage["type"] == "duration"
    assert usage["seconds"] > 0.5


def test_without_interrupt_the_answer_goes_on_and_a_second_one_is_refused(connect):
    client = connect(SLOW)
    client.telephone(vad={"interrupt_response": False})
    client.send("response.create", response=exactly(LONG))
    client.until("response.output_audio.delta")
    caller_says(client, "Hello there")
    seen = client.fresh()
    assert not [event for event in seen if event["type"] == "response.done"]
    errors = [event for event in seen if event["type"] == "error"]
    assert errors[0]["error"]["code"] == "conversation_already_has_active_response"
    assert client.until("response.done")[-1]["response"]["status"] == "completed"


def test_both_flags_off_only_reports(connect):
    client = connect(SLOW)
    client.telephone(vad={"interrupt_response": False, "create_response": False})
    client.send("response.create", response=exactly(LONG))
    client.until("response.output_audio.delta")
    caller_says(client, "Hello there")
    assert client.until("response.done")[-1]["response"]["status"] == "completed"
    assert not client.of("error")
    client.send("response.create")
    assert transcript(client.until("response.done")[-1]) == "Do you have a minute"


def test_a_deleted_turn_was_never_heard(connect):
    client = connect()
    client.telephone(vad={"interrupt_response": False, "create_response": False})
    caller_says(client, "Hello there")
    item = client.until("conversation.item.done")[-1]["item"]
    client.send("conversation.item.delete", item_id=item["id"])
    assert client.until("conversation.item.deleted")[-1]["item_id"] == item["id"]
    caller_says(client, "second thing")
    client.send("response.create")
    assert transcript(client.until("response.done")[-1]) == "You said it again"


def test_two_turns_are_answered_together(connect):
    client = connect()
    client.telephone(vad={"create_response": False})
    caller_says(client, "One thing")
    caller_says(client, "second thing")
    client.send("response.create")
    assert transcript(client.until("response.done")[-1]) == "You said it again"


def test_cancel_before_the_first_sound(connect):
    client = connect(SLOW)
    client.send("response.create", response=exactly(LONG))
    client.send("response.cancel")
    done = client.until("response.done")
    assert kinds(done)[-1] == "response.done"
    assert done[-1]["response"]["output"] == []
    assert done[-1]["response"]["status"] == "cancelled"
    later = client.run(10)
    assert set(kinds(later)) <= {"rate_limits.updated"}


def test_what_was_cancelled_before_it_began_can_still_be_said(connect):
    client = connect(SLOW)
    client.telephone()
    caller_says(client, "hello there")
    client.until("response.created")
    client.send("response.cancel")
    assert client.until("response.done")[-1]["response"]["status"] == "cancelled"
    client.send("response.create")
    assert transcript(client.until("response.done")[-1]) == "Do you have a minute"


def test_what_was_cancelled_in_the_middle_was_said(connect):
    client = connect(SLOW)
    client.telephone()
    caller_says(client, "hello there")
    client.until("response.output_audio.delta")
    client.send("response.cancel")
    client.until("response.done")
    client.send("response.create")
    assert transcript(client.until("response.done")[-1]) != "Do you have a minute"


def test_cancel_after_the_end_is_refused(connect):
    client = connect()
    client.send("response.create", response=exactly("Hi"))
    response_id = client.until("response.done")[-1]["response"]["id"]
    client.send("response.cancel", response_id=response_id)
    assert client.until("error")[-1]["error"]["code"] == "response_cancel_not_active"


def test_deltas_may_follow_a_cancel_but_nothing_follows_done(connect):
    late = set()
    for seed in range(20):
        client = connect(replace(SLOW, late_deltas=2), seed=seed)
        client.send("response.create", response=exactly(LONG))
        client.until("response.output_audio.delta")
        client.send("response.cancel")
        tail = client.until("response.done")
        late.add(sum(event["type"] == "response.output_audio.delta" for event in tail))
        assert not [e for e in client.run(10) if e["type"] != "rate_limits.updated"]
    assert late == {0, 1, 2}


def test_cancelled_item_can_be_truncated_to_what_was_sent(connect):
    client = connect(replace(SLOW, late_deltas=0))
    client.telephone()
    client.send("response.create", response=exactly(LONG))
    client.until("response.output_audio.delta")
    client.send("response.cancel")
    item_id = client.until("response.done")[-1]["response"]["output"][0]["id"]
    cut = {"item_id": item_id, "content_index": 0}
    client.send("conversation.item.truncate", **cut, audio_end_ms=101)
    message = client.until("error")[-1]["error"]["message"]
    assert message == "Audio content of 100ms is already shorter than 101ms"
    client.send("conversation.item.truncate", **cut, audio_end_ms=100)
    client.until("conversation.item.truncated")
    client.send("conversation.item.truncate", **cut | {"content_index": 1}, audio_end_ms=50)
    assert client.until("error")[-1]["error"]["param"] == "content_index"


def test_retrieve_brings_the_sound(connect):
    client = connect()
    client.telephone()
    client.send("response.create", response=exactly("Hi you"))
    item_id = client.until("response.done")[-1]["response"]["output"][0]["id"]
    client.send("conversation.item.retrieve", item_id=item_id)
    part = client.until("conversation.item.retrieved")[-1]["item"]["content"][0]
    assert base64.b64decode(part["audio"]) == spoken("Hi you") == sound_of(client)
    assert part["transcript"] == "Hi you"
    client.send("conversation.item.truncate", item_id=item_id, content_index=0, audio_end_ms=50)
    client.send("conversation.item.retrieve", item_id=item_id)
    part = client.until("conversation.item.retrieved")[-1]["item"]["content"][0]
    assert len(base64.b64decode(part["audio"])) == 400
    assert part["transcript"] is None
    caller_says(client, "Hello there")
    user_id = client.until("conversation.item.done")[-1]["item"]["id"]
    client.send("conversation.item.retrieve", item_id=user_id)
    part = client.until("conversation.item.retrieved")[-1]["item"]["content"][0]
    assert (part["type"], bool(part["audio"])) == ("input_audio", True)


def test_order_of_items(connect):
    client = connect()
    for item_id, after in (("a", None), ("b", None), ("c", "a"), ("d", "root")):
        content = [{"type": "input_text", "text": item_id}]
        item = {"id": item_id, "type": "message", "role": "user", "content": content}
        client.send("conversation.item.create", item=item, previous_item_id=after)
    assert [item.id for item in client.session.conversation.items] == ["d", "a", "c", "b"]
    previous = [event["previous_item_id"] for event in client.of("conversation.item.added")]
    assert previous == [None, "a", "a", None]


def test_history_is_not_answered_again(connect):
    client = connect()
    client.hearing.calls["call-1"] = "talk"
    for role, kind, text in (
        ("user", "input_text", "hello"),
        ("assistant", "output_text", "Do you have a minute"),
        ("system", "input_text", "The caller was reconnected after hello."),
        ("user", "input_text", "second try"),
    ):
        item = {"type": "message", "role": role, "content": [{"type": kind, "text": text}]}
        client.send("conversation.item.create", item=item)
    client.send("response.create")
    assert transcript(client.until("response.done")[-1]) == "You said it again"


def test_inserted_audio_is_listened_to(connect):
    client = connect()
    client.telephone()
    client.hearing.said("call-1", "talk", "Hello there", spoken("Hello there"))
    audio = base64.b64encode(spoken("Hello there")).decode()
    part = {"type": "input_audio", "audio": audio}
    item = {"type": "message", "role": "user", "content": [part]}
    client.send("conversation.item.create", item=item)
    assert "audio" not in client.until("conversation.item.done")[-1]["item"]["content"][0]
    client.send("response.create")
    assert transcript(client.until("response.done")[-1]) == "Do you have a minute"


def test_text_mode(connect):
    client = connect()
    client.configure(output_modalities=["text"])
    client.send("response.create", response=exactly("Three short words"))
    events = client.until("response.done")
    assert kinds(e for e in events if e["type"] != "rate_limits.updated") == [
        "response.created",
        "response.output_item.added",
        "conversation.item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "conversation.item.done",
        "response.done",
    ]
    content = events[-1]["response"]["output"][0]["content"]
    assert content == [{"type": "output_text", "text": "Three short words"}]
    assert events[-1]["response"]["usage"]["output_token_details"]["audio_tokens"] == 0


def test_out_of_band_responses_run_beside_and_leave_no_trace(connect):
    client = connect(SLOW)
    client.send("response.create", response=exactly(LONG))
    text = [{"type": "input_text", "text": "Some sentence"}]
    aside = {
        "conversation": "none",
        "instructions": "Read exactly what is given.",
        "input": [{"type": "message", "role": "user", "content": text}],
        "metadata": {"purpose": "speech"},
    }
    client.send("response.create", response=aside)
    client.send("response.create", response={**aside, "input": []})
    assert not client.of("error")
    done = [client.until("response.done")[-1]["response"] for _ in range(3)]
    mine = next(
        item for item in done if item["output"][0]["content"][0]["transcript"] == text[0]["text"]
    )
    assert mine["conversation_id"] is None
    assert mine["metadata"] == {"purpose": "speech"}
    assert len(client.session.conversation.items) == 1
    assert len(client.of("conversation.item.added")) == 1


def test_explicit_input_replaces_the_conversation(connect):
    client = connect()
    client.hearing.calls["call-1"] = "talk"
    content = [{"type": "input_text", "text": "hello"}]
    item = {"id": "mine", "type": "message", "role": "user", "content": content}
    client.send("conversation.item.create", item=item)
    client.send("response.create", response={"input": []})
    assert transcript(client.until("response.done")[-1]) == "Is anybody there"
    reference = {"type": "item_reference", "id": "mine"}
    client.send("response.create", response={"input": [reference]})
    assert transcript(client.until("response.done")[-1]) == "Do you have a minute"


def test_token_limit_makes_the_response_incomplete(connect):
    client = connect()
    client.send("response.create", response={**exactly(LONG), "max_output_tokens": 20})
    events = client.until("response.done")
    response = events[-1]["response"]
    assert response["status"] == "incomplete"
    assert response["status_details"]["reason"] == "max_output_tokens"
    assert response["output"][0]["status"] == "incomplete"
    assert 0 < len(sound_of(client)) < len(spoken(LONG)) * 6
    assert set(kinds(client.run(5))) <= {"rate_limits.updated"}


def test_silent_model_answers_nothing_until_cancelled(connect):
    client = connect()
    client.hearing.calls["call-1"] = "talk"
    client.telephone()
    caller_says(client, "be quiet please")
    client.until("response.created")
    assert client.run(60) == [] or kinds(client.events)[-1] == "rate_limits.updated"
    client.send("response.cancel")
    assert client.until("response.done")[-1]["response"]["status"] == "cancelled"


def test_garbage_comes_before_an_answer_that_is_right(connect):
    client = connect()
    client.telephone()
    caller_says(client, "make some noise")
    assert transcript(client.until("response.done")[-1]) == "After the noise"
    assert client.raw == list(GARBAGE)


def test_goodbye_then_call_in_one_response(connect):
    client = connect()
    client.configure(tools=[{"type": "function", "name": "end_call", "parameters": {}}])
    client.telephone()
    caller_says(client, "bye now")
    events = client.until("response.done")
    output = events[-1]["response"]["output"]
    assert [item["type"] for item in output] == ["message", "function_call"]
    order = [event["type"] for event in events]
    assert order.index("response.output_audio.done") < order.index(
        "response.function_call_arguments.done"
    )
    assert output[1]["arguments"] == "{}"


def test_call_cancelled_in_the_middle_is_incomplete(connect):
    client = connect(replace(QUICK, speed=0.01))
    parameters = {"type": "object", "properties": {"text": {"type": "string", "minLength": 50}}}
    tool = {"type": "function", "name": "note", "parameters": parameters}
    client.send("response.create", response={"tools": [tool], "tool_choice": "required"})
    client.until("response.function_call_arguments.delta")
    client.send("response.cancel")
    events = client.until("response.done")
    (call,) = events[-1]["response"]["output"]
    assert call["status"] == "incomplete"
    assert call["arguments"] == client.of("response.function_call_arguments.delta")[0]["delta"]
    assert not client.of("response.function_call_arguments.done")


def test_usage_grows_with_the_conversation_and_is_cached(connect):
    client = connect()
    usages = []
    for _ in range(6):
        client.send("response.create", response=exactly(LONG))
        usages.append(client.until("response.done")[-1]["response"]["usage"])
    inputs = [usage["input_tokens"] for usage in usages]
    assert inputs == sorted(inputs)
    assert len(set(inputs)) == 6
    cached = [usage["input_token_details"]["cached_tokens"] for usage in usages]
    assert cached[0] == 0 < cached[5] <= inputs[5]
    seconds = len(spoken(LONG)) / 8000
    audio = usages[0]["output_token_details"]["audio_tokens"]
    assert audio == pytest.approx(seconds * 20, abs=1)


def test_rate_limits_come_once_per_answer(connect):
    places = set()
    for seed in range(12):
        client = connect(seed=seed)
        client.send("response.create", response=exactly("Hi"))
        seen = kinds(client.run(2))
        assert seen.count("rate_limits.updated") == 1
        places.add(seen.index("rate_limits.updated") < seen.index("response.done"))
    assert places == {True, False}


def test_commit_and_clear_in_the_middle_of_speech(connect):
    client = connect()
    client.telephone(vad={"create_response": False})
    client.append(silence(0.2), spoken("Hello there"))
    (started,) = client.of("input_audio_buffer.speech_started")
    client.send("input_audio_buffer.commit")
    committed = client.until("input_audio_buffer.committed")[-1]
    assert committed["item_id"] == started["item_id"]
    client.append(spoken("Hello again my friend"))
    assert len(client.of("input_audio_buffer.speech_started")) == 2
    client.send("input_audio_buffer.clear")
    client.until("input_audio_buffer.cleared")
    client.append(silence(1.0))
    assert not client.of("input_audio_buffer.speech_stopped")
    client.append(spoken("Hello"), silence(1.0))
    assert len(client.of("input_audio_buffer.speech_stopped")) == 1


def test_positions_count_all_audio_ever_written(connect):
    client = connect()
    client.telephone(vad={"create_response": False})
    client.append(silence(30.0), frame=1600)
    client.send("input_audio_buffer.clear")
    client.append(silence(10.0), tone(0.3, 400), silence(0.5), frame=1600)
    (started,) = client.of("input_audio_buffer.speech_started")
    assert started["audio_start_ms"] == 40_000 - 300


def test_idle_time_needs_silence_and_a_setting(connect):
    client = connect()
    client.telephone(vad={"create_response": False})
    client.send("response.create", response=exactly("Hi"))
    client.until("response.done")
    client.append(silence(40.0), frame=1600)
    assert not client.of("input_audio_buffer.timeout_triggered")
    client.telephone(vad={"idle_timeout_ms": 5000, "create_response": False})
    client.send("response.create", response=exactly("Hi"))
    client.until("response.done")
    client.append(silence(4.0), tone(0.3, 400), silence(8.0), frame=1600)
    assert not client.of("input_audio_buffer.timeout_triggered")


def test_a_new_session_goes_on_from_the_history_it_is_given(connect):
    client = connect()
    client.hearing.calls["call-1"] = "talk"
    for role, kind, text in (
        ("user", "input_text", "Hello there"),
        ("assistant", "output_text", "Do you have a minute"),
    ):
        item = {"type": "message", "role": role, "content": [{"type": kind, "text": text}]}
        client.send("conversation.item.create", item=item)
    client.telephone()
    caller_says(client, "Hello there")
    assert transcript(client.until("response.done")[-1]) != "Do you have a minute"


def test_the_mind_changes_when_the_call_turns_out_to_be_another(connect):
    client = connect()
    client.hearing.calls["other"] = "unknown scenario"
    client.telephone()
    client.send("response.create")
    assert transcript(client.until("response.done")[-1]) == GREETING
    caller_says(client, "Hello there")
    assert transcript(client.until("response.done")[-1]) == "Do you have a minute"


def test_session_ends_after_its_hour(connect):
    client = connect(Behaviour())
    client.run(3599)
    assert client.closed is None
    client.run(1)
    assert client.closed[0] == 1001
