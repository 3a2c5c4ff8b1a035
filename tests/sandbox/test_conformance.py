"""The running API is what its OpenAPI document says; parsers stand what strangers send.

Both are programs of `benchmarks/`, made short here: run them for longer when you changed something.
"""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(240)]
BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
LIMIT = 220  # seconds


def run(program, *arguments):
    return subprocess.run(
        [sys.executable, "-W", "ignore", BENCHMARKS / program, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=LIMIT,
    )


@pytest.mark.skipif(
    importlib.util.find_spec("schemathesis") is None, reason="the extra `fuzz` is not installed"
)
def test_the_api_answers_as_its_document_says():
    """The phase `coverage`, of 18,000 requests, takes two minutes of a processor: it is left to the
    program alone."""
    done = run("conformance.py", "--examples", "3", "--phases", "examples,fuzzing")
    assert done.returncode == 0, done.stdout
    assert int(re.search(r"(\d+) generated", done.stdout)[1]) > 300


def test_no_parser_fails_on_what_it_was_not_made_for():
    done = run("fuzz", "--seconds", "0", "--round", "25")
    assert done.returncode == 0, done.stdout
    targets = [line for line in done.stdout.splitlines() if re.search(r"\d+ +[0-9.]+ +0$", line)]
    assert len(targets) > 10


def test_a_crash_is_found_and_told(tmp_path):
    """The net is not torn: with a fault put into a parser the run fails and shows the input."""
    program = tmp_path / "broken.py"
    program.write_text(
        "import runpy, sys\n"
        "from topcalls.net.http import HttpClient\n"
        "HttpClient.post = lambda *_: 1 / 0\n"
        "sys.argv = ['fuzz', '--seconds', '0', '--round', '5', '--only', 'webhook target']\n"
        f"runpy.run_path({str(BENCHMARKS / 'fuzz')!r}, run_name='__main__')\n"
    )
    done = run(program)
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stdout
    assert "input (" in done.stdout
