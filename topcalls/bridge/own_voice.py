"""The agent's own voice is taken out of the caller's audio before anybody hears it.

A phone or a line that sends back what it plays would have the agent interrupt itself. Only a
stereo stream tells what was played; of a mono one everything passes. `hear` runs in the event loop.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from topcalls.audio.echo import CancelledLeak, EchoGuard, LeakGate
from topcalls.audio.pcm import split_stereo
from topcalls.log import get_logger

EchoMethod = Literal["cancel", "gate", "off"]

log = get_logger(__name__)


@dataclass(frozen=True)
class EchoPlan:
    """What is done about echo. `cancel`: taken out, and noise with it where that is wanted;
    `gate`: what is nothing but echo is muted."""

    method: EchoMethod = "off"
    noise_suppression: bool = False

    @property
    def needs_stereo(self) -> bool:
        """Something has to be known of what was played."""
        return self.method != "off"

    def guard(self) -> EchoGuard | None:
        """A new one; raises `ConfigError` without the extra that it needs."""
        if self.method == "cancel":
            return CancelledLeak(noise_suppression=self.noise_suppression)
        return LeakGate() if self.method == "gate" else None


class OwnVoice:
    """Stands between the line and everybody who hears it. `onward` gets mono."""

    def __init__(self, plan: EchoPlan, onward: Callable[[bytes], None]) -> None:
        self._plan = plan
        self._onward = onward
        self._guard: EchoGuard | None = None
        self._is_stereo = False

    def line_is(self, *, stereo: bool) -> None:
        """The line is up: both sides of it come, or the caller's alone."""
        self._is_stereo = stereo
        if stereo and self._guard is None:
            self._guard = self._plan.guard()

    def hear(self, l16: bytes) -> None:
        """Audio of the line."""
        self._onward(self._near(*split_stereo(l16)) if self._is_stereo else l16)

    def _near(self, near: bytes, far: bytes) -> bytes:
        if self._guard is None:
            return near
        try:
            return self._guard.clean(near, far)
        except Exception as error:  # noqa: BLE001 - better an echo than a call that hears nothing
            log.error("Echo canceller broke", error=type(error).__name__)
            self._guard = None
            return near
