"""The child process that hears: PocketSphinx, its voice activity detection and its English model.

In: one frame of settings, then frames of G.711 audio. Out: JSON frames `ready`, `began`, `partial`
and `ended`, with moments in milliseconds of audio.
"""

from __future__ import annotations

import json
import sys
from typing import IO, Any

from topcalls.audio import g711
from topcalls.audio.formats import G711Codec
from topcalls.audio.resampler import Resampler
from topcalls.providers.local.process import AUDIO, JSON, frames, put

try:
    import pocketsphinx
except ImportError:  # an extra
    pocketsphinx = None

RATE = 16000
PARTIAL_MS = 400


class Hearer:
    """Audio in, messages out."""

    def __init__(self, codec: G711Codec, silence_ms: int, output: IO[bytes]) -> None:
        pocketsphinx.set_loglevel("FATAL")
        window = max(0.2, silence_ms / 1000)
        self._endpointer: Any = pocketsphinx.Endpointer(
            window=window, ratio=0.9, vad_mode=pocketsphinx.Vad.STRICT, sample_rate=RATE
        )
        self._decoder: Any = pocketsphinx.Decoder(samprate=RATE)
        self._resampler = Resampler(8000, RATE)
        self._codec = codec
        self._output = output
        self._pcm = bytearray()
        self._since_partial = 0.0
        self._text = ""
        self._tell("ready")

    def feed(self, audio: bytes) -> None:
        """More of it."""
        self._pcm += self._resampler.feed(g711.decode(audio, self._codec))
        size = self._endpointer.frame_bytes
        while len(self._pcm) >= size:
            frame = bytes(self._pcm[:size])
            del self._pcm[:size]
            self._frame(frame)

    def _frame(self, frame: bytes) -> None:
        was_speech = self._endpointer.in_speech
        speech = self._endpointer.process(frame)
        if speech is None:
            return
        if not was_speech:
            self._text = ""
            self._since_partial = 0.0
            self._decoder.start_utt()
            self._tell("began", at_ms=round(self._endpointer.speech_start * 1000))
        self._decoder.process_raw(speech)
        self._since_partial += self._endpointer.frame_length * 1000
        if not self._endpointer.in_speech:
            self._decoder.end_utt()
            ended = round(self._endpointer.speech_end * 1000)
            self._tell("ended", at_ms=ended, text=self._words())
        elif self._since_partial >= PARTIAL_MS:
            self._since_partial = 0.0
            if (words := self._words()) and words != self._text:
                self._text = words
                self._tell("partial", text=words)

    def _words(self) -> str:
        found = self._decoder.hyp()
        return found.hypstr if found is not None else ""

    def _tell(self, kind: str, **fields: Any) -> None:
        put(self._output, JSON, json.dumps({"type": kind, **fields}).encode())


def main() -> None:
    """Until standard input ends."""
    output = sys.stdout.buffer
    if pocketsphinx is None:
        put(output, JSON, b'{"type":"missing"}')
        return
    hearer = None
    for kind, payload in frames(sys.stdin.buffer):
        if kind == JSON:
            settings = json.loads(payload)
            hearer = Hearer(settings["codec"], settings["silence_ms"], output)
        elif kind == AUDIO and hearer is not None:
            hearer.feed(payload)


if __name__ == "__main__":
    main()
