"""The catalogue of models, voices and languages."""

from __future__ import annotations

from datetime import date

import pytest

from topcalls.errors import InvalidRequest
from topcalls.providers import registry

TODAY = date(2026, 11, 23)


@pytest.mark.parametrize("mode", ["realtime", "legacy"])
def test_the_default_model_of_a_mode_is_offered_without_an_end(mode: str) -> None:
    model = registry.find_model(registry.default_model(mode))
    assert model is not None
    assert model.mode == mode
    assert model.shutdown_date is None
    assert model in registry.models(TODAY, mode)


def test_dead_models_are_not_offered() -> None:
    offered = registry.models(TODAY)
    assert offered
    assert not any(model.is_dead(TODAY) for model in offered)
    assert "gpt-realtime" in {model.name for model in offered}
    assert "gpt-realtime" not in {model.name for model in registry.models(date(2027, 1, 20))}


def test_every_model_that_ends_names_a_successor_that_lives_longer() -> None:
    ending = [model for model in registry.models(date(2000, 1, 1)) if model.shutdown_date]
    assert ending
    for model in ending:
        successor = registry.find_model(model.replacement or "")
        assert successor is not None
        assert successor.shutdown_date is None
        assert successor.mode == model.mode


def test_a_dead_model_is_refused_with_its_replacement() -> None:
    with pytest.raises(InvalidRequest) as caught:
        registry.check_model("gpt-4o-realtime-preview", "realtime", TODAY)
    assert caught.value.field == "model"
    assert "gpt-realtime-2.1" in str(caught.value)


def test_a_model_of_the_other_mode_is_refused_with_one_that_fits() -> None:
    with pytest.raises(InvalidRequest, match="gpt-realtime-2.1"):
        registry.check_model("gpt-6-luna", "realtime", TODAY)


def test_a_dying_model_is_allowed_with_a_warning() -> None:
    warning = registry.check_model("gpt-realtime-mini", "realtime", TODAY)
    assert warning is not None
    assert "2027-01-20" in warning
    assert "gpt-realtime-2.1-mini" in warning


@pytest.mark.parametrize("name", ["gpt-realtime-2.1", "my-own-model", "gpt-realtime-9"])
def test_a_living_or_unknown_model_is_allowed_without_a_word(name: str) -> None:
    assert registry.check_model(name, "realtime", TODAY) is None


@pytest.mark.parametrize("mode", ["realtime", "legacy"])
def test_the_default_voice_of_a_mode_is_one_of_its_voices(mode: str) -> None:
    names = [voice.name for voice in registry.voices(mode)]
    assert registry.DEFAULT_VOICES[mode] in names
    assert len(names) == len(set(names))


def test_voices_of_both_modes() -> None:
    assert len(registry.voices()) == len(registry.voices("realtime")) + len(
        registry.voices("legacy")
    )


def test_at_least_36_languages_each_once() -> None:
    tags = [language.tag for language in registry.LANGUAGES]
    assert len({tag.partition("-")[0] for tag in tags}) >= 36
    assert len(tags) == len(set(tags))


@pytest.mark.parametrize(
    ("tag", "name"),
    [
        ("de-CH", "German (Switzerland)"),
        ("DE-ch", "German (Switzerland)"),
        ("de", "German"),
        ("es-AR", "Spanish"),
        ("tlh", None),
    ],
)
def test_a_language_is_named_by_tag_or_by_its_base(tag: str, name: str | None) -> None:
    assert registry.language_name(tag) == name
