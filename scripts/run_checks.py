#!/usr/bin/env python3
"""Run the linters, then the test suite on private servers. `scripts/test` prepares and calls this.

The suite runs even when a linter complains, and comes last: its closing line is the last line
printed. Of a run of everything the slowest check, the types, goes on beside the tests and says what
it found when it has: only if that is something to mend, it is named once more after the closing
line. The exit status is the suite's, or 1 when the suite passed and a check did not.

Calls of the tests go at the pace of speech, several side by side: a machine that is short of breath
may fail one of them. Where no more than a few tests of the whole suite failed they run again, one
after the other and with nothing beside them, and are named; what fails then, too, has failed.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import private_servers

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
NO_ENVIRONMENT = ["--config", 'extend-exclude=[".venv-test"]']
CHECKS = {
    "ruff check": [BIN / "ruff", "check", "--quiet", *NO_ENVIRONMENT, "."],
    "ruff format": [BIN / "ruff", "format", "--check", "--quiet", *NO_ENVIRONMENT, "."],
    "mypy": [sys.executable, "-m", "mypy", "--no-error-summary"],
    "lint-imports": [BIN / "lint-imports"],
    "links in the documents": [sys.executable, ROOT / "scripts" / "check_links.py"],
}
BESIDE_ALL_TESTS = "mypy"  # half a minute of one core
SERVERS = {
    "TOPCALLS_TEST_POSTGRES": ("PostgreSQL", private_servers.postgres),
    "TOPCALLS_TEST_REDIS": ("Redis", private_servers.redis),
}
MOST_AGAIN = 8
"""Tests; where more of them fail it is not for want of breath."""

LANES = "2"  # of tests of calls, beside the others (tests/lanes.py); three make two slow cores late
LAST_FAILED = ROOT / ".pytest_cache" / "v" / "cache" / "lastfailed"
TESTS_FAILED = 1  # pytest's exit status
OTHERS_SETTINGS = ("OPENAI_API_KEY", "FROM_NUMBER")
NO_BYTECODE = "PYTHONDONTWRITEBYTECODE"
"""Kept from the tests, which start hundreds of processes: each would compile all that it loads."""


def main(arguments):
    """Status of the whole run."""
    environment = clean_environment()
    beside = None if arguments else Beside(BESIDE_ALL_TESTS, environment)
    now = [name for name in CHECKS if beside is None or name != beside.name]
    failed = [name for name in now if not passes(name, environment)]
    if failed:
        say(f"Failed checks: {', '.join(failed)}")
    with contextlib.ExitStack() as servers:
        # Of this run alone: pytest clears away what it takes for leavings of earlier ones.
        place = tempfile.TemporaryDirectory(prefix="topcalls-tests-", ignore_cleanup_errors=True)
        environment["PYTEST_DEBUG_TEMPROOT"] = servers.enter_context(place)
        for variable, (name, start) in SERVERS.items():
            if not environment.get(variable):
                offer(servers, environment, variable, name, start)
        status = run_suite(arguments, environment)
    if beside is not None and not beside.has_passed():
        failed.append(beside.name)
        say(f"Failed checks: {', '.join(failed)}")
    return status or (1 if failed else 0)


def run_suite(arguments, environment):
    """Status of the tests: of one run, or of those of the whole that failed, run again alone."""
    if arguments:
        return run_pytest(arguments, environment)
    LAST_FAILED.unlink(missing_ok=True)
    status = run_pytest([], environment)
    failed = failed_tests() if status == TESTS_FAILED else []
    if not 0 < len(failed) <= MOST_AGAIN:
        return status
    say("\nRun again, alone:\n  " + "\n  ".join(failed))
    return run_pytest(failed, {**environment, "TOPCALLS_TEST_LANES": "0"})


def failed_tests():
    """What the last run of pytest noted as failed, by name."""
    try:
        return sorted(json.loads(LAST_FAILED.read_text()))
    except OSError:
        return []


def clean_environment():
    """Ours, without the settings that this machine's own installation may have left there."""
    ours = {
        name: value
        for name, value in os.environ.items()
        if name not in (*OTHERS_SETTINGS, NO_BYTECODE)
        and (not name.startswith("TOPCALLS_") or name.startswith("TOPCALLS_TEST_"))
    }
    return {"TOPCALLS_TEST_LANES": LANES, **ours, "PYTHONUNBUFFERED": "1", "LC_ALL": "C.UTF-8"}


class Beside(threading.Thread):
    """A check that goes on beside everything else, and ends with us."""

    def __init__(self, name, environment):
        super().__init__(name=name, daemon=True)
        self._environment = environment
        self._passed = False
        self.start()

    def run(self):
        self._passed = passes(self.name, self._environment)

    def has_passed(self):
        """Once it is through."""
        self.join()
        return self._passed


def passes(name, environment):
    """Run one check; show what it says only when it fails."""
    run = subprocess.run(
        CHECKS[name],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=private_servers.die_with_parent,
    )
    say(f"{name}: {'ok' if run.returncode == 0 else 'FAILED'}")
    if run.returncode:
        say(run.stdout.rstrip())
    return run.returncode == 0


def offer(servers, environment, variable, name, start):
    """Start a private server and name it in the environment, or say why there is none."""
    try:
        environment[variable] = servers.enter_context(start())
        say(f"{name}: private server started")
    except private_servers.Unavailable as reason:
        say(f"{name}: none, its tests will be skipped: {reason}")


def run_pytest(arguments, environment):
    """Status of pytest. It gets the signals that we get, so that the servers outlive it."""
    command = [sys.executable, "-m", "pytest", "-rfEs", *arguments]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        preexec_fn=private_servers.die_with_parent,
    ) as pytest:
        signal.signal(signal.SIGTERM, lambda *_: pytest.terminate())
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        status = pytest.wait()
    return 128 - status if status < 0 else status


def say(text):
    """Progress goes out at once, before what the next program prints."""
    print(text, flush=True)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGINT, lambda *_: sys.exit(130))
    sys.exit(main(sys.argv[1:]))
