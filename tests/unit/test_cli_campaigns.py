"""The command line of campaigns: what it sends, and what it shows."""

import json
from uuid import uuid4

import pytest
from click.testing import CliRunner

from topcalls.api import campaign_examples as examples
from topcalls.cli import main
from topcalls.cli.client import ApiClient

pytestmark = pytest.mark.unit
ID, LEAD = str(uuid4()), str(uuid4())
BASE = "/v1/campaigns"


@pytest.fixture
def run(monkeypatch, tmp_path):
    """Runs a command against an API that answers with `answer`."""

    def command(*arguments, answer=None, body=None):
        sent = []

        class Api:
            def get(self, path, **query):
                sent.append(("GET", path, {k: v for k, v in query.items() if v is not None}))
                return answer

            def post(self, path, body=None):
                sent.append(("POST", path, body))
                return answer

            def patch(self, path, body):
                sent.append(("PATCH", path, body))
                return answer

            def delete(self, path):
                sent.append(("DELETE", path))
                return answer

        monkeypatch.setattr(ApiClient, "from_settings", lambda settings: Api())
        if body is not None:
            file = tmp_path / "body.json"
            file.write_text(json.dumps(body))
            arguments = [*arguments, str(file)]
        return CliRunner().invoke(main, ["campaign", *arguments]), sent

    return command


def test_a_draft_is_made_of_a_file(run):
    done, sent = run("create", body={"name": "Spring"}, answer={"id": ID})
    assert done.output == f"{ID}\n"
    assert sent == [("POST", BASE, {"name": "Spring"})]


@pytest.mark.parametrize("verb", ["start", "pause", "resume", "stop", "archive"])
def test_moves(run, verb):
    done, sent = run(verb, ID, answer={"ok": True, "status": "running"})
    assert done.output == "running\n"
    assert sent == [("POST", f"{BASE}/{ID}/{verb}", None)]


def test_the_list(run):
    done, sent = run("list", "--status", "draft", "--archived", answer=examples.PAGE)
    assert done.output == f"{examples.DRAFT['id']}  draft      Spring check-ups\n"
    assert sent == [("GET", BASE, {"limit": 50, "status": "draft", "archived": "all"})]


def test_a_preview_is_shown_in_words(run):
    done, sent = run("edit", ID, "--preview", body={"pacing": {}}, answer=examples.PREVIEW)
    assert done.output.splitlines() == [
        "pacing.max_concurrent: 20 -> 5 (at once)",
        "12 calls that wait or run stay as they are",
    ]
    assert sent == [("POST", f"{BASE}/{ID}/preview", {"pacing": {}})]
    nothing = {**examples.PREVIEW, "changes": [], "calls_open": 0}
    done, _ = run("edit", ID, "--preview", body={"name": "x"}, answer=nothing)
    assert done.output == "nothing changes\n"
    wrong = {**nothing, "errors": [{"path": "weight", "message": "Must be from 1 to 100."}]}
    done, _ = run("edit", ID, "--preview", body={"weight": 0}, answer=wrong)
    assert (done.exit_code, done.output) == (1, "refused: weight: Must be from 1 to 100.\n")


def test_an_edit(run):
    answer = {"status": "running", "revision": 4}
    done, sent = run("edit", ID, body={"weight": 2}, answer=answer)
    assert done.output == "running, revision 4\n"
    assert sent == [("PATCH", f"{BASE}/{ID}", {"weight": 2})]


def test_what_a_campaign_lacks(run):
    done, _ = run("check", ID, answer=examples.UNREADY)
    assert done.exit_code == 1
    assert done.output.startswith("list_ids: There is nobody to call")
    done, _ = run("check", ID, answer={"ready": True, "problems": [], "warnings": []})
    assert (done.exit_code, done.output) == (0, "ready\n")


def test_how_far_it_is(run):
    done, _ = run("watch", ID, "--once", answer=examples.DETAILS)
    assert done.output == (
        "paused · 315 of 1200 done · 2 held · 12 open calls · 292 of 511 connected · "
        "201 conversions · "
        "carrier_failures: 62 % of 40 calls by carrier Main failed.\n"
    )


def test_contacts(run):
    done, sent = run("contacts", ID, "--status", "waiting", answer=examples.CONTACTS)
    assert done.output.split() == [
        examples.ADD["lead_ids"][0],
        "waiting",
        "1",
        "no_answer",
        "2030-04-01T16:40:12.000000Z",
    ]
    assert sent == [("GET", f"{BASE}/{ID}/contacts", {"status": "waiting", "limit": 50})]
    done, _ = run("contact", ID, LEAD, answer=examples.CONTACT)
    assert [line.split()[1] for line in done.output.splitlines()] == [
        "enrolled",
        "call_created",
        "dialled",
        "call_ended",
        "call_again",
    ]
    done, sent = run("contact", ID, LEAD, "--remove", answer=examples.REMOVED)
    assert done.output == "removed\n"
    assert sent == [("DELETE", f"{BASE}/{ID}/contacts/{LEAD}")]
