"""What the world is told of a call's state: two words in the API, and a webhook on entering it."""

from __future__ import annotations

from dataclasses import dataclass

from topcalls.core.call_state import State


@dataclass(frozen=True, slots=True)
class PublicStatus:
    """What the API shows of a state: `status` (gateway) and `call_status` (telephony)."""

    status: str
    call_status: str | None


PUBLIC: dict[State, PublicStatus] = {
    State.PENDING: PublicStatus("pending", None),
    State.QUEUED: PublicStatus("queued", None),
    State.DISPATCHING: PublicStatus("queued", None),
    State.RINGING: PublicStatus("in_progress", None),
    State.ANSWERED: PublicStatus("in_progress", "in-progress"),
    State.IN_PROGRESS: PublicStatus("in_progress", "in-progress"),
    State.TRANSFERRED: PublicStatus("in_progress", "in-progress"),
    State.ENDING: PublicStatus("in_progress", "in-progress"),
    State.COMPLETED: PublicStatus("completed", "completed"),
    State.BUSY: PublicStatus("failed", "busy"),
    State.NO_ANSWER: PublicStatus("failed", "no-answer"),
    State.REJECTED: PublicStatus("failed", "rejected"),
    State.FAILED: PublicStatus("failed", "failed"),
    State.CANCELLED: PublicStatus("cancelled", "cancelled"),
    State.DISPATCH_TIMEOUT: PublicStatus("failed", "dispatch_timeout"),
}

STATUSES = ("pending", "queued", "in_progress", "completed", "failed", "cancelled")
CALL_STATUSES = tuple(
    dict.fromkeys(public.call_status for public in PUBLIC.values() if public.call_status)
)
ENDINGS = ("completed", "no-answer", "failed", "busy", "rejected", "cancelled", "dispatch_timeout")
"""Those of `CALL_STATUSES` that a call ends with, as lists are filtered by them."""

WEBHOOKS: dict[State, str] = {
    State.QUEUED: "call.queued",
    State.IN_PROGRESS: "call.started",
    State.TRANSFERRED: "call.transferred",
    State.COMPLETED: "call.completed",
    State.BUSY: "call.failed",
    State.NO_ANSWER: "call.failed",
    State.REJECTED: "call.failed",
    State.FAILED: "call.failed",
    State.CANCELLED: "call.failed",
    State.DISPATCH_TIMEOUT: "call.failed",
}
"""The webhook event of entering a state. How an answered call ended is told by its wrap-up, see
`wrap_up.telling`; everything else is told at once."""
