"""The schedule of webhook retries."""

from datetime import UTC, datetime, timedelta

import pytest

from topcalls.core.webhook_retry import (
    MAX_ATTEMPTS,
    DeliveryState,
    Outcome,
    after_attempt,
    is_dead,
)

pytestmark = pytest.mark.unit
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_any_2xx_is_a_success(status):
    verdict = after_attempt(1, Outcome(status), NOW)
    assert verdict.state is DeliveryState.DELIVERED
    assert verdict.retry_at is None


@pytest.mark.parametrize(
    "outcome",
    [
        Outcome(199),
        Outcome(301),
        Outcome(404),
        Outcome(410),
        Outcome(500),
        Outcome(error="timeout"),
    ],
)
def test_everything_else_is_tried_again(outcome):
    assert after_attempt(1, outcome, NOW).state is DeliveryState.PENDING


def test_retries_come_after_1_5_15_and_60_minutes_and_then_no_more():
    waits = [after_attempt(number, Outcome(500), NOW).retry_at for number in range(1, 5)]
    assert [wait - NOW for wait in waits] == [timedelta(minutes=m) for m in (1, 5, 15, 60)]
    last = after_attempt(MAX_ATTEMPTS, Outcome(500), NOW)
    assert (MAX_ATTEMPTS, last.state, last.retry_at) == (5, DeliveryState.DEAD, None)


def test_the_last_attempt_can_still_succeed():
    assert after_attempt(MAX_ATTEMPTS, Outcome(200), NOW).state is DeliveryState.DELIVERED


@pytest.mark.parametrize(
    ("hours", "given_up", "patience", "dead"),
    [
        (72, 3, 72, True),
        (71, 99, 72, False),
        (720, 2, 72, False),
        (720, 99, None, False),
    ],
)
def test_a_receiver_is_dead_after_a_time_and_several_vain_deliveries(
    hours, given_up, patience, dead
):
    since = NOW - timedelta(hours=hours)
    after = None if patience is None else timedelta(hours=patience)
    assert is_dead(since, given_up, NOW, after) is dead


@pytest.mark.parametrize(
    ("outcome", "quick"),
    [
        (Outcome(204, duration_ms=2000), True),
        (Outcome(204, duration_ms=2001), False),
        (Outcome(500, duration_ms=5), False),
    ],
)
def test_quick_is_what_was_accepted_soon(outcome, quick):
    assert outcome.was_quick is quick
