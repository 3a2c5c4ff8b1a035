"""Our FreeSWITCH configuration and dialplans, carried out by a real FreeSWITCH.

See `own_switch.py` for what has to be set. SIPp plays carriers, strangers and softphones.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from socket import create_connection

import own_switch
import pytest
from gevent import Timeout, sleep
from gevent.queue import Queue

from topcalls.controller.cdr_spool import CDRSpool
from topcalls.controller.checkup import NEEDED
from topcalls.esl import commands
from topcalls.esl.connection import EventSocketConnection
from topcalls.esl.errors import LoginRefused
from topcalls.esl.translate import hung_up, inbound_call

ROOT = Path(__file__).resolve().parents[2]
ANOTHER_ADDRESS = "127.0.0.2"
LIMIT = 15.0
DOMAIN = "topcalls.invalid"
USER, PASSWORD = "agent1", "a-password-of-the-test"
VICTIM = "11111111-2222-3333-4444-555555555555"

KNOWN_COMPLAINTS = (
    "We've become an orphan",  # its console went with the process that started it
    "Create additional event dispatch thread",  # says what it does, as a warning
    "MSG Thread 0 Started",
    "NATIVE SQL ERR [no such",  # a new database holds no tables yet
)

pytestmark = [
    pytest.mark.freeswitch,
    pytest.mark.skipif(not os.environ.get(own_switch.PROGRAM), reason=f"set {own_switch.PROGRAM}"),
    pytest.mark.skipif(shutil.which("sipp") is None, reason="sipp is not installed"),
]


class Desk:
    """An Event Socket connection to one switch, with the events that it tells."""

    def __init__(self, switch):
        self.switch = switch
        self.events = Queue()
        self.connection = EventSocketConnection(
            "127.0.0.1", switch.ports["esl"], own_switch.PASSWORD
        )
        self.connection.connect()
        for name in ("CHANNEL_PARK", "CHANNEL_HANGUP_COMPLETE"):
            self.connection.register_handle(name, self.events.put)
        self.connection.send_ok("event json CHANNEL_PARK CHANNEL_HANGUP_COMPLETE")

    def api(self, command):
        return self.connection.send_ok(f"api {command}").data.strip()

    def wait_for(self, name):
        """The next event of this name."""
        with Timeout(LIMIT, AssertionError(f"no {name}")):
            while (event := self.events.get()).name != name:
                pass
            return event


@pytest.fixture(scope="module")
def hurried(tmp_path_factory):
    """A switch whose limits are seconds, and which knows a softphone."""
    switch = own_switch.OwnSwitch(
        tmp_path_factory.mktemp("hurried"),
        FREESWITCH_UNCLAIMED_SECONDS="2",
        FREESWITCH_MAX_CALL_SECONDS="5",
        FREESWITCH_MEDIA_TIMEOUT_MS="2000",
        FREESWITCH_RTP_START="19000",
        FREESWITCH_RTP_END="19500",
    )
    digest = hashlib.md5(f"{USER}:{DOMAIN}:{PASSWORD}".encode()).hexdigest()  # noqa: S324
    switch.write(
        "users",
        USER,
        f'<include>\n<user id="{USER}"><params><param name="a1-hash" value="{digest}"/></params>'
        "</user>\n</include>\n",
    )
    yield switch.start()
    switch.stop()


@pytest.fixture
def desk(hurried):
    desk = Desk(hurried)
    yield desk
    desk.connection.abort("the test is over")


@pytest.fixture
def sipp(hurried):
    """Plays a scenario against the switch; answers with the process."""
    playing = []

    def play(scenario, *options, port="sip", listen="127.0.0.1:0"):
        address = f"127.0.0.1:{hurried.ports[port]}"
        command = [sys.executable, ROOT / "scripts" / "sipp", scenario, "--to", address]
        command += ["--listen", listen, "--seconds", "20", "--trace", *options]
        playing.append(
            subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        )
        return playing[-1]

    yield play
    for process in playing:
        process.communicate(timeout=30)


def ended_well(process):
    said, _ = process.communicate(timeout=30)
    assert process.returncode == 0, said[-3000:]
    return said


# -- the switch -------------------------------------------------------------------------------


def test_it_starts_without_complaint(hurried):
    complaints = [
        line
        for line in hurried.log.splitlines()
        if re.search(r"\[(WARNING|ERR|CRIT|ALERT)\]", line)
        and not any(known in line for known in KNOWN_COMPLAINTS)
        and "SIP auth" not in line
        and "contains a variable" not in line
        and "Rejected by acl" not in line
    ]
    assert complaints == []


def test_it_loads_our_modules_and_no_other(desk):
    rows = desk.api("show modules as json")
    loaded = {row["ikey"] for row in json.loads(rows)["rows"]}
    text = (ROOT / "freeswitch_conf" / "autoload_configs" / "modules.conf.xml").read_text()
    ours = set(re.findall(r'module="(\w+)"', text))
    assert {name for name in loaded if name.startswith("mod_")} <= ours
    assert all(desk.api(f"module_exists {name}") == "true" for name in ours)
    assert set(NEEDED) <= ours
    assert {name for name in loaded if not name.startswith("mod_")} <= {
        "CORE_PCM_MODULE",
        "CORE_SOFTTIMER_MODULE",
        "CORE_SPEEX_MODULE",
        "CORE_VPX_MODULE",  # compiled into the program, or not
    }


def test_it_has_no_user_but_those_that_are_generated(desk):
    assert desk.api("show registrations count").startswith("0 total")
    for user in ("1000", "1001", "default", "admin"):
        answer = desk.connection.send(f"api user_exists id {user} {DOMAIN}").data
        assert answer.strip() == "false"


# -- the Event Socket -------------------------------------------------------------------------


@pytest.mark.parametrize("password", ["ClueCon", "", "0123456789abcdef-of-the-test"])
def test_a_wrong_password_is_refused(hurried, password):
    with pytest.raises(LoginRefused):
        EventSocketConnection("127.0.0.1", hurried.ports["esl"], password).connect()


def test_another_address_is_not_asked_for_a_password(hurried):
    address = ("127.0.0.1", hurried.ports["esl"])
    with closing(create_connection(address, 5, (ANOTHER_ADDRESS, 0))) as stranger:
        assert b"text/rude-rejection" in stranger.recv(4096)


def test_without_a_password_it_does_not_start(tmp_path):
    run = subprocess.run(
        [ROOT / "scripts" / "switch"],
        env={**os.environ, "TOPCALLS_ESL_PASSWORD": "ClueCon", "FREESWITCH": "true"},
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert run.returncode == 2
    assert "everybody knows" in run.stderr


# -- calls that arrive ------------------------------------------------------------------------


def test_a_stranger_is_refused(desk, sipp):
    ended_well(sipp("caller_is_refused", listen=f"{ANOTHER_ADDRESS}:0"))
    assert desk.api(f"acl {ANOTHER_ADDRESS} carriers") == "false"
    with Timeout(LIMIT, AssertionError("the refusal is not in the log")):
        while f'IP {ANOTHER_ADDRESS} Rejected by acl "carriers"' not in desk.switch.log:
            sleep(0.05)


def test_a_generated_file_lets_a_carrier_in(desk, sipp):
    node = '<node type="allow" cidr="127.0.0.3/32"/>'
    desk.switch.write("acl", "tc_three", f"<include>\n{node}\n</include>\n")
    desk.api("reloadacl")
    caller = sipp("caller_gives_up", "--pause", "300", listen="127.0.0.3:0")

    assert inbound_call(desk.wait_for("CHANNEL_PARK")).source_address == "127.0.0.3"
    ended_well(caller)


def test_what_is_no_number_is_refused(sipp):
    ended_well(sipp("caller_is_refused", "--status", "404", "--number", "9;cmd"))


def test_a_call_is_parked_unanswered_with_our_variables(desk, sipp):
    caller = sipp("caller_talk", "--pause", "500")
    event = desk.wait_for("CHANNEL_PARK")
    call = inbound_call(event)

    assert (call.owner, call.node) == ("unclaimed", "lab")
    assert (call.called_number, call.caller_number) == ("+12025550100", "+12025550199")
    assert call.source_address == "127.0.0.1"
    assert call.sip_call_id
    assert event.get("Answer-State") == "ringing"
    assert event.get("Caller-Context") == "inbound"
    desk.api(commands.sched_del(call.channel_uuid))
    desk.api(commands.uuid_answer(call.channel_uuid))
    ended_well(caller)
    assert desk.wait_for("CHANNEL_HANGUP_COMPLETE").get("Hangup-Cause") == "NORMAL_CLEARING"


def test_what_a_caller_calls_itself_stays_text(desk, sipp, tmp_path):
    trace = tmp_path / "executed"
    name = f'"%0AUnique-ID: {VICTIM} ${{system(touch {trace})}} $${{topcalls_esl_password}}" '
    caller = sipp("caller_talk", "--pause", "300", "--display", name)
    event = desk.wait_for("CHANNEL_PARK")

    shown = json.dumps(dict(event.headers))
    assert event.uuid != VICTIM
    assert VICTIM in event.get("Caller-Caller-ID-Name")
    assert own_switch.PASSWORD not in shown
    assert not trace.exists()
    assert event.variable("tc_owner") == "unclaimed"
    desk.api(commands.sched_del(event.uuid))
    desk.api(commands.uuid_answer(event.uuid))
    ended_well(caller)
    assert not trace.exists()
    written = json.loads((desk.switch.cdrs / f"{event.uuid}.cdr.json").read_text())
    assert own_switch.PASSWORD not in json.dumps(written)


def test_a_call_that_no_controller_claims_goes_back_to_the_carrier(desk, sipp):
    caller = sipp("caller_is_refused", "--status", "503")
    desk.wait_for("CHANNEL_PARK")

    over = desk.wait_for("CHANNEL_HANGUP_COMPLETE")

    assert over.get("Hangup-Cause") == "NORMAL_TEMPORARY_FAILURE"
    assert 1.5 < int(over.variable("duration") or 2) < 4
    ended_well(caller)


def test_the_longest_call_is_ended_by_the_switch(desk, sipp):
    caller = sipp("caller_listens")
    call = inbound_call(desk.wait_for("CHANNEL_PARK"))
    desk.api(commands.sched_del(call.channel_uuid))
    desk.api(commands.uuid_answer(call.channel_uuid))

    over = desk.wait_for("CHANNEL_HANGUP_COMPLETE")

    assert over.get("Hangup-Cause") == "ALLOTTED_TIMEOUT"
    ended_well(caller)


def test_a_caller_without_audio_is_hung_up(desk, sipp):
    caller = sipp("caller_silent")
    call = inbound_call(desk.wait_for("CHANNEL_PARK"))
    desk.api(commands.sched_del(call.channel_uuid))
    desk.api(commands.uuid_answer(call.channel_uuid))

    assert desk.wait_for("CHANNEL_HANGUP_COMPLETE").get("Hangup-Cause") == "MEDIA_TIMEOUT"
    ended_well(caller)


def test_a_telephone_without_audio_is_hung_up_too(desk, sipp):
    callee = sipp(
        "callee_silent", "--calls", "1", listen=f"127.0.0.1:{desk.switch.ports['callee']}"
    )
    sleep(1)
    endpoint = commands.gateway_endpoint(own_switch.GATEWAY, "+12025550142")
    text = commands.originate_to(endpoint, {"media_timeout": "1500"}, channel_uuid=VICTIM)
    desk.api(text)

    assert desk.wait_for("CHANNEL_HANGUP_COMPLETE").get("Hangup-Cause") == "MEDIA_TIMEOUT"
    ended_well(callee)


def test_a_caller_who_gives_up_is_told_of(desk, sipp):
    caller = sipp("caller_gives_up", "--pause", "500")
    desk.wait_for("CHANNEL_PARK")

    over = desk.wait_for("CHANNEL_HANGUP_COMPLETE")

    assert over.get("Hangup-Cause") == "ORIGINATOR_CANCEL"
    ended_well(caller)


# -- softphones -------------------------------------------------------------------------------

SOFTPHONE = ("--user", USER, "--password", PASSWORD, "--domain", DOMAIN)


def test_a_softphone_registers(desk, sipp):
    ended_well(sipp("phone_registers", *SOFTPHONE, port="phones"))
    with Timeout(LIMIT, AssertionError("the registration is not listed")):
        while USER not in desk.api("show registrations"):
            sleep(0.05)


def test_a_softphone_with_a_wrong_password_is_refused(sipp):
    wrong = ("--user", USER, "--password", "guessed", "--domain", DOMAIN)
    ended_well(sipp("phone_is_refused", *wrong, port="phones"))


@pytest.mark.parametrize(("dialled", "context"), [("201", "phones"), ("*33201", "feature_codes")])
def test_what_a_softphone_dials_is_parked_for_a_controller(desk, sipp, dialled, context):
    phone = sipp("phone_calls", *SOFTPHONE, "--number", dialled, "--pause", "300", port="phones")
    event = desk.wait_for("CHANNEL_PARK")
    call = inbound_call(event)

    assert (call.owner, call.node, call.called_number) == ("unclaimed", "lab", dialled)
    assert event.get("Caller-Context") == context
    assert event.variable("sip_auth_username") == USER
    desk.api(commands.sched_del(call.channel_uuid))
    desk.api(commands.uuid_answer(call.channel_uuid))
    ended_well(phone)
    desk.wait_for("CHANNEL_HANGUP_COMPLETE")


# -- how a leg ended, on disk -----------------------------------------------------------------


def test_every_leg_leaves_its_end_under_its_uuid(desk, sipp):
    caller = sipp("caller_gives_up", "--pause", "300")
    uuid = desk.wait_for("CHANNEL_PARK").uuid
    told = hung_up(desk.wait_for("CHANNEL_HANGUP_COMPLETE"))

    written = CDRSpool(desk.switch.cdrs).ended(uuid)  # before the event, so there is no waiting

    assert written == told
    assert written.hangup.cause == "ORIGINATOR_CANCEL"
    ended_well(caller)
