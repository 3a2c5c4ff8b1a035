"""Calls that come in on a real FreeSWITCH: our configuration, our dialplan, the whole product.

See `own_switch.py` for what has to be set. SIPp is the carrier; its messages tell what it got.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

import own_switch
import pytest
from freeswitch_lab import Address, LiveProduct, outcome, show, words

from topcalls.core import notes

ROOT = Path(__file__).resolve().parents[2]
SCENARIOS = ROOT / "scripts" / "sipp_scenarios"
NUMBER, CALLER = "+12025550142", "+12025550199"
GREETING = "Bright Smile Dental, hello"
SCOPES = "agents:write,phone_numbers:write,calls:read,calls:write,admin"
LIMIT = 40
SILENCE = b"\xff" * 8000
KEYS = Path("/usr/share/sip-tester")
"""Sounds of keys that come with SIPp. It sends them on a raw socket, which takes its rights."""

TAKES_KEYS = pytest.mark.skipif(
    os.geteuid() != 0 or not KEYS.is_dir(), reason=f"needs root, and {KEYS}"
)

pytestmark = [
    pytest.mark.freeswitch,
    pytest.mark.timeout(240),
    pytest.mark.skipif(not os.environ.get(own_switch.PROGRAM), reason=f"set {own_switch.PROGRAM}"),
    pytest.mark.skipif(shutil.which("sipp") is None, reason="sipp is not installed"),
]


class Carrier:
    """SIPp calling in: one scenario of `scripts/sipp_scenarios`, with replacements in its text."""

    def __init__(self, directory, switch, scenario, replaced, *, to, display, pause, status):
        self._messages = directory / "messages.log"
        text = (SCENARIOS / f"{scenario}.xml").read_text().replace("@status@", status)
        for old, new in replaced.items():
            assert old in text
            text = text.replace(old, new, 1)
        (directory / "scenario.xml").write_text(text)
        (directory / "speech.pcmu").write_bytes(SILENCE)
        (directory / "keys").symlink_to(KEYS)
        self._process = subprocess.Popen(
            [
                *("sipp", "-sf", "scenario.xml", "-nostdin", "-i", "127.0.0.1", "-p", "0"),
                *("-mi", "127.0.0.1", "-d", str(pause), "-m", "1", "-s", to, "-aa"),
                *("-key", "caller", CALLER, "-key", "called", to, "-key", "display", display),
                *("-trace_msg", "-message_file", str(self._messages)),
                *("-timeout", f"{LIMIT}s", "-timeout_error"),
                f"127.0.0.1:{switch.ports['sip']}",
            ],
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def ended_well(self):
        """Everything went as the scenario says; the SIP statuses that came, in order."""
        assert self._process.wait(LIMIT + 5) == 0, self._messages.read_text()[-3000:]
        return self.statuses

    @property
    def statuses(self):
        return [
            int(status)
            for status in re.findall(r"^SIP/2.0 (\d{3})", self._messages.read_text(), re.MULTILINE)
        ]

    def close(self):
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()


@pytest.fixture(scope="module")
def switch(tmp_path_factory):
    """A switch that soon notices when no audio comes."""
    made = own_switch.OwnSwitch(
        tmp_path_factory.mktemp("inbound"),
        FREESWITCH_MEDIA_TIMEOUT_MS="3000",
        FREESWITCH_RTP_START="18000",
        FREESWITCH_RTP_END="18500",
    )
    yield made.start()
    made.stop()


@pytest.fixture(scope="module")
def product(tmp_path_factory, switch):
    port = switch.ports["esl"]
    address = Address("127.0.0.1", port, own_switch.PASSWORD, own_switch.GATEWAY)
    made = LiveProduct(tmp_path_factory.mktemp("product"), address, port)
    made.environment["TOPCALLS_CDR_DIR"] = str(switch.cdrs)
    made.start()
    key = made.cli("keys", "create", made.account, "--scopes", SCOPES).strip()

    def post(path, body=None):
        answer = made.request("POST", path, body, key=key)
        assert answer.status < 300, answer.body
        return answer.body

    configuration = {
        "task": "You are the reception.",
        "first_sentence": GREETING + " {{caller_name|}} {{sip_x_order|}}.",
    }
    agent = post("/v1/agents", {"name": "Reception", "configuration": configuration})["id"]
    post(f"/v1/agents/{agent}/publish")
    post("/v1/phone-numbers", {"number": NUMBER, "agent_id": agent})
    yield made
    assert made.stop() == 0


@pytest.fixture
def call_in(tmp_path, switch):
    """A carrier's call."""
    made = []

    def call(scenario, replaced=None, *, to=NUMBER, display="", pause=3000, status="403"):
        wishes = {"to": to, "display": display, "pause": pause, "status": status}
        made.append(Carrier(tmp_path, switch, scenario, replaced or {}, **wishes))
        return made[-1]

    yield call
    for carrier in made:
        carrier.close()


@pytest.fixture
def new_call(product):
    """Waits for the one call that was stored since the test began, until it is over."""
    known = product.call_ids()
    return lambda: product.wait_over(product.wait_new_call(known))


HEADERS = {"Max-Forwards: 70\nContent-Type": "X-Order: seven\nMax-Forwards: 70\nContent-Type"}


def test_a_caller_hears_the_greeting_at_once(call_in, new_call, product):
    carrier = call_in("caller_talk", HEADERS, display='"Ann" ', pause=4000)
    statuses = carrier.ended_well()
    assert statuses[:3] == [100, 180, 200]
    call = new_call()
    assert outcome(call) == ("completed", "completed", "caller_hung_up")
    assert (call["direction"], call["phone_number"]) == ("inbound", NUMBER)
    assert call["from_phone_number"] == CALLER
    greeting = call["transcript"][0]
    assert greeting["text"].startswith(f"{GREETING} Ann"), call["transcript"]
    show(answer_to_greeting_ms=greeting["started_ms"])
    assert greeting["started_ms"] < 700
    assert call["configuration"]["request_data"]["sip_x_order"] == "seven"
    assert 3 < call["duration"] * 60 < 6
    assert call["recording_url"]


def test_a_number_in_another_form_and_with_parameters(call_in, new_call):
    carrier = call_in("caller_talk", to="12025550142;npdi=yes", pause=500)
    assert carrier.ended_well()[-1] == 200
    assert new_call()["phone_number"] == NUMBER


def test_an_offer_that_is_no_sdp_gets_no_further_than_the_switch(call_in, product):
    known = product.call_ids()
    broken = {"m=audio [rtpstream_audio_port] RTP/AVP 0 101": "m=\x01\x02 garbage \x7f 0 0"}
    carrier = call_in("caller_is_refused", broken, status="400")
    assert 400 in carrier.ended_well()
    assert product.call_ids() == known


def test_an_offer_without_audio(call_in, new_call):
    video = {"m=audio [rtpstream_audio_port] RTP/AVP 0 101": "m=video 9 RTP/AVP 31"}
    carrier = call_in("caller_is_refused", video, status="488")
    assert 488 in carrier.ended_well()
    assert new_call()["end_reason"] == "answer_failed"


@pytest.mark.parametrize(
    "scenario", ["caller_sends_info", pytest.param("caller_presses_keys", marks=TAKES_KEYS)]
)
def test_keys_that_a_caller_presses(call_in, new_call, product, scenario):
    before = len(product.mind.told("conversation.item.create"))
    call_in(scenario, pause=1500).ended_well()
    call = new_call()
    told = product.mind.told("conversation.item.create")[before:]
    assert any("12#" in str(item) for item in told), told
    assert words(call, "user") == "[pressed ***]"


def test_a_caller_who_puts_us_on_hold_and_comes_back(call_in, new_call):
    call_in("caller_reinvite", pause=2500).ended_well()
    call = new_call()
    assert outcome(call) == ("completed", "completed", "caller_hung_up")
    assert words(call, "user") == f"{notes.PUT_ON_HOLD} {notes.TAKEN_OFF_HOLD}"
    assert 7 < call["duration"] * 60 < 10


@pytest.mark.parametrize(
    ("scenario", "seconds"), [("caller_silent", (2.5, 6.0)), ("caller_falls_silent", (5.0, 9.0))]
)
def test_audio_that_never_comes_or_stops(call_in, new_call, scenario, seconds):
    call_in(scenario).ended_well()
    call = new_call()
    assert (call["status"], call["end_reason"]) == ("completed", "network_hung_up")
    assert (call["ended_by"], call["hangup"]["cause"]) == ("carrier", "MEDIA_TIMEOUT")
    assert seconds[0] < call["duration"] * 60 < seconds[1]


def test_hostile_names_and_headers_stay_text(call_in, new_call, switch):
    nasty = 'a {{task}} api originate ${system(id)} %0AUnique-ID: x \\n \\"q\\"'
    told = nasty.replace("${system(id)} ", "")  # the switch itself drops a value that holds one
    more = f"X-Order: {told}\nX-Other: {nasty}\nMax-Forwards: 70\nContent-Type"
    headers = {"Max-Forwards: 70\nContent-Type": more}
    call_in("caller_talk", headers, display=f'"{nasty}" ', pause=1000).ended_well()
    data = new_call()["configuration"]["request_data"]
    assert "{{task}} api originate" in data["caller_name"]
    assert "{{task}} api originate %0AUnique-ID" in data["sip_x_order"]
    assert "sip_x_other" not in data
    assert all(value.isprintable() for value in data.values())
    assert own_switch.PASSWORD not in str(data)
