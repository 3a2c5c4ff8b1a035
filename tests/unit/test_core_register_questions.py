"""What a refused call may wait for, and for how long."""

from dataclasses import replace
from datetime import timedelta

import pytest
from eligibility_facts_at_hand import NOW, PACK, decided, facts, plan, scrubs

from topcalls.core.eligibility_facts import Policy, Reassigned, Reassignment, Scope, Suppression
from topcalls.core.register_questions import (
    LONGEST_PAUSE,
    LONGEST_WAIT,
    RND,
    SHORTEST_WAIT,
    longest_age,
    may_follow,
    open_questions,
    patience,
    pause,
)

pytestmark = pytest.mark.unit
NUMBER = "+12125550123"
COLORADO = "+13035550123"


def asked(known, now=NOW):
    return open_questions(decided(known, now=now), known, plan(), now)


def test_a_list_that_nobody_asked_and_one_that_was_asked_too_long_ago_are_open():
    assert asked(facts(NUMBER)) == ()
    (missing,) = asked(facts(NUMBER, scrubs=scrubs(without="US")))
    assert missing[:3] == ("scrub", "US", "US.dnc.national")
    (stale,) = asked(facts(NUMBER, scrubs=scrubs(days=32)))
    assert stale[:3] == ("scrub", "US", "US.dnc.national")
    both = asked(facts(COLORADO, scrubs=()))
    assert {one.register for one in both} == {"US", "US-CO"}


def test_a_new_holder_is_asked_about_with_the_date_of_the_consent():
    policy = Policy(require_reassigned=True)
    known = facts(NUMBER, policy=policy)
    (open_one,) = asked(known)
    consent = known.consents[0]
    assert open_one == ("reassigned", RND, "US.rnd", consent.captured_at)
    old = Reassigned(Reassignment.NO, NOW, NOW - timedelta(days=45))
    (again,) = asked(replace(known, reassigned=(old,)))
    assert again.asked_about == consent.captured_at


def test_a_listed_number_waits_for_nothing():
    assert asked(facts(NUMBER, scrubs=scrubs(listed="US"), consents=())) == ()


def test_it_may_follow_at_once_or_when_its_hours_begin_and_never_where_something_else_forbids_it():
    lacking = facts(NUMBER, scrubs=())
    assert may_follow(decided(lacking), NOW) == NOW
    night = NOW.replace(hour=8)
    opens = may_follow(decided(lacking, now=night), night)
    assert opens is not None and opens > night
    stopped = Suppression("s", Scope.ACCOUNT, NOW, "api", applied_at=NOW)
    assert may_follow(decided(replace(lacking, suppressions=(stopped,))), NOW) is None
    assert may_follow(decided(replace(lacking, consents=())), NOW) is None


def test_who_waited_for_long_waits_for_longer():
    assert patience(None, NOW) == SHORTEST_WAIT
    assert patience(NOW - timedelta(minutes=1), NOW) == SHORTEST_WAIT
    assert patience(NOW - timedelta(hours=2), NOW) == timedelta(hours=2)
    assert patience(NOW - timedelta(days=9), NOW) == LONGEST_WAIT


def test_a_register_that_fails_is_left_alone_for_longer_each_time():
    pauses = [pause(failures) for failures in range(1, 40)]
    assert pauses[:3] == [timedelta(seconds=30), timedelta(seconds=60), timedelta(seconds=120)]
    assert pauses == sorted(pauses) and pauses[-1] == LONGEST_PAUSE


def test_how_old_an_answer_may_be_is_what_the_rules_say():
    assert longest_age(PACK, "scrub", "US") == timedelta(days=31)
    assert longest_age(PACK, "scrub", "IT") == timedelta(days=15)
    assert longest_age(PACK, "reassigned", RND) == timedelta(days=30)
    assert longest_age(PACK, "scrub", "XX") is None
