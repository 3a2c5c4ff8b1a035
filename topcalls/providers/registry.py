"""Models: what each can do, what it costs, and when its vendor ends it.

Nothing here is a closed list: a vendor has a new model every month, and a compatible server has its
own, so an unknown name is let through. Prices are the vendors' list prices (`price_list.py`); where
a vendor publishes none, there is none here.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from topcalls.core.prices import Price
from topcalls.providers.price_list import LIST_PRICES

DEFAULT_REALTIME_MODEL = "gpt-realtime-2.1"
CHEAP_REALTIME_MODEL = "gpt-realtime-2.1-mini"
DEFAULT_LEGACY_MODEL = "gpt-6-luna"


class Kind(StrEnum):
    """What a model does in a call. A call names one of the first two kinds; the others are stages
    of the chain, which the operator chooses."""

    SPEECH_TO_SPEECH = "speech_to_speech"
    CHAT = "chat"
    TRANSCRIPTION = "transcription"
    SPEECH = "speech"


NAMED_BY_CALLS = (Kind.SPEECH_TO_SPEECH, Kind.CHAT)


class Ability(StrEnum):
    """What a model can do besides what its kind says."""

    TOOLS = "tools"
    REASONING = "reasoning"
    TEMPERATURE = "temperature"
    G711 = "g711"
    KEYWORDS = "keywords"
    TURN_DETECTION = "turn_detection"
    EARLY_TURN_END = "early_turn_end"
    WORD_TIMING = "word_timing"
    LANGUAGE_HINT = "language_hint"


@dataclass(frozen=True)
class Model:
    """A model. `shutdown_date` is the day its vendor ends it and `context_tokens` what it can hold,
    where known."""

    name: str
    kind: Kind
    description: str = ""
    provider: str = "openai"
    abilities: frozenset[Ability] = frozenset()
    context_tokens: int | None = None
    prices: tuple[Price, ...] = ()
    shutdown_date: date | None = None
    replacement: str | None = None

    @property
    def mode(self) -> str:
        """The mode of the calls that it serves."""
        return "realtime" if self.kind is Kind.SPEECH_TO_SPEECH else "legacy"

    @property
    def supports_temperature(self) -> bool:
        return Ability.TEMPERATURE in self.abilities

    @property
    def supports_reasoning(self) -> bool:
        return Ability.REASONING in self.abilities

    def is_dead(self, today: date) -> bool:
        return self.shutdown_date is not None and self.shutdown_date <= today


def _abilities(names: str) -> frozenset[Ability]:
    return frozenset(Ability(name) for name in names.split())


_REALTIME = _abilities("tools g711 turn_detection language_hint keywords")
_CHAT = _abilities("tools")

_ALIVE = (
    Model(
        DEFAULT_REALTIME_MODEL,
        Kind.SPEECH_TO_SPEECH,
        "Speech to speech, best quality.",
        abilities=_REALTIME | {Ability.REASONING},
        context_tokens=128_000,
    ),
    Model(
        CHEAP_REALTIME_MODEL,
        Kind.SPEECH_TO_SPEECH,
        "Speech to speech at a third of the price.",
        abilities=_REALTIME | {Ability.REASONING},
        context_tokens=128_000,
    ),
    Model(
        "gpt-realtime-2",
        Kind.SPEECH_TO_SPEECH,
        "Speech to speech.",
        abilities=_REALTIME | {Ability.REASONING},
        context_tokens=128_000,
    ),
    Model(
        "gpt-realtime-1.5",
        Kind.SPEECH_TO_SPEECH,
        "Speech to speech, without reasoning.",
        abilities=_REALTIME,
        context_tokens=32_000,
    ),
    Model(
        DEFAULT_LEGACY_MODEL,
        Kind.CHAT,
        "Small and quick.",
        abilities=_CHAT | {Ability.REASONING},
    ),
    Model(
        "gpt-transcribe",
        Kind.TRANSCRIPTION,
        "Hears, in sessions of the Realtime API.",
        abilities=_abilities("g711 keywords turn_detection language_hint"),
    ),
    Model(
        "nova-3",
        Kind.TRANSCRIPTION,
        "Hears, and ends a turn by silence.",
        "deepgram",
        abilities=_abilities("g711 keywords turn_detection language_hint word_timing"),
    ),
    Model(
        "flux-general-en",
        Kind.TRANSCRIPTION,
        "Hears English, and knows from the words when a turn is over.",
        "deepgram",
        abilities=_abilities("g711 keywords turn_detection early_turn_end word_timing"),
    ),
    Model(
        "flux-general-multi",
        Kind.TRANSCRIPTION,
        "Hears ten languages, and knows from the words when a turn is over.",
        "deepgram",
        abilities=_abilities(
            "g711 keywords turn_detection early_turn_end language_hint word_timing"
        ),
    ),
    Model(
        "scribe_v2_realtime",
        Kind.TRANSCRIPTION,
        "Hears, and ends a turn by silence.",
        "elevenlabs",
        abilities=_abilities("g711 keywords turn_detection language_hint"),
    ),
    Model(
        "pocketsphinx",
        Kind.TRANSCRIPTION,
        "Hears English, on the own machine.",
        "local",
        abilities=_abilities("turn_detection"),
    ),
    Model(
        "eleven_flash_v2_5",
        Kind.SPEECH,
        "Speaks, soonest of its vendor's.",
        "elevenlabs",
        abilities=_abilities("g711 language_hint word_timing"),
    ),
    Model(
        "eleven_turbo_v2_5",
        Kind.SPEECH,
        "Speaks; eleven_flash_v2_5 does so sooner.",
        "elevenlabs",
        abilities=_abilities("g711 language_hint word_timing"),
    ),
    Model(
        "eleven_multilingual_v2",
        Kind.SPEECH,
        "Speaks, more slowly and with more expression.",
        "elevenlabs",
        abilities=_abilities("g711 word_timing"),
    ),
    Model(
        "eleven_v3",
        Kind.SPEECH,
        "Speaks, with the most expression.",
        "elevenlabs",
        abilities=_abilities("g711 language_hint word_timing"),
    ),
    Model(
        "espeak-ng",
        Kind.SPEECH,
        "Speaks mechanically, on the own machine.",
        "local",
        abilities=_abilities("language_hint"),
    ),
)


def _ending(names: str, day: date, kind: Kind, replacement: str) -> tuple[Model, ...]:
    return tuple(
        Model(
            name,
            kind,
            abilities=_abilities_of_old(name, kind),
            shutdown_date=day,
            replacement=replacement,
        )
        for name in names.split()
    )


def _abilities_of_old(name: str, kind: Kind) -> frozenset[Ability]:
    if kind is Kind.SPEECH_TO_SPEECH:
        return _REALTIME
    if kind is not Kind.CHAT:
        return frozenset()
    return _CHAT if name.startswith(("gpt-5", "o")) else _CHAT | {Ability.TEMPERATURE}


_S2S, _MIND = Kind.SPEECH_TO_SPEECH, Kind.CHAT
_ENDING = (
    *_ending(
        "gpt-realtime gpt-realtime-2025-08-28", date(2027, 1, 20), _S2S, DEFAULT_REALTIME_MODEL
    ),
    *_ending(
        "gpt-realtime-mini gpt-realtime-mini-2025-12-15",
        date(2027, 1, 20),
        _S2S,
        CHEAP_REALTIME_MODEL,
    ),
    *_ending(
        "gpt-4o-realtime-preview gpt-4o-realtime-preview-2024-10-01 "
        "gpt-4o-realtime-preview-2024-12-17 gpt-4o-realtime-preview-2025-06-03",
        date(2026, 5, 7),
        _S2S,
        DEFAULT_REALTIME_MODEL,
    ),
    *_ending(
        "gpt-4o-mini-realtime-preview gpt-4o-mini-realtime-preview-2024-12-17",
        date(2026, 5, 7),
        _S2S,
        CHEAP_REALTIME_MODEL,
    ),
    *_ending(
        "gpt-4.1 gpt-4.1-mini gpt-4o gpt-4o-mini", date(2027, 1, 14), _MIND, DEFAULT_LEGACY_MODEL
    ),
    *_ending("gpt-5 gpt-5-mini gpt-5-nano o3", date(2026, 12, 11), _MIND, DEFAULT_LEGACY_MODEL),
    *_ending(
        "gpt-4.1-nano gpt-4 gpt-4-turbo gpt-3.5-turbo o1 o3-mini o4-mini",
        date(2026, 10, 23),
        _MIND,
        DEFAULT_LEGACY_MODEL,
    ),
    *_ending(
        "whisper-1 gpt-4o-transcribe gpt-4o-mini-transcribe",
        date(2027, 2, 26),
        Kind.TRANSCRIPTION,
        "gpt-transcribe",
    ),
    *_ending("gpt-4o-mini-tts tts-1 tts-1-hd", date(2027, 1, 6), Kind.SPEECH, CHEAP_REALTIME_MODEL),
)
_MODELS = {
    model.name: replace(model, prices=LIST_PRICES.of(model.name)) for model in _ALIVE + _ENDING
}


def models(
    today: date, mode: str | None = None, kinds: Container[Kind] = NAMED_BY_CALLS
) -> list[Model]:
    """Known models of these kinds that can still be used, best first."""
    return [
        model
        for model in _MODELS.values()
        if model.kind in kinds and mode in (None, model.mode) and not model.is_dead(today)
    ]


def known_models() -> Mapping[str, Model]:
    """Every model we know, dead ones too."""
    return _MODELS


def find_model(name: str) -> Model | None:
    """What is known of a model; None for a name we have never heard of."""
    return _MODELS.get(name)


def reads_aloud(name: str) -> bool:
    """Whether a model that is to speak in a chain is one of speech to speech. Of names that are not
    known OpenAI's family tells."""
    known = find_model(name)
    return known.kind is _S2S if known else name.startswith("gpt-realtime")


def default_model(mode: str) -> str:
    """The model of calls that name none."""
    return DEFAULT_LEGACY_MODEL if mode == "legacy" else DEFAULT_REALTIME_MODEL
