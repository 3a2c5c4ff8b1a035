"""Words that are being said: written while somebody follows, and only the latest."""

from datetime import UTC, datetime, timedelta

import pytest

from topcalls.clock import ManualClock
from topcalls.controller.partial_words import PartialWordsWriter
from topcalls.core.transcript import Turn

pytestmark = pytest.mark.unit
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Journal(list):
    """Writes what it was given when it is told to; None: nothing is being said."""

    def __init__(self):
        self.written = []

    def partial_words(self, latest):
        self.append(latest)

    def no_partial_words(self):
        self.append(None)

    def write(self):
        while self:
            latest = self.pop(0)
            turn = latest and latest()
            if turn or latest is None:
                self.written.append(turn and turn.text)


@pytest.fixture
def rig():
    clock, journal = ManualClock(NOW), Journal()
    return PartialWordsWriter(journal, clock), journal, clock


def turn(text):
    return Turn(4, "user", text, 0, 0, final=False)


def test_nothing_is_written_where_nobody_follows(rig):
    writer, journal, clock = rig
    writer.said(turn("Can"))
    writer.settled()
    writer.follow(NOW + timedelta(seconds=60))
    clock.advance(61)
    writer.said(turn("Can"))
    assert journal == []


def test_only_the_latest_is_written_and_it_is_gone_with_the_turn(rig):
    writer, journal, _ = rig
    writer.follow(NOW + timedelta(seconds=60))
    for text in ("Can", "Can I", "Can I come"):
        writer.said(turn(text))
    assert len(journal) == 1
    journal.write()
    writer.said(turn("Can I come at ten"))
    journal.write()
    writer.settled()
    writer.settled()
    journal.write()
    assert journal.written == ["Can I come", "Can I come at ten", None]


def test_a_turn_that_is_written_first_leaves_nothing(rig):
    writer, journal, _ = rig
    writer.follow(NOW + timedelta(seconds=60))
    writer.said(turn("Can"))
    writer.settled()
    journal.write()
    assert journal.written == [None]
