"""The calls of tools as rows, the secrets of tools, and results that come later."""

import json
from dataclasses import replace
from datetime import timedelta

import factories
import pytest

from topcalls.core.tools import HIDDEN, ToolRecord, ToolStatus, tools_of
from topcalls.errors import Conflict, InvalidRequest, NotFound, Unauthorized
from topcalls.services import tool_secrets
from topcalls.services.carried import carried_over
from topcalls.services.tool_results import VALID, ResultTokens, ToolResults
from topcalls.store import secrets

pytestmark = pytest.mark.service
TOKENS = ResultTokens(factories.SECRET_KEY)
SLOW = {
    "name": "look_up",
    "description": "Looks something up.",
    "url": "https://example.com/look-up",
    "async": True,
}
RECORD = ToolRecord("use-1", "look_up", False, '{"order": 7}', 1_500)


@pytest.fixture
def who(services):
    return factories.principal(services)


@pytest.fixture
def call(services, who):
    """A call whose agent is talking."""
    claimed = factories.claimed_call(services, who, tools=(SLOW,))
    return factories.Life(services, claimed).talk(10)


def note(services, call, record=RECORD, **changes):
    services.calls.tools.note(call.call_id, replace(record, **changes), services.clock.now())


def only(services, who, call):
    (view,) = services.calls.tools.of_call(who.account_id, call.call_id)
    return view


# --- rows


def test_a_call_of_a_tool_is_shown_as_it_stands(services, who, call):
    note(services, call)
    view = only(services, who, call)
    assert (view.name, view.status, view.is_builtin) == ("look_up", ToolStatus.RUNNING, False)
    assert (view.arguments, view.result, view.called_ms) == ({"order": 7}, None, 1_500)
    assert (view.called_at, view.finished_at) == (services.clock.now(), None)
    services.clock.advance(2)
    note(
        services,
        call,
        status=ToolStatus.FAILED,
        output="no json",
        error="http_status",
        http_status=500,
        attempts=2,
        duration_ms=2_000,
    )
    view = only(services, who, call)
    assert (view.status, view.error, view.http_status) == (ToolStatus.FAILED, "http_status", 500)
    assert (view.result, view.attempts, view.duration_ms) == ("no json", 2, 2_000)
    assert view.finished_at - view.called_at == timedelta(seconds=2)


def test_one_that_is_told_only_at_its_end_began_before(services, who, call):
    note(services, call, status=ToolStatus.REFUSED, output="{}", duration_ms=500)
    view = only(services, who, call)
    assert view.finished_at - view.called_at == timedelta(milliseconds=500)


def test_what_is_over_stays_as_it_is(services, who, call):
    note(services, call, status=ToolStatus.SUCCEEDED, output='{"a": 1}')
    for status in (ToolStatus.RUNNING, ToolStatus.PENDING, ToolStatus.INTERRUPTED):
        note(services, call, status=status, output="late")
    view = only(services, who, call)
    assert (view.status, view.result) == (ToolStatus.SUCCEEDED, {"a": 1})


def test_what_waits_does_not_run_again(services, who, call):
    note(services, call, status=ToolStatus.PENDING, output="accepted")
    note(services, call)
    assert only(services, who, call).status is ToolStatus.PENDING


def test_the_end_of_the_call_interrupts_what_runs_and_not_what_waits(services, who, call):
    note(services, call)
    note(services, call, id="use-2", status=ToolStatus.PENDING)
    call.hang_up()
    views = services.calls.tools.of_call(who.account_id, call.call_id)
    assert {view.id: view.status for view in views} == {
        "use-1": ToolStatus.INTERRUPTED,
        "use-2": ToolStatus.PENDING,
    }


def test_another_account_sees_nothing(services, call):
    note(services, call)
    other = factories.principal(services, name="Other")
    assert services.calls.tools.of_call(other.account_id, call.call_id) == []


def test_another_controller_is_told_of_the_tools_too(services, call):
    note(services, call, status=ToolStatus.SUCCEEDED, output='{"a": 1}')
    note(services, call, id="use-2")
    services.clock.advance(1)
    carried = services.db.read(lambda: carried_over([call.call_id]))[call.call_id]
    assert [(one.id, one.status, one.output) for one in carried.tools] == [
        ("use-1", ToolStatus.SUCCEEDED, '{"a": 1}'),
        ("use-2", ToolStatus.RUNNING, None),
    ]


# --- secrets


def with_headers(headers, **changes):
    return {**SLOW, "headers": headers, **changes}


def opened(services, account_id, definition):
    (tool,) = tools_of([definition])
    return services.db.read(tool_secrets.opened, account_id, tool)


def sealed(services, account_id, definition):
    now = services.clock.now()
    return services.db.run(tool_secrets.sealed, account_id, [definition], now)[0]


def test_values_are_stored_apart_and_encrypted(services, who):
    kept = sealed(services, who.account_id, with_headers({"X-Key": "abc", "X-Shop": "1"}))
    assert kept["headers"] == {"X-Key": HIDDEN, "X-Shop": HIDDEN}
    assert opened(services, who.account_id, kept) == {"X-Key": "abc", "X-Shop": "1"}
    columns = services.db.read(secrets.columns)
    (column,) = [one for one in columns if one.table == "tool_secret"]
    assert services.db.run(secrets.rotate, column, None, 10).seen == 1


def test_the_same_values_are_stored_once(services, who):
    first = sealed(services, who.account_id, with_headers({"X-Key": "abc", "X-Shop": "1"}))
    same = sealed(services, who.account_id, with_headers({"X-Shop": "1", "X-Key": "abc"}))
    other = sealed(services, who.account_id, with_headers({"X-Key": "abd", "X-Shop": "1"}))
    assert first["headers_id"] == same["headers_id"] != other["headers_id"]
    stranger = factories.principal(services, name="Other").account_id
    theirs = sealed(services, stranger, with_headers({"X-Key": "abc", "X-Shop": "1"}))
    assert theirs["headers_id"] != first["headers_id"]


def test_what_is_sent_back_hidden_is_kept_and_what_is_new_replaces(services, who):
    first = sealed(services, who.account_id, with_headers({"X-Key": "abc", "X-Shop": "1"}))
    assert sealed(services, who.account_id, first) == first
    changed = {**first, "headers": {"X-Key": HIDDEN, "X-Shop": "2", "X-New": "3"}}
    second = sealed(services, who.account_id, changed)
    assert opened(services, who.account_id, second) == {"X-Key": "abc", "X-Shop": "2", "X-New": "3"}
    fewer = sealed(services, who.account_id, {**first, "headers": {"X-Key": HIDDEN}})
    assert opened(services, who.account_id, fewer) == {"X-Key": "abc"}
    assert "headers_id" not in sealed(services, who.account_id, {**first, "headers": {}})


def test_values_of_another_account_or_of_no_header_are_refused(services, who):
    first = sealed(services, who.account_id, with_headers({"X-Key": "abc"}))
    stranger = factories.principal(services, name="Other").account_id
    with pytest.raises(InvalidRequest) as refusal:
        sealed(services, stranger, first)
    assert [fault.path for fault in refusal.value.errors] == ["tools.0.headers_id"]
    assert opened(services, stranger, first) == {}
    with pytest.raises(InvalidRequest) as refusal:
        sealed(services, who.account_id, {**first, "headers": {"X-Other": HIDDEN}})
    assert [fault.path for fault in refusal.value.errors] == ["tools.0.headers.X-Other"]


def test_an_agent_keeps_its_tools_and_its_calls_have_them(services, who):
    configuration = {"task": "Sell ten shoes.", "tools": [with_headers({"X-Key": "abc"})]}
    made = services.agents.create(who.account_id, "Seller", configuration)
    (kept,) = made.draft.configuration["tools"]
    assert kept["headers"] == {"X-Key": HIDDEN}
    agent_id = made.agent.id
    published = services.agents.publish(who.account_id, agent_id)
    assert not services.agents.warnings(published)
    edit = {"configuration": {"tools": [{**kept, "description": "Looks better."}]}}
    edited = services.agents.edit(who.account_id, agent_id, edit)
    assert edited.draft.configuration["tools"][0]["headers_id"] == kept["headers_id"]
    body = services.agents.call_body(who.account_id, {"agent_id": agent_id})
    call = factories.claimed_call(services, who, tools=tuple(body["tools"]))
    assert opened(services, who.account_id, call.request.tools[0]) == {"X-Key": "abc"}


# --- results that come later


@pytest.fixture
def results(services):
    return ToolResults(services.db, TOKENS)


def bring(services, who, call, results, content, use="use-1"):
    now = services.clock.now()
    return results.bring(who.account_id, call.call_id, use, content, now)


def test_a_result_is_kept_and_told_to_the_controller(services, who, call, results):
    note(services, call, status=ToolStatus.PENDING, output="accepted")
    services.clock.advance(5)
    assert bring(services, who, call, results, {"result": {"n": 1}}).delivered
    view = only(services, who, call)
    assert (view.status, view.result) == (ToolStatus.SUCCEEDED, {"n": 1})
    assert view.finished_at == services.clock.now()
    (command,) = services.commands.claim(factories.OWNER, services.clock.now())
    assert command.kind == "tool_result"
    assert command.payload == {"tool_call_id": "use-1", "tool": "look_up", "output": '{"n":1}'}
    note(services, call, status=ToolStatus.PENDING, output="accepted")
    assert only(services, who, call).status is ToolStatus.SUCCEEDED


def test_it_may_come_before_the_server_has_answered(services, who, call, results):
    note(services, call)
    assert bring(services, who, call, results, {"result": None}).delivered
    assert only(services, who, call).status is ToolStatus.SUCCEEDED


def test_there_may_be_none_after_all(services, who, call, results):
    note(services, call, status=ToolStatus.PENDING)
    bring(services, who, call, results, {"error": "The warehouse is closed."})
    view = only(services, who, call)
    assert (view.status, view.error) == (ToolStatus.FAILED, "reported")
    assert view.result == {"error": "The warehouse is closed."}


def test_the_same_again_is_no_error_and_no_news(services, who, call, results):
    note(services, call, status=ToolStatus.PENDING)
    for _ in range(2):
        assert bring(services, who, call, results, {"result": 1}).delivered
    assert len(services.commands.claim(factories.OWNER, services.clock.now())) == 1
    with pytest.raises(Conflict, match="is over"):
        bring(services, who, call, results, {"result": 2})


def test_after_the_call_it_is_kept_all_the_same(services, who, call, results):
    note(services, call, status=ToolStatus.PENDING)
    call.hang_up()
    assert not bring(services, who, call, results, {"result": {"n": 1}}).delivered
    assert only(services, who, call).result == {"n": 1}


def test_a_day_later_it_is_refused(services, who, call, results):
    note(services, call, status=ToolStatus.PENDING)
    services.clock.advance(VALID.total_seconds() + 1)
    with pytest.raises(Conflict, match="too late"):
        bring(services, who, call, results, {"result": 1})


def test_a_tool_that_answers_at_once_takes_none_later(services, who, results):
    at_once = {**SLOW, "async": False}
    claimed = factories.claimed_call(services, who, tools=(at_once,))
    call = factories.Life(services, claimed).talk(10)
    note(services, call)
    with pytest.raises(Conflict, match="answers at once"):
        bring(services, who, call, results, {"result": 1})


def test_what_nobody_called_has_no_result(services, who, call, results):
    note(services, call, status=ToolStatus.PENDING)
    other = factories.principal(services, name="Other")
    for account, use in ((who, "use-2"), (other, "use-1")):
        with pytest.raises(NotFound):
            bring(services, account, call, results, {"result": 1}, use)


def test_a_result_may_not_be_longer_than_a_model_reads(services, who, call, results):
    note(services, call, status=ToolStatus.PENDING)
    with pytest.raises(InvalidRequest) as refusal:
        bring(services, who, call, results, {"result": "x" * 40_000})
    assert [fault.path for fault in refusal.value.errors] == ["result"]


def test_what_was_called_in_secret_is_kept_in_secret(services, who, call, results):
    note(services, call, arguments="[masked]", status=ToolStatus.PENDING, output="[masked]")
    bring(services, who, call, results, {"result": {"card": "4111"}})
    assert only(services, who, call).result == "[masked]"
    (command,) = services.commands.claim(factories.OWNER, services.clock.now())
    assert json.loads(command.payload["output"]) == {"card": "4111"}
    services.commands.finish(command.id, "done", services.clock.now())
    assert services.commands.get(command.id).result == "done"


def test_a_token_is_good_for_one_call_of_a_tool_and_a_day(services, call, results):
    note(services, call, status=ToolStatus.PENDING)
    now = services.clock.now()
    token = TOKENS.issue(call.call_id, "use-1", now)
    wrong = [
        ("use-2", token, now),
        ("use-1", token[:-1] + ("0" if token[-1] != "0" else "1"), now),
        ("use-1", "", now),
        ("use-1", ResultTokens("other").issue(call.call_id, "use-1", now), now),
        ("use-1", token, now + VALID + timedelta(seconds=1)),
    ]
    for use, given, moment in wrong:
        with pytest.raises(Unauthorized):
            results.bring_by_token(given, call.call_id, use, {"result": 1}, moment)
    taken = results.bring_by_token(token, call.call_id, "use-1", {"result": 1}, now)
    assert taken.delivered


def test_a_token_outlives_a_new_secret_key(call, services):
    now = services.clock.now()
    token = ResultTokens("old").issue(call.call_id, "use-1", now)
    ResultTokens("new, old").check(call.call_id, "use-1", token, now)
