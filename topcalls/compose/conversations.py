"""How the conversation of a call is held here: what it asks for, and this installation's part."""

from __future__ import annotations

from datetime import datetime
from importlib import resources

from topcalls.bridge.config import ConversationConfig, conversation_for
from topcalls.bridge.hearing import HearingOptions
from topcalls.compose.models import default_filler, default_model
from topcalls.compose.services import Services
from topcalls.config import Settings
from topcalls.core.callbacks import zone_of
from topcalls.services.call_views import ClaimedCall

APOLOGY_TEXT = "I am sorry. We have a technical problem, and I have to end this call. Goodbye."


class Conversations:
    """Makes the settings of conversations. `hearing`: see `compose.hearing`."""

    def __init__(self, settings: Settings, services: Services, hearing: HearingOptions) -> None:
        self._settings = settings
        self._services = services
        self._hearing = hearing
        lines = resources.files("topcalls.bridge").joinpath("lines/apology.en.pcmu")
        self._apology = lines.read_bytes()

    def of(self, call: ClaimedCall, now: datetime) -> ConversationConfig:
        """The conversation of a call that is held at this moment."""
        settings, services = self._settings, self._services
        local = now.astimezone(zone_of(call.other_number or call.phone_number))
        return conversation_for(
            call.request,
            default_model=default_model(settings, call.request.mode),
            today=local.date(),
            now=local,
            apology=self._apology,
            apology_text=APOLOGY_TEXT,
            in_band_keys=settings.in_band_keys,
            show_keys=settings.show_keys,
            filler=default_filler(settings, call.request.mode),
            bases=services.call_knowledge.outlines(call),
            hearing=self._hearing,
            opt_out=services.calls.opt_outs.plan_of(call),
            inbound=call.is_inbound,
        )
