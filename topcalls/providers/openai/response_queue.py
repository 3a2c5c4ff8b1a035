"""One response at a time: what may be asked of a Realtime session now, later, or not any more.

The service refuses a second response while one is active, knows a response only from its
`response.created` on, and answers a cancellation that comes too late with an error. This module
keeps those rules away from the socket: methods return the client events to send.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Event = dict[str, Any]


@dataclass(frozen=True)
class Request:
    """A response somebody wants; `body` holds what differs from the session's settings."""

    tag: str
    body: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class ResponseQueue:
    """The requests of one session, from `ask` to the end of their response."""

    _waiting: deque[Request] = field(default_factory=deque)
    _in_flight: Request | None = None
    _in_flight_id: str = ""
    _withdrawn: bool = False  # the request in flight is to be cancelled once it has an id
    _active: dict[str, str] = field(default_factory=dict)  # response id -> tag
    _muted: set[str] = field(default_factory=set)
    _silent: set[str] = field(default_factory=set)  # cancelled before anybody heard of them
    _blocked: bool = False  # the service says that a response is active
    _sent: int = 0

    def ask(self, request: Request) -> list[Event]:
        """Want a response."""
        self._waiting.append(request)
        return self._next()

    def created(self, response_id: str) -> tuple[str | None, list[Event]]:
        """`response.created`: the tag it was asked with, or None if nobody wants it any more."""
        request, self._in_flight = self._in_flight, None
        tag = request.tag if request else ""
        self._active[response_id] = tag
        if not self._withdrawn:
            return tag, []
        self._withdrawn = False
        self._muted.add(response_id)
        self._silent.add(response_id)
        return None, [_cancellation(response_id)]

    def done(self, response_id: str) -> tuple[str | None, list[Event]]:
        """`response.done`: its tag, or None if nobody knows of it; and the next request."""
        self._blocked = False
        tag = self._active.pop(response_id, None)
        if response_id in self._silent:
            self._silent.discard(response_id)
            tag = None
        return tag, self._next()

    def refused(self, event_id: str | None, *, busy: bool) -> tuple[str | None, list[Event]]:
        """An `error` answers `event_id`: the tag of the request that failed with it, if any.

        `busy`: the service has an active response; the request waits for its end.
        """
        request = self._in_flight
        if request is None or event_id != self._in_flight_id:
            return None, []
        self._in_flight = None
        withdrawn, self._withdrawn = self._withdrawn, False
        if busy:
            self._blocked = True
            if not withdrawn:
                self._waiting.appendleft(request)
            return None, self._next()
        return (None if withdrawn else request.tag), self._next()

    def cancel(self) -> list[Event]:
        """Nobody wants what was asked so far."""
        self._waiting.clear()
        self._withdrawn = self._in_flight is not None
        audible = [response_id for response_id in self._active if response_id not in self._muted]
        self._muted.update(audible)
        return [_cancellation(response_id) for response_id in audible]

    def is_muted(self, response_id: str) -> bool:
        """Whether what this response still says is to be dropped."""
        return response_id in self._muted

    def _next(self) -> list[Event]:
        if self._in_flight or self._active or self._blocked or not self._waiting:
            return []
        self._sent += 1
        self._in_flight = self._waiting.popleft()
        self._in_flight_id = f"response_{self._sent}"
        event: Event = {"type": "response.create", "event_id": self._in_flight_id}
        if self._in_flight.body:
            event["response"] = dict(self._in_flight.body)
        return [event]


def _cancellation(response_id: str) -> Event:
    return {"type": "response.cancel", "response_id": response_id}
