"""Runs the steps of `core.wrap_up` for calls that are over."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from topcalls import tracing
from topcalls.core import wrap_up
from topcalls.core.wrap_up import Next, Result, Step
from topcalls.ids import new_id
from topcalls.log import get_logger
from topcalls.services.call_spans import tell_call
from topcalls.services.end_webhooks import EndWebhooks
from topcalls.services.latency import Latencies
from topcalls.services.recordings import Recordings
from topcalls.services.redactions import Redactions
from topcalls.store import calls, wrap_ups
from topcalls.store.database import Database
from topcalls.store.models import WrapUp

StepRunner = Callable[[str, datetime], Result]
"""Does one step for a call id at a moment; may be run twice."""

LEASE_SECONDS = 120.0
_BATCH = 200
log = get_logger("wrap_ups")


class WrapUps:
    """Claims wrap-ups that are due and does their next step.

    `runners` are those of the analysis, beside those that are of its own (recording, transcript,
    latency, redaction, webhook); a step without runner is skipped.
    """

    def __init__(
        self,
        db: Database,
        recordings: Recordings,
        latencies: Latencies,
        redactions: Redactions,
        ends: EndWebhooks,
        runners: Mapping[Step, StepRunner] | None = None,
        owner: str | None = None,
    ) -> None:
        self._db = db
        self._ends = ends
        self._owner = owner or new_id()
        self._runners: dict[Step, StepRunner] = {
            **(runners or {}),
            Step.RECORDING: recordings.look,
            Step.TRANSCRIPT: self._transcript,
            Step.LATENCY: latencies.measure,
            Step.REDACTION: redactions.redact,
            Step.WEBHOOK: ends.whole,
        }

    def due(self, now: datetime, limit: int) -> list[str]:
        """Take the wrap-ups that have something to do; their call ids, for `run`."""

        def verb() -> list[str]:
            rows = wrap_ups.claim(self._owner, now, LEASE_SECONDS, limit)
            return [row.call_id for row in rows]

        return self._db.run(verb)

    def run(self, call_id: str, now: datetime) -> bool:
        """Do what can be done now for a call taken by `due`; True once its wrap-up is complete.

        A step that fails with an exception counts as not ready.
        """
        row = self._db.read(wrap_ups.get, call_id)
        if row is None or row.finished_at is not None:
            return True
        if row.lease_owner != self._owner:
            return False
        begun = row.step
        step, tries, notes = Step(begun), row.tries_left, dict(row.log)
        for _ in Step:
            following = self._do(step, tries, call_id, now, notes)
            if following.step is step:
                following = self._in_time(call_id, following, now)
            if following.step is None or following.step is step:
                done = self._store(call_id, begun, following, notes, now)
                if done and tracing.is_on():
                    tell_call(self._db, call_id, now)
                return done
            # Each step counts one try as it is taken; for the first of them the claim did.
            step, tries = following.step, following.tries - 1
        raise AssertionError("more steps than there are")

    def heal(self, now: datetime) -> int:
        """Let wrap-ups go on whose worker died on the last try of a step; how many."""

        def verb() -> int:
            rows = wrap_ups.exhausted(now, _BATCH)
            for row in rows:
                self._skip(row, now)
            return len(rows)

        return self._db.run(verb)

    def _do(
        self, step: Step, tries_left: int, call_id: str, now: datetime, notes: dict[str, Any]
    ) -> Next:
        runner = self._runners.get(step)
        try:
            result = runner(call_id, now) if runner else Result.SKIPPED
        except Exception as error:  # noqa: BLE001 - a step must not keep the webhook from going out
            log.warning("Step of a wrap-up failed", call_id=call_id, step=step, error=repr(error))
            result = Result.NOT_READY
        following = wrap_up.advance(step, result, tries_left)
        if following.step is not step:
            notes[step] = "given up" if following.given_up else result
        return following

    def _in_time(self, call_id: str, following: Next, now: datetime) -> Next:
        """A step waits, but what is ready is told in time: the next look is not later than that."""
        try:
            left = self._ends.in_time(call_id, now)
        except Exception as error:  # noqa: BLE001 - told with the next look
            log.warning("End of a call not told", call_id=call_id, error=repr(error))
            return following
        return following if left is None else replace(following, delay=min(following.delay, left))

    def _store(
        self, call_id: str, begun: str, following: Next, notes: dict[str, Any], now: datetime
    ) -> bool:
        """Write how far the wrap-up got from the step `begun`; True if it is complete.

        Workers may share a name, so the lease alone does not tell that nobody else was quicker.
        """

        def verb() -> bool:
            row = wrap_ups.lock(call_id)
            if row is None or row.finished_at is not None:
                return True
            if row.step != begun:
                return False
            held = wrap_ups.advance(call_id, self._owner, following, notes, now)
            if not held or following.step is not None:
                return False
            return calls.set_columns(call_id, completed=True)

        return self._db.run(verb)

    def _skip(self, row: WrapUp, now: datetime) -> None:
        step = Step(row.step)
        following = wrap_up.advance(step, Result.NOT_READY, 0)
        notes = {**row.log, step: "given up"}
        wrap_ups.force(row.call_id, following, notes, now)
        if following.step is None:
            calls.set_columns(row.call_id, completed=True)

    def _transcript(self, call_id: str, now: datetime) -> Result:
        """The last turns are written by the controller after the end, and then it says so. One
        that died does not."""
        call = self._db.read(calls.get, call_id)
        ready = call is None or call.transcript_closed_at is not None
        return Result.DONE if ready else Result.NOT_READY
