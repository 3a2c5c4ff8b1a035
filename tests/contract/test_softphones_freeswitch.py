"""Softphones of the API on a real FreeSWITCH with our configuration; SIPp is each of them.

See `own_switch.py` for what has to be set.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import own_switch
import pytest
from freeswitch_lab import Address, LiveProduct, outcome
from gevent import Timeout, sleep

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 20.0
NUMBER, THEIRS = "+12025550142", "+12025550143"
SCOPES = (
    "agents:write,phone_numbers:write,softphones:read,softphones:write,calls:read,calls:write,admin"
)
CONFIGURATION = {"task": "You are the reception.", "first_sentence": "Bright Smile Dental, hello."}

pytestmark = [
    pytest.mark.freeswitch,
    pytest.mark.timeout(240),
    pytest.mark.skipif(not os.environ.get(own_switch.PROGRAM), reason=f"set {own_switch.PROGRAM}"),
    pytest.mark.skipif(shutil.which("sipp") is None, reason="sipp is not installed"),
]


@pytest.fixture(scope="module")
def switch(tmp_path_factory):
    made = own_switch.OwnSwitch(
        tmp_path_factory.mktemp("softphones"),
        FREESWITCH_RTP_START="18000",
        FREESWITCH_RTP_END="18500",
    )
    yield made.start()
    made.stop()


@pytest.fixture(scope="module")
def product(switch, tmp_path_factory):
    port = switch.ports["esl"]
    address = Address("127.0.0.1", port, own_switch.PASSWORD, own_switch.GATEWAY)
    made = LiveProduct(
        tmp_path_factory.mktemp("live"),
        address,
        port,
        TOPCALLS_SWITCH_DIR=str(switch.directory / "state"),
    )
    yield made.start()
    assert made.stop() == 0


class Team:
    """An account with a number that its agent takes calls to, and one softphone."""

    def __init__(self, product, number):
        self._product = product
        account = product.cli("accounts", "create", number).strip()
        self._key = product.cli("keys", "create", account, "--scopes", SCOPES).strip()
        agent = self.post("/v1/agents", {"name": "Reception", "configuration": CONFIGURATION})["id"]
        self.post(f"/v1/agents/{agent}/publish")
        self.post("/v1/phone-numbers", {"number": number, "agent_id": agent})
        self.phone = self.post("/v1/softphones", {"extension": "201"})

    def get(self, path):
        return self._product.request("GET", path, key=self._key).body

    def post(self, path, body=None):
        answer = self._product.request("POST", path, body, key=self._key)
        assert answer.status < 300, answer.body
        return answer.body

    @property
    def calls(self):
        return self.get("/v1/calls")["data"]

    @property
    def registered_at(self):
        return self.get(f"/v1/softphones/{self.phone['id']}")["registered_at"]


def wait_until(condition, words):
    with Timeout(LIMIT, AssertionError(words)):
        while not (found := condition()):
            sleep(0.2)
    return found


@pytest.fixture(scope="module")
def teams(product, switch):
    made = Team(product, NUMBER), Team(product, THEIRS)
    files = switch.directory / "state" / "users"
    wait_until(lambda: len(list(files.glob("sp_*.xml"))) == 2, "the files are not written")
    wait_until(
        lambda: sipp(switch, "phone_registers", made[0].phone).returncode == 0,
        "the switch does not know the softphone",
    )
    return made


def sipp(switch, scenario, phone, *options):
    """A softphone at work; what SIPp says of it."""
    return subprocess.run(
        [
            *(sys.executable, ROOT / "scripts" / "sipp", scenario, "--trace"),
            *("--to", f"127.0.0.1:{switch.ports['phones']}", "--seconds", "20"),
            *("--user", phone["username"], "--password", phone["password"], *options),
        ],
        capture_output=True,
        text=True,
        timeout=40,
    )


def test_where_a_softphone_is_registered(teams):
    wait_until(lambda: teams[0].registered_at == ["node-1"], "the registration is not told")
    assert teams[1].registered_at == []


@pytest.mark.parametrize("dialled", [NUMBER, "2025550142"])
def test_a_softphone_talks_with_an_agent_of_its_account(teams, switch, tmp_path, dialled):
    ours, _ = teams
    before = len(ours.calls)
    silence = tmp_path / "silence.pcmu"
    silence.write_bytes(b"\xff" * 8000)
    wishes = ("--number", dialled, "--pause", "2500", "--speech", str(silence))
    run = sipp(switch, "phone_calls", ours.phone, *wishes)
    assert run.returncode == 0, run.stdout[-3000:]
    wait_until(lambda: len(ours.calls) == before + 1, "the call is not stored")
    wait_until(lambda: ours.calls[0]["status"] == "completed", "the call does not end")
    call = ours.get(f"/v1/calls/{ours.calls[0]['id']}")
    assert outcome(call) == ("completed", "completed", "caller_hung_up")
    assert (call["phone_number"], call["from_phone_number"]) == (NUMBER, "201")
    assert call["transcript"][0]["text"] == CONFIGURATION["first_sentence"]


@pytest.mark.parametrize("dialled", [THEIRS, "2025550143", "+12025550199", "201"])
def test_it_reaches_nobody_else(teams, switch, dialled):
    ours, theirs = teams
    run = sipp(switch, "phone_calls", ours.phone, "--number", dialled)
    assert run.returncode != 0
    assert "SIP/2.0 404" in run.stdout
    assert theirs.calls == []


def test_a_user_made_by_hand_reaches_nobody(teams, switch):
    phone = {"username": "byhand", "password": "a-password-of-the-test"}
    text = (
        f'<include>\n<user id="{phone["username"]}"><params>'
        f'<param name="password" value="{phone["password"]}"/></params></user>\n</include>\n'
    )
    switch.write("users", "byhand", text)
    teams[0].post("/v1/softphones", {"extension": "202"})  # and the switch reads all of them again
    wait_until(
        lambda: sipp(switch, "phone_registers", phone).returncode == 0, "the user is not known"
    )
    run = sipp(switch, "phone_calls", phone, "--number", NUMBER)
    assert run.returncode != 0
    assert "SIP/2.0 403" in run.stdout
