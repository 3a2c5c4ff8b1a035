"""Who is told of alerts, and how, from the settings."""

from __future__ import annotations

from topcalls.clock import Clock
from topcalls.config import Settings
from topcalls.net.http import HttpClient
from topcalls.net.mail import MailServer
from topcalls.services.alert_senders import AlertMail, AlertWebhook
from topcalls.services.alerts import Sender


def alert_channels(settings: Settings) -> dict[str, str]:
    """The addresses, by channel."""
    told = {"webhook": settings.alert_webhook_url, "email": settings.alert_email_to}
    return {channel: target for channel, target in told.items() if target}


def alert_senders(settings: Settings, clock: Clock) -> dict[str, Sender]:
    """What sends to them. The operator names the webhook, so it may be on a private network."""
    found: dict[str, Sender] = {}
    if settings.alert_webhook_url and settings.alert_webhook_secret is not None:
        http = HttpClient(settings.webhook_timeout_seconds, allow_private=True)
        secret = settings.alert_webhook_secret.get_secret_value()
        found["webhook"] = AlertWebhook(http, secret, clock)
    if settings.alert_email_to:
        password = settings.smtp_password
        found["email"] = AlertMail(
            MailServer(
                settings.smtp_host,
                settings.smtp_port,
                settings.alert_email_from,
                settings.smtp_security,
                settings.smtp_user,
                password.get_secret_value() if password else "",
            )
        )
    return found
