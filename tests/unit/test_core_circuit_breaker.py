"""When a campaign stops by itself."""

from datetime import UTC, datetime, timedelta

import pytest

from topcalls.core.campaign_outcomes import Outcome
from topcalls.core.circuit_breaker import (
    REFUSALS_IN_A_ROW,
    Action,
    Breaker,
    Ending,
    abandonment,
    breaker_of,
    findings,
    speed,
)

pytestmark = pytest.mark.unit
NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)


def calls(count, outcome=Outcome.NO_ANSWER, minutes=1.0, **facts):
    facts.setdefault("carrier", "Alpha")
    return [Ending(outcome, NOW - timedelta(minutes=minutes), **facts) for _ in range(count)]


def reasons(endings, **rules):
    return [one.reason for one in findings(Breaker(**rules), endings, NOW)]


def test_a_section_of_a_campaign():
    assert breaker_of(None) == Breaker()
    section = {"failure_percent": None, "least_calls": 50, "note": "of a newer version"}
    assert breaker_of(section) == Breaker(failure_percent=None, least_calls=50)


def test_a_carrier_that_fails_pauses_the_campaign_and_is_named():
    (found,) = findings(Breaker(), calls(10, Outcome.TRUNK_FAILED) + calls(10), NOW)
    assert (found.action, found.reason, found.key) == (Action.PAUSE, "carrier_failures", "Alpha")
    assert found.words == "50 % of 20 calls by carrier Alpha failed."
    assert reasons(calls(9, Outcome.TRUNK_FAILED) + calls(11)) == []


@pytest.mark.parametrize(
    "outcome",
    [Outcome.BUSY, Outcome.NO_ANSWER, Outcome.REJECTED, Outcome.UNASSIGNED, Outcome.COMPLETED],
)
def test_what_people_do_is_no_failure(outcome):
    assert reasons(calls(100, outcome, talk_seconds=60)) == []


def test_few_calls_and_old_ones_say_nothing():
    assert reasons(calls(19, Outcome.TRUNK_FAILED)) == []
    assert reasons(calls(100, Outcome.TRUNK_FAILED, minutes=31)) == []
    assert reasons(calls(4, Outcome.TRUNK_FAILED), least_calls=4) == ["carrier_failures"]


def test_each_carrier_is_judged_by_itself():
    mixed = calls(20, Outcome.TRUNK_FAILED, carrier="Beta") + calls(100)
    (found,) = findings(Breaker(), mixed, NOW)
    assert found.key == "Beta"


def test_what_was_never_dialled_does_not_thin_the_share():
    undialled = calls(60, Outcome.WITHDRAWN) + calls(60, Outcome.NOT_CALLABLE)
    assert reasons(undialled + calls(20, Outcome.TRUNK_FAILED)) == ["carrier_failures"]


def test_a_number_that_is_blocked_rests_and_is_not_named_in_words():
    number = "+12025550199"
    blocked = calls(20, Outcome.BLOCKED_BY_NETWORK, number=number)
    (found,) = findings(Breaker(), blocked, NOW, usable=[number, "+12025550198"])
    assert (found.action, found.reason, found.key) == (
        Action.REST_NUMBER,
        "number_failures",
        number,
    )
    assert number not in found.words


@pytest.mark.parametrize("usable", [(), ("+12025550199",)])
def test_the_last_number_that_is_blocked_pauses_the_campaign_and_says_so(usable):
    number = "+12025550199"
    blocked = calls(20, Outcome.BLOCKED_BY_NETWORK, number=number)
    (found,) = findings(Breaker(), blocked, NOW, usable=usable)
    assert (found.action, found.reason, found.key) == (Action.PAUSE, "number_failures", number)
    assert "no other number" in found.words and number not in found.words


def test_numbers_that_are_blocked_together_leave_none():
    numbers = ["+12025550198", "+12025550199"]
    blocked = [one for each in numbers for one in calls(20, Outcome.UNWANTED, number=each)]
    assert {one.action for one in findings(Breaker(), blocked, NOW, usable=numbers)} == {
        Action.PAUSE
    }


def test_a_carrier_is_called_by_its_name():
    failing = calls(20, Outcome.TRUNK_FAILED, carrier="id-1")
    (found,) = findings(Breaker(), failing, NOW, names={"id-1": "Telnyx"})
    assert (found.key, found.words) == ("id-1", "100 % of 20 calls by carrier Telnyx failed.")
    refused = calls(5, Outcome.CARRIER_REFUSED, carrier="id-1")
    assert "by Telnyx" in findings(Breaker(), refused, NOW, names={"id-1": "Telnyx"})[0].words


def test_a_provider_that_fails_pauses_the_campaign():
    held = {"providers": ("openai",), "talk_seconds": 20}
    dropped = calls(20, Outcome.DROPPED, provider_failed=True, failed_provider="openai", **held)
    (found,) = findings(Breaker(), dropped, NOW)
    assert (found.action, found.reason, found.key) == (Action.PAUSE, "provider_failures", "openai")
    assert "provider openai" in found.words


def test_of_several_providers_of_a_call_the_one_that_fails_is_named():
    held = {"providers": ("deepgram", "elevenlabs", "openai"), "talk_seconds": 20}
    deaf = calls(12, Outcome.DROPPED, provider_failed=True, failed_provider="deepgram", **held)
    fine = calls(8, Outcome.COMPLETED, **held)
    (found,) = findings(Breaker(), deaf + fine, NOW)
    assert (found.key, found.percent) == ("deepgram", 60.0)
    others = calls(40, Outcome.COMPLETED, providers=("openai",), talk_seconds=20)
    (still,) = findings(Breaker(), deaf + fine + others, NOW)
    assert still.key == "deepgram"


def test_a_failure_of_which_nobody_knows_whose_it_was_is_everybodys():
    held = {"providers": ("deepgram", "openai"), "talk_seconds": 20}
    unknown = calls(20, Outcome.DROPPED, provider_failed=True, **held)
    found = findings(Breaker(), unknown, NOW)
    assert {one.key for one in found} == {"deepgram", "openai"}


@pytest.mark.parametrize(
    "outcome", [Outcome.CARRIER_REFUSED, Outcome.CALLER_ID_REFUSED, Outcome.MISCONFIGURED]
)
def test_refusals_of_what_we_are_need_no_sample(outcome):
    assert reasons(calls(REFUSALS_IN_A_ROW, outcome)) == ["carrier_refuses"]
    assert reasons(calls(REFUSALS_IN_A_ROW - 1, outcome)) == []
    assert reasons(calls(1) + calls(REFUSALS_IN_A_ROW, outcome)) == []


def test_signs_of_unwanted_traffic():
    assert reasons(calls(9, Outcome.COMPLETED, talk_seconds=60) + calls(191)) == ["low_answer_rate"]
    assert reasons(calls(10, Outcome.COMPLETED, talk_seconds=60) + calls(190)) == []
    assert reasons(calls(100, Outcome.COMPLETED, talk_seconds=14) + calls(100)) == ["short_talks"]
    assert reasons(calls(100, Outcome.COMPLETED, talk_seconds=15) + calls(100)) == []
    assert reasons(calls(199)) == []


def test_each_rule_can_be_switched_off():
    bad = calls(200, Outcome.TRUNK_FAILED)
    assert reasons(bad) == ["carrier_failures", "low_answer_rate"]
    assert reasons(bad, failure_percent=None) == ["low_answer_rate"]
    assert reasons(bad, answer_percent=None) == ["carrier_failures"]
    short = calls(200, Outcome.SHORT_TALK, talk_seconds=2)
    assert reasons(short) == ["short_talks"]
    assert reasons(short, short_talk_seconds=None) == []
    assert reasons(bad, enabled=False) == []


def test_what_pauses_comes_before_what_rests():
    both = calls(20, Outcome.CALLER_ID_REFUSED, number="+12025550199")
    usable = ["+12025550199", "+12025550198"]
    assert [one.action for one in findings(Breaker(), both, NOW, usable=usable)] == [
        Action.PAUSE,
        Action.PAUSE,
        Action.REST_NUMBER,
    ]


@pytest.mark.parametrize(
    ("people", "abandoned", "part", "stops"),
    [
        (0, 0, 1.0, False),
        (1, 1, 0.5, False),
        (49, 1, 0.5, False),
        (2, 2, 0.5, True),
        (49, 2, 0.5, True),
        (101, 2, 0.5, False),
        (1000, 9, 1.0, False),
        (1000, 10, 0.5, False),
        (1000, 19, 0.5, False),
        (1000, 21, 0.5, True),
        (50, 1, 0.5, False),
    ],
)
def test_people_who_hear_nobody_slow_a_campaign_and_stop_it(people, abandoned, part, stops):
    assert speed(people, abandoned) == part
    found = abandonment(people, abandoned)
    assert (found is not None) is stops
    if found is not None:
        assert (found.action, found.reason) == (Action.PAUSE, "abandonment")
