"""Whether a request is signed as Standard Webhooks says, by one of the secrets that are known."""

from __future__ import annotations

from standardwebhooks import Webhook, WebhookVerificationError


class Signatures:
    """Any of the secrets will do: an account's secret can be changed."""

    def __init__(self) -> None:
        self._secrets: list[Webhook] = []

    def expect(self, secret: str) -> None:
        """A signature by this secret is good, too. `ValueError` if it is not a secret."""
        if not secret.removeprefix("whsec_"):
            raise ValueError("The secret is empty.")
        self._secrets.append(Webhook(secret))

    def verdict(self, headers: dict[str, str], body: bytes) -> bool | None:
        """None when no secret is known."""
        if not self._secrets:
            return None
        return any(_is_signed_by(secret, headers, body) for secret in self._secrets)


def _is_signed_by(secret: Webhook, headers: dict[str, str], body: bytes) -> bool:
    try:
        secret.verify(body, headers, json_parse=False)
    except (WebhookVerificationError, ValueError):
        return False
    return True
