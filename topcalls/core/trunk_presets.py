"""Carriers we know, as data: what to enter, and where the carrier itself says so.

Addresses of carriers change; none are kept here. `addresses_url` is where the carrier lists those
of today, for `sip_gateway.inbound_addresses` and for a firewall.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Preset:
    """One carrier. `defaults` are fields of a carrier's body that a request may leave out,
    `gateway_defaults` those of its `sip_gateway`. `host` is an example of `sip_gateway.ipv4`."""

    id: str
    name: str
    host: str
    docs_url: str
    addresses_url: str
    notes: tuple[str, ...]
    defaults: Mapping[str, Any] = field(default_factory=dict)
    gateway_defaults: Mapping[str, Any] = field(default_factory=dict)


PRESETS = (
    Preset(
        "twilio",
        "Twilio Elastic SIP Trunking",
        "your-trunk.pstn.twilio.com",
        "https://www.twilio.com/docs/sip-trunking",
        "https://www.twilio.com/docs/sip-trunking/ip-addresses",
        (
            "Enter the termination URI of your trunk: the host must carry the trunk's name.",
            "Allow this switch's public address in the trunk's IP access control list, or make a "
            "credential list and enter it as outbound_auth.",
            "The caller ID must be a number of your Twilio account, or a verified one.",
            "A new trunk takes one call per second; more is set in the console.",
        ),
        {"number_format": "+e164", "caller_id_header": "from"},
        {"transport": "udp", "ping": True},
    ),
    Preset(
        "telnyx",
        "Telnyx",
        "sip.telnyx.com",
        "https://developers.telnyx.com/docs/voice/sip-trunking",
        "https://sip.telnyx.com",
        (
            "Make a SIP connection with credentials and enter them as registration "
            "(trunk_type reg), or one by IP address (static_ip).",
            "Assign an outbound voice profile to the connection, else calls are refused by 403.",
        ),
        {"number_format": "+e164", "caller_id_header": "from"},
        {"transport": "udp", "ping": True},
    ),
    Preset(
        "plivo",
        "Plivo Zentrunk",
        "your-trunk-id.zt.plivo.com",
        "https://www.plivo.com/docs/sip-trunking",
        "https://www.plivo.com/docs/sip-trunking/concepts/technical-specifications",
        (
            "Plivo takes no REGISTER: use static_ip, with outbound_auth if the trunk has "
            "credentials.",
            "Two calls per second per account, unless they raise it.",
        ),
        {"number_format": "+e164", "caller_id_header": "from"},
    ),
    Preset(
        "bandwidth",
        "Bandwidth",
        "the address of the SBC that Bandwidth assigned to you",
        "https://dev.bandwidth.com/docs/voice",
        "https://support.bandwidth.com/hc/en-us/articles/204138866",
        (
            "Bandwidth knows you by address: have this switch's added to your SIP peer.",
            "Enter the assigned pair as two carriers: the second one takes over when the first "
            "fails.",
        ),
        {"number_format": "+e164", "caller_id_header": "pai"},
        {"ping": True},
    ),
    Preset(
        "voipms",
        "VoIP.ms",
        "atlanta1.voip.ms",
        "https://wiki.voip.ms",
        "https://wiki.voip.ms/article/Servers",
        (
            "Choose one point of presence near you, and register with a sub-account (100000_name).",
            "Calling 4443 is their echo test: a good first call.",
        ),
        {"number_format": "national", "caller_id_header": "from", "trunk_type": "reg"},
    ),
    Preset(
        "generic",
        "Any SIP trunk",
        "sip.example.com",
        "https://www.rfc-editor.org/rfc/rfc3261",
        "",
        (
            "static_ip: the carrier knows this switch by its address. reg: we register with a "
            "username and password. auth: the carrier proves itself by a password when it calls "
            "us.",
            "Set ping only where the carrier answers OPTIONS: else the trunk counts as down.",
        ),
    ),
)
