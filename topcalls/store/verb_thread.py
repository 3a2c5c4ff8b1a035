"""One native thread on which verbs run in the order in which they were asked for.

Built for an event loop that is late: what greenlets ask for is in the thread's hands at once, and
each turn of the loop takes all that is done by then. (A `gevent.threadpool.ThreadPool(1)` gets one
task per turn of the loop, so that the slower the loop the less the thread did, down to one verb a
second with 300 calls at their start; and it does not keep the order.)
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, Generic, TypeVar, cast

import gevent
from gevent import monkey
from gevent.event import AsyncResult

T = TypeVar("T")
_Queue: type[SimpleQueue[Any]] = monkey.get_original("queue", "SimpleQueue")
_start_new_thread = monkey.get_original("_thread", "start_new_thread")


class VerbThread:
    """Belongs to the thread, and the event loop, in which it was made."""

    def __init__(self) -> None:
        self._hub = gevent.get_hub()
        self._asked: SimpleQueue[_Task[Any] | None] = _Queue()
        self._done: deque[_Task[Any]] = deque()
        self._waiting = 0  # tasks that are not answered yet
        self._is_running = False
        self._news = self._hub.loop.async_()

    def call(self, work: Callable[[], T]) -> T:
        """Run `work` on the thread and wait for it, the greenlet only.

        Work that has been asked for is done, also when the greenlet is killed meanwhile.
        """
        if gevent.get_hub() is not self._hub:
            raise RuntimeError("A database is used by the thread that opened it alone.")
        if not self._is_running:
            self._is_running = True
            _start_new_thread(self._run, ())
        task = _Task(work)
        if not self._waiting:
            self._news.start(self._answer)
        self._waiting += 1
        self._asked.put(task)
        return cast(T, task.answer.get())

    def stop(self) -> None:
        """End the thread after what it was asked for. The answers to that still come."""
        if self._is_running:
            self._is_running = False
            self._asked.put(None)

    def _run(self) -> None:
        while (task := self._asked.get()) is not None:
            task.run()
            self._done.append(task)
            self._news.send()
        gevent.get_hub().destroy(destroy_loop=True)  # locks may have made one for this thread

    def _answer(self) -> None:
        """In the event loop: what is done goes to whoever waits."""
        while self._done:
            self._waiting -= 1
            self._done.popleft().tell()
        if not self._waiting:
            self._news.stop()


class _Task(Generic[T]):
    """Exceptions travel as values, from one thread to the other."""

    def __init__(self, work: Callable[[], T]) -> None:
        self.answer: AsyncResult[T] = AsyncResult()
        self._work = work
        self._value: T | None = None
        self._error: BaseException | None = None

    def run(self) -> None:
        try:
            self._value = self._work()
        except BaseException as error:  # noqa: BLE001 - the caller raises it
            self._error = error

    def tell(self) -> None:
        if self._error is None:
            self.answer.set(self._value)
        else:
            self.answer.set_exception(self._error)
