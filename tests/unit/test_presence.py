"""Who is alive: locks that the kernel drops with their process."""

import subprocess
import sys

import pytest

from topcalls.presence import Presence

pytestmark = pytest.mark.unit
LIMIT = 30
LIVES = """
import sys
from pathlib import Path
from topcalls.presence import Presence
Presence(Path(sys.argv[1]), "other").enter()
print("here", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def me(tmp_path):
    made = Presence(tmp_path / "run", "me")
    made.enter()
    yield made
    made.leave()


@pytest.fixture
def other(tmp_path, me):
    """Another process that is alive."""
    process = subprocess.Popen(
        [sys.executable, "-c", LIVES, str(tmp_path / "run")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "here\n"
    yield process
    process.kill()
    process.communicate(timeout=LIMIT)


def test_the_living_are_not_dead(me, other):
    assert (me.dead(), me.others()) == ([], ["other"])


def test_who_was_killed_is_dead_until_forgotten(me, other):
    other.kill()
    other.wait(LIMIT)
    assert (me.dead(), me.others()) == (["other"], [])
    assert me.dead() == ["other"]
    me.forget("other")
    me.forget("other")
    assert me.dead() == []


def test_who_left_in_good_order_is_nobody(tmp_path, me):
    second = Presence(tmp_path / "run", "second")
    second.enter()
    second.leave()
    second.leave()
    assert (me.dead(), me.others()) == ([], [])


def test_nobody_is_dead_where_nobody_ever_was(tmp_path):
    assert Presence(tmp_path / "nowhere", "me").dead() == []
