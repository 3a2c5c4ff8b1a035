"""Where the AI vendors are, and with which key."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import SecretStr

from topcalls.compose.endpoints import sandbox_endpoints
from topcalls.config import Settings

SANDBOX_AI_KEY = "sk-sandbox"
SANDBOX_KEYS = {"deepgram": "dg-sandbox", "elevenlabs": "el-sandbox"}


@dataclass(frozen=True)
class Vendors:
    """Where the vendors are and with which key; "" is none."""

    openai_url: str
    openai_key: str
    deepgram_url: str
    deepgram_key: str
    elevenlabs_url: str
    elevenlabs_key: str

    @classmethod
    def of(cls, settings: Settings) -> Vendors:
        """As configured; in the sandbox, its doubles."""
        if settings.ai_mode == "sandbox":
            found = sandbox_endpoints(settings)
            return cls(
                found["openai_base_url"],
                SANDBOX_AI_KEY,
                found["deepgram_base_url"],
                SANDBOX_KEYS["deepgram"],
                found["elevenlabs_base_url"],
                SANDBOX_KEYS["elevenlabs"],
            )
        return cls(
            settings.openai_base_url,
            shown(settings.openai_api_key),
            settings.deepgram_base_url,
            shown(settings.deepgram_api_key),
            settings.elevenlabs_base_url,
            shown(settings.elevenlabs_api_key),
        )


def shown(secret: SecretStr | None) -> str:
    """A key as a vendor wants it; "" for none."""
    return secret.get_secret_value() if secret is not None else ""
