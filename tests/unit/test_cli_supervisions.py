"""The command line of live calls: what it shows, and what it sends."""

import json
from uuid import uuid4

import pytest
from click.testing import CliRunner

from topcalls.cli import main
from topcalls.cli.client import ApiClient

pytestmark = pytest.mark.unit
ID = str(uuid4())
TALKS = {
    "id": ID,
    "live_code": "4821",
    "started_at": "2026-11-23T14:32:14.871002Z",
    "from_phone_number": "+12025550199",
    "phone_number": "+12025550100",
    "talks_with": "agent",
    "supervisors": [{"extension": "201", "mode": "listen"}],
}
RINGS = TALKS | {
    "live_code": None,
    "started_at": None,
    "from_phone_number": None,
    "talks_with": None,
    "supervisors": [],
}


@pytest.fixture
def run(monkeypatch):
    """Runs a command against an API that answers with `answer`."""

    def command(*arguments, answer=None):
        sent = []

        class Api:
            def get(self, path):
                sent.append(("GET", path))
                return answer

            def post(self, path, body):
                sent.append(("POST", path, body))
                return {"ok": True, "command_id": str(uuid4())}

        monkeypatch.setattr(ApiClient, "from_settings", lambda settings: Api())
        return CliRunner().invoke(main, ["calls", *arguments]), sent

    return command


def test_live_calls_are_shown_with_what_names_them(run):
    shown, sent = run("live", answer={"data": [TALKS, RINGS], "total": 2})
    assert shown.exit_code == 0, shown.output
    assert sent == [("GET", "/v1/calls/live")]
    talks, rings = shown.output.splitlines()
    assert talks.split()[:2] == ["4821", TALKS["started_at"]]
    assert talks.endswith("+12025550199 > +12025550100        agent         201 (listen)")
    assert rings.split() == ["-", "-", "unknown", ">", "+12025550100", "not", "answered"]


def test_more_than_are_shown_are_counted(run):
    shown, _ = run("live", answer={"data": [TALKS], "total": 3})
    assert shown.output.splitlines()[-1] == "and 2 more"


def test_live_calls_as_json(run):
    found = {"data": [TALKS], "total": 1}
    shown, _ = run("live", "--json", answer=found)
    assert json.loads(shown.output) == found


@pytest.mark.parametrize(
    ("options", "mode"), [((), "listen"), (("--mode", "take_over"), "take_over")]
)
def test_a_softphone_is_put_on_a_call(run, options, mode):
    shown, sent = run("supervise", ID, "201", *options)
    assert shown.exit_code == 0, shown.output
    assert sent == [("POST", f"/v1/calls/{ID}/supervise", {"mode": mode, "extension": "201"})]


def test_an_unknown_mode_is_refused_with_those_that_there_are(run):
    shown, sent = run("supervise", ID, "201", "--mode", "spy")
    assert shown.exit_code == 2
    assert "whisper" in shown.output
    assert sent == []
