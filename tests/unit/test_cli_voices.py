"""The command line of voices: what it sends, and what it shows."""

import json
from uuid import uuid4

import pytest
from click.testing import CliRunner

from topcalls.cli import main
from topcalls.cli.client import ApiClient

pytestmark = pytest.mark.unit
ID = str(uuid4())
VOICE = {"id": ID, "name": "Anna", "state": "ready", "error": None}


@pytest.fixture
def run(monkeypatch):
    """Runs a command against an API that gives these answers."""

    def command(*arguments, answers=()):
        sent, left = [], list(answers)

        class Api:
            def get(self, path, **query):
                sent.append(("GET", path, query))
                return left.pop(0)

            def download(self, path, **query):
                sent.append(("GET", path, query))
                return left.pop(0)

            def upload(self, path, fields, files):
                sent.append(("POST", path, fields, files))
                return left.pop(0)

            def delete(self, path):
                sent.append(("DELETE", path))
                return left.pop(0)

        monkeypatch.setattr(ApiClient, "from_settings", lambda settings: Api())
        return CliRunner().invoke(main, ["voices", *arguments]), sent

    return command


def test_own_voices_tell_what_is_wrong(run):
    failed = VOICE | {"state": "failed", "error": "Clone it again."}
    listed, _ = run("list", answers=[{"data": [VOICE, failed]}])
    first, second = listed.output.splitlines()
    assert first == f"{ID}  ready       Anna"
    assert second.endswith("Anna  Clone it again.")
    as_json, _ = run("list", "--json", answers=[{"data": [VOICE]}])
    assert json.loads(as_json.output) == {"data": [VOICE]}


def test_built_in_voices_come_from_every_page(run):
    alloy = {"id": "alloy", "provider": "openai", "gender": None, "name": "Alloy"}
    alloy["modes"] = ["realtime", "legacy"]
    pages = [{"data": [alloy], "next_cursor": "c"}, {"data": [alloy], "next_cursor": None}]
    listed, sent = run("builtin", "--language", "de", answers=pages)
    assert listed.exit_code == 0, listed.output
    assert len(listed.output.splitlines()) == 2
    assert listed.output.split() == ["alloy", "openai", "-", "realtime+legacy", "Alloy"] * 2
    assert [query["cursor"] for _, _, query in sent] == [None, "c"]
    assert {query["language"] for _, _, query in sent} == {"de"}


def test_a_voice_is_cloned_with_the_consent(run, tmp_path):
    one, two = tmp_path / "one.mp3", tmp_path / "two.bin"
    one.write_bytes(b"ID3 sound")
    two.write_bytes(b"whatever")
    options = ("--consent", "I agree.", "--consent-by", "Anna Meier", "--language", "en-GB")
    made, sent = run(
        "clone", "Anna", str(one), str(two), *options, "--remove-background-noise", answers=[VOICE]
    )
    assert made.exit_code == 0, made.output
    assert ID in made.output
    [(_, path, fields, files)] = sent
    assert path == "/v1/voices"
    assert dict(fields) == {
        "name": "Anna",
        "consent": "I agree.",
        "consent_by": "Anna Meier",
        "language": "en-GB",
        "remove_background_noise": "true",
    }
    assert [tuple(file) for file in files] == [
        ("samples", "one.mp3", b"ID3 sound", "audio/mpeg"),
        ("samples", "two.bin", b"whatever", "application/octet-stream"),
    ]


def test_nothing_is_cloned_without_consent_or_samples(run, tmp_path):
    sample = tmp_path / "one.mp3"
    sample.write_bytes(b"ID3")
    for arguments in (("Anna", str(sample)), ("Anna", "--consent", "Yes.", "--consent-by", "A")):
        refused, sent = run("clone", *arguments)
        assert (refused.exit_code, sent) == (2, [])


@pytest.mark.parametrize(
    ("voice", "path"),
    [
        (ID, f"/v1/voices/{ID}/preview"),
        ("rachel", "/v1/voices/builtin/rachel/preview"),
        ("a/b", "/v1/voices/builtin/a%2Fb/preview"),
    ],
)
def test_a_preview_is_written(run, tmp_path, voice, path):
    file = tmp_path / "voice.wav"
    heard, sent = run("preview", voice, "-o", str(file), "--text", "Hi", answers=[b"RIFF"])
    assert heard.exit_code == 0, heard.output
    assert file.read_bytes() == b"RIFF"
    assert sent == [("GET", path, {"text": "Hi", "language": None})]


def test_all_of_one_voice(run):
    shown, sent = run("show", ID, answers=[VOICE])
    assert json.loads(shown.output) == VOICE
    assert sent == [("GET", f"/v1/voices/{ID}", {})]


def test_one_is_deleted_once_confirmed(run):
    kept, sent = run("delete", ID)
    assert (kept.exit_code, sent) == (1, [])
    gone, sent = run("delete", ID, "--yes", answers=[VOICE | {"state": "deleting"}])
    assert "deleting" in gone.output
    assert sent == [("DELETE", f"/v1/voices/{ID}")]
