"""The headers of a webhook, and of other requests to customers' servers: signed as Standard
Webhooks says, under each secret that is valid, so that a receiver may change to a new one in its
own time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from standardwebhooks import Webhook

from topcalls import __version__

EVENT_HEADER = "topcalls-event"
ATTEMPT_HEADER = "topcalls-attempt"
SEQUENCE_HEADER = "topcalls-sequence"
FOLLOWS_HEADER = "topcalls-follows"
USER_AGENT = f"TopCalls/{__version__}"


def unsigned_headers(
    message_id: str, event: str, sequence: int | None = None, follows: int | None = None
) -> dict[str, str]:
    """What is the same in every attempt. `sequence` is the number of a call's message, `follows`
    that of the one before it that this receiver got: 0 for none."""
    headers = {
        "content-type": "application/json",
        "user-agent": USER_AGENT,
        "webhook-id": message_id,
        EVENT_HEADER: event,
    }
    if sequence is not None and follows is not None:
        headers |= {SEQUENCE_HEADER: str(sequence), FOLLOWS_HEADER: str(follows)}
    return headers


def signed_headers(
    message_id: str,
    event: str,
    secrets: Sequence[str],
    body: bytes,
    now: datetime,
    attempt: int = 1,
    sequence: int | None = None,
    follows: int | None = None,
) -> dict[str, str]:
    """Headers of one attempt; of several secrets the newest comes first."""
    text = body.decode()
    signatures = [Webhook(secret).sign(message_id, now, text) for secret in secrets]
    return {
        **unsigned_headers(message_id, event, sequence, follows),
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
        ATTEMPT_HEADER: str(attempt),
    }
