"""The engines that hold the calls of this installation, as its operator has set them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from topcalls.core.languages import Engine, LanguageRules
from topcalls.core.model_life import KnownModel, ModelRules
from topcalls.core.voices import address_of
from topcalls.providers import languages, registry
from topcalls.providers.openai.realtime_events import DEFAULT_TRANSCRIPTION

_HEARS = {
    "deepgram-flux": ("flux-general-en", "flux-general-multi"),
    "deepgram-nova": ("nova-3",),
    "elevenlabs": ("scribe_v2_realtime",),
    "local": ("pocketsphinx",),
}
_SETTINGS = {"openai": "openai_transcription_model"}


@dataclass(frozen=True)
class Lineup:
    """Models of calls that name none, and the stages of the chain, each in the order of trial.

    `recognizers` and `voices` are names of stages as in the settings. `own_server`: speech to
    speech comes from a server that is not the vendor's own, whose voices and languages are not ours
    to know.
    """

    realtime_model: str = registry.DEFAULT_REALTIME_MODEL
    legacy_model: str = registry.DEFAULT_LEGACY_MODEL
    fallback_models: tuple[str, ...] = ()
    realtime_fallback: bool = False
    recognizers: tuple[str, ...] = ("openai",)
    voices: tuple[str, ...] = ("openai",)
    transcription_model: str = "gpt-transcribe"
    speech_model: str = "gpt-4o-mini-tts"
    elevenlabs_model: str = "eleven_flash_v2_5"
    elevenlabs_voice: str = "rachel"
    own_server: bool = False

    @property
    def defaults(self) -> dict[str, str]:
        """By mode, the model of calls that name none."""
        return {"realtime": self.realtime_model, "legacy": self.legacy_model}

    @property
    def model_rules(self) -> ModelRules:
        """What `core.model_life` has to know."""
        chain = (self.legacy_model, *self.fallback_models)
        known = registry.known_models()
        return ModelRules(
            {name: KnownModel(m.mode, m.shutdown_date, m.replacement) for name, m in known.items()},
            self.defaults,
            {"realtime": chain if self.realtime_fallback else (), "legacy": self.fallback_models},
        )

    @property
    def language_rules(self) -> LanguageRules:
        """What `core.languages` has to know."""
        return LanguageRules(
            Engine("server") if self.own_server else languages.REALTIME,
            tuple(self._hearer(name) for name in self.recognizers),
            tuple(self._speaker(name) for name in self.voices),
        )

    def transcriber(self, mode: str) -> str | None:
        """The model that writes down what the caller says in calls of this mode."""
        if mode != "legacy":
            return DEFAULT_TRANSCRIPTION
        first = self.recognizers[0] if self.recognizers else None
        return None if first is None else _HEARS.get(first, (self.transcription_model,))[0]

    def voice_model(self, speaker: str | None) -> str:
        """The model that speaks in a chain, by the address of its speaker; the first one's
        without."""
        provider = address_of(speaker).provider if speaker else ""
        if provider not in self.voices:
            provider = self.voices[0] if self.voices else ""
        return self._speaks.get(provider, "espeak-ng")

    @property
    def _speaks(self) -> dict[str, str]:
        return {"openai": self.speech_model, "elevenlabs": self.elevenlabs_model}

    def _hearer(self, name: str) -> Engine:
        own = name == "openai" and self.own_server
        return Engine(name) if own else languages.RECOGNIZERS.get(name, Engine(name))

    def _speaker(self, provider: str) -> Engine:
        if provider == "openai" and self.own_server:
            return Engine(provider)
        return languages.speaker(provider, self.elevenlabs_model)

    def models_in_use(self) -> Iterator[tuple[str, str]]:
        """Every model that calls meet without naming it, and the setting that names it."""
        yield self.realtime_model, "realtime_model"
        yield self.legacy_model, "legacy_model"
        for name in self.fallback_models:
            yield name, "legacy_fallback_models"
        for recognizer in self.recognizers:
            for name in _HEARS.get(recognizer, (self.transcription_model,)):
                yield name, _SETTINGS.get(recognizer, "legacy_recognizers")
        settings = {"openai": "openai_speech_model", "elevenlabs": "elevenlabs_model"}
        for voice in self.voices:
            yield self._speaks.get(voice, "espeak-ng"), settings.get(voice, "legacy_voices")
