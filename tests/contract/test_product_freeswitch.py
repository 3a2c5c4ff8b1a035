"""The whole product on a real FreeSWITCH with mod_audio_stream, calling real SIP telephones.

    TOPCALLS_TEST_FREESWITCH=127.0.0.1:8021:password:gateway \\
    TOPCALLS_TEST_FREESWITCH_CALLEE=127.0.0.1:5070 \\
    pytest -m freeswitch tests/contract

* `TOPCALLS_TEST_FREESWITCH`: the Event Socket, and the gateway that calls leave by (`lab` if left
  out). The switch needs mod_sofia, mod_audio_stream, mod_native_file, mod_sndfile, mod_commands and
  mod_dptools, and has to see this machine's files at the same paths.
* `TOPCALLS_TEST_FREESWITCH_CALLEE`: an address that the tests may bind and to which that gateway
  sends its calls. `sipp` is started there.
* `TOPCALLS_TEST_FREESWITCH_SHARED`: a directory that the switch may read and write too; without it
  the directory of the test run.
* `TOPCALLS_TEST_FREESWITCH_CDR`: where the switch writes records of ended channels, if it does.
* `TOPCALLS_TEST_FREESWITCH_KILL` and `TOPCALLS_TEST_FREESWITCH_START`: commands that kill the
  switch and start it again, each returning when it is done; without them it is never killed.

What is measured is printed (`pytest -s`), and only judged where a telephone user would.
"""

import audioop
from time import time

import gevent
import numpy as np
import pytest
from freeswitch_lab import (
    ANSWER,
    FIRST_SENTENCE,
    GOODBYE,
    INTERRUPTION,
    LONG_ANSWER,
    NEEDED,
    QUESTION,
    UNHEARD_SECONDS,
    outcome,
    place,
    recorded,
    show,
    talking,
    words,
)
from sound import likeness
from unit.sandbox_openai_speech import spoken

from topcalls.esl import commands

pytest_plugins = ["freeswitch_fixtures"]
pytestmark = NEEDED

# -- conversations ----------------------------------------------------------------------------


def test_a_conversation_from_ringing_to_goodbye(product, telephone, say):
    callee = telephone("answers", pause=500)
    call_id = place(product)
    line = callee.lines.wait(15)
    first = line.wait_for_voice(10)
    show(answer_to_first_word_ms=(first.at - callee.wait_for("S", ANSWER)) * 1000)
    line.wait_for_quiet(15)
    line.say(say(QUESTION))
    line.wait_for_voice(15, after=time())
    line.wait_for_quiet(30, quiet=1.0)
    line.say(say(GOODBYE))

    call = product.wait_over(call_id)

    assert outcome(call) == ("completed", "completed", "agent_ended")
    assert words(call, "user") == f"{QUESTION} {GOODBYE}"
    assert words(call, "assistant") == f"{FIRST_SENTENCE} {LONG_ANSWER} Goodbye."
    assert not any(turn["interrupted"] for turn in call["transcript"])
    assert [timing["endpointing_ms"] > 0 for timing in call["timings"]] == [False, True, True]
    assert product.wait_webhook(call_id, "call.completed")
    callee.wait_for("R", "BYE")
    assert_speech_is_unbroken(line, first.at)


def assert_speech_is_unbroken(line, since):
    packets = [packet for packet in line.packets if packet.at >= since]
    gaps = np.diff([packet.at for packet in packets]) * 1000
    steps = np.diff([packet.sequence for packet in packets]) % 65536
    show(rtp_gap_p99_ms=np.percentile(gaps, 99), rtp_gap_max_ms=gaps.max())
    assert set(steps) == {1}


def test_the_recording_holds_both_voices_each_on_its_side(product, telephone, say):
    callee = telephone("answers")
    call_id = place(product)
    line = callee.lines.wait(15)
    line.wait_for_voice(10)
    line.wait_for_quiet(15)
    line.say(say(GOODBYE))
    call = product.wait_over(call_id)

    samples = recorded(product, call)
    assert abs(len(samples) / 8000 - call["duration"] * 60) < 1.0
    theirs, ours = (np.abs(side.astype(float)) > 1500 for side in samples.T)
    spoke = [turn for turn in call["transcript"] if turn["user"] == "user"][0]
    middle = slice(spoke["started_ms"] * 8 + 1600, spoke["ended_ms"] * 8 - 1600)
    assert theirs[middle].mean() > 0.2
    assert not ours[middle].any()
    assert ours[: 8 * call["transcript"][0]["ended_ms"]].mean() > 0.2


def test_a_telephone_that_only_speaks_a_law(product, telephone, say):
    callee = telephone("answers", codec="PCMA")
    call_id = place(product)
    line = callee.lines.wait(15)
    first = line.wait_for_voice(10)
    last = line.wait_for_quiet(15)
    line.say(say(GOODBYE))
    call = product.wait_over(call_id)

    said = b"".join(packet.samples for packet in line.packets if first.at <= packet.at <= last.at)
    meant = audioop.ulaw2lin(spoken(FIRST_SENTENCE), 2)
    assert likeness(said, meant) > 0.98
    assert words(call, "user") == GOODBYE


def test_speaking_over_the_agent_stops_it(product, relay, telephone, say):
    callee = telephone("answers")
    call_id = place(product)
    line = callee.lines.wait(15)
    line.wait_for_voice(10)
    line.wait_for_quiet(15)
    line.say(say(QUESTION))
    answering = line.wait_for_voice(15, after=time())
    gevent.sleep(1.5)
    began = time()
    line.say(say(INTERRUPTION))
    paused = relay.wait_for("uuid_fileman", 5, after=began)
    decided = relay.wait_for("uuid_break", 5, after=began)
    gevent.sleep(0.3)
    last = [packet.at for packet in line.voice if packet.at < paused + 0.5][-1]
    show(
        speech_to_pause_ms=(paused - began) * 1000,
        pause_to_last_voice_ms=(last - paused) * 1000,
        speech_to_break_ms=(decided - began) * 1000,
    )
    assert answering.at < paused < decided
    assert last - decided < 0.1
    assert last - paused < 0.2
    line.wait_for_voice(10, after=decided + 0.3)  # the agent answers what it was told
    line.wait_for_quiet(10)
    product.request("POST", f"/v1/calls/{call_id}/stop")
    call = product.wait_over(call_id)

    cut = [turn for turn in call["transcript"] if turn["interrupted"]]
    assert len(cut) == 1
    assert LONG_ANSWER.startswith(cut[0]["text"])
    assert INTERRUPTION in words(call, "user")


def test_a_cough_only_pauses_the_agent(product, relay, telephone, say):
    callee = telephone("answers")
    call_id = place(product, silence_timeout_seconds=5)
    line = callee.lines.wait(15)
    line.wait_for_voice(10)
    line.wait_for_quiet(15)
    line.say(say(QUESTION))
    line.wait_for_voice(15, after=time())
    gevent.sleep(1.0)
    coughed = time()
    line.say(say("Hm")[:1600])
    relay.wait_for("uuid_fileman", 5, after=coughed)
    line.wait_for_quiet(30, quiet=1.5)
    line.say(say(GOODBYE))

    call = product.wait_over(call_id)

    assert relay.times("uuid_break", coughed) == []
    assert len(relay.times("uuid_fileman", coughed)) == 2
    assert LONG_ANSWER in words(call, "assistant")


def test_keys_reach_the_conversation(product, telephone):
    callee = telephone("answers")
    before = len(product.mind.told("conversation.item.create"))
    call_id = place(product)
    line = callee.lines.wait(15)
    line.wait_for_voice(10)
    line.wait_for_quiet(15)
    line.press("12#")

    line.wait_for_voice(15, after=time())
    told = product.mind.told("conversation.item.create")[before:]
    assert any("12#" in str(item) for item in told), told
    product.request("POST", f"/v1/calls/{call_id}/stop")
    product.wait_over(call_id)


# -- how a call begins ------------------------------------------------------------------------


WITHOUT_AUDIO = "m=video 9 RTP/AVP 31\na=rtpmap:31 H261/90000"
G729 = "c=IN IP4 127.0.0.1\nt=0 0\nm=audio 9 RTP/AVP 18\na=rtpmap:18 G729/8000"


@pytest.mark.parametrize(
    "media", ["m=garbage", "", WITHOUT_AUDIO, G729], ids=["broken", "empty", "no audio", "G.729"]
)
def test_an_answer_whose_sdp_cannot_be_used(product, telephone, media):
    callee = telephone("callee_bad_sdp", replaced={"m=garbage": media})
    call_id = place(product)
    callee.wait_for("S", ANSWER)

    call = product.wait_over(call_id)
    assert outcome(call) == ("failed", "failed", "dial_failed")
    assert (call["hangup"]["sip_status"], call["hangup"]["by"]) == (200, "gateway")
    assert (call["ended_by"], call["actual_duration_billed"]) == ("carrier", 0)
    assert call["error_message"].startswith("Somebody picked up")
    (dial,) = call["routing"]
    assert dial["then"] == "stop"
    assert "picked up" in dial["why"]
    callee.wait_for("R", "BYE")


def test_a_carrier_that_is_not_there(product):
    call = product.wait_over(place(product))

    assert outcome(call) == ("failed", "failed", "dial_failed")
    assert "SIP" not in call["error_message"]


def test_a_call_that_nobody_takes_is_cancelled(product, telephone):
    callee = telephone("rings")
    call_id = place(product, ring_timeout_seconds=5)
    rang = callee.wait_for("S", "180")

    call = product.wait_over(call_id)

    assert outcome(call) == ("failed", "no-answer", "no_answer")
    lasted = callee.wait_for("R", "CANCEL") - rang
    show(rang_s=lasted)
    assert 4.9 < lasted < 7.0


def test_a_call_stopped_while_it_rings_is_cancelled(product, telephone):
    callee = telephone("rings")
    call_id = place(product)
    callee.wait_for("S", "180")
    product.wait_until(call_id, lambda call: call["status"] == "in_progress")
    asked = time()
    product.request("POST", f"/v1/calls/{call_id}/stop")

    assert callee.wait_for("R", "CANCEL") - asked < 2.0
    call = product.wait_over(call_id)
    assert (call["status"], call["end_reason"]) == ("cancelled", "stopped")


def test_a_telephone_that_never_says_it_rings(product, telephone):
    callee = telephone("answers_at_once")
    call_id = place(product)
    first = callee.lines.wait(15).wait_for_voice(10)
    show(answer_to_first_word_ms=(first.at - callee.wait_for("S", ANSWER)) * 1000)

    product.wait_until(call_id, talking)
    product.request("POST", f"/v1/calls/{call_id}/stop")
    assert product.wait_over(call_id)["end_reason"] == "stopped"


def test_an_announcement_before_the_answer_is_not_listened_to(product, relay, telephone):
    callee = telephone("early_media", pause=2000)
    began = time()
    call_id = place(product)
    callee.wait_for("S", "183")
    product.wait_until(call_id, lambda call: call["status"] == "in_progress")
    first = callee.lines.wait(15).wait_for_voice(10)
    answered = callee.wait_for("S", ANSWER)

    assert relay.wait_for("uuid_audio_stream", 1, after=began) > answered
    assert relay.wait_for("uuid_record", 1, after=began) > answered
    assert first.at > answered
    product.wait_until(call_id, talking)
    product.request("POST", f"/v1/calls/{call_id}/stop")
    call = product.wait_over(call_id)
    assert call["duration"] * 60 < time() - answered


# -- many calls -------------------------------------------------------------------------------


MOST_TRIES = 5


class Farewell:
    """One of many callees: says goodbye, and once more where it was not understood, as people do.

    `words` is what was understood; `undisturbed`: the machine was in time when it was first said.
    """

    def __init__(self, product, switch, call_id, lines, voice):
        self._product = product
        self._voice = voice
        self.call_id = call_id
        channel = product.details(call_id)["external_call_id"]
        port = int(switch(commands.uuid_getvar(channel, "local_media_port")))
        self.line = next(line for peer, line in lines.items() if peer[1] == port)
        self.tries = 0
        self.disturbance = 0.0
        self.call = None

    def run(self):
        while self.tries < MOST_TRIES and self.call is None:
            self._say()

    def _say(self):
        said = time()
        self.tries += 1
        before = len(self._understood(self._product.details(self.call_id)))
        self.line.say(self._voice(GOODBYE))
        self.line.wait_until_said(30)
        if self.tries == 1:
            self.disturbance = self.line.disturbance(said, time())
        call = self._product.wait_until(
            self.call_id, lambda call: call["completed"] or len(self._understood(call)) > before, 60
        )
        if not call["completed"] and "goodbye" not in self._understood(call)[-1]:
            self.line.wait_for_voice(30, after=said)
            self.line.wait_for_quiet(30, quiet=1.0)
            return
        self.call = self._product.wait_over(self.call_id, 90)

    @staticmethod
    def _understood(call):
        return [turn["text"] for turn in call["transcript"] if turn["user"] == "user"]


@pytest.mark.timeout(600)
def test_twenty_calls_at_once(product, telephone, switch, request):
    """Whoever is in time is understood at once, and nobody is left on the line."""
    callee = telephone("answers", pause=200)
    ids = [place(product) for _ in range(20)]
    callee.lines.wait(120, count=20)
    lines = list(callee.lines.lines.values())
    first = [line.wait_for_voice(60).at for line in lines]
    for line in lines:
        line.wait_for_quiet(60)
    people = [
        Farewell(
            product,
            switch,
            call_id,
            callee.lines.lines,
            product.mind.voice_of(f"{request.node.name} {number}"),
        )
        for number, call_id in enumerate(ids)
    ]
    gevent.joinall([gevent.spawn(person.run) for person in people], raise_error=True)

    answered = sorted(at for at, way, _, line in callee.messages() if way == "S" and ANSWER in line)
    waits = np.array(sorted(first)) - np.array(answered[:20])
    gaps = np.concatenate([np.diff([p.at for p in line.packets]) for line in lines]) * 1000
    in_time = [person for person in people if person.disturbance < UNHEARD_SECONDS]
    show(
        answer_to_first_word_p50_ms=np.median(waits) * 1000,
        answer_to_first_word_max_ms=waits.max() * 1000,
        rtp_gap_p99_ms=np.percentile(gaps, 99),
        rtp_gap_max_ms=gaps.max(),
        disturbed_by_ms=max(person.disturbance for person in people) * 1000,
        in_time=len(in_time),
        tries=sum(person.tries for person in people),
    )
    assert all(person.call for person in people)
    ends = {outcome(person.call) for person in people}
    assert ends == {("completed", "completed", "agent_ended")}
    assert {(words(person.call, "user"), person.tries) for person in in_time} <= {(GOODBYE, 1)}
