"""Sounds that repeat: louder or softer, turned on their circle, and soft at the seam."""

from __future__ import annotations

from topcalls.audio.pcm import audioop

_SAMPLE = 2


def scaled(l16: bytes, decibels: float) -> bytes:
    """The sound, louder by so much (softer where negative); what is too loud is clipped."""
    return audioop.mul(l16, _SAMPLE, 10 ** (decibels / 20))


def turned(l16: bytes, samples: int) -> bytes:
    """The same circle, begun so many samples later."""
    at = samples * _SAMPLE % len(l16) if l16 else 0
    return l16[at:] + l16[:at]


def soft_ends(l16: bytes, samples: int) -> bytes:
    """The sound with its first and last samples faded in and out, for a player that leaves a gap
    between two rounds: a gap in a soft place is no click."""
    samples = min(samples, len(l16) // (2 * _SAMPLE))
    size = samples * _SAMPLE
    head = b"".join(
        audioop.mul(l16[at : at + _SAMPLE], _SAMPLE, at / size) for at in range(0, size, _SAMPLE)
    )
    tail = b"".join(
        audioop.mul(l16[at : at + _SAMPLE], _SAMPLE, (len(l16) - at - _SAMPLE) / size)
        for at in range(len(l16) - size, len(l16), _SAMPLE)
    )
    return head + l16[size : len(l16) - size] + tail
