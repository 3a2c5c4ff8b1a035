"""The Realtime double on real sockets: handshakes, frames, endings, recordings, many at once."""

from __future__ import annotations

import base64
import json
import socket
import stat

import gevent
import openai
import pytest
import websocket
from sandbox_openai_realtime import (
    CLIENT_EVENTS,
    GONE,
    SERVER_EVENTS,
    SocketClient,
    double,
    scenario,
    studio,
    validate,
)
from sandbox_openai_speech import silence, spoken

from topcalls.sandbox.openai.http_server import OpenAIDouble
from topcalls.sandbox.openai.realtime_response import GARBAGE

SCRIPT = scenario(
    {"when": "hello", "speak": "Do you have a minute"},
    {"when": "anything", "speak": "I see what you mean", "repeat": True},
)
URL_PART = "/realtime?model=gpt-realtime-2.1"


@pytest.fixture
def server():
    server = double(SCRIPT)
    yield server
    server.stop()


@pytest.fixture
def connect(server):
    clients = []

    def open_client(**how):
        clients.append(SocketClient(server, **how))
        return clients[-1]

    yield open_client
    for client in clients:
        client.hang_up()


def refused(server, **how):
    with pytest.raises(websocket.WebSocketBadStatusException) as error:
        SocketClient(server, **how)
    return error.value.status_code, json.loads(error.value.resp_body)["error"]["code"]


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("", 400, "missing_model"),
        ("?intent=transcription&model=gpt-transcribe", 400, "invalid_model"),
        ("?intent=conversation", 400, "invalid_value"),
        ("?model=gpt-realtime-2.1%2Brate-limit", 429, "rate_limit_exceeded"),
        ("?model=gpt-realtime-2.1%2Bquota", 429, "insufficient_quota"),
        ("?model=gpt-realtime-2.1%2Bserver-error", 500, None),
        ("?model=gpt-realtime-2.1%2Bforbidden", 403, "unsupported_country_region_territory"),
        ("?model=gpt-realtime-9%2Bnot-found", 404, "model_not_found"),
    ],
)
def test_refused_handshakes(server, query, status, code):
    assert refused(server, query=query) == (status, code)


def test_failing_once(server, connect):
    query = "?model=gpt-realtime-2.1%2Bserver-error-once"
    assert refused(server, query=query)[0] == 500
    session = connect(query=query).until("session.created")[-1]["session"]
    assert session["model"] == "gpt-realtime-2.1"


def test_transcription_intent(connect):
    client = connect(query="?intent=transcription")
    assert client.until("session.created")[-1]["session"]["type"] == "transcription"


def test_plain_get_is_told_to_upgrade(server):
    with (
        openai.OpenAI(api_key="sk-test", base_url=server.base_url) as client,
        pytest.raises(openai.APIStatusError) as error,
    ):
        client.get(URL_PART, cast_to=object)
    assert error.value.status_code == 426


def test_a_whole_turn_is_recorded_both_ways(tmp_path):
    recorded = OpenAIDouble(studio(SCRIPT, recordings=tmp_path / "traffic"))
    recorded.start()
    client = SocketClient(recorded)
    client.telephone()
    words = "Hello there"
    recorded.hearing.said("call-1", "talk", words, spoken(words))
    client.append(silence(0.2), spoken(words), silence(0.6))
    client.until("response.done")
    client.hang_up()
    assert recorded.realtime.wait_for_connection().closed.wait(5)
    recorded.stop()
    (path,) = (tmp_path / "traffic").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    times = [line["at"] for line in lines]
    assert times == sorted(times)
    for line in lines:
        if line["direction"] == "server":
            validate(line["event"])
        else:
            CLIENT_EVENTS[line["event"]["type"]].model_validate(line["event"])
    appends = [line["event"] for line in lines if line["event"]["type"].endswith("append")]
    assert {event["audio"] for event in appends} == {""}
    assert all(event["audio_bytes"] == 160 for event in appends[:-1])


def test_recording_with_audio(tmp_path):
    recorded = OpenAIDouble(studio(SCRIPT, recordings=tmp_path, record_audio=True))
    recorded.start()
    client = SocketClient(recorded)
    client.telephone()
    client.append(b"\x01\x02\x03", frame=0)
    client.configure()
    client.hang_up()
    recorded.stop()
    (path,) = tmp_path.iterdir()
    assert base64.b64encode(b"\x01\x02\x03").decode() in path.read_text()


def test_the_journal_can_be_waited_on(server, connect):
    client = connect()
    connection = server.realtime.wait_for_connection()
    waiting = gevent.spawn(connection.journal.wait_for, "client", "response.create")
    client.send("response.create", response={"instructions": 'Say exactly: "Hi"'})
    assert waiting.get(timeout=5)["response"]
    done = connection.journal.wait_for("server", "response.done", timeout=5)
    assert done["response"]["status"] == "completed"
    with pytest.raises(TimeoutError, match="No response.cancel"):
        connection.journal.wait_for("client", "response.cancel", timeout=0.01)


def test_faults_on_demand(server, connect):
    client = connect()
    client.until("session.created")
    connection = server.realtime.wait_for_connection()
    connection.garbage()
    assert client.configure()["type"] == "realtime"
    assert client.raw == list(GARBAGE)
    connection.expire()
    assert client.wait_closed() == (1001, "Your session hit the maximum duration of 60 minutes.")
    assert client.events[-1]["error"]["code"] == "session_expired"
    client = connect()
    client.until("session.created")
    server.realtime.wait_for_connection(1).cut()
    assert client.wait_closed() == (1006, GONE)


def test_close_frame_is_not_lost_while_the_client_talks(server, connect):
    client = connect()
    client.telephone()
    talking = gevent.spawn(lambda: client.append(*[silence(1.0)] * 30))
    server.realtime.wait_for_connection().expire()
    assert client.wait_closed()[0] == 1001
    talking.kill()


def test_client_that_vanishes(server, connect):
    client = connect()
    client.until("session.created")
    client.send("response.create", response={"instructions": f'Say exactly: "{"long " * 40}"'})
    client.until("response.output_audio.delta")
    client._socket.sock.close()
    assert server.realtime.wait_for_connection().closed.wait(5)


def test_client_that_says_goodbye(server, connect):
    client = connect()
    client.until("session.created")
    client._socket.send_close(1000)
    assert client.wait_closed()[0] == 1000


def test_pings_and_fragments(connect):
    client = connect()
    client.until("session.created")
    client._socket.ping("are you there")
    text = json.dumps({"type": "session.update", "session": {"type": "realtime"}})
    for index, part in enumerate((text[:10], text[10:20], text[20:])):
        opcode = websocket.ABNF.OPCODE_TEXT if index == 0 else websocket.ABNF.OPCODE_CONT
        client._socket.send_frame(websocket.ABNF(index == 2, 0, 0, 0, opcode, 1, part.encode()))
    client.until("session.updated")


def test_bad_utf8_closes_the_connection(connect):
    client = connect()
    client.until("session.created")
    client._socket.send_frame(
        websocket.ABNF(1, 0, 0, 0, websocket.ABNF.OPCODE_TEXT, 1, b'{"type": "\xff"}')
    )
    assert client.wait_closed()[0] == 1007


def test_binary_frames_are_not_events(connect):
    client = connect()
    client._socket.send_binary(b"\x00\x01")
    assert client.until("error")[-1]["error"]["code"] == "invalid_json"


def test_nonsense_before_the_handshake_does_no_harm(server, connect):
    host, port = server.base_url.removeprefix("http://").split("/")[0].split(":")
    for data in (b"\x16\x03\x01\x02\x00", b"GET / HTTP/1.1\r\n\r\n", b"GET /v1", b""):
        with socket.create_connection((host, int(port)), timeout=5) as raw:
            raw.sendall(data)
            raw.shutdown(socket.SHUT_WR)
            raw.recv(65536)
    assert connect().until("session.created")


def test_many_conversations_at_once(server):
    hearing = server.hearing

    def converse(number):
        client = SocketClient(server)
        words = "Hello there"
        hearing.said(f"call-{number}", "talk", words, spoken(words))
        client.telephone()
        client.append(silence(0.2), spoken(words), silence(0.6))
        done = client.until("response.done", timeout=20)[-1]
        client.hang_up()
        return done["response"]["output"][0]["content"][0]["transcript"]

    jobs = [gevent.spawn(converse, number) for number in range(10)]
    gevent.joinall(jobs, timeout=30, raise_error=True)
    assert {job.value for job in jobs} == {"Do you have a minute"}
    assert len(server.realtime.connections) == 10


def test_stopping_ends_all_connections(connect, server):
    client = connect()
    client.until("session.created")
    server.stop()
    assert client.wait_closed()[0] == 1006


def test_the_package_knows_46_server_events():
    assert len(SERVER_EVENTS) >= 46
    assert len(CLIENT_EVENTS) == 11


@pytest.mark.filterwarnings("ignore:connect.. must be used as a context:DeprecationWarning")
def test_vendors_own_client_converses(server):
    pytest.importorskip("websockets")
    with (
        openai.OpenAI(api_key="sk-test", base_url=server.base_url) as client,
        client.realtime.connect(model="gpt-realtime-2.1") as connection,
    ):
        assert connection.recv().type == "session.created"
        connection.session.update(session={"type": "realtime", "instructions": "Be brief."})
        assert connection.recv().session.instructions == "Be brief."
        connection.response.create(response={"instructions": 'Say exactly: "Hello"'})
        for event in connection:
            validate(event.to_dict())
            if event.type == "response.done":
                break
        assert event.response.output[0].content[0].transcript == "Hello"
