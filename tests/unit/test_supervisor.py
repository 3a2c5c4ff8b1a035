"""The supervisor with real, small child processes."""

import os
import signal
import subprocess
import sys
from contextlib import suppress

import gevent
import pytest
import waiting
from gevent import select
from gevent.queue import Queue

from topcalls import supervisor as supervisor_module
from topcalls.supervisor import Child, ChildFailed, Supervisor

pytestmark = pytest.mark.unit
WAIT = 15

CHILD = """
import json, os, pathlib, signal, sys, time
kind, name = sys.argv[1:3]
assert sys.argv[3:5] == ["--supervised", "--log-file"]
assert os.path.samestat(os.stat(sys.argv[5]), os.fstat(2))
if kind == "dies":
    sys.exit(f"Error: {name} cannot listen.")
if kind == "mute":
    time.sleep(60)
if kind == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("not JSON")
print(json.dumps({"ready": name, "pid": os.getpid()}), flush=True)
crashed = pathlib.Path(__file__).with_name(name + ".crashed")
if kind == "crashes" and not crashed.exists():
    crashed.touch()
    sys.exit(1)
sys.stdin.read()
"""

OWNER = """
from gevent import monkey; monkey.patch_all()
import subprocess, sys
from pathlib import Path
from topcalls.supervisor import Child, Supervisor
log = Path(sys.argv[2])
def launch(arguments, errors):
    command = [sys.executable, sys.argv[1], *arguments]
    pipes = dict(stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors)
    return subprocess.Popen(command, text=True, start_new_session=True, **pipes)
made = Supervisor([Child("one", ["steady", "one"], log, 5)], print, launch)
made.start(lambda child: print(child.ready["pid"], file=sys.stderr, flush=True))
sys.stdin.read()
"""


class Family:
    """A supervisor of small children, and what it told."""

    def __init__(self, directory):
        self.directory = directory
        self.script = directory / "child.py"
        self.script.write_text(CHILD)
        self.told = []
        self.restarts = Queue()
        self.made = None

    def child(self, kind, name="one", stop_seconds=WAIT, **options):
        log = self.directory / "logs" / f"{name}.log"
        return Child(name, [kind, name], log, stop_seconds, **options)

    def of(self, *children):
        self.made = Supervisor(children, self.restarts.put, self._launch)
        return self.made

    def _launch(self, arguments, errors):
        return subprocess.Popen(
            [sys.executable, str(self.script), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=True,
        )

    def start(self, *children):
        self.of(*children).start(lambda child: self.told.append(f"{child.name} ready"))
        return self.made

    def stop(self):
        self.made.stop(lambda child: self.told.append(f"{child.name} stops"))


@pytest.fixture
def family(tmp_path):
    made = Family(tmp_path)
    yield made
    if made.made is not None:
        made.made.kill()
        made.made.stop(lambda child: None)
        for child in made.made.children:
            if child.process is not None:
                child.process.wait(WAIT)
                child.process.stdin.close()


def test_children_start_in_order_and_stop_in_reverse(family):
    first, second = family.child("steady", "one"), family.child("steady", "two")
    family.start(first, second)
    assert first.ready["ready"] == "one"
    family.stop()
    assert family.told == ["one ready", "two ready", "two stops", "one stops"]
    assert {first.process.returncode, second.process.returncode} == {-signal.SIGTERM}
    assert family.restarts.qsize() == 0


def test_a_child_that_dies_at_its_start_is_quoted(family):
    child = family.child("dies")
    child.log_file.parent.mkdir()
    child.log_file.write_text("what it said yesterday\n")
    with pytest.raises(ChildFailed, match="Error: one cannot listen") as failed:
        family.start(child)
    assert str(child.log_file) in failed.value.remedy


def test_a_child_that_dies_without_a_word_is_not_quoted_from_yesterday(family):
    child = family.child("mute")
    child.log_file.parent.mkdir()
    child.log_file.write_text("what it said yesterday\n")
    starting = gevent.spawn(family.start, child)
    waiting.until(lambda: child.process is not None, "its start")
    child.process.kill()
    with pytest.raises(ChildFailed, match="nothing"):
        starting.get(timeout=WAIT)


def test_a_child_whose_log_was_turned_over_is_quoted(family):
    child = family.child("dies")
    child.log_file.parent.mkdir()
    child.log_file.write_text("what it said yesterday\n" * 1000)
    child.log_start = child.log_file.stat().st_size
    child.log_file.write_text("Error: one cannot listen.\n")
    assert supervisor_module._last_words(child) == "Error: one cannot listen."


def test_a_child_that_never_gets_ready_is_ended(family, monkeypatch):
    monkeypatch.setattr(supervisor_module, "READY_SECONDS", 0.5)
    child = family.child("mute")
    with pytest.raises(ChildFailed):
        family.start(child)
    assert child.process.wait(WAIT) == -signal.SIGKILL


def test_a_child_that_cannot_be_started_is_a_sentence(family):
    (family.directory / "logs").write_text("in the way")
    with pytest.raises(ChildFailed, match="cannot be started"):
        family.start(family.child("steady"))


def test_a_child_that_crashes_is_started_again(family):
    child = family.child("crashes")
    family.start(child)
    first = child.ready["pid"]
    assert family.restarts.get(timeout=WAIT) is child
    waiting.until(lambda: child.ready.get("pid") not in (None, first), "the next one")
    assert child.is_running
    family.stop()
    assert child.restarts == 1


def test_who_depends_on_a_restarted_child_is_restarted_too(family):
    base = family.child("crashes", "base")
    user = family.child("steady", "user", needs=["base"])
    family.start(base, user)
    assert [family.restarts.get(timeout=WAIT).name for _ in range(2)] == ["base", "user"]


def test_a_child_that_does_not_stop_is_killed(family):
    child = family.child("stubborn", stop_seconds=0.2)
    family.start(child)
    family.stop()
    assert child.process.returncode == -signal.SIGKILL


def test_impatience_ends_all_at_once(family):
    child = family.child("stubborn", stop_seconds=60)
    family.start(child)
    stopping = gevent.spawn(family.stop)
    gevent.idle()
    family.stop()
    stopping.get(timeout=WAIT)
    assert child.process.returncode == -signal.SIGKILL


def test_stopping_in_the_middle_of_a_start_leaves_nobody(family):
    steady, mute = family.child("steady", "one"), family.child("mute", "two")
    starting = gevent.spawn(family.start, steady, mute)
    waiting.until(lambda: mute.process is not None, "its start")
    family.stop()
    with pytest.raises(ChildFailed):
        starting.get(timeout=WAIT)
    assert not steady.is_running
    assert not mute.is_running


def test_children_end_when_their_supervisor_is_killed(family):
    owner_script = family.directory / "owner.py"
    owner_script.write_text(OWNER)
    owner = subprocess.Popen(
        [sys.executable, str(owner_script), str(family.script), str(family.directory / "log")],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    with owner:
        pid = int(owner.stderr.readline())
        handle = os.pidfd_open(pid)
        owner.kill()
        owner.wait(WAIT)
        try:
            ended, _, _ = select.select([handle], [], [], WAIT)
        finally:
            os.close(handle)
            if not ended:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
    assert ended


def test_nothing_is_stopped_twice(family):
    child = family.child("steady")
    family.start(child)
    family.stop()
    family.stop()
    assert family.told == ["one ready", "one stops"]
