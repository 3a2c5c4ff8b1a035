"""An example of the state of an installation."""

from __future__ import annotations

from typing import Any

ALERTS: dict[str, Any] = {
    "data": [
        {
            "name": "TopCallsCallsWait",
            "severity": "page",
            "firing": True,
            "since": "2026-11-23T12:00:00Z",
            "summary": "The oldest queued call has waited for a controller for 95 s.",
            "remedy": "See `topcalls status`: no controller, no room (`max_calls`), or a switch "
            "that is down.",
        }
    ]
}
STATUS = {
    "mode": "live",
    "ai_mode": "live",
    "version": "0.1.0",
    "components": [
        {"name": "database", "status": "up", "detail": "postgresql"},
        {"name": "controller", "status": "up", "detail": "2 on node-1, node-2"},
        {
            "name": "switch",
            "status": "up",
            "detail": "node-2: The switch cannot be reached: connection refused.",
        },
        {
            "name": "worker",
            "status": "down",
            "detail": "No worker runs: webhooks and the work after calls wait. "
            "Start 'topcalls worker'.",
        },
    ],
    "nodes": [
        {
            "name": "node-1",
            "status": "up",
            "since": "2026-11-20T08:00:12.581020Z",
            "detail": "Room for 13 more calls.",
            "controllers": 1,
            "capacity": 100,
            "live_calls": 87,
            "weight": 100,
            "sessions": 87,
            "max_sessions": 1000,
            "idle_percent": 71.4,
            "switch_version": "1.10.12",
        },
        {
            "name": "node-2",
            "status": "down",
            "since": "2026-11-23T14:30:55.204981Z",
            "detail": "The switch cannot be reached: connection refused.",
            "controllers": 1,
            "capacity": 100,
            "live_calls": 0,
            "weight": 100,
            "sessions": 12,
            "max_sessions": 1000,
            "idle_percent": 88.0,
            "switch_version": "1.10.12",
        },
    ],
    "capacity": 200,
    "queue": {
        "calls_scheduled": 3,
        "calls_queued": 12,
        "calls_live": 87,
        "oldest_queued_at": "2026-11-23T14:32:10.104233Z",
        "webhooks_due": 0,
        "wrap_ups_due": 1,
    },
}
