"""A log file is turned over by whoever writes it, and no line is lost."""

import os
import subprocess
import sys

import pytest

from topcalls.log_files import LogFile

pytestmark = pytest.mark.unit
WAIT = 30
LINES = 2000

WRITER = """
import sys
from pathlib import Path
import gevent
from topcalls import log_files
log_files.LOOK_SECONDS = 0.001
log_files.keep_small(log_files.LogFile(Path(sys.argv[1]), 2, 2000, 1000))
for number in range(int(sys.argv[2])):
    print(f"line {number}", file=sys.stderr)
    if number % 20 == 0:
        gevent.sleep(0.001)
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "one.log"


@pytest.fixture
def descriptor(path):
    made = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    yield made
    os.close(made)


def names(path):
    return sorted(file.name for file in path.parent.iterdir())


def test_a_small_file_is_left_alone(path, descriptor):
    os.write(descriptor, b"x" * 10)
    LogFile(path, descriptor, most_bytes=10, keep=2).look()
    assert names(path) == ["one.log"]


def test_a_large_file_is_turned_over_and_so_many_are_kept(path, descriptor):
    file = LogFile(path, descriptor, most_bytes=2, keep=2)
    for number in range(5):
        os.write(descriptor, b"%d.." % number)
        file.look()
    os.write(descriptor, b"5")
    assert names(path) == ["one.log", "one.log.1", "one.log.2"]
    texts = [(path.parent / name).read_text() for name in names(path)]
    assert texts == ["5", "4..", "3.."]


def test_a_file_that_somebody_else_moved_is_begun_anew(path, descriptor):
    file = LogFile(path, descriptor, most_bytes=100, keep=2)
    os.write(descriptor, b"before")
    path.rename(path.with_name("theirs"))
    file.look()
    os.write(descriptor, b"after")
    assert path.read_text() == "after"
    assert path.with_name("theirs").read_text() == "before"


def test_a_file_that_cannot_be_turned_over_is_written_on_and_tried_again(path, descriptor):
    file = LogFile(path, descriptor, most_bytes=2, keep=1)
    in_the_way = path.with_name("one.log.1")
    in_the_way.mkdir()
    os.write(descriptor, b"abc")
    file.look()
    os.write(descriptor, b"def")
    assert path.read_text() == "abcdef"
    in_the_way.rmdir()
    file.look()
    assert (path.read_text(), in_the_way.read_text()) == ("", "abcdef")


def test_no_line_of_a_process_is_lost(path):
    with path.open("a") as errors:
        command = [sys.executable, "-c", WRITER, str(path), str(LINES)]
        subprocess.run(command, stderr=errors, check=True, timeout=WAIT)
    files = [path.parent / name for name in names(path)]
    assert len(files) > 2
    lines = [line for file in files for line in file.read_text().splitlines()]
    assert sorted(lines) == sorted(f"line {number}" for number in range(LINES))
