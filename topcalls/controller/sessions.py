"""Which channel belongs to which call, and where each switch event goes.

`route` runs in the Event Socket's dispatch greenlet and returns at once: it only looks up, hands on
and posts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import orjson

from topcalls import metrics
from topcalls.controller.call_effects import CallEffects
from topcalls.controller.call_session import CallSession
from topcalls.esl.parser import ESLEvent
from topcalls.esl.translate import translate
from topcalls.log import get_logger

log = get_logger("controller.sessions")


@dataclass(frozen=True)
class LiveCall:
    """A call of this controller: its session and its hands."""

    session: CallSession
    effects: CallEffects


class Sessions:
    """All live calls of this controller, by channel."""

    def __init__(self) -> None:
        self._by_channel: dict[str, LiveCall] = {}
        self._by_call: dict[str, str] = {}
        self._handlers: dict[str, Callable[[LiveCall, ESLEvent], None]] = {
            "PLAYBACK_START": _playback_started,
            "PLAYBACK_STOP": _playback_stopped,
            "DTMF": _dtmf,
            "mod_audio_stream::play": _stream_file_ready,
            "mod_audio_stream::disconnect": _stream_ended,
            "mod_audio_stream::error": _stream_ended,
        }

    def __len__(self) -> int:
        return len(self._by_channel)

    def add(self, live: LiveCall) -> None:
        self._by_channel[live.effects.channel_uuid] = live
        self._by_call[live.session.call_id] = live.effects.channel_uuid
        metrics.live_calls.set(len(self))

    def remove(self, call_id: str) -> None:
        channel = self._by_call.pop(call_id, None)
        if channel is not None:
            del self._by_channel[channel]
        metrics.live_calls.set(len(self))

    def of_call(self, call_id: str) -> LiveCall | None:
        channel = self._by_call.get(call_id)
        return self._by_channel.get(channel) if channel else None

    def all(self) -> list[LiveCall]:
        return list(self._by_channel.values())

    def owns_channel(self, channel_uuid: str) -> bool:
        return channel_uuid in self._by_channel

    def route(self, event: ESLEvent) -> None:
        """Give one switch event to the call it belongs to."""
        live = self._by_channel.get(event.uuid)
        if live is None:
            return
        handler = self._handlers.get(event.subclass or event.name)
        if handler is not None:
            handler(live, event)
            return
        translated = translate(event)
        if translated is not None:
            live.session.post(translated)


def _playback_started(live: LiveCall, event: ESLEvent) -> None:
    live.effects.leg.playback.playback_started(_played_file(event), event.timestamp_us)


def _playback_stopped(live: LiveCall, event: ESLEvent) -> None:
    live.effects.leg.playback.playback_stopped(
        _played_file(event),
        event.timestamp_us,
        event.get("Playback-Status"),
        _number(event.get("variable_playback_samples")),
    )


def _stream_file_ready(live: LiveCall, event: ESLEvent) -> None:
    told = orjson.loads(event.body)
    live.effects.leg.playback.stream_file_ready(told["file"], str(told.get("chunk", "")))


def _stream_ended(live: LiveCall, event: ESLEvent) -> None:
    live.effects.leg.switch_reported(event.body)


def _dtmf(live: LiveCall, event: ESLEvent) -> None:
    if live.effects.bridge is not None:
        live.effects.bridge.dtmf(event.get("DTMF-Digit"))


def _played_file(event: ESLEvent) -> str:
    return event.get("Playback-File-Path")


def _number(text: str) -> int:
    return int(text) if text.isdigit() else 0
