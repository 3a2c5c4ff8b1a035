"""A controller put together from plain values: switch, media server, playback, bridges."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from topcalls.bridge.parts import BridgeObserver
from topcalls.bridge.session import BridgeSession
from topcalls.clock import Clock
from topcalls.controller.call_traces import CallTraces
from topcalls.controller.cdr_spool import CDRSpool
from topcalls.controller.gateways import GatewayKeeper
from topcalls.controller.gear import Gear, Keeper
from topcalls.controller.hand_over import HandOverRules
from topcalls.controller.leg_limits import lease_seconds, longest
from topcalls.controller.listener_desk import ListenerDesk
from topcalls.controller.playback_directory import PlaybackDirectory
from topcalls.controller.recording_spool import DEFAULT_PAUSE_SECONDS, RecordingSpool
from topcalls.controller.softphones import SoftphoneKeeper
from topcalls.controller.switch_files import SwitchFiles
from topcalls.controller.switch_player import ChannelPlayer
from topcalls.controller.telephony import Telephony, Verbs
from topcalls.controller.traced_switch import note_command, note_event
from topcalls.core import gateways, softphones
from topcalls.core.call_request import DEFAULT_BACKGROUND_GAIN
from topcalls.core.dead_line import seconds_without_audio
from topcalls.core.routing import RANG_SECONDS, Route
from topcalls.core.transfer import Destination
from topcalls.core.trunks import dial_number
from topcalls.esl.client import GATEWAY_STATE, SwitchClient
from topcalls.esl.commands import Dial
from topcalls.esl.parser import ESLEvent
from topcalls.media.background import Background, SentFiles, SharedFiles, layers_of
from topcalls.media.growing_file import GrowingFilePlayback
from topcalls.media.listening_server import ListeningServer
from topcalls.media.playback import Playback
from topcalls.media.server import MediaServer
from topcalls.media.stream_chunks import StreamPlayback
from topcalls.presence import Presence
from topcalls.services.carriers import Carriers
from topcalls.services.dispatch import ClaimedCall
from topcalls.services.listening import ListenTokens
from topcalls.services.recording_store import RecordingStore
from topcalls.services.softphones import Softphones


@dataclass(frozen=True)
class SwitchAddress:
    """Where the Event Socket is, and by which gateway calls leave."""

    host: str
    port: int
    password: str
    gateway: str


@dataclass(frozen=True)
class MediaOptions:
    """Where the switch reaches us, and how speech reaches the caller.

    `advertised_host` None means `host`. `playback_dir` and `recordings_dir`, where recordings are
    written, are seen by the switch at the same path.
    """

    host: str
    port: int
    advertised_host: str | None
    playback: Literal["file", "stream"]
    playback_dir: Path
    recordings_dir: Path


@dataclass(frozen=True)
class ListeningOptions:
    """Where people hear calls; `url`: see `ListeningServer`."""

    tokens: ListenTokens
    host: str = "127.0.0.1"
    port: int = 0
    url: str = ""


@dataclass(frozen=True)
class TrunkOptions:
    """What the switch learns by files in `directory`, which it sees and includes: carriers, in its
    SIP profile `profile`, and softphones; None leaves those alone."""

    carriers: Carriers
    directory: Path
    profile: str = "external"
    softphones: Softphones | None = None


@dataclass(frozen=True)
class ControllerOptions:
    """One controller. `owner` is its name in leases and on channels; `make_bridge` makes the AI
    conversation of a call, which reports to the observer, and `make_briefing` that with the target
    of a warm transfer. `presence_dir`: where the controllers of this machine see who of them has
    died. `min_idle_percent`: of the switch's processors.
    `cdr_dir`: where the switch writes down how channels ended, see `cdr_spool.py`. `trunks`: how
    carriers' gateways reach the switch; None leaves its gateways alone. `inbound_reserve`: places
    that calls out leave free for calls in. `recording_store`: where recordings are brought; None
    leaves them where they are. `recording_pause_seconds`: the longest pause of one.
    `politeness_seconds`: of ringing, after which no other carrier dials. `listening` None: nobody
    listens to calls. `traces` None: no messages of calls are kept."""

    owner: str
    node: str
    max_calls: int
    calls_per_second: float
    switch: SwitchAddress
    media: MediaOptions
    make_bridge: Callable[[ClaimedCall, BridgeObserver], BridgeSession]
    make_briefing: Callable[[ClaimedCall, Destination, str, BridgeObserver], BridgeSession]
    presence_dir: Path | None = None
    cdr_dir: Path | None = None
    trunks: TrunkOptions | None = None
    min_idle_percent: float = 0.0
    inbound_reserve: int = 0
    recording_store: RecordingStore | None = None
    recording_pause_seconds: float = DEFAULT_PAUSE_SECONDS
    hand_over: HandOverRules = HandOverRules()  # noqa: RUF009 - it is frozen
    politeness_seconds: float = RANG_SECONDS
    listening: ListeningOptions | None = None
    traces: CallTraces | None = None


def assemble(options: ControllerOptions, verbs: Verbs, clock: Clock) -> Telephony:
    """A controller that is not started yet."""
    return Telephony(
        options.owner,
        options.node,
        options.max_calls,
        options.calls_per_second,
        verbs,
        lambda telephony: _gear(options, verbs, telephony, clock),
        clock,
        Presence(options.presence_dir, options.owner) if options.presence_dir else None,
        min_idle_percent=options.min_idle_percent,
        inbound_reserve=options.inbound_reserve,
        rules=options.hand_over,
    )


def _gear(options: ControllerOptions, verbs: Verbs, telephony: Telephony, clock: Clock) -> Gear:
    media = options.media
    files = PlaybackDirectory(media.playback_dir, options.owner, clock)
    switch = SwitchClient(
        options.switch.host,
        options.switch.port,
        options.switch.password,
        owner=options.owner,
        node=options.node,
        on_event=lambda event: _take_event(event, telephony, keeper),
        on_up=lambda: _switch_up(telephony, keepers),
        on_down=telephony.switch_down,
        on_overflow=telephony.events_lost,
        on_command=lambda command: note_command(telephony.sessions, command),
        stream_playback=media.playback == "stream",
        clock=clock,
    )
    keeper = _keeper(options, switch, clock)
    phones = _phone_keeper(options, switch, clock)
    keepers = tuple(one for one in (keeper, phones) if one is not None)
    return Gear(
        owner=options.owner,
        switch=switch,
        keepers=keepers,
        media=MediaServer(media.host, media.port, media.advertised_host, clock=clock),
        make_playback=lambda player: _playback(options, files.path, player, clock),
        make_background=lambda player, call: _background(options, player, call),
        make_bridge=options.make_bridge,
        make_briefing=options.make_briefing,
        dial=partial(_dial, options),
        routes=partial(_routes, options),
        recordings=_recordings(options, verbs, telephony, switch, clock),
        clock=clock,
        leg_seconds=lease_seconds(options.hand_over.adopt_seconds),
        playback_directory=files if media.playback == "file" else None,
        spool=CDRSpool(options.cdr_dir) if options.cdr_dir else None,
        politeness_seconds=options.politeness_seconds,
        listening=_listening(options.listening, telephony, clock),
        traces=options.traces,
    )


def _listening(
    options: ListeningOptions | None, telephony: Telephony, clock: Clock
) -> ListeningServer | None:
    if options is None:
        return None
    desk = ListenerDesk(options.tokens, telephony.sessions, clock)
    return ListeningServer(options.host, options.port, options.url, desk.admit)


def _recordings(
    options: ControllerOptions,
    verbs: Verbs,
    telephony: Telephony,
    switch: SwitchClient,
    clock: Clock,
) -> RecordingSpool:
    return RecordingSpool(
        options.media.recordings_dir,
        options.recording_store,
        verbs.recordings,
        switch,
        clock,
        owner=options.owner,
        node=options.node,
        pause_limit=options.recording_pause_seconds,
        is_live=lambda call_id: telephony.sessions.of_call(call_id) is not None,
    )


def _keeper(options: ControllerOptions, switch: SwitchClient, clock: Clock) -> GatewayKeeper | None:
    trunks = options.trunks
    if trunks is None:
        return None
    return GatewayKeeper(
        switch,
        trunks.carriers,
        SwitchFiles(trunks.directory, gateways.FOLDERS, gateways.FILE_PREFIX),
        clock,
        owner=options.owner,
        node=options.node,
        profile=trunks.profile,
    )


def _phone_keeper(
    options: ControllerOptions, switch: SwitchClient, clock: Clock
) -> SoftphoneKeeper | None:
    trunks = options.trunks
    if trunks is None or trunks.softphones is None:
        return None
    return SoftphoneKeeper(
        switch,
        trunks.softphones,
        SwitchFiles(trunks.directory, (softphones.FOLDER,), softphones.FILE_PREFIX),
        clock,
        owner=options.owner,
        node=options.node,
    )


def _take_event(event: ESLEvent, telephony: Telephony, keeper: GatewayKeeper | None) -> None:
    note_event(telephony.sessions, event)
    if keeper is not None and event.subclass == GATEWAY_STATE:
        keeper.heard(event)
    elif not telephony.sessions.route(event):
        telephony.reception.heard(event)


def _switch_up(telephony: Telephony, keepers: tuple[Keeper, ...]) -> None:
    for keeper in keepers:
        keeper.forget()
    telephony.switch_up()


def _playback(
    options: ControllerOptions, directory: Path, player: ChannelPlayer, clock: Clock
) -> Playback:
    if options.media.playback == "stream":
        return StreamPlayback(player, clock)
    return GrowingFilePlayback(player, directory, "PCMU", clock)


def _background(
    options: ControllerOptions, player: ChannelPlayer, call: ClaimedCall
) -> Background | None:
    sound, gain = call.request.background_audio, call.request.background_audio_gain
    if sound is None:
        return None
    shared = options.media.playback == "file"
    source = SharedFiles(options.media.playback_dir / "background") if shared else SentFiles()
    return Background(player, layers_of(sound, gain or DEFAULT_BACKGROUND_GAIN), source)


def _dial(options: ControllerOptions, call: ClaimedCall, route: Route, channel_uuid: str) -> Dial:
    lease = lease_seconds(options.hand_over.adopt_seconds)
    return Dial(
        channel_uuid=channel_uuid,
        call_id=call.call_id,
        owner=options.owner,
        node=options.node,
        gateway=route.gateway,
        number=dial_number(call.phone_number, route.number_format, route.number_prefix),
        caller_id_number=call.from_number or "",
        ring_timeout_seconds=round(call.request.ring_timeout_seconds),
        max_duration_seconds=min(longest(call), lease),
        seconds_without_audio=seconds_without_audio(call.request.silence_timeout_seconds),
    )


def _routes(options: ControllerOptions, call: ClaimedCall) -> tuple[Route, ...]:
    """The account's carriers, or the installation's own gateway for an account that has none. A
    carrier that was asked for and is gone is never replaced by another."""
    if call.routes or call.request.carrier_id is not None or not options.switch.gateway:
        return call.routes
    return (Route(None, "", options.switch.gateway),)
