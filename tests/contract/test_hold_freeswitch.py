"""A far end that changes the audio of a call on a real FreeSWITCH: hold, its end, another port.

While a call is on hold the switch sends nothing, streams nothing and records nothing.
"""

from contextlib import closing
from time import time
from urllib.request import urlopen

import gevent
import numpy as np
import pytest
from freeswitch_lab import (
    FIRST_SENTENCE,
    GOODBYE,
    LONG_ANSWER,
    NEEDED,
    QUESTION,
    outcome,
    place,
    recorded,
    show,
    words,
)
from telephones import OUR_AUDIO, Lines

from topcalls.audio.pcm import split_stereo
from topcalls.core import notes

pytest_plugins = ["freeswitch_fixtures"]
pytestmark = NEEDED
HELD_SECONDS = 6
PAUSE = HELD_SECONDS * 1000  # before the hold, and on hold
LOUD = 1500


def events(product, call_id):
    """What the trail tells of holds: kind, and milliseconds since the answer."""
    trail = product.get(f"/v1/calls/{call_id}/events")["data"]
    return [(one["kind"], one["detail"]["call_ms"]) for one in trail if "Hold" in one["kind"]]


def sides_of(product, call):
    """The recording: caller and agent, by samples."""
    return recorded(product, call).astype(float).T


def assert_whole(product, call):
    """The recording is as long as the call, and what was said is found where it was said; earlier,
    where a busy machine had it begin late."""
    caller, agent = sides_of(product, call)
    seconds, talked = len(caller) / 8000, call["duration"] * 60
    show(call_s=talked, recording_s=seconds)
    assert call["recording"]["problem"] is None
    assert abs(seconds - talked) < 0.5
    late = max(0.0, talked - seconds)
    for turn in call["transcript"]:
        if turn["text"] == GOODBYE:
            assert any(
                loud(caller, turn, by).mean() > 0.2 and not loud(agent, turn, by).any()
                for by in (0, late)
            ), turn
        elif turn["user"] == "assistant" and not turn["interrupted"]:
            assert any(loud(agent, turn, by).mean() > 0.2 for by in (0, late)), turn
    return caller, agent


def loud(side, turn, earlier):
    """Which samples are, in the middle of a turn; so many seconds earlier."""
    begin, end = (round(turn[at] * 8 - earlier * 8000) for at in ("started_ms", "ended_ms"))
    return np.abs(side[max(0, begin + 1600) : end - 1600]) > LOUD


def silent(samples, since_ms, until_ms):
    return not np.abs(samples[round(since_ms * 8) : round(until_ms * 8)]).any()


@pytest.mark.parametrize("mode", ["sendonly", "inactive"])
def test_a_call_that_is_put_on_hold_and_taken_back(product, telephone, say, mode):
    change = OUR_AUDIO | {"a=sendonly": f"a={mode}"}
    callee = telephone("callee_reinvite", pause=PAUSE, replaced=change)
    call_id = place(product)
    line = callee.lines.wait(15)
    line.wait_for_voice(10)
    line.wait_for_quiet(15)
    product.wait_until(call_id, lambda call: notes.PUT_ON_HOLD in words(call, "user"))
    held_at = time()
    product.wait_until(call_id, lambda call: notes.TAKEN_OFF_HOLD in words(call, "user"))
    back_at = time()
    heard = [one for one in line.packets if held_at + 0.5 < one.at < back_at - 1.0]
    assert heard == []
    gevent.sleep(0.5)
    line.say(say(GOODBYE))
    call = product.wait_over(call_id)

    assert outcome(call) == ("completed", "completed", "agent_ended")
    assert words(call, "user") == f"{notes.PUT_ON_HOLD} {notes.TAKEN_OFF_HOLD} {GOODBYE}"
    assert words(call, "assistant") == f"{FIRST_SENTENCE} Goodbye."
    (put, since), (taken, until) = events(product, call_id)
    assert (put, taken) == ("PutOnHold", "TakenOffHold")
    assert abs(until - since - PAUSE) < 1000
    caller, agent = assert_whole(product, call)
    assert silent(agent, since + 500, until - 500)
    assert silent(caller, since + 500, until - 500)


def test_one_that_is_put_on_hold_in_the_middle_of_a_sentence(product, telephone, say):
    callee = telephone("callee_reinvite", pause=PAUSE, replaced=OUR_AUDIO)
    call_id = place(product)
    line = callee.lines.wait(15)
    line.wait_for_voice(10)
    line.wait_for_quiet(15)
    line.say(say(QUESTION))
    product.wait_until(call_id, lambda call: notes.TAKEN_OFF_HOLD in words(call, "user"))
    line.wait_for_voice(15, after=time())  # it goes on by itself
    line.wait_for_quiet(30, quiet=1.0)
    line.say(say(GOODBYE))
    call = product.wait_over(call_id)

    assert outcome(call) == ("completed", "completed", "agent_ended")
    cut = [turn["text"] for turn in call["transcript"] if turn["interrupted"]]
    assert len(cut) == 1
    assert LONG_ANSWER.startswith(cut[0])
    assert_whole(product, call)


class Listener:
    """Somebody who listens in: when the agent was heard, in seconds since 1970, and what."""

    def __init__(self, product, call_id, key):
        self.agent = []
        where = product.request("GET", f"/v1/calls/{call_id}/listen", key=key)
        assert where.status == 200, where.body
        self._stream = urlopen(where.body["url"], timeout=30)
        self._stream.read(44)
        self._ear = gevent.spawn(self._hear)

    def _hear(self):
        while piece := self._stream.read(640):
            self.agent.append((time(), split_stereo(piece)[1]))

    def heard(self, since):
        """The times at which the agent's voice came."""
        found = [(at, np.frombuffer(sound, "<i2")) for at, sound in self.agent if at > since]
        return [at for at, sound in found if np.abs(sound.astype(float)).max() > LOUD]

    def close(self):
        self._ear.kill()
        self._stream.close()


def test_both_sides_come_together_again_after_a_hold(product, telephone):
    """An echo canceller has the switch stream what it plays beside the caller."""
    scopes = "calls:read,calls:supervise"
    key = product.cli("keys", "create", product.account, "--scopes", scopes).strip()
    callee = telephone("callee_reinvite", pause=PAUSE, replaced=OUR_AUDIO)
    call_id = place(product, interruption={"ears": "local"}, silence_timeout_seconds=60)
    line = callee.lines.wait(15)
    line.wait_for_voice(10)
    line.wait_for_quiet(15)
    product.wait_until(call_id, lambda call: notes.PUT_ON_HOLD in words(call, "user"))
    with closing(Listener(product, call_id, key)) as listener:
        product.wait_until(call_id, lambda call: notes.TAKEN_OFF_HOLD in words(call, "user"))
        asked = time()
        said = product.request("POST", f"/v1/calls/{call_id}/say", {"text": LONG_ANSWER})
        assert said.status == 202, said.body
        first = line.wait_for_voice(10, after=asked).at
        last = line.wait_for_quiet(30, quiet=1.0).at
        heard = listener.heard(asked)
    product.request("POST", f"/v1/calls/{call_id}/stop")
    product.wait_over(call_id)
    show(begins_ms=(heard[0] - first) * 1000, ends_ms=(heard[-1] - last) * 1000)
    assert -0.1 < heard[0] - first < 0.5  # pieces of 0.1 s
    assert -0.1 < heard[-1] - last < 0.5
    gaps = np.diff(heard)
    assert gaps.max() < 0.5


def test_the_end_of_a_hold_that_nobody_told_of_is_seen(product, relay, telephone, say):
    callee = telephone("callee_reinvite", pause=PAUSE, replaced=OUR_AUDIO)
    call_id = place(product)
    line = callee.lines.wait(15)
    line.wait_for_voice(10)
    line.wait_for_quiet(15)
    product.wait_until(call_id, lambda call: notes.PUT_ON_HOLD in words(call, "user"))
    held_at = time()
    relay.cut()
    line.wait_for_packet(30, after=held_at + 1.0)  # it is back
    relay.mend()
    product.wait_until(call_id, lambda call: notes.TAKEN_OFF_HOLD in words(call, "user"))
    line.say(say(GOODBYE))
    call = product.wait_over(call_id)

    assert outcome(call) == ("completed", "completed", "agent_ended")
    assert words(call, "user") == f"{notes.PUT_ON_HOLD} {notes.TAKEN_OFF_HOLD} {GOODBYE}"
    assert call["recording"]["problem"] is None


def test_one_that_ends_on_hold(product, telephone):
    callee = telephone("callee_reinvite", pause=PAUSE, replaced=OUR_AUDIO)
    call_id = place(product)
    callee.lines.wait(15).wait_for_voice(10)
    product.wait_until(call_id, lambda call: notes.PUT_ON_HOLD in words(call, "user"))
    gevent.sleep(3)
    product.request("POST", f"/v1/calls/{call_id}/stop")
    call = product.wait_over(call_id)

    assert outcome(call) == ("cancelled", "cancelled", "stopped")
    caller, agent = assert_whole(product, call)
    ((_, since),) = events(product, call_id)
    assert silent(agent, since + 500, len(agent) / 8)


def test_a_re_invite_that_changes_nothing_is_not_heard(product, telephone, say):
    change = OUR_AUDIO | {"a=sendonly": "a=sendrecv"}
    callee = telephone("callee_reinvite", pause=PAUSE, replaced=change)
    call_id = place(product)
    line = callee.lines.wait(15)
    first = line.wait_for_voice(10)
    line.wait_for_quiet(15)
    line.say(say(QUESTION))
    answering = line.wait_for_voice(15, after=time())
    asked = callee.wait_for("S", "INVITE", seconds=15)
    last = line.wait_for_quiet(30, quiet=1.0)
    line.say(say(GOODBYE))
    call = product.wait_over(call_id)

    assert outcome(call) == ("completed", "completed", "agent_ended")
    assert words(call, "assistant") == f"{FIRST_SENTENCE} {LONG_ANSWER} Goodbye."
    assert words(call, "user") == f"{QUESTION} {GOODBYE}"
    assert events(product, call_id) == []
    assert answering.at < asked < last.at  # it came while the agent spoke
    packets = [packet for packet in line.packets if packet.at >= first.at]
    show(rtp_gap_max_ms=max(np.diff([packet.at for packet in packets])) * 1000)
    assert set(np.diff([packet.sequence for packet in packets]) % 65536) == {1}
    assert_whole(product, call)


def at_port(port):
    """Both re-INVITEs of the scenario name this one."""
    changes = {}
    for number in (2, 3):
        offer = (
            f"o=sipp {number} {number} IN IP[local_ip_type] [local_ip]\ns=-\n"
            "c=IN IP[media_ip_type] [media_ip]\nt=0 0\nm=audio "
        )
        changes[f"{offer}[rtpstream_audio_port]"] = f"{offer}{port}"
    return changes


def test_audio_that_moves_to_another_port(product, telephone, say):
    """As a carrier does that takes itself out of the way, or moves the call to another media
    gateway."""
    other = Lines("127.0.0.1", "PCMU")
    callee = telephone(
        "callee_reinvite",
        pause=PAUSE,
        replaced=at_port(other.port) | OUR_AUDIO | {"a=sendonly": "a=sendrecv"},
    )
    call_id = place(product)
    line = callee.lines.wait(15)
    line.wait_for_voice(10)
    line.wait_for_quiet(15)
    line.say(say(QUESTION))
    line.wait_for_voice(15, after=time())
    there = other.wait(15)
    line.fall_silent()
    there.wait_for_voice(5)
    there.wait_for_quiet(30, quiet=1.0)
    there.say(say(GOODBYE))
    call = product.wait_over(call_id)
    other.close()

    assert outcome(call) == ("completed", "completed", "agent_ended")
    assert words(call, "assistant") == f"{FIRST_SENTENCE} {LONG_ANSWER} Goodbye."
    lost = (there.packets[0].sequence - line.packets[-1].sequence) % 65536
    show(gap_ms=(there.packets[0].at - line.packets[-1].at) * 1000, packets_lost=lost - 1)
    assert lost == 1
    assert_whole(product, call)
