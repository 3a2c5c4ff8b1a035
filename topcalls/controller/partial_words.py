"""What the caller is saying just now, written down for those who follow the call.

Nobody who follows: nothing is written. Of what comes while the database is busy only the latest is.
"""

from __future__ import annotations

from datetime import datetime

from topcalls.clock import Clock
from topcalls.controller.journal import Journal
from topcalls.core.transcript import Turn


class PartialWordsWriter:
    """Of one call. No method blocks."""

    def __init__(self, journal: Journal, clock: Clock) -> None:
        self._journal = journal
        self._clock = clock
        self._until: datetime | None = None
        self._latest: Turn | None = None  # waits to be written
        self._is_there = False  # something was, or is about to be

    def follow(self, until: datetime) -> None:
        """Somebody follows the call, until then at least."""
        self._until = until

    def said(self, turn: Turn) -> None:
        """The words of a turn so far."""
        if self._until is None or self._clock.now() > self._until:
            return
        waits = self._latest is not None
        self._latest, self._is_there = turn, True
        if not waits:
            self._journal.partial_words(self._taken)

    def settled(self) -> None:
        """A turn of the caller went to the journal: it tells more than what was said so far."""
        self._latest = None
        if self._is_there:
            self._is_there = False
            self._journal.no_partial_words()

    def _taken(self) -> Turn | None:
        turn, self._latest = self._latest, None
        return turn
