"""What becomes of somebody of a campaign whose call a rule forbids."""

from datetime import timedelta

import pytest
from eligibility_facts_at_hand import NOW, PACK, decided, facts, plan, scrubs

from topcalls.core import do_not_call, pre_dial
from topcalls.core.campaign_holds import Fate, Place, place_of
from topcalls.core.eligibility import caller_series
from topcalls.core.eligibility_facts import (
    CallerNumber,
    Contact,
    Scope,
    Suppression,
    Verdict,
)
from topcalls.core.suppression_rules import suppression_of

pytestmark = pytest.mark.unit
NEW_YORK, INDIA = "+12125550123", "+919876543210"
LATER = NOW + timedelta(hours=3)


def placed(known, meant=None, now=NOW):
    decision = decided(known, meant, now)
    until = decision.until if decision.verdict is Verdict.DEFER else None
    return decision, place_of(decision.rule_id, decision, until)


def entry(**changes):
    return Suppression("entry", Scope.ACCOUNT, NOW - timedelta(days=1), "api", **changes)


def test_whoever_may_be_called_later_waits():
    night = NOW + timedelta(hours=10)
    decision, place = placed(facts(NEW_YORK, night), now=night)
    assert decision.verdict is Verdict.DEFER
    assert place == Place(Fate.WAIT, decision.until)


@pytest.mark.parametrize("missing", [{"without": "US"}, {"days": 40}])
def test_what_no_time_brings_holds(missing):
    """A register that was not asked is reviewed, one asked too long ago deferred without end."""
    decision, place = placed(facts(NEW_YORK, scrubs=scrubs(**missing)))
    assert decision.until is None
    assert place == Place(Fate.HOLD)


def test_an_opening_that_lacks_a_part_holds():
    decision, place = placed(facts(NEW_YORK), plan(slots=frozenset()))
    assert (decision.verdict, decision.reason) == (Verdict.DEFER, "disclosure_missing")
    assert place == Place(Fate.HOLD)


def test_without_consent_somebody_is_left_out():
    decision, place = placed(facts(NEW_YORK, consents=()))
    assert decision.reason == "consent_missing"
    assert place == Place(Fate.SKIP)


def test_the_list_leaves_out_for_good_or_until_its_last_entry_ends():
    for_good = decided(facts(NEW_YORK, suppressions=(entry(expires_at=LATER), entry())))
    assert place_of(do_not_call.RULE, for_good) == Place(Fate.SKIP)
    both = (entry(expires_at=LATER), entry(expires_at=LATER + timedelta(days=1)))
    ends = decided(facts(NEW_YORK, suppressions=both))
    assert place_of(do_not_call.RULE, ends) == Place(Fate.WAIT, LATER + timedelta(days=1))


def test_whether_somebody_is_listed_is_said_by_the_decision_at_its_moment():
    known = facts(NEW_YORK, suppressions=(entry(expires_at=LATER),))
    assert suppression_of(decided(known)).evidence_ids == ("entry",)
    assert suppression_of(decided(known, now=LATER)) is None
    clock_ahead = Suppression("ahead", Scope.ACCOUNT, LATER, "api")
    assert suppression_of(decided(facts(NEW_YORK, suppressions=(clock_ahead,)))) is not None


def test_the_accounts_own_server_has_the_last_word():
    decision = decided(facts(NEW_YORK))
    assert place_of(pre_dial.RULE, decision) == Place(Fate.SKIP)
    assert place_of(pre_dial.RULE, decision, LATER) == Place(Fate.WAIT, LATER)


def test_a_number_of_the_campaign_that_is_not_ready_is_nobodys_fault_who_is_called():
    unready = plan(caller=CallerNumber("+13055550100", right_to_use=False))
    decision, place = placed(facts(NEW_YORK), unready)
    assert decision.reason == "caller_number_not_ready"
    assert place == Place(Fate.PAUSE, None, "numbers_unusable")
    _, both = placed(facts(NEW_YORK, consents=()), unready)
    assert both == Place(Fate.SKIP)


def test_a_number_of_the_wrong_series_holds():
    noon = NOW.replace(hour=7)
    known = facts(INDIA, noon)
    decision, place = placed(known, plan(caller=CallerNumber("+911105550100")), noon)
    assert decision.reason == "caller_number_series"
    assert place == Place(Fate.HOLD)
    series = caller_series(Contact(INDIA), plan(), PACK, noon)
    assert series == (("+91140",),)
    assert caller_series(Contact(NEW_YORK), plan(), PACK, noon) == ()
