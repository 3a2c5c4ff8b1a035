"""Who said that they want no calls: kept at once, found again in what was said, held to."""

import factories
import pytest

from topcalls.core.answer_verdict import Answerer, Verdict
from topcalls.core.call_events import Hangup, OriginateFailed
from topcalls.core.call_state import State
from topcalls.core.compliance import DEFAULT_PURPOSE
from topcalls.core.opt_out import OptOut, Tier
from topcalls.core.opt_out_words import OptOutPlan
from topcalls.core.transcript import Turn
from topcalls.core.wrap_up import Result
from topcalls.errors import NotCallable, NotFound
from topcalls.services.campaign_ends import ending_of
from topcalls.services.lineup import Lineup
from topcalls.services.transitions import hangup_facts
from topcalls.store import calls as store_calls

pytestmark = pytest.mark.service

STOP = OptOut(Tier.STOP, "stop calling me", "en")
KEY = OptOut(Tier.STOP, "9", "")
ABOUT = OptOut(Tier.PURPOSE, "stop calling me about", "en")
NUMBER = factories.NUMBER


@pytest.fixture
def who(services):
    return factories.principal(services)


def talking(services, who, *said, **fields):
    life = factories.Life(services, factories.claimed_call(services, who, **fields)).talk(10)
    for seq, (speaker, text) in enumerate(said, 1):
        turn = Turn(seq, speaker, text, seq * 1000, seq * 1000 + 900)
        services.calls.append_turn(life.call_id, turn)
    return life


def over(services, who, *said):
    return talking(services, who, *said).hang_up().call_id


def heard(services, call_id, what=STOP):
    return services.calls.opt_outs.heard(call_id, what, services.clock.now())


def look(services, call_id):
    return services.calls.opt_outs.second_look(call_id, services.clock.now())


def events(services, who, call_id, kind="OptedOut"):
    trail = services.call_trail.events(who.account_id, call_id)
    return [event.detail for event in trail if event.kind == kind]


def listed(services, who, **scope):
    return services.do_not_call.get(who.account_id, NUMBER, **scope)


def is_listed(services, who):
    try:
        listed(services, who)
    except NotFound:
        return False
    return True


# --- during the call


@pytest.mark.parametrize(("what", "by"), [(STOP, "transcript"), (KEY, "key")])
def test_what_is_heard_in_a_call_is_kept_at_once(services, who, what, by):
    life = talking(services, who)
    assert heard(services, life.call_id, what)
    entry = listed(services, who)
    assert (entry.scope, entry.source, entry.call_id) == ("account", by, life.call_id)
    call = services.calls.get(who.account_id, life.call_id)
    assert call.opted_out == "account"
    assert [one["by"] for one in events(services, who, life.call_id)] == [by]


def test_the_same_again_changes_nothing(services, who):
    life = talking(services, who)
    assert heard(services, life.call_id)
    assert not heard(services, life.call_id)
    assert not heard(services, life.call_id, ABOUT)
    assert len(events(services, who, life.call_id)) == 1


def test_one_for_a_purpose_may_become_one_for_the_account(services, who):
    life = talking(services, who)
    assert heard(services, life.call_id, ABOUT)
    assert listed(services, who, purpose=DEFAULT_PURPOSE).scope == "purpose"
    assert services.calls.get(who.account_id, life.call_id).opted_out == "purpose"
    assert heard(services, life.call_id)
    assert services.calls.get(who.account_id, life.call_id).opted_out == "account"


def test_the_lead_is_unsubscribed(services, who):
    people = services.lead_lists.create(who.account_id, {"name": "People"})
    ann = {"list_id": people.id, "phone_number": NUMBER, "name": "Ann"}
    lead = services.leads.create(who.account_id, ann)
    heard(services, talking(services, who).call_id)
    assert services.leads.get(who.account_id, lead.id).status == "Unsubscribed"


def test_a_call_that_waits_for_the_same_number_is_refused_when_it_is_claimed(services, who):
    life = talking(services, who)
    waiting = factories.queued_call(services, who)
    heard(services, life.call_id)
    assert services.dispatch.claim(factories.OWNER, "node-2", 10, services.clock.now()) == []
    call = services.calls.get(who.account_id, waiting.id)
    assert (call.end_reason, call.status) == ("not_callable", "failed")
    with pytest.raises(NotCallable) as caught:
        factories.queued_call(services, who)
    assert caught.value.extra["rule"] == "do_not_call"


def test_campaigns_see_that_a_call_ended_so(services, who):
    life = talking(services, who)
    heard(services, life.call_id)
    life.hang_up()
    row = services.db.read(store_calls.get, life.call_id)
    assert services.db.read(ending_of, row, Lineup()).end.opted_out
    assert row.state == State.COMPLETED


# --- the second look


def test_what_nobody_acted_on_is_found_when_the_call_is_over(services, who):
    call_id = over(services, who, ("assistant", "Hello!"), ("user", "stop call—"))
    assert look(services, call_id) is Result.DONE
    assert listed(services, who).source == "transcript"
    assert look(services, call_id) is Result.DONE
    assert len(events(services, who, call_id)) == 1


def test_a_sentence_that_was_cut_in_two_is_found(services, who):
    call_id = over(services, who, ("user", "please take me"), ("user", "off your list"))
    assert look(services, call_id) is Result.DONE
    assert is_listed(services, who)


@pytest.mark.parametrize(
    "said",
    [
        ("user", "Don't stop calling until you reach me."),
        ("assistant", "You can say stop calling me at any time."),
        ("user", "I am not interested."),
        ("user", "[pressed 9]"),
    ],
)
def test_what_is_none_leads_to_none(services, who, said):
    assert look(services, over(services, who, said)) is Result.SKIPPED
    assert not is_listed(services, who)


def test_what_a_machine_said_is_noted_for_a_person_and_no_more(services, who):
    life = talking(services, who, ("user", "Please do not call this number."))
    verdict = Verdict(Answerer.VOICEMAIL, 0.9, 2.0, ())
    services.calls.answers.note(life.call_id, verdict, services.clock.now())
    call_id = life.hang_up().call_id
    assert look(services, call_id) is Result.DONE
    assert not is_listed(services, who)
    assert len(events(services, who, call_id, "OptOutByMachine")) == 1
    assert look(services, call_id) is Result.SKIPPED


def test_what_somebody_took_off_the_list_is_not_put_on_it_again(services, who):
    life = talking(services, who, ("user", "Stop calling me."))
    heard(services, life.call_id)
    services.do_not_call.remove(who.account_id, NUMBER)
    assert look(services, life.hang_up().call_id) is Result.DONE
    assert not is_listed(services, who)


def test_what_the_agent_put_on_the_list_is_marked(services, who):
    life = talking(services, who)
    services.do_not_call.add(who.account_id, NUMBER, source="agent", call_id=life.call_id)
    assert look(services, life.hang_up().call_id) is Result.DONE
    assert services.calls.get(who.account_id, life.call_id).opted_out == "account"


def test_it_is_a_step_before_the_webhook(services, who):
    call_id = over(services, who, ("user", "Stop calling me."))
    now = services.clock.now()
    for _ in range(20):
        services.clock.advance(3)
        now = services.clock.now()
        for due in services.wrap_ups.due(now, 10):
            services.wrap_ups.run(due, now)
    assert is_listed(services, who)
    call = services.calls.get(who.account_id, call_id)
    assert (call.completed, call.opted_out) == (True, "account")


# --- how calls listen


def test_how_a_call_listens_follows_the_terms(services, who):
    call = factories.claimed_call(services, who)
    plan = services.calls.opt_outs.plan_of
    assert plan(call) == OptOutPlan(listens=True)
    change = {"opt_out_question": False, "slots": ["opt_out"]}
    services.compliance_terms.change(who.account_id, change)
    assert plan(call) == OptOutPlan(listens=True, asks=False, offers=True)


def test_a_number_that_marks_calls_as_unwanted_is_listed(services, who):
    life = factories.Life(services, factories.claimed_call(services, who)).dial()
    refused = Hangup("UNWANTED", 607)
    life.take(OriginateFailed(refused), **hangup_facts(refused))
    assert listed(services, who).source == "carrier"
    assert events(services, who, life.call_id) == [{"scope": "account", "by": "carrier"}]
    assert look(services, life.call_id) is Result.SKIPPED
    with pytest.raises(NotCallable):
        factories.queued_call(services, who)
