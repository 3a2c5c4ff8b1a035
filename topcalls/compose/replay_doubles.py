"""The doubles of the AI vendors for one replay: they know the words of the recorded caller.

A double hears words only in sounds that somebody has registered. In a call that is the double of
the telephone; here it is the recording, with the words that were understood when it was made. So a
replay needs no sandbox that runs, and disturbs none.
"""

from __future__ import annotations

from pathlib import Path

from topcalls.clock import Clock
from topcalls.compose.sandbox_extra import allow_missing, not_installed
from topcalls.compose.vendors import SANDBOX_AI_KEY, SANDBOX_KEYS, Vendors
from topcalls.config import Settings
from topcalls.services.replay_calls import RecordedCall

try:
    from topcalls.sandbox.deepgram.server import DeepgramDouble
    from topcalls.sandbox.elevenlabs.server import ElevenLabsDouble
    from topcalls.sandbox.hearing import Hearing
    from topcalls.sandbox.magic_numbers import NumberPlan
    from topcalls.sandbox.openai.http_server import OpenAIDouble
    from topcalls.sandbox.openai.minds import Minds
    from topcalls.sandbox.openai.realtime_server import Studio
    from topcalls.sandbox.server import scenarios_in
    from topcalls.sandbox.speech import Synthesizer
except ModuleNotFoundError as missing:  # the sandbox is an extra
    allow_missing(missing)
    Synthesizer = None  # type: ignore[assignment,misc]

_SEED = 1
_HOST = ("127.0.0.1", 0)


class Rehearsal:
    """What all replays of a process share: the scenarios, and what was spoken once."""

    def __init__(self, settings: Settings, scenarios: tuple[Path, ...] = ()) -> None:
        """Raises `ConfigError` where the packages of the sandbox are not installed."""
        if Synthesizer is None:
            raise not_installed("openai_api_key", "configure an AI key")
        self.plan = NumberPlan(scenarios_in(scenarios))
        self._voice = Synthesizer(settings.data_dir / "sandbox" / "speech")
        self._speaking = 0

    def speak(self, text: str) -> bytes:
        """PCMU at 8 kHz, in the agent's voice."""
        self._speaking += 1
        try:
            return self._voice.speak(text, voice="agent")
        finally:
            self._speaking -= 1

    @property
    def is_speaking(self) -> bool:
        """An engine is at work."""
        return self._speaking > 0


class ReplayDoubles:
    """Those of one call; close them."""

    def __init__(self, rehearsal: Rehearsal, recorded: RecordedCall, clock: Clock) -> None:
        other = recorded.call.other_number or ""
        self._scenario = rehearsal.plan.scenario_for(other).name
        self._recorded = recorded
        self._channel = recorded.call.channel_uuid
        self._hearing = Hearing(clock, lambda: {self._channel: self._scenario})
        studio = Studio(
            hearing=self._hearing,
            minds=Minds(rehearsal.plan.scenarios),
            speak=rehearsal.speak,
            clock=clock,
            seed=_SEED,
        )
        self._openai = OpenAIDouble(studio, _HOST)
        self._deepgram = DeepgramDouble(self._hearing, _HOST, clock)
        self._elevenlabs = ElevenLabsDouble(self._hearing, studio.speak, _HOST)
        self._said = {one.move: one for one in recorded.said}
        for double in self._all:
            double.start()

    @property
    def vendors(self) -> Vendors:
        """Where they are."""
        return Vendors(
            self._openai.base_url,
            SANDBOX_AI_KEY,
            self._deepgram.base_url,
            SANDBOX_KEYS["deepgram"],
            self._elevenlabs.base_url,
            SANDBOX_KEYS["elevenlabs"],
        )

    def begins(self, move: int) -> None:
        """The caller makes this move: what is said in it can be heard from now on."""
        said = self._said.get(move)
        if said is not None:
            pcmu = self._recorded.piece(said.span)
            self._hearing.said(self._channel, self._scenario, said.text, pcmu)

    def close(self) -> None:
        for double in self._all:
            double.stop()

    @property
    def _all(self) -> tuple[OpenAIDouble, DeepgramDouble, ElevenLabsDouble]:
        return self._openai, self._deepgram, self._elevenlabs
