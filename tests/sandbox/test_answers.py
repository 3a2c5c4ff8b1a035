"""What answers a call of the sandbox, and what is done about it."""

import json
import urllib.request
import wave
from io import BytesIO

import numpy as np
import pytest
from scenarios import words

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(240)]

TALK, VOICEMAIL, MENU, SILENT = "+12025550100", "+12025550104", "+12025550105", "+12025550108"
SCREENED, FAX, OUT_OF_SERVICE = "+12025550116", "+12025550117", "+12025550118"
PICKS_UP, BEEPS_LATE, NOISY = "+12025550119", "+12025550120", "+12025550121"
MESSAGE = "This is Bright Smile Dental. Please call us back about your appointment."
PLACED = {
    "human": (TALK, {"voicemail": {"action": "hangup"}}),
    "hang up": (VOICEMAIL, {"voicemail": {"action": "hangup"}}),
    "message": (VOICEMAIL, {"voicemail": {"action": "leave_message", "message": MESSAGE}}),
    "menu": (MENU, {"ivr": {"action": "hangup"}}),
    "navigate": (MENU, {"ivr": {"action": "navigate", "goal": "a person"}}),
    "silence": (SILENT, {}),
    "screened": (SCREENED, {"screening": {"name": "This is Rachel", "purpose": "It is a survey"}}),
    "fax": (FAX, {}),
    "out of service": (OUT_OF_SERVICE, {}),
    "picks up": (PICKS_UP, {"voicemail": {"action": "leave_message", "message": MESSAGE}}),
    "beeps late": (BEEPS_LATE, {"voicemail": {"action": "leave_message", "message": MESSAGE}}),
    "noisy": (NOISY, {"voicemail": {"action": "hangup"}}),
}


@pytest.fixture(scope="module")
def ids(product):
    """All of them under way at once, and one about which the customer's server decides."""
    placed = {name: product.place(number, **wishes) for name, (number, wishes) in PLACED.items()}
    decide(product, {"action": "hangup"})
    placed["decided"] = product.place(VOICEMAIL, answer_webhook_url=product.webhook_url)
    return placed


@pytest.fixture
def ended(product, ids):
    """A call of `PLACED`, once it is over."""
    return lambda name: product.wait_over(ids[name], seconds=120)


def test_a_person_is_told_by_the_rhythm_of_what_they_say(ended):
    call = ended("human")
    assert call["answered_by"] == "human", call["answer"]
    assert call["end_reason"] == "agent_ended"
    assert "thursday" in words(call, "user")
    assert 0 < call["answer"]["decided_after_ms"] < 12_000, call["answer"]


def test_a_mailbox_is_hung_up_on_if_that_is_wanted(ended):
    call = ended("hang up")
    assert call["answered_by"] == "voicemail", call["answer"]
    assert call["answer"]["confidence"] >= 0.7
    assert call["end_reason"] == "agent_ended"
    assert "goodbye" not in words(call, "assistant")  # the model's own message ends with it


def test_a_message_is_left_after_the_beep_and_not_before(product, ended):
    call = ended("message")
    assert call["answered_by"] == "voicemail"
    assert call["end_reason"] == "agent_ended"
    assert "call us back about your appointment" in words(call, "assistant")
    caller, agent = sides(product.get(product.wav_path(call)))
    beep_ends = end_of_tone(caller, 1000.0)
    begins = first_sound(agent, after=beep_ends - 1.0)
    assert beep_ends < begins < beep_ends + 10.0


def test_a_menu_is_hung_up_on_if_that_is_wanted(ended):
    call = ended("menu")
    assert call["answered_by"] == "ivr", call["answer"]
    assert call["end_reason"] == "agent_ended"


def test_a_menu_is_navigated_to_a_person(ended):
    call = ended("navigate")
    assert "this is susan speaking" in words(call, "user")
    assert call["answered_by"] == "human", call["answer"]
    assert "ivr_words" in {item["name"] for item in call["answer"]["evidence"]}
    assert "patient records" in words(call, "assistant")


def test_nobody_who_says_anything_is_silence(ended):
    call = ended("silence")
    assert call["answer"]["detected"] == "silence"
    assert call["answered_by"] == "unknown"


def test_an_assistant_that_asks_hears_who_calls_and_why(ended):
    call = ended("screened")
    assert "screening_words" in {item["name"] for item in call["answer"]["evidence"]}
    assert "this is rachel it is a survey" in words(call, "assistant")
    assert "this is daniel speaking" in words(call, "user")


@pytest.mark.parametrize(("name", "detected"), [("fax", "fax"), ("out of service", "intercept")])
def test_machines_are_told_by_their_tones(ended, name, detected):
    call = ended(name)
    assert call["answer"]["detected"] == detected, call["answer"]
    assert call["answered_by"] == "unknown"


def test_who_picks_up_during_the_message_is_talked_to(ended):
    call = ended("picks up")
    assert "picked_up" in {item["name"] for item in call["answer"]["evidence"]}, call["answer"]
    assert call["answered_by"] == "human"
    assert "tuesday is fine" in words(call, "user")


def test_a_message_begins_again_after_a_late_beep(product, ended):
    call = ended("beeps late")
    assert call["answered_by"] == "voicemail", call["answer"]
    assert words(call, "assistant").count("this is bright smile dental") == 2
    caller, agent = sides(product.get(product.wav_path(call)))
    assert first_sound(agent, after=end_of_tone(caller, 1000.0)) > 0


def test_a_person_on_a_noisy_line_is_no_machine(ended):
    call = ended("noisy")
    assert call["answered_by"] == "human", call["answer"]
    assert "tuesday at ten is fine" in words(call, "user")


def test_the_customers_server_decides(product, ids, ended):
    call = ended("decided")
    assert call["answered_by"] == "voicemail", call["answer"]
    assert call["end_reason"] == "agent_ended"
    asked = [
        item
        for item in product.received_webhooks()["deliveries"]
        if item["body"]["event"] == "call.answer_detected"
    ]
    assert {item["body"]["call"]["call_id"] for item in asked} == {ids["decided"]}
    assert asked[0]["signature_verified"] in (True, None)


def test_a_verdict_is_corrected_by_one_request(product, ids, ended):
    ended("menu")
    path = f"/v1/calls/{ids['menu']}/answered_by"
    answer = product.request("POST", path, {"answered_by": "screening"}).body
    assert (answer["detected"], answer["corrected"]) == ("ivr", "screening")
    assert product.get(f"/v1/calls/{ids['menu']}")["answered_by"] == "unknown"


def decide(product, content):
    """What the customer's server says from now on."""
    request = urllib.request.Request(
        product.webhook_url + "-/decision", method="PUT", data=json.dumps(content).encode()
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 204


def sides(audio):
    """The two channels of a recording."""
    with wave.open(BytesIO(audio)) as file:
        assert (file.getnchannels(), file.getframerate()) == (2, 8000)
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    return samples[0::2].astype(float), samples[1::2].astype(float)


def end_of_tone(samples, hertz):
    """Seconds: when this frequency was last heard."""
    frames = samples[: len(samples) // 400 * 400].reshape(-1, 400)
    turns = np.arange(400) * (2 * np.pi * hertz / 8000)
    inside = np.abs(frames @ np.exp(-1j * turns)) ** 2 * 2 / 400
    everything = (frames**2).sum(axis=1)
    sounding = np.flatnonzero((inside > 0.7 * everything) & (everything > 400 * 300.0**2))
    assert len(sounding) >= 5
    return (sounding[-1] + 1) * 0.05


def first_sound(samples, after):
    """Seconds: the first sound from `after` on."""
    frames = samples[: len(samples) // 160 * 160].reshape(-1, 160)
    loud = np.flatnonzero(np.sqrt((frames**2).mean(axis=1)) > 200) * 0.02
    return loud[loud >= after][0]
