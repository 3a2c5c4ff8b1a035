"""A carrier that is added through the API, on a real FreeSWITCH with our configuration.

See `own_switch.py` for what has to be set. The carrier is SIPp, on this machine's own address: a
loopback address is refused as a carrier's.
"""

import os
import shutil
from contextlib import closing
from pathlib import Path
from socket import AF_INET, SOCK_DGRAM, socket

import own_switch
import pytest
from freeswitch_lab import NUMBER, Address, LiveProduct, outcome, talking
from gevent import Timeout, sleep
from telephones import Callee

from topcalls.esl.connection import EventSocketConnection

LIMIT = 20.0


def own_address():
    """This machine's address on some network; a loopback one where it is on none."""
    with closing(socket(AF_INET, SOCK_DGRAM)) as probe:
        try:
            probe.connect(("198.51.100.1", 9))
        except OSError:
            return "127.0.0.1"
        return probe.getsockname()[0]


HERE = own_address()
pytestmark = [
    pytest.mark.freeswitch,
    pytest.mark.timeout(240),
    pytest.mark.skipif(not os.environ.get(own_switch.PROGRAM), reason=f"set {own_switch.PROGRAM}"),
    pytest.mark.skipif(shutil.which("sipp") is None, reason="sipp is not installed"),
    pytest.mark.skipif(HERE.startswith("127."), reason="this machine is on no network"),
]


@pytest.fixture(scope="module")
def switch(tmp_path_factory):
    """A switch that knows no carrier at all."""
    switch = own_switch.OwnSwitch(
        tmp_path_factory.mktemp("trunks"),
        FREESWITCH_IP=HERE,
        FREESWITCH_CARRIERS="192.0.2.0/32",
        FREESWITCH_RTP_START="18000",
        FREESWITCH_RTP_END="18500",
    )
    yield switch.start(with_gateway=False)
    switch.stop()


@pytest.fixture(scope="module")
def product(switch, tmp_path_factory):
    address = Address("127.0.0.1", switch.ports["esl"], own_switch.PASSWORD, "")
    product = LiveProduct(
        tmp_path_factory.mktemp("live"),
        address,
        switch.ports["esl"],
        TOPCALLS_SWITCH_DIR=str(switch.directory / "state"),
    )
    yield product.start()
    assert product.stop() == 0


@pytest.fixture
def ask(switch):
    """Asks the switch."""
    with EventSocketConnection("127.0.0.1", switch.ports["esl"], own_switch.PASSWORD) as line:
        yield lambda command: line.send_ok(f"api {command}").data


def wait_until(condition, words):
    with Timeout(LIMIT, AssertionError(words)):
        while not (found := condition()):
            sleep(0.2)
    return found


def test_a_carrier_of_the_api_carries_calls(product, switch, ask, tmp_path):
    scopes = "phone_numbers:read,phone_numbers:write"
    key = product.cli("keys", "create", product.account, "--scopes", scopes).strip()
    port = switch.ports["callee"]
    assert ask(f"acl {HERE} carriers").strip() == "false"
    created = product.request(
        "POST",
        "/v1/phone-numbers/carriers",
        {
            "carrier_name": "Lab",
            "trunk_type": "static_ip",
            "sip_gateway": {"ipv4": HERE, "port": port, "inbound": True},
        },
        key=key,
    )
    assert created.status == 201, created.body
    carrier_id = created.body["id"]
    path = f"/v1/phone-numbers/carriers/{carrier_id}"

    def state():
        return product.request("GET", path, key=key).body["status"]["state"]

    wait_until(lambda: state() == "up", "the carrier does not come up")
    (file,) = Path(switch.directory / "state" / "gateways").glob("tc_*.xml")
    assert file.stat().st_mode & 0o777 == 0o640
    assert ask(f"acl {HERE} carriers").strip() == "true"

    with closing(Callee((HERE, port), tmp_path, "answers")) as callee:
        call_id = product.place(NUMBER, carrier_id=carrier_id, first_sentence="Hello from here.")
        callee.lines.wait(15).wait_for_voice(10)
        product.wait_until(call_id, talking)
        product.request("POST", f"/v1/calls/{call_id}/stop")
        assert outcome(product.wait_over(call_id)) == ("cancelled", "cancelled", "stopped")

    assert product.request("DELETE", path, key=key).status in (200, 204)
    wait_until(lambda: file.stem not in ask("sofia status"), "the gateway stays")
    wait_until(lambda: ask(f"acl {HERE} carriers").strip() == "false", "the address stays let in")
