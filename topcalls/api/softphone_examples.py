"""Examples of softphones. A test loads and dumps every one of them with its schema."""

from __future__ import annotations

from typing import Any

SOFTPHONE_BODY: dict[str, Any] = {"extension": "201", "name": "Ann, front desk"}
SOFTPHONE: dict[str, Any] = {
    "id": "5d0c7a42-6d5b-4d1d-8a51-0a4f3b9e7c21",
    "account_id": "9a2c8f4e-0b57-4b5e-9f0b-3a4f8d1c2e61",
    "extension": "201",
    "name": "Ann, front desk",
    "username": "201-k4m9tz",
    "may_supervise": True,
    "registered_at": ["node-1"],
    "created_at": "2030-01-31T09:30:00.000000Z",
}
CREATED: dict[str, Any] = SOFTPHONE | {
    "registered_at": [],
    "password": "EXAMPLE-of-a-password",
}
SOFTPHONES: dict[str, Any] = {"data": [SOFTPHONE]}
