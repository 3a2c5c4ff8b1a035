"""Runs the tests of calls beside the others, in processes ("lanes") of their own.

Those of the whole product and of its controller wait most of their time, for speech at the pace of
speech. A lane is pytest again: it collects those of the same tests that are for lanes, and takes
one file after the other from those that no lane has taken, so that what a file shares is made once.
Files that share a product of their own (`TOGETHER`) are taken as one.
What it reports goes, a line of JSON each, into a file that the first process reads and passes on as
its own: one run, one summary, one exit status.

`TOPCALLS_TEST_LANES` says how many lanes there shall be; `scripts/run_checks.py` sets it.
"""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

LANES = "TOPCALLS_TEST_LANES"
LANE = "TOPCALLS_TEST_LANE"
"""Set in a lane: the directory where lanes meet, and the lane's number."""

PRODUCT = Path(__file__).parent / "sandbox"
SERVICE = Path(__file__).parent / "service"
ON_ANY_SWITCH = Path(__file__).parent / "contract" / "test_calls_on_any_switch.py"
TOGETHER = ("test_faults_of_",)
"""How the names of such files begin."""

LOOK_SECONDS = 0.1
LONGEST_SILENCE = 400.0
"""A lane that reports nothing for so long hangs: it is more than any test may take."""


def plugin() -> FirstProcess | Lane | None:
    """What this process has to register, if anything."""
    if LANE in os.environ:
        directory, number = os.environ[LANE].rsplit(":", 1)
        return Lane(Path(directory), int(number))
    lanes = int(os.environ.get(LANES, "0"))
    return FirstProcess(lanes) if lanes > 0 else None


class FirstProcess:
    """Starts the lanes, runs what is not theirs, starts another one in its own place, and passes on
    what they report."""

    def __init__(self, lanes: int) -> None:
        self._lanes = lanes
        self._theirs: list[pytest.Item] = []

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        self._theirs = [item for item in items if _is_for_lanes(item)]
        items[:] = [item for item in items if not _is_for_lanes(item)]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Iterator[None]:
        if session.config.option.collectonly or not self._theirs:
            return (yield)
        with tempfile.TemporaryDirectory(prefix="topcalls-lanes-") as name:
            directory = Path(name)
            running = [self._start(session.config, directory, n) for n in range(self._lanes)]
            try:
                done = yield
                running.append(self._start(session.config, directory, self._lanes))
                self._pass_on(session, directory, running)
            finally:
                for lane in running:
                    lane.terminate()
                    lane.wait()
        return done

    def _start(self, config: pytest.Config, directory: Path, number: int) -> Any:
        arguments = [sys.executable, "-m", "pytest", *config.invocation_params.args]
        with (directory / f"{number}.log").open("wb") as log:
            return subprocess.Popen(
                arguments,
                cwd=config.invocation_params.dir,
                env={**os.environ, LANE: f"{directory}:{number}"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def _pass_on(self, session: pytest.Session, directory: Path, running: list[Any]) -> None:
        """Report what the lanes report, until each of their tests is through."""
        session.testscollected += len(self._theirs)
        missing = {item.nodeid: item for item in self._theirs}
        readers = [_Reports(directory / f"{number}.reports") for number in range(len(running))]
        heard_at = time.monotonic()
        while missing:
            alive = any(lane.poll() is None for lane in running)
            news = [report for reader in readers for report in reader.read(session.config)]
            for report in news:
                self._report(report, missing)
            if news:
                heard_at = time.monotonic()
            elif not alive or time.monotonic() - heard_at > LONGEST_SILENCE:
                break
            else:
                time.sleep(LOOK_SECONDS)
        if missing:
            logs = "\n".join(path.read_text() for path in sorted(directory.glob("*.log")))
            pytest.exit(f"Not run: {', '.join(missing)}\n{logs}", returncode=1)

    def _report(self, report: pytest.TestReport, missing: dict[str, pytest.Item]) -> None:
        item = missing.get(report.nodeid)
        if item is None:
            return
        if report.when == "setup":
            item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        item.ihook.pytest_runtest_logreport(report=report)
        if report.when == "teardown":
            item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
            del missing[report.nodeid]


class Lane:
    """Runs what no other lane has taken, and writes down what it reports."""

    def __init__(self, directory: Path, number: int) -> None:
        self._taken = directory / "taken"
        self._reports = (directory / f"{number}.reports").open("a")

    def pytest_ignore_collect(self, collection_path: Path) -> bool | None:
        """Nothing of what is not for lanes: to read all tests takes longer than to run many."""
        is_other = collection_path.suffix == ".py" and not _is_place_for_lanes(collection_path)
        return True if is_other else None

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [item for item in items if _is_for_lanes(item)]

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """The next is always taken ahead: pytest wants to know what comes next, to keep what the
        next test needs too."""
        parts: dict[str, list[pytest.Item]] = {}
        for item in session.items:
            parts.setdefault(_part_of(item.path), []).append(item)
        ahead: pytest.Item | None = None
        for part in self._take(list(parts)):
            for item in parts[part]:
                if ahead is not None:
                    ahead.ihook.pytest_runtest_protocol(item=ahead, nextitem=item)
                ahead = item
        if ahead is not None:
            ahead.ihook.pytest_runtest_protocol(item=ahead, nextitem=None)
        return True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        data = self._config.hook.pytest_report_to_serializable(config=self._config, report=report)
        self._reports.write(json.dumps(data, default=str) + "\n")
        self._reports.flush()

    def pytest_configure(self, config: pytest.Config) -> None:
        self._config = config

    def _take(self, parts: list[str]) -> Iterator[str]:
        for number, part in enumerate(parts):
            with self._taken.open("a+") as taken:
                fcntl.flock(taken, fcntl.LOCK_EX)
                taken.seek(0)
                if str(number) in taken.read().split():
                    continue
                taken.write(f"{number}\n")
            yield part


def _part_of(path: Path) -> str:
    return next((begin for begin in TOGETHER if path.name.startswith(begin)), str(path))


def _is_for_lanes(item: pytest.Item) -> bool:
    return _is_place_for_lanes(item.path)


def _is_place_for_lanes(path: Path) -> bool:
    is_controller = path.parent == SERVICE and path.name.startswith("test_controller_")
    return is_controller or path == ON_ANY_SWITCH or PRODUCT in path.parents


class _Reports:
    """The reports in one lane's file, as they are written."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = 0

    def read(self, config: pytest.Config) -> Iterator[pytest.TestReport]:
        """Those that are complete and were not read before."""
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            file.seek(self._read)
            for line in file:
                if not line.endswith(b"\n"):
                    return
                self._read += len(line)
                data = json.loads(line)
                report = config.hook.pytest_report_from_serializable(config=config, data=data)
                if isinstance(report.longrepr, list):  # a skip's place and reason: a tuple again
                    report.longrepr = tuple(report.longrepr)
                yield report
