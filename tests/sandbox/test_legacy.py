"""Calls on the chain of recogniser, language model and voice, as a user sees them in the end."""

import pytest
from product import Product
from scenarios import words

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(240)]

TALK, INTERRUPTS, OPT_OUT, FAILING = (f"+120255501{n}" for n in ("00", "07", "12", "60"))
FAILS_IN_SPEECH = f"""
name: model that fails in speech
number: "{FAILING}"
description: Words of the friendly talk, by which the chain's double knows what to answer.
callee:
  - ring: 0.5
  - answer
  - listen: {{silence: 0.7, limit: 20}}
  - say: "Yes, this is a good time."
  - listen: {{silence: 8.0, limit: 30}}
  - hang_up
model:
  - when: anything
    fail: server_error
    repeat: true
"""


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    """The product, whose speech-to-speech model is backed by the chain."""
    directory = tmp_path_factory.mktemp("chain")
    scenario = directory / "fails_in_speech.yaml"
    scenario.write_text(FAILS_IN_SPEECH)
    product = Product(directory, TOPCALLS_REALTIME_FALLBACK="true")
    product.start("--scenario", str(scenario))
    yield product
    assert product.stop() == 0


@pytest.fixture(scope="module")
def failing(tmp_path_factory):
    """The product, on a chain of which the first of every stage fails."""
    product = Product(
        tmp_path_factory.mktemp("failing"),
        TOPCALLS_LEGACY_RECOGNIZERS="elevenlabs,deepgram-nova",
        TOPCALLS_LEGACY_MODEL="gpt-6-luna+server-error",
        TOPCALLS_LEGACY_FALLBACK_MODELS="gpt-6-luna",
        TOPCALLS_LEGACY_VOICES="elevenlabs,openai",
        TOPCALLS_ELEVENLABS_MODEL="eleven_flash_v2_5+mute",
    ).start()
    yield product
    assert product.stop() == 0


@pytest.fixture(scope="module")
def calls(chain):
    """Calls under way at once, by name."""
    return {
        "talk": chain.place(TALK, mode="legacy"),
        "interrupts": chain.place(INTERRUPTS, mode="legacy", voice="josh"),
        "opt out": chain.place(OPT_OUT, mode="legacy", model="gpt-6-luna"),
        "failing model": chain.place(FAILING),
    }


def outcome(call):
    return call["status"], call["call_status"], call["end_reason"]


def test_a_talk_from_the_first_sentence_to_the_goodbye(chain, calls):
    call = chain.wait_over(calls["talk"], seconds=120)
    assert outcome(call) == ("completed", "completed", "agent_ended"), call
    assert call["transcript"][0]["text"] == "Hi, this is Rachel from Bright Smile Dental."
    assert "thursday" in words(call, "user")
    assert "goodbye" in words(call, "assistant")
    assert [timing for timing in call["timings"] if timing["endpointing_ms"]]


def test_nothing_is_said_twice(chain, calls):
    call = chain.wait_over(calls["talk"], seconds=120)
    said = [turn["text"] for turn in call["transcript"] if turn["user"] == "assistant"]
    assert len(said) == len(set(said)), said


def test_an_interruption_cuts_the_agent_and_is_answered(chain, calls):
    call = chain.wait_over(calls["interrupts"], seconds=120)
    assert call["status"] == "completed", call
    cut = [turn for turn in call["transcript"] if turn["interrupted"]]
    assert cut, call["transcript"]
    assert "main street" not in cut[0]["text"].lower()
    assert "it is on tuesday" in words(call, "assistant")


def test_who_wants_no_more_calls_is_told_so_and_the_call_ends(chain, calls):
    call = chain.wait_over(calls["opt out"], seconds=120)
    assert outcome(call) == ("completed", "completed", "agent_ended")
    assert call["opted_out"] == "account"
    assert "will not call you again" in words(call, "assistant")


def test_a_speech_to_speech_model_that_fails_is_replaced_by_the_chain(chain, calls):
    call = chain.wait_over(calls["failing model"], seconds=120)
    assert call["end_reason"] != "provider_failed", call
    assert "technical problem" not in words(call, "assistant")
    assert "goes on with the model that stands by" in chain.logs()


def test_every_stage_that_fails_is_replaced(failing):
    call = failing.wait_over(failing.place(TALK, mode="legacy"), seconds=120)
    assert outcome(call) == ("completed", "completed", "agent_ended"), call
    assert "goodbye" in words(call, "assistant")
    assert "Voice failed" in failing.logs()
    assert "Language model failed" in failing.logs()
