"""The scripts for people who debug a switch, tried on the sandbox's."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from unit.sandbox_peers import EventSocketClient, ToneSpeech

from topcalls.sandbox.freeswitch.server import SwitchServer
from topcalls.sandbox.freeswitch.switch import SwitchOptions
from topcalls.sandbox.magic_numbers import NumberPlan
from topcalls.sandbox.scenario import parse_scenario

pytestmark = pytest.mark.sandbox
SCRIPTS = Path(__file__).parents[2] / "scripts"
PEOPLE = {
    "+12025550150": "- ring: 0.1\n- answer\n- silence: 60",
    "+12025550151": "- ring: 0.1\n- busy",
}
ANSWERS, BUSY = PEOPLE


@pytest.fixture
def server(tmp_path):
    plan = NumberPlan(
        parse_scenario(f'name: "{number}"\nnumber: "{number}"\ndescription: d\ncallee:\n{steps}')
        for number, steps in PEOPLE.items()
    )
    server = SwitchServer(
        ToneSpeech(), plan, options=SwitchOptions(temporary=tmp_path, heartbeat_seconds=0.5)
    )
    server.start()
    yield server
    server.stop()


def run(server, script, *arguments, password="sandbox"):
    """Start a script on this switch."""
    return subprocess.Popen(
        [sys.executable, SCRIPTS / script, "--port", str(server.port), *arguments],
        env={**os.environ, "TOPCALLS_ESL_PASSWORD": password},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize(
    ("number", "status", "words"),
    [(ANSWERS, 0, ["it rings", "answered", "Answered, "]), (BUSY, 1, ["it rings", "SIP 486"])],
)
def test_a_smoke_call_says_what_happened(server, number, status, words):
    arguments = ("--gateway", "sandbox", "--from", "+12025550199", "--talk", "1", number)
    script = run(server, "smoke_call", *arguments)
    said, _ = script.communicate(timeout=60)
    assert script.returncode == status, said
    places = [said.find(word) for word in words]
    assert -1 not in places
    assert places == sorted(places)


def test_a_smoke_call_without_a_gateway_is_not_placed(server):
    script = run(server, "smoke_call", ANSWERS)
    _, said = script.communicate(timeout=60)
    assert script.returncode == 2
    assert "gateway" in said


def test_a_wrong_password_is_named(server):
    for script, arguments in (
        ("smoke_call", ("--gateway", "sandbox", ANSWERS)),
        ("capture_events", ("--seconds", "5")),
    ):
        process = run(server, script, *arguments, password="guessed")
        _, said = process.communicate(timeout=60)
        assert process.returncode in (1, 2)
        assert "password" in said


def test_captured_events_name_nobody(server):
    script = run(server, "capture_events", "--seconds", "30", "--events", "6")
    assert script.stderr.readline() == "Listening.\n"
    client = EventSocketClient(server.port)
    uuid = "12345678-1234-4234-8234-123456789012"
    client.originate(BUSY, uuid, "origination_caller_id_name=Rachel,my_password=hidden")
    written, said = script.communicate(timeout=60)
    client.close()

    assert script.returncode == 0, said
    events = [json.loads(line) for line in written.splitlines()]
    assert len(events) == 6
    assert "CHANNEL_PROGRESS" in {event["Event-Name"] for event in events}
    for theirs in (uuid, "Rachel", "hidden", os.uname().nodename + '"'):
        assert theirs not in written
    progress = next(event for event in events if event["Event-Name"] == "CHANNEL_PROGRESS")
    assert re.fullmatch(r"\+120255501\d\d", progress["Caller-Destination-Number"])
    assert progress["variable_my_password"] == "masked"
    assert progress["Event-Date-Timestamp"].isdigit()
    assert len(progress["Event-Date-Timestamp"]) == 16
