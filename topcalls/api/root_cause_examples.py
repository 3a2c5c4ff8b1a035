"""An example of a report on why a call ended."""

from __future__ import annotations

from typing import Any

ROOT_CAUSE: dict[str, Any] = {
    "call_id": "b7c1f3c2-5d0e-4a55-9d5b-0d6f2a7f6f10",
    "direction": "outbound",
    "status": "failed",
    "call_status": "failed",
    "over": True,
    "finding": {
        "rule": "dial_failed.credentials",
        "blame": "configuration",
        "cause": "The carrier did not accept our user name and password.",
        "evidence": [
            "state failed, end_reason dial_failed",
            "decided by the event OriginateFailed",
            "CALL_REJECTED, SIP 407, Q.850 21, by the network",
        ],
        "remedy": "Correct the carrier's credentials; `topcalls doctor carrier NAME` tells more.",
    },
    "remarks": [],
    "steps": [
        {
            "at": "2026-11-23T12:00:00.123456Z",
            "source": "call",
            "text": "Created: outbound, priority 5.",
        },
        {
            "at": "2026-11-23T12:00:00.223456Z",
            "source": "event",
            "text": "A controller took it from the queue. [queued > dispatching]",
        },
        {
            "at": "2026-11-23T12:00:00.523456Z",
            "source": "event",
            "text": "The dial failed: CALL_REJECTED, SIP 407, Q.850 21, by the network. "
            "[dispatching > failed]",
        },
    ],
}
