"""Campaigns by the verbs that users have: made, edited, started, paused, stopped, put away."""

from datetime import timedelta

import pytest
from campaign_rig import TASK, Rig

from topcalls.core.campaign_edit import Effect
from topcalls.errors import Conflict, InvalidRequest, NotFound
from topcalls.services.lead_uploads import UploadOptions

pytestmark = pytest.mark.service


@pytest.fixture
def rig(services):
    return Rig(services)


def problems(refused):
    return {one["path"]: one["code"] for one in refused.value.extra["problems"]}


def test_a_draft_keeps_what_was_sent_and_has_defaults_for_the_rest(rig):
    listed = rig.leads(1)
    made = rig.campaign(listed, pacing={"max_concurrent": 5}, purpose="reminder", weight=3)
    again = rig.services.campaigns.get(rig.account_id, made.id)
    assert again == made
    assert (made.status, made.revision, made.started_at) == ("draft", 1, None)
    assert made.body["list_ids"] == [listed]
    assert made.body["pacing"] == {"max_concurrent": 5}
    assert made.body["call"] == {"task": TASK}
    assert made.body["missing_variables"] == "refuse"
    with pytest.raises(NotFound):
        rig.services.campaigns.get(Rig(rig.services).account_id, made.id)


def test_every_fault_is_told_at_once(rig):
    wrong = {
        "name": "",
        "list_ids": ["7f1c2f64-5b3e-4c8e-9f4e-0a6c6d3c2b1a"],
        "schedule": {"windows": [{"start": "17:00", "end": "09:00"}]},
        "call": {"agent_id": "nobody", "voice": 7},
    }
    with pytest.raises(InvalidRequest) as refused:
        rig.services.campaigns.create(rig.account_id, wanted := wrong)
    paths = [fault.path for fault in refused.value.errors]
    assert "name" in paths
    assert "schedule.windows.0.end" in paths
    assert "call.agent_id" in paths
    assert "call.voice" in paths
    del wanted["call"], wanted["schedule"]
    with pytest.raises(InvalidRequest) as refused:
        rig.services.campaigns.create(rig.account_id, {**wanted, "name": "Spring"})
    assert [fault.path for fault in refused.value.errors] == ["list_ids.0"]


def test_campaigns_are_listed_newest_first_by_state(rig):
    made = [rig.campaign(name=f"No. {n}") for n in range(3)]
    rig.services.campaigns.archive(rig.account_id, made[0].id)
    page = rig.services.campaigns.list(rig.account_id, limit=1)
    assert [one.name for one in page.data] == ["No. 2"]
    rest = rig.services.campaigns.list(rig.account_id, cursor=page.next_cursor)
    assert [one.name for one in rest.data] == ["No. 1"]
    assert rest.next_cursor is None
    everything = rig.services.campaigns.list(rig.account_id, archived=None)
    assert len(everything.data) == 3
    assert rig.services.campaigns.list(rig.account_id, status="running").data == ()


# --- starting


def test_start_enrols_and_a_second_start_changes_nothing(rig):
    campaign = rig.running(3)
    assert (campaign.status, campaign.enrolling) == ("running", False)
    assert rig.states(campaign) == {"waiting": 3}
    rig.clock.advance(5)
    again = rig.control("start", campaign)
    assert (again.status, again.started_at) == ("running", campaign.started_at)


def test_an_empty_campaign_is_not_started(rig):
    campaign = rig.campaign()
    with pytest.raises(Conflict) as refused:
        rig.control("start", campaign)
    assert problems(refused) == {"list_ids": "empty"}
    assert refused.value.extra["reason"] == "not_ready"
    rig.edit(campaign, list_ids=[rig.leads(0, "Empty")])
    with pytest.raises(Conflict, match="the lists are empty"):
        rig.control("start", campaign)
    assert rig.services.campaigns.get(rig.account_id, campaign.id).status == "draft"


def test_an_unfinished_campaign_is_not_started_and_the_check_says_what_it_lacks(rig):
    campaign = rig.campaign(rig.leads(1), call={})
    found = rig.control("check", campaign)
    assert not found.ready
    assert [one.path for one in found.problems] == ["call.task"]
    with pytest.raises(Conflict) as refused:
        rig.control("start", campaign)
    assert problems(refused) == {"call.task": "required"}
    rig.edit(campaign, call={"task": TASK})
    assert rig.control("check", campaign).ready


def test_a_schedule_that_is_over_by_now_is_not_started(rig):
    soon = (rig.clock.now() + timedelta(hours=1)).isoformat()
    campaign = rig.campaign(rig.leads(1), schedule={"end_at": soon})
    rig.clock.advance(3600)
    with pytest.raises(Conflict) as refused:
        rig.control("start", campaign)
    assert problems(refused) == {"schedule.end_at": "in_the_past"}


def test_a_list_that_is_being_filled_is_not_called(rig):
    listed = rig.leads(1)
    campaign = rig.campaign(listed)
    lines = [b"phone_number\n+12025550150\n"]
    options = UploadOptions("merge", "skip", None)
    job = rig.services.lead_uploads.receive(rig.account_id, listed, options, lines)
    with pytest.raises(Conflict, match=job.id) as refused:
        rig.control("start", campaign)
    assert problems(refused) == {"list_ids": "list_under_way"}


def test_a_draft_with_a_start_ahead_waits_for_it_and_can_be_begun_before(rig):
    soon = rig.clock.now() + timedelta(hours=2)
    campaign = rig.campaign(rig.leads(2), schedule={"start_at": soon.isoformat()})
    assert rig.control("start", campaign).status == "scheduled"
    assert rig.states(campaign) == {}
    begun = rig.control("start", campaign)
    assert begun.status == "running"
    assert begun.body["schedule"] == {}
    assert rig.states(campaign) == {"waiting": 2}


def test_a_scheduled_campaign_whose_start_is_taken_away_begins(rig):
    soon = (rig.clock.now() + timedelta(hours=2)).isoformat()
    campaign = rig.campaign(rig.leads(2), schedule={"start_at": soon})
    rig.control("start", campaign)
    rig.edit(campaign, schedule={"start_at": None})
    rig.services.enrolment.step(rig.clock.now())
    assert rig.services.campaigns.get(rig.account_id, campaign.id).status == "running"


def test_what_cannot_be_done_in_a_state_says_what_can(rig):
    campaign = rig.campaign(rig.leads(1))
    for verb in ("pause", "resume", "stop"):
        with pytest.raises(Conflict, match="Start it first"):
            rig.control(verb, campaign)
    rig.control("start", campaign)
    rig.control("stop", campaign)
    for verb in ("start", "pause", "resume"):
        with pytest.raises(Conflict, match="make another one"):
            rig.control(verb, campaign)
    assert rig.control("stop", campaign).status == "cancelled"


def test_pause_and_resume(rig):
    campaign = rig.running(2)
    paused = rig.control("pause", campaign)
    assert (paused.status, paused.paused_for["code"]) == ("paused", "user")
    assert rig.control("pause", campaign) == paused
    rig.clock.advance(60)
    resumed = rig.control("resume", campaign)
    assert (resumed.status, resumed.paused_for, resumed.paused_at) == ("running", None, None)
    assert resumed.started_at == campaign.started_at


def test_a_campaign_that_is_over_by_now_is_not_resumed(rig):
    soon = (rig.clock.now() + timedelta(hours=1)).isoformat()
    campaign = rig.running(1, schedule={"end_at": soon})
    rig.control("pause", campaign)
    rig.clock.advance(3600)
    with pytest.raises(Conflict) as refused:
        rig.control("resume", campaign)
    assert problems(refused) == {"schedule.end_at": "in_the_past"}


# --- editing


def test_an_edit_names_what_changes_and_nothing_else(rig):
    campaign = rig.campaign(pacing={"max_concurrent": 5, "calls_per_minute": 60})
    edited = rig.edit(campaign, 1, pacing={"max_concurrent": 9}, name="Summer")
    assert edited.body["pacing"] == {"max_concurrent": 9, "calls_per_minute": 60}
    assert (edited.name, edited.revision) == ("Summer", 2)
    assert rig.edit(campaign, name="Summer").revision == 2
    with pytest.raises(Conflict, match="at revision 2"):
        rig.edit(campaign, 1, name="Autumn")
    with pytest.raises(InvalidRequest):
        rig.edit(campaign, name=None)
    with pytest.raises(InvalidRequest):
        rig.edit(campaign, pace={})
    with pytest.raises(InvalidRequest):
        rig.edit(campaign, pacing={"max_concurrent": 0})
    assert rig.services.campaigns.get(rig.account_id, campaign.id).revision == 2


def test_header_values_of_tools_are_hidden_and_stay_through_edits(rig):
    tool = {
        "name": "look_up",
        "description": "Looks the customer up.",
        "url": "https://example.com/tool",
        "headers": {"X-Key": "secret"},
    }
    campaign = rig.campaign(call={"task": TASK, "tools": [tool]})
    (kept,) = campaign.body["call"]["tools"]
    assert kept["headers"] == {"X-Key": "[hidden]"}
    edited = rig.edit(campaign, call={"tools": [kept], "language": "en"})
    assert edited.body["call"]["tools"] == [kept]
    found = rig.preview(campaign, call={"tools": [{**tool, "headers": {"X-Key": "new"}}]})
    assert "new" not in str(found)


def test_lists_may_change_while_it_runs_and_contacts_follow(rig):
    first, second = rig.leads(3, "First"), rig.leads(4, "Second", start=1)
    campaign = rig.campaign(first)
    rig.control("start", campaign)
    seen = rig.preview(campaign, list_ids=[second])
    assert (seen.contacts_added, seen.contacts_removed, seen.calls_open) == (2, 3, 0)
    assert [one.takes_effect for one in seen.differences] == [Effect.CONTACTS]
    assert rig.states(campaign) == {"waiting": 3}
    rig.edit(campaign, list_ids=[first, second])
    assert rig.states(campaign) == {"waiting": 5}
    rig.edit(campaign, list_ids=[second])
    assert rig.states(campaign) == {"waiting": 4, "removed": 1}
    rig.edit(campaign, list_ids=[first])
    assert rig.states(campaign) == {"waiting": 3, "removed": 2}
    rig.edit(campaign, list_ids=[first, second])
    assert rig.states(campaign) == {"waiting": 5}


def test_a_preview_tells_what_would_be_refused_and_changes_nothing(rig):
    campaign = rig.running(1)
    soon = (rig.clock.now() + timedelta(hours=1)).isoformat()
    seen = rig.preview(campaign, schedule={"start_at": soon})
    assert [fault.code for fault in seen.faults] == ["has_started"]
    seen = rig.preview(campaign, call={"task": "short"})
    assert [fault.path for fault in seen.faults] == ["call.task"]
    seen = rig.preview(campaign, call={"task": "Ask for something else."}, weight=2)
    assert {one.change.path: one.takes_effect for one in seen.differences} == {
        "call.task": Effect.NEXT_CALLS,
        "weight": Effect.AT_ONCE,
    }
    assert rig.services.campaigns.get(rig.account_id, campaign.id) == campaign


def test_a_running_campaign_is_not_edited_into_one_that_could_not_run(rig):
    campaign = rig.running(1)
    with pytest.raises(InvalidRequest) as refused:
        rig.edit(campaign, call={"task": None})
    assert [fault.path for fault in refused.value.errors] == ["call.task"]


def test_what_is_over_keeps_its_words_only(rig):
    campaign = rig.running(1)
    rig.control("stop", campaign)
    assert rig.edit(campaign, name="The old one").name == "The old one"
    with pytest.raises(Conflict, match="only conversion_outcomes, description, name are edited"):
        rig.edit(campaign, weight=2)
    rig.services.campaigns.archive(rig.account_id, campaign.id)
    with pytest.raises(Conflict, match="archived"):
        rig.edit(campaign, name="The oldest one")


def test_only_what_is_over_or_never_began_is_put_away(rig):
    campaign = rig.running(1)
    with pytest.raises(Conflict, match="Stop it first"):
        rig.services.campaigns.archive(rig.account_id, campaign.id)
    rig.control("stop", campaign)
    archived = rig.services.campaigns.archive(rig.account_id, campaign.id)
    assert archived.archived_at == rig.clock.now()
    rig.clock.advance(1)
    assert rig.services.campaigns.archive(rig.account_id, campaign.id) == archived
    draft = rig.campaign(rig.leads(1, "Other"))
    rig.services.campaigns.archive(rig.account_id, draft.id)
    with pytest.raises(Conflict):
        rig.control("start", draft)


def test_an_agent_that_a_campaign_calls_by_is_not_archived(rig):
    agents = rig.services.agents
    agent = agents.create(rig.account_id, name="Rachel", configuration={"task": TASK}).agent
    with pytest.raises(InvalidRequest) as refused:
        rig.campaign(rig.leads(1), call={"agent_id": agent.id})
    assert [(one.path, one.code) for one in refused.value.errors] == [
        ("call.agent_id", "not_usable")
    ]
    agents.publish(rig.account_id, agent.id)
    campaign = rig.campaign(rig.leads(1, "More"), call={"agent_id": agent.id})
    rig.control("start", campaign)
    with pytest.raises(Conflict, match="the campaign 'Spring'"):
        agents.archive(rig.account_id, agent.id)
    rig.control("stop", campaign)
    agents.archive(rig.account_id, agent.id)


# --- contacts


def test_contacts_come_one_by_one_too(rig):
    listed = rig.leads(3)
    ids = rig.lead_ids(listed)
    campaign = rig.campaign()
    add = rig.services.campaign_contacts.add
    assert add(rig.account_id, campaign.id, ids[:2]).added == 2
    found = add(rig.account_id, campaign.id, [*ids, ids[0]])
    assert (found.added, found.already) == (1, 2)
    rig.control("start", campaign)
    gone = rig.services.campaign_contacts.remove(rig.account_id, campaign.id, ids[0])
    assert (gone.status, gone.reason, gone.next_at) == ("removed", "by_request", None)
    assert rig.states(campaign) == {"waiting": 2, "removed": 1}
    assert add(rig.account_id, campaign.id, ids).added == 1
    assert rig.states(campaign) == {"waiting": 3}
    with pytest.raises(InvalidRequest) as refused:
        add(rig.account_id, campaign.id, [ids[0], "7f1c2f64-5b3e-4c8e-9f4e-0a6c6d3c2b1a"])
    assert [fault.path for fault in refused.value.errors] == ["lead_ids.1"]
    with pytest.raises(InvalidRequest):
        add(rig.account_id, campaign.id, [])
    rig.control("stop", campaign)
    with pytest.raises(Conflict):
        add(rig.account_id, campaign.id, ids)


def test_contacts_are_paged_and_chosen_by_state(rig):
    campaign = rig.running(5)
    seen, cursor = [], None
    while True:
        page = rig.services.campaign_contacts.list(
            rig.account_id, campaign.id, limit=2, cursor=cursor
        )
        seen += [one.lead_id for one in page.data]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == sorted(seen)
    assert len(seen) == 5
    assert rig.contacts(campaign, status="done") == ()
    assert len(rig.contacts(campaign, status="waiting")) == 5
    with pytest.raises(InvalidRequest):
        rig.contacts(campaign, cursor="x")


def test_the_timeline_of_a_contact_that_waits(rig):
    campaign = rig.running(1)
    (contact,) = rig.contacts(campaign)
    details = rig.services.campaign_contacts.get(rig.account_id, campaign.id, contact.lead_id)
    assert details.contact == contact
    assert [entry.what for entry in details.timeline] == ["enrolled", "call"]
    with pytest.raises(NotFound):
        rig.services.campaign_contacts.get(rig.account_id, campaign.id, campaign.id)


def test_whoever_was_put_off_is_looked_at_again_when_the_hours_are_wider(rig):
    early = {"windows": [{"start": "09:00", "end": "17:00"}]}  # it is seven in Washington
    campaign = rig.running(2, schedule=early)
    engine, clock = rig.services.campaign_engine, rig.clock
    engine.round(clock.now())
    assert {one.reason for one in rig.contacts(campaign)} == {"schedule"}
    assert {one.next_at - clock.now() for one in rig.contacts(campaign)} == {
        timedelta(hours=2) - timedelta(microseconds=clock.now().microsecond)
    }
    rig.edit(campaign, weight=2)
    engine.round(clock.now())
    assert rig.states(campaign) == {"waiting": 2}
    rig.edit(campaign, schedule={"windows": []})
    engine.round(clock.now())
    assert rig.states(campaign) == {"in_flight": 2}
