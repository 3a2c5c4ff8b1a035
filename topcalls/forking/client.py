"""Asking a fork server for processes, and looking after these as `subprocess` does."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Final

import gevent
from gevent.event import AsyncResult
from gevent.fileobject import FileObject
from gevent.lock import BoundedSemaphore

from topcalls.forking.request import Files, Request, send

UNTOLD: Final = 255
"""The exit status of a process that ended when its server was no longer there to tell of it."""

BEGIN_SECONDS: Final = 60.0
"""For a server to load everything, and fork."""

END_SECONDS: Final = 5.0
"""For a server that nobody asks any more."""


class ServerGone(OSError):
    """The fork server has ended before it made a process."""


class ForkServer:
    """A fork server, started when it is first needed, and anew when it is gone.

    `command` starts it, with the number of its socket's descriptor as one more argument; what it
    says goes to the file `errors`, or to our standard error. `channel` is the descriptor of a
    server that is there already.
    """

    def __init__(
        self, command: Sequence[str], errors: Path | None = None, channel: int | None = None
    ) -> None:
        self._command = command
        self._errors = errors
        self._channel = socket.socket(fileno=channel) if channel is not None else None
        self._process: subprocess.Popen[bytes] | None = None
        self._starting = BoundedSemaphore()

    def start(self) -> None:
        """Start it unless there is one; nothing is waited for: it loads meanwhile.

        Raises:
            OSError: it cannot be started.
        """
        with self._starting:
            if self._channel is None:
                self._channel = self._started()

    def _started(self) -> socket.socket:
        near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        errors = None if self._errors is None else self._errors.open("a")
        try:
            self._process = subprocess.Popen(
                [*self._command, str(far.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                pass_fds=[far.fileno()],
                start_new_session=True,
            )
        except BaseException:
            near.close()
            raise
        finally:
            far.close()
            if errors is not None:
                errors.close()
        return near

    def close(self) -> None:
        """Let go of it, and let it end. What it has made lives on."""
        channel, self._channel = self._channel, None
        process, self._process = self._process, None
        if channel is not None:
            channel.close()
        if process is not None:
            try:
                process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:  # a process that may ask it still lives
                process.kill()
                process.wait()

    def fork(
        self,
        arguments: Sequence[str],
        *,
        stderr: int | None = None,
        directory: str | Path | None = None,
        environment: Mapping[str, str] | None = None,
        may_fork: bool = False,
    ) -> Forked:
        """A new process `topcalls ARGUMENTS` with pipes for its standard input and output.

        `stderr` is a descriptor; without one, errors go where the output goes. Directory and
        environment are ours unless told otherwise. `may_fork`: it may ask the server itself.

        Raises:
            OSError: arguments and environment are too large, or the server cannot be started or
                does not answer.
        """
        request = Request(
            tuple(arguments),
            str(directory or Path.cwd()),
            dict(os.environ if environment is None else environment),
        )
        self.start()
        asked = self._channel
        try:
            return self._ask(request, stderr, may_fork)
        except (ConnectionError, ServerGone):  # (a broken pipe is the former)
            if self._channel is asked:  # nobody else has noticed, and started another
                self.close()
        self.start()
        return self._ask(request, stderr, may_fork)

    def _ask(self, request: Request, stderr: int | None, may_fork: bool) -> Forked:
        assert self._channel is not None
        pipes = _Pipes()
        channel = self._channel.fileno() if may_fork else None
        theirs = Files(
            pipes.stdin[0],
            pipes.stdout[1],
            pipes.stdout[1] if stderr is None else stderr,
            pipes.fate[1],
            channel,
        )
        try:
            send(self._channel, request, theirs)
        except BaseException:
            pipes.close_ours()
            raise
        finally:
            pipes.close_theirs()
        return Forked(pipes)


class _Pipes:
    """Each a reading and a writing end."""

    def __init__(self) -> None:
        self.stdin, self.stdout, self.fate = os.pipe(), os.pipe(), os.pipe()

    def close_theirs(self) -> None:
        for number in (self.stdin[0], self.stdout[1], self.fate[1]):
            os.close(number)

    def close_ours(self) -> None:
        for number in (self.stdin[1], self.stdout[0], self.fate[0]):
            os.close(number)


class Forked:
    """A process that a fork server has made, with what `subprocess.Popen` has of it.

    Raises `ServerGone` where the server ended before it made one, and `TimeoutError`.
    """

    def __init__(self, pipes: _Pipes) -> None:
        self.stdin: IO[str] = FileObject(pipes.stdin[1], "w")
        self.stdout: IO[str] = FileObject(pipes.stdout[0], "r")
        self._fate: IO[str] = FileObject(pipes.fate[0], "r")
        self._ended: AsyncResult[int] = AsyncResult()
        try:
            self.pid = self._begun()
        except OSError:
            for file in (self.stdin, self.stdout, self._fate):
                file.close()
            raise
        gevent.spawn(self._watch)

    @property
    def returncode(self) -> int | None:
        """How it ended: its status, or the negative number of a signal; None: it has not."""
        return self._ended.value if self._ended.ready() else None

    def poll(self) -> int | None:
        """The same."""
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Its end. Raises `subprocess.TimeoutExpired`."""
        try:
            return int(self._ended.get(timeout=timeout))
        except gevent.Timeout:
            raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0.0) from None

    def send_signal(self, number: int) -> None:
        """Nothing, where it has ended."""
        if self.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _begun(self) -> int:
        with gevent.Timeout(BEGIN_SECONDS, TimeoutError("The fork server does not answer.")):
            line = self._fate.readline()
        if not line:
            raise ServerGone("The fork server ended.")
        return int(line)

    def _watch(self) -> None:
        line = self._fate.readline()
        self._fate.close()
        self._ended.set(int(line) if line else UNTOLD)
