"""The end of a child process that is spoken to by pipes."""

from __future__ import annotations

from typing import Any


def end(child: Any) -> None:
    """Kill a child, close its pipes and wait for it.

    Only whoever reads and writes its pipes may call this: a pipe that another greenlet is reading
    cannot be closed. Another may kill it, which ends the reading.
    """
    child.kill()
    for pipe in (child.stdin, child.stdout):
        try:
            pipe.close()
        except OSError:
            continue  # what was not written is of no use any more
    child.wait()
