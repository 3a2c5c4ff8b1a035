"""Where the recording of a call is, on disk and in the API.

The switch writes it in a spool, and a controller brings it from there to where it is kept
(`services/spooled_recordings.py`): `<root>/YYYY/MM/DD/<call id>.wav`, by the day the call was
created. Only then does the call have a `recording_url`.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, BinaryIO

from gevent import get_hub

from topcalls.audio.mp3 import encoded
from topcalls.audio.wav import WavError, WavReader
from topcalls.core import wrap_up
from topcalls.core.call_request import CallRequest
from topcalls.core.personal_data import Rules
from topcalls.core.recording_rules import kept_until
from topcalls.core.wrap_up import Result, Step
from topcalls.errors import NotFound
from topcalls.log import get_logger
from topcalls.services.recent_bytes import RecentBytes
from topcalls.services.recording_links import Link, RecordingLinks
from topcalls.services.recording_store import (
    FinishedRecording,
    KeptRecordings,
    RecordingNotStored,
)
from topcalls.store import accounts, calls, recordings, wrap_ups
from topcalls.store.database import Database
from topcalls.store.models import Call, CallRecording

WAV, MP3 = KINDS = ("wav", "mp3")
MP3_BYTES_REMEMBERED = 64_000_000
"""MP3s are made when they are asked for; so much of them is remembered, for players that seek."""

Query = Mapping[str, str]
_HEADER_BYTES = 44
_SEEN_ELSEWHERE = timedelta(seconds=2)
RECORDING_STATES = (
    "none",
    "expected",
    "recording",
    "paused",
    "storing",
    "stored",
    "lost",
    "deleted",
)
PATH_FORM = "/recordings/{call_id}/{year}/{month}/{day}/{kind}"
"""What follows `public_url` in `recording_url`; the API serves it to the key of the call."""

log = get_logger("recordings")


def recording_name(call_id: str, created_at: datetime) -> str:
    """The file of a call's recording, relative to the recordings' directory."""
    return f"{created_at:%Y/%m/%d}/{call_id}.{WAV}"


@dataclass(frozen=True, slots=True)
class RecordingView:
    """The recording of a call as its owner sees it.

    `state`: `none` (it was not asked for), `expected`, `recording`, `paused`, `storing`, `stored`,
    `lost` or `deleted`. `problem` is set where something is wrong with it. A stored one is deleted
    at `expires_at`.
    """

    state: str
    channels: int | None = None
    seconds: float | None = None
    size: int | None = None
    sha256: str | None = None
    paused_at: datetime | None = None
    problem: str | None = None
    expires_at: datetime | None = None
    deleted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Sound:
    """A recording to be read from any place; `file` has to be closed."""

    file: BinaryIO
    size: int
    filename: str
    mimetype: str


class Recordings:
    """Find recordings, and let go of them.

    `store` keeps them, `public_url` is how the world sees the API; `links` sign for those without a
    key. `kind` is what `recording_url` leads to: `wav` or `mp3`. `retention_days`: for so long
    recordings are kept whose call and account do not say; 0: for ever.
    """

    def __init__(
        self,
        db: Database,
        store: KeptRecordings,
        public_url: str,
        links: RecordingLinks,
        *,
        kind: str = MP3,
        retention_days: int = 0,
    ) -> None:
        self._db = db
        self.store = store
        self._public_url = public_url.rstrip("/")
        self._links = links
        self._kind = kind
        self._retention_days = retention_days
        self._mp3s = RecentBytes(MP3_BYTES_REMEMBERED)

    def sound(self, account_id: str, call_id: str, kind: str = WAV) -> Sound:
        """A call's recording. Reading it may wait for disk and network; an MP3 is made first.

        Raises:
            NotFound: no such call in this account, or it has no recording (yet, or any more).
            RecordingNotStored: the store is away.
        """
        call = self._db.read(calls.of_account, account_id, call_id)
        if call is None:
            raise NotFound("No such call.")
        return self._sound(call, kind)

    def linked(self, path: str, call_id: str, kind: str, query: Query, now: datetime) -> Sound:
        """The recording that a link opens. Raises Unauthorized too, see `sound`."""
        self._links.check(path, query, now)
        call = self._db.read(calls.get, call_id)
        if call is None:
            raise NotFound("No such call.")
        return self._sound(call, kind)

    def link(self, account_id: str, call_id: str, seconds: int, kind: str, now: datetime) -> Link:
        """A link that opens a call's recording without a key, for so long. Raises NotFound."""
        call = self._db.read(calls.of_account, account_id, call_id)
        if call is None:
            raise NotFound("No such call.")
        url = self.url(call, kind)
        if url is None:
            raise NotFound("This call has no recording.")
        return self._links.link(url, _path(call, kind), seconds, now)

    def delete(self, account_id: str, call_id: str, now: datetime) -> None:
        """Delete a recording at once, and for good. Raises NotFound and RecordingNotStored."""
        call = self._db.read(calls.of_account, account_id, call_id)
        if call is None or not call.recording_file:
            raise NotFound("This call has no recording.")
        self._delete(call_id, call.recording_file, now)

    def delete_expired(self, now: datetime, limit: int) -> int:
        """Delete recordings that were kept for long enough; how many there were. Where the store is
        away they are tried again."""
        found = self._db.read(recordings.expired, now, limit)
        for call_id, name in found:
            try:
                self._delete(call_id, name, now)
            except RecordingNotStored as error:
                log.error("Recording could not be deleted yet", call_id=call_id, why=error.message)
                return 0
        return len(found)

    def url(self, call: Call, kind: str | None = None) -> str | None:
        """Where the recording can be fetched; None until it is there."""
        if call.recording_ready_at is None or not call.recording_file:
            return None
        if _waits_for_redaction(call):
            return None
        return self._public_url + _path(call, kind or self._kind)

    def _sound(self, call: Call, kind: str) -> Sound:
        name = call.recording_file
        if call.recording_ready_at is None or not name:
            raise NotFound("This call has no recording.")
        if _waits_for_redaction(call):
            raise NotFound("The sound of this call is not redacted yet.", remedy="Try again later.")
        try:
            if kind == MP3:
                data = self._mp3s.get(name, lambda: self._mp3(name))
                return Sound(io.BytesIO(data), len(data), f"{call.id}.mp3", "audio/mpeg")
            file = self.store.open(name)
        except FileNotFoundError:
            raise NotFound("The recording of this call is no longer here.") from None
        except WavError:
            raise NotFound("There is no MP3 of it: its sound cannot be read.") from None
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        return Sound(file, size, f"{call.id}.wav", "audio/wav")

    def _mp3(self, name: str) -> bytes:
        with WavReader(self.store.open(name)) as wav:
            data: bytes = get_hub().threadpool.apply(encoded, (wav,))
        return data

    def _delete(self, call_id: str, name: str | None, now: datetime) -> None:
        if name:
            self.store.delete(name)
            self._mp3s.forget(name)

        def verb() -> None:
            calls.set_columns(call_id, recording_file=None)
            recordings.change(call_id, deleted_at=now, expires_at=None)

        self._db.run(verb)

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
                expires_at=row.expires_at,
                deleted_at=row.deleted_at,
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
        self._db.run(keep, recording, now, self._retention_days)

    def look(self, call_id: str, now: datetime) -> Result:
        """The wrap-up's step: whether the recording is there. May run twice."""
        call = self._db.read(calls.get, call_id)
        if call is None or call.recording_ready_at is not None:
            return Result.DONE
        if call.answered_at is None or not is_recorded(call):
            return Result.SKIPPED
        name = recording_name(call.id, call.created_at)
        if self.store.size(name) <= _HEADER_BYTES:
            row = self._db.read(recordings.get, call_id)
            if row is not None:
                return Result.SKIPPED if _is_hopeless(call, row) else Result.NOT_READY
            return _missing(call, now)
        self._db.run(calls.set_columns, call_id, recording_file=name, recording_ready_at=now)
        return Result.DONE


def keep(recording: FinishedRecording, now: datetime, retention_days: int) -> None:
    """A recording is in its store; part of a verb, and harmless to repeat. `retention_days` of the
    installation count where neither call nor account say."""
    call = calls.get(recording.call_id)
    wish = None if call is None else CallRequest.from_mapping(call.request).recording.retention_days
    account = None if call is None else accounts.get(call.account_id)
    of_account = None if account is None else account.recording_retention_days
    recordings.change(
        recording.call_id,
        state="stored",
        stored_at=now,
        size=recording.size,
        sha256=recording.sha256,
        problem=None,
        expires_at=kept_until(now, wish, of_account, retention_days),
    )
    columns: dict[str, Any] = {"recording_file": recording.name, "recording_ready_at": now}
    if call is not None and call.ended_at is not None and _is_to_be_redacted(call):
        columns["redacted_at"] = None  # of this file nothing is taken out yet
        step = Step.REDACTION
        wrap_ups.again(call.id, wrap_up.begin(step), wrap_up.after(step), now)
    calls.set_columns(recording.call_id, **columns)
    wrap_ups.tell_again(recording.call_id, now)


def _is_to_be_redacted(call: Call) -> bool:
    """What identifies people is to be taken out of the sound."""
    rules = Rules.of(call.request)
    return rules is not None and rules.audio is not None


def _waits_for_redaction(call: Call) -> bool:
    """It is still in it."""
    return call.redacted_at is None and _is_to_be_redacted(call)


def _path(call: Call, kind: str) -> str:
    return PATH_FORM.format(
        call_id=call.id,
        year=f"{call.created_at:%Y}",
        month=f"{call.created_at:%m}",
        day=f"{call.created_at:%d}",
        kind=kind,
    )


def _state(call: Call, row: CallRecording) -> str:
    if row.deleted_at is not None:
        return "deleted"
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
