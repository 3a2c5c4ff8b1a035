"""What people have agreed to: kept with its proof, and taken back at a word.

Whoever a campaign held or skipped is looked at again, in the transaction that stores the consent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from topcalls.clock import Clock
from topcalls.core import consents as rules
from topcalls.core.people import is_fingerprint
from topcalls.errors import FieldError, InvalidRequest, NotFound
from topcalls.ids import ordered_ids
from topcalls.services.keys import Principal
from topcalls.services.lead_lists import found_list
from topcalls.services.person_keys import PersonKeys
from topcalls.store import campaign_holds, consents
from topcalls.store.database import Database
from topcalls.store.models import Consent


@dataclass(frozen=True, slots=True)
class ConsentView:
    """A consent, or what is stated of a list or a campaign. `phone_number`: None where it is no
    number's, or whoever had it was erased. `created_by`: the key that sent it."""

    id: str
    phone_number: str | None
    list_id: str | None
    campaign_id: str | None
    kind: str
    purposes: Sequence[str]
    sellers: Sequence[str]
    source: str
    captured_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    revoked_by: str | None
    wording: str | None
    proof: Mapping[str, Any] | None
    names_ai_voice: bool
    device_agreement: bool
    lifts_hours: bool
    created_by: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ConsentPage:
    """Consents, newest first. `next_cursor` is the last one's id if there are more."""

    data: tuple[ConsentView, ...]
    next_cursor: str | None


class Consents:
    """An account's consents."""

    def __init__(self, db: Database, clock: Clock, people: PersonKeys) -> None:
        self._db = db
        self._clock = clock
        self._people = people

    def create(self, principal: Principal, body: Mapping[str, Any]) -> ConsentView:
        """Store a consent.

        Raises:
            InvalidRequest: with every fault.
            NotFound: no such list in this account.
        """
        _judge(list(rules.faults(body, self._clock.now())))
        return self._insert(principal, [body])[0]

    def create_many(self, principal: Principal, bodies: Sequence[Mapping[str, Any]]) -> int:
        """Store up to `core.consents.MOST_AT_ONCE` consents, all or none; how many.

        Raises:
            InvalidRequest: with every fault.
            NotFound: no such list in this account.
        """
        now, wrong = self._clock.now(), []
        if not 0 < len(bodies) <= rules.MOST_AT_ONCE:
            message = f"Must have 1 to {rules.MOST_AT_ONCE} entries."
            wrong.append(FieldError("consents", message, "length"))
        for place, body in enumerate(bodies):
            wrong += rules.faults(body, now, f"consents.{place}.")
        _judge(wrong)
        return len(self._insert(principal, bodies))

    def get(self, account_id: str, consent_id: str) -> ConsentView:
        """Raises NotFound."""
        return self._db.read(lambda: _view(_found(account_id, consent_id)))

    def list(
        self,
        account_id: str,
        limit: int = 50,
        cursor: str | None = None,
        **chosen: str,
    ) -> ConsentPage:
        """Consents made before the one that `cursor` names, newest first; `chosen` by
        `phone_number`, `list_id`, `campaign_id`."""
        wanted: dict[str, Any] = dict(chosen)
        if "phone_number" in chosen:
            wanted["phone_number"] = self._people.names(account_id, chosen["phone_number"])

        def verb() -> ConsentPage:
            found = consents.page(account_id, limit + 1, cursor, wanted)
            views = tuple(map(_view, found[:limit]))
            return ConsentPage(views, views[-1].id if len(found) > limit else None)

        return self._db.read(verb)

    def revoke(
        self, account_id: str, consent_id: str, by: str, at: datetime | None = None
    ) -> ConsentView:
        """Note that a consent was taken back, `by` what; `at` is now unless it is given. One that
        was taken back before stays as it was.

        Raises:
            InvalidRequest: it is said to be taken back in the future.
            NotFound: no such consent in this account.
        """
        now = self._clock.now()
        if at is not None and at > now + rules.CLOCKS_APART:
            raise InvalidRequest("Is in the future.", field="revoked_at")

        def verb() -> ConsentView:
            _found(account_id, consent_id)
            consents.revoke(account_id, consent_id, at or now, by)
            return _view(_found(account_id, consent_id))

        return self._db.run(verb)

    def _insert(
        self, principal: Principal, bodies: Sequence[Mapping[str, Any]]
    ) -> Sequence[ConsentView]:
        now, account_id = self._clock.now(), principal.account_id
        ids = ordered_ids(now, len(bodies))
        rows = [
            _columns(body, consent_id, principal, now)
            for body, consent_id in zip(bodies, ids, strict=True)
        ]

        def verb() -> Sequence[ConsentView]:
            for list_id in sorted({row["list_id"] for row in rows if row["list_id"]}):
                found_list(account_id, list_id, lock=True)
            consents.insert(rows)
            campaign_holds.wake_numbers(account_id, _numbers(rows), now)
            if any(row["phone_number"] is None for row in rows):
                campaign_holds.recheck_account(account_id)
            return [_view(Consent(**row)) for row in rows]

        return self._db.run(verb)


def _columns(
    body: Mapping[str, Any], consent_id: str, principal: Principal, now: datetime
) -> dict[str, Any]:
    return {
        "id": consent_id,
        "account": principal.account_id,
        "phone_number": body.get("phone_number"),
        "list_id": body.get("list_id"),
        "campaign_id": body.get("campaign_id"),
        "kind": body["kind"],
        "purposes": list(body.get("purposes") or ()),
        "sellers": list(body.get("sellers") or ()),
        "source": body["source"].strip(),
        "captured_at": body["captured_at"],
        "expires_at": body.get("expires_at"),
        "revoked_at": None,
        "revoked_by": None,
        "wording": body.get("wording") or None,
        "proof": body.get("proof"),
        "names_ai_voice": bool(body.get("names_ai_voice")),
        "device_agreement": bool(body.get("device_agreement")),
        "lifts_hours": bool(body.get("lifts_hours")),
        "created_by": f"key {principal.key_id}",
        "created_at": now,
    }


def _numbers(rows: Sequence[Mapping[str, Any]]) -> set[str]:
    return {row["phone_number"] for row in rows if row["phone_number"] is not None}


def _found(account_id: str, consent_id: str) -> Consent:
    row = consents.get(account_id, consent_id)
    if row is None:
        raise NotFound("No such consent.")
    return row


def _judge(wrong: list[FieldError]) -> None:
    if wrong:
        raise InvalidRequest("The consent is not right as it was sent: see 'errors'.", wrong)


def _view(row: Consent) -> ConsentView:
    number = row.phone_number
    return ConsentView(
        id=row.id,
        phone_number=None if number is None or is_fingerprint(number) else number,
        list_id=row.list_id,
        campaign_id=row.campaign_id,
        kind=row.kind,
        purposes=row.purposes,
        sellers=row.sellers,
        source=row.source,
        captured_at=row.captured_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        revoked_by=row.revoked_by,
        wording=row.wording,
        proof=row.proof,
        names_ai_voice=row.names_ai_voice,
        device_agreement=row.device_agreement,
        lifts_hours=row.lifts_hours,
        created_by=row.created_by,
        created_at=row.created_at,
    )
