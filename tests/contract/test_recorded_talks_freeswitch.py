"""Recordings of whole calls on a real FreeSWITCH: paused by the API, and kept by another host's.

The variables are those of `test_product_freeswitch.py`.
"""

from pathlib import Path
from time import time

import gevent
import numpy as np
import pytest
from cryptography.fernet import Fernet
from freeswitch_lab import (
    FIRST_SENTENCE,
    GOODBYE,
    LONG_ANSWER,
    NEEDED,
    QUESTION,
    LiveProduct,
    greeted,
    outcome,
    place,
    recorded,
    show,
    switch_address,
    words,
)

pytest_plugins = ["freeswitch_fixtures"]
pytestmark = NEEDED
LOUD = 1500


def wish(product, call_id, verb, state):
    """Pause or resume, and wait until the switch has done it."""
    path = f"/v1/calls/{call_id}/recording/{verb}"
    assert product.request("POST", path).status == 202
    product.wait_until(call_id, lambda call: call["recording"]["state"] == state)


def test_what_is_said_in_a_pause_is_in_neither_recording_nor_transcript(product, telephone, say):
    callee = telephone("answers")
    call_id = place(product, silence_timeout_seconds=60)
    line = greeted(callee)
    wish(product, call_id, "pause", "paused")
    gevent.sleep(0.5)
    line.say(say(QUESTION))
    line.wait_for_voice(20, after=time())
    line.wait_for_quiet(40, quiet=2.0)
    wish(product, call_id, "resume", "recording")
    gevent.sleep(0.5)
    line.say(say(GOODBYE))
    call = product.wait_over(call_id)

    assert outcome(call) == ("completed", "completed", "agent_ended")
    assert words(call, "user") == f"[masked] {GOODBYE}"
    assert words(call, "assistant") == f"{FIRST_SENTENCE} [masked] Goodbye."
    trail = product.get(f"/v1/calls/{call_id}/events")["data"]
    noted = [one for one in trail if one["kind"] in ("RecordingPaused", "RecordingResumed")]
    assert [(one["kind"], one["detail"]["by"]) for one in noted] == [
        ("RecordingPaused", "api"),
        ("RecordingResumed", "api"),
    ]
    sound = np.abs(recorded(product, call).astype(int))
    masked = [turn for turn in call["transcript"] if turn["text"] == "[masked]"]
    since, until = masked[0]["started_ms"], masked[-1]["ended_ms"]
    show(masked_s=(until - since) / 1000, call_s=call["duration"] * 60)
    assert not sound[8 * (since + 200) : 8 * (until - 200)].any()
    assert (sound[: 8 * call["transcript"][0]["ended_ms"], 1] > LOUD).mean() > 0.2
    spoke = call["transcript"][-2]
    assert (sound[8 * spoke["started_ms"] : 8 * spoke["ended_ms"], 0] > LOUD).mean() > 0.2
    assert abs(len(sound) / 8000 - call["duration"] * 60) < 1.0  # it keeps its length
    for hidden in (QUESTION, LONG_ANSWER):
        assert hidden not in str(call)


@pytest.fixture
def sent(home, relay):
    """A product whose controllers send recordings to its API."""
    product = LiveProduct(
        home / "sent",
        switch_address(),
        relay.port,
        TOPCALLS_RECORDING_STORE="api",
        TOPCALLS_SECRET_KEY=Fernet.generate_key().decode(),
    )
    product.environment["TOPCALLS_RECORDING_API_URL"] = product.url
    yield product.start()
    assert product.stop() == 0


def test_a_recording_that_the_controller_sends_to_the_api(sent, telephone):
    callee = telephone("answers")
    call_id = place(sent)
    line = greeted(callee)
    line.say(sent.mind.voice_of("sent")(GOODBYE))
    call = sent.wait_over(call_id)
    assert outcome(call) == ("completed", "completed", "agent_ended")
    sound = np.abs(recorded(sent, call).astype(int))
    assert (sound[: 8 * call["transcript"][0]["ended_ms"], 1] > LOUD).mean() > 0.2
    stored = sent.details(call_id)["recording"]
    assert (stored["state"], stored["problem"]) == ("stored", None)
    var = Path(sent.environment["TOPCALLS_DATA_DIR"])
    assert [path.name for path in var.rglob("*.wav")] == [f"{call_id}.wav"]  # the spool is empty
    (kept,) = var.rglob("*.wav")
    assert kept.stat().st_size == stored["size"]
