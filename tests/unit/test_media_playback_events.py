"""Events in every order the switch, or a lost connection to it, can bring them; and the files."""

import os
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from topcalls.clock import ManualClock
from topcalls.errors import ConfigError
from topcalls.media.growing_file import GrowingFilePlayback
from topcalls.media.heard import Heard
from topcalls.media.utterance_file import sweep

pytestmark = pytest.mark.unit

NOW = datetime(2030, 1, 1, tzinfo=UTC)


class Recorder:
    """A switch that does nothing, and every event by hand: times in milliseconds."""

    def __init__(self, directory) -> None:
        self.commands: list[str] = []
        self.clock = ManualClock(NOW)
        self.now_ms = 0
        self.started: list[tuple[str, float]] = []
        self.finished: list[Heard] = []
        self.playback = GrowingFilePlayback(self, directory, "PCMU", self.clock)
        self.playback.on_started = lambda *arguments: self.started.append(arguments)
        self.playback.on_finished = self.finished.append

    def play(self, target):
        self.commands.append(target)

    def break_all(self):
        self.commands.append("break")

    def toggle_pause(self):
        self.commands.append("pause")

    def at(self, milliseconds):
        self.clock.advance((milliseconds - self.now_ms) / 1000)
        self.now_ms = milliseconds

    def say(self, utterance_id, milliseconds, *, finish=True):
        """The target that was asked to be played, None if there was none."""
        before = len(self.commands)
        self.playback.begin(utterance_id)
        self.playback.append(utterance_id, bytes(milliseconds * 8))
        if finish:
            self.playback.finish(utterance_id)
        return self.commands[before] if len(self.commands) > before else None

    def start(self, target, switch_ms):
        self.playback.playback_started(target.partition("@@")[0], switch_ms * 1000)

    def stop(self, target, switch_ms, status="done", milliseconds=0):
        path = target.partition("@@")[0]
        self.playback.playback_stopped(path, switch_ms * 1000, status, milliseconds * 8)


@pytest.fixture
def call(tmp_path):
    recorder = Recorder(tmp_path)
    yield recorder
    recorder.playback.close()


def test_the_start_is_told_with_the_time_it_arrived(call):
    target = call.say("a", 100)
    call.at(250)
    call.start(target, 1_000_000)
    assert call.started == [("a", 0.25)]


def test_events_that_arrive_late_do_not_change_what_was_heard(call):
    """The switch's stamps count: both events come a second late, and late by different times."""
    target = call.say("a", 3000)
    call.at(1000)
    call.start(target, 50)
    call.at(1010)
    call.stop(target, 550, "break", 3000)
    assert call.playback.played_ms("a") == 500
    assert call.commands[1] == f"{target}@@4000"


def test_an_event_told_twice_counts_once(call):
    target = call.say("a", 200, finish=False)
    call.start(target, 10)
    call.start(target, 10)
    call.stop(target, 210, "done", 200)
    call.stop(target, 210, "done", 200)
    call.playback.append("a", bytes(1600))
    resumed = call.commands[-1]
    assert resumed == f"{target}@@1600"
    call.stop(target, 210, "done", 200)  # of the first playback, once more
    assert call.playback.played_ms("a") == 200
    call.start(target, 300)
    call.stop(target, 500, "done", 200)
    call.playback.finish("a")
    assert call.finished == [Heard("a", 400, 400)]
    assert len(call.started) == 1


def test_an_old_start_is_not_taken_for_the_start_of_the_resumed_playback(call):
    target = call.say("a", 200, finish=False)
    call.stop(target, 210, "done", 200)  # its start was overtaken
    call.playback.append("a", bytes(1600))
    call.start(target, 10)
    call.at(500)
    assert call.playback.played_ms("a") == 200
    call.playback.pause()
    assert "pause" not in call.commands


def test_a_stop_by_break_of_a_playback_that_never_started_is_old(call):
    target = call.say("a", 200, finish=False)
    call.start(target, 10)
    call.stop(target, 210, "done", 200)
    call.playback.append("a", bytes(1600))
    call.stop(target, 220, "break", 0)
    assert len(call.commands) == 2
    call.start(target, 230)
    call.stop(target, 430, "done", 200)
    call.playback.finish("a")
    assert call.finished == [Heard("a", 400, 400)]


def test_a_lost_start_is_made_up_for_by_the_stop(call):
    target = call.say("a", 200)
    call.stop(target, 210, "done", 200)
    assert [utterance_id for utterance_id, _ in call.started] == ["a"]
    assert call.finished == [Heard("a", 200, 200)]


EVERY_ORDER = list(permutations(["start", "stop", "start again", "stop again"]))


@pytest.mark.parametrize("order", EVERY_ORDER)
def test_events_of_a_cleared_playback_are_ignored_in_every_order(call, order):
    old = call.say("a", 500)
    if order[0].startswith("start"):
        call.start(old, 10)
        order = order[1:]
    call.playback.clear()
    new = call.say("b", 500)
    started = list(call.started)
    commands = list(call.commands)
    for n, event in enumerate(order):
        if event.startswith("start"):
            call.start(old, 20 + n)
        else:
            call.stop(old, 20 + n, "break", 500)
    assert (call.started, call.finished, call.commands) == (started, [], commands)
    call.start(new, 100)
    call.stop(new, 600, "done", 500)
    assert call.finished == [Heard("b", 500, 500)]


@pytest.mark.parametrize("target", ["", "/tmp/other.PCMU", "silence_stream://1000"])
def test_playbacks_that_are_not_ours_are_ignored(call, target):
    call.say("a", 200)
    call.start(target, 10)
    call.stop(target, 20, "done", 200)
    assert (call.started, call.finished, len(call.commands)) == ([], [], 1)


def test_events_without_any_playback_are_ignored(call):
    call.start("/tmp/x.PCMU", 10)
    call.stop("/tmp/x.PCMU", 20, "done", 200)
    assert call.commands == []


PAUSES = {
    "before the start, resumed after it": (["pause", "start", "resume"], ["pause", "pause"]),
    "before the start, resumed before it": (["pause", "resume", "start"], []),
    "twice": (["start", "pause", "pause"], ["pause"]),
    "resumed twice": (["start", "pause", "resume", "resume"], ["pause", "pause"]),
    "resumed without a pause": (["start", "resume"], []),
    "again and again": (["start"] + ["pause", "resume"] * 3, ["pause"] * 6),
    "then stopped, then resumed": (["start", "pause", "stop", "resume"], ["pause"]),
    "after the stop": (["start", "stop", "pause", "resume"], []),
    "before the start and cleared": (["pause", "clear", "resume"], ["break"]),
    "and cleared": (["start", "pause", "clear", "resume"], ["pause", "break"]),
    "and cleared, and a late start": (["pause", "clear", "start"], ["break"]),
}


@pytest.mark.parametrize(("steps", "commands"), PAUSES.values(), ids=PAUSES)
def test_a_toggle_is_sent_only_when_it_means_what_it_should(call, steps, commands):
    target = call.say("a", 200)
    steps_of = {
        "start": lambda: call.start(target, 10),
        "stop": lambda: call.stop(target, 210, "done", 200),
        "pause": call.playback.pause,
        "resume": call.playback.resume,
        "clear": call.playback.clear,
    }
    for step in steps:
        steps_of[step]()
    assert call.commands == [target, *commands]


def test_the_time_of_a_pause_is_not_heard(call):
    target = call.say("a", 3000)
    call.start(target, 10)
    call.at(400)
    call.playback.pause()
    call.at(1400)
    assert call.playback.played_ms("a") == 400
    call.playback.resume()
    call.at(1500)
    assert call.playback.played_ms("a") == 500
    call.stop(target, 1510, "break", 3000)
    assert call.playback.played_ms("a") == 500


def test_a_pause_that_came_too_late_does_not_count(call):
    """The playback had ended before the toggle was there, but its stop arrived late."""
    target = call.say("a", 1000)
    call.start(target, 10)
    call.at(700)  # and a slow command
    call.playback.pause()
    call.at(3000)
    call.stop(target, 1015, "done", 1000)
    assert call.finished == [Heard("a", 1000, 1000)]


def test_a_hang_up_during_a_pause_counts_until_the_pause(call):
    target = call.say("a", 3000)
    call.start(target, 10)
    call.at(400)
    call.playback.pause()
    call.at(2000)
    call.stop(target, 2010, "done", 3000)
    assert call.playback.clear() == [Heard("a", 400, 3000)]


def test_a_playback_that_the_switch_does_not_start_is_asked_for_once_more(call):
    target = call.say("a", 200)
    call.at(4900)
    call.playback.check()
    assert len(call.commands) == 1
    call.at(5100)
    call.playback.check()
    assert call.commands[1:] == ["break", target]
    call.start(target, 5200)
    call.at(5400)
    call.stop(target, 5400, "done", 200)
    assert call.finished == [Heard("a", 200, 200)]


def test_a_playback_that_the_switch_never_starts_is_given_up(call):
    call.say("a", 200)
    call.say("b", 200)
    for at in (5100, 10200):
        assert call.finished == []
        call.at(at)
        call.playback.check()
    assert call.finished == [Heard("a", 0, 200)]
    call.start(call.commands[-1], 11000)
    assert [utterance_id for utterance_id, _ in call.started] == ["b"]


def test_a_stop_that_was_never_told_is_concluded_from_the_time(call):
    target = call.say("a", 1000)
    call.start(target, 10)
    call.at(2900)
    call.playback.check()
    assert call.finished == []
    call.at(3100)
    call.playback.check()
    assert call.finished == [Heard("a", 1000, 1000)]


def test_a_paused_playback_may_last_for_ever(call):
    target = call.say("a", 1000)
    call.start(target, 10)
    call.playback.pause()
    call.at(3_600_000)
    call.playback.check()
    assert call.finished == []
    assert call.commands == [target, "pause"]


def test_a_file_the_switch_does_not_get_anywhere_with_is_given_up(call):
    target = call.say("a", 1000)
    for n in range(3):
        call.start(target, 100 * n + 10)
        call.stop(target, 100 * n + 11, "break", 1000)
    assert call.finished == [Heard("a", 0, 1000)]
    assert call.commands == [target] * 3


def test_beginning_twice_is_beginning_once(call):
    target = call.say("a", 200, finish=False)
    call.playback.begin("a")
    call.playback.append("a", bytes(1600))
    assert call.commands == [target]
    assert call.playback.clear() == [Heard("a", 0, 400)]


def test_what_is_unknown_or_finished_is_ignored(call):
    call.playback.append("unknown", bytes(1600))
    call.playback.finish("unknown")
    call.say("a", 200)
    call.playback.append("a", bytes(1600))
    call.playback.finish("a")
    assert call.playback.clear() == [Heard("a", 0, 200)]


def test_is_speaking_from_the_first_byte_to_the_last_heard(call):
    call.playback.begin("a")
    assert not call.playback.is_speaking
    call.playback.append("a", bytes(8))
    assert call.playback.is_speaking
    call.playback.finish("a")
    target = call.commands[0]
    call.start(target, 10)
    call.stop(target, 30, "done", 20)
    assert not call.playback.is_speaking


def test_the_name_of_a_file_tells_nothing_and_is_never_used_again(call, tmp_path):
    targets = set()
    for _ in range(20):
        targets.add(call.say("call", 200))
        call.playback.clear()
    assert len(targets) == 20
    assert all(target.startswith(f"{tmp_path}/") and target.endswith(".PCMU") for target in targets)
    assert not any("call" in target.removeprefix(str(tmp_path)) for target in targets)


@pytest.mark.parametrize("name", ["a b", "a@@1", "a{b}", "a'b", "${x}", "a\nb"])
def test_a_directory_the_switch_cannot_play_from_is_refused(tmp_path, name):
    with pytest.raises(ConfigError) as error:
        GrowingFilePlayback(None, tmp_path / name, "PCMU", ManualClock(NOW))
    assert error.value.field == "playback_dir"
    assert list(tmp_path.iterdir()) == []


def test_a_directory_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ConfigError) as error:
        sweep(tmp_path / "file" / "playback")
    assert error.value.field == "playback_dir"


def test_sweep_deletes_what_nobody_has_written_to_for_long(tmp_path):
    directory = tmp_path / "playback"
    clock = ManualClock(NOW)
    assert sweep(directory, clock) == 0
    ages = {"old.PCMU": 7200, "old.PCMA": 7200, "new.PCMU": 60, "old.txt": 7200}
    for name, age in ages.items():
        (directory / name).write_bytes(b"x")
        touched = (NOW - timedelta(seconds=age)).timestamp()
        os.utime(directory / name, (touched, touched))
    assert sweep(directory, clock) == 2
    assert sorted(path.name for path in directory.iterdir()) == ["new.PCMU", "old.txt"]
    assert sweep(directory, clock, untouched_seconds=0) == 1
