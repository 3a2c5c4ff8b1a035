"""What a call may choose from: models, voices, languages; and this installation's rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from topcalls.clock import Clock
from topcalls.core.call_request import DEFAULT_RING_TIMEOUT, CallRequest
from topcalls.core.call_rules import CallRules
from topcalls.core.model_life import KnownModel
from topcalls.errors import FieldError
from topcalls.log import get_logger
from topcalls.providers import languages, registry, voices
from topcalls.providers.registry import Ability, Kind, Price
from topcalls.services.lineup import Lineup

_NAMED = frozenset(registry.NAMED_BY_CALLS)

__all__ = ["Ability", "Catalogue", "Kind", "LanguageView", "ModelView", "VoiceView"]

log = get_logger("catalogue")


@dataclass(frozen=True, slots=True)
class ModelView:
    """A model. `is_default`: calls that name none have it. `in_use`: calls meet it, as default, as
    fallback or as a stage. `available`: calls can have it today."""

    id: str
    kind: Kind
    mode: str
    provider: str
    description: str
    is_default: bool
    in_use: bool
    capabilities: tuple[str, ...]
    supports_temperature: bool
    supports_reasoning: bool
    context_tokens: int | None
    prices: tuple[Price, ...]
    prices_as_of: date | None
    shutdown_date: date | None
    replacement: str | None
    warning: str | None
    available: bool


@dataclass(frozen=True, slots=True)
class VoiceView:
    """A built-in voice of one mode."""

    id: str
    mode: str
    vendor: str
    is_default: bool
    recommended: bool
    available: bool


@dataclass(frozen=True, slots=True)
class LanguageView:
    """A language by its BCP 47 tag."""

    tag: str
    name: str
    native_name: str


class Catalogue:
    """Reads the providers' registry; nothing here needs the database.

    `lineup` is who holds the calls of this installation.
    """

    def __init__(
        self,
        clock: Clock,
        lineup: Lineup,
        *,
        default_from_number: str | None = None,
        default_ring_timeout: float = DEFAULT_RING_TIMEOUT,
        allow_private_urls: bool = False,
    ) -> None:
        self._clock = clock
        self._lineup = lineup
        self._models = lineup.model_rules
        self._from_number = default_from_number or None
        self._ring_timeout = default_ring_timeout
        self._allow_private_urls = allow_private_urls

    @cached_property
    def call_rules(self) -> CallRules:
        """What `core.call_rules` has to know of this installation."""
        own_server = self._lineup.own_server
        return CallRules(
            default_from_number=self._from_number,
            default_ring_timeout=self._ring_timeout,
            voices={} if own_server else {"realtime": _voices_by_mode()["realtime"]},
            models=self._models,
            allow_private_urls=self._allow_private_urls,
        )

    # --- judging what was right when it was asked for

    def problem(self, request: CallRequest, now: datetime) -> str | None:
        """Why a call that was asked for some time ago cannot be made now, in words."""
        return self._models.problem(request.model, request.mode, now.date())

    def warnings(self, model: str | None, mode: str | None) -> tuple[FieldError, ...]:
        """What whoever asks for a call of this model and mode should know."""
        found = self._models.warning(model, mode or CallRequest.mode, self._today)
        return (found,) if found else ()

    def log_endings(self) -> None:
        """Write the models that this installation uses and that end into the log."""
        for name, setting in self._lineup.models_in_use():
            known = registry.find_model(name)
            if known is None or known.shutdown_date is None:
                continue
            write = log.error if known.is_dead(self._today) else log.warning
            write(
                "A model in use is shut down by its vendor",
                model=name,
                setting=setting,
                shutdown_date=str(known.shutdown_date),
                replacement=known.replacement,
            )

    @property
    def _today(self) -> date:
        return self._clock.now().date()

    # --- listing

    def models(self, mode: str | None = None, kind: str | None = None) -> list[ModelView]:
        """Models that can be used today, best first, and those in use whatever they are.

        Without a `kind`: those that a call may name.
        """
        kinds = frozenset({Kind(kind)}) if kind else _NAMED
        found = registry.models(self._today, mode, kinds)
        listed = {model.name for model in found}
        extra = [
            model
            for model in self._used(kinds)
            if model.name not in listed and mode in (None, model.mode)
        ]
        return [self._model_view(model) for model in [*extra, *found]]

    def voices(self, mode: str | None = None) -> list[VoiceView]:
        """The built-in voices."""
        return [
            VoiceView(
                voice.name,
                voice.mode,
                voice.vendor,
                voice.name == voices.DEFAULT_VOICES[voice.mode],
                voice.recommended,
                True,
            )
            for voice in voices.voices(mode)
        ]

    def languages(self) -> list[LanguageView]:
        """Languages that calls are known to work in. Others may work as well."""
        return [
            LanguageView(language.tag, language.name, language.native_name)
            for language in languages.LANGUAGES
        ]

    def _used(self, kinds: frozenset[Kind]) -> list[registry.Model]:
        """The models in use of these kinds, each once."""
        found: dict[str, registry.Model] = {}
        for name, setting in self._lineup.models_in_use():
            known = registry.find_model(name)
            model = known or registry.Model(name, _KINDS[setting], "Set by the operator.", "custom")
            if model.kind in kinds:
                found.setdefault(name, model)
        return list(found.values())

    def _model_view(self, model: registry.Model) -> ModelView:
        facts = KnownModel(model.mode, model.shutdown_date, model.replacement)
        return ModelView(
            id=model.name,
            kind=model.kind,
            mode=model.mode,
            provider=model.provider,
            description=model.description,
            is_default=model.kind in _NAMED and model.name == self._lineup.defaults[model.mode],
            in_use=model.name in dict(self._lineup.models_in_use()),
            capabilities=tuple(sorted(model.abilities)),
            supports_temperature=model.supports_temperature,
            supports_reasoning=model.supports_reasoning,
            context_tokens=model.context_tokens,
            prices=model.prices,
            prices_as_of=registry.PRICES_AS_OF if model.prices else None,
            shutdown_date=model.shutdown_date,
            replacement=model.replacement,
            warning=facts.words(self._today) or None,
            available=not facts.is_dead(self._today),
        )


_KINDS = {
    "realtime_model": Kind.SPEECH_TO_SPEECH,
    "legacy_model": Kind.CHAT,
    "legacy_fallback_models": Kind.CHAT,
    "openai_transcription_model": Kind.TRANSCRIPTION,
    "openai_speech_model": Kind.SPEECH,
    "elevenlabs_model": Kind.SPEECH,
}


def _voices_by_mode() -> dict[str, frozenset[str]]:
    modes = {voice.mode for voice in voices.VOICES}
    return {mode: frozenset(voice.name for voice in voices.voices(mode)) for mode in modes}
