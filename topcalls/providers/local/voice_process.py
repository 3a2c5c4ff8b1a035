"""The child process that speaks: eSpeak NG from the `espeakng-loader` package, a hundred languages.

In: JSON frames with `text`, `language`, `variant`, `codec` and `words_per_minute`. Out: frames of
G.711 and, at the end of each text, an empty one.
"""

from __future__ import annotations

import ctypes
import json
import sys
from pathlib import Path
from typing import Any

from topcalls.audio import g711
from topcalls.audio.resampler import Resampler
from topcalls.providers.local.process import AUDIO, END, JSON, frames, put

try:
    import espeakng_loader
except ImportError:  # an extra
    espeakng_loader = None

WORDS_PER_MINUTE = 160
_CALLED = {"zh": "cmn", "zh-hk": "yue"}  # by the engine
_SYNCHRONOUS, _DO_NOT_EXIT, _UTF8, _RATE = 2, 0x8000, 1, 1


class Speaker:
    """libespeak-ng, which has one state per process."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        data = str(Path(espeakng_loader.get_data_path()).parent).encode()
        self.rate = self._library.espeak_Initialize(_SYNCHRONOUS, 0, data, _DO_NOT_EXIT)
        if self.rate <= 0:
            raise RuntimeError("espeak-ng did not start")
        kind = ctypes.CFUNCTYPE(
            ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p
        )
        self._pieces: list[bytes] = []
        self._callback = kind(self._take)  # espeak keeps the pointer: so must we
        self._library.espeak_SetSynthCallback(self._callback)

    def speak(self, text: str, language: str, words_per_minute: int, variant: str = "") -> bytes:
        """L16 at `rate`. `variant` is another speaker of the language (`f2`)."""
        if not self._choose(language, variant):
            self._choose("en-us", variant)
        self._library.espeak_SetParameter(_RATE, words_per_minute, 0)
        self._pieces.clear()
        encoded = text.encode() + b"\0"
        size = ctypes.c_size_t(len(encoded))
        self._library.espeak_Synth(encoded, size, 0, 0, 0, _UTF8, None, None)
        return b"".join(self._pieces)

    def has(self, language: str) -> bool:
        """Whether it speaks this language, in whatever region."""
        return self._choose(language, "")

    def _choose(self, language: str, variant: str) -> bool:
        tag, base = language.lower(), language.partition("-")[0].lower()
        names = (_CALLED.get(tag, tag), _CALLED.get(base, base))
        wanted = [f"{name}+{variant}" if variant else name for name in names]
        return any(self._library.espeak_SetVoiceByName(name.encode()) == 0 for name in wanted)

    def _take(self, samples: Any, count: int, _: Any) -> int:
        if samples and count > 0:
            self._pieces.append(ctypes.string_at(samples, count * 2))
        return 0


def main() -> None:
    """Until standard input ends."""
    output = sys.stdout.buffer
    if espeakng_loader is None:
        put(output, JSON, b'{"type":"missing"}')
        return
    speaker = Speaker()
    put(output, JSON, b'{"type":"ready"}')
    for kind, payload in frames(sys.stdin.buffer):
        if kind != JSON:
            continue
        wish = json.loads(payload)
        sound = speaker.speak(
            wish["text"], wish["language"], wish["words_per_minute"], wish["variant"]
        )
        resampler = Resampler(speaker.rate, 8000)
        l16 = resampler.feed(sound) + resampler.flush()
        put(output, AUDIO, g711.encode(l16, wish["codec"]))
        put(output, END)


if __name__ == "__main__":
    main()
