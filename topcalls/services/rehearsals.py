"""Campaigns are rehearsed: run whole on a virtual clock, by the rules that would run them, with the
people, limits and budgets that there are, and without a dial. Nothing is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import orjson

from topcalls.clock import Clock
from topcalls.core import budgets, pacing, quota
from topcalls.core.call_request import CallRequest
from topcalls.core.campaign_state import CONTACTS_LEFT, FINAL, CampaignState
from topcalls.core.costs import Prediction
from topcalls.core.fair_share import Lane
from topcalls.core.rehearsal_money import Purses
from topcalls.core.rehearsal_wishes import Wishes, faults, wishes_of
from topcalls.errors import Conflict, InvalidRequest, NotFound
from topcalls.services import budgets as budget_services
from topcalls.services.campaign_control import CampaignControl
from topcalls.services.campaign_plans import CampaignPlan, plan_of
from topcalls.services.campaign_requests import CampaignRequests
from topcalls.services.campaigns import found
from topcalls.services.costs import Costs
from topcalls.services.eligibility import Eligibility, parsed, server_of
from topcalls.services.eligibility import plan_of as eligibility_plan_of
from topcalls.services.judgements import Meant
from topcalls.services.rehearsal_child import RehearsalChild
from topcalls.services.rehearsal_people import RehearsalPeople
from topcalls.services.rehearsal_persons import Texts
from topcalls.services.rehearsal_process import Order
from topcalls.store import budgets as spent
from topcalls.store import (
    campaign_contacts,
    campaign_people,
    campaign_production,
    campaigns,
    dispatch,
    person_facts,
    quotas,
)
from topcalls.store.database import Database
from topcalls.store.models import Campaign

MOST_PEOPLE: Final = 200_000
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True)
class RehearsalRules:
    """By what calls are judged and priced. `folder`: of the operator's own rules; `from_number`:
    that of calls that name none."""

    eligibility: Eligibility
    requests: CampaignRequests
    costs: Costs
    folder: Path | None = None
    from_number: str = ""


class Rehearsals:
    """See the module's text."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        control: CampaignControl,
        rules: RehearsalRules,
        people: RehearsalPeople,
        child: RehearsalChild | None = None,
    ) -> None:
        self._db = db
        self._clock = clock
        self._control = control
        self._rules = rules
        self._people = people
        self._child = child or RehearsalChild()

    def run(
        self, account_id: str, campaign_id: str, given: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """The report of `told`, read."""
        report: dict[str, Any] = orjson.loads(self.told(account_id, campaign_id, given))
        return report

    def told(
        self, account_id: str, campaign_id: str, given: Mapping[str, Any] | None = None
    ) -> bytes:
        """What would come of a campaign, as JSON. The same wishes with a start, of the same data,
        give the same bytes. `given`: see `core.rehearsal_wishes`.

        Raises:
            Conflict: it could not be started as it is (`extra["problems"]`), or is over.
            InvalidRequest: of the wishes, or there are more than `MOST_PEOPLE`.
            NoCapacity: another rehearsal is under way in this process.
            NotFound: no such campaign in this account.
        """
        wrong = list(faults(given or {}))
        if wrong:
            message = "The rehearsal is not right as it was asked for: see 'errors'."
            raise InvalidRequest(message, wrong)
        self._ensure_possible(account_id, campaign_id)
        wishes, now = wishes_of(given or {}), self._clock.now()
        order, list_ids = self._db.read(self._order, account_id, campaign_id, wishes, now)
        people = self._people.pieces(account_id, campaign_id, list_ids, order.begins)
        return self._child.rehearse(order, people)

    def close(self) -> None:
        """The process stops: a rehearsal that is under way comes to nothing."""
        self._child.close()

    # --- parts

    def _ensure_possible(self, account_id: str, campaign_id: str) -> None:
        state = self._db.read(lambda: found(account_id, campaign_id).state)
        if state in FINAL:
            raise Conflict(
                f"The campaign is {state}.",
                remedy="Make another one like it, and rehearse that.",
                reason="campaign_state",
                status=state,
            )
        self._control.ensure_ready(account_id, campaign_id)

    def _order(
        self, account_id: str, campaign_id: str, wishes: Wishes, now: datetime
    ) -> tuple[Order, list[str]]:
        row = found(account_id, campaign_id)
        rules, list_ids = plan_of(row), _lists_to_come(row)
        _ensure_few(row, list_ids)
        begins = _begins(rules, wishes, now)
        body = self._rules.requests.body(row)
        request = CallRequest.from_mapping({**body, "phone_number": _first_number(row, list_ids)})
        from_number = request.from_number or self._rules.from_number
        predicted = self._rules.costs.predicted(account_id, request)
        terms = parsed(dispatch.compliance_of(account_id))
        meant = Meant(account_id, request, begins, "rehearsal", campaign_id=campaign_id)
        (load,) = dispatch.loads([account_id], now)
        concurrent = max(1, pacing.without_reserve(load.max_concurrent, load.inbound_reserve))
        uses = campaign_production.number_uses(
            account_id, rules.pool.numbers, begins - _DAY, begins
        )
        order = Order(
            campaign={"id": row.id, "revision": row.revision, "status": row.state},
            wishes=wishes,
            begins=begins,
            schedule=rules.schedule,
            pacing=rules.pacing,
            retry=rules.retry,
            pool=rules.pool,
            breaker=rules.breaker,
            plan=eligibility_plan_of(meant, terms),
            policy=terms.policy,
            texts=Texts(body, rules.defaults),
            concurrent=concurrent,
            per_minute=load.max_per_minute,
            lane=_lane(rules, concurrent),
            beside=_beside(row, concurrent),
            enforced=self._rules.eligibility.is_enforced(terms),
            uses=tuple(uses),
            callers=person_facts.callers_of(account_id, [*rules.pool.numbers, from_number]),
            from_number=from_number or None,
            asks_server=server_of(meant, terms) is not None,
            purses=_purses(account_id, rules, begins),
            need=budgets.Need(
                quota.reservation(request.max_duration), predicted.micros, predicted.unknown
            ),
            micros_per_minute=_micros_per_minute(predicted),
            rules_folder=self._rules.folder,
        )
        return order, list_ids


def _begins(rules: CampaignPlan, wishes: Wishes, now: datetime) -> datetime:
    start = rules.schedule.start_at
    begins = wishes.starts_at or (start if start is not None and start > now else now)
    return begins.replace(microsecond=0)


def _lists_to_come(row: Campaign) -> list[str]:
    """Lists of which there are leads that are to become contacts."""
    if row.state in (CampaignState.DRAFT, CampaignState.SCHEDULED) or row.enrolling:
        return [one.list_id for one in campaigns.lists(row.id)]
    return []


def _ensure_few(row: Campaign, list_ids: list[str]) -> None:
    counts = campaign_contacts.counts(row.id)
    people = sum(counts[state] for state in CONTACTS_LEFT)
    people += campaign_contacts.count_new(row.id, list_ids)
    if people > MOST_PEOPLE:
        raise InvalidRequest(
            f"The campaign would call {people:,} people, and {MOST_PEOPLE:,} can be rehearsed.",
            field="list_ids",
            remedy="Rehearse a campaign of the same settings with a part of its lists.",
        )


def _first_number(row: Campaign, list_ids: list[str]) -> str:
    """By which the price of a call is looked up."""
    for lead, _ in campaign_people.contacts(row.id, "", 1):
        return lead.phone_number
    for list_id in list_ids:
        for lead in campaign_people.on_list(row.id, list_id, "", 1):
            return lead.phone_number
    raise NotFound("The campaign has nobody to call any more.")


def _lane(rules: CampaignPlan, concurrent: int) -> Lane:
    room = min(rules.pacing.max_concurrent or concurrent, concurrent)
    return Lane(rules.campaign_id, 0, room, rules.weight, rules.priority)


def _beside(row: Campaign, concurrent: int) -> tuple[Lane, ...]:
    """The account's other campaigns that run, as if each wanted all that it may have."""
    running = [one for one in campaigns.running() if one.account_id == row.account_id]
    return tuple(_lane(plan_of(one), concurrent) for one in running if one.id != row.id)


def _purses(account_id: str, rules: CampaignPlan, begins: datetime) -> Purses:
    limits, balance = budget_services.limits_of(account_id), quotas.balance(account_id)
    assert balance is not None
    given = budgets.account_budgets(limits.budgets)
    day = budgets.day_of(begins, limits.time_zone)
    used, held = spent.of_campaign(account_id, rules.campaign_id)
    sums = {period: spent.of_account(account_id, period, day) for period in given}
    return Purses(
        campaign=rules.budget.budget,
        campaign_spent=used + held,
        account=given,
        account_spent={period: used + held for period, (used, held) in sums.items()},
        zone=limits.time_zone,
        seconds=None if balance.unlimited else balance.available,
    )


def _micros_per_minute(predicted: Prediction) -> int | None:
    """Of a call as long as the account's calls are, where it had any, else of the longest."""
    likely = predicted.told["expected"] or predicted.told["at_most"]
    if likely["total"] is None or not likely["minutes"]:
        return None
    return round(Decimal(likely["total"]) * 1_000_000 / Decimal(str(likely["minutes"])))
