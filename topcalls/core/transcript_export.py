"""A transcript for other programs and for people: plain text and SubRip subtitles (SRT)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from topcalls.core.transcript import Speaker, Turn

INTERRUPTED: Final = "[interrupted]"
NAMES: Final[Mapping[Speaker, str]] = {"assistant": "Agent", "user": "Caller"}
SHORTEST_CUE_MS: Final = 500
"""How long a subtitle stands at least: a pressed key takes no time at all."""


def in_order(turns: Sequence[Turn]) -> list[Turn]:
    """As they began; of two that began together, the one that was noticed first."""
    return sorted(turns, key=lambda turn: (turn.started_ms, turn.seq))


def as_text(turns: Sequence[Turn], sources: Mapping[int, Sequence[str]] | None = None) -> str:
    """One line a turn, with the time since the answer; "" for none. `sources` are what turns rest
    on, by `seq`: they are numbered, and listed at the end."""
    numbers: dict[str, int] = {}
    lines = []
    for turn in in_order(turns):
        of_turn = dict.fromkeys((sources or {}).get(turn.seq, ()))
        marks = "".join(f" [{numbers.setdefault(one, len(numbers) + 1)}]" for one in of_turn)
        lines.append(f"[{_clock(turn.started_ms)}] {_said(turn)}{marks}\n")
    listed = [f"[{number}] {source}\n" for source, number in numbers.items()]
    return "".join([*lines, *(["\n", *listed] if listed else [])])


def as_srt(turns: Sequence[Turn]) -> str:
    """Subtitles for the recording. Cues of people who speak together overlap, as they did."""
    cues = []
    for number, turn in enumerate(in_order(turns), 1):
        end = max(turn.ended_ms, turn.started_ms + SHORTEST_CUE_MS)
        times = f"{_srt_time(turn.started_ms)} --> {_srt_time(end)}"
        cues.append(f"{number}\n{times}\n{_said(turn)}\n")
    return "\n".join(cues)


def _said(turn: Turn) -> str:
    words = " ".join(turn.text.split())  # an empty line would end a cue
    mark = f" {INTERRUPTED}" if turn.interrupted else ""
    return f"{NAMES[turn.speaker]}: {words}{mark}"


def _clock(milliseconds: int) -> str:
    tenths = milliseconds // 100
    return f"{tenths // 600:02}:{tenths // 10 % 60:02}.{tenths % 10}"


def _srt_time(milliseconds: int) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02},{rest:03}"
