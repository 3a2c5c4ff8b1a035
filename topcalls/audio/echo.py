"""The agent's own voice, come back with the caller's: taken out, or kept from being taken for them.

Both ways need to know what was really played. The stereo fork tells it, sample for sample: near is
the caller's side of the line, far what the switch played to it at the same moment.
"""

from __future__ import annotations

from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from topcalls.audio.levels import level_dbfs
from topcalls.errors import ConfigError

RATE: Final = 8000
_FRAME: Final = RATE // 100 * 2  # bytes: what AEC3 takes at a time, 10 ms
_QUIET_DBFS: Final = -60.0  # of the far side: comfort noise and silence leave no echo to hear
_TAIL_FRAMES: Final = 100  # of 10 ms, after the last sound of the far side: echo may still come
_NEVER: Final = 1 << 30
_LOOK: Final = RATE * 3 // 10  # samples of the near side that are compared
_LONGEST_DELAY: Final = RATE // 2
_TRANSFORM: Final = 8192  # at least both together
_OWN_SHARE: Final = 0.12  # of the near side's power that one copy of the far side explains
_LOOK_EVERY: Final = RATE * 4 // 100  # samples
_LOOK_SELDOM: Final = RATE * 20 // 100  # samples, on a line that has been looked at for long enough
_LONG_ENOUGH: Final = 100  # looks in a row that found nothing
_HOLD: Final = RATE // 8  # samples: gaps in what is recognised as echo
_FAR_PEAK: Final = 30.0  # of the whitened far side: what is weaker is silence
_LEAK_LOOKS: Final = 3
_LEARNT_FRAMES: Final = 300  # of 10 ms, after which a canceller leaves hardly anything
_TRIAL_FRAMES: Final = 1000  # of 10 ms that a canceller learns from, before it is let go
_SEARCH_EVERY: Final = 4  # looks in vain at a sure delay, before others are tried again
_NEIGHBOURS: Final = 16  # samples around a known delay
_FLOOR_DBFS: Final = -55.0  # of the near side: nothing to be taken for speech

Samples = NDArray[np.float32]
REMEDY: Final = "Run: pip install 'topcalls[echo]'"


class EchoGuard(Protocol):
    """One call."""

    def clean(self, near: bytes, far: bytes) -> bytes:
        """The near side without what comes of the far one; L16 at 8 kHz, both equally long.

        Whole pieces of 10 ms come out; what is left over waits for the next.
        """
        ...


class _BothSides:
    """Cuts both sides alike: whole frames of 10 ms now, the rest with the next piece."""

    def __init__(self) -> None:
        self._near = self._far = b""

    def whole(self, near: bytes, far: bytes) -> tuple[bytes, bytes]:
        near, far = self._near + near, self._far + far
        end = len(near) - len(near) % _FRAME
        self._near, self._far = near[end:], far[end:]
        return near[:end], far[:end]


class EchoCanceller:
    """WebRTC's AEC3. It learns the way of the echo within a second of speech, needs no hint of its
    delay, and follows when it changes. Idle while nothing was played for a second.

    `worked_frames` of 10 ms are those that it looked at. To be made in the process that uses it,
    after any fork: it starts threads of its own. Raises `ConfigError` without the extra `echo`.
    """

    def __init__(self, *, noise_suppression: bool = False, high_pass: bool = True) -> None:
        try:
            rtc = import_module("livekit.rtc")  # an extra, and slow to load
        except ImportError:
            raise ConfigError("The echo canceller is not installed.", remedy=REMEDY) from None
        self._frame_of = rtc.AudioFrame
        self._module: Any = rtc.AudioProcessingModule(
            echo_cancellation=True,
            noise_suppression=noise_suppression,
            high_pass_filter=high_pass,
        )
        self._always = noise_suppression
        self._sides = _BothSides()
        self._silent_frames = _NEVER
        self.worked_frames = 0

    def clean(self, near: bytes, far: bytes) -> bytes:
        near, far = self._sides.whole(near, far)
        return b"".join(
            self._clean(near[at : at + _FRAME], far[at : at + _FRAME])
            for at in range(0, len(near), _FRAME)
        )

    def _clean(self, near: bytes, far: bytes) -> bytes:
        if level_dbfs(far) > _QUIET_DBFS:
            self._silent_frames = 0
        else:
            self._silent_frames += 1
        if self._silent_frames > _TAIL_FRAMES and not self._always:
            return near
        self.worked_frames += 1
        self._module.process_reverse_stream(self._frame(far))
        frame = self._frame(near)
        self._module.process_stream(frame)
        return bytes(frame.data)

    def _frame(self, l16: bytes) -> Any:
        return self._frame_of(bytearray(l16), RATE, 1, _FRAME // 2)


class LeakGate:
    """Without a canceller: what is nothing but the agent's own voice is muted.

    The near side is compared with what was played up to half a second before. Where one delayed
    copy of that explains a good part of it, nobody else speaks. Of the two together less is
    explained, and both pass; so a caller who is hardly louder than a loud echo is muted with it.
    """

    def __init__(self) -> None:
        self._near = np.zeros(_LOOK, np.float32)
        self._far = np.zeros(_LOOK + _LONGEST_DELAY, np.float32)
        self._delay: int | None = None  # samples, where it was found last
        self._confirmed = 0  # looks that found it there again
        self._muted_for = 0  # samples for which it stays muted
        self._since_look = 0
        self._found = self._in_vain = 0  # looks

    @property
    def leaks(self) -> bool:
        """The agent's own voice has come back for some time in this call."""
        return self._found >= _LEAK_LOOKS

    @property
    def past(self) -> tuple[bytes, bytes]:
        """The last moments of both sides."""
        near, far = self._near, self._far[-len(self._near) :]
        return near.astype("<i2").tobytes(), far.astype("<i2").tobytes()

    def clean(self, near: bytes, far: bytes) -> bytes:
        return bytes(len(near)) if self.mutes(near, far) else near

    def mutes(self, near: bytes, far: bytes) -> bool:
        """The next piece of both sides: whether there is nothing but the agent's voice in it."""
        self._near = _shifted(self._near, near)
        self._far = _shifted(self._far, far)
        self._since_look += len(near) // 2
        self._muted_for = max(0, self._muted_for - len(near) // 2)
        pace = _LOOK_EVERY if self._in_vain < _LONG_ENOUGH else _LOOK_SELDOM
        if self._since_look >= pace and level_dbfs(near) > _FLOOR_DBFS:
            self._since_look = 0
            self._look()
        return self._muted_for > 0

    def _look(self) -> None:
        far = _whitened(self._far)
        if float(np.abs(far).max()) < _FAR_PEAK:
            return
        if self._is_own_voice(far):
            self._found += 1
            self._in_vain = 0
            self._muted_for = _HOLD
        else:
            self._in_vain += 1

    def _is_own_voice(self, far: Samples) -> bool:
        near = _whitened(self._near)
        if self._delay is not None:
            if self._share_around(self._delay, near, far) >= _OWN_SHARE:
                self._confirmed += 1
                return True
            if self._confirmed >= _LEAK_LOOKS and self._in_vain % _SEARCH_EVERY:
                return False
        delay, share = _best_copy(near, far)
        if share < _OWN_SHARE:
            return False
        self._delay, self._confirmed = delay, 0
        return True

    @staticmethod
    def _share_around(delay: int, near: Samples, far: Samples) -> float:
        """The best of the copies close to this delay."""
        start = max(0, _LONGEST_DELAY - delay - _NEIGHBOURS)
        part = far[start : start + _LOOK + 2 * _NEIGHBOURS]
        products = np.correlate(part, near, "valid")
        shares = np.square(products) / _powers(part)
        return float(shares.max()) / max(1.0, float(near @ near))


class CancelledLeak:
    """A canceller where there is something to cancel.

    A line that sends nothing back needs none: it would cost processor time, and in the second of
    speech that it takes to learn that there is no echo, it attenuates a caller who interrupts. So
    it only learns at first, and a gate watches whether the agent's voice comes back. From then on
    what it leaves is heard, and the gate mutes what it does not get, judging by the echo itself
    until it has learnt. Where nothing comes back for a while it is let go, until something does.
    Raises `ConfigError` without the extra `echo`.
    """

    def __init__(self, *, noise_suppression: bool = False) -> None:
        self._sides = _BothSides()
        self._gate = LeakGate()
        self._make = partial(EchoCanceller, noise_suppression=noise_suppression)
        self._canceller: EchoCanceller | None = self._make()
        self._always = noise_suppression

    def clean(self, near: bytes, far: bytes) -> bytes:
        near, far = self._sides.whole(near, far)
        if self._canceller is None and self._gate.leaks:
            self._canceller = self._make()
            self._canceller.clean(*self._gate.past)
        if self._canceller is None:
            return self._gate.clean(near, far)
        cleaned = self._canceller.clean(near, far)
        if not self._gate.leaks and not self._always:
            if self._canceller.worked_frames > _TRIAL_FRAMES:
                self._canceller = None
            return self._gate.clean(near, far)
        learns = self._canceller.worked_frames < _LEARNT_FRAMES
        muted = self._gate.mutes(near if learns else cleaned, far)
        return bytes(len(cleaned)) if muted else cleaned


def _best_copy(near: Samples, far: Samples) -> tuple[int, float]:
    """The delay, in samples, at which `far` explains the largest share of `near`'s power."""
    spectrum = np.fft.rfft(far, _TRANSFORM) * np.conj(np.fft.rfft(near, _TRANSFORM))
    products = np.fft.irfft(spectrum, _TRANSFORM)[: _LONGEST_DELAY + 1]
    shares = np.square(products) / _powers(far)
    best = int(shares.argmax())
    return _LONGEST_DELAY - best, float(shares[best]) / max(1.0, float(near @ near))


def _powers(far: Samples) -> NDArray[np.float64]:
    """Of every stretch of `far` that is as long as a look."""
    summed = np.concatenate(([0.0], np.cumsum(np.square(far, dtype=np.float64))))
    powers: NDArray[np.float64] = np.maximum(summed[_LOOK:] - summed[:-_LOOK], 1.0)
    return powers


def _shifted(kept: Samples, l16: bytes) -> Samples:
    """The last samples, with the new ones."""
    fresh = np.frombuffer(l16, "<i2").astype(np.float32)
    return np.concatenate((kept, fresh))[-len(kept) :]


def _whitened(samples: Samples) -> Samples:
    """Without the low notes, which are alike in all voices."""
    return np.diff(samples, prepend=samples[:1]) + 0.1 * samples


def warm_up() -> None:
    """Load what a canceller needs now, and not with the first call."""
    if can_cancel_echo():
        EchoCanceller()


def can_cancel_echo() -> bool:
    """The extra `echo` is installed."""
    return find_spec("livekit") is not None
