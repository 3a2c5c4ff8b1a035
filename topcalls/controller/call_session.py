"""One greenlet per live call: takes events from a queue, asks the state machine, hands effects on.

Only this greenlet calls `advance` for the call. Switch, stream, bridge, API commands and
reconciler all `post` events; what follows from one is in `core/call_state.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Protocol

import gevent
from gevent.queue import Empty, SimpleQueue

from topcalls import metrics
from topcalls.clock import Clock
from topcalls.controller.journal import Journal
from topcalls.core.call_events import (
    Answered,
    AttemptFailed,
    CallEvent,
    EarlyMedia,
    HungUp,
    OriginateFailed,
    Rang,
    StopRequested,
    TimedOut,
)
from topcalls.core.call_state import (
    LIMITS,
    CallFacts,
    Effect,
    Limit,
    State,
    Transition,
    Verdict,
    advance,
)
from topcalls.log import get_logger
from topcalls.services.transitions import hangup_facts

CLOCK_STEP = timedelta(seconds=1)
"""The clock was set when it differs by more than this from what monotonic time says."""

_DIALLING = (State.DISPATCHING, State.RINGING)
_REARMING = (TimedOut, AttemptFailed)

log = get_logger("controller.session")


class Hands(Protocol):
    """Carries out effects. Returns at once; results come back as events."""

    def carry_out(self, effect: Effect) -> None: ...


class Dialling(Protocol):
    """Knows the dials of a call, of which only the last one counts. Returns at once."""

    def is_over(self, channel: str) -> bool:
        """This is the channel of a dial before the present one."""
        ...

    def ended(self, event: HungUp | OriginateFailed, rang_seconds: float) -> CallEvent:
        """A dial ended unanswered: the event itself, or that the next carrier tries."""
        ...


class CallSession:
    """The life of one call in this controller, from claim to close.

    `limits` gives the seconds each state may last. `on_closed` is called once, last, when the call
    is over and its journal is written.
    """

    def __init__(
        self,
        call_id: str,
        facts: CallFacts,
        limits: Mapping[Limit, float],
        clock: Clock,
        on_closed: Callable[[CallSession], None],
        dialling: Dialling | None = None,
    ) -> None:
        self.call_id = call_id
        self.facts = facts
        self._limits = limits
        self._clock = clock
        self._on_closed = on_closed
        self._dialling = dialling
        self._rang_since: float | None = None  # in this dial
        self._events: SimpleQueue[tuple[CallEvent | None, str]] = SimpleQueue()
        self._deadline: float | None = None
        self._greenlet: gevent.Greenlet | None = None
        self.is_open = True  # it takes events
        self._answered: tuple[datetime, float] | None = None  # by wall clock, and monotonic
        self._log = log.bind(call_id=call_id)

    def start(self, hands: Hands, journal: Journal, first: tuple[Effect, ...] = ()) -> None:
        """Carry out `first` (what the claim asked for), then live from events."""
        self._hands = hands
        self._journal = journal
        self._arm()
        self._greenlet = gevent.spawn(self._run, first)

    def post(self, event: CallEvent, channel: str = "") -> None:
        """Tell the call what happened. Never blocks; may be called from anywhere in the loop.

        `channel`: of which channel it is told. What comes late of a dial that is over is no news.
        """
        self._events.put((event, channel))

    def mark_dialled(self) -> None:
        """The dial intent is committed: from now on the call never goes back to the queue."""
        self.facts = replace(self.facts, dialled=True)

    @property
    def awaits_dial(self) -> bool:
        """It was claimed to be dialled, and the intent to is not committed."""
        return self.facts.state is State.DISPATCHING and not self.facts.dialled

    def abandon(self) -> None:
        """Let go without touching the row: it has another owner."""
        self.is_open = False
        self._events.put((None, ""))

    def join(self, timeout: float | None = None) -> bool:
        """Wait for the end; False if it did not come in time."""
        if self._greenlet is not None:
            self._greenlet.join(timeout)
        return self._greenlet is None or self._greenlet.dead

    @property
    def seconds_left(self) -> float:
        """How long the call may still last, once somebody has answered."""
        if self._deadline is None or LIMITS.get(self.facts.state) is not Limit.DURATION:
            return self._limits[Limit.DURATION]
        return max(0.0, self._deadline - self._clock.monotonic())

    def stop(self, by: str) -> None:
        self.post(StopRequested(by))

    def _run(self, first: tuple[Effect, ...]) -> None:
        try:
            for effect in first:
                self._carry_out(effect)
            closed = False
            while not closed:
                event = self._next_event()
                if event is None:
                    self._carry_out(Effect.CLOSE_BRIDGE)
                    self._carry_out(Effect.CLOSE_SESSION)
                    break
                closed = self._take(event)
        finally:
            self.is_open = False
            self._on_closed(self)

    def _next_event(self) -> CallEvent | None:
        """The next event, or `TimedOut` when the state's time is over; None to let go."""
        while True:
            left = None
            if self._deadline is not None:
                left = max(0.0, self._deadline - self._clock.monotonic())
            try:
                event, channel = self._events.get(timeout=left)
            except Empty:
                return TimedOut()
            if not (channel and self._dialling and self._dialling.is_over(channel)):
                return self._considered(event)

    def _considered(self, event: CallEvent | None) -> CallEvent | None:
        """The end of a dial that nobody answered may not be the end of the call."""
        if isinstance(event, Rang | EarlyMedia) and self._rang_since is None:
            self._rang_since = self._clock.monotonic()
        if self._dialling is None or self.facts.state not in _DIALLING:
            return event
        if not isinstance(event, HungUp | OriginateFailed):
            return event
        rang = 0.0
        if self._rang_since is not None:
            rang = self._clock.monotonic() - self._rang_since
        decided = self._dialling.ended(event, rang)
        if isinstance(decided, AttemptFailed):
            self._rang_since = None
        return decided

    def _take(self, event: CallEvent) -> bool:
        """Answer one event; True when the session is over."""
        transition = advance(self.facts, event)
        if transition.verdict is Verdict.IMPOSSIBLE:
            self._count_impossible(transition)
        if transition.verdict is not Verdict.MOVED:
            return False
        self.facts = self.facts.after(transition)
        now = self._clock.now()
        details = {**_details(event, now), **self._corrected_answer(transition, now)}
        self._journal.transition(transition, details, now)
        same_limit = LIMITS.get(transition.before) is LIMITS.get(transition.after)
        if not same_limit or isinstance(event, _REARMING):
            self._arm()
        self._report(transition)
        for effect in transition.effects:
            self._carry_out(effect)
        return Effect.CLOSE_SESSION in transition.effects

    def _corrected_answer(self, transition: Transition, now: datetime) -> dict[str, Any]:
        """When the call was answered, if somebody has set the clock since: the bill counts from
        there to the end, and must be what was really talked."""
        monotonic = self._clock.monotonic()
        if isinstance(transition.event, Answered) and self._answered is None:
            ago = transition.event.seconds_ago
            self._answered = now - timedelta(seconds=ago), monotonic - ago
        if not transition.is_final or self._answered is None:
            return {}
        noted, since = self._answered
        answered_at = now - timedelta(seconds=monotonic - since)
        return {"answered_at": answered_at} if abs(answered_at - noted) > CLOCK_STEP else {}

    def _carry_out(self, effect: Effect) -> None:
        try:
            self._hands.carry_out(effect)
        except Exception:  # noqa: BLE001 - a failed effect shows as a missing event, by time-out
            self._log.exception("Effect failed", effect=effect.value)

    def _arm(self) -> None:
        limit = LIMITS.get(self.facts.state)
        seconds = self._limits.get(limit) if limit else None
        self._deadline = None if seconds is None else self._clock.monotonic() + seconds

    def _report(self, transition: Transition) -> None:
        self._log.info(
            "Call moved",
            event_kind=type(transition.event).__name__,
            before=transition.before.value,
            after=transition.after.value,
        )
        if transition.is_final:
            reason = transition.end_reason.value if transition.end_reason else ""
            metrics.calls_ended.labels(transition.after.value, reason).inc()

    def _count_impossible(self, transition: Transition) -> None:
        kind = type(transition.event).__name__
        metrics.impossible_events.labels(transition.before.value, kind).inc()
        self._log.warning("Impossible event", event_kind=kind, state=transition.before.value)


def _details(event: CallEvent, now: datetime) -> dict[str, Any]:
    """Columns of the call's row that are learnt with this event."""
    if isinstance(event, Answered) and event.seconds_ago:
        return {"answered_at": now - timedelta(seconds=event.seconds_ago)}
    if isinstance(event, HungUp | OriginateFailed):
        return hangup_facts(event.hangup)
    return {}
