"""What a conversation gets of the call it belongs to, once it is answered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, Protocol


class HeardPart(Protocol):
    """How much of an utterance was played, of how much was given to be played."""

    @property
    def utterance_id(self) -> str: ...

    @property
    def played_ms(self) -> int: ...

    @property
    def received_ms(self) -> int: ...


class Line(Protocol):
    """The caller's audio. Both callbacks run in the event loop."""

    on_audio: Callable[[bytes], None]  # 16 bit little endian, 8 kHz; see `CallAudio.is_stereo`
    on_closed: Callable[[int, str], None]


class Loudspeaker(Protocol):
    """The agent's voice: utterances play one after the other, without a gap, at the call's pace."""

    on_started: Callable[[str, float], None]  # utterance id, monotonic seconds
    on_finished: Callable[[HeardPart], None]

    def begin(self, utterance_id: str) -> None: ...

    def append(self, utterance_id: str, audio: bytes) -> None: ...

    def finish(self, utterance_id: str) -> None: ...

    def pause(self) -> None: ...

    def resume(self) -> None: ...

    def clear(self) -> Sequence[HeardPart]: ...


class CallAudio(Protocol):
    """Both directions of an answered call, and the codec on its wire."""

    @property
    def stream(self) -> Line: ...

    @property
    def playback(self) -> Loudspeaker: ...

    @property
    def codec(self) -> Literal["PCMU", "PCMA"]: ...

    @property
    def is_stereo(self) -> bool:
        """The line's audio has the caller on the left and what was played to them on the right,
        as `BridgeSession.needs_stereo` asks; else it is the caller alone."""
        ...

    @property
    def can_play(self) -> bool:
        """The switch takes commands. While it does not, what is said is not heard, and the call
        goes on all the same."""
        ...

    @property
    def keys_in_band(self) -> bool:
        """The line tells keys by tones in the audio, and in no other way."""
        ...
