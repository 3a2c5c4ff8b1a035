"""What was looked up in the knowledge of calls: kept by controllers, shown to users."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, cast

from topcalls.core.knowledge_citations import Citations, Lookup, Said, Trigger, cited
from topcalls.core.personal_data import Rules, redacted
from topcalls.services.call_views import TranscriptItem
from topcalls.store import calls, lookups
from topcalls.store.database import Database
from topcalls.store.models import Call, CallLookup

_WORDS = ("title", "heading", "text")
MOST_TRIES = 20
"""Of numbering a look, beside others of the same call."""


class Lookups:
    """Writes for controllers, reads for users."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def note(self, call_id: str, lookup: Lookup, at: datetime) -> None:
        """Store what was looked up, without what identifies people where the call wants that."""

        def verb() -> None:
            call = calls.get(call_id)
            rules = None if call is None else Rules.of(call.request)
            columns = {
                "trigger": lookup.trigger,
                "query": redacted(lookup.query, rules) if rules else lookup.query,
                "at_ms": lookup.at_ms,
                "took_ms": lookup.took_ms,
                "method": lookup.method,
                "passages": [_without_persons(item, rules) for item in lookup.passages],
                "at": at,
            }
            number = lookups.count(call_id)
            for more in range(1, MOST_TRIES):
                if lookups.note(call_id, number + more, **columns):
                    return

        self._db.run(verb)

    def of_call(self, account_id: str, call_id: str) -> list[Lookup]:
        """What was looked up in a call of this account, in order; nothing for any other call."""

        def verb() -> list[Lookup]:
            if calls.of_account(account_id, call_id) is None:
                return []
            return [_lookup(row) for row in lookups.of_calls([call_id])]

        return self._db.read(verb)


def citations(
    turns: Sequence[TranscriptItem], looks: Collection[Lookup], language: str | None
) -> Citations:
    """The passages that the turns of a call's transcript rest on."""
    said = [Said(one.id, one.user == "assistant", one.text, one.started_ms) for one in turns]
    return cited(said, looks, language)


def citations_of(call: Call, turns: Sequence[TranscriptItem]) -> Citations:
    """The same of what is stored; part of a verb."""
    looks = [_lookup(row) for row in lookups.of_calls([call.id])] if turns else []
    return citations(turns, looks, call.request.get("language"))


def _lookup(row: CallLookup) -> Lookup:
    return Lookup(
        cast(Trigger, row.trigger),
        row.query,
        row.at_ms,
        row.took_ms,
        row.method,
        tuple(row.passages),
    )


def _without_persons(passage: dict[str, Any], rules: Rules | None) -> dict[str, Any]:
    if rules is None:
        return passage
    return passage | {name: redacted(passage[name], rules) for name in _WORDS if passage[name]}
