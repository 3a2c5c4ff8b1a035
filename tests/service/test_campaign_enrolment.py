"""Leads of a campaign's lists become its contacts: in pieces, and as lists change."""

from datetime import timedelta

import factories
import pytest

from topcalls.core.campaign_state import CampaignState, ContactState
from topcalls.services import campaign_enrolment
from topcalls.services.campaign_enrolment import begin
from topcalls.store import campaign_contacts, campaigns

pytestmark = pytest.mark.service


@pytest.fixture
def who(services):
    return factories.principal(services)


def a_list(services, who, count, name="Leads", start=0):
    """A list of so many leads, and their ids."""
    made = services.lead_lists.create(who.account_id, {"name": name}).id
    leads = [{"phone_number": f"+1202555{start + n:04}"} for n in range(count)]
    if leads:
        services.lead_imports.run(who.account_id, {"list_id": made, "leads": leads})
    return made


def a_campaign(services, who, *list_ids, **columns):
    """The id of a draft that calls these lists."""
    now = services.clock.now()
    row = {
        "id": f"00000000-0000-4000-8000-{len(list_ids):012}",
        "account": who.account_id,
        "name": "Spring",
        "state": CampaignState.DRAFT,
        "call": {"task": "Ask whether the appointment still suits."},
        "purpose": "reminder",
        "settings": {},
        "weight": 1,
        "priority": 5,
        "conversion_outcomes": [],
        "webhook_events": [],
        "created_at": now,
        "updated_at": now,
        **columns,
    }

    def verb():
        campaigns.insert(**row)
        campaigns.set_lists(row["id"], list_ids)
        return row["id"]

    return services.db.run(verb)


def start(services, campaign_id):
    def verb():
        row = campaigns.found(campaign_id, lock=True)
        return begin(row, services.campaign_moves, services.clock.now())

    return services.db.run(verb)


def counts(services, campaign_id):
    return services.db.read(campaign_contacts.counts, campaign_id)


def state_of(services, campaign_id):
    return services.db.read(campaigns.found, campaign_id)


def test_leads_are_enrolled_in_pieces_and_each_once(services, who, monkeypatch):
    monkeypatch.setattr(campaign_enrolment, "CHUNK", 4)
    first = a_list(services, who, 6, "First")
    second = a_list(services, who, 8, "Second", start=3)  # three are on both
    campaign = a_campaign(services, who, first, second)
    assert start(services, campaign)
    assert counts(services, campaign)["waiting"] == 4
    assert state_of(services, campaign).enrolling
    made = []
    while state_of(services, campaign).enrolling:
        made.append(services.enrolment.step(services.clock.now()))
    assert sum(made) + 4 == 11 == counts(services, campaign)["waiting"]
    assert max(made) <= 4
    assert services.enrolment.step(services.clock.now()) == 0


def test_a_list_of_exactly_one_piece(services, who, monkeypatch):
    monkeypatch.setattr(campaign_enrolment, "CHUNK", 4)
    campaign = a_campaign(services, who, a_list(services, who, 4))
    start(services, campaign)
    assert services.enrolment.step(services.clock.now()) == 0
    assert not state_of(services, campaign).enrolling


def test_leads_put_on_a_list_later_are_called_too(services, who):
    listed = a_list(services, who, 2)
    campaign = a_campaign(services, who, listed)
    start(services, campaign)
    services.leads.create(
        who.account_id, {"name": "Ann", "phone_number": "+12025550150", "list_id": listed}
    )
    leads = [{"phone_number": "+12025550151"}, {"phone_number": "+12025550000"}]
    services.lead_imports.run(who.account_id, {"list_id": listed, "leads": leads})
    assert counts(services, campaign)["waiting"] == 4


def test_leads_put_on_the_list_of_a_draft_wait_for_its_start(services, who):
    listed = a_list(services, who, 2)
    campaign = a_campaign(services, who, listed)
    services.leads.create(
        who.account_id, {"name": "Ann", "phone_number": "+12025550150", "list_id": listed}
    )
    assert counts(services, campaign)["waiting"] == 0
    start(services, campaign)
    assert counts(services, campaign)["waiting"] == 3


def test_leads_off_a_list_are_called_no_more_unless_they_are_on_another(services, who):
    first, second = a_list(services, who, 3, "First"), a_list(services, who, 1, "Second")
    campaign = a_campaign(services, who, first, second)
    start(services, campaign)
    listed = services.leads.list(who.account_id, list_id=first).items
    for lead in listed:
        services.leads.delete(who.account_id, lead.id, first)
    found = counts(services, campaign)
    assert (found["waiting"], found["removed"]) == (1, 0)  # leads without a list are deleted


def test_a_contact_that_is_off_its_list_but_on_others_of_the_account_is_removed(services, who):
    first, second = a_list(services, who, 1, "First"), a_list(services, who, 1, "Second")
    campaign = a_campaign(services, who, first)
    start(services, campaign)
    (lead,) = services.leads.list(who.account_id, list_id=second).items
    services.leads.delete(who.account_id, lead.id, first)
    contact = services.db.read(campaign_contacts.get, campaign, lead.id)
    assert contact.state == ContactState.REMOVED
    assert contact.reason == "off_list"


def test_a_scheduled_campaign_begins_when_its_time_has_come(services, who, clock):
    soon = clock.now() + timedelta(hours=1)
    listed = a_list(services, who, 2)
    campaign = a_campaign(services, who, listed, state=CampaignState.SCHEDULED, start_at=soon)
    services.enrolment.step(clock.now())
    assert state_of(services, campaign).state == "scheduled"
    clock.advance(3600)
    services.enrolment.step(clock.now())
    row = state_of(services, campaign)
    assert (row.state, row.started_at, row.running_since) == ("running", clock.now(), clock.now())
    assert counts(services, campaign)["waiting"] == 2


def test_a_list_that_a_campaign_calls_is_not_deleted(services, who):
    listed = a_list(services, who, 0)
    a_campaign(services, who, listed)
    with pytest.raises(Exception, match="called by the campaign 'Spring'"):
        services.lead_lists.delete(who.account_id, listed)
