"""What a recording lacks of a call that was on hold, and where.

While the far end holds a call the switch records nothing, so that what comes later would be found
too early in the file.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

NEGLIGIBLE_MS = 200
"""A recording begins this much after the answer at most; what it lacks otherwise is a hold."""


@dataclass(frozen=True, slots=True)
class HoldTold:
    """The switch told, so many milliseconds after the answer, that the far end holds the call
    (`is_held`) or is back."""

    is_held: bool
    call_ms: int


@dataclass(frozen=True, slots=True)
class Silence:
    """To be put into a recording, `at_ms` of what it holds; both in milliseconds."""

    at_ms: int
    lasts_ms: int


def silences(told: Iterable[HoldTold], talked_ms: int, recorded_ms: int) -> tuple[Silence, ...]:
    """Where silence has to be put into a recording so that its times are those of the call.

    `told` in the order in which it happened; `talked_ms` is the call from its answer to its end,
    `recorded_ms` what the recording holds of it. Never more is put in than is missing: where the
    switch has recorded a hold, or silence was put in before, nothing is.
    """
    spans = _spans(told, talked_ms)
    held = sum(ended - began for began, ended in spans)
    missing = talked_ms - recorded_ms
    if not held or missing <= NEGLIGIBLE_MS:
        return ()
    share = min(1.0, missing / held)
    found, before = [], 0
    for began, ended in spans:
        lasts = round((ended - began) * share)
        found.append(Silence(min(began - before, recorded_ms), lasts))
        before += lasts
    return tuple(found)


def _spans(told: Iterable[HoldTold], talked_ms: int) -> list[tuple[int, int]]:
    """From and to of each hold. One that nobody ended lasts to the end of the call."""
    spans, since = [], None
    for item in told:
        at = min(max(item.call_ms, 0), talked_ms)
        if item.is_held and since is None:
            since = at
        elif not item.is_held and since is not None:
            spans.append((since, max(since, at)))
            since = None
    if since is not None:
        spans.append((since, talked_ms))
    return spans
