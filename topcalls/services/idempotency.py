"""A request repeated under the same key is answered once and replayed for 24 hours.

The record of the key, the work and the answer are one transaction. So there is no moment at which
a crash leaves work without its answer or a key without its work; a request that is refused leaves
no trace; and whoever comes with the same key meanwhile waits for that transaction to end.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from topcalls.clock import Clock
from topcalls.errors import IdempotencyConflict
from topcalls.ids import new_id
from topcalls.store import idempotency
from topcalls.store.database import Database
from topcalls.store.models import IdempotencyRecord

KEEP = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Request:
    """What a key stands for: a route, and the digest of a body (`body_hash`)."""

    key: str
    route: str
    digest: str


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it goes out. `replayed`: it was given before, and nothing was done now."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    replayed: bool = False


class Idempotency:
    """Records of requests under keys."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def replay(
        self, account_id: str, request: Request, now: datetime | None = None
    ) -> Answer | None:
        """The answer that the key had, if it had one.

        Raises:
            IdempotencyConflict: the key was used for another route or body.
        """
        moment = now or self._clock.now()

        def verb() -> Answer | None:
            record = idempotency.peek(account_id, request.key)
            if record is None or record.expires_at <= moment:
                return None
            return _replayed(record, request)

        return self._db.read(verb)

    def once(
        self,
        account_id: str,
        request: Request,
        work: Callable[[], Answer],
        now: datetime | None = None,
    ) -> Answer:
        """Carry out `work` if the key is new, or give the answer it had.

        `work` is a verb (see `store.database`): it touches nothing but the database.

        Raises:
            IdempotencyConflict: the key was used for another route or body.
        """
        return self._db.run(_once, account_id, request, work, now or self._clock.now())


def body_hash(body: bytes) -> str:
    """What tells two request bodies apart."""
    return hashlib.sha256(body).hexdigest()


def _once(account_id: str, request: Request, work: Callable[[], Answer], now: datetime) -> Answer:
    record_id = new_id()
    opened = idempotency.insert(
        id=record_id,
        account=account_id,
        key=request.key,
        route=request.route,
        body_hash=request.digest,
        created_at=now,
        expires_at=now + KEEP,
    )
    if not opened:
        record = idempotency.find(account_id, request.key)
        if record.expires_at > now:
            return _replayed(record, request)
        _renew(record, request, now)
        record_id = record.id
    answer = work()
    idempotency.complete(record_id, answer.status, answer.headers, answer.body.decode())
    return answer


def _replayed(record: IdempotencyRecord, request: Request) -> Answer:
    if (record.route, record.body_hash) != (request.route, request.digest):
        raise IdempotencyConflict(
            "This idempotency key was used before with another request.",
            remedy="Use a new key for a new request; repeat a request exactly.",
        )
    assert record.status is not None  # committed only together with its answer
    return Answer(record.status, record.headers or {}, (record.body or "").encode(), replayed=True)


def _renew(record: IdempotencyRecord, request: Request, now: datetime) -> None:
    """The key's 24 hours are over: it is as good as new."""
    idempotency.update(
        record.id,
        route=request.route,
        body_hash=request.digest,
        created_at=now,
        expires_at=now + KEEP,
    )
