"""Both directions of a call where there is no telephone: see `bridge.audio`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

S = TypeVar("S")


class OpenLine:
    """The caller's side: whoever plays it gives its sound to `on_audio`."""

    def __init__(self) -> None:
        self.on_audio: Callable[[bytes], None] = lambda _: None
        self.on_closed: Callable[[int, str], None] = lambda *_: None


@dataclass
class OpenCall(Generic[S]):
    """A call with nothing behind it: its line, and the loudspeaker of the agent."""

    stream: OpenLine
    playback: S
    codec: Literal["PCMU", "PCMA"] = "PCMU"
    is_stereo: bool = False
    keys_in_band: bool = False
    can_play: bool = True
