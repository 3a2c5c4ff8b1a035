"""The child process that hears whether a turn is over: Smart Turn v3, whose weights are in the
`pipecat-ai` package. Nothing of that package is imported, and nothing is fetched.

In: frames that begin with `QUESTION` (number, codec), then G.711 up to the caller's pause. Out: for
each a frame `ANSWER`: its number, and how likely the caller has finished.
"""

from __future__ import annotations

import struct
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from topcalls.audio import g711
from topcalls.audio.formats import G711Codec
from topcalls.audio.log_mel import RATE, log_mel
from topcalls.audio.resampler import Resampler
from topcalls.providers.local.process import AUDIO, JSON, frames, put

SECONDS: Final = 8  # that the network looks back
VERDICT: Final = b"v"
QUESTION: Final = struct.Struct(">IB")
ANSWER: Final = struct.Struct(">If")
CODECS: Final[tuple[G711Codec, ...]] = ("PCMU", "PCMA")
_FULL_SCALE: Final = 32768.0


def weights() -> Path | None:
    """The newest of the networks that are installed; None: none is."""
    package = find_spec("pipecat")
    if package is None or package.origin is None or find_spec("onnxruntime") is None:
        return None
    folder = Path(package.origin).parent / "audio/turn/smart_turn/data"
    return max(folder.glob("smart-turn-v3*.onnx"), default=None)


class Judge:
    """The network, on one thread: the other cores are for calls."""

    def __init__(self, path: Path) -> None:
        runtime = import_module("onnxruntime")
        options = runtime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        providers = ["CPUExecutionProvider"]
        self._network: Any = runtime.InferenceSession(str(path), options, providers=providers)

    def finished(self, audio: bytes, codec: G711Codec) -> float:
        """How likely it is (0 to 1) that whoever speaks here has finished."""
        features = log_mel(_last_seconds(audio, codec))
        (found,) = self._network.run(None, {"input_features": features[None]})
        return float(found.ravel()[0])


def _last_seconds(audio: bytes, codec: G711Codec) -> NDArray[np.float32]:
    """At 16 kHz; silence stands before what is shorter."""
    resampler = Resampler(8000, RATE)
    l16 = resampler.feed(g711.decode(audio, codec)) + resampler.flush()
    samples = np.frombuffer(l16, "<i2").astype(np.float32)[-SECONDS * RATE :] / _FULL_SCALE
    return np.pad(samples, (SECONDS * RATE - len(samples), 0))


def main() -> None:
    """Until standard input ends."""
    output = sys.stdout.buffer
    path = weights()
    if path is None:
        put(output, JSON, b'{"type":"missing"}')
        return
    judge = Judge(path)
    for kind, payload in frames(sys.stdin.buffer):
        if kind == AUDIO:
            number, codec = QUESTION.unpack_from(payload)
            found = judge.finished(payload[QUESTION.size :], CODECS[codec])
            put(output, VERDICT, ANSWER.pack(number, found))


if __name__ == "__main__":
    main()
