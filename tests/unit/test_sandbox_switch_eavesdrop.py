"""Somebody listens to a call on the double of the switch: who hears whom, as on the real one."""

import audioop

import numpy as np
import pytest
from sandbox_peers import AudioServer, EventSocketClient, tone

from topcalls.sandbox.freeswitch.server import SwitchServer
from topcalls.sandbox.freeswitch.switch import SwitchOptions
from topcalls.sandbox.magic_numbers import NumberPlan
from topcalls.sandbox.scenario import parse_scenario

WAIT = 5
CALLER, LISTENER, PEER = 400, 900, 2600  # Hz
AGENT = 1700
PEOPLE = {
    "+12025550150": (CALLER, "- answer\n" + "- say: a\n" * 20),
    "+12025550151": (LISTENER, "- answer\n" + "- say: b\n" * 20),
    "+12025550152": (PEER, "- answer\n" + "- say: c\n" * 20),
    "+12025550153": (LISTENER, '- answer\n- wait: 0.3\n- press: "3*"\n- silence: 60'),
}
SPEAKS, LISTENS, JOINS, PRESSES = PEOPLE


class Voices:
    """Everybody speaks in one tone, a second at a time."""

    def speak(self, text, voice):
        return tone({"a": CALLER, "b": LISTENER, "c": PEER}[text], 1.0, amplitude=6000)


@pytest.fixture
def server(tmp_path):
    plan = NumberPlan(
        parse_scenario(f'name: "{number}"\nnumber: "{number}"\ndescription: d\ncallee:\n{steps}')
        for number, (_, steps) in PEOPLE.items()
    )
    server = SwitchServer(Voices(), plan, options=SwitchOptions(temporary=tmp_path))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def client(server):
    client = EventSocketClient(server.port)
    yield client
    client.close()


def answered(client, uuid, number):
    client.originate(number, uuid, "")
    client.event("BACKGROUND_JOB", Job_UUID=f"job-{uuid}")


def eavesdrop(client, uuid="spy", spied="call"):
    client.command(
        f"sendmsg {uuid}\ncall-command: execute\nexecute-app-name: eavesdrop\n"
        f"execute-app-arg: {spied}\nevent-lock: true"
    )
    client.event("CHANNEL_EXECUTE", Unique_ID=uuid)


def mix(client, key, uuid="spy"):
    client.command(f"sendevent GENERAL\nunique-id: {uuid}\neavesdrop-command: {key}")


@pytest.fixture
def spied(server, client, tmp_path):
    """A call with its agent, and somebody who listens to it; what the agent hears."""
    audio = AudioServer()
    answered(client, "call", SPEAKS)
    answered(client, "spy", LISTENS)
    client.api(f"uuid_audio_stream call start {audio.url} mono 8k")
    sound = tmp_path / "agent.PCMU"
    sound.write_bytes(tone(AGENT, 30, amplitude=6000))
    client.play("call", sound)
    eavesdrop(client)
    yield audio
    audio.stop()


def tones(samples):
    """Which of the voices are in these 16-bit samples."""
    signal = np.frombuffer(samples, dtype="<i2").astype(float)
    if signal.size < 1600:
        return set()
    signal = signal[-1600:]
    power = np.abs(np.fft.rfft(signal)) * 2 / signal.size
    hz = {CALLER: "caller", LISTENER: "listener", AGENT: "agent", PEER: "peer"}
    return {name for at, name in hz.items() if power[round(at * signal.size / 8000)] > 1500}


def heard(server, uuid):
    return tones(audioop.ulaw2lin(b"".join(server.call(uuid).audio.heard), 2))


def becomes(spied, look, expected):
    """Look again at each frame of the call."""
    spied.wait_for(lambda _: look() == expected, WAIT)


@pytest.mark.parametrize(
    ("key", "caller", "agent"),
    [
        ("0", {"agent"}, {"caller"}),
        ("1", {"agent"}, {"caller", "listener"}),
        ("2", {"agent", "listener"}, {"caller"}),
        ("3", {"agent", "listener"}, {"caller", "listener"}),
    ],
)
def test_who_hears_whom(server, client, spied, key, caller, agent):
    mix(client, key)
    becomes(spied, lambda: heard(server, "call"), caller)
    becomes(spied, lambda: tones(bytes(spied.audio)), agent)
    becomes(spied, lambda: heard(server, "spy"), {"caller", "agent"})


@pytest.mark.parametrize(
    ("key", "caller", "peer"),
    [
        ("0", {"peer"}, {"caller"}),
        ("1", {"peer"}, {"caller", "listener"}),
        ("2", {"peer", "listener"}, {"caller"}),
        ("3", {"peer", "listener"}, {"caller", "listener"}),
    ],
)
def test_who_hears_whom_of_two_people(server, client, spied, key, caller, peer):
    answered(client, "peer", JOINS)
    client.api("uuid_bridge call peer")
    mix(client, key)
    becomes(spied, lambda: heard(server, "call"), caller)
    becomes(spied, lambda: heard(server, "peer"), peer)
    becomes(spied, lambda: heard(server, "spy"), {"caller", "peer"})


def test_it_ends_with_the_call_and_the_listener_stays(server, client, spied):
    client.api("uuid_kill call")
    client.event("CHANNEL_EXECUTE_COMPLETE", Unique_ID="spy")
    assert client.api("uuid_exists spy") == "true"


def test_whoever_is_connected_listens_no_more(server, client, spied):
    client.api("uuid_bridge call spy")
    client.event("CHANNEL_EXECUTE_COMPLETE", Unique_ID="spy")
    becomes(spied, lambda: heard(server, "call"), {"listener"})
    becomes(spied, lambda: heard(server, "spy"), {"caller"})


def test_keys_of_the_listener(server, client):
    answered(client, "call", SPEAKS)
    answered(client, "spy", PRESSES)
    eavesdrop(client)
    client.event("DTMF", DTMF_Digit="3")
    client.event("DTMF", DTMF_Digit="*")
    client.event("CHANNEL_EXECUTE_COMPLETE", Unique_ID="spy")
    assert server.call("spy").audio.spying is None


def test_keys_are_not_told_where_they_command_nothing(server, client):
    answered(client, "call", SPEAKS)
    answered(client, "spy", LISTENS)
    client.api("uuid_setvar spy eavesdrop_enable_dtmf false")
    eavesdrop(client)
    client.api("uuid_recv_dtmf spy 3")
    client.api("uuid_setvar spy eavesdrop_enable_dtmf true")
    client.api("uuid_recv_dtmf spy 1")
    assert client.event("DTMF")["DTMF-Digit"] == "1"


def test_a_call_that_is_not_there(client):
    answered(client, "spy", LISTENS)
    eavesdrop(client, spied="nobody")
    client.event("CHANNEL_EXECUTE_COMPLETE", Unique_ID="spy")
