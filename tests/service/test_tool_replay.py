"""Calls whose tools answer from a cassette: exported by the API, played without asking anybody."""

import json

import factories
import pytest
from api_client import fault_paths

from topcalls.core.tools import ToolRecord, ToolRequest, ToolStatus
from topcalls.errors import ConfigError
from topcalls.services.tool_replay import load_cassette
from topcalls.services.tool_results import ResultTokens
from topcalls.services.tool_runner import ToolRunners

pytestmark = pytest.mark.service
pytest_plugins = ("api_fixtures",)

CASSETTE = {"calls": [{"name": "look_up", "arguments": {"order": 7}, "result": {"status": "lost"}}]}
TOOL = {"name": "look_up", "description": "Looks up.", "url": "https://example.com/look-up"}


def nobody(_):
    raise AssertionError("Somebody was asked.")


def runner(services, call, cassette=None):
    return ToolRunners(
        services.db,
        services.clock,
        services.calls.tools,
        nobody,
        ResultTokens(factories.SECRET_KEY),
        "https://calls.example.com",
        builtin={"add_to_do_not_call": nobody},
        rehearsed=lambda _: cassette,
    ).of(call)


def ask(run, name="look_up", **arguments):
    return run(ToolRequest(ToolRecord("use", name, False, json.dumps(arguments), 0), arguments))


@pytest.fixture
def who(services):
    return factories.principal(services)


def test_a_call_with_a_cassette_asks_nobody(services, who):
    call = factories.claimed_call(services, who, tools=(TOOL,), tool_cassette=CASSETTE)
    run = runner(services, call)
    assert json.loads(ask(run, order=7).output) == {"status": "lost"}
    assert ask(run, order=7).error == "not_in_cassette"
    assert ask(run, "add_to_do_not_call").error == "not_in_cassette"


def test_calls_without_one_take_that_of_the_installation(services, who, tmp_path):
    file = tmp_path / "cassette.json"
    file.write_text(json.dumps({"calls": [{"name": "look_up", "result": "its"}]}))
    cassette = load_cassette(file)
    plain = factories.claimed_call(services, who, tools=(TOOL,))
    assert ask(runner(services, plain, cassette), order=9).output == "its"
    own = factories.claimed_call(services, who, tools=(TOOL,), tool_cassette=CASSETTE)
    assert ask(runner(services, own, cassette), order=9).error == "not_in_cassette"


@pytest.mark.parametrize("content", [None, "nonsense", "[]", '{"calls": [5]}'])
def test_a_file_that_is_no_cassette_is_refused_by_name(tmp_path, content):
    file = tmp_path / "cassette.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(ConfigError, match=r"cassette\.json") as error:
        load_cassette(file)
    assert error.value.field == "tool_cassette"


def test_a_call_is_exported_and_the_export_is_taken(api):
    call = factories.claimed_call(api.services, api.owner, tools=(TOOL,))
    factories.Life(api.services, call).talk(5)
    now = api.services.clock.now()
    used = ToolRecord(
        "use-1",
        "look_up",
        False,
        '{"order":7}',
        900,
        ToolStatus.SUCCEEDED,
        '{"a":1}',
        duration_ms=9,
    )
    api.services.calls.tools.note(call.call_id, used, now)
    exported = api.get(f"/v1/calls/{call.call_id}/tool_cassette")
    assert exported.status_code == 200
    assert exported.json["calls"][0]["result"] == {"a": 1}
    made = api.create(tools=[TOOL], tool_cassette={**exported.json, "timing": "recorded"})
    assert made.status_code == 201
    shown = api.get(made.headers["Location"]).json["configuration"]["tool_cassette"]
    assert shown["calls"] == exported.json["calls"]


def test_a_cassette_of_nobodys_call_is_not_found_and_a_wrong_one_refused_with_its_place(api):
    missing = "0b0ea4ec-3d2c-4c1d-9a2f-6c1f0a6f3d11"
    assert api.get(f"/v1/calls/{missing}/tool_cassette").status_code == 404
    wrong = {"calls": [{"name": "look_up"}]}
    assert fault_paths(api.create(tool_cassette=wrong)) == ["tool_cassette.calls.0.result"]
    assert api.nothing_was_done()
