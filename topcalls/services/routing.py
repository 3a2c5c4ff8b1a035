"""By which carriers a call may leave, and what became of each dial.

The rules are in `core/routing.py`. Functions that say so run inside a verb of somebody else: the
claim asks for routes, the dial intent is stored with the call's row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from topcalls.core.carrier_status import GOOD, Health
from topcalls.core.routing import Attempt, Candidate, Decision, Route, Then, plan
from topcalls.core.trunks import gateway_name
from topcalls.errors import Conflict, InvalidRequest
from topcalls.services.carriers import STALE_AFTER
from topcalls.store import calls, carriers, routing
from topcalls.store.database import Database
from topcalls.store.models import CarrierStatus

OWN_CARRIER = "the installation's own trunk"
_BAD = frozenset(set(Health) - GOOD - {Health.PENDING, Health.REGISTERING})


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a dial ended that nobody answered. The last three as of `core.call_events.Hangup`."""

    cause: str | None
    sip_status: int | None
    rang_ms: int
    decision: Decision
    phrase: str = ""
    reason: str = ""
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class AttemptView:
    """A dial as the call's owner sees it. `then` and `why`: what was decided when it ended."""

    attempt: int
    carrier_id: str | None
    carrier_name: str
    channel_id: str
    dialled_at: datetime
    ended_at: datetime | None
    rang_seconds: float | None
    sip_status: int | None
    cause: str | None
    sip_phrase: str | None
    sip_reason: str | None
    retry_at: datetime | None
    then: str | None
    why: str | None


class RoutePlanner:
    """The routes of calls claimed in one verb: an account is looked up once."""

    def __init__(self, node: str, now: datetime) -> None:
        self._node = node
        self._now = now
        self._candidates: dict[str, list[Candidate]] = {}

    def routes(
        self, account_id: str, wanted: str | None, from_number: str | None
    ) -> tuple[Route, ...]:
        """Inside a verb: the account's carriers for a call, see `core.routing.plan`."""
        if account_id not in self._candidates:
            self._candidates[account_id] = self._look_up(account_id)
        candidates = self._candidates[account_id]
        if not candidates:
            return ()
        number = carriers.number_named(from_number) if from_number else None
        mine = number is not None and number.account_id == account_id
        return plan(candidates, wanted, number.carrier_id if number and mine else None, None)

    def _look_up(self, account_id: str) -> list[Candidate]:
        rows = carriers.outbound_of(account_id)
        told = carriers.statuses([row.id for row in rows]) if rows else {}
        resting = routing.resting([row.id for row in rows], self._now)
        return [
            Candidate(
                Route(
                    row.id,
                    row.name,
                    gateway_name(row.id),
                    row.trunk.get("number_format", "+e164"),
                    row.trunk.get("number_prefix", ""),
                ),
                row.id not in resting and self._is_usable(row.version, told[row.id]),
            )
            for row in rows
        ]

    def _is_usable(self, version: int, told: Sequence[CarrierStatus]) -> bool:
        return not any(
            status.node == self._node
            and status.version == version
            and self._now - status.checked_at <= STALE_AFTER
            and Health(status.health) in _BAD
            for status in told
        )


def check_carrier(account_id: str, carrier_id: str | None) -> None:
    """Inside a verb: a call may ask for this carrier.

    Raises:
        InvalidRequest: the account has none of this id that takes calls out.
    """
    if carrier_id is None:
        return
    if all(row.id != carrier_id for row in carriers.outbound_of(account_id)):
        raise InvalidRequest(
            "No carrier of your account that takes outbound calls has this id; "
            "GET /v1/phone-numbers/carriers lists them.",
            field="carrier_id",
        )


def intend(call_id: str, attempt: Attempt, channel_uuid: str, now: datetime) -> None:
    """Inside the verb of the dial intent: store the attempt.

    Raises:
        Conflict: the dial before this one was not decided to be followed by another.
    """
    if attempt.number > 1:
        before = {row.number: row for row in routing.attempts(call_id)}.get(attempt.number - 1)
        if before is None or before.then != Then.NEXT:
            raise Conflict("The call was dialled before.")
    routing.insert(
        call_id,
        attempt.number,
        carrier_id=attempt.route.carrier_id,
        carrier_name=attempt.route.carrier_name or OWN_CARRIER,
        gateway=attempt.route.gateway,
        channel_id=channel_uuid,
        dialled_at=now,
    )


def ended(call_id: str, number: int, outcome: Outcome, now: datetime) -> None:
    """Inside a verb: store how a dial ended, and what was decided then. Repeating it changes
    nothing."""
    routing.finish(
        call_id,
        number,
        ended_at=now,
        cause=outcome.cause,
        sip_status=outcome.sip_status,
        rang_ms=outcome.rang_ms,
        sip_phrase=outcome.phrase or None,
        sip_reason=outcome.reason or None,
        retry_at=_retry_at(outcome, now),
        then=outcome.decision.then,
        why=outcome.decision.why,
    )


def _retry_at(outcome: Outcome, now: datetime) -> datetime | None:
    wait = outcome.retry_after
    return None if wait is None else now + timedelta(seconds=wait)


class Routing:
    """Reads the dials of calls."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def attempts(self, account_id: str, call_id: str) -> list[AttemptView]:
        """The dials of a call of this account, in order; none for any other call."""

        def verb() -> list[AttemptView]:
            if calls.of_account(account_id, call_id) is None:
                return []
            return [
                AttemptView(
                    attempt=row.number,
                    carrier_id=row.carrier_id,
                    carrier_name=row.carrier_name,
                    channel_id=row.channel_id,
                    dialled_at=row.dialled_at,
                    ended_at=row.ended_at,
                    rang_seconds=None if row.rang_ms is None else row.rang_ms / 1000,
                    sip_status=row.sip_status,
                    cause=row.cause,
                    sip_phrase=row.sip_phrase,
                    sip_reason=row.sip_reason,
                    retry_at=row.retry_at,
                    then=row.then,
                    why=row.why,
                )
                for row in routing.attempts(call_id)
            ]

        return self._db.read(verb)
