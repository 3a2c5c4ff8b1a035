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
from offices import CONFIGURATION, Office, wait_until

ROOT = Path(__file__).resolve().parents[2]
NUMBER, THEIRS = "+12025550142", "+12025550143"

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


@pytest.fixture(scope="module")
def offices(product, switch):
    made = Office(product, NUMBER), Office(product, THEIRS)
    made[0].phone, made[1].phone = (office.softphone("201") for office in made)
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


def test_where_a_softphone_is_registered(offices):
    wait_until(
        lambda: offices[0].registered_at(offices[0].phone) == ["node-1"],
        "the registration is not told",
    )
    assert offices[1].registered_at(offices[1].phone) == []


@pytest.mark.parametrize("dialled", [NUMBER, "2025550142"])
def test_a_softphone_talks_with_an_agent_of_its_account(offices, switch, tmp_path, dialled):
    ours, _ = offices
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
def test_it_reaches_nobody_else(offices, switch, dialled):
    ours, theirs = offices
    run = sipp(switch, "phone_calls", ours.phone, "--number", dialled)
    assert run.returncode != 0
    assert "SIP/2.0 404" in run.stdout
    assert theirs.calls == []


def test_a_user_made_by_hand_reaches_nobody(offices, switch):
    phone = {"username": "byhand", "password": "a-password-of-the-test"}
    text = (
        f'<include>\n<user id="{phone["username"]}"><params>'
        f'<param name="password" value="{phone["password"]}"/></params></user>\n</include>\n'
    )
    switch.write("users", "byhand", text)
    offices[0].softphone("202")  # and the switch reads all of them again
    wait_until(
        lambda: sipp(switch, "phone_registers", phone).returncode == 0, "the user is not known"
    )
    run = sipp(switch, "phone_calls", phone, "--number", NUMBER)
    assert run.returncode != 0
    assert "SIP/2.0 403" in run.stdout
