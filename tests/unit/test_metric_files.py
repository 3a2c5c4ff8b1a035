"""What a process counted outlives it, and its files do not."""

import os
import subprocess
import sys

import pytest

from topcalls import metric_files

pytestmark = pytest.mark.unit
WAIT = 30

COUNTING = """
import os, sys
os.environ["PROMETHEUS_MULTIPROC_DIR"] = sys.argv[1]
from topcalls import metrics
metrics.esl_reconnects.inc(2)
metrics.calls_ended.labels("completed", "callee_hung_up").inc()
metrics.esl_lag.observe(0.02)
metrics.live_calls.set(7)
print(os.getpid(), flush=True)
sys.stdin.read()
"""

TELLING = """
import os, sys
os.environ["PROMETHEUS_MULTIPROC_DIR"] = sys.argv[1]
from topcalls import metrics
print(metrics.exposition().decode())
"""


@pytest.fixture
def counting(tmp_path):
    """Starts a process that counts, and lives until its input ends."""
    started = []

    def start():
        command = [sys.executable, "-c", COUNTING, str(tmp_path)]
        made = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        started.append(made)
        assert int(made.stdout.readline()) == made.pid
        return made

    yield start
    for made in started:
        made.kill()
        made.wait(WAIT)
        made.stdin.close()
        made.stdout.close()


def ended(made):
    made.kill()
    made.wait(WAIT)
    return made.pid


def told(directory):
    """The metrics as a scrape sees them: name with labels to value."""
    command = [sys.executable, "-c", TELLING, str(directory)]
    text = subprocess.run(
        command, stdout=subprocess.PIPE, text=True, check=True, timeout=WAIT
    ).stdout
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


COUNTS = {
    "topcalls_esl_reconnects_total": 2,
    'topcalls_calls_ended_total{end_reason="callee_hung_up",state="completed"}': 1,
    "topcalls_esl_event_lag_seconds_count": 1,
    'topcalls_esl_event_lag_seconds_bucket{le="0.025"}': 1,
    'topcalls_esl_event_lag_seconds_bucket{le="0.01"}': 0,
}


def test_what_many_dead_processes_counted_stays_in_one_place(counting, tmp_path):
    for _ in range(3):
        metric_files.bury(tmp_path, ended(counting()))
    names = sorted(file.name for file in tmp_path.glob("*.db"))
    assert names == ["counter_0.db", "histogram_0.db"]
    counting()
    seen = told(tmp_path)
    assert {name: seen[name] for name in COUNTS} == {n: 4 * count for n, count in COUNTS.items()}
    assert seen["topcalls_live_calls"] == 7


def test_nobody_is_buried_alive_or_twice(counting, tmp_path):
    first, second = counting(), counting()
    ended(first)
    metric_files.bury_dead(tmp_path)
    metric_files.bury_dead(tmp_path)
    metric_files.bury(tmp_path, first.pid)
    seen = told(tmp_path)
    assert seen["topcalls_esl_reconnects_total"] == 4
    assert seen["topcalls_live_calls"] == 7
    assert (tmp_path / f"counter_{second.pid}.db").exists()
    assert not (tmp_path / f"counter_{first.pid}.db").exists()


def test_a_file_that_was_torn_by_its_death_is_dropped(counting, tmp_path):
    first, torn = counting(), counting()
    for made in (first, torn):
        ended(made)
    os.truncate(tmp_path / f"counter_{torn.pid}.db", 100)
    for made in (first, torn):
        metric_files.bury(tmp_path, made.pid)
    assert told(tmp_path)["topcalls_esl_reconnects_total"] >= 2
    assert not list(tmp_path.glob(f"*_{torn.pid}.db"))


def test_a_new_run_forgets_the_one_before(counting, tmp_path):
    metric_files.bury(tmp_path, ended(counting()))
    metric_files.begin(tmp_path)
    assert list(tmp_path.glob("*.db")) == []
