"""The fork server with small processes: what they are given, how they end, and who dies first."""

import errno
import json
import os
import signal
import subprocess
import sys

import gevent
import pytest
import waiting

from topcalls.forking import client
from topcalls.forking.client import UNTOLD, ForkServer

pytestmark = pytest.mark.unit
WAIT = 30

SERVER = """
from gevent import monkey; monkey.patch_all()
import json, os, signal, socket, sys
from topcalls.forking.server import serve

arguments = serve(socket.socket(fileno=int(sys.argv[-1])), ["colorsys"])
if arguments is None:
    print("nobody is left", file=sys.stderr, flush=True)
    sys.exit()
kind, *more = arguments
if kind == "tell":
    facts = {
        "arguments": more,
        "directory": os.getcwd(),
        "environment": dict(os.environ),
        "loaded": "colorsys" in sys.modules,
        "session": os.getsid(0) == os.getpid(),
        "title": open("/proc/self/cmdline").read().strip("\\0"),
        "open": len(os.listdir("/proc/self/fd")),
        "server": os.getppid(),
    }
    print(json.dumps(facts), flush=True)
    print("and an error", file=sys.stderr, flush=True)
if kind == "exits":
    sys.exit(int(more[0]))
if kind == "forks":
    from topcalls.forking.client import ForkServer
    child = ForkServer(["false"], channel=int(more[-1])).fork(["exits", "5"])
    print(child.wait(30), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def script(tmp_path):
    made = tmp_path / "server.py"
    made.write_text(SERVER)
    return made


@pytest.fixture
def errors(tmp_path):
    return tmp_path / "errors.txt"


@pytest.fixture
def server(script, errors):
    made = ForkServer([sys.executable, str(script)], errors)
    yield made
    made.close()


def facts_of(process):
    with gevent.Timeout(WAIT):
        return json.loads(process.stdout.readline())


def ended(process):
    """Let a process of ours end, and say how it did."""
    process.stdin.close()
    return process.wait(WAIT)


def test_a_process_begins_as_if_it_had_been_started(server, tmp_path):
    with (tmp_path / "its errors").open("w+") as file:
        process = server.fork(
            ["tell", "one", "two words"],
            stderr=file.fileno(),
            directory=tmp_path,
            environment={"ONE": "1"},
        )
        facts = facts_of(process)
        assert ended(process) == 0
        file.seek(0)
        assert file.read() == "and an error\n"
    assert facts["arguments"] == ["one", "two words"]
    assert facts["directory"] == str(tmp_path)
    assert facts["environment"] == {"ONE": "1"}
    assert facts["loaded"]
    assert facts["session"]
    assert facts["title"] == "topcalls tell one two words"


def test_directory_and_environment_are_ours_unless_told(server, monkeypatch):
    monkeypatch.setenv("TOPCALLS_SEEN", "yes")
    process = server.fork(["tell"])
    facts = facts_of(process)
    ended(process)
    assert facts["directory"] == os.getcwd()
    assert facts["environment"]["TOPCALLS_SEEN"] == "yes"


def test_errors_go_where_the_output_goes_unless_told(server):
    process = server.fork(["tell"])
    facts_of(process)
    with gevent.Timeout(WAIT):
        assert process.stdout.readline() == "and an error\n"
    ended(process)


@pytest.mark.parametrize("status", [0, 1, 2])
def test_its_status_is_told(server, status):
    assert server.fork(["exits", str(status)]).wait(WAIT) == status


def test_a_signal_is_told_and_a_further_one_hits_nobody(server):
    process = server.fork(["waits"])
    assert process.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.01)
    process.kill()
    assert process.wait(WAIT) == -signal.SIGKILL
    assert process.returncode == process.poll() == -signal.SIGKILL
    process.terminate()


def test_a_process_holds_nothing_of_its_siblings(server):
    others = [server.fork(["waits"]) for _ in range(5)]
    last = server.fork(["tell"])
    first = facts_of(last)["open"]
    ended(last)
    for other in others:
        other.kill()
        other.wait(WAIT)
    alone = server.fork(["tell"])
    assert facts_of(alone)["open"] == first
    ended(alone)


def test_the_server_holds_nothing_of_those_who_ended(server):
    process = server.fork(["tell"])
    its_files = f"/proc/{facts_of(process)['server']}/fd"
    ended(process)
    before = len(os.listdir(its_files))
    for _ in range(5):
        server.fork(["exits", "0"]).wait(WAIT)
    waiting.until(lambda: len(os.listdir(its_files)) <= before, "closing")


def test_a_server_that_died_is_started_again_and_its_processes_live_on(server):
    first = server.fork(["tell"])
    old = facts_of(first)["server"]
    os.kill(old, signal.SIGKILL)
    second = server.fork(["tell"])
    assert facts_of(second)["server"] != old
    assert first.poll() is None
    ended(second)
    assert ended(first) == UNTOLD


def test_all_who_miss_a_server_share_the_next_one(server):
    first = server.fork(["tell"])
    old = facts_of(first)["server"]
    os.kill(old, signal.SIGSTOP)
    asking = [gevent.spawn(server.fork, ["tell"]) for _ in range(4)]
    gevent.idle()
    os.kill(old, signal.SIGKILL)
    made = [greenlet.get(timeout=WAIT) for greenlet in asking]
    assert len({facts_of(process)["server"] for process in made} - {old}) == 1
    for process in [first, *made]:
        ended(process)


def test_a_server_is_ended_though_somebody_may_ask_it_still(server, monkeypatch):
    monkeypatch.setattr(client, "END_SECONDS", 0.1)
    process = server.fork(["waits"], may_fork=True)
    server.close()
    assert ended(process) == UNTOLD


def test_a_server_that_cannot_load_is_told(script, errors):
    script.write_text("import sys; sys.exit('cannot load')")
    server = ForkServer([sys.executable, str(script)], errors)
    with pytest.raises(OSError, match="ended"):
        server.fork(["tell"])
    server.close()
    assert errors.read_text() == "cannot load\ncannot load\n"


def test_an_environment_that_is_too_large_is_refused_and_the_server_stays(server):
    with pytest.raises(OSError) as refused:
        server.fork(["tell"], environment={"LARGE": "x" * 200_000})
    assert refused.value.errno == errno.E2BIG
    assert server.fork(["exits", "3"]).wait(WAIT) == 3


def test_the_server_ends_when_nobody_is_left_to_ask(server, errors):
    process = server.fork(["waits"])
    server.close()
    assert errors.read_text() == "nobody is left\n"
    assert process.poll() is None
    assert ended(process) == UNTOLD


def test_a_process_may_ask_the_server_itself(server):
    process = server.fork(["forks"], may_fork=True)
    with gevent.Timeout(WAIT):
        assert process.stdout.readline() == "5\n"
    ended(process)
