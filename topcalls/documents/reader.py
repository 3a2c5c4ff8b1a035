"""Reading documents in a child process, that none of them holds up or brings down its worker."""

from __future__ import annotations

import json
import struct
import sys
from typing import Any

import gevent
from gevent import subprocess

from topcalls import child_process
from topcalls.core.knowledge import Failure
from topcalls.documents.reading import HEAD, DocumentFault, Reading

SECONDS = 60.0
"""For one document."""


class Reader:
    """One child, started when it is needed, for one greenlet at a time. Close it."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._child: Any = None

    def read(self, form: str, data: bytes) -> Reading:
        """Read a document. `form` is one of `documents.forms`, or `page` for HTML of the web.

        Raises:
            DocumentFault: nothing came of it.
        """
        try:
            with gevent.Timeout(self._seconds, TimeoutError):
                told = self._ask(form.encode(), data)
        except TimeoutError:
            self.close()
            raise DocumentFault(Failure.TOO_SLOW) from None
        except (OSError, struct.error, ValueError):  # it died of what it read
            self.close()
            raise DocumentFault(Failure.BROKEN) from None
        except BaseException:
            self.close()
            raise
        if "failure" in told:
            raise DocumentFault(Failure(told["failure"]), told["detail"])
        return Reading.from_mapping(told["reading"])

    def close(self) -> None:
        """End the child."""
        child, self._child = self._child, None
        if child is not None:
            child_process.end(child)

    def _ask(self, form: bytes, data: bytes) -> Any:
        if self._child is None:
            self._child = subprocess.Popen(
                [sys.executable, "-m", "topcalls.documents.process"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        self._child.stdin.write(HEAD.pack(len(form), len(data)) + form + data)
        self._child.stdin.flush()
        (size,) = struct.unpack(">I", self._child.stdout.read(4))
        return json.loads(self._child.stdout.read(size))
