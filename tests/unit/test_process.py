"""A process of ours learns that it should end: by a signal, by its supervisor's death, early on."""

import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path

import gevent
import pytest

from topcalls import process
from topcalls.errors import ConfigError

pytestmark = pytest.mark.unit
WAIT = 15
ROOT = Path(__file__).parents[2]

CHILD = """
from gevent import monkey; monkey.patch_all()
from topcalls import process
import gevent
gevent.spawn_later(0, print, "waits", flush=True)
hurried = []
orphaned = process.until_stopped(True, on_second=lambda: hurried.append("hurried"))
gevent.sleep(0)
print("orphaned" if orphaned else "asked", *hurried, flush=True)
"""


@pytest.fixture
def start():
    """Starts Python with a script; ends it at the end of the test."""
    started = []

    def start(*arguments, **environment):
        made = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(made)
        return made

    yield start
    for made in started:
        made.kill()
        made.wait(WAIT)
        for pipe in (made.stdin, made.stdout, made.stderr):
            pipe.close()


def line(made):
    with gevent.Timeout(WAIT):
        return made.stdout.readline().strip()


def test_the_end_of_the_supervisor_is_seen_at_once_and_hurries(start):
    child = start("-c", CHILD)
    assert line(child) == "waits"
    child.stdin.close()
    assert line(child) == "orphaned hurried"
    assert child.wait(WAIT) == 0


def test_a_signal_asks_and_does_not_hurry(start):
    child = start("-c", CHILD)
    assert line(child) == "waits"
    child.terminate()
    assert line(child) == "asked"


def test_ctrl_c_while_everything_is_imported_prints_nothing(start, tmp_path):
    """The package that is imported first takes its time."""
    (tmp_path / "gevent.py").write_text("print('imports', flush=True)\nimport time\ntime.sleep(60)")
    where = os.pathsep.join((str(tmp_path), str(ROOT)))
    command = start("-m", "topcalls", "--help", PYTHONPATH=where)
    assert line(command) == "imports"
    command.send_signal(signal.SIGINT)
    assert command.wait(WAIT) == -signal.SIGINT
    assert command.stderr.read() == ""


def test_importing_the_command_leaves_ctrl_c_as_it_was(start):
    script = (
        "import signal\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in the background\n"
        "import topcalls.cli\n"
        "print(signal.getsignal(signal.SIGINT).__name__)"
    )
    assert line(start("-c", script)) == "default_int_handler"


def test_what_the_process_is_for_may_end(start):
    child = start(
        "-c",
        "from topcalls import process\n"
        "import gevent\n"
        "over = gevent.event.Event()\n"
        "gevent.spawn_later(0, over.set)\n"
        "print(process.until_stopped(False, or_when=over), flush=True)",
    )
    assert line(child) == "False"


def test_a_lock_on_a_file_that_was_replaced_meanwhile_is_none(tmp_path, monkeypatch):
    """Somebody deletes the file between its opening and its locking, and another one locks the
    file that is in its place."""
    lock, flock = tmp_path / "run.lock", fcntl.flock
    others = []

    def slow(file, how):
        if not others:
            lock.unlink()
            others.append(lock.open("a+"))
            flock(others[0], how)
            others[0].write(str(os.getppid()))
            others[0].flush()
        flock(file, how)

    monkeypatch.setattr(process.fcntl, "flock", slow)
    with pytest.raises(ConfigError, match=f"process {os.getppid()}"), process.only_one(lock):
        pass
    others[0].close()
    with process.only_one(lock) as is_there:
        assert is_there()


@pytest.mark.parametrize("left", ["", "4194305", "no number"])
def test_a_holder_that_has_not_written_its_number_yet_is_waited_for(tmp_path, left):
    """Until then the file is empty, or names one that died."""
    lock = tmp_path / "run.lock"
    with lock.open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        file.write(left)
        file.flush()

        def write():
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()

        gevent.spawn_later(0, write)
        with pytest.raises(ConfigError, match=f"process {os.getpid()}"), process.only_one(lock):
            pass


def test_a_holder_that_never_says_who_it_is_is_called_another_process(tmp_path, monkeypatch):
    monkeypatch.setattr(process, "HOLDER_SECONDS", 0.1)
    lock = tmp_path / "run.lock"
    with lock.open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with pytest.raises(ConfigError, match="another process"), process.only_one(lock):
            pass


def test_a_lock_file_that_is_moved_or_replaced_is_missed(tmp_path):
    lock = tmp_path / "run.lock"
    with process.only_one(lock) as is_there:
        assert is_there()
        moved = lock.rename(tmp_path / "moved")
        assert not is_there()
        lock.touch()
        assert not is_there()
        moved.rename(lock)
        assert is_there()
