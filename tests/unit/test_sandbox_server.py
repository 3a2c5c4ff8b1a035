"""The sandbox process: it starts every double, says where they are, and leaves nothing behind."""

from __future__ import annotations

import audioop
import base64
import json
import os
import signal
import stat
import sys

import gevent
import openai
import pytest
from gevent import socket, subprocess
from gevent.queue import Queue
from sandbox_openai_realtime import QUICK, SocketClient

from topcalls.sandbox.http_wire import HttpServer
from topcalls.sandbox.scenario import ScenarioError
from topcalls.sandbox.server import Sandbox, write_private
from topcalls.sandbox.websocket_wire import WebSocketClosed

SCENARIO = """
name: two sentences
number: "+12025550190"
description: Says two sentences and hangs up.
callee:
  - answer
  - say: "Hello, who is this?"
  - listen: {silence: 0.2, limit: 2}
  - hang_up
model:
  - when: "who is this"
    speak: "This is the sandbox."
"""
MAIN = """
from gevent import monkey
monkey.patch_all()
import sys
from pathlib import Path
from topcalls import log
from topcalls.sandbox.server import run_sandbox
log.configure("warning")
run_sandbox(Path(sys.argv[1]), on_ready=lambda where: sys.stderr.write(where["webhook_url"]))
"""


@pytest.fixture
def sandbox(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(SCENARIO)
    sandbox = Sandbox(tmp_path / "data", scenarios=[path], behaviour=QUICK)
    sandbox.start()
    yield sandbox
    sandbox.stop()


class EventSocket:
    """Just enough of an Event Socket client to place a call."""

    def __init__(self, esl):
        self._socket = socket.create_connection((esl["host"], esl["port"]), timeout=5)
        self._file = self._socket.makefile("rb")
        self.read()
        self.ask(f"auth {esl['password']}")

    def ask(self, command):
        """The headers of the reply, and its body."""
        self._socket.sendall(f"{command}\n\n".encode())
        return self.read()

    def read(self):
        headers = {}
        while line := self._file.readline().decode().strip():
            name, _, value = line.partition(": ")
            headers[name] = value
        return headers, self._file.read(int(headers.get("Content-Length", 0))).decode()

    def close(self):
        self._file.close()
        self._socket.close()


def test_says_where_everything_is(sandbox, tmp_path):
    path = tmp_path / "data" / "sandbox.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    where = json.loads(path.read_text())
    assert where == sandbox.endpoints
    vendors = {f"{name}_base_url" for name in ("openai", "deepgram", "elevenlabs")}
    urls = vendors | {"webhook_url", "tools_url", "faults_url", "callers_url"}
    assert set(where) == {"esl", "carriers", "cassettes", "pid"} | urls
    assert set(where["esl"]) == {"host", "port", "password"}
    assert where["pid"] == os.getpid()
    client = EventSocket(where["esl"])
    assert "UP" in client.ask("api status")[1]
    client.close()
    with openai.OpenAI(api_key="sk-any", base_url=where["openai_base_url"]) as vendor:
        assert list(vendor.models.list())


def test_stopping_removes_the_file_and_the_listeners(tmp_path):
    sandbox = Sandbox(tmp_path)
    sandbox.start()
    where = sandbox.endpoints
    sandbox.stop()
    assert not (tmp_path / "sandbox.json").exists()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection((where["esl"]["host"], where["esl"]["port"]), timeout=1)


def test_the_file_of_another_sandbox_is_left_alone(tmp_path):
    file = tmp_path / "elsewhere.json"
    sandbox = Sandbox(tmp_path, file)
    sandbox.start()
    file.write_text('{"pid": 1}')
    sandbox.stop()
    assert json.loads(file.read_text()) == {"pid": 1}


def test_wrong_scenario_is_named(tmp_path):
    (tmp_path / "wrong.yaml").write_text("name: x")
    with pytest.raises(ScenarioError, match=r"wrong\.yaml"):
        Sandbox(tmp_path, scenarios=[tmp_path])


def test_private_files_are_replaced_whole(tmp_path):
    path = tmp_path / "new" / "file.json"
    write_private(path, "first")
    write_private(path, "second")
    assert path.read_text() == "second"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [item.name for item in path.parent.iterdir()] == ["file.json"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_as_a_process(tmp_path, number):
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", MAIN, str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        with gevent.Timeout(30):
            where = json.loads(process.stdout.readline())
            assert where == json.loads((tmp_path / "sandbox.json").read_text())
            assert where["pid"] == process.pid
            process.send_signal(number)
            rest, errors = process.communicate()
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0
    assert rest == b""
    assert where["webhook_url"] in errors.decode()
    assert not (tmp_path / "sandbox.json").exists()


class Ear:
    """Where the switch's double sends a call's audio: 16-bit samples at 8 kHz."""

    def __init__(self):
        self.frames = Queue()
        self._server = HttpServer(("127.0.0.1", 0), self._serve)
        self._server.start()

    @property
    def url(self):
        return f"ws://127.0.0.1:{self._server.port}/call"

    def _serve(self, exchange):
        connection = exchange.upgrade()
        try:
            while True:
                message = connection.receive(None)
                if isinstance(message, bytes):
                    self.frames.put(message)
        except WebSocketClosed:
            self.frames.put(None)

    def stop(self):
        self._server.stop()


def test_both_halves_fit(sandbox):
    """A call through the doubles alone: what the person says reaches the model, and is known."""
    ear = Ear()
    client = EventSocket(sandbox.endpoints["esl"])
    vendor = SocketClient(sandbox.openai)
    vendor.telephone(input={"transcription": {"model": "gpt-transcribe"}})
    dial = "originate {origination_uuid=call-1,absolute_codec_string='PCMU'}"
    _, reply = client.ask(f"api {dial}sofia/gateway/sandbox/+12025550190 &park()")
    assert reply.startswith("+OK")
    _, reply = client.ask(f"api uuid_audio_stream call-1 start {ear.url} mono 8k")
    assert reply.startswith("+OK")
    with gevent.Timeout(20):
        while (frame := ear.frames.get()) is not None:
            audio = base64.b64encode(audioop.lin2ulaw(frame, 2)).decode()
            vendor.send("input_audio_buffer.append", audio=audio)
    done = vendor.until("response.done")[-1]["response"]
    assert done["output"][0]["content"][0]["transcript"] == "This is the sandbox."
    kind = "conversation.item.input_audio_transcription.completed"
    assert vendor.of(kind)[0]["transcript"] == "Hello, who is this?"
    vendor.hang_up()
    client.close()
    ear.stop()
