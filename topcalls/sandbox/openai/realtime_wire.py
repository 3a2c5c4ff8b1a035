"""The plumbing of a Realtime session: random ids, outgoing events, errors, timed actions."""

from __future__ import annotations

import heapq
import random
import string
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from itertools import count
from typing import Any, Literal, Protocol

from topcalls.sandbox.openai.validation import Refusal

Event = dict[str, Any]

CLOSE_BETA = (4000, "invalid_request_error.beta_api_shape_disabled")
CLOSE_EXPIRED = (1001, "Your session hit the maximum duration of 60 minutes.")


class Wire(Protocol):
    """The way to the client. None of these raises, even when the client has gone."""

    def note(self, event: Event | None, frame: str) -> None:
        """For the record: the client sent this frame (`event` None: it is no JSON object)."""
        ...

    def send(self, event: Event) -> None:
        """One event as a text frame."""
        ...

    def send_raw(self, text: str) -> None:
        """Text that is no event of the protocol (the fault `garbage`)."""
        ...

    def close(self, code: int, reason: str) -> None:
        """A close frame, then the end."""
        ...

    def cut(self) -> None:
        """The end by TCP reset."""
        ...


@dataclass(frozen=True)
class Behaviour:
    """How the double behaves where the real service varies; times are seconds.

    Audio goes out `speed` times faster than it plays, in deltas of `delta_ms` (shortest, longest).
    `transcription` says when the caller's words come: before or after the model's answer, or now
    this, now that. `late_deltas` is how many audio deltas may still follow a cancellation.
    """

    first_audio: float = 0.25
    speed: float = 8.0
    delta_ms: tuple[int, int] = (100, 400)
    transcription: Literal["random", "before", "after"] = "random"
    transcription_delay: float = 0.1
    transcription_fails: bool = False
    late_deltas: int = 2
    session_seconds: float = 3600.0
    bad_keys: tuple[str, ...] = ("sk-bad",)


class Outbox:
    """Sends events: gives each a random id, and knows how an error looks."""

    def __init__(self, send: Callable[[Event], None], dice: random.Random) -> None:
        self._send = send
        self._dice = dice

    def new_id(self, prefix: str) -> str:
        """A random identifier such as `item_…`."""
        letters = string.ascii_letters + string.digits
        return f"{prefix}_{''.join(self._dice.choices(letters, k=21))}"

    def send(self, kind: str, **fields: Any) -> None:
        """One event of the protocol."""
        self._send({"type": kind, "event_id": self.new_id("event"), **fields})

    def refuse(self, refusal: Refusal, event_id: str | None = None) -> None:
        """An `error` event; `event_id` is that of the client's event, if it had one."""
        error = {
            "type": refusal.kind,
            "code": refusal.code,
            "message": refusal.message,
            "param": refusal.param,
            "event_id": event_id,
        }
        self.send("error", error=error)


class Agenda:
    """Actions to be done at given monotonic times, in order; a subject's can be called off."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Hashable, Callable[[], None]]] = []
        self._order = count()

    def at(self, when: float, subject: Hashable, action: Callable[[], None]) -> None:
        """Do `action` at `when`."""
        heapq.heappush(self._heap, (when, next(self._order), subject, action))

    def call_off(self, subject: Hashable) -> None:
        """Forget everything planned for `subject`."""
        self._heap = [entry for entry in self._heap if entry[2] != subject]
        heapq.heapify(self._heap)

    @property
    def due(self) -> float | None:
        """When the next action is to be done."""
        return self._heap[0][0] if self._heap else None

    def run(self, now: float) -> None:
        """Do what is due; actions may plan more, which is done too if due."""
        while self._heap and self._heap[0][0] <= now:
            heapq.heappop(self._heap)[3]()
