"""What a call may choose from: models, voices, languages; and this installation's rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property

from topcalls.clock import Clock
from topcalls.core.call_request import DEFAULT_RING_TIMEOUT, NOT_YET
from topcalls.core.call_rules import CallRules, KnownModel
from topcalls.providers import registry

_BEFORE_ANY_SHUTDOWN = date.min
_BUILT_MODES = frozenset({"realtime", "legacy"}) - {
    entry.value for entry in NOT_YET if entry.path == "mode"
}


@dataclass(frozen=True, slots=True)
class ModelView:
    """A model. `available`: calls of its mode can be made with this version."""

    id: str
    mode: str
    vendor: str
    description: str
    is_default: bool
    supports_temperature: bool
    supports_reasoning: bool
    shutdown_date: date | None
    replacement: str | None
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

    `realtime_model` and `legacy_model` are those of calls that name none. `any_voice`: the AI
    server is not the vendor's own, so its voices are not ours to know. Those of the chain never
    are: a customer may have voices of their own at the vendor who speaks.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        realtime_model: str = registry.DEFAULT_REALTIME_MODEL,
        legacy_model: str = registry.DEFAULT_LEGACY_MODEL,
        default_from_number: str | None = None,
        default_ring_timeout: float = DEFAULT_RING_TIMEOUT,
        allow_private_urls: bool = False,
        any_voice: bool = False,
    ) -> None:
        self._clock = clock
        self._defaults = {"realtime": realtime_model, "legacy": legacy_model}
        self._from_number = default_from_number or None
        self._ring_timeout = default_ring_timeout
        self._allow_private_urls = allow_private_urls
        self._any_voice = any_voice

    @cached_property
    def call_rules(self) -> CallRules:
        """What `core.call_rules` has to know of this installation."""
        return CallRules(
            default_from_number=self._from_number,
            default_ring_timeout=self._ring_timeout,
            voices={} if self._any_voice else {"realtime": _voices_by_mode()["realtime"]},
            models={
                model.name: KnownModel(model.mode, model.shutdown_date, model.replacement)
                for model in registry.models(_BEFORE_ANY_SHUTDOWN)
            },
            allow_private_urls=self._allow_private_urls,
        )

    def models(self, mode: str | None = None) -> list[ModelView]:
        """Models that can be used today, best first; the configured one among them."""
        found = registry.models(self._clock.now().date(), mode)
        known = {model.name for model in found}
        extra = [
            registry.Model(name, of, "Set by the operator.")
            for of, name in self._defaults.items()
            if name not in known and mode in (None, of)
        ]
        return [self._model_view(model) for model in [*extra, *found]]

    def voices(self, mode: str | None = None) -> list[VoiceView]:
        """The built-in voices."""
        return [
            VoiceView(
                voice.name,
                voice.mode,
                voice.vendor,
                voice.name == registry.DEFAULT_VOICES[voice.mode],
                voice.recommended,
                voice.mode in _BUILT_MODES,
            )
            for voice in registry.voices(mode)
        ]

    def languages(self) -> list[LanguageView]:
        """Languages that calls are known to work in. Others may work as well."""
        return [
            LanguageView(language.tag, language.name, language.native_name)
            for language in registry.LANGUAGES
        ]

    def _model_view(self, model: registry.Model) -> ModelView:
        return ModelView(
            model.name,
            model.mode,
            model.vendor,
            model.description,
            model.name == self._defaults[model.mode],
            model.supports_temperature,
            model.supports_reasoning,
            model.shutdown_date,
            model.replacement,
            model.mode in _BUILT_MODES,
        )


def _voices_by_mode() -> dict[str, frozenset[str]]:
    modes = {voice.mode for voice in registry.VOICES}
    return {mode: frozenset(voice.name for voice in registry.voices(mode)) for mode in modes}
