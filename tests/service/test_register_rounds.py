"""Registers are asked ahead of calls: who waits for their answer, and what becomes of those who do
when it comes, when it does not, and when the register fails."""

import json
import sys
import threading
from datetime import UTC, datetime, timedelta

import factories
import pytest
from campaign_rig import OPENING, TASK, Rig
from doctor_rig import by_check
from worker_rig import Rig as WorkerRig

from topcalls.core.checkup import Level
from topcalls.core.rule_values import SLOTS
from topcalls.errors import NotCallable
from topcalls.metrics import register_answers
from topcalls.services.checkup import DatabaseCheckup
from topcalls.services.register_rounds import RegisterRounds
from topcalls.store import registers

pytestmark = pytest.mark.service
DAY = datetime(2026, 12, 1, 17, tzinfo=UTC)
"""Tuesday noon in Washington, where the numbers of the leads are."""

RULE = "US.dnc.national"
PLUGIN = """
from topcalls.providers.registers.base import Answer, RegisterFault, Terms

class Desk:
    kind, register, provider = "scrub", "US", "Desk"
    terms = Terms(batch=2, per_minute=2, timeout_seconds=5)
    asked = []
    listed = set()
    unknown = set()
    fault = None
    version = None
    def covers(self, number):
        return number.startswith("+1")
    def ask(self, questions):
        self.asked.append([one.phone_number for one in questions])
        if self.fault is not None:
            raise self.fault
        return [Answer(one.phone_number, "listed" if one.phone_number in self.listed else "clear",
                       version_at=self.version, receipt="r1")
                for one in questions if one.phone_number not in self.unknown]

desk = Desk()

def opened(options):
    return desk
"""


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """A plug-in of somebody else's, installed."""
    about = tmp_path / "site" / "desk_of_tests-1.0.dist-info"
    about.mkdir(parents=True)
    (about.parent / "desk_of_tests.py").write_text(PLUGIN)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: desk-of-tests\nVersion: 1.0\n")
    entry = "[topcalls.registers]\ndesk = desk_of_tests:opened\n"
    (about / "entry_points.txt").write_text(entry)
    monkeypatch.syspath_prepend(str(about.parent))
    yield __import__("desk_of_tests").desk
    sys.modules.pop("desk_of_tests")


@pytest.fixture
def services(db, tmp_path, clock, desk):
    named = tmp_path / "registers.toml"
    named.write_text('[[register]]\nplugin = "desk"\n')
    (tmp_path / "recordings").mkdir()
    made = factories.services(db, tmp_path / "recordings", clock, registers_file=named)
    clock.advance((DAY - clock.now()).total_seconds())
    return made


@pytest.fixture
def rig(services):
    """An account that keeps the law, and leads with the consent it asks for."""
    rig = Rig(services)
    terms = {"enforcement": "enforce", "consent_required": True, "category": "telemarketing"}
    services.compliance_terms.change(rig.account_id, terms)
    return rig


def running(rig, count=3):
    """A campaign of which everybody may be called as soon as the register says so."""
    list_id = rig.leads(count)
    consent = {
        "list_id": list_id,
        "kind": "express_written",
        "source": "web form",
        "captured_at": DAY - timedelta(days=9),
        "wording": "Yes.",
        "names_ai_voice": True,
    }
    rig.services.consents.create(rig.who, consent)
    call = {"task": TASK, "first_sentence": OPENING}
    body = {"call": call, "compliance": {"slots": list(SLOTS)}, "purpose": "offers"}
    made = rig.campaign(list_id, **body)
    return rig.services.campaign_control.start(rig.account_id, made.id)


def rounds(services, seconds=0.0):
    """What the worker does within a second of a time to come."""
    services.clock.advance(seconds)
    now = services.clock.now()
    services.campaign_engine.round(now)
    for provider in services.register_rounds.due(now):
        services.register_rounds.run(provider)


def reasons(rig, campaign):
    return sorted((one.status, one.reason) for one in rig.contacts(campaign))


def test_who_lacks_an_answer_waits_and_is_called_when_it_says_that_they_may(services, rig, desk):
    campaign = running(rig, 3)
    rounds(services)  # asked about two: its batch
    assert [len(one) for one in desk.asked] == [2]
    rounds(services, 1)
    assert reasons(rig, campaign) == [("in_flight", None)] * 2 + [("waiting", RULE)]
    assert len(desk.asked) == 1, "no more than two a minute"
    rounds(services, 60)
    rounds(services, 1)
    assert [len(one) for one in desk.asked] == [2, 1]
    assert reasons(rig, campaign) == [("in_flight", None)] * 3
    (kept, *_) = services.number_checks.list(rig.account_id, register="US").data
    assert (kept.provider, kept.answer, kept.receipt) == ("Desk", "clear", "r1")


def test_who_is_listed_is_called_only_by_what_lifts_it_and_asked_about_once(services, rig, desk):
    desk.listed.add("+12025550000")
    campaign = running(rig, 1)
    rounds(services)
    rounds(services, 1)
    assert reasons(rig, campaign) == [("in_flight", None)]
    rounds(services, 60)
    assert desk.asked == [["+12025550000"]]
    (kept,) = services.number_checks.list(rig.account_id).data
    assert kept.answer == "listed"
    decided = services.ledger.list(rig.account_id).data
    last = next(one for one in decided if one.verdict == "allow")
    assert kept.id in json.dumps(last.detail)


def test_nobody_is_left_out_while_a_register_fails_and_why_is_told(
    services, rig, desk, database_url
):
    desk.fault = ValueError("+12025550000 went wrong")
    failed = register_answers.labels("Desk", "failed")
    before = failed._value.get()
    campaign = running(rig, 1)
    rounds(services)
    rounds(services, 1)
    assert len(desk.asked) == 1, "left alone for a while"
    rounds(services, 30)
    rounds(services, 60)
    assert len(desk.asked) == 3
    assert failed._value.get() == before + 3
    assert reasons(rig, campaign) == [("waiting", RULE)]
    (state,) = services.db.read(registers.states)
    assert (state.failures, state.error) == (3, "ValueError.")
    checkup = DatabaseCheckup(database_url, factories.SECRET_KEY, "1.0", False, services.clock)
    found = by_check(checkup.findings())["registers_waiting"]
    assert found.level is Level.FAULT
    assert "Desk" in found.found and "ValueError" in found.found
    desk.fault = None
    rounds(services, 120)
    rounds(services, 1)
    assert reasons(rig, campaign) == [("in_flight", None)]
    assert services.db.read(registers.states)[0].failures == 0
    assert by_check(checkup.findings())["registers_waiting"].level is Level.OK


def test_a_copy_too_old_for_the_rules_is_a_failure_and_not_asked_of_again_and_again(
    services, rig, desk
):
    desk.version = DAY - timedelta(days=40)
    campaign = running(rig, 1)
    rounds(services)
    (state,) = services.db.read(registers.states)
    assert "2026-10-22" in state.error and "31 days" in state.error
    assert reasons(rig, campaign) == [("waiting", RULE)]
    assert services.number_checks.list(rig.account_id).data == ()


def test_of_whom_nothing_is_said_is_asked_about_again_later(services, rig, desk):
    desk.unknown.add("+12025550000")
    campaign = running(rig, 1)
    rounds(services)
    rounds(services, 29)
    assert len(desk.asked) == 1
    desk.unknown.clear()
    rounds(services, 31)
    rounds(services, 1)
    assert len(desk.asked) == 2
    assert reasons(rig, campaign) == [("in_flight", None)]


def test_what_is_no_answer_is_not_kept(services, rig, desk, monkeypatch):
    answers = [type("Answer", (), {})()]
    monkeypatch.setattr(desk, "ask", lambda questions: answers, raising=False)
    campaign = running(rig, 1)
    rounds(services)
    (state,) = services.db.read(registers.states)
    assert "something else" in state.error
    assert reasons(rig, campaign) == [("waiting", RULE)]


def test_one_that_hangs_is_given_up_and_not_asked_beside_itself(services, rig, desk, monkeypatch):

    go_on = threading.Event()
    monkeypatch.setattr(type(desk), "terms", desk.terms.__class__(timeout_seconds=0.05))
    monkeypatch.setattr(type(desk), "ask", lambda self, asked: go_on.wait(30) and [])
    running(rig, 1)
    try:
        rounds(services)
        (state,) = services.db.read(registers.states)
        assert "did not answer within 0.05 s" in state.error
        rounds(services, 31)
        (state,) = services.db.read(registers.states)
        assert (state.failures, "still" in state.error) == (2, True)
    finally:
        go_on.set()


def test_one_that_cannot_say_whom_it_covers_stops_no_other_call(services, rig, desk, monkeypatch):
    def broken(self, number):
        raise RuntimeError

    monkeypatch.setattr(type(desk), "covers", broken)
    campaign = running(rig, 1)
    rounds(services)
    ((_, reason),) = reasons(rig, campaign)
    assert reason == RULE
    assert desk.asked == []


def test_a_single_call_is_refused_until_the_answer_is_there(services, rig, desk):
    consent = {
        "phone_number": "+12125550123",
        "kind": "express_written",
        "source": "web form",
        "captured_at": DAY - timedelta(days=9),
        "wording": "Yes.",
        "names_ai_voice": True,
    }
    services.consents.create(rig.who, consent)
    request = factories.request(phone_number="+12125550123")
    with pytest.raises(NotCallable) as refused:
        services.call_placement.place(rig.who, request, lambda verb: verb())
    told = refused.value.extra
    assert (told["rule"], told["verdict"]) == (RULE, "defer")
    assert told["until"] == "2026-12-01T17:15:00Z"
    rounds(services)
    assert desk.asked == [["+12125550123"]]
    assert services.call_placement.place(rig.who, request, lambda verb: verb())


def test_a_worker_that_died_while_it_asked_is_followed_by_another(services, rig, desk):
    campaign = running(rig, 1)
    services.campaign_engine.round(services.clock.now())
    assert services.register_rounds.due(services.clock.now()) == ["Desk"]
    other = RegisterRounds(
        services.db,
        services.clock,
        services.eligibility._registers,
        services.eligibility._pack,
        "another",
    )
    assert other.due(services.clock.now()) == []
    services.clock.advance(66)
    assert other.due(services.clock.now()) == ["Desk"]
    assert services.register_rounds.run("Desk") == 0
    assert other.run("Desk") == 1
    rounds(services, 1)
    assert reasons(rig, campaign) == [("in_flight", None)]


def test_the_worker_hands_it_out(services, rig, desk, tmp_path):
    running(rig, 1)
    services.campaign_engine.round(services.clock.now())
    worker = WorkerRig(services, tmp_path)
    assert worker.loop.round(services.clock.now())
    task = worker.queue.dequeue()
    while task is not None:
        worker.queue.execute(task)
        task = worker.queue.dequeue()
    assert len(desk.asked) == 1


def test_a_person_is_shown_and_erased_with_what_is_asked_about_them(services, rig):
    running(rig, 1)
    services.campaign_engine.round(services.clock.now())
    shown = services.people.get(rig.account_id, "+12025550000")
    assert [row["rule_id"] for row in shown.rows["register_question"]] == [RULE]
    services.people.erase(rig.account_id, "+12025550000", "key")
    assert services.db.read(registers.waiting) == []
