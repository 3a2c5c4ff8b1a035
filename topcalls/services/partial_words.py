"""What callers are saying just now, for those who follow their calls.

It is written for followers alone, over the same row, and deleted when the turn is written. Whoever
has followers asks the call's controller for it, again and again for as long as they stay.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from topcalls.core.transcript import Turn
from topcalls.store import commands, partial_words
from topcalls.store.database import Database

FOLLOW: Final = "follow"
"""The command by which a controller learns that somebody follows."""

LASTS: Final = timedelta(seconds=60)
AGAIN: Final = timedelta(seconds=30)
_TRIES = 1


class PartialWordsDesk:
    """Writes for controllers, and asks them to."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def put(self, call_id: str, turn: Turn, at: datetime) -> None:
        """What has been said so far of a turn."""
        words = {"seq": turn.seq, "text": turn.text, "started_ms": turn.started_ms, "at": at}
        self._db.run(lambda: partial_words.put(call_id, **words))

    def clear(self, call_id: str) -> None:
        """The turn is written."""
        self._db.run(partial_words.clear, call_id)

    def ask(self, call_ids: Collection[str], now: datetime) -> int:
        """Somebody follows these calls: have their controllers tell what is being said, for `LASTS`
        from now, unless they were asked `AGAIN` ago or less; how many were."""

        def verb() -> int:
            calls = partial_words.unasked(call_ids, FOLLOW, now - AGAIN)
            for call_id in calls:
                until = {"until": (now + LASTS).isoformat()}
                commands.insert(call_id, FOLLOW, until, _TRIES, now)
            return len(calls)

        return self._db.run(verb) if call_ids else 0
