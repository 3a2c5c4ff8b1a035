"""Built-in tools that do something outside of the conversation."""

import json
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import factories
import pytest

from topcalls.core.tools import ToolRecord, ToolRequest, ToolStatus
from topcalls.services.builtin_tools import runners

pytestmark = pytest.mark.service
NEW_YORK = ZoneInfo("America/New_York")
NO_BOOKING = SimpleNamespace(find=None, book=None)


@pytest.fixture
def who(services):
    return factories.principal(services)


@pytest.fixture
def call(services, who):
    fields = {"phone_number": "+12125550123", "metadata": {"order": 7}}
    call = factories.claimed_call(services, who, **fields)
    factories.Life(services, call).talk(10)
    return call


def run(services, call, name, use="use-1", **arguments):
    """As a controller does, which also keeps what came of it."""
    tools = runners(
        services.calls,
        services.call_placement,
        services.catalogue,
        services.do_not_call,
        NO_BOOKING,
        services.call_knowledge,
        services.campaign_callbacks,
        services.clock,
    )
    record = ToolRecord(use, name, True, json.dumps(arguments), 100)
    result = tools[name](call, ToolRequest(record, arguments))
    learnt = replace(record, status=result.status, output=result.output, error=result.error)
    services.calls.tools.note(call.call_id, learnt, services.clock.now())
    return result


def tomorrow_at(services, hour):
    here = services.clock.now().astimezone(NEW_YORK) + timedelta(days=1)
    return here.replace(hour=hour, minute=0, second=0, microsecond=0)


def scheduled(services, who):
    return [
        call
        for call in services.calls.list(who.account_id).data
        if call.schedule_at is not None and call.status == "pending"
    ]


# --- the do-not-call list


def test_the_number_of_the_person_is_listed_with_their_words(services, who, call):
    result = run(services, call, "add_to_do_not_call", reason="Leave me alone.")
    assert result.status is ToolStatus.SUCCEEDED
    entry = services.do_not_call.get(who.account_id, "+12125550123")
    assert (entry.source, entry.call_id) == ("agent", call.call_id)
    assert entry.reason == "Leave me alone."
    assert run(services, call, "add_to_do_not_call", "use-2").status is ToolStatus.SUCCEEDED


def test_of_a_call_in_it_is_the_callers_number(services, who, call):
    theirs = replace(call, facts=replace(call.facts, inbound=True), from_number="+12025550177")
    run(services, theirs, "add_to_do_not_call")
    assert services.do_not_call.get(who.account_id, "+12025550177")
    hidden = replace(theirs, from_number=None)
    result = run(services, hidden, "add_to_do_not_call", "use-2")
    assert (result.status, result.error) == (ToolStatus.REFUSED, "no_number")


# --- callbacks


def test_a_callback_is_an_ordinary_call_at_their_time(services, who, call):
    at = tomorrow_at(services, 15)
    result = run(
        services, call, "schedule_callback", at=f"{at:%Y-%m-%dT%H:%M}", reason="The blue shoes."
    )
    told = json.loads(result.output)
    assert told["status"] == "scheduled"
    assert "15:00 (America/New_York)" in told["at"]
    (made,) = scheduled(services, who)
    assert made.id == told["call_id"]
    assert made.schedule_at == at
    assert (made.phone_number, made.from_phone_number) == ("+12125550123", factories.FROM_NUMBER)
    assert made.metadata == {"order": 7, "callback_of": call.call_id}
    assert made.request["task"] == call.request.task
    assert "The blue shoes." in made.request["request_data"]["callback"]


def test_a_caller_is_called_back_from_the_number_they_called(services, who, call):
    theirs = replace(call, facts=replace(call.facts, inbound=True), from_number="+12025550177")
    at = f"{tomorrow_at(services, 15):%Y-%m-%dT%H:%M}"
    assert run(services, theirs, "schedule_callback", at=at).status is ToolStatus.SUCCEEDED
    (made,) = scheduled(services, who)
    assert (made.phone_number, made.from_phone_number) == ("+12025550177", "+12125550123")


def test_another_callback_of_the_same_call_moves_it(services, who, call):
    for number, hour in enumerate((15, 16, 17)):
        at = f"{tomorrow_at(services, hour):%Y-%m-%dT%H:%M}"
        run(services, call, "schedule_callback", f"use-{number}", at=at)
    (made,) = scheduled(services, who)
    assert made.schedule_at == tomorrow_at(services, 17)


@pytest.mark.parametrize("at", ["soon", "2020-01-01T10:00", "2099-01-01T10:00"])
def test_a_time_that_cannot_be_is_told_and_nothing_is_scheduled(services, who, call, at):
    result = run(services, call, "schedule_callback", at=at)
    assert (result.status, result.error) == (ToolStatus.REFUSED, "arguments")
    assert scheduled(services, who) == []


def test_the_checks_of_every_call_hold(services, call):
    run(services, call, "add_to_do_not_call")
    at = f"{tomorrow_at(services, 15):%Y-%m-%dT%H:%M}"
    result = run(services, call, "schedule_callback", "use-2", at=at)
    assert (result.status, result.error) == (ToolStatus.FAILED, "not_callable")
    assert "do-not-call" in json.loads(result.output)["error"]


def test_an_account_without_minutes_schedules_nothing(services):
    poor = factories.principal(services, name="Poor", minutes=10)
    call = factories.claimed_call(services, poor, phone_number="+12125550123")
    at = f"{tomorrow_at(services, 15):%Y-%m-%dT%H:%M}"
    result = run(services, call, "schedule_callback", at=at)
    assert (result.status, result.error) == (ToolStatus.FAILED, "insufficient_quota")
