"""What holds of every decision: more evidence never loosens, the next moment is the first one, no
call at any minute that any law or clock forbids."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from eligibility_facts_at_hand import (
    LOOSE,
    NOW,
    PACK,
    attempt,
    decided,
    facts,
    living,
    plan,
    scrubs,
    written,
)
from hypothesis import given
from hypothesis import strategies as st

from topcalls.core.calling_hours import HoursBook
from topcalls.core.eligibility_facts import (
    Category,
    Contact,
    PastAttempt,
    Result,
    Scope,
    Suppression,
    Verdict,
    Voice,
)
from topcalls.core.number_facts import number_facts
from topcalls.core.rule_values import Frequency, Hours
from topcalls.core.zones import whereabouts

pytestmark = pytest.mark.unit

ALLOW, DEFER = Verdict.ALLOW, Verdict.DEFER
HARSHNESS = (Verdict.ALLOW, Verdict.DEFER, Verdict.REVIEW, Verdict.BLOCK)
NUMBERS = (
    *("+12125550123", "+13055550123", "+18505550123", "+12705550123", "+14055550123"),
    *("+12145550123", "+14015550123", "+15045550123", "+18015550123", "+19285550123"),
    *("+14165550123", "+16045550123", "+17095550123", "+33142000000", "+262262000000"),
    *("+34612000000", "+390612345678", "+61412345678", "+5511987654321", "+919876543210"),
    *("+442079460123", "+493012345678"),
)
TWO_YEARS = range(2 * 365 * 24 * 60)
moments = st.integers(0, len(TWO_YEARS)).map(lambda minute: NOW + timedelta(minutes=minute))
numbers = st.sampled_from(NUMBERS)
pasts = st.lists(
    st.builds(
        lambda back, **known: PastAttempt(NOW, **known, id=str(back)),
        back=st.integers(1, 40 * 24 * 60),
        conversation=st.booleans(),
        refused=st.booleans(),
        outcome=st.sampled_from(("", "rejected", "invalid_number", "busy")),
    ),
    max_size=6,
)


def known_at(number, now, attempts=(), policy=LOOSE):
    """Facts that are fresh at a moment; attempts so many minutes before it as their ids say."""
    made = tuple(replace(one, at=now - timedelta(minutes=int(one.id))) for one in attempts)
    fresh = {"consents": (written(now),), "scrubs": scrubs(now, days=0)}
    return facts(number, now, attempts=made, policy=policy, **fresh)


@given(numbers, moments, pasts)
def test_the_next_moment_is_allowed_and_the_minute_before_is_not(number, now, attempts):
    known = known_at(number, now, attempts)
    found = decided(known, now=now)
    if found.verdict is not DEFER or found.until is None:
        return
    assert found.until > now
    then = decided(known, now=found.until)
    assert then.verdict is ALLOW, then.rule_id
    before = max(now, found.until - timedelta(minutes=1))
    assert decided(known, now=before).verdict is not ALLOW


@given(numbers, moments, pasts)
def test_the_same_facts_give_the_same_decision(number, now, attempts):
    known = known_at(number, now, attempts)
    assert decided(known, now=now) == decided(known, now=now)


@given(numbers, moments, pasts, pasts)
def test_another_call_never_makes_one_possible(number, now, attempts, more):
    fewer = decided(known_at(number, now, attempts), now=now)
    most = decided(known_at(number, now, [*attempts, *more]), now=now)
    assert HARSHNESS.index(most.verdict) >= HARSHNESS.index(fewer.verdict)


@given(numbers, moments, st.sampled_from(sorted(PACK.areas.zones_of)))
def test_an_undated_region_only_adds(number, now, region):
    alone = decided(known_at(number, now), now=now)
    known = replace(known_at(number, now), contact=Contact(number, (region,)))
    more = decided(known, now=now)
    assert HARSHNESS.index(more.verdict) >= HARSHNESS.index(alone.verdict)


@given(numbers, moments, st.sampled_from(("offers", "surveys")), st.sampled_from(Scope))
def test_a_suppression_never_makes_one_possible(number, now, purpose, scope):
    entry = Suppression("s", scope, now, "api", purpose=purpose, applied_at=now)
    alone = known_at(number, now)
    with_it = decided(replace(alone, suppressions=(entry,)), now=now)
    harsher = HARSHNESS.index(decided(alone, now=now).verdict)
    assert HARSHNESS.index(with_it.verdict) >= harsher
    if scope is Scope.ACCOUNT or (scope is Scope.PURPOSE and purpose == "offers"):
        assert with_it.verdict is Verdict.BLOCK


@given(st.sampled_from(sorted(PACK.areas.codes)), moments)
def test_no_single_zone_of_an_area_code_is_stricter_than_all(code, now):
    number = f"+1{code}5550123"
    whole = decided(known_at(number, now), now=now)
    for zone in PACK.areas.codes[code].zones:
        at = Contact(number, (), zone, now)
        one = decided(replace(known_at(number, now), contact=at), now=now)
        assert HARSHNESS.index(whole.verdict) >= HARSHNESS.index(one.verdict), zone


@given(numbers, st.lists(st.integers(1, 60 * 24 * 3), min_size=1, max_size=30), st.booleans())
def test_whoever_is_called_whenever_it_is_allowed_is_never_called_too_often(number, gaps, debt):
    """The caps of the law over what really happens, counted by another way than theirs."""
    meant = plan(category=Category.DEBT) if debt else plan()
    now, calls = NOW, []
    for gap in gaps:
        now += timedelta(minutes=gap)
        attempts = tuple(attempt(at, id=str(at)) for at in calls)
        known = facts(number, now, attempts=attempts, policy=LOOSE)
        known = replace(known, consents=(written(now),), scrubs=scrubs(now, days=0))
        if decided(known, meant, now).verdict is ALLOW:
            calls.append(now)
    chain = PACK.chain(PACK.areas.codes[number[2:5]].regions[0] if number[1] == "1" else "FR")
    for rule in PACK.rules:
        value = rule.value
        is_about = isinstance(value, Frequency) and not value.outcomes and not value.policy
        if not is_about or rule.jurisdiction not in chain or number[1] != "1":
            continue
        if not rule.holds_for(meant.category, Voice.AI):
            continue
        window = timedelta(hours=value.hours) if value.hours else timedelta(days=value.days - 1)
        for first in calls:
            assert sum(first <= one < first + window for one in calls) <= value.most, rule.id


def states_with_bans():
    for rule in PACK.rules:
        if isinstance(rule.value, Hours) and (rule.value.holiday == () or () in rule.value.days):
            yield rule


@pytest.mark.parametrize("rule", list(states_with_bans()), ids=lambda rule: rule.id)
def test_no_minute_of_a_closed_day_is_open(rule):
    """Each closed day of 2026 to 2030, by the wall clock of a zone in which the rule holds."""
    book, value = HoursBook(PACK.calendars), rule.value
    calendar = PACK.calendars[value.calendar] if value.calendar else None
    zones = PACK.areas.zones_of.get(rule.jurisdiction, ("Europe/Paris",))
    zone = value.clock or zones[0]
    place, day = ZoneInfo(zone), date(2026, 1, 1)
    closed = 0
    while day.year < 2031:
        is_holiday = calendar is not None and calendar.name_of(day) and value.holiday == ()
        if is_holiday or not value.days[day.weekday()]:
            closed += 1
            begins = datetime(day.year, day.month, day.day, tzinfo=place).timestamp()
            after = day + timedelta(days=1)
            ends = datetime(after.year, after.month, after.day, tzinfo=place).timestamp()
            assert book.next_open((rule,), (zone,), int(begins), 0) >= int(ends), day
        day += timedelta(days=1)
    assert closed >= 5 * 5


def wall_open(rule, zone, second):
    """Whether a wall clock stands inside the rule's hours: told without a list of spans."""
    value = rule.value
    local = datetime.fromtimestamp(second, ZoneInfo(value.clock or zone))
    calendar = PACK.calendars[value.calendar] if value.calendar else None
    windows = value.days[local.weekday()]
    tomorrow = local.date() + timedelta(days=1)
    if calendar and value.holiday is not None and calendar.name_of(local.date()):
        windows = value.holiday
    elif calendar and value.holiday_eve and windows and calendar.name_of(tomorrow):
        windows = value.holiday_eve
    minute = local.hour * 60 + local.minute
    return any(begins <= minute < ends for begins, ends in windows)


SHAPES = ("US.hours.tcpa", "US-RI.hours", "US-TX.hours", "FR.hours.d223-9", "IT.hours.codice")


def zones_of_their_own():
    """Every zone in which somebody may be; of those that keep the same time for two years, one."""
    found = {zone for zones in PACK.areas.zones_of.values() for zone in zones}
    abroad = ("Europe/Paris", "Europe/London", "Atlantic/Canary", "Australia/Lord_Howe")
    more = ("Australia/Adelaide", "America/Sao_Paulo", "Asia/Kolkata", "Indian/Reunion")
    days = [datetime(2026, 1, 1, 12, tzinfo=UTC) + timedelta(days=day) for day in range(730)]
    same = {}
    for zone in sorted(found | {*abroad, *more}):
        offsets = tuple(day.astimezone(ZoneInfo(zone)).utcoffset() for day in days)
        same[offsets] = zone if "New_York" not in same.get(offsets, "") else same[offsets]
    return sorted(same.values())


@pytest.mark.parametrize("zone", zones_of_their_own())
def test_no_call_outside_hours_in_any_zone_at_any_change_of_its_clocks(zone):
    """Every half hour of each day on which the clocks are changed, and of the day before; every 35
    hours and a half of two years; against the wall clock. In New York all hours that any rule has,
    elsewhere those with gaps, holidays, eves and weekends of their own."""
    book = HoursBook(PACK.calendars)
    rules = {rule.value: rule for rule in PACK.rules if rule.topic == "hours"}.values()
    if zone != "America/New_York":
        rules = [rule for rule in rules if rule.id in SHAPES]
    place, start = ZoneInfo(zone), int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())
    seconds = set(range(start, start + 2 * 365 * 86_400, 35 * 3600 + 1800))
    for day in range(2 * 365):
        noon = start + day * 86_400 + 43_200
        today = datetime.fromtimestamp(noon, place).utcoffset()
        if today != datetime.fromtimestamp(noon - 86_400, place).utcoffset():
            seconds |= set(range(noon - 86_400 - 43_200, noon + 43_200, 1800))
    for rule in rules:
        for second in seconds:
            is_open = book.is_open((rule,), (zone,), second)
            assert is_open == wall_open(rule, zone, second), (rule.id, second)


ABROAD = {
    "AU": ("+61298765432", "+61412345678", "+61861234567", "+61891600000"),
    "BR": ("+5511987654321", "+559231234567", "+556832231234"),
    "CA": ("+14165550123", "+16045550123", "+17095550123", "+18675550123", "+13065550123"),
    "DE": ("+493012345678", "+4915123456789"),
    "ES": ("+34910000000", "+34612000000", "+34922000000"),
    "FR": ("+33142000000", "+33612000000"),
    "GF": ("+594594123456",),
    "GP": ("+590590123456",),
    "GB": ("+442079460123", "+447400123456"),
    "IN": ("+919876543210", "+911123456789"),
    "IT": ("+390612345678", "+393123456789"),
    "MQ": ("+596596301234",),
    "MX": ("+525512345678", "+526641234567", "+529981234567", "+526621234567"),
    "RE": ("+262262000000",),
    "YT": ("+262269601234",),
}
"""Of each country that the pack has rules of: of its zones, of lines and of mobiles."""


def people_of(jurisdiction):
    """Numbers and, of a state, somebody who lives in each of its zones."""
    if jurisdiction in ABROAD:
        return [Contact(number) for number in ABROAD[jurisdiction]]
    codes = [
        code
        for code, area in sorted(PACK.areas.codes.items())
        if (jurisdiction in area.regions if "-" in jurisdiction else area.regions)
    ]
    wanted = {}
    for code in codes:
        area = PACK.areas.codes[code]
        wanted.setdefault((area.zones, area.regions if "-" in jurisdiction else ()), code)
    alone = [Contact(f"+1{code}5550123") for code in wanted.values()]
    zones = PACK.areas.zones_of.get(jurisdiction, ())
    homes = [
        Contact(f"+1{codes[0]}5550123", (jurisdiction,), zone, NOW - timedelta(days=10))
        for zone in zones
    ]
    return alone + homes


def changes_and_samples(zones):
    """Every half hour around each change of these clocks in two years, and every 75 hours and a
    half."""
    start = int(datetime(2026, 12, 1, tzinfo=UTC).timestamp())
    days = range(start, start + 2 * 365 * 86_400, 86_400)
    found = set(range(start, days[-1], 75 * 3600 + 1800))
    for zone in zones:
        place = ZoneInfo(zone)
        offsets = [datetime.fromtimestamp(day, place).utcoffset() for day in days]
        for day, before, after in zip(days[1:], offsets, offsets[1:], strict=False):
            if before != after:
                found |= set(range(day - 86_400 - 43_200, day + 43_200, 1800))
    return sorted(found)


JURISDICTIONS = sorted(
    {rule.jurisdiction for rule in PACK.rules if isinstance(rule.value, Hours)} - {"*", "EU"}
)


def test_every_country_of_the_pack_is_looked_at():
    countries = {one.partition("-")[0] for one in JURISDICTIONS}
    assert countries <= {"US", *ABROAD}
    assert {rule.jurisdiction.partition("-")[0] for rule in PACK.rules} - {"*", "EU"} <= {
        "US",
        *ABROAD,
    }


@pytest.mark.parametrize("jurisdiction", sorted({*JURISDICTIONS, *ABROAD}))
def test_nobody_is_called_outside_the_hours_of_any_country_on_any_clock_of_two_years(jurisdiction):
    """Decided as a dial is, by what is known of a number or an address: whenever it is allowed, a
    wall clock in each place where they may be stands inside all hours of that place, at the dial
    and at the latest answer."""
    loose = replace(plan(), ring_timeout_seconds=45.0)
    allowed = 0
    for contact in people_of(jurisdiction):
        number = number_facts(contact.number)
        known = replace(known_at(contact.number, NOW), contact=contact)
        place = whereabouts(contact, number, PACK, NOW)
        assert place.zones, contact.number
        laws = {
            candidate: [
                rule
                for rule in PACK.rules
                if isinstance(rule.value, Hours)
                and rule.jurisdiction in (*PACK.chain(candidate), "*")
                and rule.holds_for(loose.category, loose.voice)
            ]
            for candidate in place.candidates
        }
        for second in changes_and_samples(place.zones):
            now = datetime.fromtimestamp(second, UTC)
            fresh = replace(known, consents=(written(now),), scrubs=scrubs(now, days=0))
            if decided(fresh, loose, now).verdict is not ALLOW:
                continue
            allowed += 1
            for rules in laws.values():
                for rule in rules:
                    for zone in place.zones:
                        day = now.astimezone(ZoneInfo(zone)).date()
                        if not is_in_force(rule, day):
                            continue
                        for moment in (second, second + 60):
                            assert wall_open(rule, zone, moment), (rule.id, zone, now)
    assert allowed > 20, "somebody there can be called at some time"


def is_in_force(rule, day):
    begins, ends = rule.effective_from, rule.effective_to
    return (begins is None or begins <= day) and (ends is None or day <= ends)


def test_a_window_that_begins_in_an_hour_that_comes_twice_begins_at_its_second():
    rule = replace(
        PACK.rules[0], topic="hours", value=Hours(tuple([((90, 150),)] * 7)), id="test.hours"
    )
    book, new_york = HoursBook({}), ("America/New_York",)

    def opens(day):
        midnight = int(datetime.fromisoformat(f"{day}T00:00-04:00").timestamp())
        found = book.next_open((rule,), new_york, midnight, 0)
        return datetime.fromtimestamp(found, ZoneInfo("America/New_York"))

    autumn = opens("2026-11-01")
    assert (autumn.hour, autumn.minute, autumn.fold) == (1, 30, 1)
    spring = opens("2027-03-14")  # 02:30 does not exist: open from 01:30 to the gap
    assert (spring.hour, spring.minute) == (1, 30)


def test_a_dated_address_may_take_the_area_codes_clock_away():
    """The one kind of evidence that may loosen: it is stronger, and it has a date."""
    now = NOW.replace(hour=13, minute=30)  # 08:30 in New York, 07:30 in Chicago
    alone = decided(known_at("+18505550123", now), now=now)
    assert alone.verdict is DEFER
    known = known_at("+18505550123", now)
    placed = replace(known, contact=living("+18505550123", "US-FL", "America/New_York", now))
    assert decided(placed, now=now).verdict is ALLOW


def test_every_rule_of_the_pack_is_asked_somewhere():
    """None is dead: each stands in some decision on a day on which it holds."""
    asked = set()
    plans = [plan(category=kind, voice=voice) for kind in Category for voice in Voice]
    days = (NOW, datetime(2026, 8, 5, 18, tzinfo=UTC), datetime(2027, 3, 3, 18, tzinfo=UTC))
    regions = sorted({rule.jurisdiction for rule in PACK.rules} - {"*", "EU"})
    for region in regions:
        contact = Contact("+12125550123", (region,), "America/New_York", NOW - timedelta(days=200))
        for meant in plans:
            for now in days:
                known = replace(facts("+12125550123", now), contact=contact)
                asked |= {one.rule_id for one in decided(known, meant, now).checks}
    held = {rule.id for rule in PACK.rules if rule.status != "proposed"}
    assert held - asked == set()


def test_no_check_of_a_blocked_number_is_left_out():
    blocked = decided(facts("+13055550123", consents=()))
    allowed = decided(facts("+13055550123"))
    assert [one[:2] for one in blocked.checks] == [one[:2] for one in allowed.checks]
    assert {one.result for one in allowed.checks} <= {Result.PASS, Result.NOT_APPLICABLE}
