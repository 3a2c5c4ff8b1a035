"""Webhooks as they arrive: who sent them, and what they say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from standardwebhooks import Webhook, WebhookVerificationError

from topcalls.client import shapes
from topcalls.client.refusals import WrongSignature


def verified(
    body: bytes, headers: Mapping[str, str], secrets: str | Sequence[str]
) -> shapes.WebhookMessage:
    """What a webhook says, once it is certain who sent it.

    `body`: as it came, byte by byte. `headers`: of the request, in any spelling. `secrets`: the
    account's, `whsec_…`, several while one takes the place of another.

    Raises:
        WrongSignature: none of the secrets signed it, or it was signed more than five minutes ago.
    """
    lower = {name.lower(): value for name, value in headers.items()}
    for secret in [secrets] if isinstance(secrets, str) else secrets:
        try:
            return cast(shapes.WebhookMessage, Webhook(secret).verify(body, lower))
        except WebhookVerificationError:
            continue
    raise WrongSignature("The webhook has no signature of these secrets, or an old one.")
