"""What this installation hears with, from its settings and what is installed."""

from __future__ import annotations

from topcalls.audio import echo, vad
from topcalls.bridge.hearing import HearingOptions
from topcalls.bridge.own_voice import EchoPlan
from topcalls.clock import SystemClock
from topcalls.config import Settings
from topcalls.core.checkup import Finding, ok, refused
from topcalls.core.ears import LOCAL, SERVER
from topcalls.core.interruption import SOUND
from topcalls.errors import ConfigError
from topcalls.providers.local import turns

EARS_CHECK = "ears"
TURNS_CHECK = "end_of_turn"


def hearing_options(settings: Settings) -> HearingOptions:
    """Raises `ConfigError` for a setting that needs an extra which is not installed."""
    installed = bool(vad.installed_vad())
    if settings.ears == LOCAL and not installed:
        raise ConfigError(
            "ears is 'local', and there are no local ears.", field="ears", remedy=vad.REMEDY
        )
    if settings.noise_suppression and not echo.can_cancel_echo():
        raise ConfigError(
            "noise_suppression needs a package that is not installed.",
            field="noise_suppression",
            remedy=echo.REMEDY,
        )
    if installed and settings.ears != SERVER:
        vad.warm_up()
        echo.warm_up()
    return HearingOptions(
        settings.ears, installed, _echo_plan(settings), settings.end_of_turn, _turn_model(settings)
    )


def ears_finding(settings: Settings) -> Finding:
    """Whose ears calls have here, for the doctor."""
    try:
        options = hearing_options(settings)
    except ConfigError as error:
        return refused(EARS_CHECK, error)
    if not options.installed:
        return ok(EARS_CHECK, "The model's or recogniser's in every call.")
    if options.ears == SERVER:
        return ok(
            EARS_CHECK, "The model's or recogniser's, where a call does not ask for local ones."
        )
    calls = "in every call" if options.ears == LOCAL else "in legacy calls, the model's in others"
    detector = {"silero": "Silero", "webrtc": "WebRTC"}[vad.installed_vad()]
    about_echo = {
        "cancel": "echo is cancelled",
        "gate": "echo is muted",
        "off": "echo is not minded",
    }
    return ok(EARS_CHECK, f"Local ({detector}) {calls}; {about_echo[options.echo.method]}.")


def turns_finding(settings: Settings) -> Finding:
    """Who judges that a caller has finished, for the doctor."""
    try:
        model = _turn_model(settings)
    except ConfigError as error:
        return refused(TURNS_CHECK, error)
    if settings.end_of_turn == SOUND:
        return ok(TURNS_CHECK, "Words, and a model that listens to how they sound.")
    also = "; a call may ask for the model that listens" if model is not None else ""
    return ok(TURNS_CHECK, f"The words of callers{also}.")


def _turn_model(settings: Settings) -> turns.TurnModel | None:
    if turns.is_installed():
        return turns.TurnModel(SystemClock())
    if settings.end_of_turn == SOUND:
        raise ConfigError(
            "end_of_turn is 'sound', and there is no model that listens.",
            field="end_of_turn",
            remedy=turns.REMEDY,
        )
    return None


def _echo_plan(settings: Settings) -> EchoPlan:
    if settings.echo_cancellation == "off":
        return EchoPlan()
    if echo.can_cancel_echo():
        return EchoPlan("cancel", settings.noise_suppression)
    return EchoPlan("gate")
