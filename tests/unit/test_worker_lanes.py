"""A lane's slow or failing work holds up nobody else's."""

import gevent
import pytest
from gevent.event import Event

from topcalls.worker.lanes import Lanes

pytestmark = pytest.mark.unit
LIMIT = 5


class Held:
    """A piece of work that runs until it is told to end."""

    def __init__(self, result=True, key=None, is_doubtful=False):
        self.key = key or str(id(self))
        self.is_doubtful = is_doubtful
        self.began = Event()
        self.end = Event()
        self.result = result

    def __call__(self):
        self.began.set()
        assert self.end.wait(LIMIT)
        return self.result


def new_lanes(per_lane=2, total=10, on_ended=lambda: None):
    return Lanes(per_lane, total, on_ended)


def settle():
    """Let everything happen that can happen without an event from outside."""
    for _ in range(10):
        gevent.sleep(0)


def submit(lanes, name, count, **options):
    works = [Held(**options) for _ in range(count)]
    assert all(lanes.submit(name, work) for work in works)
    settle()
    return works


def begun(works):
    settle()
    return [work.began.is_set() for work in works]


def finish(*works):
    for work in works:
        work.end.set()
    assert all(work.began.wait(LIMIT) for work in works)
    settle()


def test_a_lane_runs_a_bounded_number_side_by_side_in_order():
    lanes = new_lanes(per_lane=2)
    works = submit(lanes, "slow", 4)
    assert begun(works) == [True, True, False, False]
    finish(works[1])
    assert begun(works) == [True, True, True, False]
    finish(*works)


def test_a_slow_lane_leaves_the_others_alone():
    lanes = new_lanes(per_lane=2)
    slow = submit(lanes, "slow", 5)
    quick = submit(lanes, "quick", 1)
    assert begun(quick) == [True]
    assert lanes.room == 10 - 3
    finish(*slow, *quick)
    assert lanes.room == 10


def test_a_failing_lane_is_tried_one_at_a_time_until_it_succeeds():
    lanes = new_lanes(per_lane=3)
    finish(*submit(lanes, "dead", 1, result=False))
    works = submit(lanes, "dead", 5)
    assert begun(works) == [True, False, False, False, False]
    finish(works[0])
    assert begun(works) == [True, True, True, True, False]
    finish(*works)


def test_work_that_raises_counts_as_failed_and_frees_its_place():
    lanes = new_lanes(per_lane=2)

    class Broken(Held):
        def __call__(self):
            raise ValueError("a mistake of ours")

    assert lanes.submit("lane", Broken())
    settle()
    works = submit(lanes, "lane", 2)
    assert begun(works) == [True, False]
    finish(*works)


def test_lanes_take_turns_at_the_places_that_become_free():
    lanes = new_lanes(per_lane=2, total=2)
    greedy = submit(lanes, "greedy", 6)
    late = submit(lanes, "late", 2)
    assert begun(greedy) + begun(late) == [True, True] + 6 * [False]
    finish(*greedy[:2])
    assert begun(greedy) + begun(late) == 3 * [True] + 3 * [False] + [True, False]
    finish(*greedy, *late)
    assert lanes.running == 0


def test_doubtful_work_leaves_places_for_the_other():
    lanes = Lanes(2, 4, lambda: None, doubtful=2)
    doubtful = [submit(lanes, name, 1, is_doubtful=True)[0] for name in "abc"]
    assert begun(doubtful) == [True, True, False]
    assert (lanes.room, lanes.room_for_doubtful) == (2, 0)
    proven = submit(lanes, "proven", 2)
    assert begun(proven) == [True, True]
    finish(proven[0])
    assert begun(doubtful) == [True, True, False]
    finish(doubtful[0])
    assert begun(doubtful) == [True, True, True]
    finish(*doubtful, *proven)
    assert (lanes.room, lanes.room_for_doubtful) == (4, 2)


def test_the_same_work_is_not_run_beside_itself():
    lanes = new_lanes()
    first, second = Held(key="same"), Held(key="same")
    assert lanes.submit("lane", first)
    assert lanes.submit("lane", second)
    assert begun([first, second]) == [True, False]
    finish(first)
    assert begun([second]) == [False]
    assert lanes.submit("lane", second)
    finish(second)
    assert lanes.wait(LIMIT)


def test_the_end_of_each_piece_is_told():
    ends = []
    lanes = new_lanes(on_ended=lambda: ends.append(lanes.running))
    finish(*submit(lanes, "lane", 2))
    assert ends == [1, 0]


def test_stopping_hands_back_what_waits_and_lets_the_rest_end():
    lanes = new_lanes(per_lane=1)
    works = submit(lanes, "lane", 3)
    stopping = gevent.spawn(lanes.stop, LIMIT)
    settle()
    assert not lanes.submit("other", Held())
    finish(works[0])
    assert stopping.get(timeout=LIMIT) == works[1:]
    assert begun(works) == [True, False, False]


def test_stopping_kills_what_does_not_end_in_time():
    lanes = new_lanes()
    submit(lanes, "lane", 1)
    assert lanes.stop(0.01) == []
    assert lanes.running == 0


def test_stopping_with_nothing_to_do_is_immediate():
    assert new_lanes().stop(0) == []
