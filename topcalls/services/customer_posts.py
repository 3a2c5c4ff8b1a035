"""What a customer's server is asked to do in a call: a signed POST, and its answer for the model.

It is signed as webhooks are, with the account's secret, and carries an `Idempotency-Key`: a server
that keeps it does nothing twice. It is tried a second time, within its time limit, where the first
cannot have arrived, or where the server says when it wants to be asked again (429 or 503 with
`Retry-After`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import gevent

from topcalls.clock import Clock
from topcalls.core import tool_answers
from topcalls.core.tools import ToolResult
from topcalls.net.http import HttpError
from topcalls.services.customer_requests import MakeClient
from topcalls.services.webhook_headers import signed_headers

MOST_ATTEMPTS = 2
LEAST_SECONDS = 0.2
"""A second try that has less time left is not made."""


@dataclass(frozen=True)
class Posting:
    """What is posted. `seconds` is for all of it, a second try included; `headers` are the
    customer's own; `is_async`: the server may take it, and bring the result later."""

    url: str
    body: bytes
    event: str
    message_id: str
    idempotency_key: str
    secrets: Sequence[str]
    seconds: float
    headers: Mapping[str, str] = field(default_factory=dict)
    is_async: bool = False


def ask(make_client: MakeClient, clock: Clock, posting: Posting) -> ToolResult:
    """Post it, and read what is answered; blocks its greenlet for as long as that takes."""
    ends_at = clock.monotonic() + posting.seconds
    for attempt in range(1, MOST_ATTEMPTS + 1):
        left = ends_at - clock.monotonic()
        try:
            answer = make_client(left).post(
                posting.url, posting.body, _headers(posting, clock, attempt)
            )
        except HttpError as error:
            arrived = error.may_have_arrived
            result = tool_answers.no_answer(error.kind, may_have_arrived=arrived)
            again, pause = error.retryable and not arrived, 0.0
        else:
            result = tool_answers.read(
                answer.status, answer.headers, answer.body, is_async=posting.is_async
            )
            wait = tool_answers.retry_after(answer.headers, answer.status, clock.now())
            result, pause = replace(result, http_status=answer.status), wait or 0.0
            again = wait is not None
        result = replace(result, attempts=attempt)
        left = ends_at - clock.monotonic()
        if not again or left - pause < LEAST_SECONDS:
            break
        gevent.sleep(pause)
    return result


def _headers(posting: Posting, clock: Clock, attempt: int) -> dict[str, str]:
    ours = signed_headers(
        posting.message_id, posting.event, posting.secrets, posting.body, clock.now(), attempt
    )
    theirs = {name.lower(): value for name, value in posting.headers.items()}
    return {
        "accept": "application/json",
        **theirs,
        **ours,
        "idempotency-key": posting.idempotency_key,
    }
