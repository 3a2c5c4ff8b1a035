"""Recordings between the switch that writes them and the store that keeps them.

The controllers of a node watch its spool. What a file needs is known by its name, the call's id,
and by the rows: so whoever comes after a crash of switch or controller goes on where it was left. A
recording is brought by one controller at a time, under a lease; what fails is tried again, each
time after a longer pause, for as long as the file is there.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from topcalls.audio.wav import WavFacts
from topcalls.core.call_events import PutOnHold, TakenOffHold
from topcalls.core.call_state import State
from topcalls.core.holds import HoldTold
from topcalls.core.recording_retry import pause_after
from topcalls.errors import NotFound
from topcalls.services.recording_store import FinishedRecording
from topcalls.services.recordings import keep, recording_name
from topcalls.store import calls, recordings
from topcalls.store.database import Database
from topcalls.store.models import Call

LEASE_SECONDS = 60.0
OVERDUE = timedelta(minutes=1)
_LONGEST_WORDS = 500
_BATCH = 100
_HOLDS = (PutOnHold.__name__, TakenOffHold.__name__)


@dataclass(frozen=True, slots=True)
class SpooledRecording:
    """A recording that was taken to be stored. `talked_ms`: how long the call was, from its answer;
    None where that is not known yet. `holds`: what the switch told of times on hold."""

    call_id: str
    channel_uuid: str
    name: str
    talked_ms: int | None
    holds: tuple[HoldTold, ...] = ()


@dataclass(frozen=True, slots=True)
class Claimed:
    """What came of a look at files: those that are ours to store now, the ids that are of no call,
    and those whose recording is stored or lost already."""

    taken: tuple[SpooledRecording, ...] = ()
    unknown: frozenset[str] = frozenset()
    settled: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Pause:
    """What was last asked of a recording's masking; `paused_at` None: it shall run."""

    paused_at: datetime | None
    by: str | None


class SpooledRecordings:
    """What controllers say of recordings, and ask about them. `owner` holds leases."""

    def __init__(self, db: Database, retention_days: int = 0) -> None:
        self._db = db
        self._retention_days = retention_days

    # --- while the call lasts

    def begun(self, call_id: str, node: str, now: datetime) -> None:
        """The switch writes this call's sound in the spool of `node`."""
        self._db.run(recordings.begin, call_id, node, now)

    def paused(self, call_id: str, by: str, now: datetime) -> None:
        """Nothing shall be recorded from now on."""
        change = {"paused_at": now, "paused_by": by}
        self._note(call_id, "RecordingPaused", {"by": by}, change, now)

    def resumed(self, call_id: str, by: str, now: datetime) -> None:
        """Recording goes on."""
        change = {"paused_at": None, "paused_by": None, "resumed_at": now}
        self._note(call_id, "RecordingResumed", {"by": by}, change, now)

    def pause_failed(self, call_id: str, why: str, now: datetime) -> None:
        """The switch did not do what was asked; the wish stays."""
        self._note(call_id, "RecordingPauseFailed", {"why": why[:_LONGEST_WORDS]}, {}, now)

    def pause_of(self, call_id: str) -> Pause | None:
        """What a controller that takes the call over has to ask of the switch once more; None where
        it was never paused."""
        row = self._db.read(recordings.get, call_id)
        if row is None or (row.paused_at is None and row.resumed_at is None):
            return None
        return Pause(row.paused_at, row.paused_by)

    # --- afterwards

    def claim(
        self,
        names: Collection[str],
        complete: Collection[str],
        owner: str,
        node: str,
        now: datetime,
    ) -> Claimed:
        """Take what can be stored of the files of these names (call ids). Of those in `complete`
        the switch has said that it wrote all; of the others the call must be over, and of those
        that were on hold: how much is missing is known only then."""
        if not names:
            return Claimed()

        def verb() -> Claimed:
            found = {call.id: call for call in recordings.calls_of(names)}
            settled = frozenset(name for name in found if _is_settled(name))
            ripe = [
                (call, holds)
                for name, call in found.items()
                if name not in settled
                for holds in [_holds(name)]
                if State(call.state).is_final or (name in complete and not holds)
            ]
            taken = tuple(
                _spooled(call, holds) for call, holds in ripe if _take(call, owner, node, now)
            )
            return Claimed(taken, frozenset(set(names) - set(found)), settled)

        return self._db.run(verb)

    def overdue(self, node: str, now: datetime) -> set[str]:
        """Calls that are over for a while and whose recording is neither stored nor lost."""
        before = now - OVERDUE
        return set(self._db.read(recordings.overdue, node, before, _BATCH))

    def extend(self, call_ids: Collection[str], owner: str, now: datetime) -> None:
        """These are still on their way."""
        until = now + timedelta(seconds=LEASE_SECONDS)
        self._db.run(recordings.extend, list(call_ids), owner, until)

    def not_yet(self, call_id: str, owner: str, seconds: float, now: datetime) -> None:
        """It is still being written: look again later."""
        later = now + timedelta(seconds=seconds)
        self._db.run(lambda: recordings.let_go(call_id, owner, available_at=later))

    def stored(
        self, recording: FinishedRecording, facts: WavFacts, problem: str, owner: str, now: datetime
    ) -> None:
        """It is where it is kept. `problem`: what is wrong with it all the same, in words."""

        def verb() -> None:
            keep(recording, now, self._retention_days)
            recordings.let_go(
                recording.call_id,
                owner,
                problem=problem or None,
                channels=facts.format.channels,
                milliseconds=facts.milliseconds,
                repaired=facts.repaired,
            )

        self._db.run(verb)

    def failed(self, call_id: str, why: str, owner: str, now: datetime) -> int:
        """It could not be stored this time; how often that happened by now."""

        def verb() -> int:
            row = recordings.get(call_id)
            failures = row.failures + 1 if row is not None else 1
            recordings.let_go(
                call_id,
                owner,
                failures=failures,
                problem=why[:_LONGEST_WORDS],
                available_at=now + pause_after(failures),
            )
            return failures

        return self._db.run(verb)

    def lost(self, call_id: str, why: str, owner: str) -> None:
        """There is nothing that could be kept, and nobody needs to wait for it."""

        def verb() -> None:
            recordings.let_go(call_id, owner, state="lost", problem=why[:_LONGEST_WORDS])

        self._db.run(verb)

    def waiting(self) -> tuple[int, str | None]:
        """How many recordings could not be stored so far, and why the last of them was not."""
        return self._db.read(recordings.waiting)

    def _note(
        self, call_id: str, kind: str, detail: dict[str, Any], change: dict[str, Any], now: datetime
    ) -> None:
        def verb() -> None:
            call = calls.get(call_id)
            if call is None:
                raise NotFound("No such call.")
            if change:
                recordings.begin(call_id, call.node or "", now)
                recordings.change(call_id, **change)
            calls.note(call_id, kind, detail, now)

        self._db.run(verb)


def _is_settled(call_id: str) -> bool:
    row = recordings.get(call_id)
    return row is not None and row.state in ("stored", "lost")


def _take(call: Call, owner: str, node: str, now: datetime) -> bool:
    recordings.begin(call.id, node, now, state="waiting")
    return recordings.claim(call.id, owner, now, LEASE_SECONDS)


def _holds(call_id: str) -> tuple[HoldTold, ...]:
    return tuple(
        HoldTold(event.kind == PutOnHold.__name__, event.detail["call_ms"])
        for event in calls.events_of_kind([call_id], *_HOLDS)
    )


def _spooled(call: Call, holds: tuple[HoldTold, ...]) -> SpooledRecording:
    talked = None
    if call.ended_at is not None and call.answered_at is not None:
        talked = round((call.ended_at - call.answered_at).total_seconds() * 1000)
    return SpooledRecording(
        call.id, call.channel_id, recording_name(call.id, call.created_at), talked, holds
    )
