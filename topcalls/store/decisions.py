"""Queries on decisions about calls, and the chain that they are sealed into."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from topcalls.core.ledger import BEGINNING, Record
from topcalls.store import rows
from topcalls.store.fields import to_microseconds
from topcalls.store.locking import locked
from topcalls.store.models import Decision, LedgerHead

_RECORD = (
    '"id", "account_id", "call_id", "campaign_id", "stage", "verdict", "rule_id", "at", '
    '"content", "personal", "salt", "personal_digest", "digest", "seq", "chain"'
)
_UNSEALED_ACCOUNTS = 'SELECT DISTINCT "account_id" FROM "decision" WHERE "seq" IS NULL LIMIT ?'
_UNSEALED = (
    f'SELECT {_RECORD} FROM "decision" WHERE "account_id" = ? AND "seq" IS NULL '
    'ORDER BY "id" LIMIT ?'
)
_SEALED = (
    f'SELECT {_RECORD} FROM "decision" WHERE "account_id" = ? AND "seq" > ? AND "seq" IS NOT NULL '
    'ORDER BY "seq" LIMIT ?'
)
_SEAL = 'UPDATE "decision" SET "seq" = ?, "chain" = ? WHERE "id" = ? AND "seq" IS NULL'
_OF_NUMBER = (
    f'SELECT {_RECORD} FROM "decision" WHERE "account_id" = ? AND "phone_number" = ? ORDER BY "id"'
)
_OF_CALL = f'SELECT {_RECORD} FROM "decision" WHERE "call_id" = ? ORDER BY "id"'
_ONE = f'SELECT {_RECORD} FROM "decision" WHERE "account_id" = ? AND "id" = ?'


class Head(NamedTuple):
    """Where an account's chain ends."""

    seq: int
    chain: str


def insert(record: Record, phone_number: str, at: datetime) -> None:
    """Store a record that is new, in the transaction of what it is about."""
    rows.insert(
        Decision,
        id=record.id,
        account=record.account_id,
        call_id=record.call_id,
        campaign_id=record.campaign_id,
        stage=record.stage,
        verdict=record.verdict,
        rule_id=record.rule_id,
        at=at,
        phone_number=phone_number,
        content=record.content,
        personal=record.personal,
        salt=record.salt,
        personal_digest=record.personal_digest,
        digest=record.digest,
        seq=None,
        chain=None,
    )


def get(account_id: str, decision_id: str) -> Record | None:
    """One record of an account."""
    return next(_records(_ONE, account_id, decision_id), None)


def of_number(account_id: str, number: str) -> list[Record]:
    """Every record about a number, oldest first."""
    return list(_records(_OF_NUMBER, account_id, number))


def of_call(call_id: str) -> list[Record]:
    """The records about a call, oldest first."""
    return list(_records(_OF_CALL, call_id))


def page(account_id: str, limit: int, before: str | None, chosen: dict[str, Any]) -> list[Record]:
    """Up to `limit` records made before the one of id `before`, newest first. `chosen`: columns
    (`phone_number`, `call_id`, `verdict`) and what they are."""
    text, values = f'SELECT {_RECORD} FROM "decision" WHERE "account_id" = ?', [account_id]
    for name, value in chosen.items():
        text += f' AND "{name}" = ?'
        values.append(value)
    if before is not None:
        text += ' AND "id" < ?'
        values.append(before)
    return list(_records(f'{text} ORDER BY "id" DESC LIMIT ?', *values, limit))


def accounts_unsealed(limit: int) -> list[str]:
    """Accounts with records outside of their chain."""
    return [account_id for (account_id,) in rows.select(_UNSEALED_ACCOUNTS, limit)]


def unsealed(account_id: str, limit: int) -> list[Record]:
    """Records outside of the chain, oldest first."""
    return list(_records(_UNSEALED, account_id, limit))


def sealed(account_id: str, after: int, limit: int) -> list[Record]:
    """Records of the chain behind number `after`, in its order."""
    return list(_records(_SEALED, account_id, after, limit))


def head(account_id: str, *, lock: bool = False) -> Head:
    """The end of an account's chain. `lock`: nobody else makes it longer meanwhile."""
    if lock:
        rows.insert_new(LedgerHead, account=account_id, seq=0, chain=BEGINNING)
    query = LedgerHead.select().where(LedgerHead.account == account_id)
    row = (locked(query) if lock else query).first()
    return Head(0, BEGINNING) if row is None else Head(row.seq, row.chain)


def seal(record_id: str, seq: int, chain: str) -> None:
    """Put a record into the chain, whose head is locked."""
    rows.change(_SEAL, seq, chain, record_id)


def move_head(account_id: str, to: Head) -> None:
    """The chain ends here now."""
    rows.update(LedgerHead, {"account": account_id}, seq=to.seq, chain=to.chain)


def _records(text: str, *values: Any) -> Iterator[Record]:
    return (Record(*row) for row in rows.select(text, *values))


def microseconds(moment: datetime) -> int:
    """A moment as records have it."""
    return to_microseconds(moment)
