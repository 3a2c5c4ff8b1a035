"""What is written for the switch about a trunk."""

from xml.etree import ElementTree

import pytest

from topcalls.core import gateways
from topcalls.core.trunks import Login, Trunk, dial_number, from_stored, to_stored
from topcalls.errors import InvalidRequest

pytestmark = pytest.mark.unit
ID = "f4f5a5d1-8f0c-4b57-9a1e-6b1d2b6a0c11"
NASTY = """a"b'c<d>&e$${local_ip_v4}${x}]]>--!"""


def gateway(**changes):
    """The gateway element of a trunk."""
    text = gateways.gateway(Trunk(ID, "sip.example.com", **changes))
    found = ElementTree.fromstring(text).find("gateway")
    assert found is not None
    return found


def params(element):
    return {param.get("name"): param.get("value") for param in element.findall("param")}


def variables(element):
    return {
        item.get("name"): (item.get("value"), item.get("direction"))
        for item in element.findall("variables/variable")
    }


def test_a_trunk_by_address():
    element = gateway(port=5080, transport="tcp")
    assert element.get("name") == f"tc_{ID}"
    assert params(element) == {
        "proxy": "sip.example.com:5080",
        "register": "false",
        "register-transport": "tcp",
        "retry-seconds": "30",
        "caller-id-in-from": "true",
        "extension": "auto_to_user",
        "username": "topcalls",
    }
    assert variables(element) == {
        "tc_carrier": (ID, None),
        "sip_cid_type": ("none", "outbound"),
    }


def test_a_trunk_that_registers():
    login = Login("100000_calls", "secret", realm="realm.example", from_domain="from.example")
    told = params(gateway(trunk_type="reg", login=login))
    assert told["register"] == "true"
    assert (told["username"], told["password"]) == ("100000_calls", "secret")
    assert (told["realm"], told["from-domain"]) == ("realm.example", "from.example")
    assert "from-user" not in told


def test_a_ping_that_is_missed_three_times_takes_the_gateway_down():
    told = params(gateway(ping=True))
    assert (told["ping"], told["ping-max"], told["ping-min"]) == ("30", "3", "1")


@pytest.mark.parametrize(("header", "kind"), [("from", "none"), ("pai", "pid"), ("rpid", "rpid")])
def test_where_the_caller_id_goes(header, kind):
    element = gateway(caller_id_header=header, srtp="mandatory")
    assert params(element)["caller-id-in-from"] == str(header == "from").lower()
    assert variables(element)["sip_cid_type"] == (kind, "outbound")
    assert variables(element)["rtp_secure_media"] == ("mandatory", "outbound")


def test_no_cipher_is_offered_whose_packets_anybody_may_alter():
    told, direction = variables(gateway(srtp="optional"))["rtp_secure_media_suites"]
    assert direction == "outbound"
    assert told.split(":")[0] == "AEAD_AES_256_GCM"
    assert not [suite for suite in told.split(":") if "NULL" in suite or suite.endswith("_8")]
    assert "rtp_secure_media_suites" not in variables(gateway(srtp="off"))


def test_a_password_arrives_as_it_is_and_is_no_markup_and_no_variable():
    trunk = Trunk(ID, "sip.example.com", trunk_type="reg", login=Login("u", NASTY))
    text = gateways.gateway(trunk)
    assert "$" not in text
    assert "{" not in text
    found = ElementTree.fromstring(text).find("gateway")
    assert params(found)["password"] == NASTY


@pytest.mark.parametrize("bad", ["a\nb", "a\rb", "a\0b", "a\tb", "ü"])
def test_what_no_file_may_hold_is_refused(bad):
    with pytest.raises(InvalidRequest):
        gateways.gateway(Trunk(ID, "sip.example.com", login=Login("u", bad)))


def test_addresses_that_may_send_calls():
    trunk = Trunk(ID, "192.0.2.7", inbound=True)
    nodes = ElementTree.fromstring(gateways.allowed_addresses(trunk)).findall("node")
    assert [node.attrib for node in nodes] == [
        {"type": "allow", "cidr": "192.0.2.7/32", "token": ID}
    ]
    named = Trunk(ID, "a.example", inbound=True, inbound_addresses=("203.0.113.0/30", "192.0.2.1"))
    nodes = ElementTree.fromstring(gateways.allowed_addresses(named)).findall("node")
    assert [node.get("cidr") for node in nodes] == ["203.0.113.0/30", "192.0.2.1/32"]


def test_the_files_of_each_kind_of_trunk():
    outbound = Trunk("a", "192.0.2.1")
    inbound = Trunk("b", "192.0.2.2", inbound=True)
    proved = Trunk("c", "192.0.2.3", "auth", inbound=True, inbound_login=Login("carrier", NASTY))
    made = gateways.files([outbound, inbound, proved])
    assert sorted(made) == [
        "acl/tc_b.xml",
        "gateways/tc_a.xml",
        "gateways/tc_b.xml",
        "gateways/tc_c.xml",
        "users/tc_c.xml",
    ]
    user = ElementTree.fromstring(made["users/tc_c.xml"]).find("user")
    assert user.get("id") == "carrier"
    assert user.find("params/param").get("value") == NASTY
    told = {item.get("name"): item.get("value") for item in user.findall("variables/variable")}
    assert told == {"user_context": "inbound", "tc_carrier": "c"}


def test_a_stored_trunk_comes_back_and_holds_no_password():
    trunk = Trunk(
        ID,
        "sip.example.com",
        "auth",
        inbound=True,
        inbound_addresses=("192.0.2.1",),
        login=Login("u", "outward", realm="r"),
        inbound_login=Login("v", "inward"),
    )
    stored = to_stored(trunk)
    assert "outward" not in str(stored)
    assert "inward" not in str(stored)
    assert from_stored(ID, stored | {"unheard_of": 1}, "outward", "inward") == trunk
    assert "outward" not in repr(trunk)


@pytest.mark.parametrize(
    ("number", "form", "prefix", "dialled"),
    [
        ("+12025550123", "+e164", "", "+12025550123"),
        ("+12025550123", "e164", "", "12025550123"),
        ("+12025550123", "national", "", "2025550123"),
        ("+442079460000", "national", "", "011442079460000"),
        ("+12025550123", "+e164", "12345678*", "12345678*+12025550123"),
        ("+12025550123", "e164", "9", "912025550123"),
    ],
)
def test_a_number_as_the_carrier_wants_it(number, form, prefix, dialled):
    assert dial_number(number, form, prefix) == dialled
