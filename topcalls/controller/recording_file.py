"""One file of the spool whose writing is over: made whole, and measured.

These functions touch the disk: they run in threads.
"""

from __future__ import annotations

from pathlib import Path

from topcalls.audio.wav import WavError, WavFacts, complete, with_silence
from topcalls.core.holds import silences
from topcalls.services.recording_store import FinishedRecording, digest
from topcalls.services.spooled_recordings import SpooledRecording

SHORT_MS = 5_000
"""A recording that lacks more than this of its call lacks something."""

UNUSABLE = ".unusable"
"""Suffix of what the switch wrote and nobody can read."""

LENGTHENED = ".longer"
"""Suffix of a file that is being written anew, with silence where the call was on hold."""

_EMPTY_BYTES = 44


class Useless(Exception):
    """There is nothing to keep, in words."""


def examine(file: Path, item: SpooledRecording) -> tuple[WavFacts, FinishedRecording]:
    """Make the file whole, and take its measure. One that is no recording is put aside.

    Raises:
        Useless: there is nothing to keep.
        OSError: the disk does not do it now.
    """
    facts = _completed(file)
    facts = _lengthened(file, item, facts)
    return facts, FinishedRecording(item.call_id, item.name, file.stat().st_size, digest(file))


def problem_of(facts: WavFacts, item: SpooledRecording) -> str:
    """What is wrong with a recording that is kept, in words; mostly nothing."""
    if item.talked_ms is None or item.talked_ms - facts.milliseconds <= SHORT_MS:
        return ""
    lacking = round((item.talked_ms - facts.milliseconds) / 1000)
    return f"{lacking} seconds of the call are missing: the switch died, or its disk was full."


def _completed(file: Path) -> WavFacts:
    try:
        size = file.stat().st_size
    except FileNotFoundError:
        raise Useless("The switch has written no file.") from None
    if size <= _EMPTY_BYTES:
        file.unlink()
        raise Useless("There is no sound in it.")
    try:
        facts = complete(file)
    except WavError:
        file.rename(file.with_suffix(UNUSABLE))
        raise Useless("The switch has written no sound that can be read.") from None
    if not facts.milliseconds:
        file.unlink()
        raise Useless("There is no sound in it.")
    return facts


def _lengthened(file: Path, item: SpooledRecording, facts: WavFacts) -> WavFacts:
    """Silence stands for the times on hold, of which the switch has recorded nothing. Whoever dies
    meanwhile leaves the file as it was, and one that is as long as its call is left alone."""
    if item.talked_ms is None:
        return facts
    missing = silences(item.holds, item.talked_ms, facts.milliseconds)
    if not missing:
        return facts
    longer = file.with_suffix(LENGTHENED)
    with_silence(file, longer, [(silence.at_ms, silence.lasts_ms) for silence in missing])
    longer.replace(file)
    milliseconds = facts.milliseconds + sum(silence.lasts_ms for silence in missing)
    return WavFacts(facts.format, milliseconds, facts.repaired)
