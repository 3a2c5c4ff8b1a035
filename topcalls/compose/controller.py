"""The controller process, wired from the settings."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from datetime import timedelta

from topcalls.bridge.answer_advice import Advisers
from topcalls.bridge.briefing import briefing_for
from topcalls.bridge.parts import BridgeObserver
from topcalls.bridge.session import BridgeSession
from topcalls.clock import Clock
from topcalls.compose.cassettes import Rehearsed
from topcalls.compose.conversations import Conversations
from topcalls.compose.endpoints import sandbox_endpoints
from topcalls.compose.hearing import hearing_options
from topcalls.compose.models import CallModels
from topcalls.compose.playback import playback_dir
from topcalls.compose.receivers import ourselves, private_webhooks_allowed
from topcalls.compose.services import (
    Services,
    listen_tokens,
    open_services,
    recording_store,
    result_tokens,
)
from topcalls.config import Settings
from topcalls.controller.assembly import (
    ControllerOptions,
    ListeningOptions,
    MediaOptions,
    SwitchAddress,
    TrunkOptions,
    assemble,
)
from topcalls.controller.call_traces import CallTraces
from topcalls.controller.hand_over import HandOverRules, past_of
from topcalls.controller.telephony import Telephony, Verbs
from topcalls.core.answer_instruction import MOST_BYTES
from topcalls.core.interruption import SOUND
from topcalls.core.transfer import Destination
from topcalls.services.answer_webhooks import AnswerWebhooks
from topcalls.services.booking import Booking
from topcalls.services.builtin_tools import runners
from topcalls.services.calendar_files import CalendarFiles
from topcalls.services.customer_requests import http_clients
from topcalls.services.customer_tools import http_client
from topcalls.services.dispatch import ClaimedCall
from topcalls.services.tool_runner import ToolRunners

SANDBOX_GATEWAY = "sandbox"


def build_controller(settings: Settings) -> Telephony:
    """A controller that is not started yet. Raises `ConfigError` when the sandbox it needs does
    not run, or the database has to be migrated."""
    services = open_services(settings)
    models = CallModels(settings, services.clock)
    services.catalogue.log_endings()
    options = ControllerOptions(
        owner=f"{settings.node}.{os.getpid()}.{secrets.token_hex(4)}",
        node=settings.node,
        max_calls=settings.max_calls,
        calls_per_second=settings.calls_per_second,
        switch=_switch(settings),
        media=_media(settings),
        make_bridge=_bridge_maker(settings, services, models),
        make_briefing=_briefing_maker(settings, services.clock, models),
        trunks=TrunkOptions(
            services.carriers,
            settings.effective_switch_dir,
            settings.sip_profile,
            services.softphones,
        ),
        presence_dir=settings.data_dir.resolve() / "controllers",
        cdr_dir=settings.effective_cdr_dir,
        min_idle_percent=settings.min_idle_cpu,
        hand_over=HandOverRules(settings.adopt_seconds, settings.hand_over),
        inbound_reserve=settings.inbound_reserve,
        recording_store=recording_store(settings, services.clock),
        recording_pause_seconds=settings.recording_pause_seconds,
        politeness_seconds=settings.politeness_seconds,
        listening=ListeningOptions(
            listen_tokens(settings),
            settings.listen_host,
            settings.listen_port,
            settings.listen_url,
        ),
        traces=CallTraces(
            settings.traces_dir,
            settings.trace,
            timedelta(days=settings.trace_days),
            services.clock,
            whole=settings.trace_whole,
        ),
    )
    verbs = Verbs(
        services.calls,
        services.dispatch,
        services.commands,
        services.nodes,
        services.inbound,
        services.spooled_recordings,
    )
    return assemble(options, verbs, services.clock)


def _switch(settings: Settings) -> SwitchAddress:
    if settings.telephony_mode == "sandbox":
        esl = sandbox_endpoints(settings)["esl"]
        return SwitchAddress(esl["host"], esl["port"], esl["password"], SANDBOX_GATEWAY)
    assert settings.esl_password is not None
    return SwitchAddress(
        settings.esl_host,
        settings.esl_port,
        settings.esl_password.get_secret_value(),
        settings.gateway,
    )


def _media(settings: Settings) -> MediaOptions:
    return MediaOptions(
        host=settings.media_host,
        port=settings.media_port,
        advertised_host=settings.media_advertised_host or None,
        playback=settings.playback,
        playback_dir=playback_dir(settings).resolve(),
        recordings_dir=settings.effective_recording_spool_dir,
    )


def _bridge_maker(
    settings: Settings, services: Services, models: CallModels
) -> Callable[[ClaimedCall, BridgeObserver], BridgeSession]:
    hearing = hearing_options(settings)
    if hearing.judge == SOUND and hearing.turn_model is not None:
        hearing.turn_model.warm_up()
    clock, tools = services.clock, _tool_runners(settings, services)
    judge, deciders = models.answer_judge(), _deciders(settings, services)
    conversations = Conversations(settings, services, hearing)

    def make(call: ClaimedCall, observer: BridgeObserver) -> BridgeSession:
        conversation = conversations.of(call, clock.now())
        past = past_of(call, clock.now())
        model = models.of(call.request)
        return BridgeSession(
            call.call_id,
            conversation,
            model,
            observer,
            clock,
            past=past,
            run_tool=tools.of(call),
            look_up=services.call_knowledge.of(call),
            advisers=Advisers(judge, deciders.of(call)),
        )

    return make


def _deciders(settings: Settings, services: Services) -> AnswerWebhooks:
    clients = http_clients(MOST_BYTES, private_webhooks_allowed(settings), ourselves(settings))
    return AnswerWebhooks(services.db, services.clock, clients)


def _tool_runners(settings: Settings, services: Services) -> ToolRunners:
    db, clock, calls = services.db, services.clock, services.calls
    clients = http_client(private_webhooks_allowed(settings), ourselves(settings))
    files = CalendarFiles(settings.effective_calendars_dir, clock)
    booking = Booking(db, clock, files, clients)
    return ToolRunners(
        db,
        clock,
        calls.tools,
        clients,
        result_tokens(settings),
        settings.effective_public_url,
        builtin=runners(
            calls,
            services.call_placement,
            services.catalogue,
            services.do_not_call,
            booking,
            services.call_knowledge,
            services.campaign_callbacks,
            clock,
        ),
        rehearsed=Rehearsed(settings),
    )


def _briefing_maker(
    settings: Settings, clock: Clock, models: CallModels
) -> Callable[[ClaimedCall, Destination, str, BridgeObserver], BridgeSession]:

    def make(
        call: ClaimedCall, target: Destination, summary: str, observer: BridgeObserver
    ) -> BridgeSession:
        conversation = briefing_for(
            call.request,
            target,
            summary,
            default_model=models.default_of(call.request),
            in_band_keys=settings.in_band_keys,
        )
        return BridgeSession(call.call_id, conversation, models.of(call.request), observer, clock)

    return make
