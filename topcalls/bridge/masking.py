"""The recording is paused and goes on: who wants it, and who learns that it is so."""

from __future__ import annotations

from collections.abc import Callable

from topcalls.bridge import prompt
from topcalls.bridge.parts import Parts


class Masking:
    """`tell_model` lets the model know what others did."""

    def __init__(self, parts: Parts, tell_model: Callable[[str], None]) -> None:
        self._parts = parts
        self._tell_model = tell_model
        self._waiting: list[Callable[[dict[str, str]], None]] = []

    @property
    def busy(self) -> bool:
        """The agent waits for the switch to do it."""
        return bool(self._waiting)

    def ask(self, paused: bool, tell: Callable[[dict[str, str]], None]) -> None:
        """The agent wants it; `tell` gets what it shall read. Nothing that is said from now on is
        written down, whatever the switch answers."""
        if paused:
            self._parts.redaction.begin(self._parts.call_ms())
        self._waiting.append(tell)
        self._parts.observer.mask_recording(paused)

    def became(self, paused: bool, done: bool) -> None:
        """It is paused, or goes on. Not `done`: the switch did not do it."""
        redaction, now_ms = self._parts.redaction, self._parts.call_ms()
        if paused:
            redaction.begin(now_ms)
        else:
            redaction.end(now_ms)
        waiting, self._waiting = self._waiting, []
        if not waiting:
            self._tell_model(prompt.recording_message(paused=paused))
        for tell in waiting:
            tell({"status": "paused" if paused else "recording"} if done else _FAILED)


_FAILED = {"error": "The recording could not be changed. Do not ask for anything secret now."}
