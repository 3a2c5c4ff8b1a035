"""The long-lived things that every call of a controller uses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from topcalls.bridge.parts import BridgeObserver
from topcalls.bridge.session import BridgeSession
from topcalls.clock import Clock
from topcalls.controller.call_leg import CallLeg
from topcalls.controller.call_traces import CallTraces
from topcalls.controller.cdr_spool import CDRSpool
from topcalls.controller.playback_directory import PlaybackDirectory
from topcalls.controller.recording_spool import RecordingSpool
from topcalls.controller.switch_player import ChannelPlayer
from topcalls.core.call_events import CallEvent
from topcalls.core.routing import RANG_SECONDS, Route
from topcalls.core.transfer import Destination
from topcalls.esl import commands
from topcalls.esl.client import SwitchClient
from topcalls.media.background import Background
from topcalls.media.listening_server import ListeningServer
from topcalls.media.playback import Playback
from topcalls.media.server import MediaServer
from topcalls.services.dispatch import ClaimedCall


def _no_background(_: ChannelPlayer, __: ClaimedCall) -> None:
    """The default."""


def _no_briefing(*_: Any) -> BridgeSession:
    """The default."""
    raise ValueError("nobody can be briefed here")


class Ears(Protocol):
    """Whoever hears what the switch tells of a channel's media and keys."""

    @property
    def bridge(self) -> BridgeSession | None: ...

    @property
    def leg(self) -> CallLeg: ...

    @property
    def background(self) -> Background | None: ...

    def key_pressed(self, digit: str) -> None: ...

    def held(self, is_held: bool, call_ms: int) -> None: ...

    def recording_stopped(self, path: str) -> None: ...


class Side(Ears, Protocol):
    """A further channel of a call: the target of a transfer, or a supervisor."""

    def take_event(self, event: CallEvent) -> None: ...


class Keeper(Protocol):
    """Keeps files of the switch as rows say; see `gateways.py`."""

    def tick(self) -> None:
        """One look."""

    def forget(self) -> None:
        """The switch may be another one."""

    def release(self) -> None:
        """Another controller of the node may keep them."""


@dataclass(frozen=True)
class Gear:
    """The long-lived things that every call of this controller uses. `dial` makes the command for
    a route and a channel, `routes` knows the carriers of a call. `owner` is this controller
    on channels. `spool`: where the switch writes down how channels ended; None: it does not.
    `make_briefing` makes the conversation with the target of a warm transfer. `sides`: further
    channels of calls, by their uuids. `keepers` keep files of the switch. `politeness_seconds`:
    see `core/routing.py`. `leg_seconds`: how long an answered channel stays without a word of ours
    (`leg_leases.py`). `listening`: where people hear calls, if they may. `traces`: keeps
    the messages of calls."""

    switch: SwitchClient
    media: MediaServer
    make_playback: Callable[[ChannelPlayer], Playback]
    make_bridge: Callable[[ClaimedCall, BridgeObserver], BridgeSession]
    dial: Callable[[ClaimedCall, Route, str], commands.Dial]
    routes: Callable[[ClaimedCall], tuple[Route, ...]]
    recordings: RecordingSpool
    clock: Clock
    leg_seconds: int
    playback_directory: PlaybackDirectory | None = None
    spool: CDRSpool | None = None
    make_background: Callable[[ChannelPlayer, ClaimedCall], Background | None] = _no_background
    keepers: tuple[Keeper, ...] = ()
    owner: str = ""
    make_briefing: Callable[[ClaimedCall, Destination, str, BridgeObserver], BridgeSession] = (
        _no_briefing
    )
    sides: dict[str, Side] = field(default_factory=dict)
    politeness_seconds: float = RANG_SECONDS
    listening: ListeningServer | None = None
    traces: CallTraces | None = None
