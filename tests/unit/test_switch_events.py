"""What a real FreeSWITCH told, and our code reads of it, the double tells in the same shape.

The events are those of `tests/data`, captured by `tests/contract/capture_fixtures.py`. Which
headers are read is not listed here: the readers are run, and watched.
"""

import base64
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from sandbox_peers import AudioServer, EventSocketClient, ToneSpeech, tone
from wsproto.events import CloseConnection, TextMessage

from topcalls.controller import cdr_spool
from topcalls.core import gateways, softphones
from topcalls.core.call_events import HungUp
from topcalls.core.trunks import AUTH, REG, STATIC_IP, Login, Trunk
from topcalls.esl import sofia, translate
from topcalls.esl.parser import ESLEvent
from topcalls.sandbox.freeswitch.directory import LoginRefused
from topcalls.sandbox.freeswitch.server import SwitchServer
from topcalls.sandbox.freeswitch.switch import SwitchOptions
from topcalls.sandbox.magic_numbers import NumberPlan
from topcalls.sandbox.scenario import parse_scenario

pytestmark = pytest.mark.unit
DATA = Path(__file__).parents[1] / "data"
CAPTURED = json.loads((DATA / "freeswitch_events.json").read_text())
RECORD = (DATA / "freeswitch_cdr.json").read_bytes()
UUID = "00000000-0000-4000-8000-000000000777"

PEOPLE = {
    "+12025550150": "- ring: 0.05\n- answer\n- silence: 60",
    "+12025550151": "- ring: 0.05\n- answer\n- wait: 0.3\n- hang_up",
    "+12025550152": "- busy",
    "+12025550153": "- ring: 0.05\n- reject",
    "+12025550154": "- fail: UNALLOCATED_NUMBER",
    "+12025550155": "- ring: 60\n- answer",
    "+12025550156": "- early_media: 0.05\n- answer\n- silence: 60",
    "+12025550157": '- answer\n- press: "5"\n- silence: 60',
    "+12025550158": "- fail: NORMAL_TEMPORARY_FAILURE",
    "+12025550159": "- ring: 0.05\n- no_codec",
    "+12025550160": "- ring: 0.05\n- no_codec: true",
    "+12025550161": "- answer\n- line_dies",
    "+12025550162": "- answer\n- hold: 0.1\n- silence: 60",
    "+12025550163": "- refuse: {status: 603, phrase: Network Blocked, reason: 'SIP;cause=603;"
    'text="v=analytics1;url=https://who.example/redress"\'}',
    "+12025550164": "- refuse: {status: 503, retry_after: 120}",
}
TALKS, LEAVES, BUSY, REJECTS, UNKNOWN, RINGS, EARLY, PRESSES, FULL, NO_CODEC, NO_SDP, *MORE = PEOPLE
DIES, HOLDS, BLOCKED, FULL_FOR = MORE
READERS = (
    translate.translate,
    translate.notice,
    translate.inbound_call,
    sofia.gateway_news,
)


class Watched(dict):
    """An event's headers, and which of them were asked for."""

    def __init__(self, headers):
        super().__init__(headers)
        self.asked = set()

    def get(self, name, default=None):
        self.asked.add(name)
        return super().get(name, default)


def read(headers):
    """Every header of this event that our code asks for and finds."""
    watched = Watched(headers)
    event = ESLEvent(watched, str(headers.get("_body", "")))
    for reader in READERS:
        reader(event)
    if event.name == "CHANNEL_ANSWER":
        translate.line_codec(event)
        translate.keys_in_band(event)
    for name in ("uuid", "subclass", "timestamp_us", "job_uuid"):
        getattr(event, name)
    event.variable("tc_owner")  # what the switch filters by
    return {name: headers[name] for name in sorted(watched.asked) if name in headers}


FREE_TEXT = ("Caller-Caller-ID-Name", "variable_sip_call_id", "variable_tc_node")


def shape(name, value):
    """A value with everything taken out that differs from call to call."""
    if name in FREE_TEXT:
        return bool(value)
    value = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UUID", value)
    value = re.sub(r"^/.*(\.\w+)$", r"/PATH\1", value)
    if re.fullmatch(r"[1-6]\d\d|sip:[1-6]\d\d", value):
        return value  # a SIP status says what it says
    return re.sub(r"\d+(\.\d+)?", "9", value)


# -- what the switch told ---------------------------------------------------------------------


def test_the_captured_events_hold_every_header_that_is_read():
    """Each header that some reader asks for was told by the switch in some situation."""
    watched = [Watched(headers) for headers in CAPTURED.values()]
    for headers in watched:
        event = ESLEvent(headers, str(headers.get("_body", "")))
        for reader in READERS:
            reader(event)
    asked = set().union(*(headers.asked for headers in watched))
    told = {name for headers in CAPTURED.values() for name in headers}
    assert asked - told == set()


@pytest.mark.parametrize("name", sorted(CAPTURED))
def test_a_captured_event_holds_nothing_of_anybody(name):
    text = json.dumps(CAPTURED[name])
    assert not re.findall(r"(?<![\w.+-])\+?[2-9]\d{6,}@|1(?!2025550)\d{10}@", text)
    assert CAPTURED[name]["FreeSWITCH-Hostname"] == "switch"


@pytest.mark.parametrize(
    ("name", "cause", "status", "by"),
    [
        ("hangup_by_us", "NORMAL_CLEARING", None, "us"),
        ("hangup_by_callee", "NORMAL_CLEARING", 200, "callee"),
        ("hangup_busy", "USER_BUSY", 486, "callee"),
        ("hangup_rejected", "CALL_REJECTED", 603, "callee"),
        ("hangup_unknown", "UNALLOCATED_NUMBER", 404, "network"),
        ("hangup_overloaded", "NORMAL_TEMPORARY_FAILURE", 503, "network"),
        ("hangup_no_answer", "NO_ANSWER", 487, "us"),
        ("hangup_carrier_away", "NORMAL_TEMPORARY_FAILURE", None, "network"),
        ("hangup_carrier_silent", "RECOVERY_ON_TIMER_EXPIRE", None, "network"),
        ("hangup_blocked", "CALL_REJECTED", 603, "network"),
        ("hangup_overloaded_for", "NORMAL_TEMPORARY_FAILURE", 503, "network"),
        ("hangup_max_duration", "ALLOTTED_TIMEOUT", None, "us"),
        ("hangup_media_timeout", "MEDIA_TIMEOUT", None, "network"),
        ("hangup_inbound_abandoned", "ORIGINATOR_CANCEL", 487, "callee"),
        ("hangup_unclaimed", "NORMAL_TEMPORARY_FAILURE", None, "network"),
        ("hangup_no_codec", "INCOMPATIBLE_DESTINATION", 200, "us"),
        ("hangup_bad_sdp", "NORMAL_CLEARING", 200, "us"),
        ("hangup_asked_again", "NORMAL_UNSPECIFIED", 401, "network"),
    ],
)
def test_why_a_captured_call_ended(name, cause, status, by):
    headers = CAPTURED[name]
    over = translate.translate(ESLEvent(dict(headers)))
    assert isinstance(over, HungUp)
    assert (over.hangup.cause, over.hangup.sip_status, over.hangup.by) == (cause, status, by)


def test_the_captured_record_is_understood():
    uuid = json.loads(RECORD)["variables"]["uuid"]
    over = cdr_spool.parse(RECORD, uuid)
    assert over is not None
    assert over.hangup.cause == "NORMAL_CLEARING"
    assert over.ended_at is not None


# -- what the double tells --------------------------------------------------------------------


@pytest.fixture
def server(tmp_path):
    plan = NumberPlan(
        parse_scenario(f'name: "{number}"\nnumber: "{number}"\ndescription: d\ncallee:\n{steps}')
        for number, steps in PEOPLE.items()
    )
    options = SwitchOptions(temporary=tmp_path, heartbeat_seconds=0.1)
    server = SwitchServer(ToneSpeech(), plan, options=options)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def client(server):
    client = EventSocketClient(server.port)
    yield client
    client.close()


def dial(client, number, **variables):
    given = {"tc_owner": "controller-1", "tc_node": "lab", **variables}
    text = ",".join(f"{name}={value}" for name, value in given.items())
    client.originate(number, UUID, text)
    return UUID


def answered(client, number=TALKS, **variables):
    dial(client, number, **variables)
    client.event("CHANNEL_PARK", Unique_ID=UUID)
    return UUID


def assert_alike(captured, event):
    """The double's event has every header that is read of the captured one, in its shape."""
    expected = read(CAPTURED[captured])
    told = read({name: str(value) for name, value in event.items()})
    assert {name: shape(name, value) for name, value in told.items()} == {
        name: shape(name, value) for name, value in expected.items()
    }


@pytest.mark.parametrize(
    ("captured", "number", "name"),
    [
        ("progress", TALKS, "CHANNEL_PROGRESS"),
        ("answer", TALKS, "CHANNEL_ANSWER"),
        ("park_outbound", TALKS, "CHANNEL_PARK"),
        ("progress_media", EARLY, "CHANNEL_PROGRESS_MEDIA"),
        ("answer_after_early_media", EARLY, "CHANNEL_ANSWER"),
        ("dtmf", PRESSES, "DTMF"),
        ("hold", HOLDS, "CHANNEL_HOLD"),
        ("unhold", HOLDS, "CHANNEL_UNHOLD"),
        ("hangup_by_callee", LEAVES, "CHANNEL_HANGUP_COMPLETE"),
        ("hangup_busy", BUSY, "CHANNEL_HANGUP_COMPLETE"),
        ("hangup_rejected", REJECTS, "CHANNEL_HANGUP_COMPLETE"),
        ("hangup_unknown", UNKNOWN, "CHANNEL_HANGUP_COMPLETE"),
        ("hangup_overloaded", FULL, "CHANNEL_HANGUP_COMPLETE"),
        ("hangup_blocked", BLOCKED, "CHANNEL_HANGUP_COMPLETE"),
        ("hangup_overloaded_for", FULL_FOR, "CHANNEL_HANGUP_COMPLETE"),
        ("hangup_no_codec", NO_CODEC, "CHANNEL_HANGUP_COMPLETE"),
        ("hangup_bad_sdp", NO_SDP, "CHANNEL_HANGUP_COMPLETE"),
    ],
)
def test_an_outbound_call(client, captured, number, name):
    dial(client, number)
    assert_alike(captured, client.event(name, Unique_ID=UUID))


def test_a_call_that_nobody_takes(client):
    dial(client, RINGS, originate_timeout="1")
    assert_alike("hangup_no_answer", client.event("CHANNEL_HANGUP_COMPLETE", Unique_ID=UUID))


def test_the_answer_to_a_dial(client):
    text = f"originate {{origination_uuid={UUID}}}sofia/gateway/sandbox/{TALKS} &park()"
    client.command(f"bgapi {text}\nJob-UUID: {UUID}")
    assert_alike("background_job", client.event("BACKGROUND_JOB", Job_UUID=UUID))


def test_a_heartbeat(client):
    assert_alike("heartbeat", client.event("HEARTBEAT"))


def test_a_call_that_we_end(client):
    answered(client)
    client.api(f"uuid_kill {UUID}")
    assert_alike("hangup_by_us", client.event("CHANNEL_HANGUP_COMPLETE", Unique_ID=UUID))


def test_a_call_at_its_limit(client):
    answered(client, execute_on_answer="'sched_hangup +1 allotted_timeout'")
    assert_alike("hangup_max_duration", client.event("CHANNEL_HANGUP_COMPLETE", Unique_ID=UUID))


def test_speech_and_its_end(client, tmp_path):
    answered(client)
    sound = tmp_path / "sound.PCMU"
    sound.write_bytes(tone(400, 0.2))
    client.play(UUID, sound)
    assert_alike("playback_start", client.event("PLAYBACK_START"))
    assert_alike("playback_done", client.event("PLAYBACK_STOP"))
    sound.write_bytes(tone(400, 5))
    client.play(UUID, sound)
    assert_alike("playback_start_again", client.next_event("PLAYBACK_START"))
    client.api(f"uuid_break {UUID}")
    assert_alike("playback_break", client.event("PLAYBACK_STOP", Playback_Status="break"))


def test_a_recording(client, tmp_path):
    answered(client)
    client.api(f"uuid_record {UUID} start {tmp_path}/recording.wav")
    client.api(f"uuid_record {UUID} stop {tmp_path}/recording.wav")
    assert_alike("record_stop", client.event("RECORD_STOP"))


@pytest.fixture
def audio(client):
    audio = AudioServer()
    answered(client)
    client.api(f"uuid_audio_stream {UUID} start {audio.url} mono 8k")
    assert_alike("stream_connect", client.event("mod_audio_stream::connect"))
    yield audio
    audio.stop()


def test_a_stream_that_breaks(client, audio):
    audio.reset()
    assert_alike("stream_error", client.event("mod_audio_stream::error"))


def test_a_stream_that_is_closed(client, audio):
    audio.send(CloseConnection(1000))
    assert_alike("stream_disconnect", client.event("mod_audio_stream::disconnect"))


def test_speech_that_comes_by_the_stream(client, audio):
    sound = base64.b64encode(bytes(320)).decode()
    data = {"audioDataType": "raw", "sampleRate": 8000, "audioData": sound, "chunk": "u#1"}
    audio.send(TextMessage(json.dumps({"type": "streamAudio", "data": data})))
    event = client.event("mod_audio_stream::play")
    assert_alike("stream_play", event)
    bodies = (json.loads(body) for body in (event["_body"], CAPTURED["stream_play"]["_body"]))
    ours, theirs = ({name: shape(name, str(body[name])) for name in body} for body in bodies)
    assert ours == theirs


@pytest.mark.parametrize(
    "captured", ["park_inbound", "park_inbound_silent", "park_inbound_unclaimed"]
)
def test_a_call_that_comes_in(server, client, captured):
    server.call_in("+12025550177", "+12025550142", patience=0.05)
    assert_alike(captured, client.event("CHANNEL_PARK"))
    assert_alike("hangup_inbound_abandoned", client.event("CHANNEL_HANGUP_COMPLETE"))


def test_a_call_that_comes_in_by_a_gateway(server, client):
    server.call_in("+12025550177", "+12025550142", gateway="lab")
    assert_alike("park_inbound_by_gateway", client.event("CHANNEL_PARK"))


def test_a_call_that_nobody_claims(server, client):
    server.switch.options.unclaimed_seconds = 0.1
    server.call_in("+12025550177", "+12025550142")
    assert_alike("hangup_unclaimed", client.event("CHANNEL_HANGUP_COMPLETE"))


def test_a_call_whose_audio_never_comes(server, client):
    call = server.call_in(DIES, "+12025550142")
    client.api(f"uuid_setvar {call.uuid} media_timeout 100")
    client.api(f"sched_del {call.uuid}")
    client.api(f"uuid_answer {call.uuid}")
    assert_alike("answer_inbound", client.event("CHANNEL_ANSWER"))
    assert_alike("hangup_media_timeout", client.event("CHANNEL_HANGUP_COMPLETE"))


# -- what it tells of carriers ----------------------------------------------------------------


@pytest.fixture
def carrier(server, client, tmp_path):
    """Makes a gateway to a host of the double; its name."""
    folder = tmp_path / "gateways"
    folder.mkdir()
    server.switch.read_files(tmp_path)

    def make(host, trunk_type=STATIC_IP):
        trunk = Trunk(UUID, host, trunk_type, login=Login("acme", "secret"))
        (folder / f"{trunk.gateway}.xml").write_text(gateways.gateway(trunk))
        client.api("sofia profile external rescan")
        return trunk.gateway

    return make


@pytest.mark.parametrize(
    ("captured", "host"),
    [
        ("gateway_registered", "well.carrier.test"),
        ("gateway_refused", "403.carrier.test"),
        ("gateway_unanswered", "503.carrier.test"),
    ],
)
def test_a_registration(client, carrier, captured, host):
    gateway = carrier(host, REG)
    states = [CAPTURED[f"{captured}_{step}"]["State"] for step in ("trying", "answer", "state")]
    for step, state in zip(("trying", "answer", "state"), states, strict=True):
        event = client.event("sofia::gateway_state", Gateway=gateway, State=state)
        assert_alike(f"{captured}_{step}", event)
        told, expected = (
            sofia.gateway_news(ESLEvent(dict(headers)))
            for headers in (event, CAPTURED[f"{captured}_{step}"])
        )
        assert replace(told, gateway="") == replace(expected, gateway="")


@pytest.mark.parametrize(
    ("captured", "host"),
    [
        ("hangup_carrier_away", "unreachable.carrier.test"),
        ("hangup_carrier_silent", "silent.carrier.test"),
        ("hangup_asked_again", "401.carrier.test"),
        ("hangup_asked_again", "407.carrier.test"),
    ],
)
def test_a_carrier_that_takes_no_call(client, carrier, captured, host):
    given = f"origination_uuid={UUID},tc_owner=controller-1,tc_node=lab"
    client.command(f"bgapi originate {{{given}}}sofia/gateway/{carrier(host)}/{TALKS} &park()")
    assert_alike(captured, client.event("CHANNEL_HANGUP_COMPLETE", Unique_ID=UUID))


def test_every_captured_event_is_compared_with_the_double():
    _, _, source = Path(__file__).read_text().partition("# -- what the double tells")
    steps = re.compile(r"(gateway_\w+?)_(trying|answer|state)$")
    names = {steps.sub(r"\1", name) for name in CAPTURED}
    assert {name for name in names if source.count(f'"{name}"') == 0} == set()


def test_a_carrier_that_proves_itself_by_a_password(server, client, tmp_path):
    login = Login("acme", "secret")
    carrier = Trunk(UUID, "sip.carrier.test", AUTH, inbound=True, inbound_login=login)
    users = tmp_path / "users"
    users.mkdir()
    (users / f"{carrier.gateway}.xml").write_text(gateways.user(carrier))
    server.switch.read_files(tmp_path)
    client.api("reloadxml")
    with pytest.raises(LoginRefused):
        server.call_in("acme", "+12025550142", user="acme", password="guessed")
    server.call_in("acme", "+12025550142", user="acme", password="secret")
    event = client.event("CHANNEL_PARK")
    assert_alike("park_inbound_by_login", event)
    assert event["variable_tc_carrier"] == UUID


@pytest.mark.parametrize(
    ("captured", "dialled"), [("park_softphone", "+12025550142"), ("park_feature_code", "*33")]
)
def test_a_softphone_that_dials(server, client, tmp_path, captured, dialled):
    users = tmp_path / "users"
    users.mkdir()
    phone = softphones.Login(UUID, "201-abcdef", "secret")
    (tmp_path / softphones.path_of(UUID)).write_text(softphones.user(phone))
    server.switch.read_files(tmp_path)
    client.api("reloadxml")
    server.call_in(
        phone.username, dialled, name="Ann", user=phone.username, password=phone.password
    )
    assert_alike(captured, client.event("CHANNEL_PARK"))
