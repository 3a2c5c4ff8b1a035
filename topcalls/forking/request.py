"""What a fork server is asked for: one message on a socket that keeps messages apart.

The message is JSON; the files that the new process is to have go along with it (`SCM_RIGHTS`,
unix(7)).
"""

from __future__ import annotations

import array
import errno
import json
import os
import socket
from dataclasses import asdict, dataclass
from typing import Final, NamedTuple

LARGEST_BYTES: Final = 150_000
"""Of a message: less than what a socket takes at once, and more than what environments hold."""

_INT_BYTES = array.array("i").itemsize


@dataclass(frozen=True)
class Request:
    """One process: `topcalls ARGUMENTS`, in this directory, with this environment and no other."""

    arguments: tuple[str, ...]
    directory: str
    environment: dict[str, str]


class Files(NamedTuple):
    """Descriptors of the new process. Two lines are written to `fate`: its number when it begins,
    and how it ended (as `subprocess` tells it) when that is known. By `channel` it may itself ask
    the server for processes."""

    stdin: int
    stdout: int
    stderr: int
    fate: int
    channel: int | None = None


def send(channel: socket.socket, request: Request, files: Files) -> None:
    """Ask for a process; the files are copied, and stay the asker's to close.

    Raises:
        OSError: nobody is there to be asked, or arguments and environment are too large (`E2BIG`,
            as of execve(2)).
    """
    data = json.dumps(asdict(request)).encode()
    if len(data) > LARGEST_BYTES:
        raise OSError(errno.E2BIG, os.strerror(errno.E2BIG))
    rights = array.array("i", (number for number in files if number is not None))
    channel.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])


def receive(channel: socket.socket) -> tuple[Request, Files] | None:
    """The next wish; None when nobody is left who could ask."""
    space = socket.CMSG_SPACE(len(Files._fields) * _INT_BYTES)
    data, ancillary, _, _ = channel.recvmsg(LARGEST_BYTES, space)
    if not data:
        return None
    numbers = array.array("i")
    for level, kind, content in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            numbers.frombytes(content[: len(content) // _INT_BYTES * _INT_BYTES])
    told = json.loads(data)
    request = Request(tuple(told["arguments"]), told["directory"], told["environment"])
    return request, Files(*numbers)
