"""Examples of numbers and carriers. A test loads and dumps every one of them with its schema."""

from __future__ import annotations

from typing import Any

_CARRIER_ID = "f4f5a5d1-8f0c-4b57-9a1e-6b1d2b6a0c11"
_ACCOUNT_ID = "9a2c8f4e-0b57-4b5e-9f0b-3a4f8d1c2e61"
_NUMBER_ID = "0f1d5a70-1c2b-4a3d-8e4f-5a6b7c8d9e0f"

CARRIER_BODIES: dict[str, Any] = {
    "register": {
        "summary": "A carrier that we register with",
        "value": {
            "carrier_name": "VoIP.ms",
            "preset": "voipms",
            "trunk_type": "reg",
            "sip_gateway": {"ipv4": "atlanta1.voip.ms"},
            "registration": {"username": "100000_calls", "password": "a long secret"},
        },
    },
    "by_address": {
        "summary": "A carrier that knows us by our address, and calls us",
        "value": {
            "carrier_name": "Twilio",
            "preset": "twilio",
            "priority": 10,
            "sip_gateway": {
                "ipv4": "bright-smile.pstn.twilio.com",
                "inbound": True,
                "inbound_addresses": ["203.0.113.0/30"],
            },
        },
    },
}
CARRIER_CHANGES: dict[str, Any] = {
    "password": {
        "summary": "Another password",
        "value": {"registration": {"password": "another secret"}},
    },
    "order": {"summary": "Tried first", "value": {"priority": 1}},
}
CARRIER: dict[str, Any] = {
    "id": _CARRIER_ID,
    "account_id": _ACCOUNT_ID,
    "voip_carrier_sid": _CARRIER_ID,
    "sip_gateway_sid": _CARRIER_ID,
    "carrier_name": "VoIP.ms",
    "preset": "voipms",
    "priority": 50,
    "trunk_type": "reg",
    "sip_gateway": {
        "ipv4": "atlanta1.voip.ms",
        "port": 5060,
        "inbound": False,
        "outbound": True,
        "transport": "udp",
        "srtp": "off",
        "ping": False,
        "inbound_addresses": [],
    },
    "registration": {
        "username": "100000_calls",
        "sip_realm": None,
        "from_user": None,
        "from_domain": None,
    },
    "inbound_auth": None,
    "outbound_auth": None,
    "number_format": "national",
    "number_prefix": "",
    "caller_id_header": "from",
    "provider_trunk_id": None,
    "rate": {"per_minute": "0.0085", "minimum_seconds": 6, "increment_seconds": 6},
    "status": {
        "state": "failed",
        "registered": False,
        "reachable": True,
        "nodes": [
            {
                "node": "node-1",
                "state": "failed",
                "registered": False,
                "reachable": True,
                "sip_status": 401,
                "found": "The registration failed. The carrier does not accept the user name and "
                "password. (SIP 401 Unauthorized)",
                "remedy": "Enter them again; check sip_realm, and whether they belong to this "
                "very trunk.",
                "since": "2026-11-23T14:32:10.104233Z",
                "checked_at": "2026-11-23T14:33:10.204233Z",
            }
        ],
        "last_refused_call": None,
    },
    "created_at": "2026-11-23T14:32:05.104233Z",
    "updated_at": "2026-11-23T14:32:05.104233Z",
}
CARRIERS = {"data": [CARRIER]}
PRESETS = {
    "data": [
        {
            "id": "voipms",
            "name": "VoIP.ms",
            "host": "atlanta1.voip.ms",
            "docs_url": "https://wiki.voip.ms",
            "addresses_url": "https://wiki.voip.ms/article/Servers",
            "notes": ["Choose one point of presence near you."],
            "defaults": {"trunk_type": "reg"},
            "gateway_defaults": {},
        }
    ]
}
NUMBER_BODIES: dict[str, Any] = {
    "number": {
        "summary": "A number of a carrier",
        "value": {"number": "+12025550123", "voip_carrier_sid": _CARRIER_ID, "label": "Reception"},
    }
}
NUMBER_CHANGES: dict[str, Any] = {
    "off": {"summary": "Switched off", "value": {"status": "inactive"}},
}
NUMBER: dict[str, Any] = {
    "id": _NUMBER_ID,
    "account_id": _ACCOUNT_ID,
    "number": "+12025550123",
    "voip_carrier_sid": _CARRIER_ID,
    "carrier_name": "VoIP.ms",
    "agent_id": None,
    "source": "byoc",
    "phone_number_sid": _NUMBER_ID,
    "status": "active",
    "label": "Reception",
    "error_message": None,
    "provisioning": None,
    "created_by_user_id": None,
    "created_at": "2026-11-23T14:32:05.104233Z",
    "updated_at": "2026-11-23T14:32:05.104233Z",
}
NUMBERS = {"data": [NUMBER]}
