"""Calls that come in: whose they are, whether they are taken, and by which controller.

Every controller of a switch hears of a parked call. Whoever stores its row first has it; the rest
find the row and leave it alone. A call that is not taken is stored too, where its account is known,
so that its users see what they missed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from topcalls import tracing
from topcalls.core import inbound_numbers, quota, variables
from topcalls.core.call_events import Arrived, CallEvent, HungUp, HungUpBy, Refused
from topcalls.core.call_request import CallRequest
from topcalls.core.call_state import State
from topcalls.core.inbound import ANSWERS, Arrival, Refusal, told_headers
from topcalls.core.inbound_sources import Source, is_foreign, senders
from topcalls.core.trunks import gateway_name
from topcalls.errors import InsufficientQuota, TopCallsError
from topcalls.ids import new_id
from topcalls.log import get_logger
from topcalls.services import budgets, quotas
from topcalls.services.account_speech import AccountSpeech
from topcalls.services.agents import Agents
from topcalls.services.call_views import ClaimedCall, claimed_call
from topcalls.services.catalogue import Catalogue
from topcalls.services.costs import Costs
from topcalls.services.dispatch import LEASE_SECONDS
from topcalls.services.quotas import Claim
from topcalls.services.transitions import Transitions, hangup_facts
from topcalls.store import calls, carriers, dispatch, softphones
from topcalls.store.database import Database
from topcalls.store.fields import plain
from topcalls.store.locking import lock_account
from topcalls.store.models import Call, PhoneNumber

LEAST_SECONDS = 60
"""A caller is let in for what is left of the account's minutes, if it is as much as this."""

_MOST_ALIKE = 50
_LATE = "No controller took the call in time."

log = get_logger("inbound")


@dataclass(frozen=True, slots=True)
class TurnedAway:
    """A call that is refused, and why. `call_id` None: no account knows of it."""

    refusal: Refusal
    call_id: str | None = None


class Inbound:
    """`node_capacity` is how many calls one FreeSWITCH node may carry."""

    def __init__(
        self,
        db: Database,
        costs: Costs,
        agents: Agents,
        catalogue: Catalogue,
        speech: AccountSpeech,
        transitions: Transitions,
        *,
        sandbox: bool,
        node_capacity: int | None = None,
    ) -> None:
        self._db = db
        self._costs = costs
        self._agents = agents
        self._catalogue = catalogue
        self._speech = speech
        self._transitions = transitions
        self._sandbox = sandbox
        self._node_capacity = node_capacity

    def take(self, arrival: Arrival, owner: str, now: datetime) -> ClaimedCall | TurnedAway | None:
        """Take a call for a controller; None when it has been taken, or turned away, already."""
        return self._db.run(self._take, arrival, owner, now)

    def turn_away(self, arrival: Arrival, refusal: Refusal, now: datetime) -> TurnedAway | None:
        """Refuse a call, whatever it is; None when it has been taken, or turned away, already."""

        def verb() -> TurnedAway | None:
            number, unknown = self._number(arrival)
            if number is None:
                return TurnedAway(unknown)
            return self._refuse(number, arrival, refusal, "", now)

        return self._db.run(verb)

    def missed(self, arrival: Arrival, ended: HungUp, now: datetime) -> str | None:
        """Store a call that was over before any controller had taken it; its id, where its account
        is known and nobody has stored it."""

        def verb() -> str | None:
            number, _ = self._number(arrival)
            if number is None or self._is_stored(number, arrival):
                return None
            event: CallEvent = ended
            if ended.hangup.by is not HungUpBy.CALLEE:
                event = Refused(ANSWERS[Refusal.NO_CAPACITY].reason, _LATE)
            call = self._insert(number, _bare(number, arrival), arrival, now)
            self._transitions.apply(call, event, now, **hangup_facts(ended.hangup))
            return str(call.id)

        return self._db.run(verb)

    # --- taking

    def _take(self, arrival: Arrival, owner: str, now: datetime) -> ClaimedCall | TurnedAway | None:
        number, unknown = self._number(arrival)
        if number is None:
            return TurnedAway(unknown)
        if self._is_stored(number, arrival):
            return None
        request, refusal, why = self._request(number, arrival, now)
        refusal = refusal or self._limit(number.account_id, arrival.node, now)
        call_id = new_id()
        if refusal is None:
            request, refusal, why = self._set_aside(number.account_id, call_id, request, now)
        if refusal is not None:
            return self._refuse(number, arrival, refusal, why, now, request)
        call = self._insert(number, request, arrival, now, call_id)
        transition = self._transitions.apply(
            call,
            Arrived(),
            now,
            node=arrival.node,
            dialled_at=now,
            lease_owner=owner,
            lease_until=now + timedelta(seconds=LEASE_SECONDS),
        )
        row = calls.get(call_id)
        assert row is not None
        return claimed_call(row, transition.effects)

    def _request(
        self, number: _Called, arrival: Arrival, now: datetime
    ) -> tuple[CallRequest, Refusal | None, str]:
        """What the number's agent makes of the call, or why none does."""
        bare = _bare(number, arrival)
        if not number.is_active:
            return bare, Refusal.NUMBER_INACTIVE, ""
        if number.agent_id is None:
            return bare, Refusal.NO_AGENT, ""
        caller, name = bare.from_number, "" if arrival.is_hidden else arrival.caller_name
        headers = told_headers(arrival)
        try:
            request = self._agents.inbound_request(
                number.account_id,
                number.agent_id,
                called_number=number.number,
                caller_number=caller,
                caller_name=name,
                headers=headers,
            )
        except TopCallsError as error:
            return bare, Refusal.AGENT_UNUSABLE, str(error)
        except (AttributeError, KeyError, TypeError, ValueError):
            log.exception("An agent's configuration cannot be used", agent_id=number.agent_id)
            return bare, Refusal.AGENT_UNUSABLE, "Its configuration is broken."
        if problem := self._catalogue.problem(number.account_id, request, now):
            log.warning("An agent cannot take calls", agent_id=number.agent_id, why=problem)
            return bare, Refusal.AGENT_UNUSABLE, problem
        request = self._catalogue.resolved(number.account_id, request)
        request = self._speech.added(number.account_id, request)
        told = variables.of_call(None, "", name, headers)
        request = replace(
            request, from_number=caller, request_data={**told, **request.request_data}
        )
        return request, None, ""

    def _limit(self, account_id: str, node: str, now: datetime) -> Refusal | None:
        (load,) = dispatch.loads([account_id], now)
        if load.live >= load.max_concurrent:
            return Refusal.TOO_MANY_CALLS
        if self._node_capacity is not None:
            dispatch.lock_node(node)
            if dispatch.live_on(node) >= self._node_capacity:
                return Refusal.NO_CAPACITY
        return None

    def _set_aside(
        self, account_id: str, call_id: str, request: CallRequest, now: datetime
    ) -> tuple[CallRequest, Refusal | None, str]:
        """Hold what the call may need: it may last as long as wanted, or as the account has minutes
        and its budgets leave."""
        wanted = quota.reservation(request.max_duration)
        seconds = quotas.longest(account_id, wanted)
        if seconds < min(LEAST_SECONDS, wanted):
            return request, Refusal.NO_MINUTES, ""
        seconds = budgets.longest(account_id, seconds, now)
        if seconds < min(LEAST_SECONDS, wanted):
            return request, Refusal.OVER_BUDGET, "Its minutes are used up."
        if seconds < wanted:
            request = replace(request, max_duration=seconds / 60)
        cost = self._costs.predicted(account_id, request, inbound=True)
        try:
            quotas.reserve(account_id, Claim(call_id, request.max_duration, cost, now), now)
        except InsufficientQuota as error:
            return request, Refusal.OVER_BUDGET, error.message
        return request, None, ""

    # --- refusing

    def _refuse(
        self,
        number: _Called,
        arrival: Arrival,
        refusal: Refusal,
        why: str,
        now: datetime,
        request: CallRequest | None = None,
    ) -> TurnedAway | None:
        if self._is_stored(number, arrival):
            return None
        answer = ANSWERS[refusal]
        call = self._insert(number, request or _bare(number, arrival), arrival, now)
        self._transitions.apply(
            call,
            Refused(answer.reason, f"{answer.words} {why}".rstrip()),
            now,
            node=arrival.node,
            hangup_cause=answer.cause,
            sip_status=answer.sip_status,
            hung_up_by=HungUpBy.US,
        )
        return TurnedAway(refusal, call.id)

    # --- rows

    def _is_stored(self, number: _Called, arrival: Arrival) -> bool:
        """Asked under the account's lock, so that two controllers do not both store it."""
        lock_account(number.account_id)
        return bool(calls.states_by_name([arrival.channel_uuid]))

    def _insert(
        self,
        number: _Called,
        request: CallRequest,
        arrival: Arrival,
        now: datetime,
        call_id: str | None = None,
    ) -> Call:
        return calls.insert(
            id=call_id or new_id(),
            account=number.account_id,
            direction="inbound",
            state=State.PENDING,
            sandbox=self._sandbox,
            phone_number=number.number,
            from_number=request.from_number,
            priority=request.priority,
            request=plain(request.to_mapping()),
            agent_id=request.agent_id or number.agent_id,
            agent_version=request.agent_version,
            channel_id=arrival.channel_uuid,
            tries_left=0,
            created_at=calls.free_time(number.account_id, now),
            trace_context=tracing.for_new_call(),
        )

    def _number(self, arrival: Arrival) -> tuple[_Called | None, Refusal]:
        """Whose the called number is; or why it is nobody's, as far as this call goes."""
        if arrival.softphone is not None:
            return _called_by_softphone(arrival.softphone, arrival.called)
        wanted = inbound_numbers.dialled(arrival.called)
        found = senders(_sources(), arrival.sender)
        row = _first_known(wanted.numbers) or _national(wanted.national, found)
        if row is None:
            return None, Refusal.UNKNOWN_NUMBER
        if is_foreign(row.account_id, arrival.sender, found):
            return None, Refusal.FOREIGN_CARRIER
        if row.carrier_id and found and row.carrier_id not in {one.carrier_id for one in found}:
            log.warning(
                "A number was called by another trunk than its own",
                number_id=row.id,
                carrier_id=found[0].carrier_id,
            )
        return _called(row), Refusal.UNKNOWN_NUMBER


class _Called(NamedTuple):
    """What was called. `caller`: who calls, where that is certain."""

    account_id: str
    number: str
    agent_id: str | None
    is_active: bool
    caller: str | None = None


def _called(row: PhoneNumber) -> _Called:
    return _Called(row.account_id, row.number, row.agent_id, row.status == "active")


def _called_by_softphone(username: str, text: str) -> tuple[_Called | None, Refusal]:
    """One of the softphone's own account's numbers."""
    softphone = softphones.with_username(username)
    if softphone is None:
        return None, Refusal.UNKNOWN_SOFTPHONE
    wanted = inbound_numbers.dialled(text)
    row = _first_known(wanted.numbers)
    if row is None or row.account_id != softphone.account_id:
        row = _meant(wanted.national, carriers.numbers_of(softphone.account_id))
    if row is None:
        return None, Refusal.UNKNOWN_NUMBER
    return _called(row)._replace(caller=softphone.extension), Refusal.UNKNOWN_NUMBER


def _first_known(numbers: Iterable[str]) -> PhoneNumber | None:
    found = (carriers.number_named(number) for number in numbers)
    return next((row for row in found if row is not None), None)


def _sources() -> list[Source]:
    return [
        Source(
            carrier_id,
            account_id,
            (*trunk.get("inbound_addresses", ()), trunk.get("host", "")),
            gateway_name(carrier_id),
        )
        for carrier_id, account_id, trunk in carriers.senders()
    ]


def _national(digits: str | None, found: Sequence[Source]) -> PhoneNumber | None:
    """A number dialled within its country: the one number of the sending carrier that it is."""
    if digits is None:
        return None
    ending = digits.lstrip("0")[-6:]
    alike = carriers.numbers_ending(ending, [one.carrier_id for one in found], _MOST_ALIKE)
    return _meant(digits, alike)


def _meant(digits: str | None, rows: Iterable[PhoneNumber]) -> PhoneNumber | None:
    """The one of these numbers that is dialled so within its country."""
    if digits is None:
        return None
    meant = [row for row in rows if inbound_numbers.is_national_form(digits, row.number)]
    return meant[0] if len(meant) == 1 else None


def _bare(number: _Called, arrival: Arrival) -> CallRequest:
    """A call of which nothing is known but its numbers."""
    caller = number.caller
    if caller is None and not arrival.is_hidden:
        caller = inbound_numbers.caller_number(arrival.caller, number.number)
    return CallRequest(phone_number=number.number, from_number=caller)
