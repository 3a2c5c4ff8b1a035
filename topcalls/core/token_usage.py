"""What a model read and wrote, in tokens: what its vendor bills."""

from __future__ import annotations

from dataclasses import astuple, dataclass


@dataclass(frozen=True, slots=True)
class TokenUsage:
    """Tokens of one response, or of several.

    `input_cached` of what was read was in the vendor's cache, and `input_cached_audio` of that was
    audio.
    """

    input_text: int = 0
    input_audio: int = 0
    input_cached: int = 0
    output_text: int = 0
    output_audio: int = 0
    input_cached_audio: int = 0

    def __add__(self, other: TokenUsage) -> TokenUsage:
        pairs = zip(astuple(self), astuple(other), strict=True)
        return TokenUsage(*(one + another for one, another in pairs))
