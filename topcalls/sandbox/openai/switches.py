"""Faults by model name: `gpt-6-luna+rate-limit` is the model gpt-6-luna with a fault.

Every endpoint, and the Realtime handshake, knows these:

- `+rate-limit`: HTTP 429 with Retry-After; `+rate-limit-once`: the first time only
- `+server-error`: HTTP 500; `+server-error-once`: the first time only
- `+quota`: HTTP 429 `insufficient_quota`, which no retry helps
- `+forbidden`: HTTP 403; `+not-found`: HTTP 404 `model_not_found`

Chat completions also know `+refusal`, `+length`, `+content-filter`, `+cut` (the connection is reset
in the middle of the answer), `+slow` (the first token takes 3 s) and `+no-schema` (a model without
structured outputs: `json_schema` is refused).

`refuse_next` refuses whatever is asked for next, by any model name.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class HttpFailure:
    """An answer that is an error."""

    status: int
    kind: str
    code: str | None
    message: str
    headers: tuple[tuple[str, str], ...] = ()

    def body(self) -> dict[str, object]:
        """The vendor's error object."""
        error = {"message": self.message, "type": self.kind, "param": None, "code": self.code}
        return {"error": error}


_FAILURES = {
    "rate-limit": HttpFailure(
        429,
        "requests",
        "rate_limit_exceeded",
        "Rate limit reached for requests. Please try again later.",
        (("Retry-After", "1"), ("Retry-After-Ms", "50")),
    ),
    "server-error": HttpFailure(
        500, "server_error", None, "The server had an error while processing your request."
    ),
    "quota": HttpFailure(
        429,
        "insufficient_quota",
        "insufficient_quota",
        "You exceeded your current quota, please check your plan and billing details.",
    ),
    "forbidden": HttpFailure(
        403,
        "invalid_request_error",
        "unsupported_country_region_territory",
        "Country, region, or territory not supported.",
    ),
    "not-found": HttpFailure(
        404,
        "invalid_request_error",
        "model_not_found",
        "The model does not exist or you do not have access to it.",
    ),
}


def _refusal(status: int) -> HttpFailure:
    """The vendor's answer with this status."""
    if status == 401:
        return HttpFailure(
            status, "invalid_request_error", "invalid_api_key", "Incorrect API key provided."
        )
    known = next((item for item in _FAILURES.values() if item.status == status), None)
    return known or replace(_FAILURES["server-error"], status=status)


def split_model(model: str) -> tuple[str, str]:
    """(name, fault) of a model name; the fault is "" where there is none."""
    name, _, fault = model.partition("+")
    return name, fault


class Switches:
    """Remembers which faults have happened once already."""

    def __init__(self) -> None:
        self._happened: set[str] = set()
        self._next: deque[HttpFailure] = deque()

    def refuse_next(self, status: int, times: int = 1) -> None:
        """The next so many requests are answered with this status, from 400 to 599."""
        self._next.extend([_refusal(status)] * times)

    def failure(self, model: str) -> HttpFailure | None:
        """The HTTP error that `model` asks for now, or None."""
        if self._next:
            return self._next.popleft()
        _, fault = split_model(model)
        if fault.endswith("-once"):
            if model in self._happened:
                return None
            self._happened.add(model)
            fault = fault.removesuffix("-once")
        return _FAILURES.get(fault)
