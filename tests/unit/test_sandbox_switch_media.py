"""Audio through the double over real sockets: stream out, playback in, recording of both."""

import audioop
import json
import wave
from base64 import b64encode
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import gevent
import pytest
from gevent.event import Event as Flag
from sandbox_peers import AudioServer, EventSocketClient, ToneSpeech, frequency_of, tone, voiced
from wsproto.events import BytesMessage, CloseConnection, TextMessage

from topcalls.clock import ManualClock
from topcalls.sandbox.freeswitch.commands import Api
from topcalls.sandbox.freeswitch.media import MediaClock
from topcalls.sandbox.freeswitch.server import SwitchServer
from topcalls.sandbox.freeswitch.switch import SwitchOptions
from topcalls.sandbox.magic_numbers import NumberPlan
from topcalls.sandbox.scenario import parse_scenario

SCENARIOS = {
    "+12025550150": "- answer\n- silence: 60",
    "+12025550151": '- answer\n- say: "one"\n- silence: 60',
    "+12025550152": "- early_media: 60\n- answer",
    "+12025550153": "- ring: 60\n- answer",
    "+12025550154": '- answer\n- listen: {silence: 0.1}\n- say: "two"\n- hang_up',
    "+12025550155": '- answer\n- wait: 0.3\n- press: "*"\n- silence: 60',
    "+12025550156": "- answer\n- silence: 60\nfaults: [{drop_stream: 0.2}]",
}
SILENT, TALKS, EARLY, RINGS, REPLIES, STARS, DROPPED = SCENARIOS
QUIET_LINE = "send_silence_when_idle=400"


@pytest.fixture
def speech():
    return ToneSpeech()


@pytest.fixture
def said():
    return []


@pytest.fixture
def server(tmp_path, speech, said):
    plan = NumberPlan(
        parse_scenario(f'name: "{number}"\nnumber: "{number}"\ndescription: d\ncallee:\n{steps}')
        for number, steps in SCENARIOS.items()
    )
    options = SwitchOptions(temporary=tmp_path, heartbeat_seconds=0.1)
    server = SwitchServer(
        speech, plan, options=options, on_utterance=lambda *utterance: said.append(utterance)
    )
    server.start()
    yield server
    server.stop()


@pytest.fixture
def client(server):
    client = EventSocketClient(server.port)
    yield client
    client.close()


@pytest.fixture
def audio():
    server = AudioServer()
    yield server
    server.stop()


def answered(client, number=SILENT, variables=QUIET_LINE, uuid="u1"):
    client.originate(number, uuid, variables)
    client.event("CHANNEL_PARK", Unique_ID=uuid)
    return uuid


def streaming(client, audio, number=SILENT, variables=QUIET_LINE, rest="mono 8k"):
    answered(client, number, variables)
    assert client.api(f"uuid_audio_stream u1 start {audio.url} {rest}") == "+OK Success\n"
    client.event("mod_audio_stream::connect")
    assert audio.opened.wait(5)


def play_tone(client, tmp_path, frequency=1000, seconds=0.4, name="agent.PCMU"):
    path = tmp_path / name
    path.write_bytes(tone(frequency, seconds))
    assert client.play("u1", path) == "+OK"
    return path


# --- from the caller


def test_the_caller_is_streamed_as_16_bit_frames(client, audio, speech, said):
    streaming(client, audio, TALKS)
    assert audio.target == "/media/token?x=1"
    audio.wait_for(lambda server: len(server.messages) >= 20)
    assert {len(data) for _, data in audio.messages} == {320}
    heard = voiced(audio.audio)
    assert frequency_of(heard) == pytest.approx(speech.frequencies["one"], abs=8)
    uuid, scenario, text, pcmu = said[0]
    assert (uuid, scenario.number, text) == ("u1", TALKS, "one")
    assert audioop.ulaw2lin(pcmu, 2).endswith(heard[-3200:])


@pytest.mark.parametrize(
    ("size", "rest", "length"),
    [("40", "mono 8k", 640), ("50", "mono 8k", 320), ("20", "mono 16k", 640), ("", "stereo", 640)],
)
def test_messages_have_the_size_asked_for(client, audio, size, rest, length):
    streaming(client, audio, variables=f"{QUIET_LINE},STREAM_BUFFER_SIZE={size}", rest=rest)
    audio.wait_for(lambda server: len(server.messages) >= 3)
    assert {len(data) for _, data in audio.messages} == {length}


def test_stereo_has_the_caller_left_and_what_is_played_right(client, audio, speech, tmp_path):
    streaming(client, audio, TALKS, rest="stereo 8k")
    play_tone(client, tmp_path, 1900)
    audio.wait_for(lambda server: len(server.messages) >= 30)
    left = audioop.tomono(audio.audio, 2, 1, 0)
    right = audioop.tomono(audio.audio, 2, 0, 1)
    assert frequency_of(voiced(left)) == pytest.approx(speech.frequencies["one"], abs=8)
    assert frequency_of(voiced(right)) == pytest.approx(1900, abs=8)


@pytest.mark.parametrize("cleared", [True, False])
def test_what_is_played_on_hold_comes_too_late_unless_it_is_thrown_away(
    server, client, audio, tmp_path, cleared
):
    streaming(client, audio, rest="stereo 8k")
    call = server.switch.calls["u1"]
    call.put_on_hold(True)
    client.event("CHANNEL_HOLD")
    play_tone(client, tmp_path, 1900)
    client.event("PLAYBACK_STOP")
    call.put_on_hold(False)
    client.event("CHANNEL_UNHOLD")
    if cleared:
        client.api("uuid_audio_stream u1 resume")
    before = len(audio.messages)
    audio.wait_for(lambda server: len(server.messages) >= before + 30)
    right = audioop.tomono(b"".join(data for _, data in audio.messages[before:]), 2, 0, 1)
    assert (audioop.max(right, 2) > 1000) is not cleared


@pytest.mark.parametrize(("variables", "flows"), [("a=1", False), (QUIET_LINE, True)])
def test_a_mixed_stream_needs_something_written_to_the_caller(client, audio, variables, flows):
    streaming(client, audio, variables=variables, rest="mixed 8k")
    client.api("uuid_audio_stream u1 send_text now")
    audio.wait_for(lambda server: "now" in server.texts)
    client.next_event("HEARTBEAT")
    assert bool(audio.audio) is flows


def test_metadata_may_come_after_audio(server, client):
    """Every other stream: a client must not count on the order."""
    firsts = []
    for uuid in ("u1", "u2"):
        audio = AudioServer()
        answered(client, uuid=uuid)
        client.api(f'uuid_audio_stream {uuid} start {audio.url} mono 8k {{"call": "{uuid}"}}')
        audio.wait_for(lambda server: server.texts and server.audio)
        firsts.append(audio.messages[0][1])
        assert audio.texts == [f'{{"call": "{uuid}"}}']
        audio.stop()
    assert [type(first) for first in firsts] == [str, bytes]


def test_pause_drops_and_resume_goes_on(client, audio):
    streaming(client, audio)
    audio.wait_for(lambda server: server.audio)
    assert client.api("uuid_audio_stream u1 pause") == "+OK Success\n"
    client.api("uuid_audio_stream u1 send_text paused")
    audio.wait_for(lambda server: "paused" in server.texts)
    before = len(audio.audio)
    client.next_event("HEARTBEAT")
    assert len(audio.audio) == before
    client.api("uuid_audio_stream u1 resume")
    audio.wait_for(lambda server: len(server.audio) > before)


def test_extra_headers_are_sent(client, audio):
    answered(client)
    client.api('uuid_setvar u1 STREAM_EXTRA_HEADERS {"X-Token":"t","n":1}')
    client.api(f"uuid_audio_stream u1 start {audio.url} mono 8k")
    assert audio.opened.wait(5)
    assert audio.headers["x-token"] == b"t"
    assert "n" not in audio.headers


def test_pcma_calls_are_streamed_and_played_too(server, client, audio, speech, tmp_path):
    streaming(client, audio, TALKS, f"absolute_codec_string=PCMA,{QUIET_LINE}")
    assert client.event("CHANNEL_ANSWER")["Channel-Read-Codec-Name"] == "PCMA"
    audio.wait_for(lambda server: len(server.messages) >= 20)
    heard = frequency_of(voiced(audio.audio))
    assert heard == pytest.approx(speech.frequencies["one"], abs=8)
    path = tmp_path / "agent.PCMA"
    path.write_bytes(audioop.lin2alaw(audioop.ulaw2lin(tone(1000, 0.4), 2), 2))
    client.play("u1", path)
    client.event("PLAYBACK_STOP")
    levels = [item.level for item in server.call("u1").callee.ear.log]
    assert max(levels) == pytest.approx(8000 / 2**0.5, rel=0.05)


def test_a_heart_beat_is_a_ping(client, audio):
    streaming(client, audio, variables=f"{QUIET_LINE},STREAM_HEART_BEAT=1")
    audio.wait_for(lambda server: server.pings)


def test_compression_is_offered_now_and_then_unless_it_is_set_off(client):
    offers = []
    for count in range(6):
        audio = AudioServer()
        uuid = answered(client, uuid=f"u{count}")
        if count == 5:
            client.api(f"uuid_setvar {uuid} STREAM_MESSAGE_DEFLATE true")
        client.api(f"uuid_audio_stream {uuid} start {audio.url} mono 8k")
        audio.wait_for(lambda server: server.audio)
        offers.append(audio.offers_compression)
        audio.stop()
    assert offers == [False, False, True, False, False, False]


def test_an_unanswered_caller_is_pre_answered_and_silent(server, client, audio):
    call = server.call_in("+12025550150", "+12025559999")
    client.event("CHANNEL_PARK")
    start = f"uuid_audio_stream {call.uuid} start {audio.url} mono 8k"
    assert client.api(start) == "+OK Success\n"
    assert client.event("CHANNEL_PROGRESS_MEDIA")["Answer-State"] == "early"
    audio.wait_for(lambda server: len(server.messages) >= 3)
    assert not any(audio.audio)


# --- what the stream's commands answer


def test_attached_does_not_mean_connected(client):
    answered(client)
    closed = AudioServer()
    closed.stop()
    assert client.api(f"uuid_audio_stream u1 start {closed.url} mono 8k") == "+OK Success\n"
    error = json.loads(client.event("mod_audio_stream::error")["_body"])
    assert error == {
        "status": "error",
        "message": {"code": 6, "error": "Connection refused (system error 111)"},
    }


def test_a_rejected_handshake_is_an_error(client):
    answered(client)
    audio = AudioServer(status=401)
    client.api(f"uuid_audio_stream u1 start {audio.url} mono 8k")
    assert json.loads(client.event("mod_audio_stream::error")["_body"])["message"]["code"] == 6
    assert client.api("uuid_audio_stream u1 stop") == "-ERR Operation Failed\n"
    audio.stop()


def test_a_handshake_without_answer_times_out(client):
    answered(client)
    audio = AudioServer(handshake=False)
    client.api(f"uuid_audio_stream u1 start {audio.url} mono 8k")
    error = client.event("mod_audio_stream::error")
    assert json.loads(error["_body"])["message"]["code"] == 10
    audio.stop()


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("u1 start ws://under_score/ mono 8k", "-ERR Operation Failed\n"),
        ("u1 start http://host/ mono 8k", "-ERR Operation Failed\n"),
        ("u1 start ws://host/ mono 11025", "-ERR Operation Failed\n"),
        ("u1 start ws://host/ both 8k", "-ERR no reply\n"),
        ("u1 start ws://host/", "-USAGE: <uuid> [start | stop"),
        ("u1 stop", "-ERR Operation Failed\n"),
        ("u1 pause", "-ERR Operation Failed\n"),
        ("u1 graceful-shutdown", "-ERR Operation Failed\n"),
        ("u1 send_text", "-ERR no reply\n"),
        ("u9 stop", "-ERR Operation Failed\n"),
    ],
)
def test_what_is_answered_to_wrong_commands(client, command, answer):
    answered(client)
    assert client.api(f"uuid_audio_stream {command}").startswith(answer)


def test_one_stream_per_channel(client, audio):
    streaming(client, audio)
    again = f"uuid_audio_stream u1 start {audio.url} mono 8k"
    assert client.api(again) == "-ERR Operation Failed\n"


def test_our_own_stop_raises_no_event(client, audio):
    streaming(client, audio)
    assert client.api('uuid_audio_stream u1 stop {"bye":1}') == "+OK Success\n"
    assert audio.ended.wait(5)
    assert audio.texts == ['{"bye":1}']
    assert audio.close_code == 1000
    client.api("uuid_kill u1")
    client.event("CHANNEL_HANGUP_COMPLETE")
    assert "mod_audio_stream::disconnect" not in client.names()


def test_a_hang_up_closes_the_stream_without_an_event(client, audio):
    streaming(client, audio)
    client.api("uuid_kill u1")
    assert audio.ended.wait(5)
    assert audio.close_code == 1000
    client.event("CHANNEL_DESTROY")
    assert "mod_audio_stream::disconnect" not in client.names()


def test_a_close_by_the_server_leaves_the_stream_attached(client, audio):
    streaming(client, audio)
    audio.send(CloseConnection(code=1001, reason="bye"))
    body = json.loads(client.event("mod_audio_stream::disconnect")["_body"])
    assert body == {"status": "disconnected", "message": {"code": 1001, "reason": "bye"}}
    start = f"uuid_audio_stream u1 start {audio.url} mono 8k"
    assert client.api(start) == "-ERR Operation Failed\n"
    assert client.api("uuid_audio_stream u1 send_text hi") == "+OK Success\n"
    assert client.api("uuid_audio_stream u1 stop") == "+OK Success\n"
    assert client.api(start) == "+OK Success\n"


def test_a_broken_connection_detaches_the_stream(client, audio):
    streaming(client, audio)
    audio.reset()
    error = client.event("mod_audio_stream::error")
    assert json.loads(error["_body"])["message"]["code"] == 1
    assert client.api(f"uuid_audio_stream u1 start {audio.url} mono 8k") == "+OK Success\n"


def test_a_scenario_drops_the_stream(client, audio):
    streaming(client, audio, DROPPED)
    assert client.event("mod_audio_stream::error")
    assert audio.ended.wait(5)
    assert audio.close_code is None


def test_starting_on_a_ringing_channel_crashes_the_switch(server, client, audio):
    client.originate(RINGS, "u1")
    client.event("CHANNEL_PROGRESS")
    client.send(f"api uuid_audio_stream u1 start {audio.url} mono 8k")
    assert client.closed.wait(5)
    assert server.crashed == "uuid_audio_stream start on a ringing channel without media"
    with pytest.raises(ConnectionRefusedError):
        EventSocketClient(server.port)
    assert server.switch.calls == {}
    server.start()
    EventSocketClient(server.port).close()


def test_no_command_finds_a_channel_that_was_hung_up(server, client, audio):
    """It is still shown for a moment: a stream begun then is refused, and nothing crashes."""
    streaming(client, audio)
    api = Api(server.switch)
    assert api.run("uuid_audio_stream u1 stop") == "+OK Success\n"
    assert api.run("uuid_kill u1") == "+OK\n"
    assert "u1" in server.switch.calls
    assert api.run(f"uuid_audio_stream u1 start {audio.url} mono 8k") == "-ERR Operation Failed\n"
    assert api.run("uuid_kill u1") == "-ERR No such channel!\n"
    assert server.crashed == ""


def test_early_media_that_is_ignored_gives_no_frames(client, audio):
    client.originate(EARLY, "u1")
    client.event("CHANNEL_PROGRESS_MEDIA")
    assert client.api(f"uuid_audio_stream u1 start {audio.url} mono 8k") == "+OK Success\n"
    client.event("mod_audio_stream::connect")
    client.api("uuid_audio_stream u1 send_text now")
    audio.wait_for(lambda server: "now" in server.texts)
    assert not audio.audio


def test_early_media_that_is_wanted_is_a_ringback_tone(client, audio):
    client.originate(EARLY, "u1", "ignore_early_media=false")
    client.event("CHANNEL_PARK")
    client.api(f"uuid_audio_stream u1 start {audio.url} mono 8k")
    audio.wait_for(lambda server: len(server.messages) >= 10)
    assert audioop.rms(audio.audio, 2) > 1000


# --- text from the server


def stream_audio(samples, **data):
    data = {"audioDataType": "raw", "sampleRate": 8000, **data}
    content = {"type": "streamAudio", "data": data | {"audioData": b64encode(samples).decode()}}
    return TextMessage(data=json.dumps(content))


def test_stream_audio_becomes_a_file_to_play(server, client, audio, tmp_path):
    streaming(client, audio)
    samples = audioop.ulaw2lin(tone(700, 0.2), 2)
    audio.send(stream_audio(samples, mark="m1"))
    body = json.loads(client.event("mod_audio_stream::play")["_body"])
    file = Path(body.pop("file"))
    assert body == {"audioDataType": "raw", "sampleRate": 8000, "mark": "m1"}
    assert file == tmp_path / "u1_0.tmp.r8"
    assert file.read_bytes() == samples
    client.play("u1", file)
    stop = client.event("PLAYBACK_STOP")
    assert stop["variable_playback_samples"] == "1600"
    client.api("uuid_audio_stream u1 stop")
    assert not file.exists()


@pytest.mark.parametrize(
    "text",
    [
        "hello",
        '{"type":"other"}',
        '{"type":"streamAudio"}',
        '{"type":"streamAudio","data":{"audioDataType":"raw","sampleRate":44100,"audioData":"AA=="}}',
        '{"type":"streamAudio","data":{"audioDataType":"raw","sampleRate":8000,"audioData":"*"}}',
        "[1]",
    ],
)
def test_any_other_text_is_handed_on(client, audio, text):
    streaming(client, audio)
    audio.send(TextMessage(data=text))
    assert client.event("mod_audio_stream::json")["_body"] == text


def test_binary_from_the_server_is_ignored(client, audio):
    streaming(client, audio)
    audio.send(BytesMessage(data=b"\1" * 320))
    audio.send(TextMessage(data="after"))
    client.event("mod_audio_stream::json")
    assert "PLAYBACK_START" not in client.names()


# --- to the caller


def test_what_is_played_is_heard(server, client, tmp_path):
    answered(client)
    path = play_tone(client, tmp_path)
    start = client.event("PLAYBACK_START")
    stop = client.event("PLAYBACK_STOP")
    assert start["Playback-File-Path"] == str(path)
    assert stop["Playback-Status"] == "done"
    assert stop["variable_playback_samples"] == "3200"
    played = int(stop["Event-Date-Timestamp"]) - int(start["Event-Date-Timestamp"])
    assert 350_000 < played < 1_000_000
    client.event("CHANNEL_EXECUTE_COMPLETE")
    call = server.call("u1")
    heard = voiced(audioop.ulaw2lin(b"".join(call.audio.heard), 2))
    assert len(heard) == 6400
    assert frequency_of(heard) == pytest.approx(1000, abs=3)
    assert sum(item.audible for item in call.callee.ear.log) == 20


def test_a_break_is_quick_and_says_so(client, tmp_path):
    answered(client)
    play_tone(client, tmp_path, seconds=5)
    start = client.event("PLAYBACK_START")
    assert client.api("uuid_break u1 all") == "+OK\n"
    stop = client.event("PLAYBACK_STOP")
    assert stop["Playback-Status"] == "break"
    assert stop["_at"] - start["_at"] < 2
    assert client.api("uuid_break u9") == "-ERR No such channel!\n"


def test_a_pause_is_a_toggle(server, client, tmp_path):
    answered(client)
    assert client.api("uuid_fileman u1 pause") == "-ERR No file handle!\n"
    play_tone(client, tmp_path, seconds=0.2)
    client.event("PLAYBACK_START")
    assert client.api("uuid_fileman u1 pause") == "+OK\n"
    client.next_event("HEARTBEAT")
    client.next_event("HEARTBEAT")
    client.next_event("HEARTBEAT")
    assert "PLAYBACK_STOP" not in client.names()
    client.api("uuid_fileman u1 pause")
    client.event("PLAYBACK_STOP")
    assert sum(item.audible for item in server.call("u1").callee.ear.log) == 10


def test_a_star_ends_a_playback(client, tmp_path):
    answered(client, STARS)
    play_tone(client, tmp_path, seconds=5)
    assert client.event("PLAYBACK_STOP")["Playback-Status"] == "break"
    assert client.names().index("DTMF") < client.names().index("PLAYBACK_STOP")


def test_the_person_listens_and_replies(client, speech, said, tmp_path):
    answered(client, REPLIES)
    play_tone(client, tmp_path)
    done = client.event("CHANNEL_HANGUP_COMPLETE")
    assert [text for _, _, text, _ in said] == ["two"]
    assert done["variable_sip_hangup_disposition"] == "recv_bye"


def test_a_hang_up_ends_a_playback_in_order(client, tmp_path):
    answered(client)
    play_tone(client, tmp_path, seconds=5)
    client.event("PLAYBACK_START")
    client.api("uuid_kill u1")
    client.event("CHANNEL_DESTROY")
    assert client.names("u1")[-5:] == [
        "CHANNEL_HANGUP",
        "PLAYBACK_STOP",
        "CHANNEL_EXECUTE_COMPLETE",
        "CHANNEL_HANGUP_COMPLETE",
        "CHANNEL_DESTROY",
    ]


# --- recording


def test_a_recording_holds_both_sides(client, speech, tmp_path):
    path = tmp_path / "call.wav"
    answered(client, TALKS, f"{QUIET_LINE},RECORD_STEREO=true")
    assert client.api(f"uuid_record u1 start {path}") == "+OK Success\n"
    play_tone(client, tmp_path, 1900)
    client.event("PLAYBACK_STOP")
    assert client.api(f"uuid_record u1 stop {path}") == "+OK Success\n"
    stop = client.event("RECORD_STOP")
    assert stop["Record-File-Path"] == str(path)
    with wave.open(str(path)) as recorded:
        assert recorded.getparams()[:3] == (2, 2, 8000)
        assert int(stop["variable_record_ms"]) == recorded.getnframes() // 8
        both = recorded.readframes(recorded.getnframes())
    assert frequency_of(voiced(audioop.tomono(both, 2, 0, 1))) == pytest.approx(1900, abs=4)
    left = voiced(audioop.tomono(both, 2, 1, 0))
    assert frequency_of(left) == pytest.approx(speech.frequencies["one"], abs=10)


def test_a_hang_up_completes_the_recording(client, tmp_path):
    path = tmp_path / "call.wav"
    answered(client)
    client.api(f"uuid_record u1 start {path}")
    client.event("RECORD_START")
    client.api("uuid_kill u1")
    client.event("CHANNEL_DESTROY")
    names = client.names()
    assert names.index("RECORD_STOP") < names.index("CHANNEL_HANGUP_COMPLETE")
    with wave.open(str(path)) as recorded:
        assert recorded.getnchannels() == 1


def test_a_mask_silences_and_a_pause_cuts(client, tmp_path):
    path = tmp_path / "call.wav"
    answered(client, variables=f"{QUIET_LINE},RECORD_STEREO=true")
    client.api(f"uuid_record u1 start {path}")
    assert client.api(f"uuid_record u1 mask {path}") == "+OK Success\n"
    play_tone(client, tmp_path, seconds=0.2)
    client.event("PLAYBACK_STOP")
    client.api(f"uuid_record u1 unmask {path}")
    client.api(f"uuid_record u1 pause {path}")
    client.api(f"uuid_record u1 stop {path}")
    with wave.open(str(path)) as recorded:
        assert not any(recorded.readframes(recorded.getnframes()))
        assert recorded.getnframes() >= 1600


def test_a_recording_may_have_a_limit(client, tmp_path):
    path = tmp_path / "call.wav"
    answered(client)
    client.api(f"uuid_record u1 start {path} 1")
    assert client.event("RECORD_STOP")["variable_record_ms"] == "1000"


def test_what_recording_refuses(client, tmp_path):
    answered(client)
    assert client.api("uuid_record u9 start /x.wav") == "-ERR Cannot locate session!\n"
    assert client.api(f"uuid_record u1 stop {tmp_path}/x") == "-ERR Cannot stop record session!\n"
    assert client.api(f"uuid_record u1 mask {tmp_path}/x") == (
        "-ERR Cannot mask recording session!\n"
    )
    (tmp_path / "file").touch()
    below_a_file = tmp_path / "file" / "x.wav"
    assert client.api(f"uuid_record u1 start {below_a_file}") == "-ERR Cannot record session!\n"
    assert client.api("uuid_record u1").startswith("-USAGE:")


# --- the clock


class TurnedClock(ManualClock):
    """Time passes when somebody sleeps, or works."""

    def __init__(self):
        super().__init__(datetime(2026, 1, 1, tzinfo=UTC))

    def sleep(self, seconds):
        self.advance(seconds)
        gevent.sleep(0)


class Member:
    """Notes the times of its ticks; `work(count)` gives the seconds a tick takes."""

    def __init__(self, clock, enough, work=lambda count: 0.0):
        self.times = []
        self.done = Flag()
        self._clock = clock
        self._enough = enough
        self._work = work

    def tick(self, at):
        self.times.append(at)
        self._clock.advance(self._work(len(self.times)))
        if len(self.times) == self._enough:
            self.done.set()


def ticked(*works, enough=20):
    """The tick times of members that do `works`."""
    clock = TurnedClock()
    media = MediaClock(clock, clock.sleep)
    members = [Member(clock, enough, work) for work in works]
    for member in members:
        media.add(member)
    assert members[-1].done.wait(5)
    media.stop()
    return [member.times[:enough] for member in members]


def test_media_ticks_on_a_grid_without_drift():
    (times,) = ticked(lambda count: 0.003)
    assert times == pytest.approx([count * 0.02 for count in range(20)])


def test_late_media_catch_up_without_a_burst():
    (times,) = ticked(lambda count: 0.1 if count == 3 else 0.0)
    gaps = [later - sooner for sooner, later in pairwise(times)]
    assert min(gaps) == pytest.approx(0.01)
    assert times[:3] == pytest.approx([0, 0.02, 0.04])
    assert times[-1] == pytest.approx(19 * 0.02)


def test_a_stopped_machine_does_not_catch_up():
    (times,) = ticked(lambda count: 60.0 if count == 3 else 0.0)
    assert times[-1] == pytest.approx(60 + 19 * 0.02, abs=0.021)


def test_one_broken_call_does_not_stop_the_others():
    def breaks(count):
        if count == 2:
            raise ValueError("broken")
        return 0.0

    broken, well = ticked(breaks, lambda count: 0.0)
    assert len(broken) == 2
    assert len(well) == 20
