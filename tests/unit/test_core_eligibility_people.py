"""How often, whether they agreed, and what lists say: T45 to T78 of the hundred cases.

T55 and T56 (two campaigns at once, a kill between reserving and dialling) need rows: they are
tested where attempts are made. T76 is the hash of an erased number, which the import compares.
"""

from datetime import timedelta

import pytest
from eligibility_facts_at_hand import (
    LOOSE,
    NOW,
    attempt,
    decided,
    facts,
    living,
    moment,
    plan,
    scrubs,
    written,
)

from topcalls.core import phone_numbers
from topcalls.core.eligibility_facts import (
    Category,
    Consent,
    ConsentKind,
    Policy,
    Reassigned,
    Reassignment,
    Scope,
    Suppression,
    Verdict,
    Voice,
)

pytestmark = pytest.mark.unit

NEW_YORK, MIAMI, DALLAS, PARIS = "+12125550123", "+13055550123", "+17135550123", "+33142000000"
ALLOW, DEFER, REVIEW, BLOCK = Verdict.ALLOW, Verdict.DEFER, Verdict.REVIEW, Verdict.BLOCK


def day(text: str):
    return moment(f"2026-12-{text}Z")


def told(found):
    return found.verdict, found.rule_id, found.until


def test_t45_three_in_a_day_count_whoever_called():
    attempts = (
        attempt(day("01T14:00"), campaign_id="a", caller_number="+12025550101"),
        attempt(day("01T16:00"), campaign_id="b", caller_number="+12025550102"),
        attempt(day("01T19:00"), campaign_id="c", caller_number="+12025550103"),
    )
    now = day("01T21:00")
    found = decided(facts(MIAMI, now, attempts=attempts), plan(campaign_id="a"), now)
    assert told(found) == (DEFER, "US-FL.freq.3in24", day("02T14:00"))
    cap = next(one for one in found.checks if one.rule_id == "US-FL.freq.3in24")
    assert cap.evidence_ids == tuple(one.id for one in attempts)


def test_t46_what_was_a_whole_day_ago_is_out_of_the_window():
    now = day("02T15:00")
    times = (now - timedelta(hours=24), now - timedelta(hours=19), now - timedelta(hours=15))
    attempts = tuple(map(attempt, times))
    assert decided(facts(MIAMI, now, attempts=attempts), now=now).verdict is ALLOW
    second = timedelta(seconds=1)
    early = decided(facts(MIAMI, now, attempts=attempts), now=now - second)
    assert told(early) == (DEFER, "US-FL.freq.3in24", now)


def test_t47_only_dials_count():
    attempts = (
        attempt(day("01T15:00")),
        attempt(day("01T16:00")),
        attempt(day("01T17:00"), counted=False),
    )
    known = facts("+14055550123", attempts=attempts, policy=LOOSE)
    assert decided(known).verdict is ALLOW


def test_t48_another_subject_counts_unless_the_operator_says_otherwise():
    times = (day("01T13:00"), day("01T15:00"), day("01T17:00"))
    attempts = tuple(attempt(at, subject_key="roofs") for at in times)
    meant = plan(subject_key="windows")
    known = facts("+14105550123", attempts=attempts, policy=LOOSE)
    found = decided(known, meant)
    assert told(found) == (DEFER, "US-MD.freq.3in24", day("02T13:00"))
    by_subject = Policy(50, 500, 0, caps_by_subject=True)
    apart = facts("+14105550123", attempts=attempts, policy=by_subject)
    assert decided(apart, meant).verdict is ALLOW
    assert decided(apart, plan(subject_key="roofs")).verdict is DEFER


def debt(key: str):
    return plan(purpose="collection", category=Category.DEBT, debt_key=key)


def a_week_of(key: str):
    return tuple(attempt(NOW - timedelta(days=back), debt_key=key) for back in range(7))


def test_t49_the_eighth_call_in_seven_days_waits_for_local_midnight():
    known = facts(DALLAS, attempts=a_week_of("A"), policy=LOOSE)
    found = decided(known, debt("A"))
    cap = next(one for one in found.checks if one.rule_id == "US.freq.regf.calls")
    assert cap.until == day("02T06:00")  # midnight in Chicago
    assert told(found) == (DEFER, "US.freq.regf.calls", day("02T14:00"))


def test_t50_each_debt_has_its_own_count():
    known = facts(DALLAS, attempts=a_week_of("A"), policy=LOOSE)
    assert decided(known, debt("B")).verdict is ALLOW
    assert decided(known, debt(None)).verdict is DEFER  # of an unknown debt all count


def spoken_with(*extra: Consent):
    talk = attempt(day("07T18:00"), conversation=True, answered=True, debt_key="A")
    return facts(DALLAS, day("10T18:00"), attempts=(talk,), consents=(written(), *extra))


def test_t51_the_day_of_a_conversation_is_the_first_of_seven():
    found = decided(spoken_with(), debt("A"), day("13T18:00"))
    assert told(found) == (DEFER, "US.freq.regf.conversation", day("14T14:00"))


def test_t52_whoever_asked_to_be_called_is():
    asked = Consent("callback-1", ConsentKind.CALLBACK, day("09T18:00"))
    found = decided(spoken_with(asked), debt("A"), day("10T18:00"))
    assert found.verdict is ALLOW
    lifted = next(one for one in found.checks if one.rule_id == "US.freq.regf.conversation")
    assert "callback-1" in lifted.evidence_ids
    old = Consent("callback-1", ConsentKind.CALLBACK, day("01T18:00"))
    assert decided(spoken_with(old), debt("A"), day("10T18:00")).verdict is DEFER


def test_t53_four_in_thirty_days_in_france():
    now = moment("2026-12-14T10:00Z")
    first = now - timedelta(days=29)
    attempts = tuple(attempt(first + timedelta(days=gap)) for gap in (0, 5, 10, 15))
    found = decided(facts(PARIS, now, attempts=attempts, policy=LOOSE), now=now)
    assert told(found) == (DEFER, "FR.freq.4in30", moment("2026-12-15T09:00Z"))


def test_t54_sixty_days_after_a_refusal_in_france():
    refused = attempt(moment("2026-10-20T09:00Z"), conversation=True, refused=True)
    now = moment("2026-12-14T10:00Z")
    found = decided(facts(PARIS, now, attempts=(refused,)), now=now)
    assert told(found) == (DEFER, "FR.cool.refusal60", moment("2026-12-21T09:00Z"))


def test_t57_business_done_is_no_consent():
    bought = Consent("ebr-1", ConsentKind.EBR_PURCHASE, NOW - timedelta(days=60))
    found = decided(facts(NEW_YORK, consents=(bought,)))
    assert (found.verdict, found.reason) == (BLOCK, "consent_missing")
    assert found.rule_id == "US.consent.telemarketing"


ORAL = Consent("oral-1", ConsentKind.EXPRESS, NOW - timedelta(days=60))
REMINDER = {"purpose": "appointment_reminder", "category": Category.INFORMATIONAL}


def test_t58_a_reminder_needs_no_writing():
    assert decided(facts(NEW_YORK, consents=(ORAL,)), plan(**REMINDER)).verdict is ALLOW


def test_t59_an_offer_does_but_for_three_states_and_an_operator_who_says_so():
    bradford = Policy(oral_consent_5th_circuit=True)
    found = decided(facts(NEW_YORK, consents=(ORAL,)))
    assert (found.verdict, found.reason) == (BLOCK, "consent_insufficient")
    at_home = living(DALLAS, "US-TX")
    assert decided(facts(DALLAS, at=at_home, consents=(ORAL,))).verdict is BLOCK
    relied = decided(facts(DALLAS, at=at_home, consents=(ORAL,), policy=bradford))
    assert relied.verdict is ALLOW
    assert any(one.rule_id == "US-TX.hours" for one in relied.checks)
    elsewhere = decided(facts(NEW_YORK, consents=(ORAL,), policy=bradford))
    assert elsewhere.verdict is BLOCK
    moved = living(DALLAS, "US-NY")  # a Texan number at an address in New York
    assert decided(facts(DALLAS, at=moved, consents=(ORAL,), policy=bradford)).verdict is BLOCK


def stop(days: float = 1, **changes):
    entry = {"id": "stop-1", "scope": Scope.ACCOUNT, "source": "agent", "applied_at": NOW}
    return Suppression(since=NOW - timedelta(days=days), **{**entry, **changes})


def test_t60_stop_holds_at_once():
    found = decided(facts(NEW_YORK, suppressions=(stop(),)))
    assert (found.verdict, found.rule_id, found.reason) == (BLOCK, "do_not_call", "suppressed")
    assert found.checks[1].evidence_ids == ("stop-1",)


def test_t61_one_purpose_was_revoked_until_the_rule_for_all_begins():
    offers = stop(scope=Scope.PURPOSE, purpose="offers")
    for text, verdict in (("2026-12-15T18:00Z", ALLOW), ("2027-02-01T18:00Z", BLOCK)):
        now = moment(text)
        known = facts(NEW_YORK, now, consents=(ORAL,), suppressions=(offers,))
        assert decided(known, plan(**REMINDER), now).verdict is verdict
    assert decided(facts(NEW_YORK, suppressions=(offers,))).verdict is BLOCK


def test_t62_a_revocation_that_nobody_carried_out_is_an_alarm():
    late = stop(days=16, applied_at=None)
    found = decided(facts(NEW_YORK, suppressions=(late,)))
    assert (found.verdict, found.alarms) == (BLOCK, ("revocation_overdue",))
    elsewhere = stop(days=16, applied_at=None, scope=Scope.PURPOSE, purpose="surveys")
    other = decided(facts(NEW_YORK, suppressions=(elsewhere,)))
    assert (other.verdict, other.alarms) == (ALLOW, ("revocation_overdue",))


def test_t63_a_listed_number_needs_written_consent():
    listed = scrubs(days=31, listed="US")
    human = plan(voice=Voice.HUMAN)
    found = decided(facts(NEW_YORK, consents=(), scrubs=listed), human)
    assert (found.verdict, found.reason) == (BLOCK, "listed")
    assert decided(facts(NEW_YORK, scrubs=listed), human).verdict is ALLOW
    assert decided(facts(NEW_YORK, scrubs=listed)).verdict is ALLOW


@pytest.mark.parametrize(
    ("kind", "months", "verdict"),
    [
        (ConsentKind.EBR_PURCHASE, 17, ALLOW),
        (ConsentKind.EBR_PURCHASE, 19, BLOCK),
        (ConsentKind.EBR_INQUIRY, 2, ALLOW),
        (ConsentKind.EBR_INQUIRY, 4, BLOCK),
    ],
)
def test_business_done_lifts_the_national_register_for_a_while(kind, months, verdict):
    done = Consent("ebr-1", kind, NOW - timedelta(days=30 * months))
    known = facts(NEW_YORK, consents=(done,), scrubs=scrubs(listed="US"))
    assert decided(known, plan(voice=Voice.HUMAN)).verdict is verdict


def test_t64_and_t65_an_old_answer_of_a_register_is_asked_for_again():
    for days in (32, 33):
        found = decided(facts(NEW_YORK, scrubs=scrubs(days=days)))
        assert (found.verdict, found.reason, found.until) == (DEFER, "scrub_stale", None)
    assert decided(facts(NEW_YORK, scrubs=scrubs(days=31.9))).verdict is ALLOW


def test_t66_a_state_with_a_list_of_its_own():
    found = decided(facts("+17205550123", scrubs=scrubs(without="US-CO")))
    assert (found.verdict, found.reason) == (REVIEW, "state_list_missing")


def test_who_holds_a_consent_or_a_warranty_may_do_without_registers():
    warranty = Consent("key-1", ConsentKind.WARRANTY, NOW)
    for consent in (written(), warranty):
        for requires, verdict in ((True, REVIEW), (False, ALLOW)):
            policy = Policy(require_scrubs=requires)
            known = facts(MIAMI, consents=(consent,), scrubs=(), policy=policy)
            assert decided(known).verdict is verdict
    free = Policy(require_scrubs=False)
    nothing = facts(MIAMI, consents=(), scrubs=(), policy=free)
    assert decided(nothing, plan(voice=Voice.HUMAN)).verdict is REVIEW
    listed = scrubs(listed="US")
    warranted = facts(MIAMI, consents=(warranty,), scrubs=listed)
    assert decided(warranted).verdict is ALLOW  # of the consent that lifts it
    alone = facts(MIAMI, consents=(), scrubs=listed, policy=free)
    assert decided(alone, plan(voice=Voice.HUMAN)).verdict is BLOCK


def reassigned(answer: Reassignment, consent: Consent, *, days: int = 3):
    return Reassigned(answer, consent.captured_at, NOW - timedelta(days=days), "rnd-1")


def test_t67_to_t69_the_number_has_somebody_else():
    young, old = written(), written(captured_at=NOW - timedelta(days=400))

    def of(consent, answer, policy=LOOSE, **options):
        known = facts(
            NEW_YORK,
            consents=(consent,),
            reassigned=(reassigned(answer, consent, **options),),
            policy=policy,
        )
        return decided(known)

    broken = of(young, Reassignment.YES)
    assert (broken.verdict, broken.reason) == (BLOCK, "reassigned")
    assert broken.alarms == ("reassigned",)
    assert of(young, Reassignment.NO_DATA).verdict is ALLOW
    assert of(old, Reassignment.NO_DATA).verdict is REVIEW
    assert of(old, Reassignment.NO_DATA, Policy(allow_no_data=True)).verdict is ALLOW
    stale = of(young, Reassignment.NO, days=45)
    assert (stale.verdict, stale.reason) == (DEFER, "reassigned_stale")
    assert of(young, Reassignment.NO).verdict is ALLOW


def test_an_answer_about_another_date_says_nothing():
    consent = written()
    before = consent.captured_at - timedelta(days=100)
    gone = Reassigned(Reassignment.YES, before, before + timedelta(days=10), "rnd-1")
    assert decided(facts(NEW_YORK, reassigned=(gone,))).verdict is ALLOW
    asked = facts(NEW_YORK, reassigned=(gone,), policy=Policy(require_reassigned=True))
    found = decided(asked)
    assert (found.verdict, found.reason) == (DEFER, "reassigned_missing")


def test_t70_consent_in_germany_needs_its_wording():
    known = facts("+493012345678", consents=(written(has_wording=False),))
    found = decided(known, now=moment("2026-12-01T10:00Z"))
    assert (found.verdict, found.reason) == (BLOCK, "consent_proof_incomplete")


@pytest.mark.parametrize(
    ("at", "voice", "verdict"),
    [
        ("2026-08-10T10:00Z", Voice.HUMAN, ALLOW),
        ("2026-08-11T10:00Z", Voice.HUMAN, BLOCK),
        ("2026-08-10T10:00Z", Voice.AI, BLOCK),
        ("2026-08-11T10:00Z", Voice.AI, BLOCK),
    ],
)
def test_t71_france_became_opt_in(at, voice, verdict):
    now = moment(at)
    found = decided(facts("+33612345678", now, consents=()), plan(voice=voice), now)
    assert found.verdict is verdict


def test_t72_consent_in_spain_is_renewed():
    now = moment("2026-12-01T10:00Z")
    old = written(captured_at=now - timedelta(days=25 * 31))
    found = decided(facts("+34612000000", now, consents=(old,)), now=now)
    assert (found.verdict, found.reason) == (BLOCK, "consent_expired")


def test_t73_an_ai_in_the_united_kingdom():
    now = moment("2026-12-01T10:00Z")
    found = decided(facts("+442079460123", now, consents=()), now=now)
    assert (found.verdict, found.rule_id) == (BLOCK, "GB.consent.pecr19")
    live = Policy(gb_ai_is_live_call=True)
    known = facts("+442079460123", now, consents=(), policy=live)
    assert decided(known, now=now).verdict is ALLOW
    on_list = facts("+442079460123", now, consents=(), policy=live, scrubs=scrubs(now, listed="GB"))
    assert decided(on_list, now=now).rule_id == "GB.dnc.tps"


@pytest.mark.parametrize("number", ["+61298765432", "+919876543210", "+5511987654321"])
def test_an_ai_sells_to_nobody_who_has_not_agreed(number):
    found = decided(facts(number, consents=()))
    assert (found.verdict, found.reason) == (BLOCK, "consent_missing")


def test_t74_a_customer_in_canada_has_not_agreed():
    bought = Consent("ebr-1", ConsentKind.EBR_PURCHASE, NOW - timedelta(days=60))
    found = decided(facts("+14165550123", consents=(bought,)))
    assert (found.verdict, found.rule_id) == (BLOCK, "CA.consent.adad")


def test_t75_california_wants_a_live_voice_first():
    known = facts("+14155550123", consents=(written(device_agreement=False),))
    found = decided(known)
    assert (found.verdict, found.reason) == (BLOCK, "live_voice_required")


@pytest.mark.parametrize("number", ["+1911", "+19005550123", "+18005550123", "+15215550123"])
def test_t77_numbers_that_nobody_agreed_to_be_called_at(number):
    found = decided(facts(number))
    assert (found.verdict, found.reason) == (BLOCK, "not_dialable_kind")


def test_t78_what_is_no_number_is_looked_at():
    assert phone_numbers.normal("5551234") is None
    found = decided(facts("5551234"))
    assert (found.verdict, found.reason) == (REVIEW, "number_invalid")


def test_a_consent_counts_for_its_purposes_its_sellers_and_its_time():
    def reason(meant=None, **changes):
        return decided(facts(NEW_YORK, consents=(written(**changes),)), meant).reason

    assert reason(purposes=("offers",)) == ""
    assert reason(purposes=("telemarketing",)) == ""
    assert reason(purposes=("surveys",)) == "consent_for_another_purpose"
    assert reason(sellers=("Acme",)) == "consent_for_another_purpose"
    assert reason(plan(seller="Acme"), sellers=("Acme",)) == ""
    assert reason(revoked_at=NOW) == "consent_revoked"
    assert reason(expires_at=NOW) == "consent_expired"
    assert reason(captured_at=NOW + timedelta(seconds=1)) == "consent_for_another_purpose"
    assert reason(captured_at=NOW - timedelta(days=560)) == "consent_reconfirm"


def test_a_warranty_stands_for_consent_but_not_for_its_proof():
    warranty = Consent("key-1", ConsentKind.WARRANTY, NOW)
    assert decided(facts(NEW_YORK, consents=(warranty,))).verdict is ALLOW
    now = moment("2026-12-01T10:00Z")
    assert decided(facts("+493012345678", now, consents=(warranty,)), now=now).verdict is BLOCK


def test_consent_is_not_asked_for_where_the_plan_says_so():
    known = facts(NEW_YORK, consents=())
    assert decided(known).verdict is BLOCK
    assert decided(known, plan(consent_needed=False)).verdict is ALLOW
