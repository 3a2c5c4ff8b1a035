"""The catalogue of models, voices and languages."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from topcalls.providers import registry
from topcalls.providers.registry import Ability, Kind

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
    ending = [
        model for model in registry.models(date(2000, 1, 1), kinds=Kind) if model.shutdown_date
    ]
    assert {model.kind for model in ending} == set(Kind)
    for model in ending:
        successor = registry.find_model(model.replacement or "")
        assert successor is not None
        assert successor.shutdown_date is None
        reads = model.kind is Kind.SPEECH and registry.reads_aloud(successor.name)
        assert successor.kind is model.kind or reads


def test_a_call_names_models_that_hold_it_and_no_stages() -> None:
    named = registry.models(TODAY)
    assert {model.kind for model in named} == set(registry.NAMED_BY_CALLS)
    assert {model.name for model in registry.models(TODAY, kinds=(Kind.SPEECH,))} >= {
        "eleven_flash_v2_5",
        "espeak-ng",
    }


def test_prices_are_decimal_text_and_positive_where_a_vendor_is_paid() -> None:
    priced = [model for model in registry.known_models().values() if model.prices]
    assert {registry.DEFAULT_REALTIME_MODEL, registry.DEFAULT_LEGACY_MODEL} <= {
        model.name for model in priced
    }
    for model in priced:
        for price in model.prices:
            assert Decimal(price.usd) >= 0
            assert (Decimal(price.usd) == 0) is (model.provider == "local")


def test_only_chat_models_without_reasoning_take_a_temperature() -> None:
    for model in registry.known_models().values():
        if model.supports_temperature:
            assert model.kind is Kind.CHAT
            assert Ability.REASONING not in model.abilities
