"""The transcript of a call while it happens: who said what, when, and how much was heard.

A turn gets its place (`seq`) when its first sound happens, not when its text is known: what the
caller said is written down by a recogniser that may be late, out of order, or fail. What the
agent says is known before it is heard, so its text is cut where the caller cut in. Times are
milliseconds since the call was answered and are passed in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from topcalls.core import keys, notes

Speaker = Literal["assistant", "user"]

_WORD = re.compile(r"\S+\s*")
_SENTENCE_END = re.compile(r"[.!?…]+[\"'”’)\]]*(?=\s|$)|[。！？।؟]+")
_NEAR_CHARACTERS = 120  # about eight seconds of speech
_LONGEST_WORD = 30  # beyond this it is a script without spaces, and is cut between characters


@dataclass(frozen=True)
class Turn:
    """One turn. The same `seq` again replaces what was known of it; numbers may be skipped."""

    seq: int
    speaker: Speaker
    text: str
    started_ms: int
    ended_ms: int
    interrupted: bool = False
    final: bool = True
    masked: str = ""  # of pressed keys: the text without them


@dataclass
class _Entry:
    speaker: Speaker
    seq: int | None = None  # None: an item of the agent that nobody has heard yet
    started_ms: int = 0
    ended_ms: int | None = None
    text: str = ""
    text_done: bool = False
    interrupted: bool = False
    cut: tuple[int, int] | None = None  # (heard, received) ms of an item cut before its text came
    masked: str = ""
    written: Turn | None = None  # as last returned
    foretold: Turn | None = None  # as it was said to become

    def turn(self) -> Turn | None:
        if self.seq is None or not self.text.strip():
            return None
        ended = self.started_ms if self.ended_ms is None else max(self.ended_ms, self.started_ms)
        return Turn(
            self.seq,
            self.speaker,
            " ".join(self.text.split()),
            self.started_ms,
            ended,
            self.interrupted,
            final=self.text_done and self.ended_ms is not None,
            masked=self.masked,
        )


def heard_part(text: str, heard_ms: int, received_ms: int) -> str:
    """The part of `text` that was heard when `heard_ms` of its `received_ms` of sound were played.

    Cut between words; a word counts when more than half of it was heard.
    """
    if heard_ms >= received_ms:
        return text
    end = len(text) * max(heard_ms, 0) / received_ms
    kept = 0
    for word in _WORD.finditer(text):
        length = word.end() - word.start()
        if length > _LONGEST_WORD and word.start() < end:
            kept = min(round(end), word.end())
        elif word.start() + length / 2 < end:
            kept = word.end()
        else:
            break
    return text[:kept].rstrip()


def sentences_of(text: str, kept_ms: int, received_ms: int) -> str:
    """The part of `text` whose end is the end of a sentence, the one nearest to `kept_ms` of its
    `received_ms` of sound. Without one near by: `heard_part`."""
    wanted = len(text) * min(kept_ms / max(received_ms, 1), 1.0)
    ends = [found.end() for found in _SENTENCE_END.finditer(text)]
    near = min(ends, key=lambda end: abs(end - wanted), default=0)
    if abs(near - wanted) <= _NEAR_CHARACTERS:
        return text[:near].rstrip()
    return heard_part(text, kept_ms, received_ms)


@dataclass
class Transcript:
    """Merges what is known of both sides, item by item.

    Methods return the turn when it is worth telling: completed, or corrected after that.
    """

    _entries: dict[tuple[Speaker, str], _Entry] = field(default_factory=dict)
    _next_seq: int = 1

    # --- the caller

    def caller_started(self, item_id: str, at_ms: int) -> None:
        """The caller begins to speak."""
        self._place(self._entry("user", item_id), at_ms)

    def caller_stopped(self, item_id: str, at_ms: int) -> Turn | None:
        """The caller has finished; usually the words are still to come."""
        entry = self._entry("user", item_id)
        self._place(entry, at_ms)
        entry.ended_ms = at_ms
        return self._news(entry)

    def caller_delta(self, item_id: str, delta: str, at_ms: int) -> str:
        """A piece of what the caller said; returns the text so far."""
        entry = self._entry("user", item_id)
        self._place(entry, at_ms)
        if not entry.text_done:
            entry.text += delta
        return entry.text

    def caller_growing(self, item_id: str) -> Turn | None:
        """What the caller has said of an item that is not written down yet; it ends where it is
        told to. None without a word."""
        entry = self._entries.get(("user", item_id))
        turn = entry.turn() if entry is not None and not entry.text_done else None
        if entry is not None and turn is not None:
            entry.foretold = turn
        return turn

    def caller_text(self, item_id: str, text: str, at_ms: int) -> Turn | None:
        """All of what the caller said in this item. `at_ms` counts only if nothing is known."""
        entry = self._entry("user", item_id)
        self._place(entry, at_ms)
        entry.text, entry.text_done = text, True
        if entry.ended_ms is None:
            entry.ended_ms = at_ms
        return self._news(entry)

    def caller_failed(self, item_id: str) -> Turn | None:
        """The recogniser gave up on this item: what it had so far is final."""
        entry = self._entries.get(("user", item_id))
        if entry is None:
            return None
        entry.text_done = True
        return self._news(entry)

    def caller_pending(self) -> bool:
        """Something the caller has finished saying is not written down yet."""
        return any(
            key[0] == "user" and entry.ended_ms is not None and not entry.text_done
            for key, entry in self._entries.items()
        )

    def caller_lost(self, at_ms: int) -> list[Turn]:
        """The recogniser is gone: nothing that is not written down yet will be."""
        turns = []
        for (speaker, _), entry in self._entries.items():
            if speaker == "user" and not entry.text_done:
                entry.text_done = True
                entry.ended_ms = at_ms if entry.ended_ms is None else entry.ended_ms
                turns.append(self._news(entry))
        return [turn for turn in turns if turn is not None]

    def open_turn(self) -> tuple[str, str, bool]:
        """What the agent said last, what the caller has said since, and whether the latest of that
        is known."""
        said: list[str] = []
        complete: bool | None = None
        for (speaker, _), entry in reversed(self._entries.items()):
            if speaker == "assistant" and entry.seq is not None and not entry.masked:
                return entry.text, _joined(said), bool(complete)
            if speaker == "user" and not entry.masked:
                complete = bool(entry.text.strip()) if complete is None else complete
                said.insert(0, entry.text)
        return "", _joined(said), bool(complete)

    # --- the agent

    def agent_delta(self, item_id: str, delta: str) -> None:
        """A piece of what the agent is about to say."""
        entry = self._entry("assistant", item_id)
        if not entry.text_done:
            entry.text += delta

    def agent_text(self, item_id: str, text: str) -> Turn | None:
        """All of what the agent is about to say in this item."""
        entry = self._entry("assistant", item_id)
        if entry.text_done:
            return None
        entry.text = text if entry.cut is None else heard_part(text, *entry.cut)
        entry.text_done = True
        return self._news(entry)

    def agent_started(self, item_id: str, at_ms: int) -> int:
        """The item became audible; returns its `seq`."""
        entry = self._entry("assistant", item_id)
        self._place(entry, at_ms)
        return entry.seq or 0

    def agent_begun(self, item_id: str, received_ms: int | None) -> Turn | None:
        """How the item's turn stands if nothing more is told of it: it is audible, and
        `received_ms` long if all of it is known, words and sound. None if that is no news.

        Until then the turn ends where it begins.
        """
        entry = self._entries.get(("assistant", item_id))
        turn = entry.turn() if entry is not None else None
        if entry is None or turn is None or entry.ended_ms is not None:
            return None
        known = received_ms is not None and entry.text_done
        turn = replace(turn, ended_ms=turn.started_ms + (received_ms or 0 if known else 0))
        if turn == entry.foretold or (entry.foretold is not None and not known):
            return None
        entry.foretold = turn
        return turn

    def agent_ended(self, item_id: str, at_ms: int) -> Turn | None:
        """The item was heard to its end."""
        entry = self._entries.get(("assistant", item_id))
        if entry is None or entry.seq is None or entry.ended_ms is not None:
            return None
        entry.ended_ms = at_ms
        return self._news(entry)

    def agent_cut(self, item_id: str, at_ms: int, heard_ms: int, received_ms: int) -> Turn | None:
        """The item was stopped when `heard_ms` of `received_ms` had been played (0: never heard).

        Text that is still on its way is measured against what was received by now.
        """
        entry = self._entries.get(("assistant", item_id))
        if entry is None or entry.ended_ms is not None:
            return None
        if heard_ms <= 0:
            del self._entries["assistant", item_id]
            return _taken_back(entry)
        self._place(entry, max(at_ms - heard_ms, 0))
        entry.ended_ms = min(at_ms, entry.started_ms + heard_ms)  # it may have been paused since
        entry.interrupted = True
        if entry.text:
            entry.text, entry.text_done = heard_part(entry.text, heard_ms, received_ms), True
        elif not entry.text_done:
            entry.cut = (heard_ms, received_ms)
        return self._news(entry)

    def agent_limited(self, item_id: str, kept_ms: int, received_ms: int) -> None:
        """Of the item only `kept_ms` are said; its sound is cut between two sentences if it can."""
        entry = self._entry("assistant", item_id)
        entry.text, entry.text_done = sentences_of(entry.text, kept_ms, received_ms), True

    def agent_said(self, item_id: str) -> str:
        """The words of an item of the agent, as far as they are known."""
        entry = self._entries.get(("assistant", item_id))
        return entry.text if entry else ""

    # --- both

    def carry_on(self, turns: Iterable[Turn]) -> None:
        """These turns were said already; what comes is numbered behind them."""
        for turn in turns:
            entry = self._entry(turn.speaker, f"carried {turn.seq}")
            entry.seq, entry.started_ms, entry.ended_ms = turn.seq, turn.started_ms, turn.ended_ms
            entry.text, entry.text_done, entry.interrupted = turn.text, True, turn.interrupted
            entry.written = entry.turn()
            self._next_seq = max(self._next_seq, turn.seq + 1)

    def keys(self, speaker: Speaker, digits: str, at_ms: int) -> Turn | None:
        """Keys were pressed on the telephone."""
        entry = self._entry(speaker, f"keys {self._next_seq}")
        self._place(entry, at_ms)
        entry.text, entry.masked = keys.written(digits), keys.masked(digits)
        entry.text_done, entry.ended_ms = True, at_ms
        return self._news(entry)

    def note(self, speaker: Speaker, text: str, at_ms: int) -> Turn | None:
        """Something was done, and not said: see `core/notes.py`."""
        entry = self._entry(speaker, f"note {self._next_seq}")
        self._place(entry, at_ms)
        entry.text, entry.text_done, entry.ended_ms = text, True, at_ms
        return self._news(entry)

    def close(self, at_ms: int) -> list[Turn]:
        """The call is over: whatever is still open is final as it is."""
        for entry in self._entries.values():
            entry.text_done = True
            if entry.ended_ms is None:
                entry.ended_ms = at_ms
        turns = (self._news(entry) for entry in self._in_order())
        return [turn for turn in turns if turn is not None]

    def turns(self) -> list[Turn]:
        """Everything that was said and heard so far, in the order it began."""
        turns = (entry.turn() for entry in self._in_order())
        return [turn for turn in turns if turn is not None]

    def _entry(self, speaker: Speaker, item_id: str) -> _Entry:
        return self._entries.setdefault((speaker, item_id), _Entry(speaker))

    def _place(self, entry: _Entry, at_ms: int) -> None:
        if entry.seq is None:
            entry.seq, entry.started_ms = self._next_seq, at_ms
            self._next_seq += 1

    def _in_order(self) -> list[_Entry]:
        return sorted(self._entries.values(), key=lambda entry: entry.seq or 0)

    def _news(self, entry: _Entry) -> Turn | None:
        """The entry's turn if it is final and differs from what was told before."""
        turn = entry.turn()
        if turn is None and entry.text_done and entry.ended_ms is not None:
            return _taken_back(entry)
        if turn is None or not turn.final or turn == entry.written:
            return None
        entry.written = turn
        return turn


def _joined(texts: Iterable[str]) -> str:
    return " ".join(" ".join(texts).split())


def _taken_back(entry: _Entry) -> Turn | None:
    """No word was heard of a turn that was foretold."""
    foretold, entry.foretold = entry.foretold, None
    return replace(foretold, text="", interrupted=True) if foretold is not None else None


def as_heard(turns: Sequence[Turn], at_ms: int) -> list[Turn]:
    """Stored turns, of which nobody told the end, as they stand when nothing is heard after
    `at_ms` any more: those that have changed.

    A turn of the agent that ends where it begins was not known to its end; how much of it was
    heard is unknown, and it counts as interrupted. One that would have ended later is cut there.
    """
    changed = []
    for turn in turns:
        length = turn.ended_ms - turn.started_ms
        heard = at_ms - turn.started_ms
        if turn.speaker != "assistant" or turn.interrupted:
            continue
        if keys.is_written(turn.text) or notes.is_note(turn.text):
            continue
        if length <= 0:
            changed.append(replace(turn, ended_ms=max(at_ms, turn.started_ms), interrupted=True))
        elif heard < length:
            text = heard_part(turn.text, heard, length)
            changed.append(replace(turn, text=text, ended_ms=at_ms, interrupted=True))
    return changed
