"""The dictionary of an account: words that its callers say, and how its agents say words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from topcalls.core.call_request import CallRequest
from topcalls.core.pronunciation import (
    keyword_faults,
    merged_keywords,
    merged_pronunciations,
    pronunciation_faults,
)
from topcalls.errors import InvalidRequest, NotFound
from topcalls.store import accounts
from topcalls.store.database import Database
from topcalls.store.fields import plain


@dataclass(frozen=True, slots=True)
class SpeechView:
    """`pronunciations` are objects with `word`, and `say` or `ipa`."""

    keywords: tuple[str, ...] = ()
    pronunciations: tuple[Mapping[str, Any], ...] = ()


class AccountSpeech:
    """Read, replace, and add to calls."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def get(self, account_id: str) -> SpeechView:
        """Raises NotFound."""
        return self._db.read(_stored, account_id)

    def put(self, account_id: str, body: Mapping[str, Any]) -> SpeechView:
        """Replace the whole dictionary, for calls made from now on; what is left out is emptied.

        Raises:
            InvalidRequest: with every fault.
            NotFound: no such account.
        """
        wrong = [
            *keyword_faults(body.get("keywords", ())),
            *pronunciation_faults(body.get("pronunciations", ())),
        ]
        if wrong:
            raise InvalidRequest("The body of this request is not right: see 'errors'.", wrong)
        speech = {key: plain(body.get(key, ())) for key in ("keywords", "pronunciations")}

        def verb() -> SpeechView:
            if not accounts.update(account_id, speech=speech):
                raise NotFound("No such account.")
            return _stored(account_id)

        return self._db.run(verb)

    def added(self, account_id: str, request: CallRequest) -> CallRequest:
        """The request with the account's words behind its own. Raises NotFound."""
        return with_words(request, self.get(account_id))


def with_words(request: CallRequest, ours: SpeechView) -> CallRequest:
    """The request with an account's words behind its own."""
    if not (ours.keywords or ours.pronunciations):
        return request
    return replace(
        request,
        keywords=tuple(merged_keywords(request.keywords, ours.keywords)),
        pronunciations=tuple(merged_pronunciations(request.pronunciations, ours.pronunciations)),
    )


def speech_view(held: Mapping[str, Any]) -> SpeechView:
    """A stored dictionary."""
    return SpeechView(tuple(held.get("keywords", ())), tuple(held.get("pronunciations", ())))


def _stored(account_id: str) -> SpeechView:
    held = accounts.speech(account_id)
    if held is None:
        raise NotFound("No such account.")
    return speech_view(held)
