"""Sends requests, repeats those that may be repeated, and tells what was refused."""

from __future__ import annotations

import json
import random
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

import httpx2

from topcalls.client.refusals import ApiError, Unreachable

TRIES: Final = 4
"""Of one request, the first included."""

LONGEST_WAIT: Final = 30.0
"""Seconds. Whoever is told to wait for longer is told so, instead of waiting here."""

_FIRST_WAIT: Final = 0.5
_NOTHING_DONE: Final = frozenset({429, 503})
"""After these the API has done nothing: even what must not be done twice may be asked again."""

_PERHAPS_DONE: Final = frozenset({500, 502, 504})
_SAFE: Final = frozenset({"GET", "PUT", "DELETE"})
_STREAM_SECONDS: Final = 60.0
"""A stream says something every 15 seconds."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a stream. `data` is its JSON; `id` is empty for one that is not told again."""

    name: str
    data: Any
    id: str


class Transport:
    """One key at one address. `sleep` and `client` are for tests; close it."""

    def __init__(
        self,
        base_url: str,
        key: str,
        *,
        timeout: float = 30.0,
        tries: int = TRIES,
        client: httpx2.Client | None = None,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        """`timeout`: seconds for an answer. Raises ValueError for what is no address or no key."""
        if not base_url.startswith(("http://", "https://")):
            raise ValueError(f"base_url must begin with http:// or https://, not {base_url!r}")
        if not key.startswith("tc_") or not key.isascii():
            raise ValueError("key must be an API key: it begins with tc_live_ or tc_test_")
        self._base = base_url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {key}"}
        self._client = client or httpx2.Client(timeout=timeout)
        self._tries = tries
        self._sleep = sleep

    def close(self) -> None:
        """Close its connections."""
        self._client.close()

    def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        content: bytes | Iterator[bytes] | None = None,
        content_type: str = "application/json",
        idempotency_key: str | None = None,
        is_repeatable: bool = False,
    ) -> Any:
        """The JSON of the answer, its bytes where it is something else, None where it is empty.

        `is_repeatable`: the API knows a repetition by its Idempotency-Key; without one given, each
        request gets its own.

        Raises:
            ApiError: the API refuses, still after it was asked again where that may help.
            Unreachable: there was no answer.
        """
        headers = dict(self._headers)
        if body is not None:
            content = json.dumps(body).encode()
        if content is not None:
            headers["Content-Type"] = content_type
        if is_repeatable:
            headers["Idempotency-Key"] = idempotency_key or str(uuid.uuid4())
        safe = (method in _SAFE or is_repeatable) and not isinstance(content, Iterator)
        given = {name: value for name, value in (query or {}).items() if value is not None}
        for number in range(1, self._tries + 1):
            is_last = number == self._tries or isinstance(content, Iterator)
            try:
                answer = self._client.request(
                    method, self._base + path, params=given, content=content, headers=headers
                )
            except httpx2.TransportError as error:
                nothing_sent = isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout)
                if is_last or not (safe or nothing_sent):
                    raise Unreachable(f"{self._base} does not answer: {error}") from error
                self._sleep(_wait(number))
                continue
            again = answer.status_code in _NOTHING_DONE or (
                safe and answer.status_code in _PERHAPS_DONE
            )
            wait = _wait(number, answer)
            if not again or is_last or wait > LONGEST_WAIT:
                return _told(answer)
            self._sleep(wait)
        raise AssertionError("the last try returns or raises")

    def follow(self, path: str, after: str = "") -> Iterator[Event]:
        """The events of a stream, to its end. Who is cut off comes again and misses none.

        Raises:
            ApiError: the API refuses.
            Unreachable: it could not be reached again.
        """
        failures = 0
        while True:
            headers = {**self._headers, "Accept": "text/event-stream"}
            if after:
                headers["Last-Event-ID"] = after
            try:
                with self._client.stream(
                    "GET", self._base + path, headers=headers, timeout=_STREAM_SECONDS
                ) as answer:
                    if answer.status_code == 204:
                        return
                    if answer.status_code >= 400:
                        answer.read()
                        if answer.status_code not in _NOTHING_DONE or failures >= self._tries:
                            raise _refusal(answer)
                        raise httpx2.ReadError("not now")
                    for event in httpx2.EventSource(answer):
                        failures = 0
                        after = event.id or after
                        if not event.data:
                            continue  # a comment, or how long to wait before coming again
                        yield Event(event.event, event.json(), event.id)
                        if event.event == "end":
                            return
            except httpx2.TransportError as error:
                failures += 1
                if failures >= self._tries:
                    raise Unreachable(f"{self._base} does not answer: {error}") from error
                self._sleep(_wait(failures))


class Resource:
    """What the operations of one kind share."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    @staticmethod
    def _every(page_at: Callable[[Any], Any]) -> Iterator[Any]:
        """Every item of a list, page after page; `page_at` fetches the page at a cursor."""
        cursor = None
        while True:
            page = page_at(cursor)
            yield from page["data"]
            cursor = page["next_cursor"]
            if cursor is None:
                return

    @staticmethod
    def _part(value: object) -> str:
        """One part of a path: what it holds leads nowhere else."""
        return quote(str(value), safe="+")


def _wait(number: int, answer: httpx2.Response | None = None) -> float:
    """Seconds before the next try: as long as the API says, or longer each time."""
    told = answer.headers.get("Retry-After", "") if answer is not None else ""
    if told.isdigit():
        return float(told)
    longer = _FIRST_WAIT * 2.0 ** (number - 1)
    return longer * random.uniform(0.75, 1.25)  # noqa: S311 - no secret


def _told(answer: httpx2.Response) -> Any:
    if answer.status_code >= 400:
        raise _refusal(answer)
    if not answer.content:
        return None
    kind = answer.headers.get("Content-Type", "")
    return answer.json() if kind.partition(";")[0] == "application/json" else answer.content


def _refusal(answer: httpx2.Response) -> ApiError:
    try:
        problem = answer.json()
    except ValueError:
        problem = None
    return ApiError(answer.status_code, problem if isinstance(problem, dict) else {})
