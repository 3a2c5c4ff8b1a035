"""What webhooks are told of campaigns, and of the status of leads."""

import json

import pytest
from campaign_rig import Rig
from engine_rig import EngineRig

from topcalls.core.webhook_retry import Outcome

pytestmark = pytest.mark.service
CAMPAIGN_URL, ACCOUNT_URL = "https://a.example/campaign", "https://b.example/account"


@pytest.fixture
def rig(services):
    return Rig(services)


def told(rig, url):
    """The events that were sent to a URL, and their bodies."""
    found = rig.services.webhooks.due(rig.clock.now(), 100)
    sent = [(one.event, json.loads(one.payload)) for one in found if one.url == url]
    for one in found:
        rig.services.webhooks.record_attempt(one.id, 1, Outcome(status=204), rig.clock.now())
    return sent


def subscribe(rig, event):
    rig.services.webhook_subscriptions.create(rig.who, {"event": event, "url": ACCOUNT_URL})


def life(rig, **body):
    """A campaign that was started, paused, resumed and stopped; what its URL was told of each."""
    campaign = rig.campaign(rig.leads(2), webhook_url=CAMPAIGN_URL, **body)
    found = []
    for verb in ("start", "pause", "resume", "stop"):
        rig.control(verb, campaign)
        rig.control(verb, campaign) if verb != "resume" else None
        rig.clock.advance(2)
        found += told(rig, CAMPAIGN_URL)
    return found


def test_a_campaign_tells_each_of_its_moves_once(rig):
    found = life(rig)
    assert [name for name, _ in found] == [
        "campaign.started",
        "campaign.paused",
        "campaign.resumed",
        "campaign.stopped",
    ]
    started, paused, _, stopped = (body for _, body in found)
    assert started["status"] == "running"
    assert (started["name"], started["sandbox"]) == ("Spring", True)
    assert paused["reason"] == {"code": "user", "detail": "By request."}
    assert (paused["calls_given_back"], paused["statistics"]["contacts"]["waiting"]) == (0, 2)
    assert stopped["statistics"]["completion_rate"] == 0.0


def test_it_tells_only_what_is_asked_for(rig):
    found = life(rig, webhook_events=["campaign.stopped", "call.completed"])
    assert [name for name, _ in found] == ["campaign.stopped"]


def test_the_account_is_told_by_the_documented_names(rig):
    subscribe(rig, "campaign.activated")
    subscribe(rig, "campaign.paused")
    campaign = rig.running(1)
    for verb in ("pause", "resume", "stop"):
        rig.clock.advance(2)
        rig.control(verb, campaign)
    found = {(name, body["event"]) for name, body in told(rig, ACCOUNT_URL)}
    rig.clock.advance(2)
    found |= {(name, body["event"]) for name, body in told(rig, ACCOUNT_URL)}
    assert found == {
        ("campaign.activated", "campaign.started"),
        ("campaign.paused", "campaign.paused"),
        ("campaign.activated", "campaign.resumed"),
    }


def test_calls_of_a_campaign_are_told_to_its_url(rig):
    campaign = rig.running(1, webhook_url=CAMPAIGN_URL, webhook_events=["call.queued"])
    rig.services.campaign_engine.round(rig.clock.now())
    ((name, body),) = told(rig, CAMPAIGN_URL)
    assert (name, body["campaign_id"]) == ("call.queued", campaign.id)


def test_the_status_of_a_lead(rig):
    subscribe(rig, "lead.status_changed")
    listed = rig.leads(2)
    first, second = rig.services.leads.list(rig.account_id, list_id=listed).items
    rig.services.leads.change(rig.account_id, first.id, {"status": "Contacted"})
    rig.services.leads.change(rig.account_id, first.id, {"status": "Contacted", "name": "Ann"})
    leads = [{"phone_number": second.phone_number, "status": "Unsubscribed"}]
    body = {"list_id": listed, "leads": leads, "mode": "overwrite"}
    rig.services.lead_imports.run(rig.account_id, body)
    found = {body["lead_id"]: body for _, body in told(rig, ACCOUNT_URL)}
    rig.clock.advance(2)
    assert told(rig, ACCOUNT_URL) == []
    changes = {
        lead_id: (one["previous_status"], one["status"], one["cause"])
        for lead_id, one in found.items()
    }
    assert changes == {
        first.id: ("New", "Contacted", "api"),
        second.id: ("New", "Unsubscribed", "import"),
    }


def test_nobody_who_asked_for_nothing_is_told(rig):
    rig.running(1)
    lead = rig.services.leads.list(rig.account_id).items[0]
    rig.services.leads.change(rig.account_id, lead.id, {"status": "Contacted"})
    assert rig.services.webhook_log.deliveries(rig.account_id).data == ()


def test_a_call_of_a_campaign_changes_the_status_of_its_lead(services):
    rig = EngineRig(services, leads=1)
    webhook = {"event": "lead.status_changed", "url": ACCOUNT_URL}
    services.webhook_subscriptions.create(rig.who, webhook)
    rig.round()
    rig.play()
    rig.round()
    found = services.webhooks.due(services.clock.now(), 100)
    ((body, call),) = [
        (json.loads(one.payload), rig.attempts()[0].call_id)
        for one in found
        if one.event == "lead.status_changed"
    ]
    assert (body["previous_status"], body["status"], body["cause"]) == (
        "New",
        "Contacted",
        "campaign",
    )
    assert (body["campaign_id"], body["call_id"]) == (rig.id, call)
