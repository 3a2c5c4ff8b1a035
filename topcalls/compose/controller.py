"""The controller process, wired: switch, media, AI and the verbs."""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib import resources

from topcalls.bridge.config import conversation_for
from topcalls.bridge.session import BridgeSession
from topcalls.clock import Clock
from topcalls.compose.sandbox import sandbox_endpoints
from topcalls.compose.services import Services, effective_from_number, open_services
from topcalls.config import Settings
from topcalls.controller.call_effects import CallEffects, Gear
from topcalls.controller.switch_player import ChannelPlayer
from topcalls.controller.telephony import Telephony, Verbs
from topcalls.esl.client import SwitchClient
from topcalls.esl.commands import Dial
from topcalls.ids import new_secret
from topcalls.media.growing_file import GrowingFilePlayback
from topcalls.media.playback import Playback
from topcalls.media.server import MediaServer
from topcalls.media.stream_chunks import StreamPlayback
from topcalls.providers.base import RealtimeModel
from topcalls.providers.openai.realtime import OpenAIRealtime
from topcalls.services.dispatch import ClaimedCall

SANDBOX_GATEWAY = "sandbox"
SANDBOX_AI_KEY = "sk-sandbox"
SWITCH_LIMIT_GRACE_SECONDS = 10
"""The switch enforces the duration of a call too, this much later than we do."""

APOLOGY_TEXT = "I am sorry. We have a technical problem, and I have to end this call. Goodbye."


@dataclass(frozen=True)
class _Switch:
    """Where the Event Socket is, and by which gateway calls leave."""

    host: str
    port: int
    password: str
    gateway: str


def build_controller(settings: Settings) -> Telephony:
    """A controller that is not started yet. Raises `ConfigError` when the sandbox it needs does
    not run, or the database has to be migrated."""
    services = open_services(settings)
    owner = f"{settings.node}.{os.getpid()}.{new_secret(4).replace('_', 'x').replace('-', 'y')}"
    return Telephony(
        owner,
        settings.node,
        settings.max_calls,
        settings.calls_per_second,
        Verbs(services.calls, services.dispatch, services.commands, services.nodes),
        lambda telephony: _gear(settings, services, telephony),
        services.clock,
    )


def _gear(settings: Settings, services: Services, telephony: Telephony) -> Gear:
    where = _switch(settings)
    model = _model(settings, services.clock)
    apology = resources.files("topcalls.bridge").joinpath("lines/apology.en.pcmu").read_bytes()

    def make_bridge(call: ClaimedCall, effects: CallEffects) -> BridgeSession:
        conversation = conversation_for(
            call.request,
            default_model=settings.realtime_model,
            apology=apology,
            apology_text=APOLOGY_TEXT,
        )
        return BridgeSession(call.call_id, conversation, model, effects, services.clock)

    def dial(call: ClaimedCall) -> Dial:
        seconds = round(call.request.max_duration * 60) + SWITCH_LIMIT_GRACE_SECONDS
        return Dial(
            channel_uuid=call.channel_uuid,
            call_id=call.call_id,
            owner=telephony.owner,
            node=telephony.node,
            gateway=where.gateway,
            number=call.phone_number,
            caller_id_number=call.from_number or effective_from_number(settings),
            ring_timeout_seconds=round(call.request.ring_timeout_seconds),
            max_duration_seconds=seconds,
        )

    switch = SwitchClient(
        where.host,
        where.port,
        where.password,
        owner=telephony.owner,
        node=telephony.node,
        on_event=telephony.sessions.route,
        on_up=lambda: telephony.switch_up(),
        on_down=lambda reason: telephony.switch_down(reason),
        clock=services.clock,
    )
    return Gear(
        switch=switch,
        media=MediaServer(
            settings.media_host, settings.media_port, settings.media_advertised_host or None
        ),
        make_playback=lambda player: _playback(settings, player, services.clock),
        make_bridge=make_bridge,
        dial=dial,
        recordings_dir=settings.effective_recordings_dir,
        clock=services.clock,
    )


def _switch(settings: Settings) -> _Switch:
    if settings.telephony_mode == "sandbox":
        esl = sandbox_endpoints(settings)["esl"]
        return _Switch(esl["host"], esl["port"], esl["password"], SANDBOX_GATEWAY)
    assert settings.esl_password is not None
    return _Switch(
        settings.esl_host,
        settings.esl_port,
        settings.esl_password.get_secret_value(),
        settings.gateway,
    )


def _model(settings: Settings, clock: Clock) -> RealtimeModel:
    if settings.ai_mode == "sandbox":
        endpoints = sandbox_endpoints(settings)
        return OpenAIRealtime(SANDBOX_AI_KEY, endpoints["openai_base_url"])
    assert settings.openai_api_key is not None
    return OpenAIRealtime(settings.openai_api_key.get_secret_value(), settings.openai_base_url)


def _playback(settings: Settings, player: ChannelPlayer, clock: Clock) -> Playback:
    if settings.playback == "stream":
        return StreamPlayback(player, clock)
    return GrowingFilePlayback(player, settings.playback_dir, "PCMU", clock)
