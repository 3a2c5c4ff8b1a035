"""Telephones for a real switch: SIPp does the signalling, the audio is ours.

One UDP socket is the audio side of every call to it; the switch's own ports tell the calls apart.
Packets are stamped by the kernel, so that what is measured is the network, not this process.
"""

import audioop
import socket as sockets
import struct
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from time import time

import gevent
from gevent.event import Event
from gevent.socket import AF_INET, SOCK_DGRAM, socket

from topcalls.audio.dtmf import ToneFilter

SCENARIOS = Path(__file__).parent / "sipp"
EVERYBODYS = Path(__file__).parents[2] / "scripts" / "sipp_scenarios"
FRAME = 160
PAYLOADS = {"PCMU": 0, "PCMA": 8}
VOICE = 1500
"""Peak of a frame that is speech: the switch's own filling between sentences is far below it."""

OUR_AUDIO = {
    "[rtpstream_audio_port]": "@rtp@",
    '  <nop><action><exec rtp_stream="speech.pcmu,-1,0,PCMU/8000"/></action></nop>\n': "",
}
"""Turns a scenario with SIPp's audio into one with ours."""

_STAMPS = 35  # SO_TIMESTAMPNS, which the module does not name
_KEYS = "0123456789*#ABCD"


@dataclass(frozen=True)
class Packet:
    """One RTP packet that came, `at` seconds since 1970."""

    at: float
    sequence: int
    marker: bool
    codec: str
    payload: bytes

    @cached_property
    def is_voice(self):
        return audioop.max(self.samples, 2) > VOICE

    @property
    def samples(self):
        """The sound, 16 bits a sample."""
        decode = audioop.alaw2lin if self.codec == "PCMA" else audioop.ulaw2lin
        return decode(self.payload, 2)


class Line:
    """The audio of one call: what came, and what is said. It talks or is silent all the time."""

    def __init__(self, transport, peer, codec):
        self.packets = []
        self.voice = []  # those packets that hold speech
        self.late = []  # (when, by how much) packets of ours went out too late, in seconds
        self.keys = ""  # what the other side pressed, by telephone events
        self._key_at = None
        self.changed = Event()
        self._transport = transport
        self.peer = peer
        self._codec = codec
        self._silence = b"\xff" * FRAME if codec == "PCMU" else b"\xd5" * FRAME
        self._queue = []
        self._sequence = 0
        self._time = 0
        self._sender = gevent.spawn(self._send)

    def came(self, packet):
        self.packets.append(packet)
        if packet.is_voice:
            self.voice.append(packet)
        self.changed.set()
        self.changed.clear()

    def key_came(self, stamp, payload):
        """A telephone event; every key is told many times over."""
        if stamp != self._key_at:
            self._key_at = stamp
            self.keys += _KEYS[payload[0]]
            self.changed.set()
            self.changed.clear()

    def wait_for_keys(self, keys, seconds):
        """Until exactly these were pressed by the other side."""
        with gevent.Timeout(seconds, AssertionError(f"not {keys} within {seconds} s")):
            while self.keys != keys:
                self.changed.wait()

    def wait_for_tones(self, keys, seconds):
        """Until exactly these were heard as tones in the audio."""
        with gevent.Timeout(seconds, AssertionError(f"no tones of {keys} within {seconds} s")):
            while self.tones != keys:
                self.changed.wait()

    @property
    def tones(self):
        """The keys that are in the audio so far."""
        ear = ToneFilter(thorough=True)
        return "".join("".join(ear.clean(packet.samples)[1]) for packet in self.packets)

    def say(self, pcmu):
        """Speak next."""
        if self._codec == "PCMA":
            pcmu = audioop.lin2alaw(audioop.ulaw2lin(pcmu, 2), 2)
        self._queue += [("audio", pcmu[at : at + FRAME]) for at in range(0, len(pcmu), FRAME)]

    def press(self, keys, frames=5):
        """Press keys, as telephone events (RFC 4733)."""
        for key in keys:
            code = _KEYS.index(key)
            events = [(code, 0, (number + 1) * FRAME) for number in range(frames)]
            ends = [(code, 0x80, frames * FRAME)] * 3
            begun = [("key", (number, *event)) for number, event in enumerate([*events, *ends])]
            self._queue += [*begun, *[("audio", self._silence)] * 5]

    def wait_for_voice(self, seconds, after=0.0):
        """The first packet of speech that came later than `after`."""
        with gevent.Timeout(seconds, AssertionError(f"no voice within {seconds} s")):
            while not (found := [packet for packet in self.voice if packet.at > after]):
                self.changed.wait()
        return found[0]

    def wait_for_packet(self, seconds, after):
        """The first packet of whatever sound that came later than `after`."""
        with gevent.Timeout(seconds, AssertionError(f"no packet within {seconds} s")):
            while not self.packets or self.packets[-1].at <= after:
                self.changed.wait()
        return next(packet for packet in self.packets if packet.at > after)

    def wait_for_quiet(self, seconds, quiet=0.6):
        """Wait until the other side has said nothing for a while; its last packet of speech."""
        with gevent.Timeout(seconds, AssertionError(f"still speaking after {seconds} s")):
            while not self.voice or self.packets[-1].at - self.voice[-1].at <= quiet:
                self.changed.wait()
        return self.voice[-1]

    def disturbance(self, since, until):
        """By how many seconds the machine had packets of either side come too late in this time:
        ours as they were sent, the switch's beyond their 20 ms."""
        ours = [late for at, late in self.late if since <= at <= until]
        theirs = [packet.at for packet in self.packets if since <= packet.at <= until]
        gaps = (two - one - 0.02 for one, two in zip(theirs, theirs[1:], strict=False))
        return max([0.0, *ours, *gaps])

    def wait_until_said(self, seconds):
        """Until nothing that it was told to say is left."""
        with gevent.Timeout(seconds, AssertionError(f"still saying it after {seconds} s")):
            while self._queue:
                gevent.sleep(0.02)

    def fall_silent(self):
        """Send no packet any more."""
        self._sender.kill()

    close = fall_silent

    def _send(self):
        due = gevent.get_hub().loop.now()
        while True:
            self._transport.sendto(self._next_packet(), self.peer)
            due += 0.02
            gevent.get_hub().loop.update_now()
            left = due - gevent.get_hub().loop.now()
            if left < 0:
                self.late.append((time(), -left))
            gevent.sleep(max(0.0, left))

    def _next_packet(self):
        kind, what = self._queue.pop(0) if self._queue else ("audio", self._silence)
        self._sequence = (self._sequence + 1) & 0xFFFF
        if kind == "audio":
            self._time += FRAME
            kind = PAYLOADS[self._codec]
            header = struct.pack("!BBHII", 0x80, kind, self._sequence, self._time, 0x1234)
            return header + what + self._silence[len(what) :]
        number, code, flags, duration = what
        if number == 0:
            self._time += FRAME
        marker = 0x80 if number == 0 else 0
        header = struct.pack("!BBHII", 0x80, marker | 101, self._sequence, self._time, 0x1234)
        return header + struct.pack("!BBH", code, flags | 10, duration)


class Lines:
    """The audio side of all telephones, on one port."""

    def __init__(self, host, codec):
        self.lines = {}
        self._codec = codec
        self._socket = socket(AF_INET, SOCK_DGRAM)
        self._socket.setsockopt(sockets.SOL_SOCKET, _STAMPS, 1)
        self._socket.bind((host, 0))
        self.port = self._socket.getsockname()[1]
        self._arrived = Event()
        self._reader = gevent.spawn(self._read)

    def wait(self, seconds, count=1):
        """The latest line, once `count` of them carry audio."""
        with gevent.Timeout(seconds, AssertionError(f"no audio of {count} calls in {seconds} s")):
            while len(self.lines) < count:
                self._arrived.wait()
        return list(self.lines.values())[-1]

    def close(self):
        self._reader.kill()
        for line in self.lines.values():
            line.close()
        self._socket.close()

    def _read(self):
        while True:
            data, ancillary, _, peer = self._socket.recvmsg(2048, 64)
            seconds, nanoseconds = struct.unpack("qq", ancillary[0][2])
            kind, sequence = data[1], int.from_bytes(data[2:4], "big")
            if kind & 0x7F == 101 and peer in self.lines:
                self.lines[peer].key_came(data[4:8], data[12:])
            if kind & 0x7F != PAYLOADS[self._codec]:
                continue
            if peer not in self.lines:
                self.lines[peer] = Line(self._socket, peer, self._codec)
                self._arrived.set()
                self._arrived.clear()
            at = seconds + nanoseconds / 1e9
            self.lines[peer].came(Packet(at, sequence, bool(kind & 0x80), self._codec, data[12:]))


class Telephone:
    """SIPp at work in a directory of its own, by the text of a scenario."""

    def __init__(self, directory, text, *options):
        self._messages = directory / "messages.csv"
        directory.mkdir(exist_ok=True)
        (directory / "speech.pcmu").write_bytes(b"\xff" * 8000)
        file = directory / "scenario.xml"
        file.write_text(text)
        self._process = subprocess.Popen(
            [
                *("sipp", "-sf", str(file), "-nostdin", "-aa", *options),
                *("-trace_shortmsg", "-shortmessage_file", str(self._messages)),
                *("-trace_err", "-error_file", str(directory / "errors.log")),
            ],
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def close(self):
        """Hang the telephone on the hook for good."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait(10)

    def messages(self):
        """(seconds since 1970, `S`ent or `R`eceived, CSeq, first line) of every SIP message."""
        found = []
        if not self._messages.exists():
            return found
        for row in self._messages.read_text().splitlines():
            _, _, at, direction, _, sequence, first = row.split("\t")[:7]
            found.append((float(at), direction, sequence.strip(), first.strip()))
        return found

    def wait_for(self, direction, words, seconds=10):
        """When a message with `words` in its first line went that way."""
        with gevent.Timeout(seconds, AssertionError(f"no {words}: {self.messages()}")):
            while True:
                for at, way, _, first in self.messages():
                    if way == direction and words in first:
                        return at
                gevent.sleep(0.05)

    def ended_well(self, seconds=10):
        """Everything went as the scenario says, to its end."""
        with gevent.Timeout(seconds, AssertionError(f"it goes on: {self.messages()}")):
            while self._process.poll() is None:
                gevent.sleep(0.05)
        return self._process.returncode == 0


class Callee(Telephone):
    """SIPp answering every call the way one scenario says: of the folder `sipp`, or, where it
    needs none of our audio, of `scripts/sipp_scenarios`.

    `settings` go into the scenario's `@places@`: SIPp's own keywords cannot be a status; `replaced`
    changes its text. `pause` is the length of its pauses in milliseconds.
    """

    def __init__(
        self, address, directory, scenario, *, pause=0, codec="PCMU", replaced=None, **settings
    ):
        self.lines = Lines(address[0], codec)
        folder = EVERYBODYS if scenario.startswith(("callee_", "carrier_")) else SCENARIOS
        text = (folder / f"{scenario}.xml").read_text()
        places = {"rtp": self.lines.port, "codec": codec, "payload": PAYLOADS[codec], **settings}
        text = filled(text, replaced or {}, places)
        super().__init__(directory, text, "-i", address[0], "-p", str(address[1]), "-d", str(pause))
        self._wait_until_bound(address)

    def close(self):
        super().close()
        self.lines.close()

    def _wait_until_bound(self, address):
        with gevent.Timeout(10, AssertionError("SIPp did not start")):
            while True:
                assert self._process.poll() is None, "SIPp ended at once"
                with sockets.socket(AF_INET, SOCK_DGRAM) as probe:
                    try:
                        probe.bind(address)
                    except OSError:
                        return
                gevent.sleep(0.02)


class Caller(Telephone):
    """SIPp calling `to` (host:port) by a scenario of `scripts/sipp_scenarios`, on our audio."""

    def __init__(self, to, directory, scenario, number, *, pause=0, replaced=None, **places):
        self.lines = Lines("127.0.0.1", "PCMU")
        text = (EVERYBODYS / f"{scenario}.xml").read_text()
        text = filled(text, OUR_AUDIO | (replaced or {}), {"rtp": self.lines.port, **places})
        super().__init__(
            directory,
            text,
            *("-i", "127.0.0.1", "-mi", "127.0.0.1", "-p", "0", "-d", str(pause), "-m", "1"),
            *("-s", number, "-key", "called", number, "-key", "display", ""),
            *("-key", "caller", "+12025550199", to),
        )

    def close(self):
        super().close()
        self.lines.close()


def filled(text, replaced, places):
    """A scenario with its text changed, each of which must be there, and its `@places@` filled."""
    for old, new in replaced.items():
        assert old in text
        text = text.replace(old, new)
    for name, value in places.items():
        text = text.replace(f"@{name}@", str(value))
    return text
