"""Peers for the sandbox tests, on plain sockets: an Event Socket client, a WebSocket server."""

import audioop
import json
import socket
import struct
import time
from itertools import count
from urllib.parse import unquote

import gevent
import numpy as np
from gevent.event import Event as Flag
from gevent.queue import Queue
from gevent.server import StreamServer
from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Ping,
    RejectConnection,
    Request,
    TextMessage,
)

FRAME = 160


class ToneSpeech:
    """Stands in for the synthesizer: every text is a tone of its own, 0.2 s long."""

    SECONDS = 0.2

    def __init__(self):
        self.frequencies = {}
        self._next = count(400, 150)

    def speak(self, text, voice):
        frequency = self.frequencies.setdefault(text, next(self._next))
        return tone(frequency, self.SECONDS)


def tone(frequency, seconds, amplitude=8000):
    """PCMU."""
    at = np.arange(round(8000 * seconds)) / 8000
    samples = (amplitude * np.sin(2 * np.pi * frequency * at)).astype("<i2")
    return audioop.lin2ulaw(samples.tobytes(), 2)


def frequency_of(samples):
    """The strongest frequency of 16-bit samples, in Hz."""
    signal = np.frombuffer(samples, dtype="<i2").astype(float)
    power = np.abs(np.fft.rfft(signal * np.hanning(signal.size)))
    return np.argmax(power) * 8000 / signal.size


def voiced(samples, threshold=500):
    """The 20 ms pieces of 16-bit samples that are loud, joined."""
    pieces = [samples[at : at + 2 * FRAME] for at in range(0, len(samples), 2 * FRAME)]
    return b"".join(piece for piece in pieces if audioop.rms(piece, 2) > threshold)


class Message:
    """One block from the Event Socket: headers and body, and the event in it."""

    def __init__(self, headers, body, at):
        self.headers = headers
        self.body = body
        self.at = at
        self.kind = headers.get("Content-Type", "")

    @property
    def event(self):
        if self.kind == "text/event-json":
            return json.loads(self.body)
        head, _, rest = self.body.decode().partition("\n\n")
        event = dict(line.split(": ", 1) for line in head.split("\n") if line)
        event = {name: unquote(value) for name, value in event.items()}
        return event | ({"_body": rest} if "Content-Length" in event else {})


class EventSocketClient:
    """A client of mod_event_socket that knows only RFC-822-like blocks with a length."""

    def __init__(self, port, password="sandbox", form="json", events="ALL"):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self.socket.settimeout(None)  # nothing may be told for a while
        self.replies = Queue()
        self.events = []
        self.notices = []
        self.closed = Flag()
        self._seen = Flag()
        gevent.spawn(self._read)
        assert self.replies.get(timeout=5).kind == "auth/request"
        if password is not None:
            assert self.command(f"auth {password}") == "+OK accepted"
        if events:
            self.command(f"event {form} {events}")

    def send(self, text):
        self.socket.sendall(text.encode() + b"\n\n")

    def request(self, text, timeout=5):
        self.send(text)
        return self.replies.get(timeout=timeout)

    def command(self, text):
        return self.request(text).headers["Reply-Text"]

    def api(self, text, timeout=5):
        return self.request(f"api {text}", timeout).body.decode()

    def originate(self, number, uuid, variables=""):
        """Start a call; the Job-UUID is `job-<uuid>`."""
        given = f"origination_uuid={uuid},ignore_early_media=true{variables and ','}{variables}"
        line = f"bgapi originate {{{given}}}sofia/gateway/sandbox/{number} &park()"
        return self.command(f"{line}\nJob-UUID: job-{uuid}")

    def play(self, uuid, path, lock=True):
        line = f"sendmsg {uuid}\ncall-command: execute\nexecute-app-name: playback"
        lock_line = "\nevent-lock: true" if lock else ""
        return self.command(f"{line}\nexecute-app-arg: {path}{lock_line}")

    def next_event(self, name, timeout=5, **headers):
        """The first event like `event`, from now on."""
        return self.event(name, timeout, _after=len(self.events), **headers)

    def event(self, name, timeout=5, _after=0, **headers):
        """The first event of that name or subclass with those header values, past or future."""
        wanted = {key.replace("_", "-"): value for key, value in headers.items()}
        deadline = time.monotonic() + timeout
        looked_at = _after
        while True:
            self._seen.clear()
            while looked_at < len(self.events):
                event = self.events[looked_at]
                looked_at += 1
                names = (event["Event-Name"], event.get("Event-Subclass"))
                if name in names and wanted.items() <= event.items():
                    return event
            if not self._seen.wait(max(0, deadline - time.monotonic())):
                raise TimeoutError(f"no event {name} {wanted}: {self.names()}")

    def names(self, uuid=None):
        """The names of the events so far, CUSTOM by subclass, heartbeats aside."""
        return [
            event.get("Event-Subclass") or event["Event-Name"]
            for event in self.events
            if event["Event-Name"] != "HEARTBEAT" and uuid in (None, event.get("Unique-ID"))
        ]

    def close(self):
        """Hang up; the reader lets go of the socket."""
        if not self.closed.is_set():
            self.socket.shutdown(socket.SHUT_RDWR)
            self.closed.wait(5)

    def _read(self):
        stream = self.socket.makefile("rb")
        try:
            while message := self._message(stream):
                if message.kind.startswith("text/event"):
                    self.events.append(message.event | {"_at": message.at})
                    self._seen.set()
                elif message.kind in ("text/disconnect-notice", "text/rude-rejection"):
                    self.notices.append(message)
                else:
                    self.replies.put(message)
        except OSError:
            pass
        stream.close()
        self.socket.close()
        self.closed.set()

    @staticmethod
    def _message(stream):
        headers = {}
        while line := stream.readline():
            if line == b"\n":
                body = stream.read(int(headers.get("Content-Length", 0)))
                return Message(headers, body, time.monotonic())
            name, _, value = line.decode().rstrip("\n").partition(": ")
            headers[name] = value
        return None


class AudioServer:
    """A WebSocket server on port 0 that keeps what mod_audio_stream's double sends."""

    def __init__(self, handshake=True, status=None):
        self.messages = []  # (at, bytes or str), in order of arrival
        self.headers = {}
        self.target = ""
        self.close_code = None
        self.pings = 0
        self.offers_compression = False
        self.opened = Flag()
        self.ended = Flag()
        self._handshake = handshake
        self._status = status
        self._changed = Flag()
        self._server = StreamServer(("127.0.0.1", 0), self._serve)
        self._server.start()
        self.url = f"ws://127.0.0.1:{self._server.server_port}/media/token?x=1"

    @property
    def audio(self):
        return b"".join(data for _, data in self.messages if isinstance(data, bytes))

    @property
    def texts(self):
        return [data for _, data in self.messages if isinstance(data, str)]

    def wait_for(self, predicate, timeout=5):
        """Until `predicate(self)`; every arrival is looked at."""
        with gevent.Timeout(timeout, TimeoutError(f"{len(self.messages)} messages, no match")):
            while not predicate(self):
                self._changed.clear()
                self._changed.wait()

    def send(self, event):
        self.socket.sendall(self._protocol.send(event))

    def reset(self):
        """Break the TCP connection."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def stop(self):
        self._server.stop(timeout=0)

    def _serve(self, client, _):
        self.socket = client
        self._protocol = WSConnection(ConnectionType.SERVER)
        try:
            while data := client.recv(65536):
                self._protocol.receive_data(data)
                for event in self._protocol.events():
                    self._handle(event)
                self._changed.set()
        except OSError:
            pass
        self.ended.set()
        self._changed.set()

    def _handle(self, event):
        match event:
            case Request():
                self.target = event.target
                self.offers_compression = "permessage-deflate" in str(event.extensions)
                self.headers = {name.decode(): value for name, value in event.extra_headers}
                if self._status:
                    self.send(RejectConnection(status_code=self._status))
                elif self._handshake:
                    self.send(AcceptConnection())
                    self.opened.set()
            case BytesMessage() | TextMessage():
                self.messages.append((time.monotonic(), event.data))
            case Ping():
                self.pings += 1
                self.send(event.response())
            case CloseConnection():
                self.close_code = int(event.code)
                if self.socket.fileno() >= 0:
                    self.send(event.response())
                    self.socket.close()
