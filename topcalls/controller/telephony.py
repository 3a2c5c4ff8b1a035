"""The controller process: switch, media server, dispatcher, live calls, and their end.

Start and stop order are here and nowhere else. Stopping drains: no new calls, the live ones talk on
for a while, then they are ended as `shutdown`, then everything closes.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import gevent
from gevent.event import Event

from topcalls import __version__, metrics
from topcalls.clock import Clock
from topcalls.controller.carrying import Carrying
from topcalls.controller.commands import CommandTaker
from topcalls.controller.dispatcher import Dispatcher
from topcalls.controller.gear import Gear
from topcalls.controller.hand_over import HandOver, HandOverRules
from topcalls.controller.headroom import Headroom
from topcalls.controller.leg_leases import LegLeases
from topcalls.controller.lost_switch import LostSwitch
from topcalls.controller.places import Places
from topcalls.controller.reception import Reception
from topcalls.controller.reconciler import Reconciler
from topcalls.controller.rounds import LoopWatch, attempt, every
from topcalls.controller.sessions import Sessions
from topcalls.controller.succession import Succession
from topcalls.controller.supervisor_desk import SupervisorDesk
from topcalls.controller.supervisors import Supervisors
from topcalls.controller.switch_health import LOOK_SECONDS, SwitchHealth
from topcalls.core.call_events import ShutDown
from topcalls.core.call_state import LIVE_STATES
from topcalls.errors import ConfigError, StoreUnavailable
from topcalls.log import get_logger
from topcalls.presence import Presence
from topcalls.services.calls import Calls
from topcalls.services.commands import Commands
from topcalls.services.dispatch import LEASE_SECONDS, Dispatch
from topcalls.services.inbound import Inbound
from topcalls.services.nodes import HEARTBEAT_SECONDS, Nodes, Wish
from topcalls.services.spooled_recordings import SpooledRecordings

DISPATCH_SECONDS = 0.1
COMMAND_SECONDS = 0.2
RECONCILE_SECONDS = 3.0
SUCCESSION_SECONDS = 0.5
SWEEP_SECONDS = 600.0
KEEP_SECONDS = 1.0
PLAYBACK_CHECK_SECONDS = 1.0
STOP_SECONDS = 8.0
CLAIM_SECONDS = 3.0
"""How long a claim that is under way may take to end when we stop."""

STEADY_STORE_SECONDS = 2 * HEARTBEAT_SECONDS
"""How long the store must have been there before calls are taken over from silent controllers:
after an outage of the store everybody was silent."""

log = get_logger("controller")


@dataclass(frozen=True)
class Verbs:
    """What the controller does to the database."""

    calls: Calls
    dispatch: Dispatch
    commands: Commands
    nodes: Nodes
    inbound: Inbound
    recordings: SpooledRecordings | None = None


class Telephony:
    """One controller: `owner` is its name in leases and on channels, and in `presence`, where the
    controllers of one machine see who has died."""

    def __init__(
        self,
        owner: str,
        node: str,
        max_calls: int,
        calls_per_second: float,
        verbs: Verbs,
        make_gear: Callable[[Telephony], Gear],
        clock: Clock,
        presence: Presence | None = None,
        min_idle_percent: float = 0.0,
        inbound_reserve: int = 0,
        rules: HandOverRules = HandOverRules(),  # noqa: B008 - it is frozen
    ) -> None:
        self.owner = owner
        self.node = node
        self.sessions = Sessions()
        self._max_calls = max_calls
        self._verbs = verbs
        self._clock = clock
        self._gear = make_gear(self)
        self.sessions.sides = self._gear.sides
        self._presence = presence
        self._draining = Event()
        self._loop = LoopWatch(clock)
        self.carrying = Carrying(
            owner,
            verbs.calls,
            self._gear,
            self.sessions,
            clock,
            compare_seconds=RECONCILE_SECONDS,
            leaving=self._draining,
        )

        def may_take() -> bool:
            return self.health.may_dial and not self.is_draining

        places = Places(self.sessions, lambda: self.reception, max_calls, inbound_reserve, may_take)
        self.reception = Reception(
            owner,
            node,
            verbs.inbound,
            self._gear.switch,
            clock,
            desk=SupervisorDesk(
                owner, node, verbs.calls.supervisions, self._gear.switch, self._supervisors_of
            ),
            has_room=places.has_room,
            open_session=self.carrying.open,
        )
        self.reconciler = Reconciler(
            self._gear.switch,
            self.sessions,
            clock,
            owner=owner,
            are_live=verbs.dispatch.are_live,
            adopt_seconds=rules.adopt_seconds,
            on_inbound=self.reception.look,
        )
        files = self._gear.playback_directory
        self._succession = Succession(
            owner,
            node,
            max_calls,
            verbs.dispatch,
            verbs.nodes,
            self._gear.switch,
            presence,
            clock,
            self.carrying.open,
            self._gear.spool,
            files.forget if files is not None else lambda _: None,
            rules.adopt_seconds,
        )
        self._hand_over = HandOver(owner, node, self.sessions, verbs.nodes, clock, rules.mode)
        self.health = SwitchHealth(
            self._gear.switch,
            clock,
            min_idle_percent=min_idle_percent,
            media_problem=files.problem if files is not None else str,
        )
        self._legs = LegLeases(self._gear.switch, self.sessions, clock, self._gear.leg_seconds)
        self._lost_switch = LostSwitch(self._gear.switch, self.sessions, clock)
        self._store_there_since: float | None = None
        self._wish = Wish.NOTHING
        self._dispatcher = Dispatcher(
            verbs.dispatch,
            owner,
            node,
            max_calls,
            calls_per_second,
            clock,
            live_calls=places.taken,
            undialled=lambda: self.sessions.undialled,
            headroom=Headroom(self._loop, self.sessions.has),
            may_dial=may_take,
            open_session=self.carrying.open,
        )
        self._taker = CommandTaker(verbs.commands, owner, self.sessions, clock)
        self._hurry = Event()
        self._stopped = Event()
        self._claiming = gevent.Greenlet(
            every, DISPATCH_SECONDS, self._dispatcher.tick, self._draining
        )
        self._loops: list[gevent.Greenlet] = [self._claiming]

    @property
    def is_draining(self) -> bool:
        """It takes no new calls: it stops, or an operator wants it so."""
        return self._draining.is_set() or bool(self._wish)

    def start(self) -> None:
        """Listen for audio, connect to the switch, and take calls once it is up.

        Raises `ConfigError` when the media server's port or the playback directory cannot be had.
        """
        self._listen()
        if self._gear.playback_directory is not None:
            self._gear.playback_directory.open()
        self._enter()
        self._gear.switch.start()
        self._beat()
        self._claiming.start()
        for seconds, work in (
            (COMMAND_SECONDS, self._taker.tick),
            (HEARTBEAT_SECONDS, self._beat),
            (LOOK_SECONDS, self.health.look),
            (RECONCILE_SECONDS, self._reconcile),
            (SUCCESSION_SECONDS, self._look_for_heirs_and_calls),
            (PLAYBACK_CHECK_SECONDS, self._check_playbacks),
            (SWEEP_SECONDS, self._sweep),
            *((KEEP_SECONDS, keeper.tick) for keeper in self._gear.keepers),
        ):
            self._loops.append(gevent.spawn(every, seconds, work, self._stopped))
        switch = self._gear.switch
        self._loops.append(
            gevent.spawn(self._loop.run, self._stopped, lambda: switch.events_waiting)
        )
        self._gear.recordings.start()

    def stop(self, drain_seconds: float) -> None:
        """Drain, end what still talks, and close everything."""
        self._draining.set()
        self._claiming.join(CLAIM_SECONDS)
        self._beat()
        log.info("Draining", live_calls=len(self.sessions))
        self._drain(drain_seconds)
        for live in self.sessions.all():
            live.session.post(ShutDown())
        self.carrying.wait_until_empty(STOP_SECONDS)
        self._stopped.set()
        gevent.killall(self._loops)
        self._gear.recordings.close()
        for keeper in self._gear.keepers:
            attempt(keeper.release)
        self._gear.switch.stop()
        self._gear.media.stop()
        if self._gear.listening is not None:
            self._gear.listening.stop()
        if self._gear.playback_directory is not None:
            self._gear.playback_directory.close()
        attempt(lambda: self._verbs.nodes.leave(self.owner))
        if self._presence is not None:
            self._presence.leave()

    def _drain(self, seconds: float) -> None:
        """Let calls talk on, or have another controller carry them on."""
        deadline = self._clock.monotonic() + seconds
        asked = self._wish is Wish.HAND_OVER
        look = partial(self._hand_over.look, stopping=True, asked=asked)
        while len(self.sessions) and not self._hurry.is_set():
            left = deadline - self._clock.monotonic()
            attempt(partial(look, at_once=left <= 0))
            if left <= 0:
                return
            self.carrying.wait_until_empty(min(left, SUCCESSION_SECONDS), self._hurry)

    def hurry(self) -> None:
        """Stop waiting for calls to end by themselves."""
        self._hurry.set()

    def switch_up(self) -> None:
        """The switch is (again) there: settle what its absence may have hidden."""
        log.info("Switch is up")
        self.health.came_up()
        attempt(self._tell_alive)
        attempt(self._reconcile)

    def switch_down(self, reason: str) -> None:
        """The switch cannot be reached: calls go on, no new ones are claimed."""
        metrics.esl_reconnects.inc()
        log.warning("Switch is down", why=reason)
        self.health.went_down(reason)
        attempt(self._tell_alive)

    def events_lost(self, count: int) -> None:
        """Our queue overflowed: find out from the switch what the events would have said."""
        log.error("Events of the switch were dropped", count=count)
        gevent.spawn(attempt, self.reconciler.compare)

    def _supervisors_of(self, call_id: str) -> Supervisors | None:
        live = self.sessions.of_call(call_id)
        return live.effects.supervisors if live is not None else None

    def _beat(self) -> None:
        """Say that this controller lives, and keep its calls."""
        if not (attempt(self._tell_alive) and attempt(self._keep_calls)):
            self._store_there_since = None
        elif self._store_there_since is None:
            self._store_there_since = self._clock.monotonic()
        attempt(self._legs.renew)

    def _tell_alive(self) -> None:
        """A wish to drain comes as the answer, and is confirmed at once."""
        told = self.is_draining
        self._wish = self._verbs.nodes.heartbeat(
            self.owner,
            self.node,
            self._clock.now(),
            capacity=self._max_calls,
            draining=told,
            media_url=self._gear.media.url_of(""),
            listen_url=self._gear.listening.url if self._gear.listening else None,
            version=__version__,
            switch=self.health.report,
        )
        if self.is_draining is not told:
            log.info("Drain was asked for" if self._wish else "Drain was called off")
            self._tell_alive()

    def _keep_calls(self) -> None:
        until = self._clock.now() + timedelta(seconds=LEASE_SECONDS)
        ids = [live.session.call_id for live in self.sessions.all()]
        for call_id in self._verbs.calls.extend_lease(ids, self.owner, until) if ids else ():
            live = self.sessions.of_call(call_id)
            if live is not None and live.session.facts.state in LIVE_STATES:
                log.warning("Call has another owner, letting go", call_id=call_id)
                self.carrying.lose(live)
        self._legs.rows_held()

    def _check_playbacks(self) -> None:
        if not self._gear.switch.is_up:  # nothing is heard of them, and nothing can be done
            return
        for live in self.sessions.all():
            attempt(live.effects.leg.playback.check)
        for side in list(self._gear.sides.values()):
            attempt(side.leg.playback.check)

    def _sweep(self) -> None:
        if self._gear.spool is not None:
            self._gear.spool.sweep(self._clock.now())
        if self._gear.playback_directory is not None:
            self._gear.playback_directory.sweep()

    def _reconcile(self) -> None:
        self._lost_switch.look()
        if not self._gear.switch.is_up:
            return
        if not self._draining.is_set():
            attempt(self._succession.settle_dead)
            attempt(self._take_over)
        self.reconciler.compare()

    def _look_for_heirs_and_calls(self) -> None:
        """Somebody on the line waits for every call that nobody carries."""
        if self._draining.is_set():  # `_drain` looks
            return
        self._hand_over.look(stopping=False, asked=self._wish is Wish.HAND_OVER)
        if self._gear.switch.is_up and self._adopt():
            self.reconciler.compare()

    def _adopt(self) -> int:
        """How many calls were taken; while the store is away, the heartbeat tells of it."""
        with suppress(StoreUnavailable):
            taken = self._succession.settle_dead()
            return taken + (0 if self.is_draining else self._succession.settle_released())
        return 0

    def _take_over(self) -> None:
        """Settle the calls of controllers that are silent.

        Our own calls come first: their leases may have run out while the store was away.
        """
        since = self._store_there_since
        if since is None or self._clock.monotonic() - since < STEADY_STORE_SECONDS:
            return
        self._keep_calls()
        self._succession.settle_silent()

    def _enter(self) -> None:
        """Without locks (some network file systems) the dead are known by their leases alone."""
        try:
            if self._presence is not None:
                self._presence.enter()
        except OSError as error:
            log.warning("Controllers of this machine cannot see each other", why=str(error))
            self._presence = None

    def _listen(self) -> None:
        if self._gear.listening is not None:
            self._gear.listening.start()
        try:
            self._gear.media.start()
        except OSError as error:
            raise ConfigError(
                f"The media server cannot listen: {error.strerror or error}.",
                field="media_port",
                remedy="Set media_host to an address of this machine and media_port to a free "
                "port, or to 0.",
            ) from None
