"""How a call hears: by whose ears, and what is done about the agent's own voice coming back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from topcalls.audio.formats import G711Codec
from topcalls.audio.vad import VadRules
from topcalls.bridge.local_ears import LocalEarsPlan
from topcalls.bridge.own_voice import EchoPlan
from topcalls.core.call_request import CallRequest
from topcalls.core.ears import LOCAL, SERVER, are_local
from topcalls.core.interruption import RULES, SOUND
from topcalls.log import get_logger
from topcalls.providers.base import Ears

HANG_MS = 250
"""Silence after which our own ears say that a sound is over."""

log = get_logger(__name__)


class TurnModel(Protocol):
    """Hears whether somebody who pauses has finished."""

    def ask(self, audio: bytes, codec: G711Codec, told: Callable[[float], None]) -> bool:
        """Ask about sound that ends with the pause. `told` gets how likely (0 to 1) they have
        finished, late or never. False: it cannot be asked now."""
        ...

    def warm_up(self) -> None:
        """Load it now, and not with the first question."""
        ...


@dataclass(frozen=True)
class HearingPlan:
    """`ears` None: the model's, or the recogniser's. `turn_model` None: words and silence tell
    alone that a turn is over."""

    ears: LocalEarsPlan | None = None
    echo: EchoPlan = field(default_factory=EchoPlan)
    turn_model: TurnModel | None = None


@dataclass(frozen=True)
class HearingOptions:
    """What an installation has. `ears`: the setting; `installed`: there are ears of our own;
    `echo`: what is done where they are used; `judge` of `core.interruption` decides that a turn is
    over where a call does not say, with `turn_model` if there is one."""

    ears: str = SERVER
    installed: bool = False
    echo: EchoPlan = field(default_factory=EchoPlan)
    judge: str = RULES
    turn_model: TurnModel | None = None

    def plan(self, request: CallRequest, model_ears: Ears) -> HearingPlan:
        """How this call hears; `model_ears` are those that it would use otherwise."""
        asked = request.interruption.ears
        if asked == LOCAL and not self.installed:
            log.error("A call asks for local ears, and they are not installed")
        if not are_local(asked, self.ears, request.mode, installed=self.installed):
            return HearingPlan(turn_model=self._turn_model(request))
        rules = VadRules(threshold=model_ears.threshold, hang_ms=HANG_MS)
        always = request.mode != "legacy"
        plan = LocalEarsPlan(rules, model_ears.silence_ms, always=always)
        return HearingPlan(plan, self.echo, self._turn_model(request))

    def _turn_model(self, request: CallRequest) -> TurnModel | None:
        asked = request.interruption.judge
        if asked == SOUND and self.turn_model is None:
            log.error("A call asks for an end-of-turn model, and none is installed")
        return self.turn_model if (asked or self.judge) == SOUND else None
