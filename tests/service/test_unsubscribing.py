"""Who wants no calls of an account at all is `Unsubscribed`, who wants none of one kind is not."""

from __future__ import annotations

from datetime import timedelta

import factories
import pytest
from engine_rig import EngineRig
from test_campaign_webhooks import ACCOUNT_URL, subscribe, told

from topcalls.core.call_events import Hangup, OriginateFailed
from topcalls.core.do_not_call import Listing
from topcalls.core.opt_out import OPT_OUT_KEY, OptOut, Tier
from topcalls.errors import NotCallable
from topcalls.services.transitions import hangup_facts

pytestmark = pytest.mark.service
NUMBER = "+12025550000"
STOP = OptOut(Tier.STOP, "stop calling me", "en")
KEY = OptOut(Tier.STOP, OPT_OUT_KEY, "")
ABOUT = OptOut(Tier.PURPOSE, "stop calling me about the solar panels", "en")


@pytest.fixture
def rig(services):
    return EngineRig(services, leads=1, purpose="offers")


def status(rig):
    (lead,) = rig.services.leads.list(rig.account_id, phone_number=NUMBER).items
    return lead.status


def talking(rig):
    rig.round()
    (life,) = rig.claim()
    return life.talk(15)


def heard(rig, life, what):
    rig.services.calls.opt_outs.heard(life.call_id, what, rig.clock.now())
    rig.over(life.hang_up())
    rig.round()


def by_agent(rig, life):
    more = {"source": "agent", "call_id": life.call_id}
    rig.services.do_not_call.add(rig.account_id, NUMBER, "Enough.", **more)
    rig.over(life.hang_up())
    rig.round()


# --- one purpose


def test_who_wants_none_of_one_purpose_is_called_for_others(services, rig):
    heard(rig, talking(rig), ABOUT)
    (contact,) = rig.rows()
    assert (contact.state, contact.reason, contact.last_outcome) == (
        "done",
        "opted_out",
        "opted_out",
    )
    assert status(rig) == "Contacted"
    (entry,) = services.do_not_call.list(rig.account_id).data
    assert (entry.scope, entry.purpose) == ("purpose", "offers")
    list_id = rig.row and services.lead_lists.list(rig.account_id).data[0].id
    same = rig.campaign(list_id, name="Same", purpose="offers")
    other = rig.campaign(list_id, name="Other", purpose="reminders")
    for made in (same, other):
        rig.control("start", made)
    rig.round(5 * 3600)
    assert rig.states(same) == {"skipped": 1}
    assert rig.states(other) == {"in_flight": 1}
    assert len(rig.claim()) == 1


@pytest.mark.parametrize(
    "scope", [{"purpose": "offers"}, {"campaign_id": "3d7a9c52-2b6e-4f0d-8c1a-7e5b4f9d2a60"}, {}]
)
def test_an_entry_of_some_calls_or_for_a_time_leaves_the_status_alone(services, rig, scope):
    ends = {} if scope else {"expires_at": rig.clock.now() + timedelta(days=2)}
    services.do_not_call.add(rig.account_id, NUMBER, **scope, **ends)
    assert status(rig) == "New"
    services.leads.delete(rig.account_id, rig.rows()[0].lead_id)
    rig.leads(1, name="Again")
    assert status(rig) == "New"


# --- every call


@pytest.mark.parametrize("what", [STOP, KEY])
def test_who_says_or_presses_it_is_unsubscribed_at_once(services, rig, what):
    life = talking(rig)
    services.calls.opt_outs.heard(life.call_id, what, rig.clock.now())
    assert status(rig) == "Unsubscribed"
    rig.over(life.hang_up())
    rig.round()
    assert rig.rows()[0].reason == "opted_out"
    assert status(rig) == "Unsubscribed"


def test_what_an_agent_or_a_user_lists_counts_alike(services, rig):
    life = talking(rig)
    subscribe(rig, "lead.status_changed")
    rig.clock.advance(2)
    by_agent(rig, life)
    assert status(rig) == "Unsubscribed"
    ((_, news),) = told(rig, ACCOUNT_URL)
    assert (news["cause"], news["campaign_id"], news["call_id"]) == ("call", rig.id, life.call_id)


@pytest.mark.parametrize(("source", "cause"), [("api", "api"), ("csv", "import")])
def test_a_list_that_is_brought_unsubscribes_whoever_is_a_lead(services, rig, source, cause):
    subscribe(rig, "lead.status_changed")
    rig.clock.advance(2)
    listings = [Listing(NUMBER, source=source), Listing("+12025559999", source=source)]
    services.do_not_call.insert(rig.account_id, listings)
    services.do_not_call.insert(rig.account_id, listings)
    assert status(rig) == "Unsubscribed"
    ((_, news),) = told(rig, ACCOUNT_URL)
    assert (news["previous_status"], news["status"], news["cause"]) == (
        "New",
        "Unsubscribed",
        cause,
    )


@pytest.mark.parametrize("of_campaign", [True, False])
def test_who_marks_a_call_as_unwanted_is_on_the_list(services, rig, of_campaign):
    """T90."""
    if of_campaign:
        rig.round()
        (life,) = rig.claim()
    else:
        claimed = factories.claimed_call(services, rig.who, phone_number=NUMBER)
        life = factories.Life(services, claimed)
    unwanted = Hangup("CALL_REJECTED", 607)
    life.dial().take(OriginateFailed(unwanted), **hangup_facts(unwanted))
    rig.round()
    entry = services.do_not_call.get(rig.account_id, NUMBER)
    assert (entry.scope, entry.source, entry.call_id) == ("account", "carrier", life.call_id)
    assert status(rig) == "Unsubscribed"
    with pytest.raises(NotCallable):
        factories.queued_call(services, rig.who, phone_number=NUMBER)


def test_a_status_that_a_user_gave_is_told_as_what_it_is(services, rig):
    (contact,) = rig.rows()
    services.leads.change(rig.account_id, contact.lead_id, {"status": "Unsubscribed"})
    with pytest.raises(NotCallable) as refused:
        factories.queued_call(services, rig.who, phone_number=NUMBER)
    assert "status Unsubscribed" in refused.value.message
    assert "another status" in refused.value.remedy
    services.do_not_call.add(rig.account_id, NUMBER)
    with pytest.raises(NotCallable) as refused:
        factories.queued_call(services, rig.who, phone_number=NUMBER)
    assert "do-not-call list" in refused.value.message


# --- the webhook


def test_what_a_call_puts_on_the_list_is_told_once(services, rig):
    life = talking(rig)
    subscribe(rig, "do_not_call.added")
    rig.clock.advance(2)
    heard(rig, life, ABOUT)
    by_machine = services.calls.opt_outs.heard(life.call_id, ABOUT, rig.clock.now())
    assert not by_machine
    ((name, news),) = told(rig, ACCOUNT_URL)
    (entry,) = services.do_not_call.list(rig.account_id).data
    assert name == news["event"] == "do_not_call.added"
    expected = {
        "entry_id": entry.id,
        "phone_number": NUMBER,
        "scope": "purpose",
        "purpose": "offers",
        "campaign_id": None,
        "source": "transcript",
        "reason": ABOUT.words,
        "call_id": life.call_id,
        "of_campaign_id": rig.id,
        "lead_id": rig.rows()[0].lead_id,
        "expires_at": None,
        "sandbox": True,
    }
    assert {field: news[field] for field in expected} == expected


def test_what_the_account_lists_itself_is_no_news_to_it(services, rig):
    subscribe(rig, "do_not_call.added")
    rig.clock.advance(2)
    services.do_not_call.add(rig.account_id, NUMBER)
    services.do_not_call.add_many(rig.account_id, [{"phone_number": "+12025559999"}])
    assert told(rig, ACCOUNT_URL) == []
