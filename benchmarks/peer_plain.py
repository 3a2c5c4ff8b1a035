"""A bridge as one would write it in an afternoon: asyncio, `websockets`, the standard library.

Started by `peers.py`. It passes audio both ways and nothing else: no turns, no interruptions, no
transcript, no switch. `pcm24` resamples like Pipecat, `pcmu` sends G.711 like ours. uvloop is used
where it is installed.
"""

from __future__ import annotations

import asyncio
import audioop
import base64
import contextlib
import json
import os
import sys
import time
from typing import Any

import websockets
from meter import PROBE_SECONDS, Meter, write

try:
    from uvloop import run
except ImportError:
    run = asyncio.run

MODEL_URL, FORMAT = sys.argv[1], sys.argv[2]
_FORMATS = {"pcmu": {"type": "audio/pcmu"}, "pcm24": {"type": "audio/pcm", "rate": 24000}}


def session_update(line: str) -> str:
    """The session's settings."""
    audio = {
        "input": {"format": _FORMATS[FORMAT], "turn_detection": {"type": "server_vad"}},
        "output": {"format": _FORMATS[FORMAT], "voice": "alloy"},
    }
    session = {"type": "realtime", "instructions": f"Line {line}. Be brief.", "audio": audio}
    return json.dumps({"type": "session.update", "session": session})


async def uplink(call: Any, model: Any) -> None:
    """Caller's audio to the model."""
    state = None
    async for audio in call:
        if FORMAT == "pcmu":
            audio = audioop.lin2ulaw(audio, 2)
        else:
            audio, state = audioop.ratecv(audio, 2, 1, 8000, 24000, state)
        text = base64.b64encode(audio).decode()
        await model.send(json.dumps({"type": "input_audio_buffer.append", "audio": text}))


async def downlink(call: Any, model: Any) -> None:
    """The model's audio to the caller."""
    state = None
    async for message in model:
        event = json.loads(message)
        if event["type"] != "response.output_audio.delta":
            continue
        audio = base64.b64decode(event["delta"])
        if FORMAT == "pcmu":
            audio = audioop.ulaw2lin(audio, 2)
        else:
            audio, state = audioop.ratecv(audio, 2, 1, 24000, 8000, state)
        await call.send(audio)


async def serve_call(call: Any) -> None:
    """One call, until either side ends."""
    async with websockets.connect(MODEL_URL, compression=None, max_size=None) as model:
        await model.send(session_update(call.request.path.rpartition("/")[2]))
        with contextlib.suppress(websockets.ConnectionClosed):
            await asyncio.gather(uplink(call, model), downlink(call, model))


async def probe(meter: Meter) -> None:
    """Tell the meter how late the event loop is, for ever."""
    while True:
        before = time.monotonic()
        await asyncio.sleep(PROBE_SECONDS)
        meter.late(time.monotonic() - before)


async def obey(meter: Meter) -> None:
    """Carry out commands until standard input ends."""
    watcher = asyncio.create_task(probe(meter))
    while commands := await asyncio.to_thread(os.read, 0, 1024):
        meter.obey(commands)
    watcher.cancel()


async def main() -> None:
    """Serve until standard input ends."""
    async with websockets.serve(serve_call, "127.0.0.1", 0, compression=None) as server:
        write({"port": server.sockets[0].getsockname()[1]})
        await obey(Meter())
        os._exit(0)


if __name__ == "__main__":
    run(main())
