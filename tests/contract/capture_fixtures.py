"""Write tests/data/freeswitch_events.json anew: what a real switch tells of each situation, masked.

    TOPCALLS_TEST_FREESWITCH_BIN=/usr/bin/freeswitch python tests/contract/capture_fixtures.py

A program, not a test. It starts a switch on our configuration, plays the situations with SIPp, and
keeps one event of each kind in each; what the switch answers to commands whose answers we read goes
to `freeswitch_answers.json`. Unit tests hold the code that reads, and the double, to both.
"""

import importlib.util
import json
import subprocess
import sys
import tempfile
from contextlib import closing, contextmanager, nullcontext
from importlib.machinery import SourceFileLoader
from pathlib import Path
from urllib.parse import quote, unquote

from gevent import monkey

monkey.patch_all()

import own_switch  # noqa: E402 - after the patch
from gevent import Timeout, sleep  # noqa: E402
from gevent.queue import Queue  # noqa: E402
from gevent.socket import AF_INET, SOCK_DGRAM, socket  # noqa: E402
from telephones import Callee  # noqa: E402

from topcalls.core import gateways, softphones  # noqa: E402
from topcalls.core.trunks import AUTH, REG, STATIC_IP, Login, Trunk  # noqa: E402
from topcalls.esl import commands  # noqa: E402
from topcalls.esl.client import (  # noqa: E402
    EVENT_NAMES,
    EVENT_SUBCLASSES,
    GATEWAY_STATE,
    STREAM_PLAYBACK_SUBCLASS,
)
from topcalls.esl.connection import EventSocketConnection  # noqa: E402
from topcalls.ids import new_id  # noqa: E402
from topcalls.media.server import MediaServer  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "tests" / "data"
LIMIT = 20
STRANGER = "127.0.0.2"
"""An address that is in no list: whoever calls from it is asked for a password."""

G729 = "c=IN IP4 127.0.0.1\nt=0 0\nm=audio 9 RTP/AVP 18\na=rtpmap:18 G729/8000"
BLOCKED = """603 Network Blocked
Reason: SIP;cause=603;text="v=analytics1;url=https://who.example/redress\""""
OVERLOADED = "503 Service Unavailable\nX-Retry-After: 120"
SPEECH = json.dumps(
    {
        "type": "streamAudio",
        "data": {
            "audioDataType": "raw",
            "sampleRate": 8000,
            "audioData": "AAAA" * 80,
            "chunk": "u#1",
        },
    }
)
LOGIN = Login("acme", "a-password-of-the-fixtures")
PHONE = softphones.Login(new_id(), "201-abcdef", "a-password-of-the-fixtures")


def mask():
    """The mask of `scripts/capture_events`, which is a program without a suffix."""
    loader = SourceFileLoader("capture_events", str(ROOT / "scripts" / "capture_events"))
    module = importlib.util.module_from_spec(
        importlib.util.spec_from_loader("capture_events", loader)
    )
    loader.exec_module(module)
    return module.Mask()


class Studio:
    """A switch, the line to it, and the events that are kept."""

    def __init__(self, directory):
        self.directory = directory
        self.kept = {}
        self.answers = {}
        self.switch = own_switch.OwnSwitch(
            directory / "switch",
            FREESWITCH_MEDIA_TIMEOUT_MS="2000",
            FREESWITCH_UNCLAIMED_SECONDS="3",
            FREESWITCH_CARRIER_LOGINS="true",
        )
        (directory / "switch").mkdir()
        carrier = Trunk(new_id(), "sip.carrier.test", AUTH, inbound=True, inbound_login=LOGIN)
        self.switch.write("users", carrier.gateway, gateways.user(carrier))
        self.switch.write("users", "sp_201", softphones.user(PHONE))
        self.switch.start()
        self._mask = mask()
        self._events = Queue()
        self._pending = []
        port = self.switch.ports["esl"]
        self.line = EventSocketConnection("127.0.0.1", port, own_switch.PASSWORD)
        self.line.connect()
        self.line.register_handle("*", self._events.put)
        subclasses = (*EVENT_SUBCLASSES, STREAM_PLAYBACK_SUBCLASS)
        self.line.send_ok(commands.event_subscription(EVENT_NAMES, subclasses))

    def api(self, command):
        return self.line.send_ok(f"api {command}", timeout=LIMIT).data.strip()

    def answer(self, name, command):
        """Keep what the switch answers, refusals included."""
        text = self.line.send(f"api {command}", timeout=LIMIT).data
        self.answers[name] = self._masked_answer(text)
        return text

    def _masked_answer(self, text):
        if not text.startswith("{"):
            return self._mask.text(text, numbers=False)
        table = json.loads(text)
        if "rows" not in table:
            return json.dumps(self._mask.headers(table))
        return json.dumps(table | {"rows": [self._mask.headers(row) for row in table["rows"]]})

    def keep(self, name, event_name, uuid=""):
        """Keep the next event of that name or subclass; others stay for later."""

        def fits(event):
            return event_name in (event.name, event.subclass) and uuid in ("", event.uuid)

        with Timeout(LIMIT, AssertionError(f"no {event_name} for {name}")):
            while not (found := [event for event in self._pending if fits(event)]):
                self._pending.append(self._events.get())
        event = found[0]
        self._pending.remove(event)
        headers = self._mask.headers(event.headers)
        body = self._mask.text(event.body)
        self.kept[name] = headers | ({"_body": body} if body else {})
        return event

    def masked_record(self, record):
        """A call detail record: its variables are URL-encoded."""
        decoded = {name: unquote(value) for name, value in record.pop("variables").items()}
        variables = self._mask.headers(decoded)
        masked = json.loads(self._mask.text(json.dumps(record)))
        return masked | {"variables": {name: quote(text) for name, text in variables.items()}}

    def dial(self, gateway=own_switch.GATEWAY, **wishes):
        dial = commands.Dial(
            channel_uuid=new_id(),
            call_id=new_id(),
            owner="controller-1",
            node="lab",
            gateway=gateway,
            number="+12025550142",
            caller_id_number="+12025550199",
            **wishes,
        )
        self.line.send_ok(f"bgapi {commands.originate(dial)}")
        return dial.channel_uuid

    @contextmanager
    def callee(self, scenario, port=None, **settings):
        """SIPp as a telephone whose scenario is changed, or one of the tests'."""
        self._pending.clear()
        directory = Path(tempfile.mkdtemp(dir=self.directory))
        address = "127.0.0.1", port or self.switch.ports["callee"]
        made = Callee(address, directory, scenario, **settings)
        yield made
        made.close()

    def gateway(self, port, trunk_type=STATIC_IP):
        """A carrier at a port of this machine, as a controller makes it; its gateway's name."""
        trunk = Trunk(new_id(), "127.0.0.1", trunk_type, port=port, login=LOGIN)
        self.switch.write("gateways", trunk.gateway, gateways.gateway(trunk))
        self.api("sofia profile external rescan")
        return trunk.gateway

    @contextmanager
    def telephone(self, scenario, *options):
        """SIPp as callee, or as caller. What was told before is forgotten."""
        self._pending.clear()
        command = [sys.executable, ROOT / "scripts" / "sipp", scenario, "--seconds", "30", *options]
        if scenario.startswith("callee"):
            command += ["--listen", f"127.0.0.1:{self.switch.ports['callee']}", "--calls", "1"]
        elif "--to" not in options:
            command += ["--to", f"127.0.0.1:{self.switch.ports['sip']}"]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
            sleep(1)
            yield
            process.wait(40)


def answered_call(studio):
    """From ringing to our hang-up, with stream, playback, keys and recording."""
    media = MediaServer("127.0.0.1", 0)
    media.start()
    with studio.telephone("callee_talk", "--pause", "500"):
        uuid = studio.dial()
        studio.keep("progress", "CHANNEL_PROGRESS", uuid)
        studio.keep("answer", "CHANNEL_ANSWER", uuid)
        studio.keep("park_outbound", "CHANNEL_PARK", uuid)
        studio.keep("background_job", "BACKGROUND_JOB")
        expected = media.expect(uuid)
        studio.api(commands.uuid_audio_stream_start(uuid, expected.url))
        stream = expected.wait(5)
        studio.keep("stream_connect", "mod_audio_stream::connect", uuid)
        sound = studio.directory / "sound.PCMU"
        sound.write_bytes(b"\x20" * 8000)
        recording = studio.directory / "recording.wav"
        studio.api(commands.uuid_record_start(uuid, str(recording)))
        play = commands.sendmsg_execute(uuid, "playback", str(sound))
        studio.line.send(play)
        studio.keep("playback_start", "PLAYBACK_START", uuid)
        studio.keep("playback_done", "PLAYBACK_STOP", uuid)
        studio.line.send(play)
        studio.keep("playback_start_again", "PLAYBACK_START", uuid)
        studio.api(commands.uuid_break(uuid))
        studio.keep("playback_break", "PLAYBACK_STOP", uuid)
        studio.api(f"uuid_recv_dtmf {uuid} 5")
        studio.keep("dtmf", "DTMF", uuid)
        studio.api(commands.uuid_record_stop(uuid, str(recording)))
        studio.keep("record_stop", "RECORD_STOP", uuid)
        stream.close()
        studio.keep("stream_disconnect", "mod_audio_stream::disconnect", uuid)
        studio.api(commands.uuid_audio_stream_stop(uuid))
        studio.api(commands.uuid_audio_stream_start(uuid, "ws://127.0.0.1:9/refused"))
        studio.keep("stream_error", "mod_audio_stream::error", uuid)
        expected = media.expect(uuid)
        studio.api(commands.uuid_audio_stream_start(uuid, expected.url))
        expected.wait(5).send_text(SPEECH)
        studio.keep("stream_play", "mod_audio_stream::play", uuid)
        answers_about(studio, uuid)
        studio.api(commands.uuid_kill(uuid))
        studio.keep("hangup_by_us", "CHANNEL_HANGUP_COMPLETE", uuid)
    media.stop()
    return uuid


def answers_about(studio, uuid):
    """What is asked while a call is under way, and of one that is not there."""
    with Timeout(LIMIT, AssertionError("the channel is not listed")):
        while uuid not in studio.api(commands.show_channels()):  # its table lags behind
            sleep(0.1)
    studio.answer("show_channels", commands.show_channels())
    studio.answer("uuid_dump", commands.uuid_dump(uuid))
    studio.answer("uuid_exists", commands.uuid_exists(uuid))
    studio.answer("uuid_getvar", commands.uuid_getvar(uuid, "tc_owner"))
    studio.answer("uuid_getvar_undefined", commands.uuid_getvar(uuid, "nobody_set_it"))
    studio.answer("status", "status")
    gone = new_id()
    studio.answer("uuid_exists_not", commands.uuid_exists(gone))
    studio.answer("uuid_dump_gone", commands.uuid_dump(gone))
    studio.answer("uuid_getvar_gone", commands.uuid_getvar(gone, "tc_owner"))
    studio.answer("uuid_kill_gone", commands.uuid_kill(gone))


def referred_calls(studio):
    """The carrier is asked to dial: it does and reaches somebody, or refuses to."""
    for name, scenario, settings in (
        ("refer_accepted", "transfers", {"outcome": "200 OK", "pause": 200}),
        ("refer_refused", "refuses_refer", {}),
    ):
        with studio.callee(scenario, **settings):
            uuid = studio.dial()
            studio.keep(f"park_{name}", "CHANNEL_PARK", uuid)
            studio.api(commands.uuid_setvar(uuid, "sip_refer_continue_after_reply", "true"))
            studio.api(commands.uuid_deflect(uuid, "+12025550177", "127.0.0.1"))
            reply = commands.uuid_getvar(uuid, "sip_refer_status_code")
            outcome = commands.uuid_getvar(uuid, "sip_refer_target_status_code")
            last = outcome if name == "refer_accepted" else reply
            with Timeout(LIMIT, AssertionError("nothing became of the REFER")):
                while studio.api(last) in ("_undef_", "100"):
                    sleep(0.1)
            studio.answer(name, reply)
            studio.answer(f"{name}_target", outcome)
            studio.api(commands.uuid_kill(uuid))
        del studio.kept[f"park_{name}"]


def carriers(studio):
    """Registrations that work, are refused, and are not answered; calls that are asked for a
    password."""
    right = {"user": LOGIN.username, "password": LOGIN.password}
    for name, settings in (
        ("gateway_registered", right),
        ("gateway_refused", right | {"password": "another"}),
        ("gateway_unanswered", None),
    ):
        port = own_switch._free_port()
        with studio.callee("carrier_registrar", port, **settings) if settings else nullcontext():
            gateway = studio.gateway(port, REG)
            for step in ("trying", "answer", "state"):
                studio.keep(f"{name}_{step}", GATEWAY_STATE)
            studio.answer(f"sofia_status_{name}", f"sofia status gateway {gateway}")
    studio.answer("sofia_status", "sofia status")
    studio.answer("sofia_status_gateway", f"sofia status gateway {own_switch.GATEWAY}")
    studio.answer("sofia_status_gateway_gone", "sofia status gateway nobody")
    port = own_switch._free_port()
    with studio.callee("carrier_asks_password", port, user=LOGIN.username, password="another"):
        uuid = studio.dial(studio.gateway(port))
        studio.keep("hangup_asked_again", "CHANNEL_HANGUP_COMPLETE", uuid)


def picked_up_in_vain(studio):
    """Accepted by an answer without a codec of ours, or by one that is no SDP."""
    for name, media in (("hangup_no_codec", G729), ("hangup_bad_sdp", "m=garbage")):
        with studio.callee("callee_bad_sdp", replaced={"m=garbage": media}):
            uuid = studio.dial()
            studio.keep(name, "CHANNEL_HANGUP_COMPLETE", uuid)


def held_call(studio):
    """The far end puts the call on hold, and takes it back."""
    with studio.telephone("callee_reinvite", "--pause", "500"):
        uuid = studio.dial()
        studio.keep("hold", "CHANNEL_HOLD", uuid)
        studio.keep("unhold", "CHANNEL_UNHOLD", uuid)
        studio.api(commands.uuid_kill(uuid))


def refused_calls(studio):
    """Calls that nobody answers, and those that others or limits end."""
    for name, scenario, wishes in (
        ("hangup_busy", "callee_busy", {}),
        ("hangup_rejected", "callee_declines", {}),
        ("hangup_unknown", "callee_unknown", {}),
        ("hangup_overloaded", "callee_overloaded", {}),
        ("hangup_no_answer", "callee_no_answer", {"ring_timeout_seconds": 2}),
        ("hangup_by_callee", "callee_hangs_up", {}),
        ("hangup_max_duration", "callee_talk", {"max_duration_seconds": 2}),
    ):
        with studio.telephone(scenario, "--pause", "500"):
            uuid = studio.dial(**wishes)
            studio.keep(name, "CHANNEL_HANGUP_COMPLETE", uuid)
    with studio.telephone("callee_early_media", "--pause", "1000"):
        uuid = studio.dial()
        studio.keep("progress_media", "CHANNEL_PROGRESS_MEDIA", uuid)
        studio.keep("answer_after_early_media", "CHANNEL_ANSWER", uuid)
        studio.api(commands.uuid_kill(uuid))
    uuid = studio.dial()
    studio.keep("hangup_carrier_away", "CHANNEL_HANGUP_COMPLETE", uuid)


def refusals_in_full(studio):
    """A network that blocks, a carrier that names a time, and one that says nothing at all."""
    for name, answer in (("hangup_blocked", BLOCKED), ("hangup_overloaded_for", OVERLOADED)):
        with studio.callee("refuses", pause=100, answer=answer):
            uuid = studio.dial()
            studio.keep(name, "CHANNEL_HANGUP_COMPLETE", uuid)
    with closing(socket(AF_INET, SOCK_DGRAM)) as silent:
        silent.bind(("127.0.0.1", 0))
        uuid = studio.dial(studio.gateway(silent.getsockname()[1]))
        studio.keep("hangup_carrier_silent", "CHANNEL_HANGUP_COMPLETE", uuid)


def inbound_calls(studio):
    """Calls that come in: one given up, one without audio, one with keys."""
    with studio.telephone("caller_gives_up", "--pause", "500"):
        uuid = studio.keep("park_inbound", "CHANNEL_PARK").uuid
        studio.keep("hangup_inbound_abandoned", "CHANNEL_HANGUP_COMPLETE", uuid)
    through = ("--uri", f"gw+{own_switch.GATEWAY}", "--pause", "500")
    with studio.telephone("caller_gives_up", *through):
        studio.keep("park_inbound_by_gateway", "CHANNEL_PARK")
    login = ("--user", LOGIN.username, "--password", LOGIN.password)
    with studio.telephone("phone_calls", *login, "--listen", f"{STRANGER}:0", "--pause", "300"):
        uuid = studio.keep("park_inbound_by_login", "CHANNEL_PARK").uuid
        studio.api(commands.sched_del(uuid))
        studio.api(commands.uuid_answer(uuid))
    phone = ("--user", PHONE.username, "--password", PHONE.password)
    port = f"127.0.0.1:{studio.switch.ports['phones']}"
    for name, dialled in (("park_softphone", "+12025550142"), ("park_feature_code", "*33")):
        wishes = ("--to", port, "--number", dialled, "--pause", "300")
        with studio.telephone("phone_calls", *phone, *wishes):
            uuid = studio.keep(name, "CHANNEL_PARK").uuid
            studio.api(commands.sched_del(uuid))
            studio.api(commands.uuid_answer(uuid))
    with studio.telephone("caller_silent"):
        uuid = studio.keep("park_inbound_silent", "CHANNEL_PARK").uuid
        studio.api(commands.sched_del(uuid))
        studio.api(commands.uuid_answer(uuid))
        studio.keep("answer_inbound", "CHANNEL_ANSWER", uuid)
        studio.keep("hangup_media_timeout", "CHANNEL_HANGUP_COMPLETE", uuid)
    with studio.telephone("caller_is_refused", "--status", "503"):
        uuid = studio.keep("park_inbound_unclaimed", "CHANNEL_PARK").uuid
        studio.keep("hangup_unclaimed", "CHANNEL_HANGUP_COMPLETE", uuid)


def main():
    """Capture everything, and write it down."""
    with tempfile.TemporaryDirectory() as name:
        studio = Studio(Path(name))
        try:
            uuid = answered_call(studio)
            held_call(studio)
            refused_calls(studio)
            refusals_in_full(studio)
            picked_up_in_vain(studio)
            referred_calls(studio)
            inbound_calls(studio)
            carriers(studio)
            studio.keep("heartbeat", "HEARTBEAT")
            record = json.loads((studio.switch.cdrs / f"{uuid}.cdr.json").read_text())
            masked = studio.masked_record(record)
        finally:
            studio.line.abort("done")
            studio.switch.stop()
    DATA.mkdir(exist_ok=True)
    for file, content in (
        ("freeswitch_events", studio.kept),
        ("freeswitch_answers", studio.answers),
        ("freeswitch_cdr", masked),
    ):
        text = json.dumps(content, indent=0, ensure_ascii=False, sort_keys=True)
        (DATA / f"{file}.json").write_text(text.replace(name, "/captured") + "\n")
    print(f"{len(studio.kept)} events, {len(studio.answers)} answers")


if __name__ == "__main__":
    main()
