"""Background jobs: commands whose result comes later, as an event.

The result may come before the reply to the command, twice, late or never. A job is over exactly
once: by its result, by its time limit, or because the connection that would bring the result broke.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gevent import Timeout, get_hub
from gevent.event import AsyncResult

from topcalls.errors import SwitchError
from topcalls.esl.errors import CommandRefused, CommandTimeout
from topcalls.esl.parser import ESLEvent

JobResult = str | SwitchError


class Job:
    """One `bgapi` command under way."""

    def __init__(self, uuid: str, verb: str, timeout: float) -> None:
        self.uuid = uuid
        self.verb = verb
        self.timeout = timeout
        self._result: AsyncResult[JobResult] = AsyncResult()
        self._callbacks: list[Callable[[JobResult], None]] = []

    @property
    def is_done(self) -> bool:
        """True once the result, or the reason why there is none, is known."""
        return bool(self._result.ready())

    def wait(self, timeout: float | None = None) -> str:
        """The switch's text without the line break; raises the `SwitchError` the job ended with.

        Raises `CommandTimeout` when the result is not there within `timeout` seconds; the job
        itself goes on until its own limit.
        """
        timer = Timeout(timeout)
        try:
            with timer:
                result: JobResult = self._result.get()
        except Timeout as expired:
            if expired is not timer:
                raise
            raise CommandTimeout(
                "A background job's result did not come in time.", command=self.verb
            ) from None
        if isinstance(result, SwitchError):
            raise result
        return result

    def on_done(self, callback: Callable[[JobResult], None]) -> None:
        """Call `callback` once with the result or the error; at once if the job is over.

        It is called from the event dispatcher, in order with the events, and must return at once.
        """
        if self._result.ready():
            callback(self._result.get())
        else:
            self._callbacks.append(callback)

    def finish(self, result: JobResult) -> None:
        """End the job. Its table calls this, once."""
        self._result.set(result)
        callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback(result)


class JobTable:
    """The jobs under way, by their uuid.

    `post` runs an action in order with the events: results, time-outs and failures all pass
    through it, so a job's callbacks never run inside the reader or the event loop's callbacks.
    """

    def __init__(self, post: Callable[[Callable[[], None]], None]) -> None:
        self._post = post
        self._jobs: dict[str, tuple[Job, Any]] = {}
        self.timed_out = 0

    def __len__(self) -> int:
        return len(self._jobs)

    def open(self, job: Job) -> None:
        """Expect a result for `job` from now on, for `job.timeout` seconds."""
        timer = get_hub().loop.timer(max(job.timeout, 0.001))
        self._jobs[job.uuid] = (job, timer)
        timer.start(self._expire, job.uuid)

    def result(self, event: ESLEvent) -> bool:
        """Take a BACKGROUND_JOB event; False when the job is not one of ours, or over."""
        body = event.body.rstrip("\r\n")
        if body.startswith(("-ERR", "-USAGE")):
            return self.fail(
                event.job_uuid, CommandRefused("The switch refused a command.", reply=body)
            )
        return self._end(event.job_uuid, body)

    def fail(self, uuid: str, error: SwitchError) -> bool:
        """End one job with an error."""
        return self._end(uuid, error)

    def fail_all(self, make_error: Callable[[], SwitchError]) -> None:
        """End every job with an error of its own."""
        for uuid in list(self._jobs):
            self._end(uuid, make_error())

    def _expire(self, uuid: str) -> None:
        self.timed_out += 1
        verb = self._jobs[uuid][0].verb
        self._end(uuid, CommandTimeout("A background job never reported its end.", command=verb))

    def _end(self, uuid: str, result: JobResult) -> bool:
        if uuid not in self._jobs:
            return False
        job, timer = self._jobs.pop(uuid)
        timer.close()
        self._post(lambda: job.finish(result))
        return True
