"""Gates before servers, to be shut and opened by tests."""

import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

GATE = Path(__file__).with_name("tcp_gate.py")
STOP_SECONDS = 20


class Gate:
    """Stands before a server, in a process of its own. `url` leads through it."""

    def __init__(self, url):
        parts = urlsplit(url)
        self._process = subprocess.Popen(
            [sys.executable, GATE, parts.hostname, str(parts.port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        port = int(self._process.stdout.readline())
        user, at, _ = parts.netloc.rpartition("@")
        self.url = urlunsplit(parts._replace(netloc=f"{user}{at}127.0.0.1:{port}"))

    @contextmanager
    def shut(self):
        """Nobody gets through meanwhile."""
        self._tell("shut")
        try:
            yield
        finally:
            self._tell("open")

    def close(self):
        self._process.stdin.close()
        self._process.wait(STOP_SECONDS)
        self._process.stdout.close()

    def _tell(self, word):
        self._process.stdin.write(f"{word}\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline() == "done\n"
