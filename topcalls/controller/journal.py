"""What happened to one call, written to the database in order and never in the call's way.

A locked or absent database must not hold up the first sentence or a hang-up. So the session and the
bridge only put entries here; one greenlet writes them, trying again for as long as the store is
unavailable. The one thing that waits for the database is the dial intent: no intent, no dial.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import gevent
from gevent.event import AsyncResult, Event
from gevent.queue import SimpleQueue

from topcalls.clock import Clock
from topcalls.core.answer_verdict import Verdict
from topcalls.core.call_state import Transition
from topcalls.core.knowledge_citations import Lookup
from topcalls.core.latency import TurnTiming
from topcalls.core.live_words import Outcome as WordsOutcome
from topcalls.core.opt_out import OptOut
from topcalls.core.routing import Attempt, Route
from topcalls.core.supervision import Mode
from topcalls.core.token_usage import TokenUsage
from topcalls.core.tools import ToolRecord
from topcalls.core.transcript import Turn
from topcalls.core.transfer import Destination
from topcalls.errors import Conflict, StoreUnavailable
from topcalls.log import get_logger
from topcalls.services.call_views import ClaimedCall
from topcalls.services.calls import Calls
from topcalls.services.judgements import NotAllowed
from topcalls.services.routing import Outcome
from topcalls.services.supervisions import Supervisor

_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 2.0

log = get_logger("controller.journal")


class Journal:
    """The only writer of one call's row while the call is live.

    `on_lost` is called once when the row turns out to belong to another owner; nothing more is
    written then.
    """

    def __init__(
        self, call_id: str, version: int, calls: Calls, clock: Clock, on_lost: Callable[[], None]
    ) -> None:
        self._call_id = call_id
        self._version = version
        self._calls = calls
        self._clock = clock
        self._on_lost = on_lost
        self._entries: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._given_up = Event()
        self.is_lost = False  # the row has another owner
        self._writer = gevent.spawn(self._write_all)

    def transition(self, transition: Transition, details: dict[str, Any], at: datetime) -> None:
        """The call moved. `details` are columns learnt with the event (hang-up cause, …)."""

        def write() -> None:
            self._version = self._calls.record(
                self._call_id, self._version, transition, details, at
            )

        self._entries.put(write)

    def turn(self, turn: Turn) -> None:
        """A turn of the conversation was completed, or corrected."""
        at = self._clock.now()
        self._entries.put(lambda: self._calls.append_turn(self._call_id, turn, at))

    def partial_words(self, latest: Callable[[], Turn | None]) -> None:
        """What the caller has said so far, by the time that it can be written."""

        def write() -> None:
            turn = latest()
            if turn is not None:
                self._calls.partial_words.put(self._call_id, turn, self._clock.now())

        self._entries.put(write)

    def no_partial_words(self) -> None:
        """The turn that was being said goes before this."""
        self._entries.put(lambda: self._calls.partial_words.clear(self._call_id))

    def timing(self, timing: TurnTiming) -> None:
        """The measured delays of one turn."""
        self._entries.put(lambda: self._calls.append_timing(self._call_id, timing))

    def usage(self, model: str, usage: TokenUsage, responses: int) -> None:
        """What the model took so far, in so many responses."""
        at = self._clock.now()
        self._entries.put(
            lambda: self._calls.note_usage(self._call_id, model, usage, responses, at)
        )

    def stages_replaced(self, stages: tuple[str, ...]) -> None:
        """The stages that have failed so far and were replaced."""
        self._entries.put(lambda: self._calls.note_stages_replaced(self._call_id, stages))

    def answered_by(self, verdict: Verdict) -> None:
        """What answered, as far as is known by now."""
        at = self._clock.now()
        self._entries.put(lambda: self._calls.answers.note(self._call_id, verdict, at))

    def looked_up(self, lookup: Lookup) -> None:
        """Something was looked up in the call's knowledge."""
        at = self._clock.now()
        self._entries.put(lambda: self._calls.lookups.note(self._call_id, lookup, at))

    def tool(self, record: ToolRecord) -> None:
        """How it stands with a call of a tool."""
        at = self._clock.now()
        self._entries.put(lambda: self._calls.tools.note(self._call_id, record, at))

    def opted_out(self, heard: OptOut) -> None:
        """The other person does not want to be called."""
        at = self._clock.now()
        self._entries.put(lambda: self._calls.opt_outs.heard(self._call_id, heard, at))

    def said(self, wish: str, outcome: WordsOutcome, key_id: str) -> None:
        """What became of words that a user wanted said."""
        at = self._clock.now()
        self._entries.put(
            lambda: self._calls.live_words.said(self._call_id, wish, outcome, key_id, at)
        )

    def injected(self, payload: Mapping[str, Any]) -> None:
        """What a user wanted the model to know was told to it."""
        at = self._clock.now()
        self._entries.put(lambda: self._calls.live_words.injected(self._call_id, payload, at))

    def recording(self, state: str) -> None:
        """What the switch says of the recording: `written` or `refused`."""
        self._entries.put(lambda: self._calls.note_recording(self._call_id, state))

    def trail(self, kind: str, detail: dict[str, Any]) -> None:
        """Something that does not move the call, for its trail."""
        at = self._clock.now()
        self._entries.put(lambda: self._calls.note(self._call_id, kind, detail, at))

    def note(self, write: Callable[[], None]) -> None:
        """Something else about the call that is written in its order."""
        self._entries.put(write)

    def close_transcript(self) -> None:
        """No turn will come any more."""
        at = self._clock.now()
        self._entries.put(lambda: self._calls.close_transcript(self._call_id, at))

    def dial_ended(self, number: int, outcome: Outcome) -> None:
        """How a dial ended that nobody answered, and what was decided then."""
        at = self._clock.now()
        self._entries.put(lambda: self._calls.dial_ended(self._call_id, number, outcome, at))

    def intend_dial(
        self, channel_uuid: str, timeout: float, attempt: Attempt | None = None
    ) -> bool:
        """Commit the intent to dial as `channel_uuid`. True once it is stored, False if its turn
        did not come within `timeout` seconds: then it never will be, and the call must not be
        dialled. A try that is under way by then is waited for.

        Raises:
            NotAllowed: a rule forbids the dial by now.
        """
        intent = _Intent()

        def write() -> None:
            with intent.trying() as wanted:
                if wanted:
                    self._version = self._calls.intend_dial(
                        self._call_id, self._version, channel_uuid, self._clock.now(), attempt
                    )

        self._entries.put(write)
        return intent.wait(timeout)

    def intend_transfer(
        self,
        destination: Destination,
        *,
        asked_by: str,
        summary: str | None,
        channel_uuid: str | None,
        timeout: float,
    ) -> int | None:
        """Store a transfer that is about to be dialled. Its number once it is stored, None if it is
        not within `timeout` seconds: then nothing must be dialled."""
        stored: AsyncResult[int] = AsyncResult()
        at, deadline = self._clock.now(), self._clock.monotonic() + timeout

        def write() -> None:
            if self._clock.monotonic() > deadline:
                return
            number = self._calls.transfers.intend(
                self._call_id,
                destination,
                asked_by=asked_by,
                summary=summary,
                channel_id=channel_uuid,
                now=at,
            )
            stored.set(number)

        self._entries.put(write)
        number: int | None = stored.wait(timeout)
        return number

    def routes(self, call: ClaimedCall, from_number: str) -> tuple[Route, ...]:
        """The account's carriers for a target, as they are now; raises `StoreUnavailable`."""
        now, wanted = self._clock.now(), call.request.carrier_id
        return self._calls.transfers.routes(
            call.account_id, wanted, from_number, call.node or "", now
        )

    def transfer(self, number: int, **columns: Any) -> None:
        """What is learnt of a transfer: see `services.transfers.COLUMNS`."""
        self._entries.put(lambda: self._calls.transfers.note(self._call_id, number, columns))

    def intend_supervision(
        self,
        supervisor: Supervisor,
        mode: Mode,
        *,
        asked_by: str,
        channel_uuid: str,
        timeout: float,
    ) -> int | None:
        """Store a supervisor's stay that is about to begin. Its number once it is stored, None if
        it is not within `timeout` seconds, or begins elsewhere: then nothing is done for it."""
        stored: AsyncResult[int | None] = AsyncResult()
        at, deadline = self._clock.now(), self._clock.monotonic() + timeout

        def write() -> None:
            if self._clock.monotonic() > deadline:
                return
            stored.set(
                self._calls.supervisions.intend(
                    self._call_id,
                    supervisor,
                    mode,
                    asked_by=asked_by,
                    channel_id=channel_uuid,
                    now=at,
                )
            )

        self._entries.put(write)
        number: int | None = stored.wait(timeout)
        return number

    def supervision(
        self, number: int, modes: Sequence[tuple[Mode, datetime]], **columns: Any
    ) -> None:
        """What is learnt of a stay: see `services.supervisions.COLUMNS`."""
        self._entries.put(
            lambda: self._calls.supervisions.note(self._call_id, number, modes, **columns)
        )

    def abandoned_legs(self, hang_up: Callable[[str], None]) -> None:
        """End the transfer and the stays of supervisors that another controller left on the call;
        `hang_up` gets their channels."""
        at = self._clock.now()

        def write() -> None:
            for verbs in (self._calls.transfers, self._calls.supervisions):
                for channel in verbs.abandoned(self._call_id, at):
                    hang_up(channel)

        self._entries.put(write)

    def close(self, timeout: float | None = None) -> bool:
        """Stop after everything put so far is written. False if that took too long: what is left
        is given up then. Without `timeout` nothing is, however long the store is away."""
        self._entries.put(None)
        self._writer.join(timeout)
        if self._writer.dead:
            return True
        log.error("Call closed with unwritten entries", call_id=self._call_id)
        self._given_up.set()
        return False

    def _write_all(self) -> None:
        while (entry := self._entries.get()) is not None:
            if not self._write(entry):
                return

    def _write(self, entry: Callable[[], None]) -> bool:
        """Carry out one entry; False when nothing may be written any more."""
        pause = _FIRST_PAUSE_SECONDS
        while True:
            try:
                entry()
                return True
            except StoreUnavailable as error:
                log.warning(
                    "Store unavailable, trying again", call_id=self._call_id, why=str(error)
                )
                if self._given_up.wait(pause):
                    return False
                pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
            except Conflict:
                log.warning("Call has another owner, letting go", call_id=self._call_id)
                self.is_lost = True
                self._on_lost()
                return False
            except Exception:  # noqa: BLE001 - one bad entry must not stop the entries behind it
                log.exception("Entry could not be written", call_id=self._call_id)
                return True


class _Intent:
    """One that shall be stored, as long as somebody waits for it."""

    def __init__(self) -> None:
        self._outcome: AsyncResult[bool] = AsyncResult()
        self._is_wanted = True
        self._is_tried = False

    def wait(self, timeout: float) -> bool:
        """Whether it is stored. After `timeout` seconds no try begins any more."""
        if not self._outcome.wait(timeout):
            self._is_wanted = False
            if not self._is_tried:
                return False
        return bool(self._outcome.get())

    @contextmanager
    def trying(self) -> Iterator[bool]:
        """One try to store it, which yields whether it still shall be."""
        self._is_tried = self._is_wanted
        try:
            yield self._is_wanted
        except StoreUnavailable:
            if not self._is_wanted:
                self._outcome.set(False)
            self._is_tried = False
            raise
        except NotAllowed as refused:
            self._outcome.set_exception(refused)
        except Exception:
            self._outcome.set(False)
            raise
        else:
            self._outcome.set(self._is_tried)
