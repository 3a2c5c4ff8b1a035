"""The end-of-turn model on the own machine: in a child process, asked without waiting."""

from __future__ import annotations

from datetime import UTC, datetime

import gevent
import numpy as np
import pytest
from gevent.event import Event

from topcalls.audio import g711
from topcalls.clock import ManualClock
from topcalls.providers.local import turns, turns_process
from topcalls.providers.local.turns import MOST_WAITING, REST_SECONDS, TurnModel
from topcalls.providers.local.turns_process import SECONDS, VERDICT

LIMIT = 60.0
QUIET = g711.silence("PCMU", 1000)
needs_model = pytest.mark.skipif(
    not turns.is_installed(), reason="no package with the end-of-turn model is installed"
)


class FakeChild:
    """Remembers what it was sent; the test speaks for it."""

    made: list[FakeChild] = []

    def __init__(self, module, told, ended):
        self.told, self.ended = told, ended
        self.sent = []
        self.closed = False
        self.made.append(self)

    def send(self, kind, payload):
        self.sent.append(payload)

    def close(self):
        self.closed = True

    def answer(self, place: int, finished: float) -> None:
        number, _ = turns_process.QUESTION.unpack_from(self.sent[place])
        self.told(VERDICT, turns_process.ANSWER.pack(number, finished))


@pytest.fixture
def model(monkeypatch):
    monkeypatch.setattr(turns, "Child", FakeChild)
    FakeChild.made = []
    clock = ManualClock(datetime(2026, 11, 23, tzinfo=UTC))
    made = TurnModel(clock)
    made.clock = clock
    return made


def test_each_question_gets_its_own_verdict_in_whatever_order(model):
    told = []
    assert model.ask(QUIET, "PCMU", lambda found: told.append(("first", found)))
    assert model.ask(QUIET, "PCMA", lambda found: told.append(("second", found)))
    (child,) = FakeChild.made
    child.answer(1, 0.25)
    child.answer(0, 0.75)
    assert told == [("second", 0.25), ("first", 0.75)]


def test_the_end_of_a_long_turn_is_sent(model):
    model.ask(b"\x01" * 100_000, "PCMU", lambda _: None)
    (sent,) = FakeChild.made[0].sent
    assert len(sent) == turns_process.QUESTION.size + SECONDS * 8000


def test_more_than_can_be_answered_in_time_is_not_asked(model):
    told = []
    for _ in range(MOST_WAITING):
        assert model.ask(QUIET, "PCMU", told.append)
    assert not model.ask(QUIET, "PCMU", told.append)
    FakeChild.made[0].answer(0, 0.5)
    assert model.ask(QUIET, "PCMU", told.append)
    assert told == [0.5]


def test_a_child_that_died_is_replaced_after_a_rest(model):
    told = []
    model.ask(QUIET, "PCMU", told.append)
    FakeChild.made[0].ended()
    assert not model.ask(QUIET, "PCMU", told.append)
    model.clock.advance(REST_SECONDS)
    assert model.ask(QUIET, "PCMU", told.append)
    FakeChild.made[1].answer(0, 0.5)
    assert told == [0.5]
    model.close()
    assert FakeChild.made[1].closed


def test_without_the_package_there_is_no_model(monkeypatch):
    monkeypatch.setattr(turns_process, "find_spec", lambda _: None)
    assert not turns.is_installed()


def test_the_newest_network_is_taken(monkeypatch, tmp_path):
    folder = tmp_path / "audio/turn/smart_turn/data"
    folder.mkdir(parents=True)
    for name in ("smart-turn-v3.1-cpu.onnx", "smart-turn-v3.2-cpu.onnx", "other.onnx"):
        (folder / name).touch()
    spec = type("Spec", (), {"origin": str(tmp_path / "__init__.py")})
    monkeypatch.setattr(turns_process, "find_spec", lambda _: spec)
    assert turns_process.weights() == folder / "smart-turn-v3.2-cpu.onnx"


@needs_model
def test_the_real_network_answers_in_a_child_process():
    model = TurnModel(ManualClock(datetime(2026, 11, 23, tzinfo=UTC)))
    found, there = [], Event()

    def told(finished: float) -> None:
        found.append(finished)
        there.set()

    hum = (np.sin(np.arange(8000) / 8) * 6000).astype("<i2").tobytes()
    assert model.ask(g711.encode(hum, "PCMA"), "PCMA", told)
    with gevent.Timeout(LIMIT):
        there.wait()
    assert 0.0 <= found[0] <= 1.0
    model.close()
