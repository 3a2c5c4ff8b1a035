"""Whether somebody is called again, and not before when."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topcalls.core.campaign_outcomes import Outcome
from topcalls.core.campaign_state import Rank
from topcalls.core.retry_policy import (
    DEFAULTS,
    LEAST_DELAY,
    MAX_ATTEMPTS,
    MOST_AFTER,
    SETTABLE,
    Band,
    Done,
    Ended,
    GiveUp,
    RetryAt,
    RetryPolicy,
    Tried,
    band_of,
    decide,
    in_other_band,
    policy_of,
)

pytestmark = pytest.mark.unit
NEW_YORK = ZoneInfo("America/New_York")
MONDAY = datetime(2026, 12, 7, 15, 0, tzinfo=UTC)  # 10:00 in New York
ZONES = ["America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "America/St_Johns", "UTC"]


def ended(outcome, at=MONDAY, **facts):
    return Ended(outcome, at, facts.pop("zone", NEW_YORK), **facts)


def run(outcome, policy=None, **facts):
    """Every call to one person, as long as each ends alike and is made as soon as it may be."""
    policy, tried, at, calls = policy or RetryPolicy(), Tried(), MONDAY, []
    while True:
        following = decide(policy, tried, ended(outcome, at, **facts))
        if not isinstance(following, RetryAt):
            return calls, following
        calls.append(following.at - at)
        tried, at = following.tried, following.at


def test_a_busy_line_is_tried_after_twenty_minutes_and_twice_a_day():
    delays, last = run(Outcome.BUSY)
    day, soon = timedelta(days=1), timedelta(minutes=20)
    assert delays == [soon, day, soon, day]
    assert last.why == "busy"


def test_without_an_answer_the_time_of_day_changes():
    """10:00 and three hours is midday; a day later, still midday, moves to the evening."""
    policy, tried = RetryPolicy(), Tried()
    times, at = [], MONDAY
    for _ in range(3):
        following = decide(policy, tried, ended(Outcome.NO_ANSWER, at))
        assert isinstance(following, RetryAt)
        tried, at = following.tried, following.at
        times.append(at.astimezone(NEW_YORK))
    assert [f"{one:%a %H:%M}" for one in times] == ["Mon 13:00", "Tue 17:00", "Thu 08:00"]
    assert isinstance(decide(policy, tried, ended(Outcome.NO_ANSWER, at)), GiveUp)


@pytest.mark.parametrize(
    ("outcome", "first", "most"),
    [
        (Outcome.UNREACHABLE, timedelta(hours=4), 3),
        (Outcome.VOICEMAIL_LEFT, timedelta(days=3), 1),
        (Outcome.REJECTED, timedelta(days=1), 1),
        (Outcome.SHORT_TALK, timedelta(days=1), 1),
        (Outcome.DROPPED, timedelta(days=1), 1),
        (Outcome.LOST, timedelta(days=1), 1),
        (Outcome.UNASSIGNED, timedelta(days=1), 1),
        (Outcome.BLOCKED_BY_NETWORK, timedelta(days=1), 1),
    ],
)
def test_defaults(outcome, first, most):
    delays, last = run(outcome)
    assert (delays[0], len(delays), last.why) == (first, most, outcome.value)


@pytest.mark.parametrize("outcome", [Outcome.TRUNK_BUSY, Outcome.TRUNK_FAILED, Outcome.FAILED])
def test_troubles_of_the_carrier_are_tried_three_times_and_count_for_nobody(outcome):
    delays, last = run(outcome, counted=False)
    assert delays == [timedelta(minutes=minutes) for minutes in (5, 15, 60)]
    assert last == GiveUp(outcome.value, Tried(0, {outcome.value: 3}))


@pytest.mark.parametrize("outcome", sorted(set(Outcome) - set(DEFAULTS)))
def test_other_outcomes_end_it(outcome):
    following = decide(RetryPolicy(), Tried(), ended(outcome))
    if outcome in (Outcome.WITHDRAWN, Outcome.DEFERRED):
        assert isinstance(following, RetryAt)
    elif outcome in (Outcome.COMPLETED, Outcome.CANCELLED):
        assert isinstance(following, Done)
    else:
        assert isinstance(following, GiveUp)
        assert following.why == outcome.value


@pytest.mark.parametrize("outcome", [Outcome.WITHDRAWN, Outcome.DEFERRED])
@pytest.mark.parametrize("rank", list(Rank))
def test_what_was_taken_back_leaves_its_person_as_before(outcome, rank):
    tried = Tried(2, {"busy": 1}, (Band.MORNING,))
    until = MONDAY + timedelta(hours=3)
    following = decide(RetryPolicy(), tried, ended(outcome, rank=rank, counted=False, until=until))
    assert following == RetryAt(until, rank, tried)


def test_an_agreed_time_holds_beyond_the_limit_of_calls_but_not_for_ever():
    agreed = MONDAY + timedelta(days=2)
    tried = Tried(attempts=MAX_ATTEMPTS + 3)
    following = decide(RetryPolicy(), tried, ended(Outcome.CALLBACK, until=agreed))
    assert isinstance(following, RetryAt)
    assert (following.at, following.rank) == (agreed, Rank.CALLBACK)
    twice = decide(RetryPolicy(), following.tried, ended(Outcome.CALLBACK, until=agreed))
    thrice = decide(RetryPolicy(), twice.tried, ended(Outcome.CALLBACK, until=agreed))
    assert thrice.why == "callback"


def test_a_disposition_may_end_it():
    policy = policy_of({"stop_on_dispositions": ["wrong_person"]})
    end = ended(Outcome.NO_ANSWER, disposition="wrong_person")
    assert decide(policy, Tried(), end) == Done("disposition", Tried(1, {}, (Band.MORNING,)))
    assert isinstance(decide(RetryPolicy(), Tried(), end), RetryAt)


def test_all_calls_together_have_a_limit():
    tried = Tried()
    for number, outcome in enumerate([Outcome.BUSY, Outcome.NO_ANSWER, Outcome.VOICEMAIL] * 2, 1):
        following = decide(RetryPolicy(), tried, ended(outcome))
        assert following.tried.attempts == number
        tried = following.tried
    assert following.why == "max_attempts"


def test_a_campaign_sets_rules():
    policy = policy_of(
        {
            "max_attempts": 3,
            "outcomes": {
                "busy": {"max": 1, "delays_minutes": [90]},
                "failed": {"max": 0},
                "no_answer": {"other_time_of_day": False},
            },
        }
    )
    assert run(Outcome.BUSY, policy)[0] == [timedelta(minutes=90)]
    for outcome in (Outcome.FAILED, Outcome.TRUNK_BUSY, Outcome.NETWORK_TIMEOUT):
        assert isinstance(decide(policy, Tried(), ended(outcome)), GiveUp)
    delays, last = run(Outcome.NO_ANSWER, policy)
    assert delays == [timedelta(hours=3), timedelta(days=1)]
    assert last.why == "max_attempts"


def test_nothing_set_is_every_default():
    assert policy_of(None) == policy_of({}) == RetryPolicy()
    assert set(SETTABLE) <= set(DEFAULTS)
    assert set(LEAST_DELAY) | set(MOST_AFTER) <= set(SETTABLE)
    for outcome, least in LEAST_DELAY.items():
        assert min(DEFAULTS[outcome].delays) >= least
    for outcome, most in MOST_AFTER.items():
        assert DEFAULTS[outcome].most <= most


@pytest.mark.parametrize(
    ("clock", "band"),
    [
        ("07:59", None),
        ("08:00", Band.MORNING),
        ("11:59", Band.MORNING),
        ("12:00", Band.MIDDAY),
        ("17:00", Band.EVENING),
        ("20:59", Band.EVENING),
        ("21:00", None),
        ("00:00", None),
    ],
)
def test_times_of_day(clock, band):
    assert band_of(datetime.fromisoformat(f"2026-12-07T{clock}:00-05:00")) is band


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)),
    st.lists(st.sampled_from(Band), max_size=6),
    st.sampled_from(ZONES),
)
def test_another_time_of_day_is_never_earlier_nor_the_same_and_never_far(at, tried, name):
    zone = ZoneInfo(name)
    moved = in_other_band(at, zone, tried)
    assert at <= moved <= at + timedelta(days=2)
    if tried:
        found = band_of(moved.astimezone(zone))
        assert found is not None
        assert found not in (set(tried) if set(tried) != set(Band) else {tried[-1]})


@given(
    st.lists(
        st.tuples(st.sampled_from(Outcome), st.booleans(), st.sampled_from(ZONES)),
        min_size=1,
        max_size=200,
    )
)
def test_whatever_happens_it_comes_to_an_end_and_never_goes_back_in_time(happened):
    """No person has more counted calls than the limit and the two that they agreed to."""
    policy, tried, at = RetryPolicy(), Tried(), MONDAY
    for outcome, counted, zone in happened:
        end = ended(outcome, at, zone=ZoneInfo(zone), counted=counted)
        following = decide(policy, tried, end)
        assert following.tried.attempts <= MAX_ATTEMPTS + 2
        if not isinstance(following, RetryAt):
            return
        assert following.at >= at
        least = LEAST_DELAY.get(outcome, timedelta())
        assert following.at >= at + least
        tried, at = following.tried, following.at
