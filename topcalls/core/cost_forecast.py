"""What a call will cost, before it is made: what it takes if it lasts for a given time.

A forecast is arithmetic on how people talk on the telephone, and says no more than that. Tokens are
counted as OpenAI counts them: 10 a second of a caller's sound, 20 a second of the agent's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from topcalls.core.token_usage import TokenUsage

CALLER_TOKENS = 10
AGENT_TOKENS = 20
"""Audio tokens of a second."""

CALLER_SHARE = AGENT_SHARE = 0.5
"""Of the time that each side speaks: together all of it, which is more than most do."""

TURNS_PER_MINUTE = 6
WORDS_TOKENS = 4
"""Text tokens of a second of speech: about 2.7 words."""

SENTENCE_SECONDS, READING_TOKENS = 4, 60
"""How long a sentence is that is read aloud, and what saying how it is to be read takes."""

CHARACTERS = 15
"""Of a second of speech."""

CHARACTERS_OF_TOKEN = 4
PROMPT_TOKENS = 700
"""What we add to a customer's instructions: manners, tools, the date."""


@dataclass(frozen=True)
class Makeup:
    """The models of a call. Only a chain has a `voice`, which `reads_aloud` if it is a model of
    speech to speech."""

    model: str
    transcriber: str | None
    voice: str | None = None
    instructions_length: int = 0
    reads_aloud: bool = False


def forecast(makeup: Makeup, seconds: int) -> dict[str, TokenUsage]:
    """What each model takes in a call that is talked for so long."""
    turns = max(1, math.ceil(seconds / 60 * TURNS_PER_MINUTE))
    prompt = PROMPT_TOKENS + makeup.instructions_length // CHARACTERS_OF_TOKEN
    caller, agent = seconds * CALLER_SHARE, seconds * AGENT_SHARE
    spoken = makeup.voice is None
    usage = _realtime(turns, prompt, caller, agent) if spoken else _chat(turns, prompt, seconds)
    found = {makeup.model: usage}
    if makeup.transcriber is not None:
        heard = caller if spoken else seconds
        found[makeup.transcriber] = TokenUsage(heard_ms=round(heard * 1000))
    if makeup.voice is not None:
        found[makeup.voice] = _reading(agent) if makeup.reads_aloud else _voice(agent)
    return found


def _voice(agent: float) -> TokenUsage:
    return TokenUsage(voice_characters=round(agent * CHARACTERS))


def _reading(agent: float) -> TokenUsage:
    """Each sentence is told how to be read."""
    told = round(agent * (WORDS_TOKENS + READING_TOKENS / SENTENCE_SECONDS))
    return TokenUsage(input_text=told, output_audio=round(agent * AGENT_TOKENS))


def _realtime(turns: int, prompt: int, caller: float, agent: float) -> TokenUsage:
    """Each response reads the conversation so far again, from the vendor's cache: on average half
    of it."""
    fresh = round(caller * CALLER_TOKENS)
    written = round(agent * AGENT_TOKENS)
    words = round(agent * WORDS_TOKENS)
    again = (turns - 1) * (fresh + written) // 2
    text_again = (turns - 1) * (prompt + words // 2)
    return TokenUsage(
        input_text=prompt + text_again,
        input_audio=fresh + again,
        input_cached=text_again + again,
        input_cached_audio=again,
        output_text=words,
        output_audio=written,
    )


def _chat(turns: int, prompt: int, seconds: float) -> TokenUsage:
    words = round(seconds * WORDS_TOKENS)
    return TokenUsage(
        input_text=turns * (prompt + words // 2), output_text=round(words * AGENT_SHARE)
    )
