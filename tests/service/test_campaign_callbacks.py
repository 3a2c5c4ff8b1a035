"""A callback that is agreed in a call of a campaign is a call of the campaign."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import factories
import pytest
from engine_rig import EngineRig, HeardLife
from test_builtin_tools import run

from topcalls.core.campaign_state import CampaignState, Rank
from topcalls.core.tools import ToolStatus

pytestmark = pytest.mark.service
WEEKDAYS = ["mon", "tue", "wed", "thu", "fri"]


class Talk:
    """A campaign's call, in which somebody talks with the agent."""

    def __init__(self, services, **body):
        self.services = services
        self.rig = EngineRig(services, leads=body.pop("leads", 1), **body)
        self.rig.round()
        now = services.clock.now()
        self.claimed, *_ = services.dispatch.claim(factories.OWNER, factories.NODE, 1, now)
        self.life = HeardLife(services, self.claimed).talk(15)

    def agree(self, hours, use="use-1", **more):
        """The agent schedules a callback so many hours from now, on the clock of Washington."""
        at = self.services.clock.now() + timedelta(hours=hours)
        here = at - timedelta(hours=5)
        return run(
            self.services,
            self.claimed,
            "schedule_callback",
            use,
            at=f"{here:%Y-%m-%dT%H:%M}",
            **more,
        )

    def end(self):
        self.rig.over(self.life.hang_up())
        self.rig.round()

    @property
    def contact(self):
        return self.rig.rows()[0]


def at_of(result):
    return datetime.fromisoformat(json.loads(result.output)["callback_at"])


def test_the_campaign_calls_back_at_the_time_that_was_agreed(services):
    talk = Talk(services)
    result = talk.agree(5, reason="The blue shoes.")
    assert result.status is ToolStatus.SUCCEEDED
    assert len(services.calls.list(talk.rig.account_id).data) == 1
    talk.end()
    contact = talk.contact
    assert (contact.state, contact.rank, contact.reason) == ("waiting", Rank.CALLBACK, "callback")
    assert contact.next_at == at_of(result)
    talk.rig.round((contact.next_at - services.clock.now()).total_seconds() - 2)
    assert len(talk.rig.attempts()) == 1
    talk.rig.round(2)
    first, second = talk.rig.attempts()
    assert (first.outcome, second.number) == ("callback", 2)
    made = services.calls.get(talk.rig.account_id, second.call_id)
    assert made.campaign_id == talk.rig.id
    assert made.metadata["callback_of"] == first.call_id
    assert "The blue shoes." in made.request["request_data"]["callback"]
    talk.rig.play()
    talk.rig.round()
    assert talk.rig.row.state == CampaignState.COMPLETED


def test_it_is_within_the_campaigns_budget_and_counted_in_it(services):
    talk = Talk(services, budget={"calls": 1})
    talk.agree(5)
    talk.end()
    talk.rig.round(5 * 3600 + 60)
    assert len(talk.rig.attempts()) == 1
    assert talk.rig.row.state == CampaignState.PAUSED
    assert talk.rig.row.paused_for["code"] == "campaign_calls"
    assert talk.rig.counts() == {"waiting": 1}


def test_it_takes_one_of_the_campaigns_places(services):
    talk = Talk(services, leads=2, pacing={"max_concurrent": 1})
    talk.agree(5)
    talk.end()
    (other,) = talk.rig.claim()
    other.talk(5 * 3600 + 60)
    talk.rig.round()
    assert talk.rig.claim() == []
    talk.rig.over(other.hang_up())
    talk.rig.round()
    assert len(talk.rig.claim()) == 1


def test_it_is_judged_by_the_campaigns_consents_and_not_by_a_warranty(services):
    talk = Talk(services)
    talk.agree(5)
    talk.end()
    services.compliance_terms.change(talk.rig.account_id, {"enforcement": "enforce"})
    talk.rig.round(5 * 3600 + 60)
    assert len(talk.rig.attempts()) == 1
    assert talk.contact.state in ("held", "skipped")


def test_what_would_keep_it_from_being_made_is_told_while_another_time_can_be_agreed(services):
    """It is Monday, 12:00 UTC; the campaign calls until six in the evening of Washington."""
    windows = [{"days": WEEKDAYS, "start": "07:00", "end": "18:00"}]
    schedule = {"windows": windows, "time_zone": "America/New_York"}
    talk = Talk(services, schedule=schedule)
    late = talk.agree(12)
    assert (late.status, late.error) == (ToolStatus.FAILED, "conflict")
    assert "Tuesday, 24 November 2026, 07:00" in json.loads(late.output)["error"]
    assert talk.agree(5, "use-2").status is ToolStatus.SUCCEEDED
    talk.end()
    assert talk.contact.rank == Rank.CALLBACK


def test_the_law_is_asked_before_somebody_is_promised_a_time(services):
    talk = Talk(services)
    terms = {"enforcement": "enforce", "policy": {"require_scrubs": False}}
    services.compliance_terms.change(talk.rig.account_id, terms)
    result = talk.agree(5)
    assert (result.status, result.error) == (ToolStatus.FAILED, "conflict")
    assert "consent" in json.loads(result.output)["error"]
    talk.end()
    assert talk.contact.last_outcome == "completed"


def test_nobody_is_promised_more_callbacks_than_the_campaign_makes(services):
    talk = Talk(services, retry={"outcomes": {"callback": {"max": 0}}})
    result = talk.agree(5)
    assert (result.status, result.error) == (ToolStatus.FAILED, "conflict")
    assert "as often as" in json.loads(result.output)["error"]


def test_a_campaign_that_is_stopped_meanwhile_promises_nothing(services):
    talk = Talk(services)
    talk.rig.press("stop")
    result = talk.agree(5)
    assert "is over" in json.loads(result.output)["error"]


def test_the_last_time_that_was_agreed_holds_and_an_opt_out_ends_it(services):
    talk = Talk(services)
    talk.agree(5)
    second = talk.agree(7, "use-2")
    talk.end()
    assert talk.contact.next_at == at_of(second)
    other = Talk(services, start=100)
    other.agree(5)
    services.do_not_call.add(
        other.rig.account_id,
        other.claimed.phone_number,
        source="agent",
        call_id=other.claimed.call_id,
    )
    other.end()
    assert (other.contact.state, other.contact.reason) == ("done", "opted_out")


def test_whoever_was_not_reached_then_is_called_again_with_what_was_agreed(services):
    talk = Talk(services)
    talk.agree(5, reason="The blue shoes.")
    talk.end()
    talk.rig.round(5 * 3600 + 60)
    talk.rig.play("USER_BUSY")
    talk.rig.round()
    talk.rig.round(1300)
    last = talk.rig.attempts()[-1]
    assert last.number == 3
    request = services.calls.get(talk.rig.account_id, last.call_id).request
    assert "The blue shoes." in request["request_data"]["callback"]


def test_calls_of_no_campaign_are_called_back_by_a_call_of_their_own(services):
    who = factories.principal(services)
    claimed = factories.claimed_call(services, who)
    HeardLife(services, claimed).talk(5)
    at = services.clock.now() + timedelta(hours=3)
    result = run(services, claimed, "schedule_callback", at=at.isoformat(timespec="minutes"))
    assert json.loads(result.output)["call_id"]
