"""Where recordings are kept, and by which ticket they come there."""

import errno
import os
from datetime import UTC, datetime, timedelta

import pytest

from topcalls.errors import InvalidRequest, Unauthorized
from topcalls.services import recording_store
from topcalls.services.recording_store import (
    DirectoryStore,
    FinishedRecording,
    RecordingNotStored,
    digest,
)
from topcalls.services.recording_upload import VALID, Ticket, Tickets

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
NAME = "2026/11/23/call.wav"
SOUND = b"RIFF" + bytes(range(256)) * 40


@pytest.fixture
def file(tmp_path):
    made = tmp_path / "spool" / "call.wav"
    made.parent.mkdir()
    made.write_bytes(SOUND)
    return made


@pytest.fixture
def recording(file):
    return FinishedRecording("call", NAME, len(SOUND), digest(file))


@pytest.fixture
def store(tmp_path):
    return DirectoryStore(tmp_path / "kept")


def left_over(store):
    return [path for path in store.root.rglob("*") if path.is_file() and path.name != "call.wav"]


def test_a_recording_is_moved(store, file, recording):
    inode = file.stat().st_ino
    store.put(file, recording)
    assert store.path(NAME).read_bytes() == SOUND
    assert store.path(NAME).stat().st_ino == inode
    assert left_over(store) == []


def test_a_disk_without_links_is_moved_on(store, file, recording, monkeypatch):
    def link(*_):
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(recording_store.os, "link", link)
    store.put(file, recording)
    assert store.path(NAME).read_bytes() == SOUND
    assert left_over(store) == []


def test_to_another_disk_it_is_copied_whole_or_not_at_all(store, file, recording, monkeypatch):
    def link(*_):
        raise OSError(errno.EXDEV, "other disk")

    monkeypatch.setattr(recording_store.os, "link", link)
    store.put(file, recording)
    assert store.path(NAME).read_bytes() == SOUND
    assert left_over(store) == []


def test_putting_it_again_changes_nothing(store, file, recording):
    store.put(file, recording)
    store.put(file, recording)
    assert store.path(NAME).read_bytes() == SOUND


def test_a_full_disk_is_told_in_words_and_nothing_is_lost(store, file, recording, monkeypatch):
    def link(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(recording_store.os, "link", link)
    with pytest.raises(RecordingNotStored, match="is full"):
        store.put(file, recording)
    assert file.read_bytes() == SOUND


def test_a_store_that_is_away_says_so(tmp_path, file, recording):
    (tmp_path / "kept").write_text("a file where the directory should be")
    store = DirectoryStore(tmp_path / "kept")
    with pytest.raises(RecordingNotStored, match="not a directory"):
        store.put(file, recording)
    assert "Recordings cannot be kept" in store.problem()
    assert DirectoryStore(tmp_path / "new").problem() == ""


@pytest.mark.parametrize(
    "chunks",
    [[SOUND[:-1]], [SOUND, b"more"], [SOUND[:-1] + b"\0"], []],
    ids=["short", "long", "changed", "nothing"],
)
def test_what_was_not_announced_is_not_kept(store, recording, chunks):
    with pytest.raises(InvalidRequest):
        store.accept(recording, iter(chunks))
    assert not store.path(NAME).exists()
    assert left_over(store) == []


def test_what_comes_in_pieces_is_kept(store, recording):
    store.accept(recording, iter([SOUND[:100], SOUND[100:]]))
    store.accept(recording, iter([]))  # again: it is there
    assert store.path(NAME).read_bytes() == SOUND


# --- tickets


def test_a_ticket_allows_one_file_of_one_call(recording):
    tickets = Tickets("new-key, old-key")
    text = tickets.issue(recording, NOW)
    assert tickets.check("call", text, NOW) == Ticket(len(SOUND), recording.sha256)
    assert Tickets("new-key").check("call", text, NOW)
    assert Tickets("newer,new-key").check("call", text, NOW)
    for wrong in ("other", "", "call "):
        with pytest.raises(Unauthorized):
            tickets.check(wrong, text, NOW)


def test_a_ticket_runs_out(recording):
    tickets = Tickets("key")
    text = tickets.issue(recording, NOW)
    assert tickets.check("call", text, NOW + VALID)
    with pytest.raises(Unauthorized, match="over"):
        tickets.check("call", text, NOW + VALID + timedelta(seconds=1))


def test_a_ticket_that_was_changed_is_none(recording):
    text = Tickets("key").issue(recording, NOW)
    version, until, size, digits, signature = text.split(".")
    for wrong in (
        f"{version}.{int(until) + 9}.{size}.{digits}.{signature}",
        f"{version}.{until}.{int(size) + 1}.{digits}.{signature}",
        f"{version}.{until}.{size}.{'0' * 64}.{signature}",
        f"{version}.{until}.{size}.{digits}.{'0' * 64}",
        text[:-1],
        "",
        "....",
    ):
        with pytest.raises(Unauthorized):
            Tickets("key").check("call", wrong, NOW)
    with pytest.raises(Unauthorized):
        Tickets("another").check("call", text, NOW)
