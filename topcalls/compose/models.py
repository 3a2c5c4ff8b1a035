"""Which model holds a call: speech to speech, or the chain of recogniser, model and voice.

The stages of the chain, and their order, are settings; where these are silent, those vendors take
part whose key is there.
"""

from __future__ import annotations

from dataclasses import replace

from topcalls.bridge.answer_judge import AnswerJudge
from topcalls.bridge.pipeline import Chain, Pipeline
from topcalls.bridge.standby import Standby
from topcalls.clock import Clock
from topcalls.compose.chat_server import chat_features, chat_server
from topcalls.compose.lineup import lineup_of
from topcalls.compose.stages import recognizer, voice
from topcalls.compose.vendors import Vendors
from topcalls.config import Settings
from topcalls.core.call_request import CallRequest
from topcalls.core.filler import FillerRequest
from topcalls.core.voices import KnownVoice, address_of
from topcalls.providers import voices
from topcalls.providers.base import RealtimeModel, SessionConfig
from topcalls.providers.chain_checkup import ChainCheckup
from topcalls.providers.openai.chat import ChatCompletions, chat_headers
from topcalls.providers.openai.chat_features import features_of
from topcalls.providers.openai.realtime import OpenAIRealtime
from topcalls.providers.stages import ChatModel, Recognizer, Voice


class CallModels:
    """Built once per process; `of` gives each call its own."""

    def __init__(self, settings: Settings, clock: Clock, vendors: Vendors | None = None) -> None:
        """`vendors`: others than those of the settings. Raises `ConfigError` for a stage of the
        chain that names nobody or lacks a key."""
        self._settings = settings
        self._clock = clock
        vendors = vendors or Vendors.of(settings)
        pcm24 = settings.realtime_audio == "pcm24"
        self._realtime = OpenAIRealtime(vendors.openai_key, vendors.openai_url, pcm24=pcm24)
        self._stages = Stages(settings, vendors)

    def answer_judge(self) -> AnswerJudge | None:
        """Who is asked what answered a call, if anybody."""
        name = self._settings.answer_model
        return AnswerJudge(self._stages.mind(name)) if name else None

    def default_of(self, request: CallRequest) -> str:
        """The model of this call, if it names none."""
        return default_model(self._settings, request.mode)

    def of(self, request: CallRequest) -> RealtimeModel:
        """What holds this call."""
        chain = Pipeline(self._stages.chain_for, self._clock)
        if request.mode == "legacy":
            return chain
        if not self._settings.realtime_fallback:
            return self._realtime
        return Standby(self._realtime, chain, self._adapted)

    def _adapted(self, config: SessionConfig) -> SessionConfig:
        return replace(config, model=self._settings.legacy_model, voice="")


def default_filler(settings: Settings, mode: str) -> FillerRequest:
    """What fills the wait in calls of this mode that say nothing of it."""
    wait = settings.legacy_filler_seconds if mode == "legacy" else 0
    phrases = (settings.legacy_filler,) if settings.legacy_filler else ()
    return FillerRequest(bool(wait), round(wait * 1000) or None, phrases)


def default_model(settings: Settings, mode: str) -> str:
    """The model of calls of this mode that name none."""
    return settings.legacy_model if mode == "legacy" else settings.realtime_model


class Stages:
    """The configured stages of the chain. Only a call's model and voice are its own."""

    def __init__(self, settings: Settings, vendors: Vendors) -> None:
        self._settings = settings
        self._vendors = vendors
        self._minds: dict[str, ChatModel] = {}
        features_of("", "", settings.chat_features)  # a wrong setting is told at the start
        self._lineup = lineup_of(settings)
        hearing, speaking = self._lineup.recognizers, self._lineup.voices
        self._recognizers = tuple(recognizer(name, settings, vendors) for name in hearing)
        self._voices = tuple(voice(name, settings, vendors) for name in speaking)

    def chain_for(self, config: SessionConfig) -> Chain:
        """The chain of one call."""
        models = [config.model, *self._lineup.fallback_models]
        speaker = self._spoken_by(config.voice)
        return Chain(
            self._heard_by(config.language),
            tuple(self.mind(name) for name in dict.fromkeys(models)),
            self._ordered(speaker, config.language),
            voice=speaker.voice_id if speaker else "",
            temperature=config.temperature,
        )

    def _heard_by(self, language: str | None) -> tuple[Recognizer, ...]:
        """The recognisers that know the call's language; all of them where none is known to."""
        rules = self._lineup.language_rules.hears
        pairs = zip(self._recognizers, rules, strict=True)
        fit = tuple(stage for stage, engine in pairs if language is None or engine.knows(language))
        return fit or self._recognizers

    def _spoken_by(self, name: str) -> KnownVoice | None:
        speaker = _speaker(name)
        return speaker if speaker and speaker.provider in self._lineup.voices else None

    def _ordered(self, speaker: KnownVoice | None, language: str | None) -> tuple[Voice, ...]:
        """The provider whose voice the call names speaks first, the others in their order; those
        that do not know its language last."""
        rules = self._lineup.language_rules.speaks

        def place(at: int) -> tuple[bool, bool, int]:
            named = speaker is not None and rules[at].name == speaker.provider
            foreign = language is not None and not rules[at].knows(language)
            return not named, foreign, at

        return tuple(self._voices[at] for at in sorted(range(len(rules)), key=place))

    def checkup(self, clock: Clock) -> ChainCheckup:
        """What an operator can find out about these stages."""
        url, key = chat_server(self._settings, self._vendors)
        return ChainCheckup(self._recognizers, self._voices, url, chat_headers(url, key), clock)

    def mind(self, model: str) -> ChatModel:
        """Kept, for its connections: they are used by one call after the other."""
        if model not in self._minds:
            url, key = chat_server(self._settings, self._vendors)
            features = chat_features(self._settings, url, model)
            self._minds[model] = ChatCompletions(url, key, model, features=features)
        return self._minds[model]


def _speaker(name: str) -> KnownVoice | None:
    """Who is to speak, as a call says it; None leaves it to the chain."""
    if ":" in name:
        return address_of(name)
    known = voices.named(name)
    return KnownVoice(known.provider, known.voice_id) if known else None
