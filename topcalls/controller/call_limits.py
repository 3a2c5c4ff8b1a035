"""How long each state of a call may last."""

from __future__ import annotations

from datetime import datetime

from topcalls.controller.dials import INTENT_SECONDS
from topcalls.controller.reconciler import GRACE_SECONDS
from topcalls.core.call_state import Limit
from topcalls.services.dispatch import ClaimedCall

END_SECONDS = 5.0
ATTACH_SECONDS = 10.0
ANSWER_SECONDS = 15.0
"""How long it may take to answer a call that came in."""

DIAL_GRACE_SECONDS = 5.0
"""How long after the switch's own time-out ours comes: the switch's says more about why."""


def limits_of(call: ClaimedCall, compare_seconds: float, now: datetime) -> dict[Limit, float]:
    """The limits of one call in seconds from `now`; it is compared with the switch every
    `compare_seconds`. What was talked under another controller counts."""
    talked = (now - call.answered_at).total_seconds() if call.answered_at else 0.0
    ring = call.request.ring_timeout_seconds + DIAL_GRACE_SECONDS
    if call.is_inbound:
        ring = ANSWER_SECONDS
    return {
        # The comparison with the switch comes first: it knows more about why.
        Limit.DIAL: INTENT_SECONDS + ring + GRACE_SECONDS + 2 * compare_seconds,
        Limit.RING: ring,
        Limit.ATTACH: ATTACH_SECONDS,
        Limit.DURATION: max(0.0, call.request.max_duration * 60 - talked),
        Limit.END: END_SECONDS,
    }
