"""Rules tried and runs begun on the command line, and transcripts taken away."""

import json

import pytest
from click.testing import CliRunner

from topcalls.api import analysis_examples as examples
from topcalls.cli import main
from topcalls.cli.client import ApiClient

pytestmark = pytest.mark.unit
RUN_ID = examples.RUN["id"]


@pytest.fixture
def sent(monkeypatch):
    """What was sent to the API, which answers as in the reference."""
    sent = []

    class Api:
        def get(self, path, **query):
            sent.append(("GET", path, query))
            return examples.RUN

        def post(self, path, body=None):
            sent.append(("POST", path, body))
            return examples.PREVIEW if path.endswith("preview") else examples.RUN

        def download(self, path, **query):
            sent.append(("GET", path, query))
            return b"[00:00.1] Agent: Hi.\n"

    monkeypatch.setattr(ApiClient, "from_settings", classmethod(lambda *_: Api()))
    return sent


def ran(*arguments, code=0):
    result = CliRunner().invoke(main, list(arguments))
    assert result.exit_code == code, result.output
    return result.output


def file(tmp_path, content):
    path = tmp_path / "rules.json"
    path.write_text(content)
    return str(path)


def test_a_preview_shows_rules_and_outcomes(sent, tmp_path):
    shown = ran("analysis", "preview", file(tmp_path, json.dumps(examples.PREVIEW_BODY)))
    assert sent == [("POST", "/v1/analysis/preview", examples.PREVIEW_BODY)]
    assert "190 calls, 9 with another disposition" in shown
    assert "> -                    > unhappy                   9" in shown


@pytest.mark.parametrize("apply", [False, True])
def test_a_run_is_begun(sent, tmp_path, apply):
    path = file(tmp_path, '{"summary": {}}')
    shown = ran("analysis", "run", path, *(["--apply"] if apply else []))
    body = {"summary": {}, "apply": True} if apply else {"summary": {}}
    assert sent == [("POST", "/v1/analysis/runs", body)]
    assert shown == f"{RUN_ID}  190 calls\n"


@pytest.mark.parametrize("command", ["show", "apply", "cancel"])
def test_a_run_is_shown(sent, command):
    shown = ran("analysis", command, RUN_ID)
    assert sent[0][1].startswith(f"/v1/analysis/runs/{RUN_ID}")
    assert "done, not applied" in shown
    assert "9 changed" in shown


@pytest.mark.parametrize("content", ["{", "[]"])
def test_a_file_that_is_no_body_is_refused(sent, tmp_path, content):
    assert "JSON" in ran("analysis", "run", file(tmp_path, content), code=2)
    assert sent == []


def test_a_transcript_is_taken_away(sent):
    shown = ran("calls", "transcript", RUN_ID, "--format", "srt")
    assert sent == [("GET", f"/v1/calls/{RUN_ID}/transcript", {"format": "srt"})]
    assert shown == "[00:00.1] Agent: Hi.\n"
