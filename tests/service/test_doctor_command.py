"""The doctor as a whole: dead and frozen peers, crashes, secrets, text, JSON and exit codes."""

import json
import os
import sys
import time
from contextlib import ExitStack

import gevent
import pytest
from click.testing import CliRunner
from doctor_rig import by_check, dead_port, frozen_peer, levels

from topcalls.cli.root import main
from topcalls.clock import SystemClock
from topcalls.compose import check_runner, doctor
from topcalls.compose.check_runner import Check, run
from topcalls.config import Settings
from topcalls.core.checkup import Level, ok, refused
from topcalls.errors import ConfigError
from topcalls.sandbox import speech_engines

pytestmark = pytest.mark.service
SECRETS = ("esl-password-1", "sk-secret-2", "database-secret-3", "queue-secret-4")
NUMBER = "+12025550199"


@pytest.fixture
def live(tmp_path):
    """Settings of a live installation whose peers are at the given ports."""

    def make(esl, openai, postgres, redis, **more):
        return Settings.model_validate(
            {
                "data_dir": tmp_path / "var",
                "playback_dir": tmp_path / "playback",
                "esl_host": "127.0.0.1",
                "esl_port": esl,
                "esl_password": SECRETS[0],
                "gateway": "trunk",
                "openai_api_key": SECRETS[1],
                "openai_base_url": f"http://127.0.0.1:{openai}/v1",
                "database_url": f"postgresql://me:{SECRETS[2]}@127.0.0.1:{postgres}/x",
                "queue_url": f"redis://:{SECRETS[3]}@127.0.0.1:{redis}/0",
                "from_number": NUMBER,
                **more,
            }
        )

    pytest.importorskip("psycopg")
    pytest.importorskip("redis")
    return make


PEERS = ("database", "queue", "switch", "ai_server")


def assert_nothing_told(text):
    for secret in (*SECRETS, NUMBER):
        assert secret not in text


def test_every_peer_is_dead(live):
    findings = doctor.diagnose(live(*(dead_port() for _ in PEERS)))
    found = levels(findings)
    assert {name for name in found if found[name] is Level.FAULT} == set(PEERS)
    assert found["data_dir"] is Level.OK
    assert found["media_address"] is Level.OK
    assert_nothing_told(repr(findings))


def test_every_peer_accepts_and_never_answers(live):
    begun = time.monotonic()
    with ExitStack() as peers, gevent.Timeout(20):
        ports = [peers.enter_context(frozen_peer()) for _ in PEERS]
        findings = doctor.diagnose(live(*ports))
    found = levels(findings)
    assert {name for name in found if found[name] is Level.FAULT} == set(PEERS)
    assert time.monotonic() - begun < 15
    assert_nothing_told(repr(findings))


def test_a_peer_that_echoes_everything_tells_nothing(live):
    """An error text may repeat what was sent."""
    settings = live(dead_port(), dead_port(), "not-a-port", dead_port())
    assert_nothing_told(repr(doctor.diagnose(settings)))


def test_no_check_takes_longer_than_all_may(live):
    files = doctor.LocalFiles(None, None)
    checks = doctor.Doctor(live(1, 2, 3, 4), files, SystemClock()).checks()
    assert max(check.seconds for check in checks) < check_runner.MOST_SECONDS < 15


# --- the runner


def checked(*checks, secrets=()):
    return run(list(checks), secrets, SystemClock())


def test_findings_come_in_the_order_of_the_checks():
    def late():
        gevent.sleep(0)
        yield ok("first", "a")

    findings = checked(Check("x", 1, late), Check("y", 1, lambda: [ok("second", "b")]))
    assert [finding.check for finding in findings] == ["first", "second"]


@pytest.mark.parametrize("blocking", [False, True])
@pytest.mark.parametrize("error", [ZeroDivisionError("top-secret"), ConfigError("Wrong key.")])
def test_a_check_that_breaks_is_a_fault_and_stops_no_other(blocking, error, capfd):
    def broken():
        yield ok("before", "told")
        raise error

    findings = checked(
        Check("broken", 1, broken, blocking), Check("other", 1, lambda: [ok("other", "fine")])
    )
    found = by_check(findings)
    assert found["broken"].level is Level.FAULT
    assert "top-secret" not in found["broken"].found
    assert found["other"].level is Level.OK
    assert ("before" in found) == (not blocking)
    assert "Traceback" not in "".join(capfd.readouterr())


def test_a_check_that_hangs_keeps_what_it_found():
    def hanging():
        yield ok("begun", "yes")
        gevent.event.Event().wait()

    findings = checked(Check("hanging", 0.05, hanging))
    assert levels(findings) == {"begun": Level.OK, "hanging": Level.FAULT}
    assert "0.05 s" in findings[-1].found


def test_a_thread_that_hangs_is_left_behind():
    """A system call on a dead network disk cannot be interrupted."""
    never = gevent.monkey.get_original("threading", "Lock")()
    never.acquire()

    def stuck():
        never.acquire()
        return []

    begun = time.monotonic()
    findings = checked(
        Check("disk", 0.05, stuck, blocking=True),
        Check("other", 1, lambda: [ok("other", "fine")], blocking=True),
    )
    never.release()
    assert levels(findings) == {"disk": Level.FAULT, "other": Level.OK}
    assert time.monotonic() - begun < 1


def test_secrets_are_hidden_from_whoever_finds_them():
    findings = checked(Check("x", 1, lambda: [ok("x", "it is hunter22")]), secrets=["hunter22"])
    assert findings[0].found == "it is ***"


# --- the command


@pytest.fixture
def command(tmp_path, monkeypatch):
    """`topcalls doctor` in a directory of its own, as a pipe reads it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TOPCALLS_DATA_DIR", raising=False)
    monkeypatch.setattr("topcalls.log.configure", lambda *_, **__: None)

    def invoke(*arguments, **environment):
        given = {"TOPCALLS_PLAYBACK_DIR": str(tmp_path / "playback"), **environment}
        return CliRunner().invoke(main, ["doctor", *arguments], env=given)

    return invoke


def test_a_fresh_clone_has_warnings_and_stays_as_it_was(command, tmp_path):
    result = command()
    assert result.exit_code == 0, result.output
    assert "topcalls run" in result.output
    assert "\x1b[" not in result.output
    assert list(tmp_path.iterdir()) == []


def test_json_tells_the_same(command):
    result = command("--json")
    report = json.loads(result.output)
    assert report["status"] == "warning"
    assert report["faults"] == 0
    assert report["ok"] + report["warnings"] == len(report["checks"])
    for check in report["checks"]:
        assert set(check) == {"check", "status", "found", "remedy", "seconds"}
        assert (check["remedy"] is None) == (check["status"] == "ok")


def test_a_fault_fails_the_command(command, tmp_path):
    (tmp_path / "var").write_text("in the way")
    result = command()
    assert result.exit_code == 1
    line = next(line for line in result.output.splitlines() if " data_dir " in line)
    assert line.startswith("fault")


def test_settings_that_do_not_load_are_a_finding(command):
    result = command("--json", TOPCALLS_API_PORT="eighty")
    assert result.exit_code == 1
    found = {check["check"]: check for check in json.loads(result.output)["checks"]}
    assert found["settings"]["status"] == "fault"
    assert "api_port" in found["settings"]["found"]
    assert found["zones"]["status"] == "ok"


def test_a_package_that_is_missing_is_a_finding(command, monkeypatch):
    for name in [name for name in sys.modules if name.startswith("topcalls.compose.doctor")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "topcalls.compose.check_runner", None)
    result = command("--json")
    assert result.exit_code == 1
    (found,) = json.loads(result.output)["checks"]
    assert (found["check"], found["status"]) == ("packages", "fault")
    assert "check_runner" in found["found"]
    assert found["remedy"]


@pytest.mark.parametrize(
    "error", [ConfigError("Wrong key."), ConfigError("Wrong.", remedy="Mend.")]
)
def test_every_refusal_has_a_remedy(error):
    remedy = refused("database", error).remedy
    assert remedy == error.remedy if error.remedy else "'database'" in remedy


def test_settings_that_do_not_load_still_stop_other_commands(monkeypatch):
    result = CliRunner().invoke(main, ["migrate"], env={"TOPCALLS_API_PORT": "eighty"})
    assert result.exit_code == 2


def test_a_sandbox_that_died(command, tmp_path):
    directory = tmp_path / "var"
    directory.mkdir()
    (directory / "sandbox.json").write_text(json.dumps(_endpoints(pid=2**22 + 1)))
    result = command()
    assert result.exit_code == 1
    assert "has died" in result.output


def test_a_sandbox_whose_ports_are_silent(command, tmp_path):
    directory = tmp_path / "var"
    directory.mkdir()
    (directory / "sandbox.json").write_text(json.dumps(_endpoints(pid=1)))
    result = command()
    assert result.exit_code == 1
    assert "No answer from: FreeSWITCH, OpenAI, webhook receiver." in result.output
    assert "sandbox-password" not in result.output


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"pid": 1}', '{"esl": 5}'])
def test_a_sandbox_file_that_is_broken(command, tmp_path, content):
    directory = tmp_path / "var"
    directory.mkdir()
    (directory / "sandbox.json").write_text(content)
    result = command()
    assert result.exit_code == 1
    assert "is not what a sandbox writes" in result.output
    assert result.output.count("fault  ") == 1


def test_a_disk_that_hangs(command, tmp_path, monkeypatch):
    """Nobody ever writes into the pipe, so reading it does not end."""
    monkeypatch.setattr(doctor, "FILE_SECONDS", 0.1)
    directory = tmp_path / "var"
    directory.mkdir()
    os.mkfifo(directory / "sandbox.json")
    result = command()
    assert result.exit_code == 1
    assert "No answer within 0.1 s." in result.output
    os.close(os.open(directory / "sandbox.json", os.O_WRONLY))


def test_no_speech_engine(command, monkeypatch):
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setattr("topcalls.sandbox.speech_engines.espeakng_loader", None)
    speech = by_check(doctor.run([_speech_check()], (), SystemClock()))["speech"]
    assert speech.level is Level.FAULT
    assert "topcalls[sandbox]" in speech.remedy


def _speech_check():
    for found in (speech_engines.installed_engine, speech_engines.espeak_engine):
        found.cache_clear()
    return Check("speech", 5, lambda: [doctor.sandbox_checkup.speech()])


def _endpoints(pid):
    return {
        "esl": {"host": "127.0.0.1", "port": dead_port(), "password": "sandbox-password"},
        "openai_base_url": f"http://127.0.0.1:{dead_port()}/v1",
        "webhook_url": f"http://127.0.0.1:{dead_port()}/",
        "pid": pid,
    }
