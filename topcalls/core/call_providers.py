"""By which AI providers a call was held, and which of them failed, of what its end says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

SPEECH: Final = "speech_to_speech"
"""The one part of a call whose model hears and speaks by itself; a chain has those of
`providers.stages.Stage`."""


def failed_provider(parts: Mapping[str, str], detail: str) -> str | None:
    """The provider of a call that failed. `parts`: who did what; `detail`: what the end of the call
    says, which begins with the part of a chain that failed ("recognizer: unreachable"). None: it
    does not tell which."""
    named = parts.get(detail.partition(":")[0])
    if named is not None:
        return named
    everybody = set(parts.values())
    return everybody.pop() if len(everybody) == 1 else None
