"""How speech reaches the caller: one interface, several strategies.

The bridge appends audio as the model makes it and never paces; the switch does. A strategy decides
how the bytes get there. Both have one thing in common: FreeSWITCH plays files, one `playback` at
a time, and says when each starts and stops. Everything a strategy knows about what was heard
follows from these events.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from topcalls.audio.formats import G711Codec
from topcalls.log import get_logger
from topcalls.media.heard import Heard

log = get_logger(__name__)


class SwitchPlayer(Protocol):
    """What a strategy asks of the switch for its channel.

    Every method returns at once, and all commands reach the switch in the order given.
    """

    def play(self, target: str) -> None:
        """Execute `playback` event-locked: after the playbacks asked for before."""
        ...

    def break_all(self) -> None:
        """`uuid_break all`: end the current playback and drop those that wait."""
        ...

    def toggle_pause(self) -> None:
        """`uuid_fileman pause`: pauses the current playback, or resumes it."""
        ...

    def send_stream_text(self, text: str) -> None:
        """Send a text message to mod_audio_stream."""
        ...


class Audible(NamedTuple):
    """What is heard now, and how many bytes of it were."""

    utterance_id: str
    position: int


class Playback(Protocol):
    """The agent's voice on one call. All methods return at once; none is thread-safe.

    An utterance is one piece of speech that grows until it is finished. Utterances play in the
    order they were begun. Audio is G.711 in the call's codec.
    """

    # what appended audio is; set before the first utterance, once the far end has chosen
    codec: G711Codec
    # (utterance_id, monotonic seconds): its first audio goes out
    on_started: Callable[[str, float], None]
    # the utterance was played to its end, or given up
    on_finished: Callable[[Heard], None]

    def begin(self, utterance_id: str) -> None:
        """Announce an utterance, behind those begun before."""
        ...

    def append(self, utterance_id: str, audio: bytes) -> None:
        """More audio for it. Ignored for an utterance that is unknown, finished or cleared."""
        ...

    def finish(self, utterance_id: str) -> None:
        """No more audio will come for it."""
        ...

    def pause(self) -> None:
        """Fall silent and lose nothing; what is appended meanwhile waits. Idempotent."""
        ...

    def resume(self) -> None:
        """Go on where `pause` stopped. Idempotent."""
        ...

    def clear(self) -> list[Heard]:
        """Stop now and drop everything, pause included; what was heard of each utterance that was
        begun and had not finished, in order."""
        ...

    def played_ms(self, utterance_id: str) -> int:
        """How much of it has been heard; 0 for an utterance that is over or unknown."""
        ...

    def audible(self) -> Audible | None:
        """What is heard now; None while there is silence, a pause included."""
        ...

    def sound_of(self, utterance_id: str, begin: int, size: int) -> bytes:
        """A piece of an utterance that is being heard: what was forgotten of it is silence, what
        is not there yet is left out."""
        ...

    @property
    def is_speaking(self) -> bool:
        """Whether speech is audible, paused, or has been appended and not been heard."""
        ...

    def playback_started(self, target: str, switch_us: int) -> None:
        """The switch's PLAYBACK_START: its `Playback-File-Path` and `Event-Date-Timestamp`."""
        ...

    def playback_stopped(self, target: str, switch_us: int, status: str, samples: int) -> None:
        """The switch's PLAYBACK_STOP: also `Playback-Status` (`done` or `break`) and
        `variable_playback_samples`."""
        ...

    def stream_file_ready(self, path: str, chunk: str = "") -> None:
        """The switch's `mod_audio_stream::play`: `file` and `chunk` of its body."""
        ...

    def check(self) -> None:
        """To be called about once a second: notices events that never came."""
        ...

    def close(self) -> None:
        """Forget everything and delete all files. Stops nothing: the channel is over."""
        ...


def ignore(*_: Any) -> None:
    """The default of `on_started` and `on_finished`."""


def tell(callback: Callable[..., None], *arguments: Any) -> None:
    """Call a callback; whatever it does wrong must not stop the speech."""
    try:
        callback(*arguments)
    except Exception:
        log.exception("Playback callback failed")
