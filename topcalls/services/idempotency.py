"""A request repeated under the same key is answered once and replayed for 24 hours.

A record is begun before the work and completed with its answer after it. Whoever comes with the
same key meanwhile waits. If the process dies in between, the record's lease runs out and the next
one does the work again; what a request makes is noted in the record by the transaction that makes
it (`Calls.create(idempotency_id=…)`), so that nothing is made twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import gevent

from topcalls.clock import Clock
from topcalls.errors import IdempotencyConflict
from topcalls.ids import new_id
from topcalls.store import idempotency
from topcalls.store.database import Database
from topcalls.store.models import IdempotencyRecord

KEEP = timedelta(hours=24)
WORK_LIMIT = timedelta(seconds=60)
"""How long the work of one request may take before another process may begin it again."""

_POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Fresh:
    """Do the work, then `complete` or `abandon` the record `id`."""

    id: str


@dataclass(frozen=True, slots=True)
class Replay:
    """The answer that was given before."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class InProgress:
    """The first request is still at work, and `wait` seconds were not enough."""


class Idempotency:
    """Records of requests under keys."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def begin(
        self,
        account_id: str,
        key: str,
        route: str,
        body_hash: str,
        now: datetime | None = None,
        *,
        wait: float = 10.0,
    ) -> Fresh | Replay | InProgress:
        """Open a record, or find the answer; waits up to `wait` seconds for a request at work.

        Raises:
            IdempotencyConflict: the key was used for another route or body.
        """
        deadline = self._clock.monotonic() + wait
        moment = now or self._clock.now()
        while True:
            answer = self._db.run(_begin, account_id, key, route, body_hash, moment)
            if not isinstance(answer, InProgress) or self._clock.monotonic() >= deadline:
                return answer
            gevent.sleep(_POLL_SECONDS)
            moment = now or self._clock.now()

    def complete(
        self, record_id: str, status: int, headers: Mapping[str, str], body: bytes
    ) -> None:
        """Keep the answer for whoever asks again."""
        self._db.run(
            idempotency.update,
            record_id,
            status=status,
            headers=dict(headers),
            body=body.decode("utf-8", "replace"),
        )

    def abandon(self, record_id: str) -> None:
        """The request failed and may be repeated: let the next one with this key do the work.

        A record under which something was made stays, so that it is not made again.
        """
        self._db.run(_abandon, record_id, self._clock.now())


def body_hash(body: bytes) -> str:
    """What tells two request bodies apart."""
    return hashlib.sha256(body).hexdigest()


def _begin(
    account_id: str, key: str, route: str, digest: str, now: datetime
) -> Fresh | Replay | InProgress:
    record_id = new_id()
    if idempotency.insert(
        id=record_id,
        account=account_id,
        key=key,
        route=route,
        body_hash=digest,
        lease_until=now + WORK_LIMIT,
        created_at=now,
        expires_at=now + KEEP,
    ):
        return Fresh(record_id)
    record = idempotency.find(account_id, key)
    if record is None:
        return InProgress()
    if record.expires_at <= now:
        return _renew(record, route, digest, now)
    if (record.route, record.body_hash) != (route, digest):
        raise IdempotencyConflict(
            "This idempotency key was used before with another request.",
            remedy="Use a new key for a new request; repeat a request exactly.",
        )
    if record.status is not None:
        return Replay(record.status, record.headers or {}, (record.body or "").encode())
    if record.lease_until > now:
        return InProgress()
    idempotency.update(record.id, lease_until=now + WORK_LIMIT)
    return Fresh(record.id)


def _renew(record: IdempotencyRecord, route: str, digest: str, now: datetime) -> Fresh:
    """The key's 24 hours are over: it is as good as new."""
    idempotency.update(
        record.id,
        route=route,
        body_hash=digest,
        resource_id=None,
        lease_until=now + WORK_LIMIT,
        status=None,
        headers=None,
        body=None,
        created_at=now,
        expires_at=now + KEEP,
    )
    return Fresh(record.id)


def _abandon(record_id: str, now: datetime) -> None:
    idempotency.delete(record_id)
    idempotency.update(record_id, lease_until=now)
