"""What models of any stage took: what their vendors bill."""

from __future__ import annotations

from dataclasses import astuple, dataclass


@dataclass(frozen=True, slots=True)
class TokenUsage:
    """Of one response, or of several, in tokens; of a recogniser, how much sound it was sent.

    `input_cached` of what was read was in the vendor's cache, and `input_cached_audio` of that was
    audio. `voice_characters` is text that was given to a voice of its own. What was `wasted` went
    into answers begun early and thrown away: tokens, estimated, which are in none of the others,
    and characters, which the voice was given all the same.
    """

    input_text: int = 0
    input_audio: int = 0
    input_cached: int = 0
    output_text: int = 0
    output_audio: int = 0
    input_cached_audio: int = 0
    voice_characters: int = 0
    wasted_tokens: int = 0
    wasted_characters: int = 0
    heard_ms: int = 0

    @property
    def is_waste(self) -> bool:
        """Nothing of it led to a response."""
        return self == TokenUsage(
            wasted_tokens=self.wasted_tokens, wasted_characters=self.wasted_characters
        )

    def __add__(self, other: TokenUsage) -> TokenUsage:
        pairs = zip(astuple(self), astuple(other), strict=True)
        return TokenUsage(*(one + another for one, another in pairs))
