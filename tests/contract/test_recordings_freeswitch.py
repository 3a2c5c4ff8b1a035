"""Recordings by a real FreeSWITCH: which side is which, masking, and what a dead switch leaves.

See `own_switch.py` for what it needs. The switch calls itself: one leg goes out, the other comes
in, and each hears a tone of its own.
"""

import os
import signal
import uuid
import wave
from contextlib import closing

import gevent
import numpy as np
import orjson
import own_switch
import pytest

from topcalls.audio.wav import complete
from topcalls.esl import commands
from topcalls.esl.connection import EventSocketConnection
from topcalls.esl.errors import CommandRefused

pytestmark = [
    pytest.mark.freeswitch,
    pytest.mark.timeout(120),
    pytest.mark.skipif(
        not os.environ.get(own_switch.PROGRAM), reason=f"set {own_switch.PROGRAM} to a FreeSWITCH"
    ),
]
TONES = {"out": 440, "in": 1000}  # what each leg says
WAIT = 15


@pytest.fixture(scope="module")
def line(tmp_path_factory):
    switch = own_switch.OwnSwitch(tmp_path_factory.mktemp("recording-switch")).start()
    with closing(Line(switch)) as made:
        yield made
    switch.stop()


@pytest.fixture
def doomed(tmp_path):
    """The line of a switch that will be killed."""
    switch = own_switch.OwnSwitch(tmp_path).start()
    with closing(Line(switch)) as made:
        yield made
    switch.stop()


class Line:
    """The Event Socket of a switch that calls itself; `legs` are the two channels."""

    def __init__(self, switch):
        self.switch = switch
        self._socket = EventSocketConnection("127.0.0.1", switch.ports["esl"], own_switch.PASSWORD)
        self._socket.connect()
        self.legs = self._call()
        for name, leg in self.legs.items():
            self.api(f"uuid_broadcast {leg} tone_stream://%(60000,0,{TONES[name]}) aleg")

    def api(self, command):
        """The answer's text, also of a refusal."""
        try:
            return self._socket.send(f"api {command}").data.strip()
        except CommandRefused as refused:
            return refused.reply.strip()

    def close(self):
        self._socket.stop()

    def _call(self):
        out = str(uuid.uuid4())
        endpoint = f"sofia/external/+12025550142@127.0.0.1:{self.switch.ports['sip']}"
        variables = {"absolute_codec_string": "PCMU", "send_silence_when_idle": "400"}
        self._socket.send("bgapi " + commands.originate_to(endpoint, variables, channel_uuid=out))
        came = self.wait_until(lambda: self._channels("inbound"), "the call")
        self.api(f"sched_del {came[0]}")
        self.api(f"uuid_answer {came[0]}")
        self.wait_until(lambda: self._is_active(out), "the answer")
        return {"out": out, "in": came[0]}

    def _channels(self, direction):
        rows = orjson.loads(self.api("show channels as json")).get("rows", [])
        return [row["uuid"] for row in rows if row["direction"] == direction]

    def _is_active(self, leg):
        rows = orjson.loads(self.api("show channels as json")).get("rows", [])
        return any(row["uuid"] == leg and row["callstate"] == "ACTIVE" for row in rows)

    def wait_until(self, condition, what):
        with gevent.Timeout(WAIT, AssertionError(f"{what} did not happen")):
            while not (found := condition()):
                gevent.sleep(0.05)
        return found

    def record(self, leg, path, **options):
        assert self.api(commands.uuid_record_start(leg, str(path), **options)) == "+OK Success"

    def wait_for_sound(self, path, seconds, channels=2):
        """Until the file has grown by so much sound."""
        before = path.stat().st_size
        wanted = before + round(seconds * 16000 * channels)
        self.wait_until(lambda: path.stat().st_size >= wanted, "sound")


def sides(path):
    with wave.open(str(path)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        return samples.reshape(-1, file.getnchannels()).T.astype(float)


def pitches(samples):
    """The frequencies that are heard, strongest first, down to a tenth of it."""
    samples = samples[4000:]
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    at = np.fft.rfftfreq(len(samples), 1 / 8000)
    strength = {tone: spectrum[np.abs(at - tone) < 5].max() for tone in TONES.values()}
    return {tone for tone, strong in strength.items() if strong > 0.1 * spectrum.max()}


@pytest.mark.parametrize("direction", ["out", "in"])
def test_the_other_person_is_on_the_left_whoever_called(line, tmp_path, direction):
    leg, other = line.legs[direction], {"out": "in", "in": "out"}[direction]
    path = tmp_path / "call.wav"
    line.record(leg, path)
    line.wait_for_sound(path, 1.5)
    line.api(commands.uuid_record_stop(leg, str(path)))
    left, right = sides(path)
    assert pitches(left) == {TONES[other]}
    assert pitches(right) == {TONES[direction]}


def test_both_are_in_one_channel_where_that_is_wished(line, tmp_path):
    path = tmp_path / "call.wav"
    line.record(line.legs["out"], path, stereo=False)
    line.wait_for_sound(path, 1.5, channels=1)
    line.api(commands.uuid_record_stop(line.legs["out"], str(path)))
    (mixed,) = sides(path)
    assert pitches(mixed) == {440, 1000}


def test_masking_writes_silence_and_keeps_the_length(line, tmp_path):
    leg, path = line.legs["out"], tmp_path / "call.wav"
    line.record(leg, path)
    line.wait_for_sound(path, 0.8)
    for _ in range(2):  # asking again does no harm
        assert line.api(commands.uuid_record_mask(leg, str(path))) == "+OK Success"
    line.wait_for_sound(path, 1.0)
    line.record(leg, path)  # as by a controller that takes the call over: it stays masked
    line.wait_for_sound(path, 1.0)
    for _ in range(2):
        assert line.api(commands.uuid_record_unmask(leg, str(path))) == "+OK Success"
    line.wait_for_sound(path, 0.8)
    line.api(commands.uuid_record_stop(leg, str(path)))
    sound = np.abs(sides(path)).max(axis=0)
    silent = sound == 0
    edges = np.flatnonzero(np.diff(np.concatenate(([0], silent.astype(int), [0]))))
    longest = (edges[1::2] - edges[::2]).max() / 8000
    assert longest == pytest.approx(2.0, abs=0.6)
    assert len(sound) / 8000 > 3.4


def test_what_is_not_recorded_cannot_be_masked(line, tmp_path):
    answer = line.api(commands.uuid_record_mask(line.legs["out"], str(tmp_path / "x.wav")))
    assert answer == "-ERR Cannot mask recording session!"


def test_a_switch_that_is_killed_leaves_sound_that_can_be_completed(doomed, tmp_path):
    path = tmp_path / "call.wav"
    doomed.record(doomed.legs["out"], path)
    doomed.wait_for_sound(path, 2.0)
    own_switch._end(doomed.switch.directory, signal.SIGKILL)
    size = path.stat().st_size
    assert path.read_bytes()[40:44] == bytes(4)  # its header promises nothing
    facts = complete(path)
    assert (facts.repaired, facts.format.channels) == (True, 2)
    assert facts.milliseconds == pytest.approx((size - 44) / 32, abs=1)
    assert facts.milliseconds > 1900
    assert pitches(sides(path)[0]) == {TONES["in"]}


def test_a_full_disk_ends_neither_call_nor_recording(line, full_disk):
    path = full_disk / "call.wav"
    line.record(line.legs["out"], path)
    line.wait_until(lambda: path.stat().st_size >= 200_000, "the end of the disk")
    assert line.api(commands.uuid_exists(line.legs["out"])) == "true"
    assert line.api(commands.uuid_record_stop(line.legs["out"], str(path))) == "+OK Success"
    assert complete(path).milliseconds > 6000


@pytest.fixture
def full_disk(tmp_path):
    """A disk of 200 kB."""
    place = tmp_path / "disk"
    place.mkdir()
    if os.system(f"mount -t tmpfs -o size=200k tmpfs {place} 2>/dev/null"):
        pytest.skip("no disk can be mounted here")
    yield place
    os.system(f"umount -l {place}")
