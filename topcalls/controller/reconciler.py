"""What does the switch really have? Asked after every (re)connect and every few seconds.

Events are hints, the switch's channels are the truth. A call whose channel is gone gets the event
that was lost, through its own session: nobody writes a state from here. A channel whose call is
over is hung up. Each repair is counted by its kind.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from enum import StrEnum

import orjson
from gevent.lock import BoundedSemaphore

from topcalls import metrics
from topcalls.clock import Clock
from topcalls.controller.channel_look import HELD, look_at
from topcalls.controller.sessions import LiveCall, Sessions
from topcalls.core.call_events import Answered, BridgeFailed, OwnerLost, Rang
from topcalls.core.call_state import State
from topcalls.errors import StoreUnavailable, SwitchError
from topcalls.esl import commands
from topcalls.esl.client import SwitchClient
from topcalls.esl.errors import CommandRefused
from topcalls.log import get_logger

GRACE_SECONDS = 5.0
"""How long a channel must be missing before its call counts as lost: the hang-up event that
explains it may be on its way. A dial that the switch does not know of gets this on top of its
originate time-out: until then its phone may still begin to ring."""

ADOPT_SECONDS = 60.0
"""For how long somebody may have been on the line with nobody there, and is still talked to."""

_RINGS = ("RINGING", "EARLY")
_BEFORE_THE_ANSWER = (State.DISPATCHING, State.RINGING)
_TALKING = (State.ANSWERED, State.IN_PROGRESS)
_CONNECTED = (*_TALKING, State.TRANSFERRED)
_UNDEFINED = "_undef_"

Channels = Mapping[str, Mapping[str, str]]

log = get_logger("controller.reconciler")


class Disagreement(StrEnum):
    """Who knew what; the label of the metric."""

    ANSWER_UNHEARD = "answer_unheard"
    HOLD_UNHEARD = "hold_unheard"
    CHANNEL_GONE = "channel_gone"
    DIAL_UNKNOWN = "dial_unknown"
    BRIDGE_GONE = "bridge_gone"
    ORPHAN_CHANNEL = "orphan_channel"
    OWNER_DEAD = "owner_dead"
    ADOPTED = "adopted"
    NEVER_DIALLED = "never_dialled"


class Reconciler:
    """Compares calls with the switch's channels.

    `owner` is this controller on channels. `are_live` tells of channel uuids and call ids whether
    their calls are live, and leaves out those the database does not know. `on_inbound` hears of
    channels that came in and belong to no call of this controller.
    """

    def __init__(
        self,
        switch: SwitchClient,
        sessions: Sessions,
        clock: Clock,
        *,
        owner: str,
        are_live: Callable[[Collection[str]], Mapping[str, bool]],
        adopt_seconds: float = ADOPT_SECONDS,
        on_inbound: Callable[[Collection[str]], object] = len,
    ) -> None:
        self._switch = switch
        self._sessions = sessions
        self._clock = clock
        self._owner = owner
        self._are_live = are_live
        self._adopt_seconds = adopt_seconds
        self._on_inbound = on_inbound
        self._missing_since: dict[str, float] = {}
        self._without_bridge: set[str] = set()
        self._suspects: set[str] = set()
        self._named: dict[str, str] = {}
        self._one_at_a_time = BoundedSemaphore(1)

    def compare(self) -> int:
        """One comparison; returns how many disagreements were repaired."""
        with self._one_at_a_time:
            try:
                channels = self._channels()
            except SwitchError as error:
                log.warning("Channels could not be compared", why=str(error))
                return 0
            repaired = sum(self._compare_call(live, channels) for live in self._sessions.all())
            known = {live.effects.channel_uuid for live in self._sessions.all()}
            self._missing_since = {
                uuid: since for uuid, since in self._missing_since.items() if uuid in known
            }
            self._on_inbound(
                [uuid for uuid in channels if self._is_unknown_inbound(channels, uuid)]
            )
            return repaired + self._compare_bridges() + self._hang_up_orphans(channels)

    def _is_unknown_inbound(self, channels: Channels, uuid: str) -> bool:
        inbound = channels[uuid].get("direction") == "inbound"
        return inbound and not self._sessions.owns_channel(uuid)

    # --- calls without a channel, and channels that know more

    def _compare_call(self, live: LiveCall, channels: Channels) -> bool:
        facts, uuid = live.session.facts, live.effects.channel_uuid
        if facts.state.is_final or not facts.dialled:
            return False
        if uuid in channels:
            self._missing_since.pop(uuid, None)
            return self._catch_up(live, channels[uuid])
        missing = self._clock.monotonic() - self._missing_since.setdefault(
            uuid, self._clock.monotonic()
        )
        if missing < self._patience(live) or self._exists(uuid):
            return False
        del self._missing_since[uuid]
        is_dial = facts.state is State.DISPATCHING
        kind = Disagreement.DIAL_UNKNOWN if is_dial else Disagreement.CHANNEL_GONE
        _count(kind, live)
        live.effects.channel_gone()
        return True

    def _patience(self, live: LiveCall) -> float:
        """How long this call's channel may be missing."""
        if live.session.facts.state is not State.DISPATCHING:
            return GRACE_SECONDS
        since_dial = 0.0
        if live.dialled_at is not None:  # by a controller that died
            since_dial = (self._clock.now() - live.dialled_at).total_seconds()
        return max(0.0, live.ring_seconds + GRACE_SECONDS - since_dial)

    def _catch_up(self, live: LiveCall, channel: Mapping[str, str]) -> bool:
        """What this call's lost events would have told."""
        state = live.session.facts.state
        if state in _CONNECTED:
            return self._follow_hold(live, channel.get("callstate") == HELD)
        if state not in _BEFORE_THE_ANSWER:
            return False
        uuid, is_taken_over = live.effects.channel_uuid, live.dialled_at is not None
        if channel.get("callstate") == "ACTIVE":
            look = look_at(self._switch, uuid)
            if look is None:  # gone meanwhile, or asked again
                return False
            _count(Disagreement.ANSWER_UNHEARD, live)
            live.effects.leg.answered(look.codec, keys_in_band=look.keys_in_band)
            waited = is_taken_over and look.answered_ago > self._adopt_seconds
            unheard = OwnerLost(live.dialled_at)  # who picked up after that heard nobody
            live.session.post(unheard if waited else Answered(look.answered_ago))
            if state is State.DISPATCHING and is_taken_over:
                take_channel(self._switch, uuid, self._owner)
            return True
        if is_taken_over and state is State.DISPATCHING and channel.get("callstate") in _RINGS:
            _count(Disagreement.OWNER_DEAD, live)
            take_channel(self._switch, uuid, self._owner)
            live.session.post(Rang())
            return True
        return False

    def _follow_hold(self, live: LiveCall, is_held: bool) -> bool:
        """Whether the far end holds the call, where it is not as we were told."""
        hold = live.effects.hold
        if is_held is hold.is_held:
            return False
        look = look_at(self._switch, live.effects.channel_uuid)
        if look is None or look.is_held is hold.is_held:  # it was told meanwhile
            return False
        _count(Disagreement.HOLD_UNHEARD, live)
        hold.told(look.is_held, round(look.answered_ago * 1000))
        return True

    # --- calls without a conversation

    def _compare_bridges(self) -> int:
        """Two comparisons in a row: the end of a conversation may be on its way."""
        gone = {
            live.session.call_id: live
            for live in self._sessions.all()
            if live.session.facts.state in _TALKING
            and live.effects.bridge is not None
            and live.effects.bridge.join(0)
        }
        certain = self._without_bridge & set(gone)
        for call_id in certain:
            _count(Disagreement.BRIDGE_GONE, gone[call_id])
            failed = BridgeFailed("The conversation ended without a word.", "internal_error")
            gone[call_id].session.post(failed)
        self._without_bridge = set(gone) - certain
        return len(certain)

    # --- channels without a call

    def _hang_up_orphans(self, channels: Channels) -> int:
        """Channels whose call is over, seen so by two comparisons in a row: the first one may have
        seen a hang-up that was under way."""
        try:
            orphans = self._orphans(channels)
        except (StoreUnavailable, SwitchError) as error:
            log.warning("Orphan channels could not be looked for", why=str(error))
            return 0
        ended = [uuid for uuid in orphans & self._suspects if self._hang_up(uuid)]
        self._suspects = orphans
        return len(ended)

    def _orphans(self, channels: Channels) -> set[str]:
        """A channel belongs to a call by its uuid, or by the variable that every dial sets. What
        belongs to no call of this database is somebody else's."""
        sessions = {
            live.effects.channel_uuid: live.session.facts.state for live in self._sessions.all()
        }
        over = {uuid for uuid in channels if uuid in sessions and sessions[uuid].is_final}
        others = [uuid for uuid in channels if uuid not in sessions]
        live = dict(self._are_live(others)) if others else {}
        self._named = {uuid: name for uuid, name in self._named.items() if uuid in channels}
        named = {uuid: self._call_id_on(uuid) for uuid in others if uuid not in live}
        by_name = self._are_live({name for name in named.values() if name}) if named else {}
        live |= {uuid: by_name[name] for uuid, name in named.items() if name in by_name}
        return over | {uuid for uuid, is_live in live.items() if not is_live}

    def _call_id_on(self, uuid: str) -> str:
        if uuid not in self._named:
            try:
                value = self._switch.api(commands.uuid_getvar(uuid, "tc_call_id"))
            except CommandRefused:
                return ""
            self._named[uuid] = "" if value == _UNDEFINED else value
        return self._named[uuid]

    def _hang_up(self, uuid: str) -> bool:
        try:
            self._switch.api(commands.uuid_kill(uuid, "NORMAL_CLEARING"))
        except SwitchError:  # gone, or looked at again next time
            return False
        log.warning("Channel without a live call was hung up", channel=uuid)
        metrics.disagreements.labels(Disagreement.ORPHAN_CHANNEL).inc()
        return True

    # --- the switch

    def _channels(self) -> dict[str, dict[str, str]]:
        """What the switch shows: up to a second old."""
        answer = orjson.loads(self._switch.api(commands.show_channels()))
        return {row["uuid"]: row for row in answer.get("rows", [])}

    def _exists(self, uuid: str) -> bool:
        """What is so at this moment; True where nobody can tell."""
        try:
            return self._switch.api(commands.uuid_exists(uuid)) != "false"
        except SwitchError:
            return True


def take_channel(switch: SwitchClient, channel_uuid: str, owner: str) -> None:
    """Have the events of a channel sent to `owner` from now on."""
    switch.post(commands.uuid_setvar(channel_uuid, "tc_owner", owner))


def _count(kind: Disagreement, live: LiveCall) -> None:
    metrics.disagreements.labels(kind).inc()
    log.warning("Disagreement about a call", kind=kind.value, call_id=live.session.call_id)
