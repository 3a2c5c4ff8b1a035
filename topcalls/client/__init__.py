"""The Python client of the REST API. It needs nothing else of TopCalls to run.

from topcalls.client import TopCalls

with TopCalls("https://calls.example.com", key) as topcalls:
    call = topcalls.calls.create(phone_number="+12025550107", task="Say hello.")
    for event in topcalls.live_calls.follow_call_events(call["call_id"]):
        print(event.name, event.data)
"""

from __future__ import annotations

import os
from typing import Any

from topcalls.client.operations import Operations
from topcalls.client.refusals import (
    ApiError,
    Fault,
    TopCallsClientError,
    Unreachable,
    WrongSignature,
)
from topcalls.client.transport import Event, Transport
from topcalls.client.webhooks import verified

__all__ = [
    "ApiError",
    "Event",
    "Fault",
    "TopCalls",
    "TopCallsClientError",
    "Unreachable",
    "WrongSignature",
    "verified",
]


class TopCalls(Operations):
    """The API at `base_url`, as whoever holds `key`; both default to the environment's
    TOPCALLS_PUBLIC_URL and TOPCALLS_API_KEY. `options`: see `transport.Transport`. Close it, or use
    it in a `with`.

    Methods raise `ApiError` for what the API refuses and `Unreachable` where there is no answer.
    Requests that may be repeated are: reads, and what carries an Idempotency-Key, which each such
    request gets by itself.
    """

    def __init__(self, base_url: str | None = None, key: str | None = None, **options: Any) -> None:
        url = base_url or os.environ.get("TOPCALLS_PUBLIC_URL") or "http://127.0.0.1:8080"
        self._transport = Transport(url, key or os.environ.get("TOPCALLS_API_KEY", ""), **options)
        super().__init__(self._transport)

    def close(self) -> None:
        """Close its connections."""
        self._transport.close()

    def __enter__(self) -> TopCalls:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
