"""Two channels connected, and a far end that is asked to dial itself, as on the real switch."""

import pytest
import waiting
from sandbox_peers import EventSocketClient, ToneSpeech

from topcalls.sandbox.freeswitch.playback import open_sound
from topcalls.sandbox.freeswitch.server import SwitchServer
from topcalls.sandbox.freeswitch.switch import SwitchOptions
from topcalls.sandbox.magic_numbers import NumberPlan
from topcalls.sandbox.scenario import parse_scenario

WAIT = 5
SCENARIOS = {
    "+12025550150": "- answer\n- silence: 60",
    "+12025550151": "- answer\n- wait: 0.6\n- say: x\n- silence: 60",
    "+12025550152": "- ring: 0.05\n- busy",
    "+12025550153": "- answer: {transfers: false}\n- silence: 60",
    "+12025550154": "- ring: 0.1\n- answer\n- silence: 60",
}
ANSWERS, TALKS, BUSY, REFUSES, RINGS = SCENARIOS


@pytest.fixture
def server(tmp_path):
    plan = NumberPlan(
        parse_scenario(f'name: "{number}"\nnumber: "{number}"\ndescription: d\ncallee:\n{steps}')
        for number, steps in SCENARIOS.items()
    )
    server = SwitchServer(ToneSpeech(), plan, options=SwitchOptions(temporary=tmp_path))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def client(server):
    client = EventSocketClient(server.port)
    yield client
    client.close()


def answered(client, uuid, number=ANSWERS, variables=""):
    client.originate(number, uuid, variables)
    client.event("BACKGROUND_JOB", Job_UUID=f"job-{uuid}")
    return uuid


@pytest.fixture
def two(client):
    """Two connected legs."""
    one, other = answered(client, "u1"), answered(client, "u2", TALKS)
    assert client.api("uuid_bridge u1 u2") == "+OK u2\n"
    return one, other


def test_each_hears_the_other_and_nobody_else(server, client, two):
    heard = server.call("u1").callee.ear
    waiting.until(lambda: heard.audible_frames > 5, "the other's voice")
    assert server.call("u2").callee.ear.audible_frames == 0


@pytest.mark.parametrize(("ends", "left"), [("u1", "u2"), ("u2", "u1")])
def test_the_end_of_one_is_the_end_of_the_other(client, two, ends, left):
    assert client.api(f"uuid_kill {ends}") == "+OK\n"
    gone = client.event("CHANNEL_HANGUP_COMPLETE", Unique_ID=left)
    assert gone["Hangup-Cause"] == "NORMAL_CLEARING"
    assert gone["variable_sip_hangup_disposition"] == "send_bye"


def test_what_was_played_is_over(server, client):
    answered(client, "u1")
    answered(client, "u2")
    server.switch.send_message(
        "u1",
        {
            "call-command": "execute",
            "execute-app-name": "playback",
            "execute-app-arg": "tone_stream://%(2000,4000,440,480);loops=-1",
            "event-lock": "true",
        },
    )
    client.event("PLAYBACK_START", Unique_ID="u1")
    ear = server.call("u1").callee.ear
    waiting.until(lambda: ear.audible_frames > 2, "the ringing tone")
    client.api("uuid_bridge u1 u2")
    assert client.event("PLAYBACK_STOP", Unique_ID="u1")["Playback-Status"] == "done"


@pytest.mark.parametrize(
    ("text", "reply"),
    [("u1 u9", "-ERR Invalid uuid\n"), ("u1", "-USAGE: <uuid> <other_uuid>\n")],
)
def test_what_cannot_be_connected(client, text, reply):
    answered(client, "u1")
    assert client.api(f"uuid_bridge {text}") == reply


def test_who_is_parked_for_too_long_is_let_go_of(client):
    answered(client, "u1", variables="park_timeout=1")
    gone = client.event("CHANNEL_HANGUP_COMPLETE", Unique_ID="u1")
    assert gone["Hangup-Cause"] == "NORMAL_CLEARING"


def test_who_is_connected_is_not(server, client):
    answered(client, "u1")
    answered(client, "u2", variables="park_timeout=1")
    client.api("uuid_bridge u1 u2")
    assert server.call("u2")._park_timeout is None


def variable(client, name):
    return client.api(f"uuid_getvar u1 {name}")


@pytest.mark.parametrize(
    ("target", "outcome"), [(RINGS, "200"), (BUSY, "486")], ids=["answers", "busy"]
)
def test_a_far_end_that_dials_itself(server, client, target, outcome):
    answered(client, "u1")
    client.api("uuid_setvar u1 sip_refer_continue_after_reply true")
    assert client.api(f"uuid_deflect u1 sip:{target}@carrier.example.com") == "+OK:\n"
    waiting.until(lambda: variable(client, "sip_refer_status_code") == "202", "its answer")
    told = "sip_refer_target_status_code"
    waiting.until(lambda: variable(client, told) == outcome, "the outcome")
    assert variable(client, "sip_refer_reply").startswith(f"SIP/2.0 {outcome}")
    assert client.api("uuid_exists u1") == "true"


def test_a_far_end_that_does_not(client):
    answered(client, "u1", REFUSES)
    client.api("uuid_setvar u1 sip_refer_continue_after_reply true")
    client.api(f"uuid_deflect u1 sip:{ANSWERS}@carrier.example.com")
    waiting.until(lambda: variable(client, "sip_refer_status_code") == "405", "its answer")
    assert variable(client, "sip_refer_target_status_code") == "_undef_"


def test_by_default_the_leg_ends_whatever_became_of_it(client):
    answered(client, "u1")
    reply = client.api(f"uuid_deflect u1 sip:{BUSY}@carrier.example.com")
    assert reply.startswith("+OK:SIP/2.0 486 Busy Here")
    gone = client.event("CHANNEL_HANGUP_COMPLETE", Unique_ID="u1")
    assert gone["Hangup-Cause"] == "BLIND_TRANSFER"


def test_a_tone_has_no_end():
    source, native = open_sound("tone_stream://%(2000,4000,440,480);loops=-1")
    assert not native
    read = b"".join(source.read(32_000) for _ in range(10))
    assert len(read) == 320_000
    assert any(read[:32_000])
    assert not any(read[64_000:96_000])
