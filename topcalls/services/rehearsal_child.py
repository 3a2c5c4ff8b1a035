"""The parent's end of the process in which a campaign is rehearsed."""

from __future__ import annotations

import pickle
import struct
import sys
from collections.abc import Iterable, Sequence
from typing import Any, Final

import gevent
from gevent import subprocess

from topcalls import child_process
from topcalls.errors import InvalidRequest, NoCapacity, TopCallsError
from topcalls.log import get_logger
from topcalls.services.rehearsal_persons import Somebody
from topcalls.services.rehearsal_process import (
    CPU_SECONDS,
    FAULT,
    IN,
    NO_MEMORY,
    NO_TIME,
    OUT,
    Order,
)

SECONDS: Final = 1800.0
"""For one rehearsal, its reading included: six times `CPU_SECONDS`, for machines that are busy."""

RETRY_SECONDS: Final = 60
_END_SECONDS: Final = 5.0
"""Whose pipes are closed has ended, or is about to."""

_COMMAND: Final = (sys.executable, "-m", "topcalls.services.rehearsal_process")
_LESS: Final = "Rehearse fewer days (`days`), or a campaign of fewer people."
log = get_logger("rehearsals")


class RehearsalChild:
    """One child at a time. The caller's loop goes on meanwhile. Close it with its process."""

    def __init__(self, seconds: float = SECONDS, command: Sequence[str] = _COMMAND) -> None:
        self._seconds = seconds
        self._command = tuple(command)
        self._child: Any = None
        self._is_busy = False

    def rehearse(self, order: Order, people: Iterable[list[Somebody]]) -> bytes:
        """The report as JSON, whose names are sorted.

        Raises:
            InvalidRequest: it takes more of a processor than it may, or more memory.
            NoCapacity: another rehearsal is under way here, the machine is too busy for it, or its
                process died.
        """
        if self._is_busy:
            raise NoCapacity(
                "This server rehearses another campaign just now, and does one at a time.",
                remedy="Try again after Retry-After seconds.",
                retry_after=RETRY_SECONDS,
            )
        self._is_busy = True
        try:
            with gevent.Timeout(self._seconds, TimeoutError):
                return self._ask(order, people)
        except TimeoutError:
            raise NoCapacity(
                f"The rehearsal was not over after {self._seconds:g} seconds: the machine is busy.",
                remedy=f"Try again when it is less so. {_LESS}",
                retry_after=RETRY_SECONDS,
            ) from None
        finally:
            self._is_busy = False

    def close(self) -> None:
        """End the child: what it works at comes to nothing."""
        child, self._child = self._child, None
        if child is not None:
            child.kill()  # the greenlet that speaks to it does the rest

    def _ask(self, order: Order, people: Iterable[list[Somebody]]) -> bytes:
        child = self._child = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        try:
            _send(child.stdin, pickle.dumps(order))
            for piece in people:
                if piece:
                    _send(child.stdin, pickle.dumps(piece))
                gevent.sleep(0)
            _send(child.stdin, b"")
            kind, size = OUT.unpack(child.stdout.read(OUT.size))
            payload: bytes = child.stdout.read(size)
            if len(payload) < size:
                raise self._death(child)
        except TimeoutError:
            raise
        except (OSError, struct.error, ValueError):
            raise self._death(child) from None
        finally:
            self._child = None
            child_process.end(child)
        return _answer(kind, payload)

    def _death(self, child: Any) -> TopCallsError:
        if self._child is not child:
            return NoCapacity("The server stops, and the rehearsal with it.")
        with gevent.Timeout(_END_SECONDS, False):
            child.wait()
        return NoCapacity(
            f"The process that rehearsed the campaign died ({child.returncode}).",
            remedy=f"The machine may lack memory. {_LESS}",
            retry_after=RETRY_SECONDS,
        )


def _send(pipe: Any, payload: bytes) -> None:
    pipe.write(IN.pack(len(payload)) + payload)
    pipe.flush()


def _answer(kind: bytes, payload: bytes) -> bytes:
    if kind == NO_MEMORY:
        words = "The rehearsal needs more memory than it may have."
        raise InvalidRequest(words, field="days", remedy=_LESS)
    if kind == NO_TIME:
        words = f"The rehearsal needs more than {CPU_SECONDS} seconds of a processor."
        raise InvalidRequest(words, field="days", remedy=_LESS)
    if kind == FAULT:
        log.error("A rehearsal failed", why=payload.decode())
        raise TopCallsError("The rehearsal failed by a fault of this software: see the log.")
    return payload
