"""Where somebody is, what a call says and how it is recorded, the number that calls, and what kind
of answers networks gave: T79 to T93 and T97 of the hundred cases.

T83, T84, T87, T94 to T96: the dial, the campaign's start, the retry and the webhook have tests of
their own; what they rest on is here. T98 to T100 are about what was heard.
"""

from dataclasses import replace
from datetime import timedelta

import phonenumbers
import pytest
from eligibility_facts_at_hand import (
    LOOSE,
    NOW,
    PACK,
    attempt,
    decided,
    facts,
    living,
    moment,
    plan,
)
from hypothesis import given
from hypothesis import strategies as st

from topcalls.core.area_codes import AreaCodes
from topcalls.core.campaign_holds import Fate, place_of
from topcalls.core.eligibility_facts import (
    Abandonment,
    CallerNumber,
    Category,
    Contact,
    Policy,
    Recorded,
    Result,
    Scope,
    Suppression,
    Verdict,
    Voice,
    ZoneSource,
)
from topcalls.core.number_facts import number_facts
from topcalls.core.readiness import opening, start_faults
from topcalls.core.rule_pack import overridden, rule_faults, rules_of
from topcalls.core.rule_values import SLOTS
from topcalls.core.zones import UNPINNED, reach

pytestmark = pytest.mark.unit

NEW_YORK, MIAMI = "+12125550123", "+13055550123"
ALLOW, DEFER, REVIEW, BLOCK = Verdict.ALLOW, Verdict.DEFER, Verdict.REVIEW, Verdict.BLOCK


def told(found):
    return found.verdict, found.rule_id, found.until


def test_t79_the_address_has_the_clock_and_both_states_the_rules():
    now = moment("2026-12-01T14:30Z")
    dallas = living(NEW_YORK, "US-TX", "America/Chicago", now)
    found = decided(facts(NEW_YORK, now, at=dallas), now=now)
    assert told(found) == (DEFER, "US-TX.hours", moment("2026-12-01T15:00Z"))
    assert found.jurisdictions == ("US-NY", "US", "US-TX")
    somewhere = decided(facts(NEW_YORK, now, at=living(NEW_YORK, "US-TX", now=now)), now=now)
    assert somewhere.zones == ("America/Chicago", "America/Denver")  # Texas has two
    assert somewhere.until == moment("2026-12-01T16:00Z")


def test_t80_the_area_codes_state_is_presumed_by_the_clock_of_the_address():
    seattle = living(MIAMI, "US-WA")
    assert decided(facts(MIAMI, at=seattle), now=moment("2026-12-02T03:30Z")).verdict is ALLOW
    late = decided(facts(MIAMI, at=seattle), now=moment("2026-12-02T04:05Z"))
    assert (late.verdict, late.rule_id) == (DEFER, "US-FL.hours")


def test_t81_no_hour_is_right_where_the_zone_is_not_known():
    new = replace(PACK, areas=AreaCodes())  # no area code is known
    found = decided(facts(NEW_YORK), pack=new)
    assert (found.verdict, found.reason) == (REVIEW, "zone_unknown")
    known = Contact(NEW_YORK, (), "America/Toronto", NOW - timedelta(days=1))
    assert decided(facts(NEW_YORK, at=known), pack=new).verdict is ALLOW


def test_t82_an_answer_may_come_at_the_end_of_the_ring():
    for second, ring, verdict in ((40, 45, DEFER), (40, 4, ALLOW), (0, 44, ALLOW), (0, 45, DEFER)):
        now = moment("2026-12-02T00:59:00Z") + timedelta(seconds=second)
        found = decided(facts(MIAMI, now), plan(ring_timeout_seconds=ring), now)
        assert found.verdict is verdict, (second, ring)


def test_t83_an_allowed_call_waits_a_minute_at_most():
    found = decided(facts(NEW_YORK))
    assert found.valid_until - NOW == timedelta(seconds=60)


@pytest.mark.parametrize("number", ["+16045550123", "+14035550123", "+12045550123"])
def test_t85_old_zone_data_is_wrong_where_the_clocks_were_changed(number):
    stale = decided(facts(number), tz_version="2025b")
    assert (stale.verdict, stale.reason, stale.until) == (DEFER, "time_zone_data_old", None)
    assert decided(facts(number), tz_version="2026f").verdict is ALLOW


def test_zone_data_that_is_old_or_not_ours_stops_everything():
    for release, today, verdict in (
        ("2026f", "2027-04-26", ALLOW),
        ("2026f", "2027-04-27", DEFER),
        ("2027a", "2027-04-27", DEFER),  # not listed: as old as the newest that is
        (UNPINNED, "2026-12-01", DEFER),
        ("2019a", "2026-12-01", DEFER),
    ):
        date = moment(today + "T00:00Z").date()
        found = decided(facts(NEW_YORK), tz_version=release, today=date)
        assert found.verdict is verdict, (release, today)


EMERGENCY = {
    "id": "US-LA.emergency.2026-09",
    "jurisdiction": "US-LA",
    "topic": "emergency",
    "effective_from": moment("2026-09-01T00:00Z").date(),
    "effective_to": moment("2026-09-30T00:00Z").date(),
    "value": {},
    "status": "read",
    "source": "Proclamation of the governor",
}


def test_t86_an_emergency_bans_every_call_until_it_is_lifted():
    content = {"rule": [EMERGENCY]}
    assert list(rule_faults(content, ())) == []
    pack = replace(PACK, rules=overridden(PACK.rules, rules_of(content)))
    from_zone = "+15045550123"
    for text, verdict in (
        ("2026-08-31T18:00Z", ALLOW),
        ("2026-09-01T18:00Z", BLOCK),
        ("2026-09-30T18:00Z", BLOCK),
        ("2026-10-01T18:00Z", ALLOW),
    ):
        now = moment(text)
        found = decided(facts(from_zone, now), now=now, pack=pack)
        assert found.verdict is verdict, text
        if verdict is BLOCK:
            assert found.until == moment("2026-10-01T05:00Z")
            assert found.reason == "emergency_ban"


def test_t87_what_an_opening_lacks_is_told_by_name():
    needed = opening(["DE", "FR"], Category.TELEMARKETING, Voice.AI, PACK, NOW.date())
    assert needed.slots == ("ai_voice",)
    assert needed.why == {"ai_voice": ("EU.aiact.50-1",)}
    assert needed.missing((), Recorded.OFF) == ("ai_voice",)
    assert needed.recording is Recorded.ASK
    assert needed.missing(SLOTS, Recorded.ANNOUNCE) == ("recording",)
    assert needed.missing(SLOTS, Recorded.ASK) == ()
    states = opening(["US-CT", "US-CA"], Category.TELEMARKETING, Voice.AI, PACK, NOW.date())
    assert set(states.slots) == set(SLOTS) - {"recording"}
    assert states.within_seconds == 2
    before = opening(
        ["FR"], Category.TELEMARKETING, Voice.AI, PACK, moment("2026-08-01T00Z").date()
    )
    assert before.slots == ()


def test_t85_and_t87_a_campaign_that_is_not_ready_is_not_started():
    people = [("+16045550123", None), ("+493012345678", None), (NEW_YORK, "US-CA")]
    places = reach(people, PACK)
    assert places == ("CA-BC", "DE", "US-CA", "US-NY")

    def faults(release="2026f", **changes):
        found = start_faults(places, plan(**changes), PACK, release, NOW.date())
        return {fault.code: fault.message for fault in found}

    assert faults(recording=Recorded.ASK) == {}
    silent = faults(slots=frozenset(SLOTS) - {"registered_name"}, recording=Recorded.ANNOUNCE)
    assert "'registered_name'" in silent["disclosure_missing"]
    assert "US-CA.disclosure.2874" in silent["disclosure_missing"]
    assert "DE.recording" in silent["recording_notice_missing"]
    assert "2026f or newer" in faults("2025b")["time_zone_data_old"]
    assert faults(UNPINNED).keys() == {"time_zone_data_old"}
    assert reach([], PACK) == ()


def test_a_call_that_lacks_a_part_of_its_opening_waits_until_it_is_put_right():
    found = decided(facts(NEW_YORK), plan(slots=frozenset({"ai_voice"})))
    assert (found.verdict, found.reason, found.until) == (DEFER, "disclosure_missing", None)
    check = next(one for one in found.checks if one.rule_id == "US.voice.identify")
    assert check.observed == {"missing": ["registered_name", "callback_number"]}


def test_t88_a_recording_that_nobody_is_told_of():
    philadelphia = "+12155550123"
    silent = decided(facts(philadelphia), plan(recording=Recorded.SILENT))
    assert (silent.verdict, silent.rule_id) == (DEFER, "US-PA.recording")
    for careful in (Recorded.ANNOUNCE, Recorded.ASK, Recorded.OFF, Recorded.AGENT_ONLY):
        assert decided(facts(philadelphia), plan(recording=careful)).verdict is ALLOW
    assert decided(facts(NEW_YORK), plan(recording=Recorded.SILENT)).verdict is ALLOW
    now = moment("2026-12-01T10:00Z")
    announced = decided(facts("+493012345678", now), plan(recording=Recorded.ANNOUNCE), now)
    assert announced.rule_id == "DE.recording"


def test_t89_a_number_that_cannot_be_called_back_calls_nobody():
    for wrong in ({"right_to_use": False}, {"inbound_works": False}):
        caller = CallerNumber("+12025550100", **wrong)
        found = decided(facts(NEW_YORK), plan(caller=caller))
        assert (found.verdict, found.reason) == (BLOCK, "caller_number_not_ready")
    assert decided(facts(NEW_YORK), plan(caller=None)).verdict is ALLOW


def test_calls_to_india_come_from_its_series():
    now = moment("2026-12-07T06:00Z")
    number = "+919876543210"
    assert decided(facts(number, now), now=now).verdict is ALLOW
    foreign = decided(facts(number, now), plan(caller=CallerNumber("+12025550100")), now)
    assert (foreign.verdict, foreign.reason) == (BLOCK, "caller_number_series")
    assert decided(facts(number, now), plan(caller=None), now).verdict is REVIEW


def test_t90_unwanted_is_for_good():
    unwanted = Suppression("stop-1", Scope.ACCOUNT, NOW - timedelta(days=400), "sip_607")
    found = decided(facts(NEW_YORK, suppressions=(unwanted,)))
    assert (found.verdict, found.reason) == (BLOCK, "suppressed")


def test_t91_a_network_that_blocks_is_no_fault_of_the_lead():
    blocked = attempt(NOW - timedelta(hours=23), outcome="blocked_by_network", counted=False)
    caller = CallerNumber("+12025550100", quarantined_until=NOW + timedelta(days=3))
    same = decided(facts(NEW_YORK, attempts=(blocked,)), plan(caller=caller))
    assert told(same)[:2] == (DEFER, "product.blocked_by_network")
    assert same.until == NOW + timedelta(days=3)
    other = decided(facts(NEW_YORK, attempts=(blocked,)))
    assert told(other) == (DEFER, "product.blocked_by_network", NOW + timedelta(hours=1))


def test_t92_whoever_declines_twice_is_left_alone_by_the_campaign():
    times = (NOW - timedelta(days=20), NOW - timedelta(days=2))
    declined = tuple(attempt(at, outcome="rejected", campaign_id="a") for at in times)
    found = decided(facts(NEW_YORK, attempts=declined), plan(campaign_id="a"))
    assert (found.verdict, found.rule_id) == (BLOCK, "product.rejected.twice")
    assert decided(facts(NEW_YORK, attempts=declined), plan(campaign_id="b")).verdict is ALLOW
    assert decided(facts(NEW_YORK, attempts=declined[1:]), plan(campaign_id="a")).verdict is ALLOW
    fresh = (attempt(NOW - timedelta(hours=5), outcome="rejected"),)
    assert decided(facts(NEW_YORK, attempts=fresh)).until == NOW + timedelta(hours=19)


def test_t93_a_dead_number_is_confirmed_a_day_later():
    once = (attempt(NOW - timedelta(hours=5), outcome="invalid_number"),)
    found = decided(facts(NEW_YORK, attempts=once))
    assert told(found) == (DEFER, "product.invalid.once", NOW + timedelta(hours=19))
    twice = (*once, attempt(NOW - timedelta(hours=30), outcome="invalid_number"))
    assert decided(facts(NEW_YORK, attempts=twice)).verdict is BLOCK


def test_t97_too_many_who_met_nobody_stop_the_campaign():
    """2 % since it was last resumed (the product's), 3 % of 30 days (the law's)."""
    oldest = NOW - timedelta(days=3)

    def found(answered, abandoned, *, from_resume=True, now=NOW, campaign="spring"):
        share = Abandonment(30, answered, abandoned, oldest, from_resume)
        known = facts(NEW_YORK, now, abandonment=(share,))
        return decided(known, plan(campaign_id=campaign), now=now)

    many = found(1000, 21)
    assert told(many) == (DEFER, "product.abandonment", oldest + timedelta(days=30))
    assert many.reason == "abandonment_rate"
    assert place_of(many.rule_id, many, many.until).fate is Fate.PAUSE
    assert found(1000, 20).verdict is ALLOW
    assert found(40, 1).verdict is ALLOW
    assert found(1000, 30, from_resume=False).verdict is ALLOW
    assert told(found(1000, 31, from_resume=False))[:2] == (DEFER, "US.abandon.rate")
    assert found(1, 1, from_resume=False).verdict is ALLOW
    assert told(found(49, 2, from_resume=False))[:2] == (DEFER, "US.abandon.rate")
    assert told(found(2, 2))[:2] == (DEFER, "product.abandonment")
    assert found(49, 9, from_resume=False, campaign=None).verdict is ALLOW
    assert found(50, 9, from_resume=False, campaign=None).verdict is DEFER
    later = oldest + timedelta(days=30)
    assert found(1000, 21, now=later.replace(hour=18)).verdict is ALLOW
    assert decided(facts(NEW_YORK, abandonment=(Abandonment(7, 99, 99),))).verdict is ALLOW


def test_a_country_without_rules_is_looked_at():
    for number in ("+48221234567", "+2348031234567", "+8613812345678"):
        found = decided(facts(number))
        assert (found.verdict, found.reason) == (REVIEW, "rules_missing"), number


@given(st.integers(2_000_000_000, 9_999_999_999))
def test_what_an_exchange_tells_is_what_each_of_its_numbers_does(national):
    """In the North American plan the last four digits of a number tell nothing."""
    number = f"+1{national}"
    parsed = phonenumbers.parse(number)
    found = number_facts(number)
    region = phonenumbers.region_code_for_number(parsed)
    assert found.is_assigned is (region is not None)
    if region is not None:
        assert found.country == region
        assert found.area_code == number[2:5]


def test_the_account_calls_no_region_but_its_own():
    policy = Policy(regions=("US-NY", "CA"))
    assert decided(facts(NEW_YORK, policy=policy)).verdict is ALLOW
    assert decided(facts("+14165550123", policy=policy)).verdict is ALLOW
    found = decided(facts(MIAMI, policy=policy))
    assert (found.verdict, found.reason) == (BLOCK, "region_not_called")


def test_what_was_said_in_a_call_is_old_after_a_week():
    def zones(days, **changes):
        noted = NOW - timedelta(days=days)
        spoken = Contact(NEW_YORK, (), "America/Denver", noted, ZoneSource.SPOKEN)
        return decided(facts(NEW_YORK, at=replace(spoken, **changes))).zones

    assert zones(7) == ("America/Denver",)
    assert zones(7.1) == ("America/New_York",)
    assert zones(7.1, zone_source=ZoneSource.STATED) == ("America/Denver",)
    undated = zones(0, zone_noted_at=None, zone_source=ZoneSource.STATED)
    assert undated == ("America/Denver", "America/New_York")


@pytest.mark.parametrize(
    ("region", "zone", "found"),
    [
        (None, "America/Atlantis", ()),
        ("FR", None, ()),  # an American number in France: where in the world, nobody knows
        ("US", None, ("America/New_York",)),
        ("US-CA", None, ("America/Los_Angeles",)),
        ("US-NY", None, ("America/New_York",)),
        ("CA-BC", None, ("America/Edmonton", "America/Vancouver")),
    ],
)
def test_zones_of_a_region(region, zone, found):
    at = Contact(NEW_YORK, (region,) if region else (), zone, NOW)
    decision = decided(facts(NEW_YORK, at=at))
    assert decision.zones == found
    assert (decision.reason == "zone_unknown") is (found == ())


def test_every_check_says_whose_rule_it_is_and_how_far_that_was_confirmed():
    decision = decided(facts(MIAMI, policy=LOOSE))
    assert decision.verdict is ALLOW
    hours = {one.rule_id: one for one in decision.checks if one.check == "hours"}
    florida = hours["US-FL.hours"]
    assert (florida.status, florida.checked_on) == ("read", "2026-11-23")
    assert florida.source.startswith("https://flsenate.gov")
    assert florida.observed == {"local": {"America/New_York": "Tue 2026-12-01 13:00 -0500"}}
    assert florida.required == {"America/New_York": {"day": "tue", "open": ["08:00-20:00"]}}
    assert hours["US.hours.tcpa"].status == "secondary"
    rules = {rule.id: rule for rule in PACK.rules}
    for one in decision.checks:
        assert one.result in (Result.PASS, Result.NOT_APPLICABLE)
        if one.rule_id in rules:
            rule = rules[one.rule_id]
            shown = (rule.status, rule.source, rule.checked_on)
            assert (one.status, one.source, one.checked_on) == shown
    assert decision.versions.pack == PACK.version
    assert decision.versions.pack_hash == PACK.hash
    assert decision.versions.tz == "2026f"


def test_all_is_evaluated_and_the_first_no_of_the_worst_kind_is_the_reason():
    now = moment("2026-12-02T03:00Z")  # after hours
    since = NOW - timedelta(days=1)
    stopped = Suppression("stop-1", Scope.ACCOUNT, since, "api", applied_at=since)
    known = facts(MIAMI, now, consents=(), suppressions=(stopped,))
    found = decided(known, now=now)
    reasons = [one.reason for one in found.checks if one.verdict is not ALLOW]
    assert reasons == ["suppressed", "consent_missing", "outside_hours", "outside_hours"]
    assert (found.verdict, found.reason) == (BLOCK, "suppressed")
