"""Which call is dialled next, by whom, and what becomes of calls that nobody carries any more.

A claim is one transaction: it counts what every account with waiting calls is running, gives free
places in turn (`claim_turns.py`), and moves each call it takes from queued to dispatching under a
lease. A node takes no more than its share (`node_shares.py`). Limits are
counted from rows, so nothing has to be given back by hand.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from topcalls.core.call_events import (
    CallEvent,
    ChannelLost,
    Claimed,
    DispatchExpired,
    GivenBack,
    Misconfigured,
    Released,
)
from topcalls.core.call_state import LIVE_STATES, Verdict, advance
from topcalls.errors import Conflict
from topcalls.log import get_logger
from topcalls.services import eligibility
from topcalls.services.call_views import ClaimedCall, claimed_call, facts_of
from topcalls.services.campaign_plans import CampaignPlans
from topcalls.services.carried import carried_over
from topcalls.services.catalogue import Catalogue
from topcalls.services.claim_turns import MOST_AT_ONCE as _MOST_AT_ONCE
from topcalls.services.claim_turns import ClaimTurns
from topcalls.services.eligibility import Eligibility
from topcalls.services.node_shares import NodeShares, Shares
from topcalls.services.redecisions import meant_of
from topcalls.services.routing import RoutePlanner
from topcalls.services.transitions import Transitions
from topcalls.store import calls, dispatch, leases
from topcalls.store.database import Database
from topcalls.store.models import Call

LEASE_SECONDS = 30.0
"""How long a controller may be silent about a call before another may take it over."""

_ANY_LEASE = timedelta(days=1)

ABANDONED_AFTER = timedelta(minutes=15)
"""How long a live call may have no owner before it counts as lost."""

UNDIALLED_AFTER = timedelta(seconds=LEASE_SECONDS)
"""How long a call that was claimed and never dialled waits for a controller of its node, before any
other may have it."""

_BATCH = 200

log = get_logger("dispatch")

__all__ = ["ABANDONED_AFTER", "LEASE_SECONDS", "ClaimedCall", "Dispatch"]


class Dispatch:
    """Claims and sweeps. `node_capacity` is how many calls one FreeSWITCH node may carry."""

    def __init__(
        self,
        db: Database,
        transitions: Transitions,
        catalogue: Catalogue,
        eligibility: Eligibility,
        *,
        node_capacity: int | None = None,
    ) -> None:
        self._db = db
        self._catalogue = catalogue
        self._eligibility = eligibility
        self._transitions = transitions
        self._node_capacity = node_capacity
        self._shares = NodeShares()
        self._plans = CampaignPlans()

    def claim(self, owner: str, node: str, free_slots: int, now: datetime) -> list[ClaimedCall]:
        """Take up to `free_slots` calls for a controller, within every limit, fair to accounts."""
        if free_slots < 1 or not self._db.read(dispatch.anything_queued):
            return []
        claim = self._db.run(self._claim, owner, node, free_slots, now)
        self._shares.note(claim.shares, claim.left, now)
        return claim.taken

    def adopt(
        self,
        owner: str,
        node: str | None,
        now: datetime,
        limit: int,
        dead: Collection[str] | None = None,
    ) -> list[ClaimedCall]:
        """Take over live calls whose controller is silent, on one node or (None) on any.

        `dead`: only of these controllers, which are known to have died, however lately they were
        heard. What became of the channels is for the new owner to find out.
        """

        def verb() -> list[ClaimedCall]:
            until = now if dead is None else now + _ANY_LEASE
            rows = calls.orphans(until, node, limit, dead)
            if dead is not None:
                calls.end_leases(dead, now)
            return _taken_over(rows, owner, now)

        return self._db.run(verb)

    def adopt_released(self, owner: str, node: str, now: datetime, limit: int) -> list[ClaimedCall]:
        """Take over live calls of a node that their controller has let go of."""
        return self._db.run(lambda: _taken_over(calls.released(node, limit), owner, now))

    def any_released(self, node: str) -> bool:
        """Whether a controller has let go of a live call of the node; a look without a lock."""
        return self._db.read(calls.any_released, node)

    def are_live(self, names: Collection[str]) -> dict[str, bool]:
        """Of channel uuids and call ids: whether their call is live. Unknown ones are left out."""
        wanted = list(names)
        found: dict[str, bool] = {}
        for at in range(0, len(wanted), _BATCH):
            states = self._db.read(calls.states_by_name, wanted[at : at + _BATCH])
            found |= {name: state in LIVE_STATES for name, state in states.items()}
        return found

    def release_due(self, now: datetime) -> int:
        """Queue scheduled calls whose time has come; how many."""
        return self._apply_each(self._db.read(calls.scheduled_until, now, _BATCH), Released(), now)

    def expire(self, now: datetime) -> int:
        """End calls that waited in the queue for longer than they may; how many."""
        return self._apply_each(self._db.read(calls.overdue, now, _BATCH), DispatchExpired(), now)

    def recover_abandoned(self, now: datetime) -> int:
        """Settle live calls that no controller has taken over; how many.

        One that was never dialled goes back to the queue soon, any other counts as lost once its
        channel cannot be there any more.
        """
        undialled = self._db.read(calls.undialled_orphans, now - UNDIALLED_AFTER, _BATCH)
        given_back = self._apply_each(undialled, GivenBack(), now)
        lost = self._db.read(calls.orphans, now - ABANDONED_AFTER, None, _BATCH)
        dialled = [call for call in lost if not _was_not_dialled(call)]
        lost_now = [self._apply(call, ChannelLost(_last_heard(call)), now) for call in dialled]
        return given_back + sum(lost_now)

    def queue_length(self) -> int:
        """Calls that wait to be dispatched."""
        return self._db.read(dispatch.queue_length)

    def _claim(self, owner: str, node: str, free_slots: int, now: datetime) -> _Claim:
        slots = min(free_slots, _MOST_AT_ONCE, self._room_on(node))
        waiting = dispatch.lock_waiting_accounts() if slots > 0 else []
        turns = ClaimTurns(waiting, self._plans, now)
        callable_now = turns.callable_now
        if callable_now < 1:
            return _Claim()
        shares = self._shares.look(node, callable_now, now)
        if shares.mine < 1:
            return _Claim(shares=shares, left=turns.first())
        planner = RoutePlanner(node, now)
        taken: list[ClaimedCall | None] = []
        for call in turns.next(min(slots, shares.mine)):
            taken.append(self._take(call, owner, node, now, planner))
        return _Claim([call for call in taken if call is not None], shares)

    def _take(
        self, call: Call, owner: str, node: str, now: datetime, planner: RoutePlanner
    ) -> ClaimedCall | None:
        """None for a call that may not, or cannot, be made any more: it has failed now."""
        if not self._is_allowed(call, now):
            return None
        transition = advance(facts_of(call), Claimed())
        self._transitions.write(
            call,
            transition,
            {"node": node},
            now,
            claimed_at=now,
            lease_owner=owner,
            lease_until=now + timedelta(seconds=LEASE_SECONDS),
            tries_left=call.tries_left - 1,
        )
        wanted = call.request.get("carrier_id")
        routes = planner.routes(call.account_id, wanted, call.from_number)
        claimed = claimed_call(_fresh(call), transition.effects, routes=routes)
        problem = self._catalogue.problem(call.account_id, claimed.request, now)
        if problem is None:
            return claimed
        log.warning("A call cannot be made any more", call_id=call.id, why=problem)
        self._transitions.apply(_fresh(call), Misconfigured(problem), now)
        return None

    def _is_allowed(self, call: Call, now: datetime) -> bool:
        """Decided again: since the call was created the hours may be over, or its callee may have
        said no. The account is locked. A call that is not allowed has failed now."""
        terms = dispatch.compliance_of(call.account_id)
        judged = self._eligibility.judge(meant_of(call, "claim", now), terms, now)
        eligibility.record(judged, now)
        if judged.refused_by is None:
            return True
        self._transitions.apply(call, judged.forbidden, now)
        return False

    def _room_on(self, node: str) -> int:
        if self._node_capacity is None:
            return _MOST_AT_ONCE
        dispatch.lock_node(node)
        return self._node_capacity - dispatch.live_on(node)

    def _apply_each(self, rows: list[Call], event: CallEvent, now: datetime) -> int:
        """One transaction per call."""
        return sum(self._apply(call, event, now) for call in rows)

    def _apply(self, call: Call, event: CallEvent, now: datetime) -> bool:
        """False for a call that somebody else moved since it was read."""
        try:
            return self._db.run(self._transitions.apply, call, event, now).verdict is Verdict.MOVED
        except Conflict:
            return False


@dataclass(frozen=True, slots=True)
class _Claim:
    """Calls taken, or the one that was `left` to other nodes."""

    taken: list[ClaimedCall] = field(default_factory=list)
    shares: Shares = Shares(0)  # noqa: RUF009 - it is frozen
    left: str | None = None


def _taken_over(rows: list[Call], owner: str, now: datetime) -> list[ClaimedCall]:
    """Those of the calls that nobody else takes at the same moment."""
    taken = []
    for call in rows:
        if leases.claim(
            Call,
            call.id,
            owner,
            now,
            LEASE_SECONDS,
            Call.version == call.version,
            version=call.version + 1,
            released_at=None,
        ):
            heard_at = min(_last_heard(call), now)
            taken.append(claimed_call(_fresh(call), owner_heard_at=heard_at))
    carried = carried_over([call.call_id for call in taken])
    return [replace(call, carried=carried[call.call_id]) for call in taken]


def _last_heard(call: Call) -> datetime:
    """When the owner last told that it had the call."""
    if call.released_at is not None:
        released_at: datetime = call.released_at
        return released_at
    heard: datetime = call.lease_until - timedelta(seconds=LEASE_SECONDS)
    return heard


def _was_not_dialled(call: Call) -> bool:
    return advance(facts_of(call), GivenBack()).verdict is Verdict.MOVED


def _fresh(call: Call) -> Call:
    row = calls.get(call.id)
    assert row is not None
    return row
