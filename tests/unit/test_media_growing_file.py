"""Growing files against a channel that behaves as measured: nothing lost, nothing twice."""

import pytest
from media_switch import GrowingFileCall, speech

from topcalls.media.heard import Heard

pytestmark = pytest.mark.unit


@pytest.fixture
def call(tmp_path):
    calls = []

    def make(**options):
        calls.append(GrowingFileCall(tmp_path / "playback", **options))
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


def test_a_disk_that_was_full_from_the_start_keeps_no_empty_file(call, monkeypatch, tmp_path):
    c = call()

    def no_space(fd, data):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("topcalls.media.utterance_file.os.write", no_space)
        c.say("a", speech(200))
    c.switch.run_until_idle()
    c.playback.close()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_the_codec_may_be_chosen_after_the_playback_was_made(call):
    c = call()
    c.playback.codec = "PCMA"
    c.say("a", speech(1000))
    assert [path.suffix for path in c.files] == [".PCMA"]
