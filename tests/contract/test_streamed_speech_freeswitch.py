"""Speech that is sent over the audio stream, on a real FreeSWITCH: byte for byte, and cut off.

See `test_product_freeswitch.py` for what it needs.
"""

from time import time

import gevent
import pytest
from freeswitch_lab import (
    FIRST_SENTENCE,
    INTERRUPTION,
    LONG_ANSWER,
    NEEDED,
    QUESTION,
    LiveProduct,
    place,
    show,
    switch_address,
    words,
)
from unit.sandbox_openai_speech import spoken

pytest_plugins = ["freeswitch_fixtures"]
pytestmark = NEEDED

ONE_ZERO = bytes.maketrans(b"\x7f", b"\xff")  # G.711 has two, and the switch keeps one


@pytest.fixture(scope="module")
def streamed(home, relay):
    """A product whose speech goes over the stream."""
    product = LiveProduct(
        home / "streamed-speech", switch_address(), relay.port, TOPCALLS_PLAYBACK="stream"
    )
    yield product.start()
    assert product.stop() == 0


def heard(line, since=0.0):
    """What came, as one sound."""
    packets = [packet for packet in line.packets if packet.at >= since]
    return b"".join(packet.payload for packet in packets).translate(ONE_ZERO)


def meant(text):
    return spoken(text).translate(ONE_ZERO)


def common_start(one, other):
    """How many bytes two sounds have in common from their beginnings."""
    length = min(len(one), len(other))
    return next((at for at in range(length) if one[at] != other[at]), length)


def test_speech_comes_byte_for_byte_and_stops_at_once(streamed, relay, telephone):
    say = streamed.mind.voice_of("streamed speech")
    callee = telephone("answers")
    call_id = place(streamed)
    line = callee.lines.wait(15)
    line.wait_for_voice(10)
    line.wait_for_quiet(15)
    assert meant(FIRST_SENTENCE) in heard(line)

    line.say(say(QUESTION))
    asked = time()
    line.wait_for_voice(15, after=asked)
    line.wait_for_quiet(30, quiet=1.0)
    assert meant(LONG_ANSWER) in heard(line, asked)

    line.say(say(QUESTION))
    asked_again = time()
    line.wait_for_voice(15, after=asked_again)
    gevent.sleep(1.5)
    began = time()
    line.say(say(INTERRUPTION))
    paused = relay.wait_for("uuid_fileman", 5, after=began)
    decided = relay.wait_for("uuid_break", 5, after=began)
    gevent.sleep(0.3)
    last = [packet.at for packet in line.voice if packet.at < decided + 0.3][-1]
    show(pause_to_last_voice_ms=(last - paused) * 1000)
    assert last - paused < 0.2
    assert last - decided < 0.1

    sound, whole = heard(line, asked_again), meant(LONG_ANSWER)
    begins = sound.index(whole[:4000])
    got = common_start(sound[begins:], whole)
    assert 8000 < got < len(whole)  # what was heard of it is its beginning, unaltered
    line.wait_for_voice(10, after=decided + 0.3)
    line.wait_for_quiet(10)
    streamed.request("POST", f"/v1/calls/{call_id}/stop")
    call = streamed.wait_over(call_id)
    assert len([turn for turn in call["transcript"] if turn["interrupted"]]) == 1
    assert INTERRUPTION in words(call, "user")
