"""The ledger of decisions: sealed, verified, shown and exported.

Records are written in the transaction of what they are about, and sealed later by the worker: so
no call waits for another because of the chain.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from topcalls.core import ledger as rules
from topcalls.core.ledger import Fault, Record
from topcalls.errors import NotFound
from topcalls.services.decision_records import shown
from topcalls.store import decisions
from topcalls.store.database import Database
from topcalls.store.decisions import Head
from topcalls.store.fields import from_microseconds

_ACCOUNTS = 20
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class DecisionView:
    """A decision as it is shown. `seq` and `chain`: its place in the account's chain, None until
    it is sealed. `phone_number` and what else tells of the person is None after an erasure."""

    id: str
    call_id: str | None
    campaign_id: str | None
    stage: str
    verdict: str
    rule_id: str
    decided_at: datetime
    digest: str
    seq: int | None
    chain: str | None
    erased: bool
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class DecisionPage:
    """Decisions, newest first. `next_cursor` is the last one's id if there are more."""

    data: tuple[DecisionView, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Verification:
    """What came of reading an account's whole chain. `head`: its last link, which is kept
    elsewhere by whoever wants to prove later that nothing was cut off. `unsealed`: records outside
    of it."""

    account_id: str
    records: int
    head: str
    unsealed: int
    faults: tuple[Fault, ...]


class Ledger:
    """The chains of all accounts."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def seal(self, now: datetime) -> int:
        """Put records into the chains of their accounts, oldest first; how many. Whoever else does
        it at the same time waits for the head of each chain."""
        wanted = self._db.read(decisions.accounts_unsealed, _ACCOUNTS)
        return sum(self._db.run(_seal, account_id) for account_id in wanted)

    def get(self, account_id: str, decision_id: str) -> DecisionView:
        """Raises NotFound."""

        def verb() -> DecisionView:
            found = decisions.get(account_id, decision_id)
            if found is None:
                raise NotFound("No such decision.")
            return _view(found)

        return self._db.read(verb)

    def list(
        self, account_id: str, limit: int = 50, cursor: str | None = None, **chosen: str
    ) -> DecisionPage:
        """Decisions made before the one that `cursor` names, newest first; `chosen` by
        `phone_number`, `call_id`, `campaign_id`, `verdict`."""

        def verb() -> DecisionPage:
            found = decisions.page(account_id, limit + 1, cursor, chosen)
            views = tuple(map(_view, found[:limit]))
            return DecisionPage(views, views[-1].id if len(found) > limit else None)

        return self._db.read(verb)

    def verify(self, account_id: str) -> Verification:
        """Read an account's chain from its beginning to its end, and name what is wrong."""
        wrong: list[Fault] = []
        seq, link = 0, rules.BEGINNING
        while some := self._db.read(decisions.sealed, account_id, seq, _AT_ONCE):
            for found in rules.faults(some, seq, link):
                if isinstance(found, Fault):
                    wrong.append(found)
                else:
                    seq, link = found
        head = self._db.read(decisions.head, account_id)
        if head != Head(seq, link):
            message = f"The chain ended with number {head.seq}, and not with what is there now."
            wrong.append(Fault(max(seq, head.seq), None, message))
        unsealed = self._db.read(lambda: len(decisions.unsealed(account_id, _AT_ONCE)))
        return Verification(account_id, seq, head.chain, unsealed, tuple(wrong))

    def export(self, account_id: str, number: str | None = None) -> Iterator[DecisionView]:
        """The sealed decisions of an account in their order; or all about one number."""
        if number is not None:
            yield from map(_view, self._db.read(decisions.of_number, account_id, number))
            return
        seq = 0
        while some := self._db.read(decisions.sealed, account_id, seq, _AT_ONCE):
            yield from map(_view, some)
            seq = some[-1].seq or seq + 1


def _seal(account_id: str) -> int:
    seq, link = decisions.head(account_id, lock=True)
    some = decisions.unsealed(account_id, _AT_ONCE)
    for record in some:
        seq, link = seq + 1, rules.link(link, seq + 1, record.digest)
        decisions.seal(record.id, seq, link)
    if some:
        decisions.move_head(account_id, Head(seq, link))
    return len(some)


def _view(record: Record) -> DecisionView:
    return DecisionView(
        id=record.id,
        call_id=record.call_id,
        campaign_id=record.campaign_id,
        stage=record.stage,
        verdict=record.verdict,
        rule_id=record.rule_id,
        decided_at=from_microseconds(record.at),
        digest=record.digest,
        seq=record.seq,
        chain=record.chain,
        erased=record.personal is None,
        detail=shown(record),
    )
