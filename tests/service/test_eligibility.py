"""Whether a call may be made: decided when it is created and again when it is claimed."""

from datetime import UTC, datetime, timedelta

import factories
import pytest
from campaign_rig import Rig

from topcalls.core.call_events import Forbidden
from topcalls.core.call_request import Recording
from topcalls.core.compliance import DEFAULT_PURPOSE
from topcalls.core.eligibility_facts import Category, Verdict
from topcalls.core.routing import Attempt, Route, Then
from topcalls.core.routing import Decision as RouteDecision
from topcalls.errors import NotCallable
from topcalls.services.judgements import Meant, NotAllowed
from topcalls.services.routing import Outcome
from topcalls.store import campaign_production, decisions
from topcalls.store.models import PhoneNumber

pytestmark = pytest.mark.service
pytest_plugins = ("api_fixtures",)

NEW_YORK = "+12125550123"
DAY = datetime(2026, 12, 1, 17, tzinfo=UTC)  # Tuesday noon in New York
NIGHT = datetime(2026, 12, 2, 2, tzinfo=UTC)  # 21:00 there
MORNING = datetime(2026, 12, 2, 13, tzinfo=UTC)


@pytest.fixture
def who(services):
    return factories.principal(services)


@pytest.fixture
def strict(services, who):
    """An account whose calls are made only if they are allowed."""
    services.compliance_terms.change(who.account_id, {"enforcement": "enforce"})
    return who


def at(services, moment):
    services.clock.advance((moment - services.clock.now()).total_seconds())


def call(services, who, **more):
    return factories.queued_call(services, who, phone_number=NEW_YORK, **more)


def claim(services):
    return services.dispatch.claim(factories.OWNER, factories.NODE, 10, services.clock.now())


def ledger(services, who, **chosen):
    return services.ledger.list(who.account_id, **chosen).data


# --- when a call is created


def test_a_call_in_lawful_hours_is_made_and_its_decision_kept(services, strict):
    at(services, DAY)
    made = call(services, strict)
    (kept,) = ledger(services, strict)
    assert (kept.call_id, kept.stage, kept.verdict) == (made.id, "create", "allow")
    assert kept.detail["asked_by"] == strict.key_id
    assert kept.detail["phone_number"] == NEW_YORK
    assert kept.detail["zones"] == ["America/New_York"]
    consent = next(one for one in kept.detail["checks"] if one["check"] == "consent")
    assert consent["evidence_ids"] == [f"warranty:key {strict.key_id}"]
    assert kept.detail["versions"]["pack_hash"]


def test_a_call_outside_of_them_is_refused_by_the_rule_until_they_begin(services, strict):
    at(services, NIGHT)
    with pytest.raises(NotCallable) as refusal:
        call(services, strict)
    told = refusal.value.extra
    assert told["rule"] == "US.hours.tcpa"
    assert told["verdict"] == "defer"
    assert told["until"] == "2026-12-02T13:00:00Z"
    assert "hours" in refusal.value.message
    assert ledger(services, strict) == ()
    assert services.quotas.balance(strict.account_id).minutes_reserved == 0


def test_a_call_that_is_scheduled_is_judged_by_its_own_moment(services, strict):
    at(services, NIGHT)
    assert call(services, strict, schedule_at=MORNING).status == "pending"
    at(services, DAY + timedelta(days=1))
    with pytest.raises(NotCallable):
        call(services, strict, schedule_at=NIGHT + timedelta(days=1))


def test_with_the_policy_record_everything_is_kept_and_the_call_made(services, who):
    at(services, NIGHT)
    made = call(services, who)
    (kept,) = ledger(services, who)
    assert (kept.call_id, kept.verdict, kept.detail["enforced"]) == (made.id, "defer", False)
    assert [one.call_id for one in claim(services)] == [made.id]


def test_who_wants_consents_shown_has_to_show_them(services, strict):
    terms = {"consent_required": True, "policy": {"require_scrubs": False}}
    services.compliance_terms.change(strict.account_id, terms)
    at(services, DAY)
    with pytest.raises(NotCallable) as refusal:
        call(services, strict)
    assert refusal.value.extra["rule"].startswith("US.consent")
    shown = {
        "phone_number": NEW_YORK,
        "kind": "express_written",
        "source": "web form",
        "captured_at": DAY - timedelta(days=9),
        "wording": "Yes.",
        "names_ai_voice": True,
    }
    consent = services.consents.create(strict, shown)
    assert call(services, strict)
    services.consents.revoke(strict.account_id, consent.id, "letter")
    with pytest.raises(NotCallable):
        call(services, strict)


def test_a_warranty_of_a_list_holds_for_everybody_on_it(services, strict):
    terms = {"consent_required": True, "policy": {"require_scrubs": False}}
    services.compliance_terms.change(strict.account_id, terms)
    at(services, DAY)
    listed = services.lead_lists.create(strict.account_id, {"name": "Spring"})
    lead = {"list_id": listed.id, "name": "Ann", "phone_number": NEW_YORK}
    services.leads.create(strict.account_id, lead)
    with pytest.raises(NotCallable):
        call(services, strict)
    said = {"list_id": listed.id, "kind": "warranty", "source": "contract", "captured_at": DAY}
    services.consents.create(strict, said)
    assert call(services, strict)


def test_numbers_that_nobody_may_call_are_refused(services, strict):
    at(services, DAY)
    for number in ("+18005550123", "+19005550123"):
        with pytest.raises(NotCallable):
            factories.queued_call(services, strict, phone_number=number)


def test_where_a_lead_lives_counts_beside_its_number(services, strict):
    at(services, datetime(2026, 12, 2, 1, 30, tzinfo=UTC))  # 20:30 in New York
    call(services, strict)
    listed = services.lead_lists.create(strict.account_id, {"name": "Spring"})
    lead = {"list_id": listed.id, "name": "Ann", "phone_number": NEW_YORK, "region": "US-FL"}
    services.leads.create(strict.account_id, lead)
    with pytest.raises(NotCallable) as refusal:
        call(services, strict, recording=Recording(enabled=False))
    assert refusal.value.extra["rule"].startswith("US-FL.hours")
    with pytest.raises(NotCallable) as refusal:
        call(services, strict)  # it is recorded, and nobody is told: no hour cures that
    assert refusal.value.extra["rule"] == "US-FL.recording"


# --- and when it is claimed


def test_a_queue_that_crosses_the_end_of_the_hours_dials_nobody(services, strict):
    at(services, NIGHT - timedelta(minutes=2))
    waiting = call(services, strict)
    at(services, NIGHT)
    assert claim(services) == []
    failed = services.calls.get(strict.account_id, waiting.id)
    assert (failed.call_status, failed.end_reason) == ("failed", "not_callable")
    assert services.quotas.balance(strict.account_id).minutes_reserved == 0
    (step,) = services.call_trail.events(strict.account_id, waiting.id)
    assert (step.kind, step.detail["rule"]) == ("Forbidden", "US.hours.tcpa")
    assert step.detail["until"].startswith("2026-12-02T13:00:00")
    kept = ledger(services, strict, call_id=waiting.id)
    assert [(one.stage, one.verdict) for one in kept] == [("claim", "defer"), ("create", "allow")]


MINE = "+12025550177"


@pytest.mark.parametrize("until", [None, DAY + timedelta(hours=1)])
def test_a_number_of_the_account_that_is_not_ready_is_not_shown(services, strict, until):
    """T89, T91: other numbers are shown; one that is none of the account's is not judged."""
    at(services, DAY)
    row = {"id": "n", "number": MINE, "source": "topcalls", "created_at": DAY, "updated_at": DAY}
    services.db.run(number_row, account=strict.account_id, status="active", **row)
    other = {"phone_number": "+12125550124"}
    assert factories.queued_call(services, strict, from_number=MINE, **other)
    if until is None:
        services.db.run(PhoneNumber.update(status="failed").execute)
    else:
        rest = (strict.account_id, MINE, until, "blocked")
        services.db.run(campaign_production.rest_number, *rest)
    with pytest.raises(NotCallable) as refusal:
        call(services, strict, from_number=MINE)
    told = refusal.value.extra
    expected = None if until is None else "2026-12-01T18:00:00Z"
    assert (told["rule"], told["until"]) == ("product.caller_number", expected)
    assert call(services, strict)


def number_row(**columns):
    PhoneNumber.insert(**columns).execute()


# --- and when the claim was too long ago


def claimed_before(services, who, seconds):
    """A call that was claimed so long ago, two minutes before the hours end."""
    at(services, NIGHT - timedelta(minutes=2))
    call(services, who)
    (claimed,) = claim(services)
    services.clock.advance(seconds)
    return claimed


def dial(services, claimed):
    now, channel = services.clock.now(), claimed.channel_uuid
    return services.calls.intend_dial(claimed.call_id, claimed.version, channel, now)


def test_a_decision_is_relied_on_for_a_minute_and_made_again_after_it(services, strict):
    """T83."""
    claimed = claimed_before(services, strict, 59)
    dial(services, claimed)
    assert sorted(one.stage for one in ledger(services, strict)) == ["claim", "create"]


def test_whoever_is_listed_between_claim_and_dial_is_not_dialled(services, strict):
    claimed = claimed_before(services, strict, 5)
    services.do_not_call.add(strict.account_id, NEW_YORK)
    with pytest.raises(NotAllowed) as refused:
        dial(services, claimed)
    assert refused.value.judged.refused_by == "do_not_call"
    (newest, *_) = ledger(services, strict)
    assert (newest.stage, newest.call_id) == ("dial", claimed.call_id)


def test_an_entry_for_what_the_law_calls_it_holds_under_any_policy(services, who):
    services.do_not_call.add(who.account_id, NEW_YORK, purpose="telemarketing")
    with pytest.raises(NotAllowed) as refused:
        call(services, who)
    assert refused.value.judged.refused_by == "do_not_call"


def test_a_lead_that_is_unsubscribed_is_not_called(services, who):
    list_id = services.lead_lists.create(who.account_id, {"name": "People"}).id
    lead = {"name": "Ann", "phone_number": NEW_YORK, "list_id": list_id, "status": "Unsubscribed"}
    services.leads.create(who.account_id, lead)
    with pytest.raises(NotAllowed) as refused:
        call(services, who)
    assert refused.value.judged.refused_by == "do_not_call"


@pytest.mark.parametrize("listed", [False, True])
def test_a_claim_of_61_seconds_ago_is_no_leave_to_dial(services, strict, listed):
    claimed = claimed_before(services, strict, 61)
    if listed:
        services.do_not_call.add(strict.account_id, NEW_YORK)
    with pytest.raises(NotAllowed) as refused:
        dial(services, claimed)
    judged = refused.value.judged
    assert judged.refused_by == ("do_not_call" if listed else "US.hours.tcpa")
    (newest, *_) = ledger(services, strict)
    assert (newest.stage, newest.call_id) == ("dial", claimed.call_id)
    life = factories.Life(services, claimed)
    life.take(Forbidden(judged.refused_by, judged.words, judged.until))
    failed = services.calls.get(strict.account_id, claimed.call_id)
    assert (failed.call_status, failed.end_reason) == ("failed", "not_callable")
    assert services.quotas.balance(strict.account_id).minutes_reserved == 0


def test_the_next_carrier_after_a_minute_needs_a_decision_of_its_own(services, strict):
    at(services, DAY)
    call(services, strict)
    (claimed,) = claim(services)
    calls, now, route = services.calls, services.clock.now(), Route("x", "X", "tc_x")
    version = calls.intend_dial(
        claimed.call_id, claimed.version, claimed.channel_uuid, now, Attempt(1, route)
    )
    fault = Outcome("NORMAL_TEMPORARY_FAILURE", 503, 0, RouteDecision(Then.NEXT, "a fault"))
    calls.dial_ended(claimed.call_id, 1, fault, now)
    services.clock.advance(70)
    calls.intend_dial(
        claimed.call_id, version, "another-channel", services.clock.now(), Attempt(2, route)
    )
    kept = ledger(services, strict)
    assert [(one.stage, one.verdict) for one in kept][0] == ("dial", "allow")


def test_two_calls_to_one_person_never_both_take_the_last_place(services, strict):
    """T55: both were allowed when they were created; claimed together, one is left."""
    caps = {"most_per_day": 1, "hours_apart": 0.01}
    services.compliance_terms.change(strict.account_id, {"policy": caps})
    at(services, DAY)
    waiting = [call(services, strict) for _ in range(2)]
    assert len(claim(services)) == 1
    ends = [services.calls.get(strict.account_id, one.id).end_reason for one in waiting]
    assert sorted(map(str, ends)) == ["None", "not_callable"]
    kept = ledger(services, strict, verdict="defer")
    assert [(one.stage, one.rule_id) for one in kept] == [("claim", "product.frequency.day")]


def test_a_number_that_is_listed_after_the_decision_wins(services, strict):
    """T84: the list is read again inside the claim."""
    at(services, DAY)
    waiting = call(services, strict)
    services.do_not_call.add(strict.account_id, NEW_YORK)
    services.clock.advance(1)
    assert claim(services) == []
    (kept, _) = ledger(services, strict, call_id=waiting.id)
    assert (kept.stage, kept.verdict) == ("claim", "block")


def test_a_claim_that_was_given_back_is_no_attempt_and_a_lost_one_is(services, strict):
    """T56: what was reserved counts until it is known that nobody was dialled."""
    services.compliance_terms.change(strict.account_id, {"policy": {"most_per_day": 1}})
    at(services, DAY)
    call(services, strict)
    claim(services)
    services.clock.advance(3600 * 5)
    with pytest.raises(NotCallable) as refusal:
        call(services, strict)
    assert refusal.value.extra["rule"] == "product.frequency.day"


def test_an_entry_for_a_purpose_leaves_other_calls_alone(services, strict):
    at(services, DAY)
    services.do_not_call.add(strict.account_id, NEW_YORK, purpose="offers")
    assert call(services, strict)
    services.do_not_call.add(strict.account_id, NEW_YORK, purpose=DEFAULT_PURPOSE)
    with pytest.raises(NotCallable) as refusal:
        call(services, strict)
    assert refusal.value.extra["rule"] == "do_not_call"


def test_the_record_of_a_claim_falls_with_the_claim(services, strict, monkeypatch):
    at(services, DAY)
    made = call(services, strict)

    def broken(*_):
        raise RuntimeError

    monkeypatch.setattr(services.dispatch._catalogue, "problem", broken)
    with pytest.raises(RuntimeError):
        claim(services)
    kept = services.db.read(decisions.of_call, made.id)
    assert [one.stage for one in kept] == ["create"]


# --- asked without calling


def test_a_dry_run_answers_for_any_moment_and_writes_nothing(services, strict):
    at(services, DAY)
    check = services.eligibility_checks.check
    body = {"phone_number": NEW_YORK}
    assert check(strict, body).decision.verdict is Verdict.ALLOW
    later = check(strict, {**body, "at": NIGHT})
    assert (later.decision.verdict, later.would_dial) == (Verdict.DEFER, False)
    assert later.decision.until == MORNING
    assert ledger(services, strict) == ()


def test_terms_and_dry_runs_by_the_api(api):
    at(api.services, DAY)
    terms = "/v1/account/compliance"
    assert api.get(terms).json["effective"] == "record"
    changes = {"enforcement": "enforce", "purposes": {"reminders": "informational"}}
    changed = api.send("PATCH", terms, json=changes)
    assert changed.json["effective"] == "enforce"
    assert api.get(terms).json == changed.json
    wrong = {"purposes": {"Sales!": "informational"}, "policy": {"most_per_day": 0}}
    refused = api.send("PATCH", terms, json=wrong)
    paths = {fault["path"] for fault in refused.json["errors"]}
    assert paths == {"purposes.Sales!", "policy.most_per_day"}
    asked = {"phone_number": NEW_YORK, "at": "2026-12-02T02:00:00Z"}
    told = api.post("/v1/eligibility/check", json=asked).json
    assert (told["verdict"], told["until"]) == ("defer", "2026-12-02T13:00:00Z")
    at(api.services, NIGHT)
    refused = api.create(phone_number=NEW_YORK)
    assert (refused.status_code, refused.json["rule"]) == (422, "US.hours.tcpa")
    assert refused.json["until"] == "2026-12-02T13:00:00Z"
    assert api.create(phone_number=NEW_YORK, schedule_at=refused.json["until"]).status_code == 201
    both = api.get("/v1/decisions").json["data"]
    undone, kept = sorted(both, key=lambda one: one["call_id"] or "")
    assert (undone["call_id"], undone["rule_id"]) == (None, "US.hours.tcpa")
    assert api.get(f"/v1/decisions/{kept['id']}").json == kept


def test_a_campaign_speaks_for_itself_where_it_differs_from_its_account(services):
    rig = Rig(services)
    body = {
        "purpose": "reminder",
        "compliance": {
            "category": "service",
            "seller": "Bright Smile Dental",
            "slots": ["ai_voice"],
        },
    }
    own, plain = rig.campaign(**body), rig.campaign(purpose="reminder")

    def plan_of(campaign):
        meant = Meant(
            account_id=rig.account_id,
            request=factories.request(first_sentence="Hello, this is an AI."),
            planned_at=services.clock.now(),
            stage="created",
            campaign_id=campaign.id,
        )
        return services.eligibility.judge(meant, None, services.clock.now()).plan

    plan = services.db.run(plan_of, own)
    assert (plan.purpose, plan.category, plan.seller) == (
        "reminder",
        Category.SERVICE,
        "Bright Smile Dental",
    )
    assert plan.slots == {"ai_voice"}
    other = services.db.run(plan_of, plain)
    assert (other.category, other.seller, other.slots) == (Category.TELEMARKETING, None, set())


def test_a_single_call_has_a_purpose_which_suppressions_and_terms_are_about(api):
    at(api.services, DAY)
    listed = {"phone_number": NEW_YORK, "purpose": "offers"}
    assert api.post("/v1/do-not-call", json=listed).status_code == 201
    refused = api.create(phone_number=NEW_YORK, purpose="offers")
    assert (refused.status_code, refused.json["rule"]) == (422, "do_not_call")
    made = api.create(phone_number=NEW_YORK, purpose="appointment_reminder")
    assert made.status_code == 201
    wrong = api.create(phone_number=NEW_YORK, purpose="Sales!")
    assert (wrong.status_code, wrong.json["errors"][0]["path"]) == (400, "purpose")
    undone, kept = sorted(ledger(api.services, api.owner), key=lambda one: one.call_id or "")
    assert (kept.detail["purpose"], undone.detail["purpose"]) == ("appointment_reminder", "offers")
    assert (kept.call_id, undone.call_id) == (made.json["call_id"], None)
    api.services.clock.advance(1)
    (claimed,) = claim(api.services)
    assert claimed.call_id == made.json["call_id"]
    (newest, *_) = ledger(api.services, api.owner)
    assert (newest.stage, newest.detail["purpose"]) == ("claim", "appointment_reminder")
