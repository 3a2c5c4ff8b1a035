"""Simulated callees: what may be said of them, and that each dial has one fate."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topcalls.core.campaign_outcomes import Outcome, outcome_of
from topcalls.core.rehearsal_callees import Callees, Outage, callees_of, faults, simulated

pytestmark = pytest.mark.unit
NOW = datetime(2026, 12, 1, 14, tzinfo=UTC)
NUMBER = "+12125550123"


def drawn(callees=None, seed=1, number=NUMBER, dial=1, since=0.0, ring=45.0):
    minutes = timedelta(minutes=since)
    return simulated(callees or Callees(), seed, number, dial, ring, minutes, NOW)


@given(st.integers(), st.integers(1, 20), st.integers(0, 9999))
def test_a_dial_has_one_fate_that_ends(seed, dial, last):
    number = f"+1212555{last:04}"
    one = drawn(seed=seed, number=number, dial=dial)

    assert one == drawn(seed=seed, number=number, dial=dial)
    assert 0 < one.rings <= 45
    assert one.talks >= 0
    assert one.end.talk_seconds == round(one.talks)
    assert outcome_of(one.end) is not Outcome.FAILED
    assert not one.is_conversion or outcome_of(one.end) is Outcome.COMPLETED


def test_shares_are_those_that_were_wanted():
    count = Counter(outcome_of(drawn(number=f"+1212{index:07}").end) for index in range(20_000))
    people = sum(count[one] for one in ("completed", "callback", "short_talk", "opted_out"))

    for found, percent in ((people, 30), (count["voicemail"], 35), (count["busy"], 5)):
        assert found / 200 == pytest.approx(percent, rel=0.1)


def test_a_number_that_does_not_exist_never_does():
    callees = callees_of({"invalid_percent": 50, "carrier_failure_percent": 0})
    numbers = [f"+1212{index:07}" for index in range(200)]
    first = {n: outcome_of(drawn(callees, number=n).end) is Outcome.UNASSIGNED for n in numbers}

    assert 60 < sum(first.values()) < 140
    for dial in (2, 3):
        for number in numbers:
            is_none = outcome_of(drawn(callees, number=number, dial=dial).end)
            assert (is_none is Outcome.UNASSIGNED) is first[number]


def test_a_carrier_takes_nothing_while_it_is_down_and_everything_after():
    callees = Callees(carrier_failure_percent=0, carrier_outages=(Outage(10, 5),))

    for since, is_down in ((9.99, False), (10, True), (14.99, True), (15, False)):
        outcome = outcome_of(drawn(callees, since=since).end)
        assert (outcome is Outcome.TRUNK_BUSY) is is_down


def test_somebody_who_does_not_answer_rings_out():
    silent = {f"{name}_percent": 0 for name in ("human", "voicemail", "busy", "rejected")}
    callees = callees_of(
        silent | {"unreachable_percent": 0, "invalid_percent": 0, "carrier_failure_percent": 0}
    )

    one = drawn(callees, ring=20.0)

    assert (outcome_of(one.end), one.seconds) == (Outcome.NO_ANSWER, 20.0)


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ([], "callees"),
        ({"humans": 1}, "callees.humans"),
        ({"human_percent": -1}, "callees.human_percent"),
        ({"human_percent": True}, "callees.human_percent"),
        ({"human_percent": "30"}, "callees.human_percent"),
        ({"talk_seconds": 0}, "callees.talk_seconds"),
        ({"human_percent": 60}, "callees"),
        ({"opt_out_percent": 95}, "callees"),
        ({"carrier_outages": {}}, "callees.carrier_outages"),
        ({"carrier_outages": [{"minutes": 1}]}, "callees.carrier_outages.0"),
        ({"carrier_outages": [{"after_minutes": -1, "minutes": 1}]}, "callees.carrier_outages.0"),
    ],
)
def test_what_is_wrong_is_named(given, path):
    assert [fault.path for fault in faults(given)] == [path]


def test_what_is_left_out_has_its_default():
    assert list(faults(None)) == list(faults({"human_percent": None})) == []
    outage = {"carrier_outages": [{"after_minutes": 1, "minutes": 2}]}
    assert callees_of(outage).carrier_outages == (Outage(1, 2),)
    assert callees_of(outage).human_percent == Callees().human_percent
