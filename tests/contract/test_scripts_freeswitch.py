"""The scripts for people who set up a switch, on a real one: a telephone, a call, its events.

See `own_switch.py` for what they need.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import gevent
import own_switch
import pytest

pytestmark = [
    pytest.mark.freeswitch,
    pytest.mark.timeout(120),
    pytest.mark.skipif(not os.environ.get(own_switch.PROGRAM), reason=f"set {own_switch.PROGRAM}"),
    pytest.mark.skipif(shutil.which("sipp") is None, reason="sipp is not installed"),
]
SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
NUMBER = "+14155550142"


@pytest.fixture(scope="module")
def switch(tmp_path_factory):
    made = own_switch.OwnSwitch(tmp_path_factory.mktemp("scripts")).start()
    yield made
    made.stop()


@pytest.fixture
def run(switch):
    """Starts a script; it is told where the switch is as its users tell it."""
    made = []

    def start(script, *arguments, stdout=subprocess.PIPE):
        environment = {
            **os.environ,
            "TOPCALLS_ESL_PORT": str(switch.ports["esl"]),
            "TOPCALLS_ESL_PASSWORD": own_switch.PASSWORD,
            "TOPCALLS_GATEWAY": own_switch.GATEWAY,
            "FROM_NUMBER": "+12025550199",
        }
        made.append(
            subprocess.Popen(
                [sys.executable, SCRIPTS / script, *arguments],
                env=environment,
                stdout=stdout,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        return made[-1]

    yield start
    for process in made:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)


@pytest.fixture
def telephone(switch, run):
    """`scripts/sipp` behind the switch's gateway."""

    def make(scenario, *arguments):
        port = switch.ports["callee"]
        process = run("sipp", scenario, "--listen", f"127.0.0.1:{port}", *arguments)
        wait_until_bound(port)
        return process

    return make


def wait_until_bound(port):
    with gevent.Timeout(15, AssertionError("the telephone does not listen")):
        while f":{port:04X} " not in Path("/proc/net/udp").read_text():
            gevent.sleep(0.05)


@contextmanager
def captured(run, file):
    """What is written of the switch's events meanwhile."""
    with file.open("w") as out:
        script = run("capture_events", "--seconds", "60", stdout=out)
        assert script.stderr.readline() == "Listening.\n"
        yield
        script.send_signal(signal.SIGINT)
        assert script.wait(15) == 0


def test_a_smoke_call_to_a_telephone_that_sends_back_what_it_hears(run, telephone, tmp_path):
    telephone("callee_echo", "--pause", "500")
    with captured(run, tmp_path / "events.jsonl"):
        script = run("smoke_call", "--talk", "2", NUMBER)
        said, problem = script.communicate(timeout=60)
    assert script.returncode == 0, said + problem
    for words in ("dialling by lab", "it rings", "answered", "codec PCMU, playing tones"):
        assert words in said, said
    text = (tmp_path / "events.jsonl").read_text()
    events = [json.loads(line) for line in text.splitlines()]
    told = [event for event in events if event["Event-Name"] == "CHANNEL_HANGUP_COMPLETE"]
    assert told, sorted({event["Event-Name"] for event in events})
    came, went = (
        int(told[-1][f"variable_rtp_audio_{way}_media_packet_count"]) for way in ("in", "out")
    )
    assert came > 40  # a second and more of packets, which are ours that came back
    assert 0.8 < came / went < 1.2
    assert NUMBER.removeprefix("+") not in text  # numbers are masked
    assert own_switch.PASSWORD not in text


@pytest.mark.parametrize(
    ("scenario", "said"), [("callee_busy", "SIP 486"), ("callee_declines", "SIP 603")]
)
def test_a_smoke_call_that_nobody_takes_says_why(run, telephone, scenario, said):
    telephone(scenario)
    script = run("smoke_call", NUMBER)
    told, _ = script.communicate(timeout=60)
    assert script.returncode == 1, told
    assert re.search(said, told), told


def test_a_smoke_call_by_a_trunk_that_the_switch_does_not_have(run):
    script = run("smoke_call", "--gateway", "nobody", NUMBER)
    told, _ = script.communicate(timeout=60)
    assert script.returncode == 2, told
    assert "INVALID_GATEWAY" in told
