"""Growing files against a channel that behaves as measured: nothing lost, nothing twice."""

import pytest
from media_switch import Switch

from topcalls.media.growing_file import GrowingFilePlayback
from topcalls.media.heard import Heard

pytestmark = pytest.mark.unit


def speech(milliseconds: int, seed: int = 1) -> bytes:
    """Audio in which every 20 ms are different, without a byte that could be silence."""
    return bytes(1 + (seed * 31 + at // 160 * 7 + at) % 120 for at in range(milliseconds * 8))


class Call:
    """A playback, its switch, and what it told."""

    def __init__(self, directory, **options) -> None:
        preroll = options.pop("preroll_ms", 100)
        codec = options.pop("codec", "PCMU")
        self.directory = directory
        self.switch = Switch(**options)
        self.playback = GrowingFilePlayback(
            self.switch, directory, codec, self.switch.clock, preroll_ms=preroll
        )
        self.switch.playback = self.playback
        self.started: list[str] = []
        self.finished: list[Heard] = []
        self.playback.on_started = lambda utterance_id, at: self.started.append(utterance_id)
        self.playback.on_finished = self.finished.append

    def say(self, utterance_id: str, audio: bytes, *, finish: bool = True) -> None:
        self.playback.begin(utterance_id)
        self.playback.append(utterance_id, audio)
        if finish:
            self.playback.finish(utterance_id)

    @property
    def files(self) -> list:
        return list(self.directory.iterdir())


@pytest.fixture
def call(tmp_path):
    calls = []

    def make(**options):
        calls.append(Call(tmp_path / "playback", **options))
        return calls[-1]

    yield make
    for each in calls:
        each.playback.close()
        each.switch.hang_up()


def test_an_utterance_is_heard_and_told(call):
    c = call(command_ms=5, event_ms=5)
    audio = speech(1000)
    c.say("a", audio)
    assert c.playback.is_speaking
    c.switch.run_until_idle()
    assert c.switch.voice == audio
    assert (c.started, c.finished) == (["a"], [Heard("a", 1000, 1000)])
    assert c.switch.commands == ["play"]
    assert not c.playback.is_speaking
    assert c.files == []


def test_audio_appended_while_it_plays_needs_one_playback_and_has_no_gap(call):
    c = call()
    audio = speech(3000)
    c.playback.begin("a")
    for at in range(0, len(audio), 800):
        c.playback.append("a", audio[at : at + 800])
        c.switch.run(80)
    c.playback.finish("a")
    c.switch.run_until_idle()
    assert c.switch.voice == audio
    assert c.switch.longest_gap() == 0
    assert c.switch.commands == ["play"]


def test_the_first_playback_waits_for_the_preroll(call):
    c = call()
    audio = speech(120)
    c.playback.begin("a")
    c.playback.append("a", audio[:799])
    c.switch.run(100)
    assert c.switch.commands == []
    c.playback.append("a", audio[799:])
    assert c.switch.commands == ["play"]


def test_a_short_utterance_waits_for_nothing(call):
    c = call()
    c.say("a", speech(40))
    assert c.switch.commands == ["play"]


def test_appends_of_any_size_arrive_as_they_are(call):
    c = call()
    audio = speech(700)
    c.playback.begin("a")
    sizes = [1, 7, 100, 161, 333]
    rest = audio
    while rest:
        size = sizes[len(rest) % len(sizes)]
        c.playback.append("a", rest[:size])
        rest = rest[size:]
    c.playback.finish("a")
    c.switch.run_until_idle()
    assert c.switch.voice == audio


@pytest.mark.parametrize(("codec", "silence"), [("PCMU", b"\xff"), ("PCMA", b"\xd5")])
def test_a_last_frame_is_filled_with_the_codec_s_silence(call, codec, silence):
    c = call(codec=codec)
    c.say("a", b"\x01" * 250)
    (path,) = c.files
    assert path.suffix == f".{codec}"
    assert path.read_bytes() == b"\x01" * 250 + silence * 70
    c.switch.run_until_idle()
    assert c.finished == [Heard("a", 31, 31)]


def test_utterances_play_in_the_order_they_were_begun(call):
    c = call()
    first, second = speech(300, 1), speech(200, 2)
    c.playback.begin("a")
    c.playback.begin("b")
    c.playback.append("b", second)
    c.playback.finish("b")
    c.switch.run(200)
    assert c.switch.commands == []
    c.playback.append("a", first)
    c.playback.finish("a")
    c.switch.run_until_idle()
    assert c.switch.voice == first + second
    assert c.started == ["a", "b"]
    assert [heard.utterance_id for heard in c.finished] == ["a", "b"]


def test_the_gap_between_utterances_is_at_most_two_frames(call):
    c = call(command_ms=5, event_ms=5)
    for n in range(4):
        c.say(f"u{n}", speech(200, n))
    c.switch.run_until_idle()
    assert c.switch.longest_gap() <= 2


def test_an_under_run_is_resumed_where_the_switch_stopped(call):
    c = call(event_ms=5)
    audio = speech(600)
    c.playback.begin("a")
    c.playback.append("a", audio[:1600])
    c.switch.run(400)  # 200 ms heard, then nothing
    c.playback.append("a", audio[1600:3200])
    c.switch.run(400)
    c.playback.append("a", audio[3200:])
    c.playback.finish("a")
    c.switch.run_until_idle()
    assert c.switch.voice == audio
    assert c.switch.commands == ["play"] * 3
    assert (c.started, c.finished) == (["a"], [Heard("a", 600, 600)])


def test_audio_that_came_just_before_the_stop_was_told_is_not_lost(call):
    c = call(event_ms=40)
    audio = speech(400)
    c.playback.begin("a")
    c.playback.append("a", audio[:1600])
    while c.switch._current is not None or len(c.switch.voice) < 1600:
        c.switch.run(5)  # until the switch has given up, which nobody knows yet
    c.playback.append("a", audio[1600:])
    c.playback.finish("a")
    c.switch.run_until_idle()
    assert c.switch.voice == audio
    assert c.finished == [Heard("a", 400, 400)]


def test_a_resume_waits_for_the_preroll_too(call):
    c = call()
    c.say("a", speech(200), finish=False)
    c.switch.run_until_idle()
    c.playback.append("a", speech(60))
    assert c.switch.commands == ["play"]
    c.playback.append("a", speech(60))
    assert c.switch.commands == ["play", "play"]


def test_finishing_after_everything_was_heard_ends_the_utterance(call):
    c = call()
    c.say("a", speech(200), finish=False)
    c.switch.run_until_idle()
    assert c.finished == []
    assert c.playback.is_speaking
    c.playback.finish("a")
    assert c.finished == [Heard("a", 200, 200)]
    assert not c.playback.is_speaking


def test_an_utterance_without_audio_is_over_when_its_turn_comes(call):
    c = call()
    c.say("a", speech(100))
    c.say("empty", b"")
    assert c.finished == []
    c.switch.run_until_idle()
    assert c.finished == [Heard("a", 100, 100), Heard("empty", 0, 0)]
    assert c.started == ["a"]


def test_pause_and_resume_lose_nothing(call):
    c = call(command_ms=5, event_ms=5)
    audio = speech(1000)
    c.say("a", audio)
    c.switch.run(400)
    c.playback.pause()
    c.switch.run(20)
    heard = len(c.switch.voice)
    c.switch.run(2000)
    assert len(c.switch.voice) == heard
    assert c.playback.is_speaking
    c.playback.resume()
    c.switch.run_until_idle()
    assert c.switch.voice == audio
    assert c.finished == [Heard("a", 1000, 1000)]


def test_pausing_twice_does_not_unpause(call):
    c = call()
    c.say("a", speech(500))
    c.switch.run(100)
    c.playback.pause()
    c.playback.pause()
    c.switch.run(300)
    assert c.switch.commands == ["play", "pause"]
    c.playback.resume()
    c.playback.resume()
    c.switch.run_until_idle()
    assert c.switch.commands == ["play", "pause", "pause"]


def test_a_pause_before_the_switch_has_started_takes_effect_at_the_start(call):
    c = call(command_ms=10, event_ms=10)
    c.say("a", speech(500))
    c.playback.pause()
    assert c.switch.commands == ["play"]
    c.switch.run(300)
    assert c.switch.commands == ["play", "pause"]
    assert len(c.switch.voice) <= 160 * 3
    c.playback.resume()
    c.switch.run_until_idle()
    assert c.switch.voice == speech(500)


def test_pause_and_resume_before_the_start_send_nothing(call):
    c = call()
    c.say("a", speech(100))
    c.playback.pause()
    c.playback.resume()
    c.switch.run_until_idle()
    assert c.switch.commands == ["play"]


def test_nothing_new_is_played_while_paused(call):
    c = call()
    c.playback.pause()
    c.say("a", speech(200))
    c.switch.run(500)
    assert c.switch.commands == []
    c.playback.resume()
    c.switch.run_until_idle()
    assert c.switch.voice == speech(200)


def test_a_pause_at_the_very_end_holds_the_next_utterance(call):
    c = call(event_ms=30)
    c.say("a", speech(200))
    c.say("b", speech(200, 2))
    while c.switch._current is not None or not c.switch.voice:
        c.switch.run(5)  # a has ended, and its stop is still on its way
    c.playback.pause()
    c.switch.run(500)
    assert c.switch.voice == speech(200)
    assert c.finished == [Heard("a", 200, 200)]
    c.playback.resume()
    c.switch.run_until_idle()
    assert c.switch.voice == speech(200) + speech(200, 2)


def test_clear_stops_now_and_tells_what_was_heard(call):
    c = call(command_ms=5, event_ms=5)
    c.say("a", speech(300))
    c.say("b", speech(1000, 2), finish=False)
    c.say("c", speech(100, 3))
    while len(c.switch.voice) < 500 * 8:
        c.switch.run(5)
    heard = c.playback.clear()
    assert [part.utterance_id for part in heard] == ["b", "c"]
    assert heard[0].played_ms == pytest.approx(200, abs=40)
    assert heard[0].received_ms == 1000
    assert heard[1] == Heard("c", 0, 100)
    voice = len(c.switch.voice)
    c.switch.run(1000)
    assert len(c.switch.voice) - voice <= 2 * 160
    assert not c.playback.is_speaking
    assert c.files == []
    assert [part.utterance_id for part in c.finished] == ["a"]


def test_audio_for_a_cleared_utterance_is_dropped(call):
    c = call()
    c.say("a", speech(200), finish=False)
    c.switch.run(100)
    c.playback.clear()
    c.playback.append("a", speech(500))
    c.playback.finish("a")
    c.switch.run_until_idle()
    assert c.switch.commands == ["play", "break"]
    assert c.finished == []
    assert c.files == []


def test_a_new_utterance_right_after_clear_is_heard_whole(call):
    c = call(command_ms=10, event_ms=20)
    c.say("a", speech(500))
    c.switch.run(200)
    c.playback.clear()
    c.say("b", speech(300, 2))
    before = len(c.switch.voice)
    c.switch.run_until_idle()
    assert c.switch.voice[before:].endswith(speech(300, 2))
    assert c.finished == [Heard("b", 300, 300)]


def test_clear_before_the_switch_has_started_leaves_silence(call):
    c = call(command_ms=10, event_ms=10)
    c.say("a", speech(500))
    assert c.playback.clear() == [Heard("a", 0, 500)]
    c.switch.run_until_idle()
    assert c.switch.voice == b""
    assert c.started == []


def test_clear_ends_a_pause(call):
    c = call()
    c.say("a", speech(500))
    c.switch.run(200)
    c.playback.pause()
    c.switch.run(100)
    c.playback.clear()
    c.say("b", speech(100, 2))
    c.switch.run_until_idle()
    assert c.switch.voice.endswith(speech(100, 2))


def test_clearing_nothing_sends_nothing(call):
    c = call()
    assert c.playback.clear() == []
    assert c.switch.commands == []


@pytest.mark.parametrize("event_ms", [0, 20])
def test_played_ms_follows_the_ear(call, event_ms):
    c = call(event_ms=event_ms)
    c.say("a", speech(2000))
    c.switch.run(600)
    assert c.playback.played_ms("a") == pytest.approx(len(c.switch.voice) // 8, abs=40)
    c.playback.pause()
    c.switch.run(700)
    assert c.playback.played_ms("a") == pytest.approx(len(c.switch.voice) // 8, abs=40)
    c.playback.resume()
    c.switch.run(300)
    assert c.playback.played_ms("a") == pytest.approx(len(c.switch.voice) // 8, abs=40)
    c.switch.run_until_idle()
    assert c.playback.played_ms("a") == c.playback.played_ms("unknown") == 0


def test_played_ms_never_exceeds_what_was_received(call):
    c = call(lost=lambda name, path: name == "stop")
    c.say("a", speech(200), finish=False)
    c.switch.run(1000)
    assert c.playback.played_ms("a") == 200


def test_a_hang_up_in_mid_speech_counts_what_was_heard_not_what_was_read_ahead(call):
    c = call(event_ms=5)
    c.say("a", speech(3000))
    while len(c.switch.voice) < 500 * 8:
        c.switch.run(5)
    c.switch.hang_up()
    c.switch.run(100)
    assert c.switch.commands == ["play"]  # nothing more for a channel that is gone
    assert c.playback.played_ms("a") == pytest.approx(500, abs=40)
    (heard,) = c.playback.clear()
    assert heard.played_ms == pytest.approx(500, abs=40)
    assert heard.received_ms == 3000


def test_a_playback_cut_off_on_a_living_channel_goes_on_at_the_next_check(call):
    c = call()
    c.say("a", speech(1000))
    while len(c.switch.voice) < 300 * 8:
        c.switch.run(5)
    c.switch.hang_up()
    c.switch.run(100)
    c.playback.check()
    c.switch.run_until_idle()
    assert len(c.switch.voice) == pytest.approx(1000 * 8, abs=2 * 160)
    assert c.finished == [Heard("a", 1000, 1000)]


def test_a_break_by_somebody_else_does_not_silence_the_agent(call):
    """Such as a caller who presses the key that ends playbacks by default."""
    c = call()
    c.say("a", speech(1000))
    while len(c.switch.voice) < 300 * 8:
        c.switch.run(5)
    c.switch.break_all()
    c.switch.run_until_idle()
    assert len(c.switch.voice) == pytest.approx(1000 * 8, abs=2 * 160)
    assert c.finished == [Heard("a", 1000, 1000)]


def test_close_deletes_everything_and_stays_silent(call):
    c = call()
    c.say("a", speech(1000))
    c.switch.run(200)
    c.playback.close()
    assert c.files == []
    c.say("b", speech(100))
    c.playback.check()
    c.switch.run(100)
    assert c.files == []
    assert c.switch.commands == ["play"]
    assert not c.playback.is_speaking


def test_a_full_disk_ends_the_utterance_and_not_the_call(call, monkeypatch):
    c = call()
    c.say("a", speech(200), finish=False)

    def no_space(fd, data):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("topcalls.media.utterance_file.os.write", no_space)
        c.playback.append("a", speech(300))
    c.playback.append("a", speech(300))
    c.switch.run_until_idle()
    assert c.finished == [Heard("a", 200, 500)]
    c.say("b", speech(100, 2))
    c.switch.run_until_idle()
    assert c.switch.voice == speech(200) + speech(100, 2)


def test_callbacks_may_speak_clear_and_fail(call):
    c = call()

    def answer(heard):
        c.finished.append(heard)
        if heard.utterance_id == "a":
            c.say("b", speech(100, 2))
        else:
            raise LookupError("a bug")

    c.playback.on_finished = answer
    c.playback.on_started = lambda utterance_id, at: c.playback.pause() or c.playback.resume()
    c.say("a", speech(100))
    c.switch.run_until_idle()
    c.say("c", speech(100, 3))
    c.switch.run_until_idle()
    assert [heard.utterance_id for heard in c.finished] == ["a", "b", "c"]
    assert c.switch.voice == speech(100) + speech(100, 2) + speech(100, 3)


def test_clear_from_inside_a_callback(call):
    c = call()
    c.playback.on_started = lambda utterance_id, at: c.playback.clear()
    c.say("a", speech(500))
    c.switch.run_until_idle()
    assert len(c.switch.voice) <= 2 * 160
    assert c.files == []
