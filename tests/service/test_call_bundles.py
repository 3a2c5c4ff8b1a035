"""A call in one file: everything is in it, and nothing that is anybody's."""

import errno
import json
import os
import zipfile
from contextlib import contextmanager
from pathlib import Path

import factories
import pytest
from click.testing import CliRunner

from topcalls import compose
from topcalls.cli import main
from topcalls.core.call_events import BridgeFailed
from topcalls.core.tools import ToolRecord, ToolStatus
from topcalls.core.transcript import Turn
from topcalls.services import bundle_file

pytestmark = pytest.mark.service
KEY = "sk-live-0123456789abcdef"
SAID = "My name is Annabel Millerton and I live at 4 Elm Street."
PRIVATE = (
    *(
        factories.NUMBER,
        factories.NUMBER.removeprefix("+"),
        factories.FROM_NUMBER.removeprefix("+"),
    ),
    *("Annabel", "Millerton", "Elm Street", "vip customer", "order of roses", "secret-path"),
    *(KEY, "hunter2-hunter2", "whether the appointment"),
)
PARTS = {
    *("manifest.json", "call.json", "trail.json", "dials.json", "decisions.json"),
    *("transcript.json", "timings.json", "tool_calls.json", "transfers.json", "webhooks.json"),
    *("wrap_up.json", "rca.txt", "rca.json"),
}


@pytest.fixture
def life(services):
    """A call that failed, full of what is nobody else's business."""
    who = factories.principal(services)
    call = factories.claimed_call(
        services,
        who,
        webhook_url="https://shop.example.com/secret-path",
        request_data={"customer_name": "Annabel Millerton", "rank": 4711},
        metadata={"note": "vip customer"},
    )
    life = factories.Life(services, call).talk(20)
    now = services.clock.now()
    services.calls.append_turn(life.call_id, Turn(0, "user", SAID, 1200, 5600), now)
    used = ToolRecord(
        "t1",
        "order",
        False,
        '{"of": "order of roses"}',
        5000,
        ToolStatus.FAILED,
        error="Nobody knows Annabel Millerton.",
        output='{"token": "hunter2-hunter2"}',
    )
    services.calls.tools.note(life.call_id, used, now)
    life.take(BridgeFailed(f"The key {KEY} is over its limit, said {factories.NUMBER}."))
    return life.hang_up()


@pytest.fixture
def command(services, monkeypatch, tmp_path):
    """Runs `topcalls bundle` on the rows of the test; the exit code, and the bundle if there is
    one."""
    monkeypatch.setenv("TOPCALLS_DATA_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("OPENAI_API_KEY", "")
    monkeypatch.setenv("TOPCALLS_OPENAI_API_KEY", KEY)
    monkeypatch.setenv("TOPCALLS_DATABASE_URL", "postgresql://ann:hunter2-hunter2@db/topcalls")
    monkeypatch.setenv("TOPCALLS_SECRET_KEY", factories.SECRET_KEY)

    @contextmanager
    def kept(opened):
        yield opened

    monkeypatch.setattr(compose, "open_services", lambda settings: services)
    monkeypatch.setattr("topcalls.cli.bundle.closing", kept)

    def run(call_id, *arguments):
        path = tmp_path / "bundle.zip"
        done = CliRunner().invoke(main, ["bundle", call_id, "-o", str(path), *arguments])
        return done, path

    return run


def contents(path):
    with zipfile.ZipFile(path) as bundle:
        return {name: bundle.read(name) for name in bundle.namelist()}


def test_every_part_is_there_and_listed_with_its_digest(life, command):
    done, path = command(life.call_id)
    assert done.exit_code == 0, done.output
    files = contents(path)
    assert set(files) == PARTS
    manifest = json.loads(files["manifest.json"])
    assert {one["name"] for one in manifest["parts"]} == PARTS - {"manifest.json"}
    assert manifest["call_id"] == life.call_id
    assert manifest["redacted"] is True
    assert manifest["missing"] == ["switch.log", "trace.jsonl"]
    assert manifest["settings"]["openai_api_key"] == "set"
    assert manifest["settings"]["database_url"] == "postgresql://db/topcalls"
    assert manifest["versions"]["topcalls"]
    assert path.stat().st_mode & 0o077 == 0
    for name in ("transcript", "tool_calls", "trail", "webhooks"):
        assert json.loads(files[f"{name}.json"]), name


def test_nothing_of_anybodys_is_in_it(life, command, tmp_path):
    trace = tmp_path / "var" / "traces" / f"{life.call_id}.jsonl"
    trace.parent.mkdir(parents=True)
    trace.write_text(json.dumps({"way": "provider.in", "frame": {"transcript": SAID}}) + "\n")
    log = tmp_path / "switch.log"
    log.write_text(f"{life.channel_uuid} 2026-11-23 12:00:00.1 [X] to {factories.NUMBER} {SAID}\n")
    done, path = command(life.call_id, "--switch-log", str(log))
    assert done.exit_code == 0, done.output
    files = contents(path)
    assert set(files) == PARTS | {"switch.log", "trace.jsonl"}
    everything = b"\n".join([path.read_bytes(), *files.values()])
    found = [word for word in (*PRIVATE, factories.SECRET_KEY) if word.encode() in everything]
    assert found == []
    assert b"4711" not in files["call.json"]
    (turn,) = json.loads(files["transcript.json"])
    assert turn["text"] == f"<{len(SAID)} characters>"
    assert (turn["role"], turn["started_ms"]) == ("user", 1200)
    assert b"provider_failed.broke" in files["rca.txt"]
    call = json.loads(files["call.json"])
    assert (call["state"], call["end_reason"]) == ("failed", "provider_failed")


def test_unredacted_keeps_words_and_numbers_but_no_secret(life, command):
    done, path = command(life.call_id, "--unredacted")
    assert done.exit_code == 0, done.output
    files = contents(path)
    assert json.loads(files["manifest.json"])["redacted"] is False
    assert SAID.encode() in files["transcript.json"]
    assert factories.NUMBER.encode() in files["call.json"]
    everything = b"\n".join(files.values())
    for secret in (KEY, factories.SECRET_KEY):
        assert secret.encode() not in everything


def test_a_call_that_goes_on_and_one_that_is_unknown(services, command):
    who = factories.principal(services)
    life = factories.Life(services, factories.claimed_call(services, who)).talk(3)
    done, path = command(life.call_id)
    assert done.exit_code == 0, done.output
    assert json.loads(contents(path)["rca.json"])["finding"]["rule"] == "open.in_progress"
    path.unlink()
    done, path = command("00000000-0000-4000-8000-000000000000")
    assert (done.exit_code, path.exists()) == (1, False)
    assert "no call of this id" in done.output
    done, path = command(life.call_id, "--with-audio")
    assert (done.exit_code, path.exists()) == (1, False)
    assert "without --with-audio" in done.output


def full(descriptor):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_is_told_and_nothing_half_is_left(life, command, monkeypatch):
    _, path = command(life.call_id)
    before = path.read_bytes()
    monkeypatch.setattr(bundle_file.os, "fsync", full)
    done, path = command(life.call_id)
    assert done.exit_code == 1
    assert "No space left on device" in done.output
    assert "Make room there" in done.output
    assert path.read_bytes() == before
    assert [one.name for one in path.parent.glob("*.part")] == []
    assert [one.name for one in path.parent.glob(".*")] == []


def test_a_place_that_is_not_there_is_told(life, command, tmp_path):
    done, _ = command(life.call_id, "-o", str(tmp_path / "nowhere" / "it.zip"))
    assert done.exit_code == 1
    assert "No such file or directory" in done.output
    assert not Path("nowhere").exists()
