"""What a call that is not over is waiting for."""

from __future__ import annotations

from typing import Final

from topcalls.core.call_state import State

WAITS: Final[dict[State, tuple[str, str]]] = {
    State.PENDING: (
        "The call is not due yet, or something it needs has not arrived.",
        "It is queued at `schedule_at`; POST /v1/calls/{id}/cancel calls it off.",
    ),
    State.QUEUED: (
        "The call waits for a controller, or for the account's limits.",
        "See `topcalls status`, and the account's calls at once and per minute.",
    ),
    State.DISPATCHING: (
        "A controller has the call and is dialling.",
        "Wait: a dial that does not get through ends by itself.",
    ),
    State.RINGING: ("The phone rings.", "Wait: `ring_timeout_seconds` ends it."),
    State.ANSWERED: (
        "Somebody answered; the audio and the AI are being connected.",
        "Wait: it takes seconds, or the call ends as failed.",
    ),
    State.IN_PROGRESS: ("The conversation goes on.", "Look again when it is over."),
    State.TRANSFERRED: (
        "The other side talks with a person whom the call was handed over to.",
        "Look again when it is over.",
    ),
    State.ENDING: ("The channel is being hung up.", "Look again in a moment."),
}
"""Of each state that is not final: what is going on, and what to do."""
