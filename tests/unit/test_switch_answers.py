"""What a real FreeSWITCH answered to the commands whose answers we read, and the double's answers.

The answers are those of `tests/data/freeswitch_answers.json`, captured by
`tests/contract/capture_fixtures.py`. Each is read by the code that reads it in the product.
"""

import json
from pathlib import Path

import pytest
from gevent import Timeout, sleep
from sandbox_peers import EventSocketClient, ToneSpeech
from test_switch_events import Watched, shape

from topcalls.controller import channel_look
from topcalls.controller.referral import Referral
from topcalls.core import gateways
from topcalls.core.trunks import REG, STATIC_IP, Login, Trunk
from topcalls.esl import sofia, switch_status
from topcalls.esl.errors import CommandRefused
from topcalls.esl.parser import ESLEvent
from topcalls.sandbox.freeswitch.server import SwitchServer
from topcalls.sandbox.freeswitch.switch import SwitchOptions
from topcalls.sandbox.magic_numbers import NumberPlan
from topcalls.sandbox.scenario import parse_scenario

pytestmark = pytest.mark.unit
ANSWERS = json.loads((Path(__file__).parents[1] / "data" / "freeswitch_answers.json").read_text())
UUID = "00000000-0000-4000-8000-000000000777"
PEOPLE = {
    "+12025550150": "- answer\n- silence: 60",
    "+12025550151": "- answer: {transfers: false}\n- silence: 60",
    "+12025550152": "- answer\n- silence: 60",
}
TALKS, REFUSES_REFER, TARGET = PEOPLE


class Asked:
    """Stands in for the connection to the switch: every answer is the same."""

    def __init__(self, answer):
        self._answer = answer

    def api(self, command):
        if self._answer.startswith("-ERR"):
            raise CommandRefused("no", reply=self._answer.strip())
        return self._answer.strip()


@pytest.fixture
def server(tmp_path):
    plan = NumberPlan(
        parse_scenario(f'name: "{number}"\nnumber: "{number}"\ndescription: d\ncallee:\n{steps}')
        for number, steps in PEOPLE.items()
    )
    server = SwitchServer(ToneSpeech(), plan, options=SwitchOptions(temporary=tmp_path))
    server.switch.read_files(tmp_path)
    (tmp_path / "gateways").mkdir()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def client(server):
    client = EventSocketClient(server.port)
    yield client
    client.close()


@pytest.fixture
def channel(client):
    """One that is answered and parked."""
    return answered(client, TALKS)


def answered(client, number):
    client.originate(number, UUID, "tc_owner=controller-1")
    client.event("CHANNEL_PARK", Unique_ID=UUID)
    return UUID


def carrier(client, tmp_path, host, trunk_type):
    trunk = Trunk(UUID, host, trunk_type, login=Login("acme", "secret"))
    (tmp_path / "gateways" / f"{trunk.gateway}.xml").write_text(gateways.gateway(trunk))
    client.api("sofia profile external rescan")
    return trunk.gateway


# -- one channel, all channels ----------------------------------------------------------------


def look(answer):
    return channel_look.look_at(Asked(answer), UUID)


def asked_of(answer, monkeypatch):
    """Every header of a dump that is asked for, with the value that is there."""
    seen = []
    monkeypatch.setattr(
        channel_look, "ESLEvent", lambda headers: seen.append(Watched(headers)) or ESLEvent(seen[0])
    )
    assert look(answer) is not None
    return {name: shape(name, seen[0][name]) for name in seen[0].asked if name in seen[0]}


def test_a_channel_that_is_looked_at(client, channel, monkeypatch):
    ours = client.api(f"uuid_dump {channel} json")
    told, expected = (asked_of(answer, monkeypatch) for answer in (ours, ANSWERS["uuid_dump"]))
    assert told == expected
    assert look(ours).owner == look(ANSWERS["uuid_dump"]).owner == "controller-1"
    assert look(ours).codec == look(ANSWERS["uuid_dump"]).codec == "PCMU"
    assert look(ours).keys_in_band is look(ANSWERS["uuid_dump"]).keys_in_band is False
    assert 0 <= look(ANSWERS["uuid_dump"]).answered_ago < 60


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("uuid_dump_gone", f"uuid_dump {UUID} json"),
        ("uuid_getvar_gone", f"uuid_getvar {UUID} tc_owner"),
        ("uuid_kill_gone", f"uuid_kill {UUID} NORMAL_CLEARING"),
        ("uuid_exists_not", f"uuid_exists {UUID}"),
        ("sofia_status_gateway_gone", "sofia status gateway nobody"),
    ],
)
def test_what_is_not_there(client, name, command):
    assert client.api(command).strip() == ANSWERS[name].strip()


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("uuid_exists", "uuid_exists {u}"),
        ("uuid_getvar", "uuid_getvar {u} tc_owner"),
        ("uuid_getvar_undefined", "uuid_getvar {u} nobody_set_it"),
    ],
)
def test_what_is_asked_of_a_channel(client, channel, name, command):
    assert client.api(command.format(u=channel)).strip() == ANSWERS[name].strip()


def test_the_list_of_channels(client, channel):
    ours, theirs = (
        json.loads(text) for text in (client.api("show channels as json"), ANSWERS["show_channels"])
    )
    assert ours["row_count"] == theirs["row_count"] == 1
    (told,), (expected,) = ours["rows"], theirs["rows"]
    assert set(told) == set(expected)
    for name in ("uuid", "direction"):  # what the reconciler reads
        assert shape(name, told[name]) == shape(name, expected[name])


# -- the switch and its carriers --------------------------------------------------------------


def test_how_the_switch_is(client, channel):
    ours, theirs = (switch_status.parse(text) for text in (client.api("status"), ANSWERS["status"]))
    for name in ("is_ready", "sessions"):
        assert getattr(ours, name) == getattr(theirs, name)
    for vitals in (ours, theirs):
        assert vitals.version
        assert vitals.max_sessions > 0
        assert vitals.idle_percent is not None


@pytest.mark.parametrize(
    ("name", "host", "trunk_type"),
    [
        ("sofia_status_gateway", "well.carrier.test", STATIC_IP),
        ("sofia_status_gateway_registered", "well.carrier.test", REG),
        ("sofia_status_gateway_refused", "403.carrier.test", REG),
        ("sofia_status_gateway_unanswered", "unreachable.carrier.test", REG),
    ],
)
def test_how_a_carrier_is(client, tmp_path, name, host, trunk_type):
    gateway = carrier(client, tmp_path, host, trunk_type)
    expected = sofia.gateway_state(ANSWERS[name])
    assert expected is not None
    with Timeout(5, AssertionError(f"not {expected}")):
        while (
            told := sofia.gateway_state(client.api(f"sofia status gateway {gateway}"))
        ) != expected:
            sleep(0.02)
    assert told == expected


def test_which_carriers_there_are(client, tmp_path):
    gateway = carrier(client, tmp_path, "well.carrier.test", STATIC_IP)
    assert sofia.gateways(client.api("sofia status"), "external") == {gateway, "sandbox"}
    captured = sofia.gateways(ANSWERS["sofia_status"], "external")
    assert "lab" in captured
    assert len(captured) == 4
    assert sofia.gateways(ANSWERS["sofia_status"], "internal") == set()


# -- a carrier that is asked to dial ----------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "number"), [("refer_accepted", TALKS), ("refer_refused", REFUSES_REFER)]
)
def test_what_became_of_a_refer(client, name, number):
    channel = answered(client, number)
    client.api(f"uuid_setvar {channel} sip_refer_continue_after_reply true")
    client.api(f"uuid_deflect {channel} sip:{TARGET}@carrier.example.com")

    def answers():
        names = ("sip_refer_status_code", "sip_refer_target_status_code")
        return [client.api(f"uuid_getvar {channel} {name}").strip() for name in names]

    expected = [ANSWERS[name].strip(), ANSWERS[f"{name}_target"].strip()]
    with Timeout(5, AssertionError(f"not {expected}: {answers()}")):
        while answers() != expected:
            sleep(0.02)


@pytest.mark.parametrize(
    ("name", "status"), [("refer_accepted_target", 200), ("refer_refused", 405)]
)
def test_what_the_switch_says_of_a_refer_is_understood(name, status):
    assert Referral(Asked(ANSWERS[name]), UUID)._status("any") == status
    assert Referral(Asked(ANSWERS["uuid_getvar_undefined"]), UUID)._status("any") == 0


def test_every_captured_answer_is_looked_at():
    source = Path(__file__).read_text()
    known = {name for name in ANSWERS if f'"{name.removesuffix("_target")}"' in source}
    assert set(ANSWERS) - known == set()
