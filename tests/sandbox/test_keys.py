"""Keys both ways, in calls of the whole product."""

import wave
from io import BytesIO

import pytest
from faulty_product import FaultyProduct
from scenarios import words

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(240)]

EXPECTS = "+12025550140"
PRESSES = "+12025550141"
TONES = "+12025550142"
LEAKS = "+12025550143"
WAITS = "+12025550144"
HEARS_TONES = "+12025550145"

GOODBYE = """
  - when: thank
    speak: "Thank you, goodbye."
    tool: {name: end_call}
    repeat: true
"""
CALLER_PRESSES = """
callee:
  - ring: 0.3
  - answer%s
  - listen: {silence: 0.6, limit: 8}
  - press: {digits: "47110815#"%s}
  - listen: {silence: 0.8, limit: 15}
  - say: "Thank you very much."
  - listen: {silence: 12, limit: 15}
  - hang_up
model:
  - when: silence
    speak: "I have got your number."
    repeat: true
""" + GOODBYE.removeprefix("\n")
EXPECTS_KEYS = """
callee:
  - ring: 0.3
  - answer%s
  - wait: 0.5
  - say: "Please enter your number and press the hash key."
  - expect_keys: {digits: "47110815#", limit: 20}
  - say: "Thank you very much."
  - listen: {silence: 12, limit: 15}
  - hang_up
model:
  - when: enter your number
    tool: {name: send_dtmf, arguments: {digits: "47110815#", pause_ms: 500}}
""" + GOODBYE.removeprefix("\n")
SCENARIOS = {
    EXPECTS: EXPECTS_KEYS % "",
    HEARS_TONES: EXPECTS_KEYS % ": {telephone_events: false}",
    PRESSES: CALLER_PRESSES % ("", ""),
    TONES: CALLER_PRESSES % (": {telephone_events: false}", ""),
    LEAKS: CALLER_PRESSES % ("", ", in_band: true"),
    WAITS: """
callee:
  - answer
  - expect_keys: {digits: "99", limit: 25}
  - say: "Thank you very much."
  - listen: {silence: 12, limit: 15}
  - hang_up
model:
"""
    + GOODBYE.removeprefix("\n"),
}


NUMBERS = (EXPECTS, HEARS_TONES, PRESSES, TONES, LEAKS)


@pytest.fixture(scope="module")
def keyed(tmp_path_factory):
    """The product, running with these people."""
    product = FaultyProduct(tmp_path_factory.mktemp("keys"))
    product.start_with(SCENARIOS)
    yield product
    assert product.stop() == 0


@pytest.fixture(scope="module")
def placed(keyed):
    """All calls at once: number to id."""
    return {number: keyed.place(number) for number in NUMBERS}


@pytest.fixture
def over(keyed, placed):
    return lambda number: keyed.wait_over(placed[number], seconds=120)


@pytest.mark.parametrize("number", [EXPECTS, HEARS_TONES])
def test_an_automatic_desk_hears_the_keys_of_the_agent(over, number):
    call = over(number)
    assert call["end_reason"] == "agent_ended", call
    said = [(turn["user"], turn["text"]) for turn in call["transcript"]]
    assert ("assistant", "[pressed *********]") in said
    assert "thank you very much" in words(call, "user")
    assert "47110815" not in str(call["transcript"])


@pytest.mark.parametrize("number", [PRESSES, TONES, LEAKS])
def test_keys_of_the_caller_reach_the_agent_once_and_are_no_speech(over, number):
    call = over(number)
    assert call["end_reason"] == "agent_ended", call
    keys = [turn for turn in call["transcript"] if turn["text"].startswith("[pressed")]
    assert [(turn["user"], turn["text"]) for turn in keys] == [("user", "[pressed *********]")]
    assert "unintelligible" not in words(call, "user")
    assert not any(turn["interrupted"] for turn in call["transcript"])


def test_the_tones_are_in_the_recording_of_the_caller(keyed, over):
    path = keyed.wav_path(over(TONES))
    with wave.open(BytesIO(keyed.request("GET", path).body)) as audio:
        assert audio.getnchannels() == 2


def test_a_user_presses_keys_in_a_call_in_progress(keyed):
    call_id = keyed.place(WAITS)
    keyed.wait_until(call_id, lambda call: call["call_status"] == "in-progress")
    answer = keyed.request("POST", f"/v1/calls/{call_id}/dtmf", {"digits": "99"})
    assert answer.status == 202, answer.body
    call = keyed.wait_over(call_id)
    assert "[pressed **]" in [turn["text"] for turn in call["transcript"]]
    assert "thank you very much" in words(call, "user"), call
    assert keyed.request("POST", f"/v1/calls/{call_id}/dtmf", {"digits": "1"}).status == 409


def test_no_log_names_a_key(keyed, over):
    for number in NUMBERS:
        over(number)
    assert "47110815" not in keyed.logs()
