"""Ears of our own: they tell the session when the caller speaks, instead of the model's.

They stand between the uplink and the session, so they hear what it hears, silence that fills a gap
included. While the agent is audible the end of speech is told at once, so that a cough holds the
agent up no longer than it must; otherwise a pause has to last before it ends the turn. Everything
runs in the event loop.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from topcalls.audio import g711
from topcalls.audio.formats import G711Codec
from topcalls.audio.vad import Began, VadRules, VoiceActivity, voice_activity
from topcalls.providers.base import BYTES_PER_MS


class ToldSession(Protocol):
    """The part of a session that local ears speak to."""

    def append_audio(self, audio: bytes) -> None: ...

    def begin_turn(self, audio_ms: int) -> None: ...

    def commit_turn(self, audio_ms: int) -> None: ...


@dataclass(frozen=True)
class LocalEarsPlan:
    """`silence_ms` end a turn. Not `always`: the session finds turns by itself, and these ears
    listen only where they are faster, while the agent is audible."""

    rules: VadRules
    silence_ms: int = 500
    always: bool = True


class LocalEars:
    """`agent_is_audible` is asked whenever audio comes."""

    def __init__(
        self, plan: LocalEarsPlan, codec: G711Codec, agent_is_audible: Callable[[], bool]
    ) -> None:
        self._plan = plan
        self._codec = codec
        self._agent_is_audible = agent_is_audible
        self._vad: VoiceActivity = voice_activity(plan.rules)
        self._session: ToldSession | None = None
        self._origin_ms = 0  # where the present session's audio begins in all there was
        self._speaking = False
        self._quiet_from_ms: int | None = None  # speech may be over since there
        self._heard = 0

    def connect(self, session: ToldSession) -> None:
        """What comes from now on goes to this session; speech under way begins in it anew."""
        self._session = session
        self._origin_ms = self._heard_ms
        if self._speaking:
            session.begin_turn(0)

    def append_audio(self, audio: bytes) -> None:
        """Caller audio in the session's format."""
        if self._session is None:
            return
        self._heard += len(audio)
        self._session.append_audio(audio)
        if self._listens:
            for change in self._vad.feed(g711.decode(audio, self._codec)):
                if isinstance(change, Began):
                    self._began(change.at_ms)
                else:
                    self._quiet_from_ms = change.at_ms
        else:
            self._vad.skip(len(audio) * 2)
        self._look_for_end()

    @property
    def _heard_ms(self) -> int:
        return self._heard // BYTES_PER_MS

    @property
    def _listens(self) -> bool:
        return self._plan.always or self._speaking or self._agent_is_audible()

    def _began(self, at_ms: int) -> None:
        self._quiet_from_ms = None
        if not self._speaking and self._session is not None:
            self._speaking = True
            self._session.begin_turn(max(0, at_ms - self._origin_ms))

    def _look_for_end(self) -> None:
        if self._quiet_from_ms is None or not self._speaking or self._session is None:
            return
        quiet_ms = self._heard_ms - self._quiet_from_ms
        if quiet_ms >= self._plan.silence_ms or self._agent_is_audible():
            self._speaking = False
            at_ms, self._quiet_from_ms = self._quiet_from_ms, None
            self._session.commit_turn(max(0, at_ms - self._origin_ms))
