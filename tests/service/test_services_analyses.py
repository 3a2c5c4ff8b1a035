"""After a call: summed up, read by a schema, decided by rules; and what happens if that fails."""

import factories
import orjson
import pytest
from analysis_rig import MAPPING, SCHEMA, SUMMARY, TURNS, URL, Desk, extraction, used

from topcalls.core.analysis_work import DELAYS, TRIES
from topcalls.core.call_events import Hangup, OriginateFailed
from topcalls.core.token_usage import TokenUsage
from topcalls.errors import NotFound, ProviderError
from topcalls.providers.structured import StructuredAnswer
from topcalls.services.analysis_runner import LEASE_SECONDS, AnalysisRunner
from topcalls.store import calls
from topcalls.store.models import Analysis, WebhookEvent

pytestmark = pytest.mark.service
EVERYTHING = {"summary": {}, "analysis_schema": SCHEMA, "outcome_mapping": MAPPING}
AWAY = ProviderError("The analysis model is out of order.", retryable=True)


def payload(services, kind="call.completed"):
    query = WebhookEvent.select().where(WebhookEvent.kind == kind)
    (event,) = services.db.read(lambda: list(query))
    return orjson.loads(event.payload)


def test_everything_that_was_asked_for_is_found_and_told(services):
    desk = Desk(services, used(SUMMARY), used(extraction()))
    call_id = desk.call(**EVERYTHING)
    desk.work()
    shown = desk.view(call_id)
    assert shown.completed
    assert shown.call_summary == "They agreed on Tuesday."
    assert shown.analysis == {"agreed": True, "hour": "ten"}
    assert (shown.disposition, shown.sentiment, shown.success) == ("booked", "positive", True)
    told = payload(services)
    for name in ("call_summary", "analysis", "disposition", "sentiment", "success"):
        assert told[name] == getattr(shown, name)
    assert told["analysis_status"] == "done"
    report = desk.report(call_id)
    assert (report.status, report.rule, report.model) == ("done", 0, "gpt-reader")
    assert report.sentiment["turning_point"]["started_ms"] == 2000
    assert report.evidence["hour"] == [{"turn": 2, "started_ms": 2000, "ended_ms": 2900}]
    (usage,) = services.db.read(calls.usage, call_id)
    assert (usage.model, usage.input_text, usage.responses) == ("gpt-reader", 200, 2)


def test_a_call_that_asks_for_nothing_asks_nobody(services):
    desk = Desk(services)
    call_id = desk.call()
    desk.work(2)
    assert desk.view(call_id).completed
    assert desk.view(call_id).analysis_status is None
    assert desk.report(call_id) is None
    assert desk.model.requests == []


def test_nothing_said_is_nothing_found_and_asks_nobody(services):
    desk = Desk(services)
    call_id = desk.call(turns=(), **EVERYTHING)
    desk.work()
    shown = desk.view(call_id)
    assert shown.analysis == {"agreed": None, "hour": None}
    assert (shown.call_summary, shown.disposition) == (None, "other")
    assert desk.model.requests == []


def test_rules_alone_need_no_model(services):
    desk = Desk(services)
    rule = {"when": {"field": "call.duration", "op": "gt", "value": 0.1}, "outcome": "talked"}
    call_id = desk.call(outcome_mapping=(rule,))
    desk.work(1)
    assert desk.view(call_id).disposition == "talked"
    assert payload(services)["disposition"] == "talked"
    assert desk.report(call_id).rule == 0


def test_a_call_that_nobody_answered_has_a_disposition_by_its_facts(services):
    desk = Desk(services)
    rule = {"when": {"field": "call.call_status", "op": "eq", "value": "busy"}, "outcome": "later"}
    fields = {**EVERYTHING, "outcome_mapping": (rule,), "webhook_url": URL}
    life = factories.Life(services, factories.claimed_call(services, desk.who, **fields)).dial()
    life.take(OriginateFailed(Hangup("USER_BUSY")))
    assert desk.view(life.call_id).disposition == "later"
    assert desk.model.requests == []
    told = payload(services, "call.failed")
    assert (told["disposition"], told["analysis_status"]) == ("later", "done")


def test_a_wrong_answer_is_repaired_once(services):
    desk = Desk(services, extraction(hour="x"), extraction(hour="ten"))
    call_id = desk.call(analysis_schema=SCHEMA)
    desk.work()
    assert desk.view(call_id).analysis == {"agreed": True, "hour": "ten"}
    _, second = desk.model.requests
    assert "hour: 'x' is too short" in second.messages[-1].text
    assert second.messages[-2].role == "assistant"


def test_an_answer_that_stays_wrong_is_an_honest_failure(services):
    desk = Desk(services, extraction(hour="x"), extraction(hour="y"))
    call_id = desk.call(analysis_schema=SCHEMA, outcome_mapping=MAPPING)
    desk.work()
    shown, report = desk.view(call_id), desk.report(call_id)
    assert (shown.analysis, shown.disposition, shown.analysis_status) == (None, None, "failed")
    assert "hour: 'y' is too short" in report.errors["extraction"]
    assert "no analysis" in report.errors["disposition"]
    assert shown.completed
    assert len(desk.model.requests) == 2


def test_a_value_without_evidence_is_taken_out(services):
    made_up = {"values": {"agreed": True, "hour": "noon"}, "evidence": []}
    made_up["evidence"] = [{"field": "agreed", "turns": [2]}, {"field": "hour", "turns": [77]}]
    desk = Desk(services, made_up, made_up)
    call_id = desk.call(analysis_schema=SCHEMA)
    desk.work()
    assert desk.view(call_id).analysis == {"agreed": True, "hour": None}
    assert desk.report(call_id).unsupported == ("hour",)
    assert desk.report(call_id).status == "done"
    assert "hour: no turn" in desk.model.requests[1].messages[-1].text


def test_a_repair_that_is_worse_does_not_replace_what_fitted(services):
    first = {"values": {"agreed": True, "hour": "ten"}, "evidence": {"agreed": [2]}}
    desk = Desk(services, first, extraction(hour="x"))
    call_id = desk.call(analysis_schema=SCHEMA)
    desk.work()
    assert desk.view(call_id).analysis == {"agreed": True, "hour": None}


@pytest.mark.parametrize(
    ("problem", "told"),
    [
        ("the model refused to answer", "The model refused to answer."),
        ("the answer was cut off: it is longer than the model may write", "The answer was cut off"),
    ],
)
def test_no_answer_at_all_says_why(services, problem, told):
    desk = Desk(services, *[StructuredAnswer(problem=problem)] * 4)
    call_id = desk.call(summary={}, analysis_schema=SCHEMA)
    desk.work()
    errors = desk.report(call_id).errors
    assert errors["summary"].startswith(told)
    assert errors["extraction"].startswith(told)


def test_one_part_that_fails_leaves_the_other(services):
    desk = Desk(services, {"summary": 5}, "nonsense", extraction())
    call_id = desk.call(**EVERYTHING)
    desk.work()
    shown = desk.view(call_id)
    assert (shown.call_summary, shown.disposition) == (None, "booked")
    assert list(desk.report(call_id).errors) == ["summary"]


def test_a_server_that_is_away_is_tried_again_later(services):
    desk = Desk(services, AWAY, used(extraction()))
    call_id = desk.call(analysis_schema=SCHEMA)
    desk.work(1)
    assert desk.view(call_id).analysis_status == "waiting"
    desk.work(5)
    assert desk.view(call_id).analysis == {"agreed": True, "hour": "ten"}


def test_a_server_that_asks_for_time_gets_it(services):
    desk = Desk(services, ProviderError("Busy.", retryable=True, retry_after=20.0), extraction())
    call_id = desk.call(analysis_schema=SCHEMA)
    desk.work(18)
    assert len(desk.model.requests) == 1
    desk.work(6)
    assert desk.view(call_id).analysis is not None


def test_a_server_that_stays_away_is_given_up_with_the_reason(services):
    desk = Desk(services, *[AWAY] * 20)
    call_id = desk.call(**EVERYTHING)
    desk.work(sum(int(wait.total_seconds()) for wait in DELAYS) + 20)
    shown, report = desk.view(call_id), desk.report(call_id)
    assert shown.analysis_status == "failed"
    assert report.errors["summary"] == "The analysis model is out of order."
    assert len(desk.model.requests) == TRIES + 1  # the second part gets one try of its own


def test_what_no_waiting_helps_fails_at_once(services):
    desk = Desk(services, ProviderError("The analysis model does not accept the API key."))
    call_id = desk.call(analysis_schema=SCHEMA)
    desk.work(3)
    assert "API key" in desk.report(call_id).errors["extraction"]


def test_the_webhook_waits_for_a_bounded_time_and_what_comes_later_stands_with_the_call(services):
    desk = Desk(services, *[AWAY] * 4, used(SUMMARY), used(extraction()))
    call_id = desk.call(**EVERYTHING)
    ended = services.clock.now()
    while not desk.view(call_id).completed:
        desk.work(1)
    assert 20 <= (services.clock.now() - ended).total_seconds() <= 46
    told = payload(services)
    assert (told["analysis"], told["analysis_status"]) == (None, "waiting")
    assert "gpt-reader" not in str(told["cost"])
    desk.work(200)
    assert "gpt-reader" in str(desk.view(call_id).cost)
    assert desk.view(call_id).disposition == "booked"
    assert desk.view(call_id).analysis_status == "done"


def test_a_worker_that_dies_pays_for_no_part_twice(services, db):
    class Death(BaseException):
        pass

    desk = Desk(services, used(SUMMARY), Death())
    desk.model.ask = _dying(desk.model.ask, Death)
    call_id = desk.call(**EVERYTHING)
    with pytest.raises(Death):
        desk.work(2)
    services.clock.advance(LEASE_SECONDS)
    heir = Desk.__new__(Desk)
    heir.services, heir.who = services, desk.who
    heir.model = type(desk.model)(used(extraction()))
    heir.runner = AnalysisRunner(db, heir.model)
    heir.work()
    assert [request.name for request in heir.model.requests] == ["call_analysis"]
    assert heir.view(call_id).call_summary == "They agreed on Tuesday."
    assert heir.view(call_id).disposition == "booked"


def _dying(ask, death):
    def asked(request):
        answer = ask(request)
        if isinstance(answer.content, death):
            raise answer.content
        return answer

    return asked


def test_a_worker_that_dies_each_time_is_an_honest_failure(services):
    desk = Desk(services)
    call_id = desk.call(**EVERYTHING)
    desk.services.wrap_ups.run(*_first(services))
    for _ in range(TRIES):
        assert len(desk.runner.due(services.clock.now())) == 1
        services.clock.advance(LEASE_SECONDS)
    assert desk.runner.due(services.clock.now()) == []
    assert desk.view(call_id).analysis_status == "failed"
    assert "died" in desk.report(call_id).errors["summary"]


def _first(services):
    now = services.clock.now()
    (call_id,) = services.wrap_ups.due(now, 10)
    return call_id, now


def test_running_twice_asks_once(services):
    desk = Desk(services, used(SUMMARY), used(extraction()))
    desk.call(**EVERYTHING)
    desk.services.wrap_ups.run(*_first(services))
    now = services.clock.now()
    (analysis_id,) = desk.runner.due(now)
    for _ in range(3):
        desk.runner.run(analysis_id, now)
    assert len(desk.model.requests) == 2
    other = AnalysisRunner(services.db, desk.model)
    assert other.due(now) == []
    other.run(analysis_id, now)
    desk.runner.run("nothing", now)


def test_no_more_are_under_way_than_may_be(services):
    desk = Desk(services)
    for _ in range(3):
        desk.call(summary={})
    for call_id in services.wrap_ups.due(services.clock.now(), 10):
        services.wrap_ups.run(call_id, services.clock.now())
    now = services.clock.now()
    few, more = (AnalysisRunner(services.db, desk.model, most=2) for _ in range(2))
    taken = few.due(now)
    assert len(taken) == 2
    assert more.due(now) == []
    few.give_back(taken[0], now)
    assert len(more.due(now)) == 1


def test_tokens_are_added_to_what_the_same_model_took_in_the_call(services):
    desk = Desk(services, used(SUMMARY, 70))
    call_id = desk.call(summary={})
    services.calls.note_usage(
        call_id, "gpt-reader", TokenUsage(input_text=5), 3, services.clock.now()
    )
    desk.work()
    (usage,) = services.db.read(calls.usage, call_id)
    assert (usage.input_text, usage.responses) == (75, 4)


def test_the_tokens_of_answers_that_were_of_no_use_count_too(services):
    desk = Desk(services, used({"summary": 1}), used({"summary": 2}))
    call_id = desk.call(summary={})
    desk.work()
    (usage,) = services.db.read(calls.usage, call_id)
    assert usage.responses == 2


def test_strangers_learn_nothing(services):
    desk = Desk(services, used(SUMMARY))
    call_id = desk.call(summary={})
    desk.work()
    other = factories.principal(services, name="Other")
    with pytest.raises(NotFound):
        services.analyses.report(other.account_id, call_id)


def test_what_people_said_is_in_no_log(services, capsys):
    desk = Desk(services, AWAY, {"values": 1}, {"values": 2}, used(SUMMARY))
    desk.call(summary={}, analysis_schema=SCHEMA)
    desk.work(30)
    out = capsys.readouterr()
    for turn in TURNS:
        assert turn.text not in out.out + out.err


def test_a_call_has_one_analysis_however_often_its_wrap_up_looks(services):
    desk = Desk(services)
    call_id = desk.call(**EVERYTHING)
    for _ in range(3):
        for part in ("summary", "extraction", "disposition"):
            runner = services.analyses.runners[part]
            runner(call_id, services.clock.now())
    count = services.db.read(Analysis.select().where(Analysis.call == call_id).count)
    assert count == 1
