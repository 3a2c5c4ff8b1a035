"""Minutes: reserved with the call, settled with its end, counted from rows."""

from __future__ import annotations

import factories
import gevent
import pytest

from topcalls.core.quota import Pool
from topcalls.errors import InsufficientQuota, NotFound
from topcalls.store.models import Call, Reservation

pytestmark = pytest.mark.service
LIMIT = 20


def balance(services, who):
    return services.quotas.balance(who.account_id)


def test_granted_minutes_are_there(services):
    who = factories.principal(services, minutes=100)
    services.quotas.grant(who.account_id, 50, "gift", pool=Pool.BONUS)
    services.quotas.grant(who.account_id, -25, "mistake")
    left = balance(services, who)
    assert (left.unit, left.plan_minutes, left.total_minutes) == ("call_minutes", 75, 125)
    assert (left.minutes_remaining, left.minutes_available) == (125, 125)
    assert (left.bonus_minutes_remaining, left.bonus_minutes_used) == (50, 0)


def test_a_call_reserves_its_longest_duration(services):
    who = factories.principal(services, minutes=100)
    factories.queued_call(services, who, max_duration=7.5)
    held = balance(services, who)
    assert (held.minutes_reserved, held.minutes_remaining, held.minutes_available) == (
        7.5,
        100,
        92.5,
    )


def test_a_call_that_needs_more_than_is_left_is_refused_with_both_numbers(services):
    who = factories.principal(services, minutes=8.5)
    factories.queued_call(services, who, max_duration=5)
    with pytest.raises(InsufficientQuota) as caught:
        factories.queued_call(services, who, max_duration=5)
    assert caught.value.extra == {
        "minutes_needed": 5.0,
        "minutes_left": 3.5,
        "limit": "account_minutes",
        "consumer": {"type": "account", "id": who.account_id},
        "unit": "minutes",
        "needed": 5.0,
        "left": 3.5,
        "exhausted": False,
        "frees_at": None,
    }
    assert "needs 5 minutes and 3.5 are left" in str(caught.value)
    assert len(services.calls.list(who.account_id).data) == 1
    assert balance(services, who).minutes_reserved == 5


def test_the_last_minute_can_be_used(services):
    who = factories.principal(services, minutes=5)
    factories.queued_call(services, who, max_duration=5)
    assert balance(services, who).minutes_available == 0


def test_what_was_talked_is_settled_and_the_rest_comes_back(services):
    who = factories.principal(services, minutes=100)
    factories.finished_call(services, who, seconds=90.2, max_duration=10)
    after = balance(services, who)
    assert after.minutes_reserved == 0
    assert after.minutes_used == pytest.approx(91 / 60, abs=1e-4)
    assert after.minutes_remaining == pytest.approx(100 - 91 / 60, abs=1e-4)


def test_the_bonus_is_used_first(services):
    who = factories.principal(services, minutes=100)
    services.quotas.grant(who.account_id, 1, "gift", pool=Pool.BONUS)
    factories.finished_call(services, who, seconds=90)
    after = balance(services, who)
    assert (after.bonus_minutes_used, after.bonus_minutes_remaining) == (1, 0)
    assert (after.minutes_used, after.minutes_remaining) == (0.5, 99.5)


def test_a_call_nobody_answered_costs_nothing(services):
    who = factories.principal(services, minutes=100)
    call = factories.claimed_call(services, who)
    factories.Life(services, call).dial().fail("USER_BUSY")
    after = balance(services, who)
    assert (after.minutes_reserved, after.minutes_used) == (0, 0)
    assert services.calls.get(who.account_id, call.call_id).actual_duration_billed == 0


def test_settling_twice_counts_once(services):
    who = factories.principal(services, minutes=100)
    call_id = factories.finished_call(services, who, seconds=60)
    now = services.clock.now()
    assert not services.quotas.settle(who.account_id, call_id, 60, now)
    assert balance(services, who).minutes_used == 1


def test_an_unmetered_account_is_counted_but_never_refused(services):
    who = factories.principal(services, minutes=0, metered=False)
    factories.finished_call(services, who, seconds=120)
    after = balance(services, who)
    assert after.unlimited
    assert (after.minutes_used, after.minutes_remaining) == (2, 0)


def test_usage_is_listed_by_utc_day(services):
    who = factories.principal(services)
    other = factories.principal(services, name="Other")
    factories.finished_call(services, who, seconds=60)
    factories.finished_call(services, who, seconds=30)
    factories.finished_call(services, other, seconds=600)
    services.clock.advance(86400)
    factories.finished_call(services, who, seconds=120)
    days = services.quotas.usage(who.account_id, "2026-11-01", "2026-11-30")
    assert [(day.day, day.minutes, day.calls) for day in days] == [
        ("2026-11-23", 1.5, 2),
        ("2026-11-24", 2.0, 1),
    ]
    assert services.quotas.usage(who.account_id, "2026-11-24", "2026-11-24") == days[1:]


def test_a_call_paid_from_two_pools_counts_as_one_call(services):
    who = factories.principal(services)
    services.quotas.grant(who.account_id, 0.5, "gift", pool=Pool.BONUS)
    factories.finished_call(services, who, seconds=60)
    (day,) = services.quotas.usage(who.account_id, "2026-11-23", "2026-11-23")
    assert (day.minutes, day.calls) == (1, 1)


def test_creations_at_the_same_time_do_not_reserve_the_same_minutes(services):
    who = factories.principal(services, minutes=30)

    def create():
        try:
            return factories.queued_call(services, who, max_duration=10).id
        except InsufficientQuota:
            return None

    jobs = [gevent.spawn(create) for _ in range(8)]
    gevent.joinall(jobs, timeout=LIMIT, raise_error=True)
    assert sum(job.value is not None for job in jobs) == 3
    assert balance(services, who).minutes_available == 0


def test_a_reservation_that_was_left_behind_is_released(services):
    who = factories.principal(services, minutes=100)
    call_id = factories.finished_call(services, who, seconds=60)
    waiting = factories.queued_call(services, who, max_duration=4)

    def lose_the_settlement():
        Reservation.update(settled_at=None, billed=None).where(
            Reservation.call_id == call_id
        ).execute()

    services.db.run(lose_the_settlement)
    used_before = balance(services, who).minutes_used
    now = services.clock.now()
    assert services.quotas.release_stale(now) == 1
    assert services.quotas.release_stale(now) == 0
    after = balance(services, who)
    assert after.minutes_reserved == 4
    assert after.minutes_used == used_before + 1
    assert services.calls.get(who.account_id, waiting.id).status == "queued"


def test_a_call_of_nobody_is_refused(services):
    who = factories.principal(services)
    stranger = type(who)("nobody", "x", "k", frozenset(), "test")
    with pytest.raises(NotFound):
        services.calls.create(stranger, factories.request(), services.clock.now())
    assert services.db.read(Call.select().count) == 0
