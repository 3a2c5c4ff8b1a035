"""A call to every magic number, all at once: what the user sees of them in the end."""

import json
import wave
from io import BytesIO

import numpy as np
import pytest
from scenarios import NUMBERS, words

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(240)]

FOUND_BY_THE_DOCTOR = {
    "settings",
    "database",
    "database_writes",
    "schema",
    "stored_secrets",
    "controllers",
    "worker",
    "queue",
    "sandbox",
    "sandbox_ports",
    "speech",
    "switch",
    "switch_modules",
    "switch_limits",
    "switch_clock",
    "gateway",
    "recordings_shared",
    "playback_shared",
    "media_address",
    "ai_model",
    "ai_server",
    "ai_model_offered",
}


@pytest.fixture(scope="module", autouse=True)
def all_at_once(calls):
    calls.place_all()


def outcome(details):
    return details["status"], details["call_status"], details["end_reason"]


def test_a_doctor_who_comes_meanwhile_finds_no_fault(product):
    report = json.loads(product.cli("doctor", "--json"))
    found = {check["check"]: check["status"] for check in report["checks"]}
    wanted = dict.fromkeys(FOUND_BY_THE_DOCTOR, "ok")
    assert {name: found.get(name) for name in wanted} == wanted
    assert report["faults"] == 0
    assert report["seconds"] < 15


def test_a_friendly_talk_from_the_first_sentence_to_the_goodbye(ended):
    call = ended("talk")
    assert outcome(call) == ("completed", "completed", "agent_ended"), call
    turns = call["transcript"]
    assert turns[0]["user"] == "assistant"
    assert turns[0]["text"] == "Hi, this is Rachel from Bright Smile Dental."
    assert "thursday" in words(call, "user")
    assert "goodbye" in words(call, "assistant")
    assert [turn["started_ms"] for turn in turns] == sorted(turn["started_ms"] for turn in turns)
    assert call["metadata"] == {"scenario": "talk"}
    assert call["sandbox"] is True
    assert call["answered_by"] in (None, "unknown", "human")


def test_each_answered_turn_has_its_timing(ended):
    call = ended("talk")
    answers = [timing for timing in call["timings"] if timing["endpointing_ms"]]
    assert len(answers) >= 3
    for timing in answers:
        assert 0 <= timing["gateway_ms"] < 2000
        assert timing["provider_ms"] > 0


def test_what_the_caller_waited_is_measured_on_the_recording(ended):
    measured = [timing for timing in ended("talk")["timings"] if timing["ear_ms"] is not None]
    assert len(measured) >= 3
    for timing in measured:
        assert -150 < timing["unexplained_ms"] < 600, timing
        *moments, _ = timing["moments"].values()
        assert moments == sorted(moments), timing


@pytest.mark.parametrize(
    ("name", "status", "reason"),
    [
        ("busy", "busy", "busy"),
        ("no answer", "no-answer", "no_answer"),
        ("rejected", "rejected", "rejected"),
    ],
)
def test_a_call_that_nobody_takes(ended, name, status, reason):
    call = ended(name)
    assert outcome(call) == ("failed", status, reason)
    assert call["error_message"]
    assert call["duration"] == 0
    assert call["actual_duration_billed"] == 0
    assert call["transcript"] == []
    assert call["recording_url"] is None


def test_a_callee_who_hangs_up_at_once(ended):
    call = ended("hangs up")
    assert outcome(call) == ("completed", "completed", "callee_hung_up")


def test_a_voicemail_greeting_is_heard_and_answered(ended):
    call = ended("voicemail")
    assert call["status"] == "completed"
    assert "reached daniel" in words(call, "user")


def test_a_menu_is_heard_and_its_key_pressed(ended):
    call = ended("menu")
    assert outcome(call) == ("completed", "completed", "callee_hung_up"), call
    assert "[pressed *]" in [turn["text"] for turn in call["transcript"]]
    assert "this is susan speaking" in words(call, "user")
    assert "we did not receive your choice" not in words(call, "user")
    assert "patient records" in words(call, "assistant")


def test_an_interruption_cuts_the_agent_and_is_answered(ended):
    call = ended("interrupts")
    assert call["status"] == "completed", call
    cut = [turn for turn in call["transcript"] if turn["interrupted"]]
    assert cut, call["transcript"]
    assert cut[0]["user"] == "assistant"
    assert "main street" not in cut[0]["text"].lower()
    assert "it is on tuesday" in words(call, "assistant")


def test_a_silent_callee_is_asked_once_and_let_go(ended):
    call = ended("silent")
    assert outcome(call) == ("completed", "completed", "silence")
    assert words(call, "user") == ""


def test_a_dropped_audio_stream_is_taken_up_again(ended):
    call = ended("dropped stream")
    assert call["status"] == "completed", call


def test_a_failing_model_ends_with_an_apology(ended):
    call = ended("failing model")
    assert outcome(call) == ("failed", "failed", "provider_failed")
    assert "technical problem" in words(call, "assistant")
    assert call["error_message"]


def test_a_tool_that_nobody_offers_does_not_end_the_call(ended):
    call = ended("tool call")
    assert call["status"] == "completed"
    assert "order" in words(call, "user")


def test_who_wants_no_more_calls_is_told_so_listed_and_not_called_again(product, ended):
    call = ended("opt out")
    assert outcome(call) == ("completed", "completed", "agent_ended")
    assert "will not call you again" in words(call, "assistant")
    assert call["opted_out"] == "account"
    assert "[does not want to be called again]" in [turn["text"] for turn in call["transcript"]]
    again = {"phone_number": call["phone_number"], "task": "Sell them solar panels."}
    refused = product.request("POST", "/v1/calls", again)
    assert (refused.status, refused.body["rule"]) == (422, "do_not_call"), refused.body


def recording(product, call):
    path = product.wav_path(call)
    answer = product.request("GET", path)
    assert answer.status == 200
    return wave.open(BytesIO(answer.body))


def test_the_recording_is_stereo_and_holds_both_voices(product, ended):
    call = ended("talk")
    with recording(product, call) as audio:
        assert (audio.getnchannels(), audio.getframerate(), audio.getsampwidth()) == (2, 8000, 2)
        samples = np.frombuffer(audio.readframes(audio.getnframes()), "<i2").reshape(-1, 2)
    seconds = len(samples) / 8000
    assert abs(seconds - call["duration"] * 60) < 2
    loud = np.abs(samples.astype(float)) > 1000
    assert loud[:, 0].sum() > 8000
    assert loud[:, 1].sum() > 8000


def test_a_recording_is_nobody_elses(product, ended):
    url = ended("talk")["recording_url"].removeprefix(product.url)
    stranger = product.cli("accounts", "create", "Stranger").strip()
    key = product.cli("keys", "create", stranger).strip()
    assert product.request("GET", url, key=key).status == 404
    assert product.request("GET", url, key="tc_test_wrong").status == 401


def test_minutes_are_settled_from_what_was_talked(product, ended, calls):
    over = [ended(name) for name in NUMBERS]
    balance = product.get("/v1/account/balance")
    billed = sum(call["actual_duration_billed"] for call in over)
    assert balance["minutes_reserved"] == 0
    assert balance["minutes_used"] >= billed - 0.01


def test_no_log_holds_a_sentence_or_a_full_number(product, ended):
    over = {name: ended(name) for name in NUMBERS}
    text = product.logs()
    assert all(call["id"] in text for call in over.values())
    for turn in over["talk"]["transcript"]:
        assert turn["text"] not in text
    for number in (*NUMBERS.values(), "+12025550199"):
        assert number not in text
        assert number[1:] not in text
    assert product.key not in text
