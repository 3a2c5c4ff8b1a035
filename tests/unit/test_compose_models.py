"""Which model holds a call, and who takes part in the chain."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from topcalls.bridge.pipeline import Chain, Pipeline
from topcalls.bridge.standby import Standby
from topcalls.clock import SystemClock
from topcalls.compose.lineup import lineup_of
from topcalls.compose.models import CallModels, Stages, default_filler
from topcalls.compose.vendors import Vendors
from topcalls.config import Settings
from topcalls.core.call_request import CallRequest
from topcalls.core.filler import FillerPlan
from topcalls.errors import ConfigError
from topcalls.providers.base import SessionConfig
from topcalls.providers.openai.realtime import OpenAIRealtime
from topcalls.providers.openai.realtime_voice import RealtimeVoice
from topcalls.providers.openai.speech import SpeechEndpoint

pytestmark = pytest.mark.unit

KEYS = {"openai_api_key": "sk-x", "deepgram_api_key": "dg-x", "elevenlabs_api_key": "el-x"}


def live(**changes: Any) -> Settings:
    return Settings(ai="live", **{"openai_api_key": "sk-x", **changes})


def stages(settings: Settings) -> Stages:
    return Stages(settings, Vendors.of(settings))


def chain(settings: Settings, **config: Any) -> Chain:
    wanted = {"model": settings.legacy_model, "instructions": "", "voice": "alloy", **config}
    return stages(settings).chain_for(SessionConfig(**wanted))


def test_those_take_part_whose_key_is_there() -> None:
    alone, all_three = lineup_of(live()), lineup_of(live(**KEYS))
    assert (alone.recognizers, alone.voices) == (("openai",), ("openai",))
    assert all_three.recognizers == ("deepgram-flux", "deepgram-nova", "openai")
    assert all_three.voices == ("elevenlabs", "openai")


def test_the_order_is_the_operators() -> None:
    settings = live(**KEYS, legacy_recognizers="openai, elevenlabs", legacy_fallback_models="b, c")
    found = chain(settings, model="a")
    assert [item.name.partition(":")[0] for item in found.recognizers] == ["openai", "elevenlabs"]
    assert [item.name for item in found.minds] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"legacy_voices": "elevenlabs"}, "elevenlabs_api_key"),
        ({"legacy_recognizers": "deepgram-nova"}, "deepgram_api_key"),
        ({"legacy_voices": "festival"}, "legacy_voices"),
        ({"legacy_recognizers": "openai,nobody"}, "legacy_recognizers"),
    ],
)
def test_a_stage_that_cannot_be_is_refused_by_name(settings: Any, field: str) -> None:
    with pytest.raises(ConfigError) as caught:
        CallModels(live(**settings), SystemClock())
    assert caught.value.field == field


def test_engines_on_the_own_machine_need_no_key() -> None:
    found = chain(live(legacy_recognizers="local", legacy_voices="local"), voice="rachel")
    assert [item.name for item in (*found.recognizers, *found.voices)] == [
        "local:pocketsphinx",
        "local:espeak-ng",
    ]
    assert found.voice == ""


def test_every_model_that_calls_meet_is_known_by_its_setting() -> None:
    used = dict(lineup_of(live(**KEYS, legacy_fallback_models="b, c")).models_in_use())
    assert used == {
        "gpt-realtime-2.1": "realtime_model",
        "gpt-6-luna": "legacy_model",
        "b": "legacy_fallback_models",
        "c": "legacy_fallback_models",
        "flux-general-en": "legacy_recognizers",
        "flux-general-multi": "legacy_recognizers",
        "nova-3": "legacy_recognizers",
        "gpt-transcribe": "openai_transcription_model",
        "eleven_flash_v2_5": "elevenlabs_model",
        "gpt-4o-mini-tts": "openai_speech_model",
    }
    assert set(used.values()) <= set(Settings.model_fields)


def test_a_realtime_call_can_be_held_by_the_chain_where_that_stands_by() -> None:
    rules = lineup_of(live(realtime_fallback=True, legacy_fallback_models="b")).model_rules
    assert rules.fallbacks == {"realtime": ("gpt-6-luna", "b"), "legacy": ("b",)}
    assert lineup_of(live()).model_rules.fallbacks["realtime"] == ()


def test_the_mode_decides_who_holds_the_call() -> None:
    models = CallModels(live(), SystemClock())
    legacy, realtime = CallRequest("+12025550100", mode="legacy"), CallRequest("+12025550100")
    assert isinstance(models.of(legacy), Pipeline)
    assert isinstance(models.of(realtime), OpenAIRealtime)
    assert models.default_of(legacy) == "gpt-6-luna"
    assert models.default_of(realtime) == "gpt-realtime-2.1"
    backed = CallModels(live(realtime_fallback=True), SystemClock())
    assert isinstance(backed.of(realtime), Standby)
    assert isinstance(backed.of(legacy), Pipeline)


@pytest.mark.parametrize(
    ("wanted", "first", "voice"),
    [
        ("", "elevenlabs", ""),
        ("elevenlabs:21m00Tcm4TlvDq8ikWAM", "elevenlabs", "21m00Tcm4TlvDq8ikWAM"),
        ("openai:alloy", "openai", "alloy"),
        ("local:", "elevenlabs", ""),
        ("rachel", "elevenlabs", "21m00Tcm4TlvDq8ikWAM"),
        ("Alloy", "openai", "alloy"),
    ],
)
def test_the_provider_of_the_voice_asked_for_speaks_first(
    wanted: str, first: str, voice: str
) -> None:
    found = chain(live(**KEYS), voice=wanted)
    assert found.voices[0].name.partition(":")[0] == first
    assert len(found.voices) == 2
    assert found.voice == voice


def test_ears_that_do_not_know_the_language_take_no_part() -> None:
    def hears(language: str | None) -> list[str]:
        return [item.name for item in chain(live(**KEYS), language=language).recognizers]

    everybody = ["deepgram:flux", "deepgram:nova-3", "openai:gpt-transcribe"]
    assert hears(None) == hears("de-AT") == everybody
    assert hears("sv") == everybody[1:]
    assert hears("is") == everybody[2:]
    assert hears("tlh") == everybody  # the rules have refused it before


def test_a_voice_that_does_not_know_the_language_is_the_last_to_speak() -> None:
    found = chain(live(**KEYS), language="et", voice="")
    assert [item.name.partition(":")[0] for item in found.voices] == ["openai", "elevenlabs"]


def test_the_wait_is_filled_in_the_calls_language() -> None:
    usual = default_filler(live(), "legacy")
    assert usual.plan("de-DE").phrases[0] == "Einen Moment, bitte."
    assert usual.plan("eu").phrases == ()
    assert usual.plan(None).after_ms == 2500
    assert not default_filler(live(legacy_filler_seconds=0), "legacy").enabled
    own = default_filler(live(legacy_filler="Hm.", legacy_filler_seconds=1), "legacy")
    assert own.plan("eu") == FillerPlan(("Hm.",), 1000)
    assert not default_filler(live(), "realtime").enabled


def test_the_sandbox_is_all_vendors(tmp_path: Path) -> None:
    addresses = {
        f"{name}_base_url": f"http://127.0.0.1/{name}"
        for name in ("openai", "deepgram", "elevenlabs")
    }
    (tmp_path / "sandbox.json").write_text(json.dumps(addresses))
    settings = Settings(data_dir=tmp_path)
    assert lineup_of(settings).voices == ("elevenlabs", "openai")
    assert [item.name for item in chain(settings, voice="").voices] == [
        "elevenlabs:eleven_flash_v2_5",
        "openai:gpt-4o-mini-tts",
    ]
    assert Vendors.of(settings).deepgram_url == "http://127.0.0.1/deepgram"


def test_a_model_of_speech_to_speech_may_be_the_voice_that_reads() -> None:
    for model in ("gpt-realtime-2.1-mini", "gpt-realtime-9"):
        (voice,) = chain(live(openai_speech_model=model), voice="").voices
        assert isinstance(voice, RealtimeVoice)
        assert voice.name == f"openai:{model}"
    assert isinstance(chain(live(), voice="").voices[0], SpeechEndpoint)


def test_a_wrong_word_on_the_model_server_is_told_at_the_start() -> None:
    with pytest.raises(ConfigError) as caught:
        CallModels(live(chat_features="olama"), SystemClock())
    assert caught.value.field == "chat_features"
