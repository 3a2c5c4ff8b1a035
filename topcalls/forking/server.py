"""The fork server: loads everything once, and becomes each process that it is asked for.

It has no threads and no greenlets of its own but the one that waits, so that a fork copies nothing
that works. It ends when nobody is left who could ask; its children do not (they end when whoever
asked for them does, by their standard input).
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from typing import Any

from gevent import monkey
from gevent.os import fork_and_watch
from setproctitle import setproctitle

from topcalls.forking.request import Files, Request, receive
from topcalls.loading import load

_close = monkey.get_original("os", "close")
"""At once: gevent's lets the loop do it, and a process forked before that would have the files of
another. Nobody waits for these."""


def serve(channel: socket.socket, modules: Iterable[str]) -> tuple[str, ...] | None:
    """Load `modules` and fork for each wish that comes by `channel`.

    Returns in each new process with its arguments, and files, directory and environment in place;
    in the server with None, when nobody is left who could ask. A process that may ask the server
    itself is told of its descriptor by one more option, `--fork-server`.
    """
    setproctitle("topcalls fork-server")  # found out where the title stands, as we were started
    for name in modules:
        load(name)
    fates: set[int] = set()  # the pipes of those who live
    while (wish := receive(channel)) is not None:
        request, files = wish
        fates.add(files.fate)
        pid = fork_and_watch(partial(_ended, fates, files.fate))
        if pid == 0:
            channel.close()
            for other in fates - {files.fate}:
                _close(other)
            return _become(request, files)
        _tell(files.fate, pid)
        for number in files:
            if number not in (None, files.fate):
                _close(number)
    return None


def _become(request: Request, files: Files) -> tuple[str, ...]:
    """The child: a session of its own, and everything as if it had been started anew. It keeps its
    pipe open, unread: whoever waits at the other end is told by its closing if the server died."""
    os.setsid()
    for number, standard in enumerate((files.stdin, files.stdout, files.stderr)):
        os.dup2(standard, number)
        _close(standard)
    os.chdir(request.directory)
    os.environ.clear()
    os.environ.update(request.environment)
    setproctitle(" ".join(("topcalls", *request.arguments)))
    if files.channel is None:
        return request.arguments
    return (*request.arguments, "--fork-server", str(files.channel))


def _ended(fates: set[int], fate: int, watcher: Any) -> None:
    """A child has ended, and is reaped."""
    _tell(fate, os.waitstatus_to_exitcode(watcher.rstatus))
    _close(fate)
    fates.discard(fate)


def _tell(fate: int, number: int) -> None:
    with suppress(BrokenPipeError):  # whoever asked is gone
        os.write(fate, b"%d\n" % number)
