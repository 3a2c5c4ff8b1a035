"""Pipecat as its documentation shows it: FastAPI WebSocket transport and OpenAIRealtimeLLMService.

Started by `peers.py` with an interpreter that has `pipecat-ai[openai,websocket]`, `uvicorn` and
`uvloop`. Audio on the call's WebSocket is L16 at 8 kHz. RTVI and turn tracking are off.
"""

from __future__ import annotations

import asyncio
import os
import sys

import uvicorn
from fastapi import FastAPI, WebSocket
from loguru import logger
from meter import Meter, write
from peer_plain import obey
from pipecat.frames.frames import Frame, InputAudioRawFrame, OutputAudioRawFrame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.serializers.base_serializer import FrameSerializer
from pipecat.services.openai.realtime import events
from pipecat.services.openai.realtime.llm import OpenAIRealtimeLLMService
from pipecat.transports.websocket.fastapi import FastAPIWebsocketParams, FastAPIWebsocketTransport
from pipecat.workers.runner import WorkerRunner

MODEL_URL = sys.argv[1]
PHONE_RATE = 8000
app = FastAPI()


class RawAudio(FrameSerializer):
    """L16 in binary messages, nothing around it."""

    async def serialize(self, frame: Frame) -> bytes | None:
        return frame.audio if isinstance(frame, OutputAudioRawFrame) else None

    async def deserialize(self, data: str | bytes) -> Frame | None:
        if isinstance(data, str):
            return None
        return InputAudioRawFrame(audio=data, sample_rate=PHONE_RATE, num_channels=1)


def model(line: str) -> OpenAIRealtimeLLMService:
    """The service, with the model's own voice activity detection."""
    audio = events.AudioConfiguration(
        input=events.AudioInput(
            transcription=events.InputAudioTranscription(),
            turn_detection=events.TurnDetection(),
        )
    )
    properties = events.SessionProperties(
        instructions=f"Line {line}. Be brief.", output_modalities=["audio"], audio=audio
    )
    settings = OpenAIRealtimeLLMService.Settings(session_properties=properties)
    return OpenAIRealtimeLLMService(api_key="sk-stand-in", base_url=MODEL_URL, settings=settings)


@app.websocket("/media/{line}")
async def serve_call(socket: WebSocket, line: str) -> None:
    """One call."""
    await socket.accept()
    transport = FastAPIWebsocketTransport(
        websocket=socket,
        params=FastAPIWebsocketParams(
            audio_in_enabled=True, audio_out_enabled=True, serializer=RawAudio()
        ),
    )
    worker = PipelineWorker(
        Pipeline([transport.input(), model(line), transport.output()]),
        params=PipelineParams(audio_in_sample_rate=PHONE_RATE, audio_out_sample_rate=PHONE_RATE),
        enable_rtvi=False,
        enable_turn_tracking=False,
    )
    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    await runner.run()


async def main() -> None:
    """Serve until standard input ends."""
    logger.remove()
    logger.add(sys.stderr, level="WARNING")
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning"))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.05)
    write({"port": server.servers[0].sockets[0].getsockname()[1]})
    await obey(Meter())
    serving.cancel()
    os._exit(0)


if __name__ == "__main__":
    import uvloop

    uvloop.run(main())
