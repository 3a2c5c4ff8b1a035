"""The dialling rate."""

import pytest

from topcalls.core.token_bucket import TokenBucket

pytestmark = pytest.mark.unit


def test_starts_full_and_refills_with_time_up_to_the_burst():
    bucket = TokenBucket(rate=10, burst=5)
    assert bucket.available(100.0) == 5
    bucket.take(5, 100.0)
    assert bucket.available(100.0) == 0
    assert bucket.available(100.1) == 1
    assert bucket.available(200.0) == 5


def test_over_a_long_time_no_more_than_the_rate_is_spent():
    bucket, spent = TokenBucket(rate=7, burst=3), 0
    for step in range(1000):
        now = step / 100
        count = bucket.available(now)
        bucket.take(count, now)
        spent += count
    assert spent <= 3 + 7 * 10
    assert spent >= 7 * 10


def test_a_clock_that_jumps_back_gives_nothing_for_free():
    bucket = TokenBucket(rate=10, burst=2)
    bucket.take(2, 50.0)
    assert bucket.available(40.0) == 0
    assert bucket.available(40.1) == 1


def test_tells_when_tokens_will_be_there():
    bucket = TokenBucket(rate=10, burst=5)
    assert bucket.seconds_until(5, 0.0) == 0
    bucket.take(5, 0.0)
    assert bucket.seconds_until(1, 0.0) == pytest.approx(0.1)
    assert bucket.seconds_until(5, 0.1) == pytest.approx(0.4)
    assert bucket.seconds_until(99, 0.1) == pytest.approx(0.4)
