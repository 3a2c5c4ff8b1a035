"""Recordings on whole controllers: brought to their store whatever dies, and masked on request."""

import errno
import os
import time
import wave
from datetime import timedelta
from uuid import uuid4

import numpy as np
import pytest
from controller_rig import ANSWERS, LISTENS, Rig, killed

from topcalls.controller import recording_file, recording_spool
from topcalls.core.call_request import Recording
from topcalls.core.live_words import Words
from topcalls.core.redaction import MASKED
from topcalls.errors import Conflict
from topcalls.sandbox.freeswitch import recording as double
from topcalls.services import spooled_recordings
from topcalls.services.recording_store import RecordingNotStored
from topcalls.services.recordings import recording_name
from topcalls.services.wrap_ups import Result
from topcalls.store import calls

pytestmark = pytest.mark.service


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """Files are looked at more often, and believed complete sooner."""
    monkeypatch.setattr(recording_spool, "LOOK_SECONDS", 0.1)
    monkeypatch.setattr(recording_spool, "SETTLED_SECONDS", 0.3)


@pytest.fixture
def rig(db, tmp_path):
    made = Rig(db, tmp_path)
    yield made
    made.close()


class Store:
    """Stands before the real one. `refusing`: what it says to everything."""

    def __init__(self, real):
        self.real = real
        self.refusing = ""
        self.asked = 0

    def put(self, file, recording):
        self.asked += 1
        if self.refusing:
            raise RecordingNotStored(self.refusing)
        self.real.put(file, recording)

    def problem(self):
        return self.refusing


def spool_of(rig):
    return sorted(path.name for path in (rig.directory / "spool").glob("*"))


def recording_of(rig, call_id):
    return rig.services.recordings.view(rig.account.account_id, call_id)


def wait_recording(rig, call_id, *states):
    def reached():
        view = recording_of(rig, call_id)
        return view if view.state in states else None

    try:
        return rig.wait_until(reached, f"{states}")
    except AssertionError:
        raise AssertionError(f"not {states} but {recording_of(rig, call_id)}") from None


def sound_of(rig, call_id):
    sound = rig.services.recordings.sound(rig.account.account_id, call_id)
    with sound.file as kept, wave.open(kept) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        return samples.reshape(-1, file.getnchannels()).astype(int)


def place(rig, number=ANSWERS, **recording):
    return rig.place(number, recording=Recording(**recording))


def talking(rig, **recording):
    """A call that is recorded and in progress."""
    call_id = place(rig, **recording)
    rig.wait_status(call_id, "in-progress")
    wait_recording(rig, call_id, "recording")
    return call_id


def record_for(rig, seconds):
    """Until the switch has recorded so much more."""
    (call,) = rig.switch.switch.calls.values()
    (recorded,) = call.audio.recordings.active.values()
    until = recorded.samples + round(seconds * 8000)
    rig.wait_until(lambda: recorded.samples >= until, "sound")


def hang_up(rig):
    (call,) = rig.switch.switch.calls.values()
    call.hang_up("NORMAL_CLEARING")
    rig.wait_until(lambda: not rig.switch.switch.calls, "the end of the channel")


def stop(rig, call_id):
    rig.services.calls.stop(rig.account.account_id, call_id)
    return rig.wait_over(call_id)


def mask(rig, call_id, *, paused):
    now = rig.services.clock.now()
    return rig.services.commands.mask_recording(rig.account, call_id, paused, now)


def trail(rig, call_id, *kinds):
    told = rig.services.call_trail.events(rig.account.account_id, call_id)
    return [(event.kind, event.detail.get("by")) for event in told if event.kind in kinds]


def pauses(rig, call_id):
    return trail(rig, call_id, "RecordingPaused", "RecordingResumed", "RecordingPauseFailed")


def call_name(call_id):
    call = calls.get(call_id)
    return recording_name(call.id, call.created_at)


# --- the way to the store


def test_a_recording_comes_from_the_spool_to_the_store(rig):
    rig.controller()
    call_id = place(rig, LISTENS)
    call = rig.wait_over(call_id)
    view = wait_recording(rig, call_id, "stored")
    sound = sound_of(rig, call_id)
    assert sound.shape[1] == view.channels == 2
    assert view.problem is None
    assert abs(view.seconds - call.duration * 60) < 1
    assert rig.view(call_id).recording_url
    rig.wait_until(lambda: not spool_of(rig), "the end of the file in the spool")
    assert rig.services.recordings.look(call_id, rig.services.clock.now()) is Result.DONE


def test_the_agent_is_on_the_right(rig):
    rig.controller()
    call_id = place(rig, LISTENS)
    rig.wait_over(call_id)
    wait_recording(rig, call_id, "stored")
    left, right = np.abs(sound_of(rig, call_id)).max(axis=0)
    assert right > 1000 > left


def test_a_recording_may_have_one_channel(rig):
    rig.controller()
    call_id = place(rig, LISTENS, channels="mono")
    rig.wait_over(call_id)
    assert wait_recording(rig, call_id, "stored").channels == 1


def test_a_call_that_is_not_to_be_recorded_is_not(rig):
    rig.controller()
    call_id = place(rig, LISTENS, enabled=False)
    rig.wait_over(call_id)
    assert recording_of(rig, call_id).state == "none"
    assert spool_of(rig) == []


def test_a_store_that_is_away_is_waited_for(rig, monkeypatch):
    monkeypatch.setattr("topcalls.core.recording_retry.FIRST", timedelta(seconds=0.1))
    store = Store(rig.services.recordings.store)
    store.refusing = "The disk of the recordings is full."
    rig.controller(recording_store=store)
    call_id = place(rig, LISTENS)
    rig.wait_over(call_id)
    rig.wait_until(lambda: store.asked >= 2, "a second try")
    view = recording_of(rig, call_id)
    assert (view.state, view.problem) == ("storing", store.refusing)
    now = rig.services.clock.now()
    assert rig.services.recordings.look(call_id, now) is Result.NOT_READY
    assert rig.services.spooled_recordings.waiting() == (1, store.refusing)
    store.refusing = ""
    assert wait_recording(rig, call_id, "stored").problem is None
    assert rig.services.spooled_recordings.waiting() == (0, None)


# --- what dies


def test_a_recording_of_a_switch_that_died_is_completed_and_kept(rig):
    rig.controller()
    call_id = talking(rig)
    record_for(rig, 1.0)
    rig.switch.switch.crash("killed by a test")
    file = rig.directory / "spool" / f"{call_id}.wav"
    assert file.read_bytes()[40:44] == bytes(4)  # nobody has written its size
    rig.switch.start()
    rig.wait_over(call_id, seconds=60)
    view = wait_recording(rig, call_id, "stored")
    assert 0.5 < view.seconds < 5
    assert len(sound_of(rig, call_id)) == round(view.seconds * 8000)


def test_a_controller_that_died_leaves_its_recordings_to_the_next(rig):
    first = rig.controller()
    call_id = talking(rig)
    record_for(rig, 0.5)
    killed(first)
    hang_up(rig)
    assert spool_of(rig) == [f"{call_id}.wav"]
    rig.controller()
    rig.wait_over(call_id)
    assert wait_recording(rig, call_id, "stored").problem is None
    assert spool_of(rig) == []


def test_what_a_controller_stored_before_it_died_is_noted_by_the_next(rig):
    """Between the move and the row the file has both names."""
    first = rig.controller()
    call_id = talking(rig)
    record_for(rig, 0.5)
    killed(first)
    hang_up(rig)
    kept = rig.directory / "recordings" / rig.services.db.read(call_name, call_id)
    kept.parent.mkdir(parents=True)
    os.link(rig.directory / "spool" / f"{call_id}.wav", kept)
    rig.controller()
    rig.wait_over(call_id)
    view = wait_recording(rig, call_id, "stored")
    assert kept.stat().st_size == view.size
    rig.wait_until(lambda: not spool_of(rig), "the end of the file in the spool")


def test_a_recording_that_never_was_is_not_waited_for_for_ever(rig, monkeypatch):
    monkeypatch.setattr(spooled_recordings, "OVERDUE", timedelta())
    rig.controller()
    call_id = talking(rig)
    (call,) = rig.switch.switch.calls.values()
    call.audio.recordings.abandon()
    (rig.directory / "spool" / f"{call_id}.wav").unlink()
    stop(rig, call_id)
    assert wait_recording(rig, call_id, "lost").problem == "The switch has written no file."


def test_a_disk_that_is_full_ends_no_call(rig, monkeypatch):
    def no_room(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    rig.controller()
    call_id = talking(rig)
    monkeypatch.setattr(double.Recording, "_flush", no_room)
    record_for(rig, 0.5)
    assert rig.view(call_id).call_status == "in-progress"
    stop(rig, call_id)
    view = wait_recording(rig, call_id, "stored", "lost")
    assert view.seconds is None or view.seconds < 2


def test_a_short_recording_says_what_it_lacks(rig, monkeypatch):
    monkeypatch.setattr(recording_file, "SHORT_MS", 300)
    rig.controller()
    call_id = talking(rig)
    monkeypatch.setattr(double.Recording, "_flush", lambda _: None)
    record_for(rig, 1.0)
    stop(rig, call_id)
    view = wait_recording(rig, call_id, "stored", "lost")
    assert "missing" in view.problem or "no sound" in view.problem


def test_a_hold_is_silence_in_the_recording(rig):
    """The switch records nothing of it; without it all that is said later would be too early."""
    rig.controller()
    call_id = talking(rig)
    record_for(rig, 0.4)
    (call,) = rig.switch.switch.calls.values()
    (recorded,) = call.audio.recordings.active.values()
    call.put_on_hold(True)
    rig.wait_until(lambda: trail(rig, call_id, "PutOnHold"), "the hold")
    before, until = recorded.milliseconds, time.monotonic() + 1.2
    rig.wait_until(lambda: time.monotonic() > until, "a time on hold")
    assert recorded.milliseconds <= before + 20
    call.put_on_hold(False)
    record_for(rig, 0.4)
    ended = stop(rig, call_id)
    view = wait_recording(rig, call_id, "stored")
    assert view.problem is None
    assert abs(view.seconds - ended.duration * 60) < 0.3
    sound = sound_of(rig, call_id)
    assert len(sound) == round(view.seconds * 8000)
    silent = np.abs(sound).max(axis=1) == 0
    assert longest_run(silent) >= 1.0 * 8000
    assert spool_of(rig) == []


@pytest.mark.parametrize("is_back", [True, False], ids=["is back meanwhile", "is back later"])
def test_a_controller_that_died_during_a_hold_does_not_leave_the_recording_paused(rig, is_back):
    first = rig.controller()
    call_id = talking(rig)
    record_for(rig, 0.3)
    (call,) = rig.switch.switch.calls.values()
    (recorded,) = call.audio.recordings.active.values()
    call.put_on_hold(True)
    rig.wait_until(lambda: recorded.paused, "the pause")
    rig.wait_until(lambda: trail(rig, call_id, "PutOnHold"), "the hold")
    killed(first)
    if is_back:
        call.put_on_hold(False)
    second = rig.controller()
    rig.wait_until(lambda: second.sessions.of_call(call_id), "the succession", seconds=30)
    if not is_back:
        rig.wait_until(lambda: len(trail(rig, call_id, "PutOnHold")) == 2, "a look at the line")
        rig.wait_until(lambda: recorded.paused, "the pause anew")
        call.put_on_hold(False)
    rig.wait_until(lambda: not recorded.paused, "the recording")
    record_for(rig, 0.3)
    ended = stop(rig, call_id)
    view = wait_recording(rig, call_id, "stored")
    assert view.problem is None
    assert abs(view.seconds - ended.duration * 60) < 0.5


def test_a_file_that_was_being_lengthened_when_its_controller_died_is_deleted(rig):
    controller = rig.controller()
    spool = controller._gear.recordings
    spool.prepare()
    left = spool.path(str(uuid4())).with_suffix(recording_file.LENGTHENED)
    left.write_bytes(b"RIFF" * 40)
    long_ago = time.time() - recording_spool.KEEP.total_seconds() - 60
    os.utime(left, (long_ago, long_ago))
    rig.wait_until(lambda: not left.exists(), "the end of the file")


def test_files_that_are_of_no_call_are_deleted_when_they_are_old(rig):
    controller = rig.controller()
    spool = controller._gear.recordings
    spool.prepare()
    old, young = (spool.path(str(uuid4())) for _ in range(2))
    for file in (old, young):
        file.write_bytes(b"RIFF" * 40)
    (old.parent / "notes.txt").write_text("somebody else's")
    long_ago = time.time() - recording_spool.KEEP.total_seconds() - 60
    os.utime(old, (long_ago, long_ago))
    rig.wait_until(lambda: not old.exists(), "the end of the old file")
    assert spool_of(rig) == sorted([young.name, "notes.txt"])


def test_what_the_switch_wrote_and_nobody_can_read_is_put_aside(rig):
    controller = rig.controller()
    call_id = talking(rig)
    (call,) = rig.switch.switch.calls.values()
    call.audio.recordings.abandon()
    controller._gear.recordings.path(call_id).write_bytes(b"no sound at all, but some bytes" * 9)
    stop(rig, call_id)
    view = wait_recording(rig, call_id, "lost")
    assert "cannot be read" not in view.state and view.problem
    assert spool_of(rig) == [f"{call_id}.unusable"]
    now = rig.services.clock.now()
    assert rig.services.recordings.look(call_id, now) is Result.SKIPPED


# --- masking


def test_nothing_is_recorded_while_it_is_paused(rig):
    rig.controller()
    call_id = talking(rig)
    rig.wait_until(lambda: len(loud_before_end(rig, call_id)), "sound on the right")
    mask(rig, call_id, paused=True)
    wait_recording(rig, call_id, "paused")
    record_for(rig, 0.6)
    mask(rig, call_id, paused=False)
    wait_recording(rig, call_id, "recording")
    assert pauses(rig, call_id) == [("RecordingPaused", "api"), ("RecordingResumed", "api")]
    told = rig.services.call_trail.events(rig.account.account_id, call_id)
    asked = [one for one in told if one.kind in ("RecordingPauseAsked", "RecordingResumeAsked")]
    assert [one.kind for one in asked] == ["RecordingPauseAsked", "RecordingResumeAsked"]
    assert {one.detail["key_id"] for one in asked} == {rig.account.key_id}
    call = stop(rig, call_id)
    view = wait_recording(rig, call_id, "stored")
    assert abs(view.seconds - call.duration * 60) < 1  # its length is true
    silent = np.abs(sound_of(rig, call_id)).max(axis=1) == 0
    assert longest_run(silent) >= 0.5 * 8000


def loud_before_end(rig, call_id):
    file = rig.directory / "spool" / f"{call_id}.wav"
    written = file.read_bytes()[44:]
    samples = np.frombuffer(written[: len(written) // 2 * 2], "<i2")
    return np.flatnonzero(np.abs(samples.astype(int)) > 1000)


def longest_run(flags):
    edges = np.flatnonzero(np.diff(np.concatenate(([0], flags.astype(int), [0]))))
    return int((edges[1::2] - edges[::2]).max()) if len(edges) else 0


def test_a_pause_ends_by_itself(rig):
    rig.controller(recording_pause_seconds=0.3)
    call_id = talking(rig)
    mask(rig, call_id, paused=True)
    rig.wait_until(lambda: len(pauses(rig, call_id)) == 2, "the end of the pause")
    assert pauses(rig, call_id) == [("RecordingPaused", "api"), ("RecordingResumed", "limit")]


def test_turns_in_a_pause_are_stored_without_their_words(rig):
    rig.controller()
    call_id = talking(rig)
    mask(rig, call_id, paused=True)
    wait_recording(rig, call_id, "paused")
    bridge = rig.controllers[0].sessions.of_call(call_id).effects.bridge
    bridge.say(Words("wish", "Four one one one."))
    rig.wait_until(lambda: MASKED in [turn.text for turn in rig.view(call_id).transcript], "it")
    stop(rig, call_id)
    assert "Four one one one." not in [turn.text for turn in rig.view(call_id).transcript]


def test_a_call_that_is_taken_over_stays_masked(rig):
    first = rig.controller()
    call_id = talking(rig)
    mask(rig, call_id, paused=True)
    wait_recording(rig, call_id, "paused")
    killed(first)
    (call,) = rig.switch.switch.calls.values()
    (recorded,) = call.audio.recordings.active.values()
    recorded.masked = False  # as if the one that died had not got so far
    rig.controller()
    rig.wait_until(lambda: recorded.masked, "masking")
    assert recording_of(rig, call_id).state == "paused"


def test_what_cannot_be_paused_is_refused(rig):
    rig.controller()
    call_id = rig.place(ANSWERS, recording=Recording(enabled=False))
    rig.wait_status(call_id, "in-progress")
    with pytest.raises(Conflict, match="not recorded"):
        mask(rig, call_id, paused=True)
    stop(rig, call_id)
    with pytest.raises(Conflict, match="not in progress"):
        mask(rig, call_id, paused=True)
