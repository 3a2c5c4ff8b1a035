"""The far end puts a call on hold, and comes back: whoever has to know is told, once each time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from topcalls.bridge.hold import Reason
from topcalls.bridge.session import BridgeSession
from topcalls.controller.call_leg import CallLeg
from topcalls.controller.call_recording import CallRecording
from topcalls.core.call_events import CallEvent, PutOnHold, TakenOffHold


class Line(Protocol):
    """The call."""

    recording: CallRecording

    @property
    def leg(self) -> CallLeg: ...

    @property
    def bridge(self) -> BridgeSession | None: ...


class LineHold:
    """`post` writes it into the call's trail. Told by the switch's events, and by looks at the
    channel, which know what an event that was lost would have said."""

    def __init__(self, line: Line, post: Callable[[CallEvent], None]) -> None:
        self.is_held = False
        self._line = line
        self._post = post

    def told(self, is_held: bool, call_ms: int) -> None:
        """The call is on hold, or not any more, so long after the answer. What is known already is
        no news."""
        if is_held is self.is_held:
            return
        self.is_held = is_held
        self._post(PutOnHold(call_ms) if is_held else TakenOffHold(call_ms))
        self._line.recording.held(is_held)
        self._line.leg.held(is_held)
        if self._line.bridge is not None and is_held:
            self._line.bridge.hold(Reason.LINE)
        elif self._line.bridge is not None:
            self._line.bridge.resume(Reason.LINE)
