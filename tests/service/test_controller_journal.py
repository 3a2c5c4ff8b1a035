"""The journal on a real database: order, absence of the database, a lost call, no intent."""

import sqlite3
from contextlib import closing

import factories
import gevent
import pytest
from gevent.event import Event

from topcalls.clock import SystemClock
from topcalls.controller.journal import Journal
from topcalls.core.call_events import (
    Answered,
    BridgeReady,
    Forbidden,
    GivenBack,
    HungUp,
    Rang,
    StreamConnected,
)
from topcalls.core.call_events import Hangup as Cause
from topcalls.core.call_state import advance
from topcalls.core.transcript import Turn
from topcalls.errors import StoreUnavailable
from topcalls.services.judgements import NotAllowed
from topcalls.store.database import open_database

pytestmark = pytest.mark.service
WAIT = 20


class Writer:
    """A claimed call and the journal that writes it."""

    def __init__(self, services):
        self.services = services
        self.who = factories.principal(services)
        self.call = factories.claimed_call(services, self.who)
        self.facts = self.call.facts
        self.lost = Event()
        self.journal = Journal(
            self.call.call_id,
            self.call.version,
            services.calls,
            SystemClock(),
            on_lost=self.lost.set,
        )

    def take(self, *events):
        for event in events:
            transition = advance(self.facts, event)
            self.facts = self.facts.after(transition)
            self.journal.transition(transition, {}, self.services.clock.now())

    def stored(self):
        return self.services.calls.get(self.who.account_id, self.call.call_id)


@pytest.fixture
def writer(services):
    made = Writer(services)
    yield made
    made.journal.close(WAIT)


def test_everything_is_written_in_order(writer):
    assert writer.journal.intend_dial(writer.call.channel_uuid, WAIT)
    writer.take(Rang(), Answered(), StreamConnected(), BridgeReady())
    writer.journal.turn(Turn(1, "assistant", "Hello?", 0, 800))
    writer.take(HungUp(Cause("NORMAL_CLEARING")))
    assert writer.journal.close(WAIT)
    stored = writer.stored()
    assert (stored.status, stored.call_status) == ("completed", "completed")
    assert [item.text for item in stored.transcript] == ["Hello?"]


def test_a_call_of_another_owner_is_let_go_and_left_alone(writer):
    other = factories.Life(writer.services, writer.call).dial()
    writer.take(Rang())
    assert writer.lost.wait(WAIT)
    writer.take(Answered())
    assert writer.journal.close(WAIT)
    assert writer.stored().status == "queued"
    assert other.version == writer.call.version + 1


def test_the_dial_intent_is_refused_to_the_second_who_asks(writer):
    assert writer.journal.intend_dial(writer.call.channel_uuid, WAIT)
    second = Journal(
        writer.call.call_id,
        writer.call.version,
        writer.services.calls,
        SystemClock(),
        on_lost=writer.lost.set,
    )
    assert not second.intend_dial("another-channel", 2.0)
    assert writer.lost.wait(WAIT)


def test_a_dial_that_a_rule_forbids_by_now_is_told_to_whoever_asks(writer):
    number = writer.stored().phone_number
    writer.services.do_not_call.add(writer.who.account_id, number)
    with pytest.raises(NotAllowed) as refused:
        writer.journal.intend_dial(writer.call.channel_uuid, WAIT)
    judged = refused.value.judged
    writer.take(Forbidden(judged.refused_by, judged.words, judged.until))
    assert writer.journal.close(WAIT)
    assert (writer.stored().end_reason, writer.lost.is_set()) == ("not_callable", False)


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_without_a_stored_intent_there_is_no_dial_and_a_close_in_vain_says_so(
    database_url, tmp_path
):
    """Another process holds the write lock for longer than a verb waits for it."""
    db = open_database(database_url, encryption_key=factories.SECRET_KEY, lock_limit=0.2)
    writer = Writer(factories.services(db, tmp_path, None))
    path = database_url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path, isolation_level=None)) as intruder:
        intruder.execute("BEGIN IMMEDIATE")
        writer.take(Rang(), Answered())
        assert not writer.journal.intend_dial(writer.call.channel_uuid, 0.5)
        assert not writer.journal.close(0.1)
        intruder.execute("ROLLBACK")
    db.close()


def gate(monkeypatch, calls, error=None):
    """Holds the storing of intents until the second event is set, and has it fail then, if asked
    to; the first event says that somebody stores."""
    reached, opened, really = Event(), Event(), calls.intend_dial

    def intend_dial(*args):
        reached.set()
        assert opened.wait(WAIT)
        if error is not None:
            raise error
        return really(*args)

    monkeypatch.setattr(calls, "intend_dial", intend_dial)
    return reached, opened


def test_an_intent_that_is_being_stored_when_its_time_is_over_is_waited_for(writer, monkeypatch):
    reached, opened = gate(monkeypatch, writer.services.calls)
    asking = gevent.spawn(writer.journal.intend_dial, writer.call.channel_uuid, 0.01)
    assert reached.wait(WAIT)
    assert not asking.join(0.1)
    assert not asking.dead
    opened.set()
    assert asking.get(timeout=WAIT) is True


def test_a_late_intent_that_fails_is_not_tried_again(writer, monkeypatch):
    reached, opened = gate(monkeypatch, writer.services.calls, StoreUnavailable("away"))
    asking = gevent.spawn(writer.journal.intend_dial, writer.call.channel_uuid, 0.01)
    assert reached.wait(WAIT)
    asking.join(0.1)
    opened.set()
    assert asking.get(timeout=WAIT) is False
    monkeypatch.undo()
    writer.take(GivenBack())
    assert writer.journal.close(WAIT)
    assert writer.stored().status == "queued"


def test_an_intent_behind_what_cannot_be_written_is_given_up(writer, monkeypatch):
    reached, opened = gate(monkeypatch, writer.services.calls)
    first = gevent.spawn(writer.journal.intend_dial, writer.call.channel_uuid, WAIT)
    assert reached.wait(WAIT)
    assert writer.journal.intend_dial("another-channel", 0.01) is False
    opened.set()
    assert first.get(timeout=WAIT) is True
    assert writer.journal.close(WAIT)


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_the_writing_goes_on_when_the_lock_is_gone(database_url, tmp_path):
    db = open_database(database_url, encryption_key=factories.SECRET_KEY, lock_limit=0.1)
    writer = Writer(factories.services(db, tmp_path, None))
    path = database_url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path, isolation_level=None)) as intruder:
        intruder.execute("BEGIN IMMEDIATE")
        writer.take(Rang(), Answered(), HungUp(Cause("NORMAL_CLEARING")))
        gevent.idle()
        intruder.execute("ROLLBACK")
    assert writer.journal.close(WAIT)
    assert writer.stored().call_status == "completed"
    db.close()
