"""Whoever something keeps back waits for it, and is looked at again when it has arrived."""

from __future__ import annotations

from datetime import timedelta

import factories
import pytest
from campaign_rig import OPENING, TASK
from engine_rig import EngineRig
from test_campaign_engine import all_is_one, killed_at

from topcalls.core.campaign_state import CampaignState
from topcalls.services import campaign_holds
from topcalls.store import campaign_production, carriers
from topcalls.store.models import Campaign, PhoneNumber

pytestmark = pytest.mark.service

FIRST, SECOND = "+12025550000", "+12025550001"
CALL = {"task": TASK, "first_sentence": OPENING, "recording": {"enabled": False}}
SAYS = ["registered_name", "purpose", "ai_voice", "opt_out", "callback_number", "go_on"]
MINE, OTHER = "+13055550101", "+13055550102"


def strict(services, leads=1, policy=None, **body):
    """A campaign that runs under the rules: people of Washington at noon, who agreed in writing,
    and of whom no register has been asked."""
    who = factories.principal(
        services, minutes=1_000_000, max_concurrent_calls=1000, max_calls_per_minute=10_000
    )
    services.clock.advance(5 * 3600)
    terms = {"enforcement": "enforce", "policy": policy or {}}
    services.compliance_terms.change(who.account_id, terms)
    wanted = {"call": CALL, "compliance": {"slots": SAYS}, **body}
    rig = EngineRig(services, leads, who, lead={}, **wanted)
    for n in range(leads):
        agreed(rig, f"+1202555{n:04}")
    return rig


def agreed(rig, number=None, **more):
    """A consent, of a number unless `more` says of whom."""
    body = {
        "kind": "express_written",
        "source": "web form",
        "captured_at": rig.clock.now() - timedelta(days=9),
        "wording": "Yes.",
        "names_ai_voice": True,
        **({"phone_number": number} if number is not None else {}),
        **more,
    }
    return rig.services.consents.create(rig.who, body)


def asked(rig, *numbers, **more):
    """A register of people who are not to be called knows nothing of these."""
    one = {"kind": "scrub", "register": "US", "answer": "clear", **more}
    now = rig.clock.now()
    checks = [{"phone_number": number, "checked_at": now, **one} for number in numbers]
    rig.services.number_checks.create_many(rig.account_id, checks)


def held(rig):
    return [(one.state, one.reason) for one in rig.rows()]


def statistics(rig):
    return rig.services.campaign_reports.get(rig.account_id, rig.id)


# --- held


def test_whoever_misses_an_answer_is_held_with_the_rule_and_the_campaign_is_not_over(services):
    rig = strict(services, leads=2)
    rig.round()
    assert held(rig) == [("held", "US.dnc.national")] * 2
    rig.round()
    assert rig.row.state == CampaignState.RUNNING
    found = statistics(rig)
    assert (found.figures.contacts["held"], dict(found.held_for)) == (2, {"US.dnc.national": 2})
    assert (found.forecast.ends_at, found.forecast.reason) == (None, "held")
    (kept, _) = services.ledger.list(rig.account_id).data
    assert (kept.verdict, kept.rule_id) == ("review", "US.dnc.national")


def test_the_answer_of_a_register_has_its_person_called_and_nobody_else(services):
    rig = strict(services, leads=2)
    rig.round()
    asked(rig, SECOND)
    (lead,) = services.leads.list(rig.account_id, phone_number=SECOND).items
    states = {one.lead_id: (one.state, one.reason) for one in rig.rows()}
    assert states.pop(lead.id) == ("waiting", None)
    assert list(states.values()) == [("held", "US.dnc.national")]
    asked(rig, SECOND)
    rig.round()
    assert rig.counts() == {"held": 1, "in_flight": 1}
    rig.play()
    asked(rig, FIRST)
    rig.round()
    rig.play()
    rig.round()
    assert rig.counts() == {"done": 2}
    assert rig.row.state == CampaignState.COMPLETED


def test_what_still_misses_something_is_held_by_that(services):
    rig = strict(services, leads=1, policy={"require_reassigned": True})
    rig.round()
    asked(rig, FIRST)
    rig.round()
    assert held(rig) == [("held", "US.rnd")]
    about = rig.clock.now() - timedelta(days=10)
    asked(rig, FIRST, kind="reassigned", register="RND", answer="no", asked_about=about)
    rig.round()
    assert rig.counts() == {"in_flight": 1}


def test_new_terms_have_everybody_looked_at_again(services, monkeypatch):
    monkeypatch.setattr(campaign_holds, "AT_ONCE", 2)
    rig = strict(services, leads=5)
    rig.round()
    assert rig.counts() == {"held": 5}
    services.compliance_terms.change(rig.account_id, {"policy": {"require_scrubs": False}})
    seen = []
    for _ in range(4):
        rig.round()
        seen.append(rig.counts().get("in_flight", 0))
    assert seen == [2, 4, 5, 5]
    assert rig.row.recheck_through is None


def test_whoever_the_do_not_call_list_keeps_back_is_passed_over_in_pieces_as_well(
    services, monkeypatch
):
    """However many they are, no step reads more than its piece."""
    monkeypatch.setattr(campaign_holds, "AT_ONCE", 2)
    rig = strict(services, leads=5)
    for n in range(4):
        services.do_not_call.add(rig.account_id, f"+1202555{n:04}")
    rig.round()
    assert rig.counts() == {"held": 1, "skipped": 4}
    last = max(one.lead_id for one in rig.rows())
    services.compliance_terms.change(rig.account_id, {"policy": {"require_scrubs": False}})
    woken, through = [], []
    while rig.row.recheck_through is not None:
        woken.append(rig.engine.holds.step(rig.clock.now()))
        through.append(rig.row.recheck_through)
    assert sum(woken) == 1
    assert len(through) == 3
    assert through[-1] is None
    assert all(one < last for one in through[:-1])
    assert rig.counts() == {"skipped": 4, "waiting": 1}


def test_a_consent_reopens_whoever_was_left_out_for_want_of_one(services):
    rig = strict(services, leads=1)
    asked(rig, FIRST)
    for one in services.consents.list(rig.account_id).data:
        services.consents.revoke(rig.account_id, one.id, "letter")
    rig.engine.producer.produce(rig.clock.now())
    ((state, reason),) = held(rig)
    assert state == "skipped"
    assert reason.startswith("US.consent")
    agreed(rig, FIRST)
    assert held(rig) == [("waiting", None)]
    rig.round()
    assert rig.counts() == {"in_flight": 1}


def test_what_is_stated_of_a_list_or_a_campaign_reopens_its_people(services):
    rig = strict(services, leads=2, policy={"require_scrubs": False})
    for one in services.consents.list(rig.account_id).data:
        services.consents.revoke(rig.account_id, one.id, "letter")
    rig.engine.producer.produce(rig.clock.now())
    assert rig.counts() == {"skipped": 2}
    agreed(rig, kind="warranty", campaign_id=rig.id)
    assert rig.counts() == {"skipped": 2}
    rig.engine.holds.step(rig.clock.now())
    assert rig.counts() == {"waiting": 2}
    rig.round()
    assert rig.counts() == {"in_flight": 2}


def test_nobody_is_reopened_in_a_campaign_that_is_over(services):
    rig = strict(services, leads=1)
    rig.round()
    rig.press("stop")
    asked(rig, FIRST)
    services.compliance_terms.change(rig.account_id, {"policy": {"require_scrubs": False}})
    rig.round()
    assert rig.counts() == {"held": 1}


def test_whoever_comes_off_the_list_is_called_and_a_consent_changes_nothing_of_it(services):
    rig = strict(services, leads=1)
    asked(rig, FIRST)
    services.do_not_call.add(rig.account_id, FIRST)
    rig.engine.producer.produce(rig.clock.now())
    assert held(rig) == [("skipped", "do_not_call")]
    agreed(rig, FIRST)
    rig.engine.producer.produce(rig.clock.now())
    assert held(rig) == [("skipped", "do_not_call")]


def test_an_entry_that_ends_is_waited_for(services):
    rig = strict(services, leads=1)
    asked(rig, FIRST)
    ends = rig.clock.now() + timedelta(hours=2)
    services.do_not_call.add(rig.account_id, FIRST, expires_at=ends)
    rig.round()
    assert [(one.state, one.next_at) for one in rig.rows()] == [("waiting", ends)]
    rig.round(2 * 3600)
    assert rig.counts() == {"in_flight": 1}


def test_where_somebody_lives_is_looked_at_again_when_it_is_told(services):
    """Where there are no rules nobody is called, until it is told that they are elsewhere."""
    rig = strict(services, leads=1, policy={"require_scrubs": False})
    (lead,) = services.leads.list(rig.account_id).items
    services.leads.change(rig.account_id, lead.id, {"phone_number": "+81312345678"})
    agreed(rig, "+81312345678")
    rig.round()
    assert held(rig) == [("held", "product.jurisdiction")]
    services.leads.change(rig.account_id, lead.id, {"phone_number": FIRST})
    rig.round()
    assert rig.counts() == {"in_flight": 1}


def test_an_edit_and_a_user_who_names_them_have_people_looked_at_again(services):
    rig = strict(services, leads=1, policy={"require_scrubs": False}, call={**CALL})
    services.campaigns.edit(rig.account_id, rig.id, {"compliance": {"slots": ["ai_voice"]}})
    rig.round()
    assert held(rig) == [("held", "US.voice.identify")]
    (contact,) = rig.rows()
    added = services.campaign_contacts.add(rig.account_id, rig.id, [contact.lead_id])
    assert (added.added, added.already) == (0, 1)
    assert held(rig) == [("waiting", None)]
    rig.round()
    assert held(rig) == [("held", "US.voice.identify")]
    services.campaigns.edit(rig.account_id, rig.id, {"compliance": {"slots": SAYS}})
    rig.round()
    assert rig.counts() == {"in_flight": 1}


def test_other_rules_have_everybody_looked_at_again_once(services, monkeypatch):
    rig = strict(services, leads=1)
    rig.round()
    assert rig.counts() == {"held": 1}
    records = len(services.ledger.list(rig.account_id).data)
    for _ in range(3):
        rig.round()
    assert len(services.ledger.list(rig.account_id).data) == records
    monkeypatch.setattr(campaign_holds, "data_version", lambda: "2027a")
    for _ in range(3):
        rig.round()
    assert len(services.ledger.list(rig.account_id).data) == records + 1


def test_what_is_missing_by_the_time_of_the_claim_holds_too(services):
    rig = strict(services, leads=1)
    asked(rig, FIRST)
    rig.round()
    old = rig.clock.now() - timedelta(days=40)
    asked(rig, FIRST, checked_at=old, version_at=old)
    services.compliance_terms.change(
        rig.account_id, {"policy": {"require_reassigned": True, "require_scrubs": True}}
    )
    assert rig.claim() == []
    rig.round()
    assert held(rig) == [("held", "US.rnd")]
    (attempt,) = rig.attempts()
    assert (attempt.outcome, attempt.counted) == ("deferred", False)
    services.compliance_terms.change(rig.account_id, {"policy": {"require_reassigned": False}})
    rig.round()
    assert len(rig.claim()) == 1


def test_whoever_is_held_can_be_taken_out_and_goes_with_the_list(services):
    rig = strict(services, leads=2)
    rig.round()
    first, _ = rig.rows()
    services.campaign_contacts.remove(rig.account_id, rig.id, first.lead_id)
    services.campaigns.edit(rig.account_id, rig.id, {"list_ids": []})
    assert rig.counts() == {"removed": 2}
    rig.round()
    assert rig.row.state == CampaignState.COMPLETED


def test_a_kill_at_any_statement_neither_loses_what_arrived_nor_looks_twice(services):
    rig = strict(services, leads=2)
    statement = 0
    while killed_at(
        services, statement := statement + 1, lambda: rig.engine.round(rig.clock.now())
    ):
        all_is_one(rig)
    assert rig.counts() == {"held": 2}
    statement = 0
    while killed_at(services, statement := statement + 1, lambda: asked(rig, FIRST, SECOND)):
        known = services.number_checks.list(rig.account_id).data
        states = {one.state for one in rig.rows()}
        assert (len(known), states) in [(0, {"held"}), (2, {"waiting"})]
    rig.round()
    assert rig.counts() == {"in_flight": 2}
    assert [one.number for one in rig.attempts()] == [1, 1]


# --- numbers


def number(rig, name=MINE, **columns):
    row = rig.services.phone_numbers.add(rig.account_id, {"number": name})
    rig.services.db.run(_set_number, name, columns)
    return row


def _set_number(name, columns):
    if columns:
        PhoneNumber.update(**columns).where(PhoneNumber.number == name).execute()


def test_a_number_that_is_switched_off_is_not_shown_and_the_others_go_on(services):
    rig = EngineRig(services, leads=4, from_numbers={"numbers": [MINE, OTHER]})
    off = number(rig)
    number(rig, OTHER)
    services.phone_numbers.update(rig.account_id, off.id, {"status": "inactive"})
    rig.round()
    assert {one.from_number for one in rig.attempts()} == {OTHER}
    assert rig.counts() == {"in_flight": 4}


@pytest.mark.parametrize("policy", ["record", "enforce"])
def test_without_a_usable_number_it_pauses_names_it_and_loses_nobody(services, policy):
    rig = EngineRig(services, leads=2, from_numbers={"numbers": [MINE]})
    services.compliance_terms.change(rig.account_id, {"enforcement": policy})
    off = number(rig, status="inactive")
    rig.round()
    assert rig.row.state == CampaignState.PAUSED
    assert rig.row.paused_for["code"] == "numbers_unusable"
    assert MINE in rig.row.paused_for["detail"]
    assert "PATCH /v1/phone-numbers" in rig.row.paused_for["detail"]
    assert rig.counts() == {"waiting": 2}
    services.compliance_terms.change(rig.account_id, {"enforcement": "record"})
    services.phone_numbers.update(rig.account_id, off.id, {"status": "active"})
    rig.press("resume")
    rig.round()
    assert rig.counts() == {"in_flight": 2}


@pytest.mark.parametrize("why", ["deleted", "released"])
def test_a_number_that_is_gone_is_not_shown_and_the_others_go_on(services, why):
    rig = EngineRig(services, leads=2, from_numbers={"numbers": [MINE, OTHER]})
    gone(rig, number(rig), why)
    rig.round()
    assert {one.from_number for one in rig.attempts()} == {OTHER}


@pytest.mark.parametrize(
    ("why", "remedy"), [("deleted", "POST /v1/phone-numbers"), ("released", "buy another one")]
)
def test_where_every_number_is_gone_it_pauses_and_names_each(services, why, remedy):
    rig = EngineRig(services, leads=2, from_numbers={"numbers": [MINE, OTHER]})
    gone(rig, number(rig), why)
    gone(rig, number(rig, OTHER), why)
    rig.round()
    assert rig.row.state == CampaignState.PAUSED
    assert rig.row.paused_for["code"] == "numbers_unusable"
    for name in (MINE, OTHER):
        assert f"{name} was" in rig.row.paused_for["detail"]
    assert remedy in rig.row.paused_for["detail"]
    assert rig.counts() == {"waiting": 2}
    number(rig, OTHER)
    rig.press("resume")
    rig.round()
    assert {one.from_number for one in rig.attempts()} == {OTHER}


def test_a_number_that_is_deleted_while_calls_wait_is_not_dialled_with(services):
    rig = strict(services, policy={"require_scrubs": False}, from_numbers={"numbers": [MINE]})
    mine = number(rig)
    rig.round()
    assert rig.counts() == {"in_flight": 1}
    services.phone_numbers.delete(rig.account_id, mine.id)
    assert rig.claim() == []
    rig.round()
    assert rig.counts() == {"waiting": 1}
    assert rig.row.paused_for["code"] == "numbers_unusable"


def test_what_another_account_deleted_may_be_one_of_the_operators_trunk(services):
    rig = EngineRig(services, leads=1, from_numbers={"numbers": [MINE]})
    stranger = factories.principal(services, name="Stranger")
    theirs = services.phone_numbers.add(stranger.account_id, {"number": MINE})
    services.phone_numbers.delete(stranger.account_id, theirs.id)
    rig.round()
    assert {one.from_number for one in rig.attempts()} == {MINE}


def test_a_deleted_number_that_another_account_has_now_is_theirs(services):
    rig = EngineRig(services, leads=1, from_numbers={"numbers": [MINE]})
    gone(rig, number(rig), "deleted")
    stranger = factories.principal(services, name="Stranger")
    services.phone_numbers.add(stranger.account_id, {"number": MINE})
    rig.round()
    assert "belongs to another account" in rig.row.paused_for["detail"]


def gone(rig, row, why):
    """The account has a number no more: it was deleted here, or the carrier took it back."""
    if why == "deleted":
        rig.services.phone_numbers.delete(rig.account_id, row.id)
    else:
        stored = rig.services.db.read(carriers.number_named, row.number)
        rig.services.db.run(carriers.number_gone, stored, why, rig.clock.now())


def test_the_one_number_of_a_campaign_without_a_pool_counts_as_well(services):
    call = {**CALL, "from_number": MINE}
    rig = EngineRig(services, leads=2, call=call)
    number(rig, status="inactive")
    rig.round()
    assert rig.row.paused_for["code"] == "numbers_unusable"
    assert rig.counts() == {"waiting": 2}


def test_a_number_of_another_account_is_never_shown(services):
    rig = EngineRig(services, leads=1, from_numbers={"numbers": [MINE, OTHER]})
    stranger = factories.principal(services, name="Stranger")
    services.phone_numbers.add(stranger.account_id, {"number": MINE})
    rig.round()
    assert {one.from_number for one in rig.attempts()} == {OTHER}


def test_whoever_looks_like_a_neighbour_is_held_until_there_is_another_number(services):
    near = "+12025550199"
    pool = {"numbers": [near], "local_presence": True}
    rig = EngineRig(services, leads=1, from_numbers=pool)
    rig.round()
    ((state, reason),) = held(rig)
    assert (state, reason.partition(":")[0]) == ("held", "number_neighbour")
    services.campaigns.edit(rig.account_id, rig.id, {"from_numbers": {"numbers": [near, OTHER]}})
    rig.round()
    assert [one.from_number for one in rig.attempts()] == [OTHER]


def test_a_number_of_the_wrong_series_holds_whoever_must_see_another(services):
    """India's promotional calls come from +91140: others of the campaign are called."""
    rig = strict(services, policy={"require_scrubs": False}, from_numbers={"numbers": [MINE]})
    services.clock.advance(13 * 3600)  # 11:30 in Delhi
    number(rig)
    (lead,) = services.leads.list(rig.account_id).items
    services.leads.change(rig.account_id, lead.id, {"phone_number": "+919876543210"})
    rig.round()
    ((state, reason),) = held(rig)
    assert (state, reason) == ("held", "number_series: no usable number begins with +91140")
    services.compliance_terms.change(rig.account_id, {"enforcement": "record"})
    rig.round()
    rig.round()
    assert rig.counts() == {"in_flight": 1}


def test_an_edit_that_comes_between_is_decided_by(services):
    """A round that read the campaign before makes no call by what it read."""
    rig = EngineRig(services, leads=1)
    rig.clock.advance(1)
    row = services.db.read(lambda: Campaign.get_by_id(rig.id))
    producer = rig.engine.producer
    current = producer._round(row, producer._plans.of(row), rig.clock.now())
    (contact,) = rig.rows()
    services.campaigns.edit(rig.account_id, rig.id, {"call": {"task": "Ask for something else."}})
    turn = services.db.read(_turns, rig.id, rig.clock.now())[0]
    producer._call_safely(current, turn)
    assert rig.attempts() == []
    rig.round()
    assert len(rig.attempts()) == 1
    assert contact.lead_id == turn.lead_id


def _turns(campaign_id, now):
    return campaign_production.due(campaign_id, now, 10)
