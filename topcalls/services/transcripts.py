"""The transcript of a call by itself."""

from __future__ import annotations

from dataclasses import dataclass

from topcalls.core.knowledge_citations import Citations
from topcalls.core.transcript import Turn
from topcalls.errors import NotFound
from topcalls.services.call_views import TranscriptItem, transcript_items
from topcalls.services.lookups import citations_of
from topcalls.services.redactions import readable_turns, turns_of
from topcalls.store import calls
from topcalls.store.database import Database


@dataclass(frozen=True, slots=True)
class TranscriptView:
    """What was said: as it is shown, and `spoken` in the words of the rules. `final`: the last
    words are written. `citations`: what the agent's turns rest on."""

    call_id: str
    language: str | None
    final: bool
    turns: tuple[TranscriptItem, ...]
    spoken: tuple[Turn, ...]
    citations: Citations


class Transcripts:
    """Reads the transcripts of an account's calls."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def get(self, account_id: str, call_id: str) -> TranscriptView:
        """Raises NotFound."""

        def verb() -> TranscriptView:
            call = calls.of_account(account_id, call_id)
            if call is None:
                raise NotFound("No such call.")
            turns = transcript_items(call, calls.transcripts([call_id])[call_id])
            return TranscriptView(
                call_id,
                call.request.get("language"),
                call.transcript_closed_at is not None,
                turns,
                tuple(readable_turns(call) if call.ended_at else turns_of(call)),
                citations_of(call, turns),
            )

        return self._db.read(verb)
