"""Runs checks side by side, each within its time, and keeps what they found until then.

A check is a generator of findings, so one that hangs in the middle has told what came before. None
can stop another: it runs on a greenlet of its own, and one that cannot even be interrupted (its
disk hangs) is left behind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

import gevent
from gevent.threadpool import ThreadPool

from topcalls.clock import Clock
from topcalls.core.checkup import Finding, crashed, overdue, protected, refused
from topcalls.errors import TopCallsError

MOST_SECONDS = 13.0
"""All together, whatever the checks ask for."""


@dataclass
class Check:
    """`look` gives its findings within `seconds`. `blocking`: it waits in system calls, so it runs
    on a thread, and gives its findings all at once."""

    name: str
    seconds: float
    look: Callable[[], Iterable[Finding]]
    blocking: bool = False
    found: list[Finding] = field(default_factory=list)


def run(checks: Sequence[Check], secrets: Iterable[str], clock: Clock) -> list[Finding]:
    """What all checks found, in their order, without `secrets`."""
    begun = clock.monotonic()
    threads = ThreadPool(max(1, sum(check.blocking for check in checks)))
    greenlets = [gevent.spawn(_look, check, threads, begun, clock) for check in checks]
    for check, greenlet in zip(checks, greenlets, strict=True):
        limit = min(check.seconds, MOST_SECONDS)
        greenlet.join(max(0.0, begun + limit - clock.monotonic()))
        if not greenlet.dead:
            greenlet.kill(block=False)
            check.found.append(replace(overdue(check.name, limit), seconds=limit))
    hidden = list(secrets)
    return [protected(finding, hidden) for check in checks for finding in tuple(check.found)]


def _look(check: Check, threads: ThreadPool, begun: float, clock: Clock) -> None:
    try:
        for finding in _on_thread(threads, check.look) if check.blocking else check.look():
            check.found.append(replace(finding, seconds=round(clock.monotonic() - begun, 3)))
    except TopCallsError as error:
        check.found.append(refused(check.name, error))
    except Exception as error:  # noqa: BLE001 - a check that breaks is a finding
        check.found.append(crashed(check.name, error))


def _on_thread(threads: ThreadPool, look: Callable[[], Iterable[Finding]]) -> list[Finding]:
    """A thread hands over its errors as values: gevent prints those that are raised."""
    outcome: list[Finding] | Exception = threads.apply(_outcome, (look,))
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def _outcome(look: Callable[[], Iterable[Finding]]) -> list[Finding] | Exception:
    try:
        return list(look())
    except Exception as error:  # noqa: BLE001 - raised again by whoever asked
        return error
