"""From a claim to the last written word: a call is opened here, lived by its session, and closed.

A call that cannot be carried is turned away; one that another controller has is let go of.
"""

from __future__ import annotations

import gevent
from gevent.event import Event

from topcalls.clock import Clock
from topcalls.controller.call_effects import CallEffects
from topcalls.controller.call_limits import END_SECONDS, limits_of
from topcalls.controller.call_session import CallSession
from topcalls.controller.gear import Gear
from topcalls.controller.journal import Journal
from topcalls.controller.rounds import attempt
from topcalls.controller.sessions import LiveCall, Sessions
from topcalls.controller.turn_away import turn_away
from topcalls.core.call_events import CallEvent
from topcalls.log import get_logger
from topcalls.services.calls import Calls
from topcalls.services.dispatch import ClaimedCall

TURN_AWAY_SECONDS = 3.0

log = get_logger("controller")


class Carrying:
    """The calls that one controller carries, which is `owner` in their rows.

    They are compared with the switch every `compare_seconds`. `leaving` is set when the controller
    takes no more calls.
    """

    def __init__(
        self,
        owner: str,
        calls: Calls,
        gear: Gear,
        sessions: Sessions,
        clock: Clock,
        *,
        compare_seconds: float,
        leaving: Event,
    ) -> None:
        self._owner = owner
        self._calls = calls
        self._gear = gear
        self._sessions = sessions
        self._clock = clock
        self._compare_seconds = compare_seconds
        self._leaving = leaving
        self._empty = Event()

    def open(self, call: ClaimedCall, *events: CallEvent) -> None:
        """Begin to live a claimed call, to which `events` have happened already."""
        opened: list[LiveCall] = []  # none where the call cannot be carried

        def lost() -> None:
            for carried in opened:
                self.lose(carried)

        journal = Journal(call.call_id, call.version, self._calls, self._clock, on_lost=lost)
        try:
            effects = CallEffects(call, self._gear, journal)
        except Exception:  # noqa: BLE001 - the calls claimed with it must not suffer
            log.exception("Call cannot be carried here", call_id=call.call_id)
            gevent.spawn(self._turn_away, call, journal)
            return
        session = CallSession(
            call.call_id,
            call.facts,
            limits_of(call, self._compare_seconds, self._clock.now()),
            self._clock,
            on_closed=lambda _: self._closed(call, live, journal),
            dialling=effects.dials,
        )
        live = LiveCall(session, effects, call.request.ring_timeout_seconds, call.dialled_at)
        opened.append(live)
        if self._gear.traces is not None:
            self._gear.traces.begin(call.call_id)
        effects.bind(session, self._sessions.move)
        self._sessions.add(live)
        session.start(effects, journal, call.effects)
        for event in events:
            session.post(event)

    def lose(self, live: LiveCall) -> None:
        """Another controller has the call."""
        live.effects.lose()
        live.session.abandon()

    def wait_until_empty(self, seconds: float, or_when: Event | None = None) -> None:
        """Wait until the last call is closed."""
        self._empty.clear()
        if len(self._sessions):
            waiting = [self._empty] if or_when is None else [self._empty, or_when]
            gevent.wait(waiting, timeout=seconds, count=1)

    def _turn_away(self, call: ClaimedCall, journal: Journal) -> None:
        """After a pause: what is wrong may pass."""
        self._leaving.wait(TURN_AWAY_SECONDS)
        turn_away(call, journal, self._gear.switch, self._clock)
        journal.close(END_SECONDS)

    def _closed(self, call: ClaimedCall, live: LiveCall, journal: Journal) -> None:
        """A call is over, here at least: what there is to write of it is written, however long
        that takes. Until then it is among the live ones, and keeps its lease."""
        live.effects.wait_for_last_words()
        if live.effects.is_left:
            live.effects.free_channel()
        if live.session.facts.state.is_final:
            journal.close_transcript()
        journal.close()
        if live.session.facts.state.is_final and not journal.is_lost:
            live.effects.settled()
        elif live.effects.is_left and not journal.is_lost:
            call_id, now = live.session.call_id, self._clock.now()
            attempt(lambda: self._calls.release(call_id, self._owner, now))
        if self._gear.traces is not None:
            numbers = (call.phone_number, call.from_number)
            self._gear.traces.finish(call.call_id, live.session.facts.state, numbers)
        self._sessions.remove(live)
        if not len(self._sessions):
            self._empty.set()
