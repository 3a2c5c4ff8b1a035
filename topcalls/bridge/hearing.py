"""How a call hears: by whose ears, and what is done about the agent's own voice coming back."""

from __future__ import annotations

from dataclasses import dataclass, field

from topcalls.audio.vad import VadRules
from topcalls.bridge.local_ears import LocalEarsPlan
from topcalls.bridge.own_voice import EchoPlan
from topcalls.core.call_request import CallRequest
from topcalls.core.ears import LOCAL, SERVER, are_local
from topcalls.log import get_logger
from topcalls.providers.base import Ears

HANG_MS = 250
"""Silence after which our own ears say that a sound is over."""

log = get_logger(__name__)


@dataclass(frozen=True)
class HearingPlan:
    """`ears` None: the model's, or the recogniser's."""

    ears: LocalEarsPlan | None = None
    echo: EchoPlan = field(default_factory=EchoPlan)


@dataclass(frozen=True)
class HearingOptions:
    """What an installation has. `ears`: the setting; `installed`: there are ears of our own;
    `echo`: what is done where they are used."""

    ears: str = SERVER
    installed: bool = False
    echo: EchoPlan = field(default_factory=EchoPlan)

    def plan(self, request: CallRequest, model_ears: Ears) -> HearingPlan:
        """How this call hears; `model_ears` are those that it would use otherwise."""
        asked = request.interruption.ears
        if asked == LOCAL and not self.installed:
            log.error("A call asks for local ears, and they are not installed")
        if not are_local(asked, self.ears, request.mode, installed=self.installed):
            return HearingPlan()
        rules = VadRules(threshold=model_ears.threshold, hang_ms=HANG_MS)
        always = request.mode != "legacy"
        return HearingPlan(LocalEarsPlan(rules, model_ears.silence_ms, always=always), self.echo)
