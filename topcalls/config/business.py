"""Numbers, prices, compliance and webhooks."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, SecretStr


class BusinessSettings(BaseModel):
    """Numbers, prices, compliance and webhooks."""

    # --- numbers
    telnyx_api_key: SecretStr | None = Field(
        None,
        description="Key of Telnyx, to search, buy and release numbers. Also read from "
        "`TELNYX_API_KEY`. Never used in the sandbox.",
    )
    telnyx_connection_id: str = Field(
        "",
        description="Telnyx's id of the SIP connection of the installation's own trunk: numbers "
        "that are bought without a carrier are bound to it.",
    )
    twilio_account_sid: str = Field(
        "",
        pattern="^(AC[0-9a-fA-F]{32})?$",
        description="Account of Twilio, to search, buy and release numbers. Also read from "
        "`TWILIO_ACCOUNT_SID`. Never used in the sandbox.",
    )
    twilio_auth_token: SecretStr | None = Field(
        None, description="Its auth token. Also read from `TWILIO_AUTH_TOKEN`."
    )
    twilio_trunk_sid: str = Field(
        "",
        pattern="^(TK[0-9a-fA-F]{32})?$",
        description="Twilio's SID of the installation's own trunk: numbers that are bought without "
        "a carrier are bound to it.",
    )
    max_number_purchases_per_day: int = Field(
        10, ge=0, le=10_000, description="Numbers that an account may buy within 24 hours."
    )

    # --- money
    prices_file: Path | None = Field(
        None,
        description="Prices that go before the vendors' list prices, and what the installation's "
        "own trunk costs: docs/costs.md.",
    )

    # --- compliance
    compliance: Literal["auto", "enforce", "record"] = Field(
        "auto",
        description="Of accounts that chose nothing themselves. `enforce`: a call that the rules "
        "do not allow is not made. `record`: what was decided is kept, and the call is made unless "
        "its number is on the do-not-call list. `auto`: `record` in the sandbox, else `enforce`.",
    )
    rules_folder: Path | None = Field(
        None,
        description="A directory with rules of your own (`*.toml`), which replace shipped ones of "
        "the same id: see rules.md.",
    )

    registers_file: Path | None = Field(
        None,
        description="A file (TOML) that names the registers of people who are not to be called "
        "which are asked before calls: compliance.md.",
    )

    # --- webhooks
    webhook_timeout_seconds: float = Field(
        10.0, gt=0, le=60, description="How long a webhook receiver may take in all."
    )
    completed_webhook_seconds: int = Field(
        15,
        ge=0,
        le=60,
        description="`call.completed` is sent so long after the end of a call, with what is ready "
        "by then. 0: as soon as everything is ready, and after 15 s with what is ready.",
    )
    webhook_disable_after_hours: int = Field(
        72,
        ge=0,
        le=8760,
        description="A webhook receiver that accepts nothing for so long is disabled; 0: never.",
    )
    allow_private_webhooks: bool = Field(
        False,
        description="Let webhook URLs reach private and loopback addresses. Without it the sandbox "
        "reaches its own receiver, and nothing else there.",
    )
