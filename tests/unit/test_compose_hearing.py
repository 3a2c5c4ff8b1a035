"""What the settings make of what is installed."""

import pytest

from topcalls.audio import echo, vad
from topcalls.bridge.own_voice import EchoPlan
from topcalls.compose.hearing import ears_finding, hearing_options, turns_finding
from topcalls.config import Settings
from topcalls.core.checkup import Level
from topcalls.errors import ConfigError
from topcalls.providers.local import turns


@pytest.fixture
def machine(monkeypatch):
    """Which detector and canceller there are."""

    def has(detector="silero", canceller=True):
        monkeypatch.setattr(vad, "installed_vad", lambda: detector)
        monkeypatch.setattr(echo, "can_cancel_echo", lambda: canceller)

    return has


@pytest.mark.parametrize(
    ("settings", "there", "installed", "plan"),
    [
        ({}, ("silero", True), True, EchoPlan("cancel")),
        ({"ears": "local"}, ("webrtc", False), True, EchoPlan("gate")),
        ({"echo_cancellation": "off"}, ("silero", True), True, EchoPlan("off")),
        ({"noise_suppression": True}, ("silero", True), True, EchoPlan("cancel", True)),
        ({}, ("", False), False, EchoPlan("gate")),
    ],
)
def test_the_best_that_is_there_is_used(machine, settings, there, installed, plan):
    machine(*there)
    options = hearing_options(Settings.model_validate(settings))
    assert (options.ears, options.installed) == (settings.get("ears", "auto"), installed)
    assert options.echo == plan


@pytest.mark.parametrize(
    ("settings", "field", "extra"),
    [
        ({"ears": "local"}, "ears", "ears"),
        ({"noise_suppression": True}, "noise_suppression", "echo"),
    ],
)
def test_what_is_missing_is_named_with_its_remedy(machine, settings, field, extra):
    machine("", False)
    with pytest.raises(ConfigError) as refused:
        hearing_options(Settings.model_validate(settings))
    assert refused.value.field == field
    assert f"topcalls[{extra}]" in refused.value.remedy
    finding = ears_finding(Settings.model_validate(settings))
    assert finding.level is Level.FAULT
    assert f"topcalls[{extra}]" in finding.remedy


@pytest.mark.parametrize(
    ("settings", "there", "words"),
    [
        ({}, ("", False), "recogniser's in every call"),
        ({"ears": "server"}, ("silero", True), "where a call does not ask"),
        (
            {},
            ("silero", True),
            "Local (Silero) in legacy calls, the model's in others; echo is can",
        ),
        ({"ears": "local"}, ("webrtc", False), "Local (WebRTC) in every call; echo is muted"),
    ],
)
def test_the_doctor_tells_whose_ears_calls_have(machine, settings, there, words):
    machine(*there)
    finding = ears_finding(Settings.model_validate(settings))
    assert finding.level is Level.OK
    assert words in finding.found


@pytest.mark.parametrize(
    ("settings", "installed", "level", "words"),
    [
        ({}, False, Level.OK, "The words of callers."),
        ({}, True, Level.OK, "a call may ask for the model"),
        ({"end_of_turn": "sound"}, True, Level.OK, "a model that listens"),
        ({"end_of_turn": "sound"}, False, Level.FAULT, "no model that listens"),
    ],
)
def test_the_doctor_tells_who_judges_that_a_turn_is_over(
    monkeypatch, settings, installed, level, words
):
    monkeypatch.setattr(turns, "is_installed", lambda: installed)
    settings = Settings.model_validate(settings)
    finding = turns_finding(settings)
    assert finding.level is level
    assert words in finding.found
    if level is Level.FAULT:
        assert "pip install --no-deps" in finding.remedy
        with pytest.raises(ConfigError) as refused:
            hearing_options(settings)
        assert refused.value.field == "end_of_turn"
    else:
        assert (hearing_options(settings).turn_model is not None) is installed
