"""A carrier that is added through the API, on a real FreeSWITCH with our configuration.

See `own_switch.py` for what has to be set. The carrier is SIPp, on this machine's own address: a
loopback address is refused as a carrier's.
"""

import os
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from socket import AF_INET, SOCK_DGRAM, socket

import own_switch
import pytest
from desks import HERE, Desk, product_on
from freeswitch_lab import NUMBER, outcome, talking
from offices import wait_until
from telephones import Callee

from topcalls.esl.connection import EventSocketConnection

ROOT = Path(__file__).resolve().parents[2]
CONFIGURATION = {"task": "You are the reception.", "first_sentence": "Hello."}


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
        FREESWITCH_CARRIER_LOGINS="true",
        FREESWITCH_RTP_START="18000",
        FREESWITCH_RTP_END="18500",
    )
    yield switch.start(with_gateway=False)
    switch.stop()


@pytest.fixture(scope="module")
def product(switch, tmp_path_factory):
    product = product_on(switch, tmp_path_factory.mktemp("live"))
    yield product.start()
    assert product.stop() == 0


@pytest.fixture
def ask(switch):
    """Asks the switch."""
    with EventSocketConnection("127.0.0.1", switch.ports["esl"], own_switch.PASSWORD) as line:
        yield lambda command: line.send_ok(f"api {command}").data


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


# -- carriers that do not answer ---------------------------------------------------------------


class Trunks:
    """The carriers of an account that calls out."""

    def __init__(self, product):
        self._product = product
        account = product.cli("accounts", "create", "Trunks").strip()
        scopes = "calls:read,calls:write,phone_numbers:read,phone_numbers:write,admin"
        self._key = product.cli("keys", "create", account, "--scopes", scopes).strip()

    def add(self, name, port, priority, *, ping):
        answer = self._product.request(
            "POST",
            "/v1/phone-numbers/carriers",
            {
                "carrier_name": name,
                "trunk_type": "static_ip",
                "priority": priority,
                "sip_gateway": {"ipv4": HERE, "port": port, "ping": ping},
            },
            key=self._key,
        )
        assert answer.status == 201, answer.body
        return answer.body["id"]

    def status(self, carrier_id):
        path = f"/v1/phone-numbers/carriers/{carrier_id}"
        return self._product.request("GET", path, key=self._key).body["status"]

    def wait_state(self, carrier_id, state, seconds=20, found=""):
        """Until it is so on all nodes; what is found of the first begins with `found`, which the
        switch may tell a moment later."""

        def reached():
            status = self.status(carrier_id)
            words = status["nodes"][0]["found"] if found else ""
            return status["state"] == state and words.startswith(found) and status

        return wait_until(
            reached, lambda: f"not {state} {found}: {self.status(carrier_id)}", seconds
        )

    def outcome_of_call(self, **wishes):
        """A call, when it is over."""
        body = {"phone_number": NUMBER, "task": "Say hello.", "ring_timeout_seconds": 10, **wishes}
        placed = self._product.request("POST", "/v1/calls", body, key=self._key)
        assert placed.status == 201, placed.body
        path = f"/v1/calls/{placed.body['call_id']}"

        def over():
            call = self._product.request("GET", path, key=self._key).body
            return call if call["completed"] else None

        return wait_until(over, "the call does not end", 60)


def unused_port():
    with closing(socket(AF_INET, SOCK_DGRAM)) as probe:
        probe.bind((HERE, 0))
        return probe.getsockname()[1]


@pytest.mark.timeout(600)
def test_a_carrier_that_answers_no_ping_is_down_in_words_and_calls_go_by_the_next(
    product, switch, tmp_path
):
    trunks, away = Trunks(product), unused_port()
    first = trunks.add("First", away, 1, ping=True)
    second = trunks.add("Second", switch.ports["callee"], 2, ping=False)
    trunks.wait_state(second, "up")
    words = "Nobody answers at the carrier's address"
    status = trunks.wait_state(first, "down", 240, found=words)  # three pings
    (node,) = status["nodes"]
    assert status["reachable"] is False
    assert "firewall" in node["remedy"]

    with closing(Callee((HERE, switch.ports["callee"]), tmp_path, "hangs_up", pause=500)):
        call = trunks.outcome_of_call()  # by the second at once
        assert [dial["carrier_id"] for dial in call["routing"]] == [second]
        assert call["status"] == "completed"
        unheard = trunks.add("Unheard", away, 1, ping=False)
        trunks.wait_state(unheard, "up")  # as far as anybody knows
        call = trunks.outcome_of_call()
        assert [(dial["carrier_id"], dial["then"]) for dial in call["routing"]][0] == (
            unheard,
            "try_next",
        )
        assert call["routing"][-1]["carrier_id"] == second
        assert call["status"] == "completed"

    call = trunks.outcome_of_call(carrier_id=first)
    assert (call["status"], call["hangup"]["cause"]) == ("failed", "GATEWAY_DOWN")
    assert call["ended_by"] == "carrier"

    with closing(Callee((HERE, away), tmp_path / "back", "hangs_up")):  # SIPp answers OPTIONS
        status = trunks.wait_state(first, "up", 120)
        assert status["reachable"] is True
        assert status["nodes"][0]["found"] == "Ready for calls."


# -- carriers that are known by a password alone ----------------------------------------------


class Owner:
    """An account with a number that its agent takes calls to, and a carrier that calls in."""

    def __init__(self, product, number, login):
        self._product = product
        self.number, self._login = number, login
        account = product.cli("accounts", "create", login).strip()
        scopes = "calls:read,agents:write,phone_numbers:read,phone_numbers:write,admin"
        self._key = product.cli("keys", "create", account, "--scopes", scopes).strip()
        agent = self.post("/v1/agents", {"name": "Reception", "configuration": CONFIGURATION})["id"]
        self.post(f"/v1/agents/{agent}/publish")
        proof = {"username": login, "password": self.password}
        self._carrier = self.post(
            "/v1/phone-numbers/carriers",
            {
                "carrier_name": login,
                "trunk_type": "auth",
                "sip_gateway": {"ipv4": "192.0.2.254", "inbound": True},
                "inbound_auth": proof,
                "outbound_auth": proof,
            },
        )["id"]
        self.post("/v1/phone-numbers", {"number": number, "agent_id": agent})

    @property
    def password(self):
        return f"{self._login}-a-long-password"

    def get(self, path):
        return self._product.request("GET", path, key=self._key).body

    def post(self, path, body=None):
        answer = self._product.request("POST", path, body, key=self._key)
        assert answer.status < 300, answer.body
        return answer.body

    @property
    def is_up(self):
        path = f"/v1/phone-numbers/carriers/{self._carrier}"
        return self.get(path)["status"]["state"] == "up"

    @property
    def calls(self):
        return self.get("/v1/calls")["data"]

    def dial(self, switch, number, password=None):
        """What SIPp says of a call of this carrier."""
        return subprocess.run(
            [
                *(sys.executable, ROOT / "scripts" / "sipp", "phone_calls", "--trace"),
                *("--to", f"{HERE}:{switch.ports['sip']}", "--listen", f"{HERE}:0"),
                *("--user", self._login, "--password", password or self.password),
                *("--number", number, "--pause", "500", "--seconds", "20"),
            ],
            capture_output=True,
            text=True,
            timeout=40,
        )


@pytest.fixture(scope="module")
def owners(product):
    made = Owner(product, "+12025550142", "acme"), Owner(product, "+12025550143", "other")
    wait_until(lambda: all(owner.is_up for owner in made), "the carriers do not come up")
    return made


@pytest.mark.parametrize("dialled", ["+12025550142", "2025550142"])
def test_a_carrier_with_a_password_reaches_its_own_accounts_number(owners, switch, dialled):
    acme, other = owners
    before = len(acme.calls)
    run = acme.dial(switch, dialled)
    assert run.returncode == 0, run.stdout[-3000:]
    wait_until(lambda: len(acme.calls) == before + 1, "the call is not stored")
    wait_until(lambda: acme.calls[0]["status"] == "completed", "the call does not end")
    assert (acme.calls[0]["direction"], acme.calls[0]["phone_number"]) == ("inbound", acme.number)
    assert other.calls == []


def test_it_reaches_no_number_of_another_account(owners, switch):
    acme, other = owners
    run = acme.dial(switch, other.number)
    assert run.returncode != 0
    assert "SIP/2.0 404" in run.stdout
    assert other.calls == []


def test_a_wrong_password_reaches_nobody(owners, switch):
    acme, _ = owners
    run = acme.dial(switch, acme.number, password="guessed")
    assert run.returncode != 0
    assert "SIP/2.0 403" in run.stdout


# -- carriers that do not work, and those beside them -----------------------------------------


@pytest.fixture
def desk(product, request):
    made = Desk(product, request.node.name)
    yield made
    made.clear()


@pytest.fixture
def telephone(tmp_path):
    """A carrier's side, on a port of its own."""
    made = []

    def make(scenario, **settings):
        port = own_switch._free_port()
        directory = tmp_path / str(port)
        directory.mkdir()
        made.append(Callee((HERE, port), directory, scenario, **settings))
        return made[-1], port

    yield make
    for callee in made:
        callee.close()


PROOF = {"username": "acme", "password": "a-long-password-there"}
RIGHT = {"user": PROOF["username"], "password": PROOF["password"]}
WRONG = {**RIGHT, "password": "another"}


def test_a_carrier_that_we_register_with(desk, telephone):
    registrar, port = telephone("carrier_registrar", **RIGHT)
    path = desk.carrier(port, trunk_type="reg", registration=PROOF)
    assert desk.wait_state(path, "registered")["registered"] is True
    registrar.wait_for("S", "200 OK")


def test_a_registration_with_a_wrong_password(desk, telephone):
    _, port = telephone("carrier_registrar", **WRONG)
    path = desk.carrier(port, trunk_type="reg", registration=PROOF)
    node = desk.wait_state(path, "failed")
    assert (node["registered"], node["reachable"], node["sip_status"]) == (False, True, 403)
    assert "refuses" in node["found"]
    assert "may register" in node["remedy"]


def test_a_registrar_that_is_not_there(desk):
    path = desk.carrier(own_switch._free_port(), trunk_type="reg", registration=PROOF)
    node = desk.wait_state(path, "failed")
    assert (node["registered"], node["reachable"]) == (False, False)
    assert "Nobody answers" in node["found"]
    assert "firewall" in node["remedy"]


def test_a_carrier_that_asks_on_each_call(desk, telephone):
    asking, port = telephone("carrier_asks_password", **RIGHT)
    path = desk.carrier(port, outbound_auth=PROOF)
    desk.wait_state(path, "up")
    call = desk.place()
    wait_until(lambda: desk.request("GET", call)["call_status"] == "in-progress", "no answer")
    desk.request("POST", f"{call}/stop")
    assert outcome(desk.over(call)) == ("cancelled", "cancelled", "stopped")
    asking.wait_for("S", "401")


@pytest.mark.parametrize("proof", [{"outbound_auth": PROOF}, {}], ids=["wrong", "none"])
def test_a_carrier_that_asks_and_does_not_get_its_password(desk, telephone, proof):
    _, port = telephone("carrier_asks_password", **WRONG)
    path = desk.carrier(port, **proof)
    desk.wait_state(path, "up")
    call = desk.over(desk.place())
    assert outcome(call) == ("failed", "failed", "dial_failed")
    assert (call["ended_by"], call["hangup"]["sip_status"]) == ("configuration", 401)
    assert "credentials" in call["error_message"]
    refused = desk.request("GET", path)["status"]["last_refused_call"]
    assert refused["sip_status"] == 401


def test_the_next_carrier_tries_where_one_is_away_and_one_is_full(desk, telephone):
    away = own_switch._free_port()
    _, full = telephone("callee_overloaded")
    _, good = telephone("callee_hangs_up", pause=1500)
    for path in [desk.carrier(port) for port in (away, full, good)]:
        desk.wait_state(path, "up")
    call = desk.over(desk.place())
    assert outcome(call) == ("completed", "completed", "callee_hung_up")
    assert [(dial["sip_status"], dial["then"]) for dial in call["routing"]] == [
        (None, "try_next"),
        (503, "try_next"),
        (None, None),
    ]


def test_the_next_carrier_tries_where_one_says_nothing_at_all(desk, telephone):
    """However short a phone may ring: a carrier that is there says "100 Trying" at once."""
    _, good = telephone("callee_hangs_up", pause=500)
    with closing(socket(AF_INET, SOCK_DGRAM)) as silent:
        silent.bind((HERE, 0))
        for port in (silent.getsockname()[1], good):
            desk.wait_state(desk.carrier(port), "up")
        call = desk.over(desk.place(ring_timeout_seconds=5))
        silent.settimeout(5)
        assert silent.recv(4096).startswith(b"INVITE sip:")
    assert outcome(call) == ("completed", "completed", "callee_hung_up")
    assert [(dial["sip_status"], dial["cause"], dial["then"]) for dial in call["routing"]] == [
        (None, "RECOVERY_ON_TIMER_EXPIRE", "try_next"),
        (None, None, None),
    ]


def test_a_carrier_that_tries_has_all_the_time_that_a_phone_may_ring(desk, telephone):
    """It may ring somebody without a word to us: nobody else tries."""
    _, trying = telephone("rings", replaced={"180 Ringing": "100 Trying"})
    _, good = telephone("callee_hangs_up")
    for port in (trying, good):
        desk.wait_state(desk.carrier(port), "up")
    call = desk.over(desk.place(ring_timeout_seconds=6))
    assert outcome(call) == ("failed", "no-answer", "no_answer")
    (dial,) = call["routing"]
    assert (dial["cause"], dial["then"], dial["rang_seconds"]) == ("NO_ANSWER", "stop", 0)
