"""The recording of one call while it lasts: begun, masked, and found complete.

The switch writes one file in the spool, under the call's id, and silence into it while it is
masked. What is asked of it is stored first: a controller that takes the call over asks for it once
more, and asking twice does no harm.

While the call is on hold the switch is told to write nothing. It would write nothing of what it
hears anyway, and keep what it plays, to write that afterwards, too late and three times too fast,
in the place of what the agent says then.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import gevent
from gevent.lock import Semaphore

from topcalls.controller.gear import Gear
from topcalls.controller.journal import Journal
from topcalls.errors import SwitchError
from topcalls.esl import commands
from topcalls.esl.errors import CommandRefused
from topcalls.log import get_logger
from topcalls.services.dispatch import ClaimedCall
from topcalls.services.spooled_recordings import SpooledRecordings

TRIES = 2
"""How often the switch is asked to mask, where it gives no answer."""

log = get_logger("controller.recording")


class CallRecording:
    """`told(paused, done)` hears what became of each wish; `done` False: the switch did not do it.

    A pause ends by itself after the spool's `pause_limit` seconds. No method blocks.
    """

    def __init__(
        self,
        call: ClaimedCall,
        channel_uuid: Callable[[], str],
        gear: Gear,
        journal: Journal,
        told: Callable[[bool, bool], None],
    ) -> None:
        self.paused = False
        self.is_settled = False  # it was asked for, as it was before
        self._call = call
        self._channel = channel_uuid
        self._switch = gear.switch
        self._spool = gear.recordings
        self._journal = journal
        self._clock = gear.clock
        self._told = told
        self._order = Semaphore()  # wishes reach the switch one after the other
        self._resumes: gevent.Greenlet | None = None
        self._is_held = False

    @property
    def path(self) -> Path:
        """The file in the spool."""
        return self._spool.path(self._call.call_id)

    def start(self) -> None:
        """The call was answered, or taken over: a recording that runs already goes on."""
        if self._call.request.recording.enabled:
            gevent.spawn(self._start)

    def pause(self, by: str) -> None:
        """Record nothing from now on. `by`: agent, api."""
        self._wish(True, by)

    def resume(self, by: str) -> None:
        """Record again. `by`: agent, api, limit."""
        self._wish(False, by)

    def held(self, is_held: bool) -> None:
        """The far end has put the call on hold, or is back."""
        self._is_held = is_held
        gevent.spawn(self._follow_hold)

    def stopped(self, path: str) -> None:
        """The switch has completed a file."""
        if path == str(self.path):
            self._journal.recording("written")
            self._spool.finished(self._call.call_id)

    def close(self) -> None:
        """The call is over."""
        if self._resumes is not None:
            self._resumes.kill(block=False)

    def _start(self) -> None:
        try:
            self._begin()
        finally:
            self.is_settled = True

    def _begin(self) -> None:
        """A recording that cannot begin is noted, so that nobody waits for it after the call."""
        call_id, stereo = self._call.call_id, self._call.request.recording.channels != "mono"
        try:
            self._spool.prepare()
            self._switch.api(
                commands.uuid_record_start(self._channel(), str(self.path), stereo=stereo)
            )
        except (OSError, CommandRefused) as error:
            log.error("Recording was refused", call_id=call_id, why=str(error))
            if not self._is_taken_over:  # else the controller before had it begun
                self._journal.recording("refused")
        except SwitchError as error:
            log.warning("Recording may not run", call_id=call_id, why=str(error))
        else:
            self._note(lambda verbs, now: verbs.begun(call_id, self._spool.node, now))
            if self._is_taken_over or self._is_held:
                self._follow_hold()
            self._restore()

    def _wish(self, paused: bool, by: str) -> None:
        gevent.spawn(self._change, paused, by)

    def _change(self, paused: bool, by: str) -> None:
        call_id = self._call.call_id
        with self._order:
            if paused is not self.paused:
                self.paused = paused
                if paused:
                    self._note(lambda verbs, now: verbs.paused(call_id, by, now))
                else:
                    self._note(lambda verbs, now: verbs.resumed(call_id, by, now))
                log.info("Recording paused" if paused else "Recording resumed", call_id=call_id)
            self._carry_out(self._spool.pause_limit)

    def _carry_out(self, limit: float) -> None:
        """Have the switch do what is wished for. A pause lasts for `limit` seconds at most."""
        self.close()
        if self.paused:
            self._resumes = gevent.spawn_later(limit, self.resume, "limit")
        self._told(self.paused, self._ask(self.paused))

    @property
    def _is_taken_over(self) -> bool:
        """Another controller has had it begun."""
        return self._call.answered_at is not None

    def _follow_hold(self) -> None:
        """Have the switch write nothing while the call is on hold."""
        with self._order:
            build = commands.uuid_record_pause if self._is_held else commands.uuid_record_resume
            try:
                self._switch.api(build(self._channel(), str(self.path)))
            except CommandRefused:
                pass  # it is not recorded
            except SwitchError as error:
                log.warning("Recording may be wrong", call_id=self._call.call_id, why=str(error))

    def _ask(self, paused: bool) -> bool:
        """What the switch refuses it does not record: there is nothing to mask."""
        build = commands.uuid_record_mask if paused else commands.uuid_record_unmask
        why = ""
        for _ in range(TRIES):
            try:
                self._switch.api(build(self._channel(), str(self.path)))
            except CommandRefused as error:
                log.info("Nothing to mask", call_id=self._call.call_id, why=str(error))
                return True
            except SwitchError as error:
                why = str(error)
            else:
                return True
        log.error("Recording was not masked", call_id=self._call.call_id, why=why, paused=paused)
        self._note(lambda verbs, now: verbs.pause_failed(self._call.call_id, why, now))
        return False

    def _restore(self) -> None:
        """Have the switch do what was asked of the controller before."""
        verbs = self._spool.verbs
        if verbs is None or not self._is_taken_over:
            return
        with self._order:
            asked = verbs.pause_of(self._call.call_id)
            if asked is not None:
                self.paused = asked.paused_at is not None
                self._carry_out(self._left(asked.paused_at))

    def _left(self, since: datetime | None) -> float:
        """Seconds that a pause may still last."""
        if since is None:
            return 0.0
        return max(0.0, self._spool.pause_limit - (self._clock.now() - since).total_seconds())

    def _note(self, write: Callable[[SpooledRecordings, datetime], None]) -> None:
        """In the order of everything else that is written of the call."""
        verbs, now = self._spool.verbs, self._clock.now()
        if verbs is not None:
            self._journal.note(lambda: write(verbs, now))
