"""Plain samples (L16), and the one place that imports `audioop`.

`audioop` left the standard library with Python 3.13; the `audioop-lts` package brings it back
under the same name.
"""

from __future__ import annotations

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import audioop

__all__ = ["audioop", "interleave", "split_stereo"]


def split_stereo(l16: bytes) -> tuple[bytes, bytes]:
    """The left and the right channel: of a call's recording, the caller and the agent."""
    return audioop.tomono(l16, 2, 1, 0), audioop.tomono(l16, 2, 0, 1)


def interleave(left: bytes, right: bytes) -> bytes:
    """Two channels of equal length as stereo."""
    return audioop.add(audioop.tostereo(left, 2, 1, 0), audioop.tostereo(right, 2, 0, 1), 2)
