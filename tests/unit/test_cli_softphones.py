"""The command line of softphones: what it sends, and what it shows."""

from uuid import uuid4

import pytest
from click.testing import CliRunner

from topcalls.cli import main
from topcalls.cli.client import ApiClient

pytestmark = pytest.mark.unit
ID = str(uuid4())
PHONE = {"id": ID, "extension": "201", "username": "201-abcdef", "name": "Ann", "registered_at": []}


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
                return answer

            def delete(self, path):
                sent.append(("DELETE", path))

        monkeypatch.setattr(ApiClient, "from_settings", lambda settings: Api())
        return CliRunner().invoke(main, ["softphones", *arguments]), sent

    return command


def test_a_password_is_shown_when_it_is_made(run):
    made, sent = run("add", "201", "--name", "Ann", answer=PHONE | {"password": "secret-word"})
    assert made.exit_code == 0, made.output
    assert "secret-word" in made.output
    assert sent == [
        ("POST", "/v1/softphones", {"extension": "201", "name": "Ann", "may_supervise": True})
    ]


def test_one_that_may_not_listen(run):
    _, sent = run("add", "202", "--no-supervisor", answer=PHONE | {"password": "x"})
    assert sent[0][2] == {"extension": "202", "may_supervise": False}


def test_the_list_tells_where_each_is(run):
    there = PHONE | {"extension": "202", "name": None, "registered_at": ["node-1", "node-2"]}
    listed, _ = run("list", answer={"data": [PHONE, there]})
    first, second = listed.output.splitlines()
    assert "not registered" in first
    assert first.endswith("Ann")
    assert "node-1, node-2" in second


def test_one_is_forgotten(run):
    gone, sent = run("delete", ID)
    assert gone.exit_code == 0
    assert sent == [("DELETE", f"/v1/softphones/{ID}")]
