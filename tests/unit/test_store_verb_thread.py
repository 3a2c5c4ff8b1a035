"""The thread of the database: order, what a late event loop gets done, exceptions, its end."""

import gevent
import pytest
from gevent import monkey
from gevent.event import Event

from topcalls.store.verb_thread import VerbThread

pytestmark = pytest.mark.unit
LIMIT = 20
real_thread_id = monkey.get_original("threading", "get_ident")


@pytest.fixture
def thread():
    made = VerbThread()
    yield made
    made.stop()


def test_work_is_done_in_one_other_thread_in_the_order_of_asking(thread):
    done = []
    asked = [
        gevent.spawn(thread.call, lambda number=number: done.append(number)) for number in range(50)
    ]
    gevent.joinall(asked, timeout=LIMIT, raise_error=True)
    assert done == list(range(50))
    elsewhere = {thread.call(real_thread_id) for _ in range(3)}
    assert len(elsewhere) == 1
    assert real_thread_id() not in elsewhere


def test_what_was_asked_for_is_done_while_the_loop_is_busy(thread):
    """All of it, though no turn of the loop comes between."""
    begin, done = (monkey.get_original("threading", "Event")() for _ in range(2))
    seen = []
    asked = [gevent.spawn(thread.call, lambda: begin.wait(LIMIT))]
    asked += [
        gevent.spawn(thread.call, lambda number=number: seen.append(number)) for number in range(9)
    ]
    asked.append(gevent.spawn(thread.call, done.set))
    gevent.idle()
    begin.set()
    assert done.wait(LIMIT)  # the loop stands still meanwhile
    assert seen == list(range(9))
    assert not any(item.dead for item in asked)
    gevent.joinall(asked, timeout=LIMIT, raise_error=True)


@pytest.mark.parametrize("error", [ValueError("wrong"), SystemExit(3), gevent.Timeout(1)])
def test_what_work_raises_reaches_who_asked_and_the_thread_goes_on(thread, error):
    def fail():
        raise error

    with pytest.raises(type(error)):
        thread.call(fail)
    assert thread.call(lambda: "next") == "next"


def test_other_greenlets_run_while_one_waits(thread):
    entered, leave = (monkey.get_original("threading", "Event")() for _ in range(2))

    def work():
        entered.set()
        assert leave.wait(LIMIT)
        return "done"

    asked = gevent.spawn(thread.call, work)
    ran = Event()
    gevent.spawn(ran.set)
    assert ran.wait(LIMIT)
    assert entered.wait(LIMIT)
    leave.set()
    assert asked.get(timeout=LIMIT) == "done"


def test_who_is_killed_while_waiting_leaves_work_that_is_done_all_the_same(thread):
    leave = monkey.get_original("threading", "Event")()
    seen = []
    first = gevent.spawn(thread.call, lambda: leave.wait(LIMIT))
    killed = gevent.spawn(thread.call, lambda: seen.append("done"))
    gevent.idle()
    killed.kill()
    leave.set()
    assert first.get(timeout=LIMIT)
    assert thread.call(lambda: tuple(seen)) == ("done",)


def test_it_ends_after_what_it_was_asked_for(thread):
    threads = []
    asked = gevent.spawn(thread.call, lambda: threads.append(real_thread_id()))
    gevent.idle()
    thread.stop()
    asked.get(timeout=LIMIT)
    assert len(threads) == 1
    assert thread.call(lambda: "again") == "again"  # on a new one


def test_it_belongs_to_the_loop_in_which_it_was_made(thread):
    with pytest.raises(RuntimeError, match="thread that opened it"):
        gevent.get_hub().threadpool.apply(thread.call, (lambda: None,))
