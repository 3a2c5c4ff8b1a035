"""Where the recording of a call is, on disk and in the API.

The controller lets the switch write `<root>/YYYY/MM/DD/<call id>.wav`, by the day the call was
created. The wrap-up looks whether the file is there and notes it in the row; only then does the
call have a `recording_url`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from topcalls.core.call_request import CallRequest
from topcalls.core.wrap_up import Result
from topcalls.errors import NotFound
from topcalls.store import calls
from topcalls.store.database import Database
from topcalls.store.models import Call

EXTENSION = "wav"
_HEADER_BYTES = 44
_SEEN_ELSEWHERE = timedelta(seconds=2)
URL_FORM = "{public_url}/recordings/{call_id}/{year}/{month}/{day}/{extension}"
"""The form of `recording_url`; the API serves this path behind the same keys as the call."""


def recording_name(call_id: str, created_at: datetime) -> str:
    """The file of a call's recording, relative to the recordings' directory."""
    return f"{created_at:%Y/%m/%d}/{call_id}.{EXTENSION}"


class Recordings:
    """Find recordings. `root` is the directory of all, `public_url` how the world sees the API."""

    def __init__(self, db: Database, root: Path, public_url: str) -> None:
        self._db = db
        self.root = root
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
        file = self.root / call.recording_file
        if not file.is_file():
            raise NotFound("The recording of this call is no longer here.")
        return file

    def url(self, call: Call) -> str | None:
        """Where the recording can be fetched; None until it is there."""
        if call.recording_ready_at is None or not call.recording_file:
            return None
        return URL_FORM.format(
            public_url=self._public_url,
            call_id=call.id,
            year=f"{call.created_at:%Y}",
            month=f"{call.created_at:%m}",
            day=f"{call.created_at:%d}",
            extension=call.recording_file.rpartition(".")[2],
        )

    def look(self, call_id: str, now: datetime) -> Result:
        """The wrap-up's step: note that the recording is there. May run twice."""
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
            return _missing(call, now)
        self._db.run(calls.set_columns, call_id, recording_file=name, recording_ready_at=now)
        return Result.DONE


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
