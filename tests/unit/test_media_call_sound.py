"""What listeners hear of a call, against a channel that behaves as measured."""

import pytest
from media_switch import GrowingFileCall, Switch, speech

from topcalls.audio import g711, pcm
from topcalls.media import call_sound
from topcalls.media.call_sound import BATCH_BYTES, FORMAT, MOST_AT_ONCE, WAITING_BYTES, CallSound
from topcalls.media.stream_chunks import StreamPlayback

pytestmark = pytest.mark.unit
CALLER = b"\x10\x02" * 160  # 20 ms of something
TAIL = 480  # bytes: what is lost of an utterance at its end, at most


class StreamedCall:
    """The other strategy, with what these tests need of it."""

    def __init__(self, directory, **options):
        self.switch = Switch(**options)
        self.playback = self.switch.playback = StreamPlayback(self.switch, self.switch.clock)

    say = GrowingFileCall.say


@pytest.fixture(params=[GrowingFileCall, StreamedCall])
def call(request, tmp_path):
    made = []

    def make(**options):
        made.append(request.param(tmp_path / "playback", **options))
        return Heard(made[-1])

    yield make
    for each in made:
        each.playback.close()
        each.switch.hang_up()


class Heard:
    """A call that is listened to."""

    def __init__(self, call):
        self.call = call
        self.taps = []
        self.ends = []
        self.sound = CallSound(call.playback, self.taps.append)
        self.listener = self.sound.join(lambda: self.ends.append(True))

    def run(self, milliseconds):
        """So much time passes, and the line brings as much; what the listener heard of each side,
        the agent's as it was given to the switch."""
        heard = bytearray()
        for _ in range(0, milliseconds, 20):
            self.call.switch.run(20)
            self.sound.hear(CALLER)
            if self.listener._size >= BATCH_BYTES:
                heard += self.listener.take(0)
        heard += self.listener.take(0) or b""
        left, right = pcm.split_stereo(bytes(heard))
        return left, g711.encode(right, "PCMU")


def spoken(right):
    return right.strip(b"\xff")


def test_both_sides_are_heard_as_they_sound(call):
    heard = call(command_ms=5, event_ms=5)
    audio = speech(2000)
    heard.call.say("a", audio)
    left, right = heard.run(3000)
    assert left == CALLER * 150
    there = spoken(right)
    assert len(right) == 3000 * 8
    assert there == audio[: len(there)]
    assert len(there) >= len(audio) - TAIL


def test_whoever_comes_late_hears_from_there_on(call):
    heard = call()
    audio = speech(4000)
    heard.call.say("a", audio)
    heard.call.switch.run(2000)
    _, right = heard.run(1000)
    there = spoken(right)
    assert there in audio
    assert abs(audio.index(there) - len(heard.call.switch.voice) + len(there)) <= TAIL


def test_an_agent_that_is_paused_is_silent_and_goes_on(call):
    heard = call()
    audio = speech(3000)
    heard.call.say("a", audio)
    _, before = heard.run(1000)
    heard.call.playback.pause()
    heard.run(100)
    _, during = heard.run(500)
    assert during == b"\xff" * 4000
    heard.call.playback.resume()
    _, after = heard.run(3000)
    assert spoken(before) in audio
    assert spoken(after) in audio
    assert len(spoken(before)) + len(spoken(after)) >= len(audio) - 3 * TAIL


def test_what_was_cut_off_is_not_heard(call):
    heard = call()
    heard.call.say("a", speech(3000))
    heard.run(1000)
    heard.call.playback.clear()
    _, right = heard.run(500)
    assert right == b"\xff" * 4000


def test_one_utterance_after_the_other(call):
    heard = call()
    first, second = speech(1000), bytes(reversed(speech(1000)))
    heard.call.say("a", first)
    heard.call.say("b", second)
    _, right = heard.run(3000)
    there = spoken(right)
    assert there[: len(first) - TAIL] == first[: len(first) - TAIL]
    assert there[-len(second) + TAIL : -TAIL] in second


def test_a_line_that_brings_both_sides_is_passed_on_as_it_is(call):
    heard = call()
    heard.sound.is_stereo = True
    stereo = pcm.interleave(CALLER, CALLER[::-1])
    for _ in range(5):
        heard.sound.hear(stereo)
    assert heard.listener.take(0) == stereo * 5


def test_what_is_masked_is_heard_by_nobody(call):
    heard = call()
    heard.call.say("a", speech(2000))
    heard.run(500)
    heard.sound.is_masked = True
    left, right = heard.run(500)
    assert left == bytes(8000)
    assert g711.decode(right, "PCMU") == bytes(8000)
    heard.sound.is_masked = False
    left, right = heard.run(500)
    assert left == CALLER * 25
    assert spoken(right) in speech(2000)


def test_a_call_without_listeners_pays_nothing(call):
    heard = call()
    assert heard.taps == [heard.sound.hear]
    heard.listener.end()
    heard.listener.end()
    assert heard.taps == [heard.sound.hear, None]
    assert heard.ends == [True]


def test_a_slow_listener_loses_the_oldest_and_nobody_else_anything(call):
    heard = call()
    quick = heard.sound.join(lambda: None)
    got = bytearray()
    for number in range(400):
        heard.sound.hear(bytes([number % 251, 0]) * 160)
        got += quick.take(0) if quick._size >= BATCH_BYTES else b""
    assert len(got) == FORMAT.size_of(8000)
    assert heard.listener.dropped == FORMAT.size_of(8000) - WAITING_BYTES
    rest = heard.listener.take(0)
    assert rest == bytes(got[-WAITING_BYTES:])


def test_only_so_many_listen_at_once(call):
    heard = call()
    others = [heard.sound.join(lambda: None) for _ in range(MOST_AT_ONCE - 1)]
    assert None not in others
    assert heard.sound.join(lambda: None) is None
    others[0].end()
    assert heard.sound.join(lambda: None) is not None


def test_the_end_of_the_line_is_the_end_of_listening(call):
    heard = call()
    heard.sound.hear(CALLER)
    heard.sound.end()
    assert heard.listener.take(1) is not None  # what was there
    assert heard.listener.take(1) is None
    assert heard.ends == [True]
    assert heard.sound.join(lambda: None) is None


def test_whatever_goes_wrong_ends_the_listening_and_nothing_else(call, monkeypatch):
    heard = call()
    monkeypatch.setattr(call_sound.pcm, "interleave", lambda *_: 1 / 0)
    heard.sound.hear(CALLER)
    assert heard.listener.take(1) is None
    assert heard.taps[-1] is None
