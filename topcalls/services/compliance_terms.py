"""What accounts say about how their calls are to be judged, beside the law."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from topcalls.core import compliance as rules
from topcalls.core.compliance import Enforcement, Terms, terms_of
from topcalls.errors import InvalidRequest, NotFound
from topcalls.services.catalogue import Catalogue
from topcalls.store import accounts, campaign_holds
from topcalls.store.database import Database
from topcalls.store.fields import plain
from topcalls.store.locking import lock_account


@dataclass(frozen=True, slots=True)
class TermsView:
    """An account's terms. `effective`: the policy that holds, chosen or the installation's."""

    terms: Terms
    effective: Enforcement


class ComplianceTerms:
    """The terms of accounts. `default`: the policy of those that chose none."""

    def __init__(self, db: Database, catalogue: Catalogue, default: Enforcement) -> None:
        self._db = db
        self._catalogue = catalogue
        self._default = default

    def get(self, account_id: str) -> TermsView:
        """Raises NotFound."""
        return self._db.read(lambda: self._view(_stored(account_id)))

    def change(self, account_id: str, body: Mapping[str, Any]) -> TermsView:
        """Change the sections that are given; null takes one back to its default. Whoever campaigns
        held or skipped is looked at again by the new terms.

        Raises:
            InvalidRequest: with every fault.
            NotFound: no such account.
        """
        wrong = list(rules.faults(body))
        if body.get("pre_dial") is not None and not wrong:
            fault = self._catalogue.url_fault(body["pre_dial"]["url"], "pre_dial.url")
            wrong += [fault] if fault is not None else []
        if wrong:
            raise InvalidRequest("The terms are not right as they were sent: see 'errors'.", wrong)

        def verb() -> TermsView:
            lock_account(account_id)
            changed = {**_stored(account_id), **plain(body)}
            terms = {name: value for name, value in changed.items() if value is not None}
            accounts.update(account_id, compliance=terms or None)
            campaign_holds.recheck_account(account_id)
            return self._view(terms)

        return self._db.run(verb)

    def _view(self, stored: Mapping[str, Any]) -> TermsView:
        terms = terms_of(stored)
        return TermsView(terms, terms.enforcement or self._default)


def _stored(account_id: str) -> dict[str, Any]:
    account = accounts.get(account_id)
    if account is None:
        raise NotFound("No such account.")
    terms: dict[str, Any] = account.compliance or {}
    return terms
