"""The sound behind the agent: what is mixed, when it is ducked, and how it gets to the switch."""

import base64
import json
import runpy
from pathlib import Path

import numpy as np
import pytest

from topcalls.audio import g711, loops
from topcalls.core.call_request import BACKGROUND_GAINS, BACKGROUNDS
from topcalls.media import background
from topcalls.media.background import Background, SentFiles, SharedFiles, layers_of

NAME = layers_of("office", "low").name
ROOT = Path(__file__).parents[2]
STORED = ROOT / "topcalls" / "media" / "backgrounds"


class Switch:
    """Remembers what it was asked; `heard` are the files that are mixed in now."""

    def __init__(self):
        self.heard = []
        self.log = []
        self.texts = []

    def mix_in(self, path):
        assert path not in self.heard, "the same file twice"
        self.heard.append(path)
        self.log.append(("in", Path(path).stem))

    def mix_out(self, path):
        self.heard.remove(path)
        self.log.append(("out", Path(path).stem))

    def send_stream_text(self, text):
        self.texts.append(json.loads(text)["data"])


@pytest.fixture
def switch():
    return Switch()


class Timer:
    """Takes the place of a greenlet that waits."""

    def __init__(self, action):
        self.action = action

    def kill(self, block):
        self.action = None


class Timers:
    """`spawn_later`, turned by hand."""

    def __init__(self):
        self.waiting = []

    def __call__(self, seconds, action):
        assert seconds in (background.QUIET_SECONDS, background.SEND_SECONDS)
        self.waiting.append(Timer(action))
        return self.waiting[-1]

    def run(self):
        """The time of everything that waits has come."""
        waiting, self.waiting = self.waiting, []
        for timer in waiting:
            if timer.action is not None:
                timer.action()


@pytest.fixture
def timers():
    return Timers()


def samples(l16):
    return np.frombuffer(l16, "<i2").astype(float)


def dbfs(l16):
    return 20 * np.log10(np.sqrt(np.mean(samples(l16) ** 2)) / 32768)


def started(switch, directory, later=None):
    sound = Background(switch, layers_of("office", "low"), SharedFiles(directory), later)
    sound.start()
    return sound


# --- the sounds


@pytest.mark.parametrize("name", BACKGROUNDS)
def test_a_sound_is_small_and_its_end_leads_into_its_beginning(name):
    stored = (STORED / f"{name}.pcmu").read_bytes()
    assert 10 * 8000 <= len(stored) <= 160_000
    sound = samples(g711.decode(stored, "PCMU"))
    steps = np.abs(np.diff(sound))
    assert abs(sound[0] - sound[-1]) <= np.percentile(steps, 99)
    assert -27 < dbfs(g711.decode(stored, "PCMU")) < -25


def test_the_script_makes_the_sounds_that_are_shipped():
    made = runpy.run_path(str(ROOT / "scripts" / "render_backgrounds.py"))
    assert set(made["SOUNDS"]) == set(BACKGROUNDS)
    for name in ("office", "street"):
        again = samples(g711.decode(made["render"](name), "PCMU"))
        shipped = samples(g711.decode((STORED / f"{name}.pcmu").read_bytes(), "PCMU"))
        assert np.mean(np.abs(again - shipped) > np.abs(shipped) / 8 + 16) < 0.001


def test_where_they_come_from_is_told():
    assert "render_backgrounds.py" in (STORED / "ORIGIN.txt").read_text()


@pytest.mark.parametrize("name", BACKGROUNDS)
def test_a_louder_gain_is_louder_and_speech_leaves_a_third_of_it(name):
    levels = []
    for gain in BACKGROUND_GAINS:
        layers = layers_of(name, gain)
        both = samples(layers.bed) + samples(layers.top)
        levels.append(dbfs(both.astype("<i2").tobytes()))
        assert 5 < levels[-1] - dbfs(layers.bed) < 9
        assert len(layers.bed) == len(layers.top)
    assert levels == sorted(levels)
    assert -52 < levels[0] < -48
    assert -40 < levels[2] < -36


def test_an_unknown_sound_is_no_sound():
    with pytest.raises(KeyError):
        layers_of("../secrets", "low")


# --- loops


def test_a_circle_turned_all_around_is_itself():
    sound = bytes(range(40))
    assert loops.turned(sound, 5) == sound[10:] + sound[:10]
    assert loops.turned(loops.turned(sound, 13), 7) == sound
    assert loops.turned(b"", 3) == b""


def test_scaling_is_in_decibels_and_never_wraps():
    sound = np.array([1000, -1000, 30000, -30000], "<i2").tobytes()
    assert list(samples(loops.scaled(sound, -20.0))) == [100, -100, 3000, -3000]
    assert list(samples(loops.scaled(sound, 6.02))) == pytest.approx(
        [2000, -2000, 32767, -32768], abs=2
    )


def test_soft_ends_begin_and_end_in_silence_and_leave_the_middle_alone():
    sound = np.full(1000, 10_000, "<i2").tobytes()
    soft = samples(loops.soft_ends(sound, 40))
    assert len(soft) == 1000
    assert (soft[0], soft[-1]) == (0, 0)
    assert np.abs(np.diff(soft)).max() <= 10_000 / 40 + 1
    assert (soft[40:-40] == 10_000).all()


def test_a_sound_shorter_than_its_ends_is_faded_all_the_same():
    assert len(loops.soft_ends(b"\x10\x27" * 3, 40)) == 6


# --- one call


def test_both_layers_are_heard_and_one_of_them_while_the_agent_speaks(switch, timers, tmp_path):
    sound = started(switch, tmp_path, timers)
    assert switch.log == [("in", f"{NAME}-bed"), ("in", f"{NAME}-top")]
    sound.playback_started()
    assert [Path(path).stem for path in switch.heard] == [f"{NAME}-bed"]
    sound.playback_stopped()
    assert len(switch.heard) == 1
    timers.run()
    assert len(switch.heard) == 2


def test_a_breath_between_two_sentences_does_not_bring_it_up(switch, timers, tmp_path):
    sound = started(switch, tmp_path, timers)
    sound.playback_started()
    for _ in range(3):
        sound.playback_stopped()
        sound.playback_started()
        timers.run()
    assert switch.log[2:] == [("out", f"{NAME}-top")]


def test_nothing_is_asked_of_a_channel_that_is_gone(switch, timers, tmp_path):
    sound = started(switch, tmp_path, timers)
    sound.playback_started()
    sound.playback_stopped()
    sound.close()
    before = list(switch.log)
    timers.run()
    assert switch.log == before


def test_an_answer_while_the_agent_speaks_already_begins_ducked(switch, tmp_path):
    sound = Background(switch, layers_of("cafe", "high"), SharedFiles(tmp_path))
    sound.playback_started()
    sound.start()
    assert switch.log == [("in", f"{layers_of('cafe', 'high').name}-bed")]


# --- how it gets there


def test_files_are_written_once_for_all_calls(switch, tmp_path):
    started(switch, tmp_path)
    first = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    started(Switch(), tmp_path)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == first
    assert sorted(path.name for path in first) == [f"{NAME}-bed.r8", f"{NAME}-top.r8"]
    assert (tmp_path / f"{NAME}-bed.r8").read_bytes() == layers_of("office", "low").bed


def test_every_background_has_a_name_of_its_own():
    names = {layers_of(name, gain).name for name in BACKGROUNDS for gain in BACKGROUND_GAINS}
    assert len(names) == len(BACKGROUNDS) * len(BACKGROUND_GAINS)


def test_half_a_file_is_written_again(switch, tmp_path):
    (tmp_path / f"{NAME}-bed.r8").write_bytes(b"half")
    started(switch, tmp_path)
    assert (tmp_path / f"{NAME}-bed.r8").read_bytes() == layers_of("office", "low").bed


def test_a_directory_that_cannot_be_written_costs_the_sound_only(switch, tmp_path):
    (tmp_path / "file").write_text("")
    started(switch, tmp_path / "file" / "below")
    assert switch.log == []


def sent(switch, sound):
    """Answer what is sent as the switch does; returns it."""
    texts = []
    while switch.texts:
        texts.append(switch.texts.pop(0))
        assert not switch.texts, "more than one sound on its way"
        sound.file_ready(f"/tmp/{len(switch.log)}_{len(texts)}.tmp.r8", texts[-1]["chunk"])
    return texts


def test_a_switch_elsewhere_is_sent_the_layers_one_after_the_other(switch, timers):
    layers = layers_of("street", "medium")
    sound = Background(switch, layers, SentFiles(), timers)
    assert sound.needs_stream
    sound.start()
    assert (switch.log, switch.texts) == ([], [])
    timers.run()
    bed, top = sent(switch, sound)
    assert base64.b64decode(bed["audioData"]) == layers.bed
    assert base64.b64decode(top["audioData"]) == layers.top
    assert (bed["audioDataType"], bed["sampleRate"]) == ("raw", 8000)
    assert switch.log == [("in", "0_1.tmp"), ("in", "1_2.tmp")]


def test_a_call_that_is_over_sends_nothing(switch, timers):
    sound = Background(switch, layers_of("street", "low"), SentFiles(), timers)
    sound.start()
    sound.close()
    timers.run()
    assert switch.texts == []


def test_a_foreign_file_is_not_taken_for_a_layer(switch):
    sound = Background(switch, layers_of("street", "low"), SentFiles(), Timers())
    sound.file_ready("/tmp/x.r8", "")
    sound.start()
    sound.file_ready("/tmp/x.r8", "")
    sound.file_ready("/tmp/x.r8", "speech")
    assert switch.log == []


def test_a_new_stream_brings_new_files_and_what_is_heard_goes_on(switch, timers):
    sound = Background(switch, layers_of("street", "low"), SentFiles(), timers)
    sound.start()
    timers.run()
    sent(switch, sound)
    old_bed, old_top = switch.heard
    sound.start()
    timers.run()
    sent(switch, sound)
    assert switch.heard == [old_bed, old_top]
    sound.playback_started()
    assert switch.heard == [old_bed]
    sound.playback_stopped()
    timers.run()
    assert switch.heard[1] not in (old_bed, old_top)
