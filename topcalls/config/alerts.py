"""Who is told when something is wrong with the installation."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field, SecretStr


class AlertSettings(BaseModel):
    """Who is told when something is wrong with the installation."""

    alert_webhook_url: str = Field(
        "",
        description="Where alerts are posted (`docs/alerts.md`). Empty: nowhere.",
    )
    alert_webhook_secret: SecretStr | None = Field(
        None,
        description="Signs them, as `whsec_` and base64 (Standard Webhooks). Needed with "
        "`alert_webhook_url`.",
    )
    alert_email_to: str = Field(
        "", description="Who gets alerts by e-mail; several with commas. Empty: nobody."
    )
    alert_email_from: str = Field("", description="Sender of these. Needed with `alert_email_to`.")
    smtp_host: str = Field("", description="The mail server. Needed with `alert_email_to`.")
    smtp_port: int = Field(587, ge=1, le=65535, description="Its port.")
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        "starttls",
        description="`tls` encrypts from the first byte (usually port 465), `starttls` after the "
        "greeting, `none` nothing: only for a server on this machine.",
    )
    smtp_user: str = Field("", description="Who signs in there. Empty: nobody does.")
    smtp_password: SecretStr | None = Field(None, description="Their password.")
