"""Which channel belongs to which call, and where each switch event goes.

`route` runs in the Event Socket's dispatch greenlet and returns at once: it only looks up, hands on
and posts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from topcalls import metrics
from topcalls.controller.call_effects import CallEffects
from topcalls.controller.call_session import CallSession
from topcalls.controller.gear import Ears, Side
from topcalls.core.call_events import Answered
from topcalls.esl.parser import ESLEvent
from topcalls.esl.translate import (
    KeyPressed,
    LineHeld,
    Notice,
    PlaybackStarted,
    PlaybackStopped,
    RecordingStopped,
    keys_in_band,
    line_codec,
    notice,
    translate,
)
from topcalls.log import get_logger

log = get_logger("controller.sessions")


@dataclass(frozen=True)
class LiveCall:
    """A call of this controller: its session and its hands.

    `ring_seconds` is the originate's time-out. `dialled_at` is set where another controller, which
    died, committed the dial.
    """

    session: CallSession
    effects: CallEffects
    ring_seconds: float = 0.0
    dialled_at: datetime | None = None


class Sessions:
    """All live calls of this controller, by channel, and the `sides` of them."""

    def __init__(self) -> None:
        self.sides: dict[str, Side] = {}
        self._by_channel: dict[str, LiveCall] = {}
        self._by_call: dict[str, str] = {}
        self._notices: dict[type[Notice], Callable[[Ears, Any], None]] = {
            PlaybackStarted: _playback_started,
            PlaybackStopped: _playback_stopped,
            KeyPressed: lambda ears, told: ears.key_pressed(told.digit),
            LineHeld: lambda ears, told: ears.held(told.is_held, told.call_ms),
            RecordingStopped: _recording_stopped,
        }

    def __len__(self) -> int:
        return len(self._by_channel)

    @property
    def inbound(self) -> int:
        """Live calls that came in."""
        return sum(live.session.facts.inbound for live in self._by_channel.values())

    @property
    def undialled(self) -> int:
        """Calls that were claimed, and whose dial is not noted yet."""
        return sum(live.session.awaits_dial for live in self._by_channel.values())

    def add(self, live: LiveCall) -> None:
        self._by_channel[live.effects.channel_uuid] = live
        self._by_call[live.session.call_id] = live.effects.channel_uuid
        metrics.live_calls.set(len(self))

    def remove(self, live: LiveCall) -> None:
        """Forget a call, unless it was given back and is here anew by now."""
        channel = live.effects.channel_uuid
        if self._by_channel.get(channel) is live:
            del self._by_channel[channel]
            del self._by_call[live.session.call_id]
        metrics.live_calls.set(len(self))

    def move(self, old: str, new: str) -> None:
        """A call goes on under another channel."""
        live = self._by_channel.pop(old)
        self._by_channel[new] = live
        self._by_call[live.session.call_id] = new

    def of_call(self, call_id: str) -> LiveCall | None:
        channel = self._by_call.get(call_id)
        return self._by_channel.get(channel) if channel else None

    def has(self, call_id: str) -> bool:
        """This call is live here."""
        return call_id in self._by_call

    def all(self) -> list[LiveCall]:
        return list(self._by_channel.values())

    def call_of(self, channel_uuid: str) -> str | None:
        """The id of the call that has this channel."""
        live = self._by_channel.get(channel_uuid)
        return None if live is None else live.session.call_id

    def owns_channel(self, channel_uuid: str) -> bool:
        return channel_uuid in self._by_channel

    def route(self, event: ESLEvent) -> bool:
        """Give one switch event to the call it belongs to; False when it is of none here."""
        live = self._by_channel.get(event.uuid)
        side = self.sides.get(event.uuid) if live is None else None
        ears: Ears | None = side if live is None else live.effects
        if ears is None:
            return False
        told = notice(event)
        handler = self._notices.get(type(told)) if told else None
        if handler is not None:
            handler(ears, told)
        elif event.name == "CUSTOM":
            _stream_reported(ears, event)
        elif event.name == "CHANNEL_PARK" and event.get("Call-Direction") == "outbound":
            ears.leg.parked()
        elif (translated := translate(event)) is not None:
            if isinstance(translated, Answered):
                ears.leg.answered(
                    line_codec(event),
                    keys_in_band=keys_in_band(event),
                    will_park=event.get("Call-Direction") == "outbound",
                )
            if live is not None:
                live.session.post(translated, event.uuid)
            elif side is not None:
                side.take_event(translated)
        return True


def _playback_started(effects: Ears, told: PlaybackStarted) -> None:
    effects.leg.playback.playback_started(told.target, told.switch_us)
    if effects.background is not None:
        effects.background.playback_started()


def _playback_stopped(effects: Ears, told: PlaybackStopped) -> None:
    effects.leg.playback.playback_stopped(told.target, told.switch_us, told.status, told.samples)
    if effects.background is not None:
        effects.background.playback_stopped()


def _recording_stopped(effects: Ears, told: RecordingStopped) -> None:
    effects.recording_stopped(told.path)


def _stream_reported(effects: Ears, event: ESLEvent) -> None:
    """What mod_audio_stream says of itself. That it is connected we see by its connection."""
    if event.subclass == "mod_audio_stream::play":
        told = orjson.loads(event.body)
        effects.leg.playback.stream_file_ready(told["file"], str(told.get("chunk", "")))
        if effects.background is not None:
            effects.background.file_ready(told["file"], str(told.get("chunk", "")))
    elif event.subclass in ("mod_audio_stream::disconnect", "mod_audio_stream::error"):
        effects.leg.switch_reported(event.body)
