"""Time-outs that do not take a pause of our own for somebody else's silence.

A process that was held up, by its machine or by work of its own, finds two things at once when it
goes on: time-outs that have run out, and what came over its sockets meanwhile. gevent lets the
time-outs go off before what was read has reached whoever waits for it, so an answer that came in
time would count as none. Therefore one that has run out gives way for a few turns of the event
loop, in which every socket is looked at, before it goes off.
"""

from __future__ import annotations

from typing import Any, Final

import gevent

TURNS: Final = 3
"""From the socket to its reader, from there to whoever waits, and one more."""

_go_off: Any = gevent.Timeout._on_expiration


def look_again() -> None:
    """Have every time-out of this process do so, from now on."""
    timeouts: Any = gevent.Timeout
    timeouts._on_expiration = _give_way


def _give_way(timeout: Any, *waiting: Any, turns: int = TURNS) -> None:
    """In the event loop. Whoever is served meanwhile takes the time-out back, by its timer."""
    timeout.timer.stop()
    timeout.timer.close()
    if turns == 0:
        _go_off(timeout, *waiting)
        return
    timeout.timer = gevent.get_hub().loop.timer(0)
    timeout.timer.start(lambda: _give_way(timeout, *waiting, turns=turns - 1))
