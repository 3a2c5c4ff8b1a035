"""Processes of ours, forked from one server for all that a process of the suite starts.

A process loads everything before it does anything: a second of a core, and there are hundreds.
"""

import atexit
import json
import os
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

import gevent

from topcalls.forking.client import ForkServer

SHARED_METRICS = "PROMETHEUS_MULTIPROC_DIR"
_OURS = ("TOPCALLS_", "PROMETHEUS_")
_ALSO = ("FROM_NUMBER", "OPENAI_API_KEY")


@cache
def fork_server():
    """The fork server, loaded when it is first asked."""
    metrics = tempfile.TemporaryDirectory(prefix="topcalls-metrics-")
    atexit.register(metrics.cleanup)
    command = ("env", f"{SHARED_METRICS}={metrics.name}", sys.executable, "-m", "topcalls")
    made = ForkServer([*command, "fork-server"])
    atexit.register(made.close)
    return made


def start(arguments, directory, environment, stderr=subprocess.STDOUT, may_fork=False):
    """A process `topcalls ARGUMENTS` with pipes for its input and output: forked, where nothing
    stands in its environment that counts while it is loaded. `may_fork`: it is `run`, whose
    children are forked by the same server."""
    if others(environment) == others(os.environ):
        metrics = Path(directory) / "metrics"  # the server was loaded with metrics that are shared
        metrics.mkdir(exist_ok=True)
        return fork_server().fork(
            arguments,
            stderr=None if stderr == subprocess.STDOUT else stderr.fileno(),
            directory=directory,
            environment={SHARED_METRICS: str(metrics), **environment},
            may_fork=may_fork,
        )
    return subprocess.Popen(
        [sys.executable, "-m", "topcalls", *arguments],
        cwd=directory,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
    )


def start_alone(arguments, directory, environment, log):
    """A process that no supervisor looks after, whose errors are added to the file `log`."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a") as errors:
        return start(arguments, directory, environment, errors)


def ready(process, seconds, what, told):
    """What such a process says when it is ready. `what` it is, and how to find out `told` what
    else it said, are for the case that it is not."""
    with gevent.Timeout(seconds, AssertionError(f"{what} is not ready")):
        line = process.stdout.readline()
    assert line, f"{what} ended: {told()[-3000:]}"
    return json.loads(line)


def run(arguments, directory, environment, seconds):
    """Let `topcalls ARGUMENTS` run to its end; its status, output and errors."""
    with tempfile.TemporaryFile("w+") as errors:
        process = start(arguments, directory, environment, errors)
        process.stdin.close()
        with gevent.Timeout(seconds, subprocess.TimeoutExpired(arguments, seconds)):
            output = process.stdout.read()
            status = process.wait()
        process.stdout.close()
        errors.seek(0)
        return subprocess.CompletedProcess(arguments, status, output, errors.read())


def others(environment):
    """What stands in an environment besides our settings."""
    return {
        name: value
        for name, value in environment.items()
        if not name.startswith(_OURS) and name not in _ALSO
    }
