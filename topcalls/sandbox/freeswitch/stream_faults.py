"""What a scenario can do to the audio stream of a call, some seconds after the answer."""

from __future__ import annotations

import gevent

from topcalls.sandbox.freeswitch.audio_stream import AudioStream
from topcalls.sandbox.freeswitch.call import Call
from topcalls.sandbox.freeswitch.codec import FRAME_SECONDS
from topcalls.sandbox.scenario_steps import (
    DropStream,
    FloodStream,
    HalfCloseStream,
    ScenarioFault,
    StallStream,
)

StreamFault = DropStream | StallStream | HalfCloseStream | FloodStream
_FRAMES_BEFORE_YIELD = 50


def schedule(fault: ScenarioFault, call: Call) -> None:
    """Do to the call's stream what the fault says, when it says so; another kind does nothing."""
    if isinstance(fault, StreamFault):
        gevent.spawn_later(fault.at, _disturb, fault, call)


def _disturb(fault: StreamFault, call: Call) -> None:
    stream = call.audio.stream
    if stream is None:
        return
    match fault:
        case DropStream():
            stream.abort()
        case HalfCloseStream():
            stream.half_close()
        case StallStream(seconds=seconds):
            stream.stall()
            gevent.spawn_later(seconds, stream.resume)
        case FloodStream(seconds=seconds):
            _flood(stream, seconds)


def _flood(stream: AudioStream, seconds: float) -> None:
    for number in range(round(seconds / FRAME_SECONDS)):
        stream.frame(None, None)
        if number % _FRAMES_BEFORE_YIELD == 0:
            gevent.sleep(0)
