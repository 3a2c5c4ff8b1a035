"""Campaigns make their calls by themselves: each once, within their limits, to the end."""

from __future__ import annotations

from datetime import timedelta

import factories
import pytest
from engine_rig import EngineRig

from topcalls.core.campaign_state import CampaignState, Rank
from topcalls.core.pacing import LEAST_AHEAD
from topcalls.store.models import Campaign

pytestmark = pytest.mark.service


def test_everybody_is_called_and_the_campaign_is_over(services):
    rig = EngineRig(services, leads=3)
    rig.round()
    assert rig.counts() == {"in_flight": 3}
    assert rig.play() == 3
    rig.round()
    assert rig.counts() == {"done": 3}
    assert rig.row.state == CampaignState.COMPLETED
    assert rig.row.ended_for["code"] == "completed"
    assert [one.outcome for one in rig.attempts()] == ["completed"] * 3
    assert all(one.counted and one.talk_seconds == 60 for one in rig.attempts())
    calls = services.calls.list(rig.who.account_id, campaign_id=rig.id).data
    assert len(calls) == 3
    assert {call.lead_id for call in calls} == {one.lead_id for one in rig.rows()}
    leads = services.leads.list(rig.who.account_id).items
    assert {lead.status for lead in leads} == {"Contacted"}


def test_a_second_worker_and_a_second_round_make_no_call_twice(services, tmp_path):
    rig = EngineRig(services, leads=5)
    rig.round()
    rig.engine.producer.produce(services.clock.now())
    other = factories.services(services.db, tmp_path, services.clock)
    other.campaign_engine.round(services.clock.now())
    assert len(rig.attempts()) == 5
    assert services.dispatch.queue_length() == 5


def test_a_busy_line_is_called_again_after_its_delay_and_given_up_in_the_end(services):
    rig = EngineRig(services, leads=1)
    for number, delay in enumerate([20, 1440, 20, 1440], 1):
        rig.round()
        assert rig.play("USER_BUSY") == 1
        rig.round()
        (contact,) = rig.rows()
        assert (contact.state, contact.counted, contact.rank) == ("waiting", number, Rank.RETRY)
        assert contact.next_at - services.clock.now() == timedelta(minutes=delay)
        rig.round(delay * 60 - 1)
        assert services.dispatch.queue_length() == 0
    rig.round()
    rig.play("USER_BUSY")
    rig.round()
    (contact,) = rig.rows()
    assert (contact.state, contact.reason, contact.last_outcome) == ("given_up", "busy", "busy")
    assert rig.row.state == CampaignState.COMPLETED
    assert [one.number for one in rig.attempts()] == [1, 2, 3, 4, 5]


def test_a_retry_that_is_due_comes_before_people_who_were_never_called(services):
    rig = EngineRig(services, leads=30)
    rig.round()
    first = rig.claim(1)[0]
    first.dial().fail("USER_BUSY")
    rig.press("pause")
    rig.round()
    rig.clock.advance(3600)
    rig.press("resume")
    rig.round()
    queued = rig.claim(100)
    assert len(queued) == LEAST_AHEAD
    again = [one for one in rig.attempts() if one.number == 2 and one.outcome is None]
    retried = next(one for one in rig.attempts() if one.outcome == "busy")
    assert retried.lead_id in {one.lead_id for one in again}


def test_a_pause_gives_what_waits_back_untouched_and_lets_the_rest_go_on(services):
    rig = EngineRig(services, leads=4)
    rig.round()
    before = {one.lead_id: one.next_at for one in rig.rows()}
    (talking,) = rig.claim(1)
    talking.talk(10)
    rig.press("pause")
    assert rig.counts() == {"waiting": 3, "in_flight": 1}
    assert services.dispatch.queue_length() == 0
    for contact in rig.rows():
        if contact.state == "waiting":
            assert (contact.next_at, contact.counted, contact.rank) == (
                before[contact.lead_id],
                0,
                Rank.FRESH,
            )
    rig.round()
    assert rig.claim() == []
    rig.over(talking.hang_up())
    rig.round()
    assert rig.counts() == {"waiting": 3, "done": 1}
    rig.press("resume")
    rig.round()
    assert rig.play() == 3
    rig.round()
    assert rig.row.state == CampaignState.COMPLETED
    outcomes = sorted(one.outcome for one in rig.attempts())
    assert outcomes == ["completed"] * 4 + ["withdrawn"] * 3


def test_a_call_made_while_its_campaign_was_being_paused_is_taken_back(services):
    rig = EngineRig(services, leads=1)
    rig.round()
    services.db.run(_set_state, rig.id, CampaignState.PAUSED)
    assert rig.claim() == []
    rig.round()
    assert rig.counts() == {"waiting": 1}
    assert services.dispatch.queue_length() == 0


def test_a_call_that_waits_too_long_is_decided_anew(services):
    rig = EngineRig(services, leads=1)
    rig.round()
    rig.round(299)
    assert len(rig.attempts()) == 1
    rig.round(2)
    assert [one.outcome for one in rig.attempts()] == ["withdrawn", None]
    assert services.dispatch.queue_length() == 1


def _set_state(campaign_id, state):
    Campaign.update(state=state).where(Campaign.id == campaign_id).execute()
