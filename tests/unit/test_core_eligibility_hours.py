"""Hours, holidays, changes of the clock and area codes with several zones: the first 44 of the
hundred cases, each computed with another evaluator than ours."""

import pytest
from eligibility_facts_at_hand import NOW, PACK, decided, facts, living, moment, plan

from topcalls.core.eligibility import next_allowed
from topcalls.core.eligibility_facts import Verdict

pytestmark = pytest.mark.unit

# Case, number, the region of the address where one is known, when, and until when it is deferred.
CASES = [
    ("T01", "+12125550123", "US-NY", "2026-12-02T01:30Z", None),  # US.hours.tcpa
    (
        "T02",
        "+12125550123",
        "US-NY",
        "2026-12-02T02:00Z",
        "2026-12-02T13:00Z",
    ),  # US.hours.tcpa (half-open end)
    ("T03", "+13055550123", "US-FL", "2026-12-02T01:30Z", "2026-12-02T13:00Z"),  # US-FL.hours
    (
        "T04",
        "+18505550123",
        None,
        "2026-12-02T13:30Z",
        "2026-12-02T14:00Z",
    ),  # US.hours.tcpa in Central
    ("T05", "+18505550123", None, "2026-12-02T14:05Z", None),  # all zones inside
    (
        "T06",
        "+18505550123",
        None,
        "2026-12-02T01:30Z",
        "2026-12-02T14:00Z",
    ),  # US-FL.hours in Eastern
    (
        "T07",
        "+12705550123",
        None,
        "2026-12-02T15:30Z",
        "2026-12-02T16:00Z",
    ),  # US-KY.hours in Central
    ("T08", "+12705550123", None, "2026-12-02T16:05Z", None),  # US-KY.hours
    (
        "T09",
        "+14235550123",
        None,
        "2026-12-02T13:30Z",
        "2026-12-02T14:00Z",
    ),  # US.hours.tcpa in Central
    (
        "T10",
        "+12145550123",
        "US-TX",
        "2026-12-06T17:30Z",
        "2026-12-06T18:00Z",
    ),  # US-TX.hours Sunday
    ("T11", "+12145550123", "US-TX", "2026-12-06T18:30Z", None),  # US-TX.hours Sunday
    (
        "T12",
        "+19155550123",
        None,
        "2026-12-07T15:30Z",
        "2026-12-07T16:00Z",
    ),  # US-TX.hours, Mountain clock
    ("T13", "+18015550123", "US-UT", "2026-12-06T18:00Z", "2026-12-07T15:00Z"),  # US-UT Sunday ban
    (
        "T14",
        "+18015550123",
        "US-UT",
        "2027-07-24T18:00Z",
        "2027-07-26T14:00Z",
    ),  # US-UT Pioneer Day (Saturday), then Sunday
    (
        "T15",
        "+14015550123",
        "US-RI",
        "2026-12-05T22:30Z",
        "2026-12-07T14:00Z",
    ),  # US-RI Saturday 10–17
    ("T16", "+14015550123", "US-RI", "2027-08-09T16:00Z", "2027-08-10T13:00Z"),  # US-RI Victory Day
    ("T17", "+15045550123", "US-LA", "2027-02-09T18:00Z", "2027-02-10T14:00Z"),  # US-LA Mardi Gras
    ("T18", "+16015550123", "US-MS", "2026-12-25T18:00Z", None),  # US-MS: holiday ban lifted 2024
    ("T19", "+16015550123", "US-MS", "2026-12-27T18:00Z", "2026-12-28T14:00Z"),  # US-MS Sunday ban
    (
        "T20",
        "+12055550123",
        "US-AL",
        "2026-11-26T18:00Z",
        "2026-11-27T14:00Z",
    ),  # US-AL Thanksgiving
    ("T21", "+12035550123", "US-CT", "2026-12-02T13:30Z", "2026-12-02T14:00Z"),  # US-CT 09:00 start
    (
        "T22",
        "+12125550123",
        "US-NY",
        "2027-03-13T12:05Z",
        "2027-03-13T13:00Z",
    ),  # day before spring DST, 12:05Z
    ("T23", "+12125550123", "US-NY", "2027-03-14T12:05Z", None),  # spring DST day, same 12:05Z
    ("T24", "+12125550123", "US-NY", "2026-10-31T12:05Z", None),  # day before autumn DST, 12:05Z
    (
        "T25",
        "+12125550123",
        "US-NY",
        "2026-11-01T12:05Z",
        "2026-11-01T13:00Z",
    ),  # autumn DST day, same 12:05Z
    (
        "T26",
        "+16025550123",
        "US-AZ",
        "2027-06-07T14:30Z",
        "2027-06-07T15:00Z",
    ),  # Arizona has no DST
    (
        "T27",
        "+19285550123",
        None,
        "2027-06-07T14:30Z",
        "2027-06-07T15:00Z",
    ),  # strictest of Phoenix and Denver
    (
        "T28",
        "+16045550123",
        "CA-BC",
        "2026-12-07T16:30Z",
        None,
    ),  # BC permanent −07 (stale data would defer)
    (
        "T29",
        "+14035550123",
        "CA-AB",
        "2026-12-07T15:30Z",
        None,
    ),  # Alberta −06 in 2026f (stale data would defer)
    (
        "T30",
        "+14165550123",
        "CA-ON",
        "2026-12-05T23:30Z",
        "2026-12-06T15:00Z",
    ),  # CA.hours weekend end
    (
        "T31",
        "+14165550123",
        "CA-ON",
        "2026-12-08T02:35Z",
        "2026-12-08T14:00Z",
    ),  # CA.hours weekday end 21:30
    ("T32", "+33142000000", None, "2026-12-14T12:30Z", "2026-12-14T13:00Z"),  # FR lunch gap
    ("T33", "+33142000000", None, "2026-12-14T13:05Z", None),  # FR afternoon
    ("T34", "+33142000000", None, "2027-05-06T10:00Z", "2027-05-07T08:00Z"),  # FR Ascension Day
    ("T35", "+262262000000", None, "2026-12-14T15:30Z", None),  # French rule on +262, own zone
    ("T36", "+34910000000", None, "2026-12-12T11:00Z", "2026-12-14T08:00Z"),  # ES Saturday ban
    ("T37", "+34612000000", None, "2026-12-14T08:30Z", "2026-12-14T09:00Z"),  # ES, Canary candidate
    (
        "T38",
        "+390612345678",
        None,
        "2026-12-07T08:30Z",
        "2026-12-07T09:00Z",
    ),  # IT eve of 8 December: 10–19
    ("T39", "+61298765432", None, "2027-01-26T00:00Z", "2027-01-26T22:00Z"),  # AU Australia Day
    (
        "T40",
        "+61412345678",
        None,
        "2026-12-07T22:30Z",
        "2026-12-08T01:00Z",
    ),  # AU mobile: all eastern–western candidates
    ("T41", "+5511987654321", None, "2026-12-05T19:30Z", "2026-12-07T12:00Z"),  # BR Saturday 10–16
    ("T42", "+919876543210", None, "2026-12-07T04:00Z", "2026-12-07T04:30Z"),  # IN 10:00 start
    (
        "T43",
        "+18125550123",
        None,
        "2026-12-02T14:30Z",
        "2026-12-02T15:00Z",
    ),  # US-IN 09–20 in Central
    ("T44", "+17025550123", "US-NV", "2026-12-08T04:30Z", "2026-12-08T17:00Z"),  # US-NV 20:00 end
]


@pytest.mark.parametrize(
    ("case", "number", "region", "at", "until"), CASES, ids=lambda it: str(it)[:3]
)
def test_hours_of_the_hundred_cases(case, number, region, at, until):
    now = moment(at)
    known = facts(number, now)
    if region:
        known = facts(number, now, at=living(number, region, now=now))
    found = decided(known, now=now)
    if until is None:
        assert (found.verdict, found.until) == (Verdict.ALLOW, None), found.rule_id
        return
    assert (found.verdict, found.until) == (Verdict.DEFER, moment(until)), found.rule_id
    assert found.reason == "outside_hours"
    assert next_allowed(known, plan(), PACK, now, today=NOW.date()) == moment(until)
    assert decided(known, now=moment(until)).verdict is Verdict.ALLOW
