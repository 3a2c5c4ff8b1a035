"""A campaign on a virtual clock: what it must keep to, and what it tells."""

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from topcalls.core.budgets import Amount, Budget, Need, Period
from topcalls.core.campaign_schedule import schedule_of
from topcalls.core.circuit_breaker import breaker_of
from topcalls.core.eligibility import decide
from topcalls.core.eligibility_facts import (
    CallerNumber,
    Category,
    Consent,
    ConsentKind,
    Contact,
    Facts,
    PastAttempt,
    Plan,
    Policy,
    Scope,
    Suppression,
    Verdict,
)
from topcalls.core.fair_share import Lane
from topcalls.core.number_pool import pool_of
from topcalls.core.pacing import pacing_of
from topcalls.core.phone_numbers import time_zones
from topcalls.core.rehearsal import rehearse
from topcalls.core.rehearsal_callees import callees_of
from topcalls.core.rehearsal_line import Person, Setup
from topcalls.core.rehearsal_money import Money, Purses
from topcalls.core.rehearsal_tally import MOST_DIALS_TOLD, Tally
from topcalls.core.retry_policy import policy_of
from topcalls.core.rule_values import SLOTS
from topcalls.services.rule_pack import load_rule_pack

pytestmark = pytest.mark.unit

BEGINS = datetime(2026, 12, 1, 14, tzinfo=UTC)
"""A Tuesday, nine in the morning in New York and six in Los Angeles."""

AREAS = ("212", "305", "312", "415", "713", "850", "270", "602", "701", "504")
PACK = load_rule_pack()
PLAN = Plan("reminder", Category.INFORMATIONAL, slots=frozenset(SLOTS))
CONSENT = Consent(
    "consent",
    ConsentKind.EXPRESS_DOCUMENTED,
    BEGINS - timedelta(days=10),
    has_wording=True,
    names_ai_voice=True,
    device_agreement=True,
)
WARRANTED = Policy(require_scrubs=False)


def person(index, **changes):
    number = f"+1{AREAS[index % len(AREAS)]}{200 + index // 10:03}{index % 10_000:04}"
    facts = Facts(Contact(number), consents=(CONSENT,), policy=WARRANTED)
    facts = replace(facts, **changes.pop("facts", {}))
    return Person(f"lead{index:05}", facts, time_zones(number), BEGINS, **changes)


def setup(**changes):
    usual = {
        "schedule": schedule_of(None),
        "pacing": pacing_of({"calls_per_minute": 60, "max_concurrent": 20}),
        "retry": policy_of(None),
        "pool": pool_of(None),
        "breaker": breaker_of(None),
        "plan": PLAN,
        "pack": PACK,
        "callees": callees_of(None),
        "seed": 7,
        "begins": BEGINS,
        "days": 10,
        "concurrent": 100,
        "per_minute": 1000,
        "lane": Lane("mine", 0, 100),
    }
    return Setup(**(usual | changes))


def rehearsed(people, money=None, **changes):
    tally = Tally(len(people), BEGINS, MOST_DIALS_TOLD)
    rehearse(setup(**changes), people, money or Money(Purses(), Need(300, 0), 50_000), tally)
    return tally.report()


def moment(text):
    return datetime.fromisoformat(text)


@pytest.fixture(scope="module")
def report():
    return rehearsed([person(index) for index in range(300)])


def test_the_same_seed_gives_the_same_report_to_the_byte_in_any_order_of_people(report):
    again = rehearsed([person(index) for index in reversed(range(300))])

    assert json.dumps(again) == json.dumps(report)
    assert rehearsed([person(index) for index in range(300)], seed=8) != report


def test_everybody_is_accounted_for(report):
    contacts = report["contacts"]

    assert sum(contacts[state] for state in ("done", "given_up", "skipped", "left")) == 300
    assert sum(report["calls"]["outcomes"].values()) == report["calls"]["total"]
    assert len(report["dials"]) == report["calls"]["total"]
    assert sum(hour["calls"] for hour in report["hours"]) == report["calls"]["total"]
    assert report["spent"]["minutes"] == pytest.approx(
        sum(dial["talk_seconds"] for dial in report["dials"]) / 60, abs=0.1
    )


def test_each_dial_is_one_that_the_rules_allow_by_what_was_dialled_before(report):
    people = {one.lead_id: one for one in (person(index) for index in range(300))}
    before = {}
    for dial in sorted(report["dials"], key=lambda dial: dial["at"]):
        at, lead_id = moment(dial["at"]), dial["lead_id"]
        attempts = before.setdefault(lead_id, [])
        facts = replace(people[lead_id].facts, attempts=tuple(attempts))
        assert decide(facts, PLAN, PACK, at).verdict is Verdict.ALLOW
        assert dial["attempt"] == len(attempts) + 1
        talked = dial["outcome"] in ("completed", "callback", "short_talk", "opted_out")
        answered = talked or dial["outcome"] == "voicemail"
        attempts.insert(
            0, PastAttempt(at, f"{at}", True, answered, talked, outcome=dial["outcome"])
        )


def test_it_never_dials_faster_nor_more_at_once_than_it_may(report):
    assert 0 < report["calls"]["peak_concurrent"] <= 20
    times = sorted(moment(dial["at"]) for dial in report["dials"])
    for index, at in enumerate(times):
        assert sum(at <= other < at + timedelta(seconds=60) for other in times[index:]) <= 60


def test_it_has_its_share_beside_others_by_weight():
    people = [person(index) for index in range(200)]
    beside = (Lane("other", 0, 100, weight=3),)

    shared = rehearsed(people, pacing=pacing_of(None), concurrent=8, beside=beside)

    assert shared["calls"]["peak_concurrent"] == 2


def test_hours_of_the_campaign_hold_where_people_are():
    schedule = {"windows": [{"days": ["wed", "thu"], "start": "10:00", "end": "12:00"}]}
    people = [person(index) for index in range(60)]

    found = rehearsed(people, schedule=schedule_of(schedule), days=3)

    zones = {one.lead_id: one.zones for one in people}
    for dial in found["dials"]:
        for zone in zones[dial["lead_id"]]:
            local = moment(dial["at"]).astimezone(ZoneInfo(zone))
            assert (local.weekday(), 10 <= local.hour < 12) in ((2, True), (3, True))
    assert found["postponed_by_rule"]["schedule"] >= 60
    assert found["ends"] == "time_over"


def test_a_schedule_that_is_over_leaves_whoever_is_left():
    schedule = {"end_at": "2026-12-01T14:01:00Z"}
    found = rehearsed([person(index) for index in range(300)], schedule=schedule_of(schedule))

    assert found["ends"] == "time_over"
    assert found["contacts"]["left"] > 0
    assert all(dial["at"] < "2026-12-01T14:01:00Z" for dial in found["dials"])


def test_whoever_must_not_be_called_is_left_out_by_the_rule():
    listed = Suppression("entry", Scope.ACCOUNT, BEGINS - timedelta(days=1), "api")
    people = [
        person(0, facts={"suppressions": (listed,)}),
        person(10, facts={"consents": ()}),
        person(20, missing="name"),
        person(30),
    ]

    found = rehearsed(people, callees=callees_of({"human_percent": 100, "voicemail_percent": 0,
        "busy_percent": 0, "rejected_percent": 0, "unreachable_percent": 0, "invalid_percent": 0,
        "carrier_failure_percent": 0, "callback_percent": 0}))  # fmt: skip

    assert found["contacts"]["skipped"] == 3
    rules = found["contacts"]["skipped_by_rule"]
    assert rules["missing_variables: name"] == 1
    assert {dial["lead_id"] for dial in found["dials"]} == {"lead00030"}
    assert sum(rules.values()) == 3
    assert found["contacts"]["done"] == 1


def test_without_enforcement_only_do_not_call_stops_anybody():
    listed = Suppression("entry", Scope.ACCOUNT, BEGINS - timedelta(days=1), "api")
    people = [person(0, facts={"suppressions": (listed,)}), person(3, facts={"consents": ()})]

    found = rehearsed(people, enforced=False)

    assert found["contacts"]["skipped"] == 1
    assert {dial["lead_id"] for dial in found["dials"]} == {"lead00003"}
    assert sum(found["not_enforced_by_rule"].values()) >= 1


REACHED = callees_of({"human_percent": 100, "voicemail_percent": 0, "busy_percent": 0,
    "rejected_percent": 0, "unreachable_percent": 0, "invalid_percent": 0,
    "carrier_failure_percent": 0, "callback_percent": 0})  # fmt: skip
SHOWN = "+12125550100"


def test_a_number_that_may_not_be_shown_stops_calls_as_it_does_when_they_are_dialled():
    gone = CallerNumber(SHOWN, right_to_use=False)
    found = rehearsed([person(index) for index in range(5)], from_number=SHOWN,
        callers={SHOWN: gone}, callees=REACHED)  # fmt: skip
    assert (found["calls"]["total"], found["contacts"]["left"]) == (0, 5)
    assert (found["ends"], found["paused"]["code"]) == ("paused", "numbers_unusable")
    rule = decide(person(0).facts, replace(PLAN, caller=gone), PACK, BEGINS).rule_id
    assert rule in found["paused"]["detail"]

    resting = CallerNumber(SHOWN, quarantined_until=BEGINS + timedelta(days=3))
    found = rehearsed([person(0)], from_number=SHOWN, callers={SHOWN: resting}, callees=REACHED)
    alike = decide(person(0).facts, replace(PLAN, caller=resting), PACK, BEGINS)
    assert alike.verdict is not Verdict.ALLOW
    assert found["calls"]["total"] == 0 or moment(found["first_call_at"]) >= BEGINS + timedelta(3)


def test_what_only_the_call_itself_can_tell_is_named_with_how_many_calls_it_is_of():
    people = [person(index) for index in range(4)]
    usual = {"callees": REACHED, "from_number": SHOWN}
    known = rehearsed(people, **usual, callers={SHOWN: CallerNumber(SHOWN)})
    assert (known["calls"]["total"], known["not_known"]) == (4, {})
    asked = rehearsed(people, **usual, asks_server=True)
    assert asked["not_known"] == {"caller_number": 4, "pre_dial": 4}


def test_whoever_waits_for_a_register_is_called_as_if_it_said_nothing_against_them():
    facts = {"policy": Policy(require_reassigned=True)}
    plain, covered = [person(0, facts=facts)], (("reassigned", "RND"),)
    left_out = rehearsed(plain, callees=REACHED)
    assert left_out["calls"]["total"] == 0
    found = rehearsed([replace(plain[0], covered=covered)], callees=REACHED)
    assert found["calls"]["total"] == 1
    assert found["not_known"]["register:RND"] == 1


def test_the_closest_call_is_told_with_its_margin_and_the_clocks_of_where_it_was(report):
    closest = report["closest_call"]

    assert closest["margin_seconds"] > 0
    assert closest["local_times"]
    assert closest["lead_id"] in {dial["lead_id"] for dial in report["dials"]}


def test_a_carrier_that_is_down_pauses_the_campaign_and_says_so():
    outage = {"carrier_outages": [{"after_minutes": 0, "minutes": 600}]}
    found = rehearsed([person(index) for index in range(300)], callees=callees_of(outage))

    assert found["ends"] == "paused"
    assert found["paused"]["code"] == "carrier_failures"
    assert set(found["calls"]["outcomes"]) == {"trunk_busy"}
    assert found["calls"]["total"] < 300


@pytest.mark.parametrize(
    ("budget", "limit"),
    [
        (Budget(calls=25), "campaign_calls"),
        (Budget(seconds=3000), "campaign_minutes"),
        (Budget(micros=1_000_000), "campaign_cost"),
    ],
)
def test_a_budget_of_the_campaign_stops_it_before_it_is_passed(budget, limit):
    money = Money(Purses(campaign=budget), Need(300, 250_000), 50_000)
    found = rehearsed([person(index) for index in range(300)], money)

    assert found["ends"] == "paused"
    assert found["paused"]["code"] == limit
    assert budget.calls is None or found["calls"]["total"] == 25
    assert budget.seconds is None or found["spent"]["minutes"] * 60 <= 3000
    assert budget.micros is None or float(found["spent"]["cost"]) <= 1


def test_a_budget_of_a_day_lets_it_go_on_the_next_day():
    purses = Purses(
        account={Period.DAY: Budget(calls=100)}, account_spent={Period.DAY: Amount(calls=90)}
    )
    found = rehearsed(
        [person(index) for index in range(150)], Money(purses, Need(60, 0), 0), days=4
    )

    by_day = Counter(dial["at"][:10] for dial in found["dials"])
    assert by_day["2026-12-01"] == 10
    assert by_day["2026-12-02"] == 100
    assert all(count <= 100 for count in by_day.values())


def test_minutes_that_are_used_up_pause_it():
    money = Money(Purses(seconds=600), Need(300, None, "trunk"), None)
    found = rehearsed([person(index) for index in range(100)], money)

    assert found["paused"]["code"] == "minutes"
    assert found["spent"]["minutes"] <= 10
    assert found["spent"]["cost"] is None


def test_numbers_have_no_more_than_their_calls_of_a_day():
    pool = pool_of({"numbers": ["+12125550100", "+12125550101"], "per_number_daily": 10})
    found = rehearsed([person(index) for index in range(80)], pool=pool, days=3)

    assert len(found["dials"]) > 40
    for number in pool.numbers:
        times = sorted(moment(one["at"]) for one in found["dials"] if one["from_number"] == number)
        for index, at in enumerate(times):
            day = [other for other in times[index:] if other < at + timedelta(days=1)]
            assert len(day) <= 10


def test_nobody_at_all_is_a_campaign_that_is_completed_at_once():
    found = rehearsed([])

    assert (found["ends"], found["calls"]["total"], found["closest_call"]) == ("completed", 0, None)
