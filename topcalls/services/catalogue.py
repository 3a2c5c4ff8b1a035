"""What a call may choose from: models, voices, languages; and this installation's rules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property

from topcalls.audio.vad import installed_vad
from topcalls.clock import Clock
from topcalls.core import web_addresses
from topcalls.core.call_request import DEFAULT_RING_TIMEOUT, CallRequest
from topcalls.core.call_rules import CallRules
from topcalls.core.knowledge_use import KnowledgeBook
from topcalls.core.languages import Engine, primary
from topcalls.core.model_life import KnownModel
from topcalls.core.prices import Price, PriceBook
from topcalls.core.voices import speech_faults
from topcalls.errors import FieldError
from topcalls.log import get_logger
from topcalls.providers import languages, registry
from topcalls.providers.languages import Language
from topcalls.providers.local import turns
from topcalls.providers.price_list import LIST_PRICES
from topcalls.providers.registry import Ability, Kind
from topcalls.services.lineup import Lineup
from topcalls.services.voices import PROVIDERS, Voices

_NAMED = frozenset(registry.NAMED_BY_CALLS)

__all__ = ["Ability", "Catalogue", "EngineView", "Kind", "LanguageView", "ModelView"]

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
class EngineView:
    """What serves a language. `role`: `converses` (speech to speech), `hears` or `speaks`.
    `regional`: it minds the region of the tag. `in_use`: calls meet it in this installation."""

    engine: str
    role: str
    regional: bool
    in_use: bool


@dataclass(frozen=True, slots=True)
class LanguageView:
    """A language by its BCP 47 tag; `language` is the tag without its region. `modes`: of the calls
    that can be held in it here."""

    tag: str
    language: str
    name: str
    native_name: str
    modes: tuple[str, ...]
    engines: tuple[EngineView, ...]


class Catalogue:
    """`lineup` is who holds the calls of this installation. `reach`: where customers' URLs may lead
    now. `knowledge` gives an account's knowledge bases, see `CallRules`."""

    def __init__(
        self,
        clock: Clock,
        lineup: Lineup,
        voices: Voices,
        *,
        default_from_number: str | None = None,
        default_ring_timeout: float = DEFAULT_RING_TIMEOUT,
        reach: Callable[[], web_addresses.Reach] = lambda: web_addresses.INTERNET,
        knowledge: Callable[[str], KnowledgeBook] | None = None,
        prices: PriceBook = LIST_PRICES,
    ) -> None:
        self._clock = clock
        self._lineup = lineup
        self._voices = voices
        self._models = lineup.model_rules
        self._languages = lineup.language_rules
        self._from_number = default_from_number or None
        self._ring_timeout = default_ring_timeout
        self._reach = reach
        self._knowledge = knowledge
        self._prices = prices

    def call_rules(self, account_id: str) -> CallRules:
        """What `core.call_rules` has to know of this installation and of an account."""
        return replace(
            self.defaults,
            voices=self._voices.book(account_id),
            knowledge=self._knowledge(account_id) if self._knowledge else None,
            reach=self._reach(),
        )

    def url_fault(self, url: str, path: str) -> FieldError | None:
        """What is wrong with the URL of a customer's server, or None."""
        return web_addresses.fault(url, path, self._reach())

    @cached_property
    def defaults(self) -> CallRules:
        """The part of `call_rules` that is of no account."""
        return CallRules(
            default_from_number=self._from_number,
            default_ring_timeout=self._ring_timeout,
            languages=self._languages,
            models=self._models,
            local_ears=bool(installed_vad()),
            turn_model=turns.is_installed(),
        )

    def resolved(self, account_id: str, request: CallRequest) -> CallRequest:
        """The request, with the voice that it names found."""
        if request.voice is None:
            return request
        known = self._voices.book(account_id).find(request.voice, request.mode)
        return replace(request, speaker=known.address if known else None)

    # --- judging what was right when it was asked for

    def problem(self, account_id: str, request: CallRequest, now: datetime) -> str | None:
        """Why a call that was asked for some time ago cannot be made now, in words."""
        gone = self._models.problem(request.model, request.mode, now.date())
        if gone is not None:
            return gone
        book = self._voices.book(account_id)
        faults = speech_faults(request.voice, request.language, request.mode, book, self._languages)
        told = {"voice": request.voice, "language": request.language}
        return " ".join(f"The {at} {told[at]}: {words}" for at, words, _ in faults) or None

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

    def languages(self, mode: str | None = None) -> list[LanguageView]:
        """Languages that calls are known to work in, by tag, with who serves them."""
        views = map(self._language_view, languages.LANGUAGES)
        return [view for view in views if mode is None or mode in view.modes]

    def _language_view(self, language: Language) -> LanguageView:
        tag, rules = language.tag, self._languages
        used = {
            "converses": {rules.realtime.name},
            "hears": {engine.name for engine in rules.hears},
            "speaks": {engine.name for engine in rules.speaks},
        }
        found = [
            EngineView(engine.name, role, tag in engine.regional, engine.name in used[role])
            for role, engine in self._engines
            if engine.knows(tag)
        ]
        modes = ("realtime", "legacy")
        return LanguageView(
            tag=tag,
            language=primary(tag),
            name=language.name,
            native_name=language.native_name,
            modes=tuple(mode for mode in modes if not any(rules.faults(tag, mode, None))),
            engines=tuple(found),
        )

    @cached_property
    def _engines(self) -> tuple[tuple[str, Engine], ...]:
        """Every engine there is, those of this installation as they are set."""
        ours = {("hears", one.name): one for one in self._languages.hears}
        ours |= {("speaks", one.name): one for one in self._languages.speaks}
        known = {("hears", name): engine for name, engine in languages.RECOGNIZERS.items()}
        known |= {
            ("speaks", name): languages.speaker(name, self._lineup.elevenlabs_model)
            for name in PROVIDERS
        }
        rest = {**known, **ours}
        return (
            ("converses", self._languages.realtime),
            *((role, engine) for (role, _), engine in rest.items()),
        )

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
        prices = self._prices.of(model.name)
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
            prices=prices,
            prices_as_of=max((one.as_of for one in prices if one.as_of), default=None),
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
