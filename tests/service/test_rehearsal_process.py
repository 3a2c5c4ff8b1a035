"""The process in which campaigns are rehearsed: it may die, hang or be in use,
and ends with whoever started it."""

import subprocess
import sys

import gevent
import pytest
from campaign_rig import Rig
from gevent.event import Event
from rehearsal_rig import InThisProcess

from topcalls.errors import InvalidRequest, NoCapacity, TopCallsError
from topcalls.services.rehearsal_child import RehearsalChild
from topcalls.services.rehearsal_process import IN

pytestmark = pytest.mark.service
READ = "import sys, os, time; sys.stdin.buffer.read(4); "


@pytest.fixture
def kind():
    """The database is no part of this."""
    return "sqlite"


@pytest.fixture
def rig(services):
    return Rig(services)


def rehearse_with(rig, program, seconds=30.0):
    """Rehearse, on a server whose child is another program."""
    verbs = rig.services.rehearsals
    verbs._child = RehearsalChild(seconds, [sys.executable, "-c", program])
    return verbs.run(rig.account_id, rig.campaign(rig.leads(1)).id, {})


@pytest.mark.parametrize(
    ("program", "how"),
    [
        ("raise SystemExit(3)", "died"),
        (READ + "os.kill(os.getpid(), 9)", "-9"),
        (READ + "os.write(1, b'R' + bytes([0, 0, 0, 9]) + b'half')", "died"),
    ],
)
def test_a_child_that_dies_is_told_and_may_be_tried_again(rig, program, how):
    with pytest.raises(NoCapacity, match=how) as refusal:
        rehearse_with(rig, program)
    assert refusal.value.extra["retry_after"] == 60
    assert rig.services.rehearsals._child._child is None


def test_one_that_a_busy_machine_keeps_from_its_end_is_ended_and_may_be_tried_again(rig):
    with pytest.raises(NoCapacity, match=r"not over after 0\.3 seconds") as refusal:
        rehearse_with(rig, READ + "time.sleep(60)", seconds=0.3)
    assert refusal.value.extra["retry_after"] == 60
    assert rig.services.rehearsals._child._child is None


def test_one_that_needs_too_much_of_a_processor_is_refused(rig):
    """Time that it spends waiting does not count."""
    program = (
        "import sys, time\n"
        "from topcalls.services.rehearsal_process import NO_TIME, OUT, OutOfTime, limit_cpu\n"
        "begun = time.process_time()\n"
        "limit_cpu(int(begun) + 1)\n"
        "try:\n"
        "    while True: sum(range(1000))\n"
        "except OutOfTime:\n"
        "    sys.stdout.buffer.write(OUT.pack(NO_TIME, 0))\n"
    )
    with pytest.raises(InvalidRequest, match="more than 300 seconds of a processor") as refusal:
        rehearse_with(rig, program, seconds=300)
    assert refusal.value.errors[0].path == "days"


def test_what_went_wrong_in_it_is_told(rig):
    with pytest.raises(InvalidRequest, match="more memory"):
        rehearse_with(rig, "import os; os.write(1, b'M' + bytes(4))")


def test_a_fault_in_it_is_a_fault_of_ours(rig):
    program = "import os; os.write(1, b'F' + bytes([0, 0, 0, 3]) + b'why')"
    with pytest.raises(TopCallsError, match="see the log"):
        rehearse_with(rig, program)


def test_one_at_a_time_and_none_when_the_server_stops(rig, monkeypatch):
    verbs = rig.services.rehearsals
    verbs._child = RehearsalChild(30, [sys.executable, "-c", READ + "time.sleep(60)"])
    is_asked = Event()
    pieces = verbs._people.pieces

    def asked(*whom):
        """Whoever takes the people has a child by then, which reads none of them."""
        is_asked.set()
        yield from pieces(*whom)

    monkeypatch.setattr(verbs._people, "pieces", asked)
    draft = rig.campaign(rig.leads(1))
    first = gevent.spawn(verbs.run, rig.account_id, draft.id, {})
    assert is_asked.wait(10)
    with pytest.raises(NoCapacity, match="one at a time"):
        verbs.run(rig.account_id, draft.id, {})
    verbs.close()
    with pytest.raises(NoCapacity, match="stops"):
        first.get(timeout=10)


def test_it_ends_with_whoever_started_it():
    child = subprocess.Popen(
        [sys.executable, "-m", "topcalls.services.rehearsal_process"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    child.stdin.write(IN.pack(1000))
    child.stdin.close()
    assert child.wait(timeout=30) == 1
    child.stdout.close()


def test_what_is_told_is_what_came_of_it(rig):
    verbs, draft = rig.services.rehearsals, rig.campaign(rig.leads(2))
    wishes = {"starts_at": "2026-12-01T17:00:00Z", "dials": 9}
    report = verbs.run(rig.account_id, draft.id, wishes)
    verbs._child = InThisProcess()
    assert verbs.run(rig.account_id, draft.id, wishes) == report
