"""The command line as a client: what it refuses to send, and how it tells what came back."""

import json
from uuid import uuid4

import click
import pytest
from click.testing import CliRunner

from topcalls.cli import follow, main
from topcalls.cli.client import ApiClient, ApiError
from topcalls.cli.follow import CallFollower, summary
from topcalls.errors import ConfigError

pytestmark = pytest.mark.unit
CALL_ID = str(uuid4())


def details(**more):
    return {
        "id": CALL_ID,
        "status": "completed",
        "call_status": "completed",
        "end_reason": "agent_ended",
        "error_message": None,
        "started_at": "2026-11-23T12:00:00+00:00",
        "completed": True,
        "duration": 0.5,
        "transcript": [
            {"id": 1, "user": "assistant", "text": "Hello.", "started_ms": 100},
            {"id": 2, "user": "user", "text": "Goodbye.", "started_ms": 2000},
        ],
        "timings": [],
        "tool_calls": [
            {
                "id": "use-1",
                "name": "look_up",
                "status": "failed",
                "error": "timeout",
                "called_ms": 1500,
                "duration_ms": 400,
            },
            {"id": "use-2", "name": "look_up", "status": "running"},
        ],
        "recording_url": None,
        **more,
    }


EVENTS = [
    {"from_state": "queued", "to_state": "dispatching", "at": "2026-11-23T11:59:58+00:00"},
    {"from_state": "ringing", "to_state": "answered", "at": "2026-11-23T12:00:00+00:00"},
    {"from_state": "in_progress", "to_state": "ending", "at": "2026-11-23T12:00:01+00:00"},
]


class Api:
    """Answers like the API; the first `failures` requests find nobody."""

    def __init__(self, call, failures=0):
        self.call = call
        self.failures = failures

    def get(self, path):
        if self.failures:
            self.failures -= 1
            raise ApiError("The API cannot be reached.")
        return {"data": EVENTS} if path.endswith("/events") else self.call


@pytest.fixture
def run(monkeypatch, tmp_path):
    """Run a command in an empty directory with this environment."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments, **environment):
        return CliRunner().invoke(main, arguments, env={"TOPCALLS_API_PORT": "1", **environment})

    return run


@pytest.mark.parametrize("key", ["tc_test_ä", "tc_test_a\nb"])
def test_a_key_that_cannot_be_one_is_refused_without_being_shown(key):
    with pytest.raises(ConfigError) as refused:
        ApiClient("http://127.0.0.1:8080", key)
    assert key not in str(refused.value)
    assert refused.value.field == "api_key"


def test_an_address_without_a_scheme_is_refused():
    with pytest.raises(ConfigError) as refused:
        ApiClient("calls.example.com", "tc_test_x")
    assert refused.value.field == "public_url"


def test_a_shown_call_is_told_in_the_order_of_time():
    lines = []
    CallFollower(Api(details()), CALL_ID, lines.append).show(details())
    words = [click.unstyle(line).split("  ")[-1].strip() for line in lines]
    tool = "look_up failed: timeout after 400 ms"
    assert [word.removeprefix("tool    ") for word in words] == [
        *("dialling", "answered", "Hello.", "hanging up"),
        *(tool, "Goodbye."),
    ]


def test_an_api_that_is_started_again_is_waited_for(monkeypatch):
    monkeypatch.setattr(follow, "POLL_SECONDS", 0.001)
    lines = []
    assert CallFollower(Api(details(), failures=3), CALL_ID, lines.append).follow() == details()
    assert len(lines) == 6


def test_an_api_that_stays_away_is_told(monkeypatch):
    monkeypatch.setattr(follow, "POLL_SECONDS", 0.001)
    monkeypatch.setattr(follow, "RECONNECT_SECONDS", 0.003)
    with pytest.raises(ApiError):
        CallFollower(Api(details(), failures=100), CALL_ID).follow()


def test_a_call_that_goes_on_has_no_outcome_yet():
    going = details(status="in_progress", call_status="in-progress", duration=None)
    assert next(summary(going, [])) == "  Not over    in-progress"
    assert "completed (agent_ended), 30.0 s" in next(summary(details(), []))


@pytest.mark.parametrize("verb", ["show", "stop"])
def test_what_is_no_call_id_is_not_asked_for(run, verb):
    done = run("calls", verb, "../account", TOPCALLS_API_KEY="tc_test_x")
    assert done.exit_code == 2
    assert "CALL_ID" in done.output


def test_an_unreachable_api_is_one_sentence(run):
    done = run("calls", "stop", CALL_ID, TOPCALLS_API_KEY="tc_test_x")
    assert done.exit_code == 1
    assert done.output.startswith("Error: The API at http://127.0.0.1:1 cannot be reached")
    assert len(done.output.splitlines()) == 1


def test_an_account_needs_a_name(run):
    assert "needs a name" in run("accounts", "create", " ").output


def test_openapi_is_printed_without_settings(run, tmp_path):
    assert json.loads(run("openapi").output)["openapi"].startswith("3.0")
    assert list(tmp_path.iterdir()) == []


def test_tools_of_a_call_are_read_from_a_file(monkeypatch, tmp_path):
    sent = []

    class Created:
        def post(self, path, body):
            sent.append(body)
            return {"call_id": CALL_ID}

    monkeypatch.setattr(ApiClient, "from_settings", lambda settings: Created())
    file = tmp_path / "tools.json"
    file.write_text('[{"name": "look_up"}]')
    arguments = ("call", "+12025550100", "--tools", str(file), "--no-follow")
    assert CliRunner().invoke(main, arguments).output == f"{CALL_ID}\n"
    assert sent[0]["tools"] == [{"name": "look_up"}]
    file.write_text("{}")
    refused = CliRunner().invoke(main, arguments)
    assert (refused.exit_code, "must hold a JSON list" in refused.output) == (2, True)


LEFT = {"call_summary": None, "disposition": None, "recording_url": None, "transcript": []}
DELIVERY = {
    "event": "call.completed",
    "url": "https://example.com/h",
    "attempts": 0,
    "status": "pending",
    "created_at": "2026-11-23T12:00:43.000000Z",
}


def test_a_webhook_that_is_sent_later_is_told_so_and_not_waited_for():
    due = {**DELIVERY, "next_attempt_at": "2026-11-23T12:00:57.100000Z"}

    class Api:
        asked = 0

        def get(self, _):
            self.asked += 1
            return {"data": [due]}

    api = Api()
    assert CallFollower(api, "c1").deliveries() == [due]
    assert api.asked == 1
    *_, line = summary(details(**LEFT), [due])
    assert "call.completed: will be sent at 12:00:57 UTC, to https://example.com/h" in line


def test_a_webhook_that_was_tried_is_told_with_its_attempts():
    tried = {**DELIVERY, "attempts": 1, "status": "delivered", "next_attempt_at": None}
    *_, line = summary(details(**LEFT), [tried])
    assert "call.completed: delivered after 1 attempt(s)" in line
