"""For how long the switch keeps a leg that was answered."""

from __future__ import annotations

from topcalls.services.dispatch import LEASE_SECONDS, ClaimedCall

GRACE_SECONDS = 10
"""The switch enforces the duration of a call too, this much later than we do."""

RENEW_SECONDS = 60.0
"""How often a controller says that it lives, see `leg_leases.py`."""

MARGIN_SECONDS = 30.0
"""It may say so late: the heartbeat waits for the database first."""


def lease_seconds(adopt_seconds: float) -> int:
    """How long a leg stays without a word of a controller, while another one may still take its
    call up."""
    return round(RENEW_SECONDS + LEASE_SECONDS + adopt_seconds + MARGIN_SECONDS)


def longest(call: ClaimedCall) -> int:
    """How long a leg may stay in all, in seconds from its answer."""
    return round(call.request.max_duration * 60) + GRACE_SECONDS
