"""Settings that are right by themselves and wrong together."""

from __future__ import annotations

from base64 import b64decode
from typing import Final
from urllib.parse import urlsplit

from topcalls.config.names import PREFIX
from topcalls.config.settings import ALL_ADDRESSES, Settings
from topcalls.config.vendors import LOCAL_EMBEDDINGS
from topcalls.errors import ConfigError

LEAST_SECRET_BYTES: Final = 24
"""Of a webhook's secret, as Standard Webhooks asks."""


def refuse_contradictions(settings: Settings) -> None:
    """Raises ConfigError naming the first setting that does not go with the others."""
    if settings.telephony_mode == "live" and settings.ai_mode == "sandbox":
        raise ConfigError(
            "A live phone line never talks to a scripted model: telephony is live, the AI is not.",
            field="openai_api_key",
            remedy='Set OPENAI_API_KEY, or telephony = "sandbox".',
        )
    if settings.telephony_mode == "live" and settings.tool_cassette is not None:
        raise ConfigError(
            "Calls of real people never get recorded answers of tools from a setting.",
            field="tool_cassette",
            remedy="Leave it out; a call can bring a cassette of its own.",
        )
    _refuse_unusable_links(settings)
    _refuse_untold_alerts(settings)
    _refuse_unusable_listening(settings)
    _refuse_server_of_local_embeddings(settings)
    needed = {
        "esl_host": settings.telephony_mode == "live" and not settings.esl_host,
        "esl_password": settings.telephony_mode == "live" and settings.esl_password is None,
        "openai_api_key": settings.ai_mode == "live" and settings.openai_api_key is None,
        **{name: not getattr(settings, name) for name in _needed_by_the_store(settings)},
    }
    for name, missing in needed.items():
        if missing:
            raise ConfigError(
                f"The setting {name} is missing.",
                field=name,
                remedy=f"Set {PREFIX}{name.upper()}. {Settings.model_fields[name].description}",
            )


def _refuse_untold_alerts(settings: Settings) -> None:
    """An alert that cannot be sent is told to nobody just when it matters."""
    if settings.alert_webhook_url and not _is_web_address(settings.alert_webhook_url):
        raise ConfigError(
            "The setting alert_webhook_url is no web address.",
            field="alert_webhook_url",
            remedy="Set TOPCALLS_ALERT_WEBHOOK_URL to an http or https URL.",
        )
    secret = settings.alert_webhook_secret
    if secret is not None and not _is_webhook_secret(secret.get_secret_value()):
        raise ConfigError(
            "The setting alert_webhook_secret is no secret of Standard Webhooks.",
            field="alert_webhook_secret",
            remedy="Make one: echo whsec_$(openssl rand -base64 24)",
        )
    needed = {
        "alert_webhook_secret": bool(settings.alert_webhook_url) and secret is None,
        "alert_email_from": bool(settings.alert_email_to) and not settings.alert_email_from,
        "smtp_host": bool(settings.alert_email_to) and not settings.smtp_host,
        "smtp_password": bool(settings.smtp_user) and settings.smtp_password is None,
    }
    for name in (name for name, missing in needed.items() if missing):
        raise ConfigError(
            f"The setting {name} is missing: alerts could not be sent.",
            field=name,
            remedy=f"Set {PREFIX}{name.upper()}.",
        )


def _is_webhook_secret(text: str) -> bool:
    try:
        key = b64decode(text.removeprefix("whsec_"), validate=True)
    except ValueError:
        return False
    return text.startswith("whsec_") and len(key) >= LEAST_SECRET_BYTES


def _refuse_unusable_listening(settings: Settings) -> None:
    if settings.listen_url and not _is_web_address(settings.listen_url):
        raise ConfigError(
            "The setting listen_url is no web address of a server.",
            field="listen_url",
            remedy="Set TOPCALLS_LISTEN_URL to how listeners reach this controller, as in "
            "https://calls.example.com/node-1, or leave it empty.",
        )
    if settings.listen_host in ALL_ADDRESSES and not settings.listen_url:
        raise ConfigError(
            f"listen_host {settings.listen_host!r} means every address of this machine, and is "
            "none that an address for listeners could name.",
            field="listen_url",
            remedy="Set TOPCALLS_LISTEN_URL to how listeners reach this controller.",
        )


def _refuse_server_of_local_embeddings(settings: Settings) -> None:
    if settings.embedding_model != LOCAL_EMBEDDINGS:
        return
    for name in ("embedding_base_url", "embedding_api_key", "embedding_dimensions"):
        if getattr(settings, name):
            raise ConfigError(
                f"embedding_model is 'local', which needs no server, and {name} is of one.",
                field=name,
                remedy=f"Leave {PREFIX}{name.upper()} out, or name the server's model.",
            )


def _needed_by_the_store(settings: Settings) -> tuple[str, ...]:
    if settings.recording_store != "s3":
        return ()
    keys = ("access_key", "secret_key") if settings.recording_s3_credentials == "keys" else ()
    return tuple(f"recording_s3_{name}" for name in ("url", "bucket", *keys))


def _refuse_unusable_links(settings: Settings) -> None:
    """Links to recordings begin with `public_url`; every process has to know it."""
    remedy = "Set TOPCALLS_PUBLIC_URL to how the world reaches the API: https://calls.example.com."
    if settings.public_url and not _is_web_address(settings.public_url):
        raise ConfigError(
            "The setting public_url is no web address of a server.",
            field="public_url",
            remedy=f"{remedy} A path may follow; user, query and fragment may not.",
        )
    if settings.public_url:
        return
    if settings.api_port == 0:
        raise ConfigError(
            "With api_port 0 nobody knows the port of the API, and links to it lead nowhere.",
            field="api_port",
            remedy=f"Set TOPCALLS_API_PORT to a port. Or: {remedy}",
        )
    if settings.api_host in ALL_ADDRESSES and settings.telephony_mode == "live":
        raise ConfigError(
            f"api_host {settings.api_host!r} means every address of this machine, and is none that "
            "a link could name.",
            field="public_url",
            remedy=remedy,
        )


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        port, host = parts.port, parts.hostname
    except ValueError:
        return False
    if parts.scheme not in ("http", "https") or not host or host in ALL_ADDRESSES or port == 0:
        return False
    is_plain = not (parts.username or parts.password or parts.query or parts.fragment)
    return is_plain and text.isprintable() and " " not in text
