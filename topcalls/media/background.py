"""Sound behind the agent's voice, mixed by the switch.

Two means were tried on FreeSWITCH 1.10.12. Mixing it into the speech ourselves would need a
playback that never ends under every utterance: each first word would wait for a `break` and a new
playback (+20 to 40 ms), every interruption would leave a hole of that length, the background would
fall silent whenever speech is paused, and the other strategy would stream around the clock. So the
switch mixes: `uuid_displace <uuid> start <file> 0 fml` adds a looping file to whatever is written
to the caller. Measured:

* It needs a write stream. Parked channels have one by `send_silence_when_idle`; without that the
  command says +OK and nothing is heard.
* First sound 1 ms after the command, the command itself takes 0.6 ms. No packet is lost or late,
  the caller's audio is untouched (messages of 40 ms: p99 42 ms with and without).
* `uuid_break all`, the end of a playback and `uuid_fileman pause` leave it alone; last word after
  a break 17 ms, first word after a `playback` 26 ms; in whole calls, last word after a pause 18 to
  21 ms and first word 101 ms after the answer, all as without it. So it can neither delay an
  interruption nor count as speech: no event of a playback is about it.
* CPU: 30 calls cost 7.5 % of a core without it, 7.5 to 8.0 % with it; recorded, 10.0 and 10.8 %.
* `f` puts it before the recording, which has it on the agent's side; without `f` it has not.
* The file is read as 16-bit samples: `.r8`, whatever the line's codec. A native `.PCMU` is noise.
* At the end of each round one frame (20 ms) is without it: the files are soft at their ends.
* The file may be deleted while it plays. The same file cannot be started twice on a channel.

Ducking is two layers: the *bed* always plays, the *top* only while the agent is silent. Taking a
layer away and putting it back costs no gap in the other, which exchanging files would.

On one host the layers are files beside the speech. With a switch elsewhere each call sends its
layers once over the audio stream, which makes files of them there (15 s: 20 ms).
"""

from __future__ import annotations

import base64
import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from importlib import resources
from pathlib import Path
from typing import Final, Protocol
from zlib import crc32

import gevent

from topcalls.audio import g711, loops
from topcalls.core.call_request import BACKGROUNDS
from topcalls.errors import ConfigError
from topcalls.ids import new_id
from topcalls.media.utterance_file import prepare

GAINS: Final = {"low": -24.0, "medium": -18.0, "high": -12.0}
"""Decibels, of sounds at -26 dBFS: speech is some 30, 24 and 18 dB louder."""

QUIET_SECONDS = 0.6
"""How long nothing is played before the top comes back: longer than a breath between sentences."""

SEND_SECONDS = 0.5
"""How long after the start of an audio stream the layers are sent over it."""

_BED_DB = -7.0  # the share of the bed; the top brings the sum to 0
_TOP_DB = -0.97
_SEAM_SAMPLES = 40
_RATE = 8000


@dataclass(frozen=True)
class Layers:
    """A background of one loudness as two looping sounds, L16 at 8 kHz. Another version of them has
    another `name`."""

    name: str
    bed: bytes
    top: bytes


@cache
def layers_of(sound: str, gain: str) -> Layers:
    """Raises KeyError for a sound or a gain there is not."""
    if sound not in BACKGROUNDS:
        raise KeyError(sound)
    stored = resources.files("topcalls.media").joinpath(f"backgrounds/{sound}.pcmu").read_bytes()
    whole = loops.scaled(g711.decode(stored, "PCMU"), GAINS[gain])
    half = loops.turned(whole, len(whole) // 4)  # the layers are two sounds, not one twice
    bed = loops.soft_ends(loops.scaled(whole, _BED_DB), _SEAM_SAMPLES)
    top = loops.soft_ends(loops.scaled(half, _TOP_DB), _SEAM_SAMPLES)
    return Layers(f"{sound}-{gain}-{crc32(bed + top):08x}", bed, top)


class Mixer(Protocol):
    """What a background asks of the switch for its channel. Returns at once, in the order given."""

    def mix_in(self, path: str) -> None:
        """Loop a file under everything the caller hears."""

    def mix_out(self, path: str) -> None:
        """Take it away."""

    def send_stream_text(self, text: str) -> None:
        """Send a text message to mod_audio_stream."""


class Source(Protocol):
    """How the layers become files that the switch can read; `ready(bed, top)` tells their paths,
    as often as there is news ("": not there yet).

    `needs_stream`: the audio stream carries them, and they are gone with it.
    """

    needs_stream: bool

    def deliver(self, mixer: Mixer, layers: Layers, ready: Callable[[str, str], None]) -> None: ...

    def file_ready(self, path: str, chunk: str) -> None:
        """The switch has made a file of what was sent to it under this name."""


class SharedFiles:
    """Files in a directory that the switch sees too, shared by all calls and controllers."""

    needs_stream = False

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def deliver(self, mixer: Mixer, layers: Layers, ready: Callable[[str, str], None]) -> None:
        with contextlib.suppress(OSError, ConfigError):  # a full disk costs the background only
            prepare(self._directory)
            ready(
                self._written(f"{layers.name}-bed", layers.bed),
                self._written(f"{layers.name}-top", layers.top),
            )

    def file_ready(self, path: str, chunk: str) -> None:
        """Nothing is sent."""

    def _written(self, name: str, sound: bytes) -> str:
        path = self._directory / f"{name}.r8"
        if not path.exists() or path.stat().st_size != len(sound):
            part = self._directory / f"{name}.{new_id()}"
            try:
                part.write_bytes(sound)
                part.replace(path)
            finally:
                part.unlink(missing_ok=True)
            os.chmod(path, 0o644)
        return str(path)


class SentFiles:
    """Files that mod_audio_stream makes of what one call sends it; they last as long as the stream.

    The top is sent when the bed has arrived: the connection, which carries speech too, never holds
    more than one of them (320 kB).
    """

    needs_stream = True

    def __init__(self) -> None:
        self._awaited = ""  # what the sound on its way was called
        self._next: Callable[[str], None] = _nowhere

    def deliver(self, mixer: Mixer, layers: Layers, ready: Callable[[str, str], None]) -> None:
        def bed_is_there(bed: str) -> None:
            self._next = partial(ready, bed)
            ready(bed, "")
            self._send(mixer, layers.top)

        self._next = bed_is_there
        self._send(mixer, layers.bed)

    def file_ready(self, path: str, chunk: str) -> None:
        if chunk and chunk == self._awaited:
            self._awaited = ""
            self._next(path)

    def _send(self, mixer: Mixer, sound: bytes) -> None:
        self._awaited = new_id()
        data = base64.b64encode(sound).decode()
        mixer.send_stream_text(
            f'{{"type":"streamAudio","data":{{"audioDataType":"raw","sampleRate":{_RATE},'
            f'"chunk":"{self._awaited}","audioData":"{data}"}}}}'
        )


def _nowhere(_: str) -> None:
    """Nothing is on its way."""


class Background:
    """The background of one call. Nothing blocks; all methods may be called from the hub.

    `playback_started` and `playback_stopped` are the switch's events on this channel, whatever
    strategy plays: while something plays, only the bed is heard.
    """

    def __init__(
        self,
        mixer: Mixer,
        layers: Layers,
        source: Source,
        later: Callable[[float, Callable[[], None]], gevent.Greenlet] = gevent.spawn_later,
    ) -> None:
        self._mixer = mixer
        self._later = later
        self._layers = layers
        self._source = source
        self._bed = ""  # mixed in
        self._top = ""  # to be mixed in while nothing plays
        self._top_heard = ""  # mixed in
        self._playing = False
        self._waiting: gevent.Greenlet | None = None
        self._sending: gevent.Greenlet | None = None

    @property
    def needs_stream(self) -> bool:
        """It can start, and has to start again, with each audio stream of the call."""
        return self._source.needs_stream

    def start(self) -> None:
        """The call is answered, or what carries the layers is there again. There, first words go
        first."""
        if self._source.needs_stream:
            self._sending = self._later(SEND_SECONDS, self._deliver)
        else:
            self._deliver()

    def _deliver(self) -> None:
        self._source.deliver(self._mixer, self._layers, self._mix_in)

    def file_ready(self, path: str, chunk: str) -> None:
        """The switch's `mod_audio_stream::play`."""
        self._source.file_ready(path, chunk)

    def playback_started(self) -> None:
        """The agent is heard."""
        self._playing = True
        self._forget_waiting()
        if self._top_heard:
            self._mixer.mix_out(self._top_heard)
            self._top_heard = ""

    def playback_stopped(self) -> None:
        """The agent falls silent, perhaps for a moment only."""
        self._playing = False
        self._forget_waiting()
        self._waiting = self._later(QUIET_SECONDS, self._quiet)

    def close(self) -> None:
        """The call is over; its channel takes the sound with it."""
        self._top = ""
        self._forget_waiting()
        if self._sending is not None:
            self._sending.kill(block=False)

    def _mix_in(self, bed: str, top: str) -> None:
        """The files are there. A layer that is heard already goes on from the file it has open."""
        self._top = top
        if not self._bed:
            self._bed = bed
            self._mixer.mix_in(bed)
        if not self._playing:
            self._quiet()

    def _quiet(self) -> None:
        self._waiting = None
        if self._top and not self._top_heard:
            self._top_heard = self._top
            self._mixer.mix_in(self._top)

    def _forget_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.kill(block=False)
            self._waiting = None
