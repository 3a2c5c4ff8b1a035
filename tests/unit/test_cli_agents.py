"""The command line of agents: what it sends, and how it tells what changed."""

import json
from uuid import uuid4

import pytest
from click.testing import CliRunner

from topcalls.cli import calls, main
from topcalls.cli.client import ApiClient

pytestmark = pytest.mark.unit
AGENT_ID = str(uuid4())
ENVIRONMENT = {"TOPCALLS_API_KEY": "tc_test_x"}


class Api:
    """Keeps what was sent, and answers every request alike."""

    def __init__(self, answer):
        self.answer = answer
        self.sent = []

    def get(self, path, **query):
        self.sent.append(("GET", path, query))
        return self.answer

    def post(self, path, body=None):
        self.sent.append(("POST", path, body))
        return self.answer

    def patch(self, path, body):
        self.sent.append(("PATCH", path, body))
        return self.answer


@pytest.fixture
def run(monkeypatch):
    """Runs a command against an API that answers with `answer`."""

    def command(*arguments, answer=None, stdin=None):
        api = Api(answer)
        monkeypatch.setattr(ApiClient, "from_settings", lambda settings: api)
        done = CliRunner().invoke(main, arguments, input=stdin, env=ENVIRONMENT)
        return done, api.sent

    return command


def agent(published=None, draft=None, status="active"):
    return {"published_version": published, "draft_version": draft, "status": status}


@pytest.mark.parametrize(
    ("view", "shown"),
    [
        (agent(draft=1), "unpublished, draft 1"),
        (agent(2), "version 2"),
        (agent(2, 3), "version 2, draft 3"),
        (agent(2, status="archived"), "archived"),
        (agent(status="archived", draft=1), "archived, draft 1"),
    ],
)
def test_the_versions_of_an_agent_in_a_few_words(run, view, shown):
    done, sent = run("agents", "publish", AGENT_ID, answer=view)
    assert (done.exit_code, done.output) == (0, f"{shown}\n")
    assert sent == [("POST", f"/v1/agents/{AGENT_ID}/publish", None)]


def test_a_file_is_sent_as_it_is(run):
    body = {"name": "Desk", "configuration": {"voice": None}}
    done, sent = run("agents", "edit", AGENT_ID, "-", answer=agent(1, 2), stdin=json.dumps(body))
    assert done.exit_code == 0
    assert sent == [("PATCH", f"/v1/agents/{AGENT_ID}", body)]


@pytest.mark.parametrize(("text", "told"), [("{", "is not JSON"), ("[]", "a JSON object")])
def test_a_file_that_holds_no_object_is_not_sent(run, text, told):
    done, sent = run("agents", "create", "-", stdin=text)
    assert (done.exit_code, sent) == (2, [])
    assert told in done.output


def test_an_older_version_is_named_by_its_number(run):
    done, sent = run("agents", "rollback", AGENT_ID, "3", answer=agent(3))
    assert done.exit_code == 0
    assert sent == [("POST", f"/v1/agents/{AGENT_ID}/rollback", {"version": 3})]


def test_the_list_is_one_line_each(run):
    item = {**agent(2), "id": AGENT_ID, "name": "Desk"}
    done, sent = run("agents", "list", "--all", answer={"data": [item], "next_cursor": None})
    assert done.output.split() == [AGENT_ID, "version", "2", "Desk"]
    assert sent == [("GET", "/v1/agents", {"limit": 50, "status": "all"})]


def test_a_difference_is_shown_by_line(run):
    changes = [
        {"path": "task", "kind": "changed", "before": "Be brief.\nBe kind.\nBe done.",
         "after": "Be brief.\nBe very kind.\nBe done."},
        {"path": "max_duration", "kind": "added", "before": None, "after": 3},
        {"path": "recording", "kind": "removed", "before": {"enabled": False}, "after": None},
    ]  # fmt: skip
    answer = {"from_version": 1, "to_version": 2, "changes": changes}
    done, sent = run("agents", "diff", AGENT_ID, "1", answer=answer)
    assert sent == [("GET", f"/v1/agents/{AGENT_ID}/diff", {"from": 1, "to": None})]
    assert done.output.splitlines() == [
        "from version 1 to version 2",
        "task (changed)",
        "   Be brief.",
        "  -Be kind.",
        "  +Be very kind.",
        "   Be done.",
        "max_duration (added)",
        "  +3",
        "recording (removed)",
        "  -{",
        '  -  "enabled": false',
        "  -}",
    ]


def test_a_call_by_an_agent_asks_for_nothing_of_its_own(run):
    arguments = (
        "--agent",
        AGENT_ID,
        "--agent-version",
        "2",
        "--set",
        "patient=Ann=B",
    )
    done, sent = run("call", "+12025550100", "--no-follow", *arguments, answer={"call_id": "c"})
    assert done.exit_code == 0
    body = {
        "phone_number": "+12025550100",
        "agent_id": AGENT_ID,
        "agent_version": 2,
        "request_data": {"patient": "Ann=B"},
    }
    assert sent == [("POST", "/v1/calls", body)]


@pytest.mark.parametrize("pair", ["patient", "=Ann", ""])
def test_a_value_needs_its_name(run, pair):
    done, sent = run("call", "+12025550100", "--set", pair)
    assert (done.exit_code, sent) == (2, [])


def test_further_fields_come_from_a_file_and_options_go_before_them(run, tmp_path):
    file = tmp_path / "body.json"
    file.write_text('{"task": "Sell ten shoes.", "request_data": {"a": "1"}, "priority": 7}')
    _, sent = run("call", "+12025550100", "--body", str(file), "--set", "b=2", "--no-follow")
    assert sent[0][2] == {
        "phone_number": "+12025550100",
        "task": "Sell ten shoes.",
        "request_data": {"a": "1", "b": "2"},
        "priority": 7,
    }
    file.write_text("[]")
    assert run("call", "+12025550100", "--body", str(file))[0].exit_code == 2


def test_a_cassette_is_exported_and_sent(run, tmp_path):
    done, sent = run("calls", "cassette", AGENT_ID, answer={"calls": []})
    assert sent == [("GET", f"/v1/calls/{AGENT_ID}/tool_cassette", {})]
    file = tmp_path / "cassette.json"
    file.write_text(done.output)
    _, sent = run("call", "+12025550100", "--cassette", str(file), "--no-follow")
    assert sent[-1][2]["tool_cassette"] == {"calls": []}


def test_a_call_without_wishes_is_still_the_demonstration():
    assert calls.call_body("+12025550100")["task"] == calls.DEFAULT_TASK
