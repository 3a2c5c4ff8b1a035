"""Which bodies describe a carrier, and what is said of those that do not."""

import pytest

from topcalls.core.trunk_presets import PRESETS
from topcalls.core.trunk_rules import trunk_of, violations

pytestmark = pytest.mark.unit
LOGIN = {"username": "100000_calls", "password": "a secret"}
GOOD = {"carrier_name": "Telnyx", "sip_gateway": {"ipv4": "sip.example.com"}}
REG = {**GOOD, "trunk_type": "reg", "registration": LOGIN}


def gateway(**changes):
    return {**GOOD, "sip_gateway": {**GOOD["sip_gateway"], **changes}}


@pytest.mark.parametrize(
    "body",
    [
        GOOD,
        REG,
        gateway(ipv4="192.0.2.7", inbound=True),
        gateway(inbound=True, inbound_addresses=["192.0.2.7", "203.0.113.0/30"]),
        gateway(ipv4="10.1.2.3"),
        gateway(transport="tls", srtp="mandatory", ping=True, port=5061),
        {**GOOD, "outbound_auth": {**LOGIN, "sip_realm": "example.com"}},
        {**gateway(inbound=True), "trunk_type": "auth", "inbound_auth": LOGIN},
        {**GOOD, "preset": "generic", "priority": 0, "number_prefix": "12345678*"},
        {**GOOD, "registration": None, "label": None},
    ],
)
def test_what_is_right(body):
    assert violations(body) == []


@pytest.mark.parametrize(
    ("body", "path", "code"),
    [
        ({}, "carrier_name", "required"),
        ({}, "sip_gateway", "required"),
        ({**GOOD, "carrier_name": " "}, "carrier_name", "length"),
        ({**GOOD, "carrier_name": "a\nb"}, "carrier_name", "invalid_type"),
        ({**GOOD, "carier": 1}, "carier", "unknown"),
        ({**GOOD, "sip_gateway": "sip.example.com"}, "sip_gateway", "invalid_type"),
        ({**GOOD, "sip_gateway": {}}, "sip_gateway.ipv4", "required"),
        (gateway(ipv4="sip:example.com"), "sip_gateway.ipv4", "invalid_host"),
        (gateway(ipv4='a"b'), "sip_gateway.ipv4", "invalid_host"),
        (gateway(ipv4="a b"), "sip_gateway.ipv4", "invalid_host"),
        (gateway(ipv4="a\r\nVia: x"), "sip_gateway.ipv4", "invalid_host"),
        (gateway(ipv4="2130706433"), "sip_gateway.ipv4", "invalid_host"),
        (gateway(ipv4="1.2.3"), "sip_gateway.ipv4", "invalid_host"),
        (gateway(ipv4="2001:db8::1"), "sip_gateway.ipv4", "invalid_host"),
        (gateway(ipv4="127.0.0.1"), "sip_gateway.ipv4", "reserved_address"),
        (gateway(ipv4="169.254.169.254"), "sip_gateway.ipv4", "reserved_address"),
        (gateway(ipv4="0.0.0.0"), "sip_gateway.ipv4", "reserved_address"),
        (gateway(ipv4="localhost"), "sip_gateway.ipv4", "reserved_address"),
        (gateway(inbound=True), "sip_gateway.ipv4", "ipv4_required"),
        (gateway(inbound="yes"), "sip_gateway.inbound", "invalid_type"),
        (gateway(outbound=False), "sip_gateway.outbound", "nothing_to_do"),
        (gateway(port=0), "sip_gateway.port", "range"),
        (gateway(port="5060"), "sip_gateway.port", "invalid_type"),
        (gateway(transport="sctp"), "sip_gateway.transport", "choice"),
        (gateway(prot=1), "sip_gateway.prot", "unknown"),
        (gateway(inbound_addresses="192.0.2.1"), "sip_gateway.inbound_addresses", "invalid_type"),
        (
            gateway(inbound_addresses=["nonsense"]),
            "sip_gateway.inbound_addresses.0",
            "invalid_address",
        ),
        (gateway(inbound_addresses=["0.0.0.0/0"]), "sip_gateway.inbound_addresses.0", "too_wide"),
        ({**GOOD, "trunk_type": "isdn"}, "trunk_type", "choice"),
        ({**GOOD, "trunk_type": "reg"}, "registration", "required"),
        ({**GOOD, "registration": LOGIN}, "registration", "exclusive"),
        ({**REG, "outbound_auth": LOGIN}, "outbound_auth", "exclusive"),
        ({**GOOD, "trunk_type": "auth"}, "inbound_auth", "required"),
        ({**GOOD, "inbound_auth": LOGIN}, "inbound_auth", "exclusive"),
        (
            {**GOOD, "trunk_type": "auth", "inbound_auth": LOGIN},
            "sip_gateway.inbound",
            "required",
        ),
        ({**REG, "registration": {"username": "u"}}, "registration.password", "required"),
        (
            {**REG, "registration": {**LOGIN, "username": "u@example.com"}},
            "registration.username",
            "invalid_username",
        ),
        (
            {**REG, "registration": {**LOGIN, "password": "a\nb"}},
            "registration.password",
            "invalid_password",
        ),
        (
            {**REG, "registration": {**LOGIN, "sip_realm": 'a"b'}},
            "registration.sip_realm",
            "invalid_sip_realm",
        ),
        ({**REG, "registration": {**LOGIN, "pass": "x"}}, "registration.pass", "unknown"),
        ({**GOOD, "priority": 100}, "priority", "range"),
        ({**GOOD, "priority": True}, "priority", "invalid_type"),
        ({**GOOD, "number_prefix": "+1"}, "number_prefix", "invalid_number_prefix"),
        ({**GOOD, "preset": "acme"}, "preset", "choice"),
    ],
)
def test_what_is_wrong_is_named(body, path, code):
    found = {(fault.path, fault.code): fault.message for fault in violations(body)}
    assert (path, code) in found
    assert "secret" not in found[(path, code)]


def test_every_fault_is_told_at_once():
    body = {**gateway(port=0, ipv4="a b"), "carrier_name": "", "trunk_type": "reg"}
    paths = [fault.path for fault in violations(body)]
    assert paths == ["carrier_name", "sip_gateway.port", "sip_gateway.ipv4", "registration"]


def test_this_machine_is_a_carrier_in_the_sandbox_only():
    body = gateway(ipv4="127.0.0.1")
    assert violations(body, sandbox=True) == []
    assert violations(body) != []


def test_an_ipv4_address_is_asked_for_with_its_remedy():
    (fault,) = violations(gateway(inbound=True))
    assert "inbound_addresses" in fault.message


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.id)
def test_a_preset_gives_what_a_body_leaves_out(preset):
    assert preset.docs_url.startswith("https://")
    body = {**GOOD, "preset": preset.id}
    if preset.defaults.get("trunk_type") == "reg":
        body["registration"] = LOGIN
    assert violations(body) == []
    trunk = trunk_of("id", body)
    for name, value in {**preset.defaults, **preset.gateway_defaults}.items():
        assert getattr(trunk, name) == value


def test_a_body_says_more_than_its_preset():
    body = {**gateway(ping=False), "preset": "twilio", "number_format": "e164"}
    trunk = trunk_of("id", body)
    assert (trunk.ping, trunk.number_format) == (False, "e164")


def test_tls_has_a_port_of_its_own():
    assert trunk_of("id", gateway(transport="tls")).port == 5061
    assert trunk_of("id", GOOD).port == 5060
