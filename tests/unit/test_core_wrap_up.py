"""The steps after a call: in order, patient for a while, never stuck."""

from datetime import UTC, datetime, timedelta

import pytest

from topcalls.core.wrap_up import (
    FIRST,
    PATIENCE,
    Next,
    Result,
    Step,
    Telling,
    advance,
    begin,
    telling,
)

pytestmark = pytest.mark.unit
END = datetime(2026, 11, 23, 12, tzinfo=UTC)


def walk(answer):
    """The steps taken, with how often each was looked at, if every look is answered so."""
    following, looks = begin(), []
    for _ in range(1000):
        step = following.step
        if step is None:
            return looks
        looks.append(step)
        following = advance(step, answer(step), following.tries - 1)
    raise AssertionError("never ends")


def test_it_begins_with_the_recording():
    assert begin() == Next(FIRST, timedelta(), PATIENCE[FIRST].tries)


@pytest.mark.parametrize("result", [Result.DONE, Result.SKIPPED])
def test_steps_run_once_and_in_order(result):
    assert walk(lambda _: result) == list(Step)


def test_a_step_that_never_gets_ready_is_left_out_in_the_end():
    looks = walk(lambda _: Result.NOT_READY)
    assert [looks.count(step) for step in Step] == [PATIENCE[step].tries for step in Step]
    assert list(dict.fromkeys(looks)) == list(Step)


@pytest.mark.parametrize("step", Step)
def test_giving_up_names_the_step(step):
    following = advance(step, Result.NOT_READY, 0)
    assert following.given_up is step
    assert following.step is not step


@pytest.mark.parametrize("step", Step)
def test_waiting_keeps_the_step_and_its_tries(step):
    assert advance(step, Result.NOT_READY, 3) == Next(step, PATIENCE[step].delay, 3)


def test_every_step_has_its_patience():
    assert set(PATIENCE) == set(Step)
    assert all(patience.tries >= 1 for patience in PATIENCE.values())


def test_recording_and_transcript_are_waited_for_twenty_seconds_at_most():
    waited = sum(
        ((PATIENCE[step].tries - 1) * PATIENCE[step].delay.total_seconds())
        for step in (Step.RECORDING, Step.TRANSCRIPT)
    )
    assert 15 <= waited <= 20


@pytest.mark.parametrize("after", [0, 15, 60])
def test_a_failure_is_told_at_once(after):
    told = telling(END, failed=True, after=timedelta(seconds=after))
    assert told == Telling(by=END, before=END)


@pytest.mark.parametrize(("after", "by", "before"), [(15, 15, 15), (0, 15, 0), (4, 4, 4)])
def test_any_other_end_is_told_some_fifteen_seconds_later(after, by, before):
    told = telling(END, failed=False, after=timedelta(seconds=after))
    assert told == Telling(END + timedelta(seconds=by), END + timedelta(seconds=before))
