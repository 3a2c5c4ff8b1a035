"""The controller process: switch, media server, dispatcher, live calls, and their end.

Start and stop order are here and nowhere else. Stopping drains: no new calls, the live ones talk on
for a while, then they are stopped like by a user, then everything closes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import gevent
from gevent.event import Event

from topcalls import __version__, metrics
from topcalls.clock import Clock
from topcalls.controller.call_effects import CallEffects, Gear
from topcalls.controller.call_session import CallSession
from topcalls.controller.commands import CommandTaker
from topcalls.controller.dispatcher import Dispatcher
from topcalls.controller.journal import Journal
from topcalls.controller.reconciler import Reconciler
from topcalls.controller.sessions import LiveCall, Sessions
from topcalls.core.call_state import Limit
from topcalls.errors import TopCallsError
from topcalls.log import get_logger
from topcalls.services.calls import Calls
from topcalls.services.commands import Commands
from topcalls.services.dispatch import LEASE_SECONDS, ClaimedCall, Dispatch
from topcalls.services.nodes import HEARTBEAT_SECONDS, Nodes

DISPATCH_SECONDS = 0.1
COMMAND_SECONDS = 0.2
RECONCILE_SECONDS = 10.0
PLAYBACK_CHECK_SECONDS = 1.0
LOOP_LAG_SECONDS = 0.5
END_SECONDS = 5.0
ATTACH_SECONDS = 10.0
DIAL_GRACE_SECONDS = 5.0
"""How long after the switch's own time-out ours comes: the switch's says more about why."""

JOURNAL_SECONDS = 10.0
STOP_SECONDS = 8.0

log = get_logger("controller")


@dataclass(frozen=True)
class Verbs:
    """What the controller does to the database."""

    calls: Calls
    dispatch: Dispatch
    commands: Commands
    nodes: Nodes


class Telephony:
    """One controller: `owner` is its name in leases and on channels."""

    def __init__(
        self,
        owner: str,
        node: str,
        max_calls: int,
        calls_per_second: float,
        verbs: Verbs,
        make_gear: Callable[[Telephony], Gear],
        clock: Clock,
    ) -> None:
        self.owner = owner
        self.node = node
        self.sessions = Sessions()
        self._max_calls = max_calls
        self._verbs = verbs
        self._clock = clock
        self._gear = make_gear(self)
        self.reconciler = Reconciler(self._gear.switch, self.sessions, clock)
        self._dispatcher = Dispatcher(
            verbs.dispatch,
            owner,
            node,
            max_calls,
            calls_per_second,
            clock,
            live_calls=lambda: len(self.sessions),
            may_dial=lambda: self._gear.switch.is_up and not self._draining.is_set(),
            open_session=self.open_session,
        )
        self._taker = CommandTaker(verbs.commands, owner, self.sessions, clock)
        self._draining = Event()
        self._hurry = Event()
        self._stopped = Event()
        self._empty = Event()
        self._loops: list[gevent.Greenlet] = []

    def start(self) -> None:
        """Listen for audio, connect to the switch, and take calls once it is up."""
        self._gear.media.start()
        self._gear.switch.start()
        self._beat()
        for seconds, work in (
            (DISPATCH_SECONDS, self._dispatcher.tick),
            (COMMAND_SECONDS, self._taker.tick),
            (HEARTBEAT_SECONDS, self._beat),
            (RECONCILE_SECONDS, self._reconcile),
            (PLAYBACK_CHECK_SECONDS, self._check_playbacks),
        ):
            self._loops.append(gevent.spawn(self._every, seconds, work))
        self._loops.append(gevent.spawn(self._watch_loop_lag))

    def stop(self, drain_seconds: float) -> None:
        """Drain, end what still talks, and close everything."""
        self._draining.set()
        self._beat()
        log.info("Draining", live_calls=len(self.sessions))
        self._wait_until_empty(drain_seconds, or_hurry=True)
        for live in self.sessions.all():
            live.session.stop("drain")
        self._wait_until_empty(STOP_SECONDS, or_hurry=False)
        self._stopped.set()
        gevent.killall(self._loops)
        self._gear.switch.stop()
        self._gear.media.stop()
        self._try(lambda: self._verbs.nodes.leave(self.owner))

    def hurry(self) -> None:
        """Stop waiting for calls to end by themselves."""
        self._hurry.set()

    def switch_up(self) -> None:
        """The switch is (again) there: settle what its absence may have hidden."""
        log.info("Switch is up")
        self._try(self._reconcile)

    def switch_down(self, reason: str) -> None:
        """The switch cannot be reached: calls go on, no new ones are claimed."""
        metrics.esl_reconnects.inc()
        log.warning("Switch is down", why=reason)

    def events_lost(self, count: int) -> None:
        """Our queue overflowed: find out from the switch what the events would have said."""
        log.error("Events of the switch were dropped", count=count)
        gevent.spawn(self._try, self.reconciler.compare)

    def open_session(self, call: ClaimedCall) -> CallSession:
        """Begin to live a claimed call."""
        journal = Journal(
            call.call_id,
            call.version,
            self._verbs.calls,
            self._clock,
            on_lost=lambda: session.abandon(),
        )
        effects = CallEffects(call, self._gear, journal)
        session = CallSession(
            call.call_id,
            call.facts,
            limits_of(call),
            self._clock,
            on_closed=lambda _: self._closed(call.call_id, journal),
        )
        effects.bind(session)
        self.sessions.add(LiveCall(session, effects))
        session.start(effects, journal, call.effects)
        return session

    def _closed(self, call_id: str, journal: Journal) -> None:
        journal.close(JOURNAL_SECONDS)
        self.sessions.remove(call_id)
        if not len(self.sessions):
            self._empty.set()

    def _beat(self) -> None:
        """Say that this controller lives, and keep its calls."""
        now = self._clock.now()
        self._try(
            lambda: self._verbs.nodes.heartbeat(
                self.owner,
                self.node,
                now,
                capacity=self._max_calls,
                draining=self._draining.is_set(),
                media_url=self._gear.media.url_of(""),
                version=__version__,
            )
        )
        self._try(self._keep_calls)

    def _keep_calls(self) -> None:
        until = self._clock.now() + timedelta(seconds=LEASE_SECONDS)
        ids = [live.session.call_id for live in self.sessions.all()]
        for call_id in self._verbs.calls.extend_lease(ids, self.owner, until) if ids else ():
            live = self.sessions.of_call(call_id)
            if live is not None and not live.session.facts.state.is_final:
                log.warning("Call has another owner, letting go", call_id=call_id)
                live.session.abandon()

    def _check_playbacks(self) -> None:
        for live in self.sessions.all():
            live.effects.leg.playback.check()

    def _reconcile(self) -> None:
        if not self._gear.switch.is_up:
            return
        for call in self._verbs.dispatch.adopt(
            self.owner, self.node, self._clock.now(), self._max_calls
        ):
            self.reconciler.take_over(self.open_session(call), call)
        self.reconciler.compare()

    def _wait_until_empty(self, seconds: float, *, or_hurry: bool) -> None:
        self._empty.clear()
        if len(self.sessions):
            waiting = [self._empty, self._hurry] if or_hurry else [self._empty]
            gevent.wait(waiting, timeout=seconds, count=1)

    def _every(self, seconds: float, work: Callable[[], object]) -> None:
        while not self._stopped.wait(seconds):
            self._try(work)

    def _try(self, work: Callable[[], object]) -> None:
        try:
            work()
        except TopCallsError as error:
            log.warning("Will be tried again", why=str(error))
        except Exception:  # noqa: BLE001 - one bad round must not end the loop
            log.exception("A round failed")

    def _watch_loop_lag(self) -> None:
        lag = metrics.loop_lag.labels("controller")
        while True:
            before = self._clock.monotonic()
            if self._stopped.wait(LOOP_LAG_SECONDS):
                return
            lag.observe(max(0.0, self._clock.monotonic() - before - LOOP_LAG_SECONDS))


def limits_of(call: ClaimedCall) -> dict[Limit, float]:
    """How long each state of this call may last, in seconds."""
    ring = call.request.ring_timeout_seconds + DIAL_GRACE_SECONDS
    return {
        Limit.DIAL: ring,
        Limit.RING: ring,
        Limit.ATTACH: ATTACH_SECONDS,
        Limit.DURATION: call.request.max_duration * 60,
        Limit.END: END_SECONDS,
    }
