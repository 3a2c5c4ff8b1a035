"""Which AI providers hold a call, of what was asked for and what the installation has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from topcalls.core.call_providers import SPEECH
from topcalls.core.voices import address_of
from topcalls.providers import registry
from topcalls.providers.stages import Stage
from topcalls.services.lineup import Lineup


def providers_of(request: Mapping[str, Any], lineup: Lineup) -> dict[str, str]:
    """By part of the call, its first provider: one that stands in for it is not known here."""
    mode = request.get("mode") or "realtime"
    model = request.get("model") or lineup.defaults.get(mode, "")
    known = registry.find_model(model)
    thinks = known.provider if known is not None else "openai"
    if mode != "legacy":
        return {SPEECH: thinks}
    hears = lineup.recognizers[0].partition("-")[0] if lineup.recognizers else "openai"
    speaker = address_of(request.get("voice") or "").provider
    speaks = speaker if speaker in lineup.voices else next(iter(lineup.voices), "openai")
    return {Stage.RECOGNIZER: hears, Stage.MODEL: thinks, Stage.VOICE: speaks}
