"""The ledger: what each decision about a call rested on, so that nobody can change it unseen.

A record has two parts. What may stay for ever (`content`) and what tells of the person
(`personal`) are digested apart, the second under a salt of its own. When a person is erased, their
part and its salt are deleted and its digest stays: the record can be verified as before, and of the
person nothing can be guessed from it. The records of an account are then chained, each to the one
before it, so that one that was changed, taken out or put in between is found and named.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

BEGINNING: Final = ""
"""What stands for the record before the first."""


@dataclass(frozen=True, slots=True)
class Record:
    """A record as it is stored, `at` in microseconds since 1970. `personal` and `salt` are None
    where the person was erased; `seq` and `chain` until it is sealed."""

    id: str
    account_id: str
    call_id: str | None
    campaign_id: str | None
    stage: str
    verdict: str
    rule_id: str
    at: int
    content: str
    personal: str | None
    salt: str | None
    personal_digest: str
    digest: str
    seq: int | None = None
    chain: str | None = None


class Fault(NamedTuple):
    """What is wrong with an account's ledger, and at which record."""

    seq: int
    record_id: str | None
    message: str


def personal_digest(salt: str, personal: str) -> str:
    """HMAC-SHA256 of the personal part under its salt, in hex."""
    return hmac.digest(salt.encode(), personal.encode(), hashlib.sha256).hex()


def digest(record: Record) -> str:
    """SHA-256 of everything that a record holds, in hex; of the personal part its digest."""
    parts = (
        *(record.id, record.account_id, record.call_id or "", record.campaign_id or ""),
        *(record.stage, record.verdict, record.rule_id, str(record.at)),
        *(record.content, record.personal_digest),
    )
    told = "".join(f"{len(part)}:{part}" for part in parts)
    return hashlib.sha256(told.encode()).hexdigest()


def link(before: str, seq: int, record_digest: str) -> str:
    """What binds record number `seq` to the one before it."""
    return hashlib.sha256(f"{before}:{seq}:{record_digest}".encode()).hexdigest()


def faults(
    records: Iterable[Record], seq: int = 0, before: str = BEGINNING
) -> Iterator[Fault | tuple[int, str]]:
    """What is wrong with sealed records, given in the order of `seq` from behind number `seq`, of
    link `before`; at the end where it came to, to go on from there."""
    for record in records:
        assert record.seq is not None
        for missing in range(seq + 1, record.seq):
            yield Fault(missing, None, "This record is missing.")
        skipped = record.seq != seq + 1
        yield from _own_faults(record)
        if not skipped and record.chain != link(before, record.seq, record.digest):
            message = "Is not bound to the record before it: one of the two was changed."
            yield Fault(record.seq, record.id, message)
        seq, before = record.seq, record.chain or ""
    yield seq, before


def _own_faults(record: Record) -> Iterator[Fault]:
    assert record.seq is not None
    if (record.personal is None) is not (record.salt is None):
        yield Fault(record.seq, record.id, "A part of what tells of the person is gone.")
    elif record.personal is not None and record.salt is not None:
        own = personal_digest(record.salt, record.personal)
        if own != record.personal_digest:
            yield Fault(record.seq, record.id, "What tells of the person was changed.")
    if digest(record) != record.digest:
        yield Fault(record.seq, record.id, "The record was changed.")
