"""Examples of numbers that are bought. A test loads and dumps every one of them with its schema."""

from __future__ import annotations

from typing import Any

from topcalls.api.phone_number_examples import NUMBER

OFFERS: dict[str, Any] = {
    "data": [
        {
            "number": "+13125550123",
            "provider": "telnyx",
            "country": "US",
            "region": "IL",
            "locality": "CHICAGO",
            "monthly_price": "1.00",
            "upfront_price": "1.00",
            "currency": "USD",
            "features": ["voice", "sms"],
            "requirements": None,
        }
    ]
}
PURCHASES: dict[str, Any] = {
    "number": {
        "summary": "A number for the account's trunk",
        "value": {"number": "+13125550123", "max_monthly_price": 2.0, "label": "Chicago"},
    }
}
BUYING: dict[str, Any] = {
    **NUMBER,
    "number": "+13125550123",
    "source": "telnyx",
    "status": "pending",
    "label": "Chicago",
    "provisioning": {
        "kind": "purchase",
        "state": "buying",
        "provider": "telnyx",
        "monthly_price": None,
        "max_monthly_price": "2.00",
        "currency": "USD",
        "requested_at": "2026-11-23T14:32:05.104233Z",
        "finished_at": None,
    },
}
RELEASING: dict[str, Any] = {
    **BUYING,
    "status": "inactive",
    "provisioning": {
        **BUYING["provisioning"],
        "kind": "release",
        "state": "releasing",
        "max_monthly_price": None,
        "currency": None,
    },
}
