"""Calls found by what was said in them.

Calls are looked through from the newest on, so many at a time, and nothing is kept for it: to
write an index would be work in every live call, for what is looked for now and then.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from topcalls.core.word_search import holds, sought
from topcalls.services.call_views import CallPage, CallView, call_view, states_of
from topcalls.services.recordings import Recordings
from topcalls.store import call_search, calls
from topcalls.store.database import Database

LOOKED_THROUGH: Final = 2000
"""Calls that one page is looked for in: with ten turns each they take a tenth of a second."""


class CallSearch:
    """Searches the calls of an account."""

    def __init__(self, db: Database, recordings: Recordings) -> None:
        self._db = db
        self._recordings = recordings

    def page(
        self,
        account_id: str,
        text: str,
        limit: int = 50,
        cursor: datetime | None = None,
        call_status: str | None = None,
        campaign_id: str | None = None,
    ) -> CallPage:
        """Calls created before `cursor`, newest first, in whose transcript and summary each word of
        `text` stands, as both are shown: what was redacted is not found.

        A page may hold fewer than `limit` although there are more: `LOOKED_THROUGH` calls were
        looked at, and the cursor tells where to go on.
        """
        states, words = states_of(call_status), sought(text)

        def verb() -> CallPage:
            looked = call_search.newest(account_id, LOOKED_THROUGH + 1, cursor, states, campaign_id)
            rest, looked = looked[LOOKED_THROUGH:], looked[:LOOKED_THROUGH]
            said = call_search.texts([call_id for call_id, _, _ in looked])
            hits = [
                (call_id, at)
                for call_id, at, summary in looked
                if holds([*said.get(call_id, ()), summary or ""], words)
            ]
            views = self._views([call_id for call_id, _ in hits[:limit]])
            found = tuple(view for view in views if holds(_shown(view), words))
            if len(hits) > limit:
                return CallPage(found, hits[limit - 1][1])
            return CallPage(found, looked[-1][1] if rest else None)

        return self._db.read(verb)

    def _views(self, call_ids: list[str]) -> list[CallView]:
        turns = calls.transcripts(call_ids)
        return [
            call_view(row, self._recordings.url(row), turns[row.id])
            for row in call_search.rows(call_ids)
        ]


def _shown(view: CallView) -> list[str]:
    return [*(item.text for item in view.transcript), view.call_summary or ""]
