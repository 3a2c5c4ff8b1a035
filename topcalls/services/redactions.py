"""What identifies people is taken out of calls that are kept, and on request of their sound.

It is a step of the wrap-up. Until it has been done, whoever looks at a call that is over sees its
turns redacted all the same, and gets no recording whose sound is to be redacted.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from gevent import get_hub

from topcalls.audio.masking import Fill, Span, mask
from topcalls.audio.wav import WavError
from topcalls.core.call_request import CallRequest
from topcalls.core.personal_data import Rules, has_mark, redacted_turns
from topcalls.core.transcript import Turn
from topcalls.core.wrap_up import Result
from topcalls.errors import TopCallsError
from topcalls.log import get_logger
from topcalls.services.carried import turn_of
from topcalls.services.recording_store import (
    CHUNK_BYTES,
    FinishedRecording,
    KeptRecordings,
    digest,
)
from topcalls.services.redacted_calls import redact_rest
from topcalls.store import calls, recordings
from topcalls.store.database import Database
from topcalls.store.locking import lock_call
from topcalls.store.models import Call

MARGIN_MS = 750
"""Around a turn: a recording begins a little after the answer, and ears tell a little late."""

_CHANNELS = {"user": 0, "assistant": 1}
log = get_logger("redactions")


class Redactions:
    """The wrap-up's step. `store` is where recordings are kept."""

    def __init__(self, db: Database, store: KeptRecordings) -> None:
        self._db = db
        self._store = store

    def redact(self, call_id: str, now: datetime) -> Result:
        """Sound first, and words after it: by these it is found where in the sound they are. May
        run twice."""
        call = self._db.read(calls.get, call_id)
        rules = Rules.of(call.request) if call is not None else None
        if call is None or rules is None:
            return Result.SKIPPED
        if call.redacted_at is not None:
            return Result.DONE
        turns = self._db.read(lambda: turns_of(call))
        clean = redacted_turns(turns, rules)
        changed = [new for old, new in zip(turns, clean, strict=True) if new != old]
        without = [turn for turn in clean if has_mark(turn.text)]
        fill = rules.audio
        if fill is not None and _has_sound(call):
            name = call.recording_file if call.recording_ready_at is not None else None
            if not name or not self._mask(call, name, without, fill):
                return Result.NOT_READY
        self._db.run(_store, call, changed, rules, now)
        return Result.DONE

    def _mask(self, call: Call, name: str, turns: Sequence[Turn], fill: Fill) -> bool:
        """False where the recording cannot be read here (yet)."""
        row = self._db.read(recordings.get, call.id)
        is_stereo = CallRequest.from_mapping(call.request).recording.channels != "mono"
        spans = [
            Span(
                max(0, turn.started_ms - MARGIN_MS),
                turn.ended_ms + MARGIN_MS,
                _CHANNELS[turn.speaker] if is_stereo else None,
            )
            for turn in turns
        ]
        try:
            masked = get_hub().threadpool.apply(_masked, (self._store, call.id, name, spans, fill))
        except (OSError, WavError, TopCallsError) as error:
            log.warning("Recording not redacted", call_id=call.id, why=str(error))
            return False
        if row is not None:
            changes = {"size": masked.size, "sha256": masked.sha256}
            self._db.run(lambda: recordings.change(call.id, **changes))
        return True


def turns_of(call: Call) -> list[Turn]:
    """What was said in a call, as stored; part of a verb."""
    return [turn_of(row) for row in calls.transcripts([call.id])[call.id]]


def readable_turns(call: Call) -> list[Turn]:
    """What may be read of it; part of a verb."""
    turns, rules = turns_of(call), Rules.of(call.request)
    return turns if rules is None else redacted_turns(turns, rules)


def _masked(
    store: KeptRecordings, call_id: str, name: str, spans: Sequence[Span], fill: Fill
) -> FinishedRecording:
    """The recording as it is kept afterwards."""
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "masked.wav"
        with store.open(name) as kept, file.open("xb") as copy:
            shutil.copyfileobj(kept, copy, CHUNK_BYTES)
        if spans:
            mask(file, spans, fill)
        recording = FinishedRecording(call_id, name, file.stat().st_size, digest(file))
        store.put(file, recording)
    return recording


def _has_sound(call: Call) -> bool:
    """There is a recording, or there will be."""
    wanted = CallRequest.from_mapping(call.request).recording.enabled
    return wanted and call.recording_state != "refused"


def _store(call: Call, changed: Sequence[Turn], rules: Rules, now: datetime) -> None:
    call_id = call.id
    lock_call(call_id)
    rows = {row.seq: row for row in calls.transcripts([call_id])[call_id]}
    for turn in changed:
        row = rows[turn.seq]
        calls.put_turn(
            call_id,
            turn.seq,
            role=row.role,
            text=turn.text,
            started_ms=row.started_ms,
            ended_ms=row.ended_ms,
            interrupted=row.interrupted,
            at=row.at,
        )
    redact_rest(call, rules)
    calls.set_columns(call_id, redacted_at=now)
