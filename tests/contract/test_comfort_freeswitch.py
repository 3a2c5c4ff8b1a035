"""The sound behind the agent, and keys both ways, on a real FreeSWITCH.

See `test_product_freeswitch.py` for what it needs.
"""

from time import time

import gevent
import numpy as np
import pytest
from freeswitch_lab import (
    AN_EXTENSION,
    ANSWER,
    GOODBYE,
    INTERRUPTION,
    NEEDED,
    QUESTION,
    LiveProduct,
    outcome,
    place,
    recorded,
    show,
    switch_address,
    words,
)

from topcalls.audio import dtmf, g711
from topcalls.media.background import layers_of

pytest_plugins = ["freeswitch_fixtures"]
pytestmark = NEEDED

WISHES = {"background_audio": "cafe", "background_audio_gain": "medium"}
LAYERS = layers_of("cafe", "medium")


def rms(sound):
    return float(np.sqrt(np.mean(np.frombuffer(sound, "<i2").astype(float) ** 2)))


BED, BOTH = rms(LAYERS.bed), (rms(LAYERS.bed) ** 2 + rms(LAYERS.top) ** 2) ** 0.5


def heard(line, since, until):
    """The level of what came in this time."""
    packets = [packet for packet in line.packets if since <= packet.at < until]
    return rms(b"".join(packet.samples for packet in packets))


def greeted(callee):
    """The line once the first sentence was heard, and when it began and ended."""
    line = callee.lines.wait(15)
    first = line.wait_for_voice(10).at
    show(answer_to_first_word_ms=(first - callee.wait_for("S", ANSWER)) * 1000)
    return line, first, line.wait_for_quiet(15).at


def talk_of(product, callee, say, **wishes):
    """A call in which the callee asks nothing and says goodbye; call, line, and when it was quiet
    between the first sentence and the goodbye."""
    call_id = place(product, **WISHES, **wishes)
    line, first, last = greeted(callee)
    gevent.sleep(2.0)
    quiet = (last + 0.9, last + 1.9)
    line.say(say(GOODBYE))
    return product.wait_over(call_id), line, quiet


def test_it_is_heard_while_nobody_speaks_and_recorded_on_our_side(product, telephone, say):
    call, line, quiet = talk_of(product, telephone("answers", pause=500), say)
    level = heard(line, *quiet)
    show(heard_rms=level, meant_rms=BOTH)
    assert 0.5 < level / BOTH < 2
    gaps = np.diff([packet.at for packet in line.packets]) * 1000
    steps = np.diff([packet.sequence for packet in line.packets]) % 65536
    show(rtp_gap_p99_ms=np.percentile(gaps, 99), rtp_gap_max_ms=gaps.max())
    assert set(steps) == {1}
    assert outcome(call) == ("completed", "completed", "agent_ended")
    assert words(call, "user") == GOODBYE
    samples = recorded(product, call)
    first = call["transcript"][0]["ended_ms"]
    theirs, ours = (side[8 * (first + 1000) : 8 * (first + 1800)] for side in samples.T)
    assert 0.5 < rms(ours.tobytes()) / BOTH < 2
    assert rms(theirs.tobytes()) < BED / 4


def test_a_sound_that_is_sent_over_the_stream(home, relay, telephone, say):
    directory = home / "streamed"
    product = LiveProduct(directory, switch_address(), relay.port, TOPCALLS_PLAYBACK="stream")
    product.start()
    try:
        voice = product.mind.voice_of("streamed")
        call, line, quiet = talk_of(product, telephone("answers"), voice)
        assert 0.5 < heard(line, *quiet) / BOTH < 2
        assert outcome(call) == ("completed", "completed", "agent_ended")
    finally:
        assert product.stop() == 0


def test_an_interruption_is_as_quick_as_without_it(product, relay, telephone, say):
    callee = telephone("answers")
    call_id = place(product, **WISHES)
    line, _, _ = greeted(callee)
    line.say(say(QUESTION))
    line.wait_for_voice(15, after=time())
    gevent.sleep(1.5)
    began = time()
    line.say(say(INTERRUPTION))
    paused = relay.wait_for("uuid_fileman", 5, after=began)
    decided = relay.wait_for("uuid_break", 5, after=began)
    gevent.sleep(0.3)
    last = [packet.at for packet in line.voice if packet.at < paused + 0.5][-1]
    show(
        pause_to_last_voice_ms=(last - paused) * 1000,
        level_while_paused=heard(line, last + 0.03, decided),
        bed_rms=BED,
    )
    assert last - paused < 0.2
    assert heard(line, last + 0.03, decided) > BED / 3  # the room does not fall silent with it
    line.wait_for_voice(10, after=decided + 0.3)
    line.wait_for_quiet(10)
    product.request("POST", f"/v1/calls/{call_id}/stop")
    call = product.wait_over(call_id)
    assert len([turn for turn in call["transcript"] if turn["interrupted"]]) == 1
    assert INTERRUPTION in words(call, "user")


@pytest.mark.parametrize("scenario", ["answers", "tones_only"])
def test_keys_that_a_user_asks_for_reach_the_telephone(product, telephone, scenario):
    callee = telephone(scenario)
    call_id = place(product)
    line, _, _ = greeted(callee)
    body = {"digits": "1w2#", "pause_ms": 500}
    answer = product.request("POST", f"/v1/calls/{call_id}/dtmf", body)
    assert answer.status == 202, answer.body
    if scenario == "answers":
        line.wait_for_keys("12#", 8)
    else:
        line.wait_for_tones("12#", 8)
        assert not [what for *_, what in callee.messages() if what.startswith("INFO")]
    product.request("POST", f"/v1/calls/{call_id}/stop")
    call = product.wait_over(call_id)
    assert words(call, "assistant").endswith("[pressed ***]")
    assert keys_in_recording(product, call) == ""  # they may be somebody's PIN


def keys_in_recording(product, call):
    """Tones on either side of it."""
    sides = (side.tobytes() for side in recorded(product, call).T)
    return "".join(dtmf.ToneFilter(thorough=True).clean(side)[1] for side in sides)


@pytest.mark.parametrize("scenario", ["tones_only", "answers"])
def test_tones_are_keys_where_there_are_no_others_and_never_speech(product, telephone, scenario):
    callee = telephone(scenario)
    before = len(product.mind.told("conversation.item.create"))
    call_id = place(product)
    line, _, _ = greeted(callee)
    for key in "47#":
        line.say(g711.encode(dtmf.tone(key, 100) + bytes(1600), "PCMU"))
    pressed = time()
    if scenario == "tones_only":
        line.wait_for_voice(15, after=pressed)
    else:
        gevent.sleep(2.0)
    product.request("POST", f"/v1/calls/{call_id}/stop")
    call = product.wait_over(call_id)
    told = product.mind.told("conversation.item.create")[before:]
    assert any("47#" in str(item) for item in told) is (scenario == "tones_only")
    assert words(call, "user") == ("[pressed ***]" if scenario == "tones_only" else "")


def test_keys_that_the_model_presses_reach_the_telephone(product, telephone, say):
    callee = telephone("answers")
    call_id = place(product)
    line, _, _ = greeted(callee)
    line.say(say(AN_EXTENSION))
    line.wait_for_keys("42#", 15)
    product.request("POST", f"/v1/calls/{call_id}/stop")
    call = product.wait_over(call_id)
    assert words(call, "user") == AN_EXTENSION
    assert "[pressed ***]" in words(call, "assistant")
