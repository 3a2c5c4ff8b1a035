"""The directory in which the switch writes recordings, and their way from there to the store.

A file is complete when the switch said so (RECORD_STOP); or, where nobody heard that, when its call
is over, it has not changed for a while and the switch knows no such channel. Then its header is
made to tell what is there, because a switch that died has left it empty, and the file is brought to
the store. What the store does not take stays here and is tried again.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import gevent
from gevent.event import Event
from gevent.pool import Pool
from gevent.threadpool import ThreadPool

from topcalls import metrics
from topcalls.clock import Clock
from topcalls.controller import recording_file
from topcalls.errors import SwitchError, TopCallsError
from topcalls.esl import commands
from topcalls.esl.client import SwitchClient
from topcalls.log import get_logger
from topcalls.services.recording_store import FinishedRecording, RecordingStore
from topcalls.services.spooled_recordings import Claimed, SpooledRecording, SpooledRecordings

LOOK_SECONDS = 3.0
SETTLED_SECONDS = 10.0
"""A file of which nobody said that it is complete must not have changed for so long."""

KEEP = timedelta(days=3)
"""How long a file is kept that is of no call, or no recording."""

DEFAULT_PAUSE_SECONDS = 300.0
LEAST_FREE_BYTES = 200_000_000
MOST_FILES = 20_000
_AT_ONCE = 4
_LOOKS_BETWEEN = 20
_LAST_LOOK_SECONDS = 8.0
_SUFFIX = ".wav"
_LEFTOVERS = (recording_file.UNUSABLE, recording_file.LENGTHENED)

log = get_logger("controller.recordings")


@dataclass(frozen=True, slots=True)
class _File:
    size: int
    changed_at: float  # seconds since 1970


class RecordingSpool:
    """The spool of one switch, as one of its controllers sees it.

    `is_live` tells whether this controller carries a call. `verbs` None: nothing is brought
    anywhere, and nothing is noted. No method blocks the event loop, whatever the disk does.
    """

    def __init__(
        self,
        directory: Path,
        store: RecordingStore | None,
        verbs: SpooledRecordings | None,
        switch: SwitchClient,
        clock: Clock,
        *,
        owner: str,
        node: str,
        pause_limit: float = DEFAULT_PAUSE_SECONDS,
        is_live: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self.verbs = verbs
        self.node = node
        self.pause_limit = pause_limit
        self._directory = directory
        self._store = store
        self._switch = switch
        self._clock = clock
        self._owner = owner
        self._is_live = is_live
        self._complete: set[str] = set()  # of which the switch said so
        self._seen: dict[str, _File] = {}
        self._busy: set[str] = set()
        self._threads = ThreadPool(_AT_ONCE)
        self._bringing = Pool(_AT_ONCE)
        self._wake = Event()
        self._stopping = Event()
        self._looking: gevent.Greenlet | None = None
        self._complained = ""
        self._looks = 0

    def path(self, call_id: str) -> Path:
        """The file that the switch writes for a call."""
        return self._directory / f"{call_id}{_SUFFIX}"

    def prepare(self) -> None:
        """Make the directory; the switch writes in it as a user of our group. Raises `OSError`."""
        if not self._directory.is_dir():
            self._directory.mkdir(parents=True, exist_ok=True)
            self._directory.chmod(0o2770)

    def finished(self, call_id: str) -> None:
        """The switch has completed the file of this call."""
        self._complete.add(call_id)
        self._wake.set()

    def start(self) -> None:
        """Look at the spool from time to time, and when a file is complete."""
        if self.verbs is not None and self._store is not None:
            self._looking = gevent.spawn(self._run)

    def close(self) -> None:
        """The controller stops: bring what its last calls left, for a few seconds at most."""
        self._stopping.set()
        if self._looking is not None:
            self._looking.join(_LAST_LOOK_SECONDS)
            self._bringing.join(_LAST_LOOK_SECONDS)
            self._bringing.kill(block=False)

    def _run(self) -> None:
        while not self._stopping.is_set():
            gevent.wait([self._stopping, self._wake], timeout=LOOK_SECONDS, count=1)
            self._wake.clear()
            self._look()

    def _look(self) -> None:
        try:
            self.look()
        except TopCallsError as error:
            log.warning("Recordings cannot be looked after", why=str(error))
        except Exception:  # noqa: BLE001 - one bad round must not end the loop
            log.exception("Looking after recordings failed")

    def look(self) -> None:
        """One look at the spool: begin to bring what is complete."""
        if self.verbs is None or self._store is None:
            return
        if self._busy:
            self.verbs.extend(self._busy, self._owner, self._clock.now())
        files: dict[str, _File] = self._off_the_loop(self._files)
        self._watch_space()
        names = {name for name in files if self._may_be_complete(name, files[name])}
        missing = (self._complete | self._overdue()) - set(files)
        self._seen = files
        claimed = self.verbs.claim(
            (names | missing) - self._busy,
            self._complete,
            self._owner,
            self.node,
            self._clock.now(),
        )
        self._sort_out(claimed, files)
        for item in claimed.taken:
            self._busy.add(item.call_id)
            self._bringing.spawn(self._bring, item)

    def _overdue(self) -> set[str]:
        """Looked for now and then: of these the switch has written nothing, or the file is gone."""
        assert self.verbs is not None
        self._looks += 1
        if self._looks % _LOOKS_BETWEEN:
            return set()
        return self.verbs.overdue(self.node, self._clock.now())

    def _may_be_complete(self, name: str, file: _File) -> bool:
        if name in self._complete:
            return True
        age = self._clock.now().timestamp() - file.changed_at
        return age >= SETTLED_SECONDS and self._seen.get(name) == file and not self._is_live(name)

    def _sort_out(self, claimed: Claimed, files: dict[str, _File]) -> None:
        """What is stored already was left by somebody who died; what is of no call is kept for a
        while."""
        self._complete -= claimed.settled | (claimed.unknown - set(files))
        old = (self._clock.now() - KEEP).timestamp()
        useless = {name for name in claimed.unknown & set(files) if files[name].changed_at < old}
        for name in (claimed.settled & set(files)) | useless:
            self._off_the_loop(self.path(name).unlink, True)
        if useless:
            log.warning("Recordings of calls that nobody knows were deleted", count=len(useless))
            metrics.recordings.labels("orphan").inc(len(useless))

    # --- one recording

    def _bring(self, item: SpooledRecording) -> None:
        try:
            if item.call_id in self._complete or self._is_over(item):
                self._keep(item)
        except TopCallsError as error:
            log.warning("Recording waits", call_id=item.call_id, why=str(error))
        except Exception:  # noqa: BLE001 - its lease runs out, and it is tried again
            log.exception("Recording could not be stored", call_id=item.call_id)
        finally:
            self._busy.discard(item.call_id)

    def _is_over(self, item: SpooledRecording) -> bool:
        """The call is, but its channel may live on; where the switch is away, the file decides."""
        assert self.verbs is not None
        try:
            there = self._switch.api(commands.uuid_exists(item.channel_uuid)) != "false"
        except SwitchError:
            there = False
        if there:
            self.verbs.not_yet(item.call_id, self._owner, SETTLED_SECONDS, self._clock.now())
        return not there

    def _keep(self, item: SpooledRecording) -> None:
        assert self.verbs is not None
        file = self.path(item.call_id)
        try:
            facts, recording = self._in_a_thread(recording_file.examine, file, item)
            self._in_a_thread(self._put, file, recording)
        except recording_file.Useless as error:
            self._lose(item, str(error))
        except (OSError, TopCallsError) as error:
            why = error.message if isinstance(error, TopCallsError) else _words(error)
            self._put_off(item, why)
        else:
            problem = recording_file.problem_of(facts, item)
            now = self._clock.now()
            self.verbs.stored(recording, facts, problem, self._owner, now)
            with suppress(OSError):
                self._off_the_loop(file.unlink, True)
            self._complete.discard(item.call_id)
            metrics.recordings.labels("repaired" if facts.repaired else "stored").inc()
            if problem:
                log.error("Recording is not whole", call_id=item.call_id, why=problem)

    def _put(self, file: Path, recording: FinishedRecording) -> None:
        assert self._store is not None
        self._store.put(file, recording)

    def _put_off(self, item: SpooledRecording, why: str) -> None:
        assert self.verbs is not None
        now = self._clock.now()
        failures = self.verbs.failed(item.call_id, why, self._owner, now)
        metrics.recordings.labels("failed").inc()
        log.error(
            "Recording could not be stored yet", call_id=item.call_id, why=why, failures=failures
        )

    def _lose(self, item: SpooledRecording, why: str) -> None:
        assert self.verbs is not None
        self.verbs.lost(item.call_id, why, self._owner)
        self._complete.discard(item.call_id)
        metrics.recordings.labels("lost").inc()
        log.error("Recording is lost", call_id=item.call_id, why=why)

    # --- the disk

    def _files(self) -> dict[str, _File]:
        """The files of calls; what is no recording and old is deleted on the way."""
        found = {}
        for entry, state in self._entries():
            name, suffix = os.path.splitext(entry.name)
            if suffix == _SUFFIX and _is_id(name):
                found[name] = _File(state.st_size, state.st_mtime)
            elif suffix in _LEFTOVERS:
                old = (self._clock.now() - KEEP).timestamp()
                if state.st_mtime < old:
                    os.unlink(entry.path)
        return found

    def _entries(self) -> Iterator[tuple[os.DirEntry[str], os.stat_result]]:
        with suppress(FileNotFoundError), os.scandir(self._directory) as entries:
            for _, entry in zip(range(MOST_FILES), entries, strict=False):
                with suppress(OSError):
                    if entry.is_file(follow_symlinks=False):
                        yield entry, entry.stat(follow_symlinks=False)

    def _watch_space(self) -> None:
        """A disk that is full does not end calls: it only cuts off their recordings."""
        try:
            free = self._in_a_thread(_free_bytes, self._directory)
        except OSError as error:
            self._complain(_words(error))
            return
        if free is None:
            return
        metrics.recording_spool_free.set(free)
        full = free < LEAST_FREE_BYTES
        self._complain(f"The disk of {self._directory} is nearly full." if full else "")

    def _complain(self, words: str) -> None:
        if words and words != self._complained:
            log.error("Calls may not be recorded", why=words)
        self._complained = words

    def _off_the_loop(self, work: Any, *args: Any) -> Any:
        return self._threads.apply(work, args)

    def _in_a_thread(self, work: Any, *args: Any) -> Any:
        """Likewise, of what fails now and then: an error that leaves a thread is printed."""
        result, error = self._threads.apply(_caught, (work, args))
        if error is not None:
            raise error
        return result


def _caught(work: Any, args: tuple[Any, ...]) -> tuple[Any, Exception | None]:
    try:
        return work(*args), None
    except Exception as error:  # noqa: BLE001 - it is raised where it is waited for
        return None, error


def _free_bytes(directory: Path) -> int | None:
    try:
        usage = os.statvfs(directory)
    except FileNotFoundError:
        return None
    return usage.f_bavail * usage.f_frsize


def _is_id(name: str) -> bool:
    try:
        return str(UUID(name)) == name
    except ValueError:
        return False


def _words(error: OSError) -> str:
    return (error.strerror or type(error).__name__) + "."
