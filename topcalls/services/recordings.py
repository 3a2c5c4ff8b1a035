"""Where the recording of a call is, on disk and in the API.

The switch writes it in a spool, and a controller brings it from there to where it is kept
(`services/spooled_recordings.py`): `<root>/YYYY/MM/DD/<call id>.wav`, by the day the call was
created. Only then does the call have a `recording_url`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from topcalls.core.call_request import CallRequest
from topcalls.core.personal_data import Rules
from topcalls.core.wrap_up import Result
from topcalls.errors import NotFound
from topcalls.services.recording_store import DirectoryStore, FinishedRecording
from topcalls.store import calls, recordings
from topcalls.store.database import Database
from topcalls.store.models import Call, CallRecording

EXTENSION = "wav"
_HEADER_BYTES = 44
_SEEN_ELSEWHERE = timedelta(seconds=2)
RECORDING_STATES = ("none", "expected", "recording", "paused", "storing", "stored", "lost")
URL_FORM = "{public_url}/recordings/{call_id}/{year}/{month}/{day}/{extension}"
"""The form of `recording_url`; the API serves this path behind the same keys as the call."""


def recording_name(call_id: str, created_at: datetime) -> str:
    """The file of a call's recording, relative to the recordings' directory."""
    return f"{created_at:%Y/%m/%d}/{call_id}.{EXTENSION}"


@dataclass(frozen=True, slots=True)
class RecordingView:
    """The recording of a call as its owner sees it.

    `state`: `none` (it was not asked for), `expected`, `recording`, `paused`, `storing`, `stored`
    or `lost`. `problem` is set where something is wrong with it.
    """

    state: str
    channels: int | None = None
    seconds: float | None = None
    size: int | None = None
    sha256: str | None = None
    paused_at: datetime | None = None
    problem: str | None = None


class Recordings:
    """Find recordings. `root` is the directory of all, `public_url` how the world sees the API."""

    def __init__(self, db: Database, root: Path, public_url: str) -> None:
        self._db = db
        self.root = root
        self.store = DirectoryStore(root)
        self._public_url = public_url.rstrip("/")

    def path(self, account_id: str, call_id: str) -> Path:
        """The file of a call's recording.

        Raises:
            NotFound: no such call in this account, or it has no recording (yet).
        """
        call = self._db.read(calls.of_account, account_id, call_id)
        if call is None:
            raise NotFound("No such call.")
        if call.recording_ready_at is None or not call.recording_file:
            raise NotFound("This call has no recording.")
        if _waits_for_redaction(call):
            raise NotFound("The sound of this call is not redacted yet.", remedy="Try again later.")
        file = self.root / call.recording_file
        if not file.is_file():
            raise NotFound("The recording of this call is no longer here.")
        return file

    def url(self, call: Call) -> str | None:
        """Where the recording can be fetched; None until it is there."""
        if call.recording_ready_at is None or not call.recording_file:
            return None
        if _waits_for_redaction(call):
            return None
        return URL_FORM.format(
            public_url=self._public_url,
            call_id=call.id,
            year=f"{call.created_at:%Y}",
            month=f"{call.created_at:%m}",
            day=f"{call.created_at:%d}",
            extension=call.recording_file.rpartition(".")[2],
        )

    def view(self, account_id: str, call_id: str) -> RecordingView:
        """How it stands with the recording of a call. Raises NotFound."""

        def verb() -> RecordingView:
            call = calls.of_account(account_id, call_id)
            if call is None:
                raise NotFound("No such call.")
            row = recordings.get(call_id)
            if row is None:
                return RecordingView(_expected(call))
            return RecordingView(
                _state(call, row),
                channels=row.channels,
                seconds=None if row.milliseconds is None else row.milliseconds / 1000,
                size=row.size,
                sha256=row.sha256,
                paused_at=row.paused_at if call.ended_at is None else None,
                problem=row.problem,
            )

        return self._db.read(verb)

    def receive(
        self, call_id: str, size: int, sha256: str, chunks: Iterable[bytes], now: datetime
    ) -> None:
        """Keep a recording that a controller sends. Receiving it again changes nothing.

        Raises:
            InvalidRequest: what comes is not of this size and SHA-256.
            NotFound: no such call.
            RecordingNotStored: there is no room for it, or the disk is away.
        """
        call = self._db.read(calls.get, call_id)
        if call is None:
            raise NotFound("No such call.")
        name = recording_name(call.id, call.created_at)
        recording = FinishedRecording(call_id, name, size, sha256)
        self.store.accept(recording, chunks)
        self._db.run(keep, recording, now)

    def look(self, call_id: str, now: datetime) -> Result:
        """The wrap-up's step: whether the recording is there. May run twice."""
        call = self._db.read(calls.get, call_id)
        if call is None or call.recording_ready_at is not None:
            return Result.DONE
        if call.answered_at is None or not is_recorded(call):
            return Result.SKIPPED
        name = recording_name(call.id, call.created_at)
        try:
            size = (self.root / name).stat().st_size
        except OSError:
            size = 0
        if size <= _HEADER_BYTES:
            row = self._db.read(recordings.get, call_id)
            if row is not None:
                return Result.SKIPPED if _is_hopeless(call, row) else Result.NOT_READY
            return _missing(call, now)
        self._db.run(calls.set_columns, call_id, recording_file=name, recording_ready_at=now)
        return Result.DONE


def keep(recording: FinishedRecording, now: datetime) -> None:
    """A recording is in its store; part of a verb, and harmless to repeat."""
    recordings.change(
        recording.call_id,
        state="stored",
        stored_at=now,
        size=recording.size,
        sha256=recording.sha256,
        problem=None,
    )
    columns = {"recording_file": recording.name, "recording_ready_at": now}
    calls.set_columns(recording.call_id, **columns)


def _waits_for_redaction(call: Call) -> bool:
    """What identifies people is still in it, and was asked to be taken out."""
    rules = Rules.of(call.request)
    return rules is not None and rules.audio is not None and call.redacted_at is None


def _state(call: Call, row: CallRecording) -> str:
    if row.state in ("stored", "lost"):
        return row.state
    if call.ended_at is not None or row.state == "waiting":
        return "storing"
    return "recording" if row.paused_at is None else "paused"


def _expected(call: Call) -> str:
    """Of a call of which no recording is known."""
    if not is_recorded(call):
        return "none"
    if call.recording_ready_at is not None:
        return "stored"
    if call.recording_state == "refused":
        return "lost"
    return "expected" if call.ended_at is None or call.answered_at is not None else "none"


def _is_hopeless(call: Call, row: CallRecording) -> bool:
    refused = call.recording_state == "refused" and row.state == "recording"
    return row.state == "lost" or refused


def _missing(call: Call, now: datetime) -> Result:
    """There is no sound in it. It is waited for unless the switch said that there will be none, or
    that it has written all: then this machine does not see it, or the disk is full."""
    told = call.recording_state == "refused" or (
        call.recording_state == "written" and now - call.ended_at >= _SEEN_ELSEWHERE
    )
    return Result.SKIPPED if told else Result.NOT_READY


def is_recorded(call: Call) -> bool:
    """The call was asked to be recorded."""
    return CallRequest.from_mapping(call.request).recording.enabled
