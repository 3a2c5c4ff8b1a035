"""What the doctor says of directories, disks, keys, packages, zones, settings and the queue."""

import importlib.metadata
import os
import sys
import zoneinfo
from datetime import UTC, datetime, timedelta

import gevent
import pytest
from doctor_rig import by_check, dead_port, frozen_peer, levels

from topcalls.config import Settings, load
from topcalls.core.checkup import Level
from topcalls.services import machine_checkup as machine
from topcalls.services import package_checkup, settings_checkup
from topcalls.worker import checkup as queue_checkup
from topcalls.worker.queue import FILE, open_queue, prepare

pytestmark = pytest.mark.service
LIVE = {
    "esl_host": "127.0.0.1",
    "esl_password": "secret-word",
    "gateway": "trunk",
    "openai_api_key": "sk-test",
}


def settings(**given):
    return Settings.model_validate(given)


# --- directories


def test_a_directory_with_room(tmp_path):
    findings = list(machine.directory("data_dir", tmp_path, "X", least=1, enough=1))
    assert levels(findings) == {"data_dir": Level.OK, "data_dir_space": Level.OK}
    assert list(tmp_path.iterdir()) == []


def test_a_directory_that_can_be_made_is_not_made(tmp_path):
    place = tmp_path / "a" / "b"
    findings = list(machine.directory("data_dir", place, "X", least=1, enough=1))
    assert set(levels(findings).values()) == {Level.OK}
    assert not place.parent.exists()


@pytest.mark.parametrize("below", ["", "sub"])
def test_a_directory_that_is_a_file(tmp_path, below):
    (tmp_path / "file").write_text("in the way")
    place = tmp_path / "file" / below
    (finding,) = machine.directory("data_dir", place, "TOPCALLS_DATA_DIR")
    assert finding.level is Level.FAULT
    assert "TOPCALLS_DATA_DIR" in finding.remedy


def test_a_directory_that_nobody_may_write():
    (finding,) = machine.directory("data_dir", machine.SYSTEM_MOUNTS.parent, "X")
    assert finding.level is Level.FAULT


def test_a_switch_without_records_is_warned_of(tmp_path):
    (finding,) = machine.cdr_directory(None)
    assert (finding.check, finding.level) == ("cdr_dir", Level.WARNING)
    assert "TOPCALLS_CDR_DIR" in finding.remedy
    assert "cdr_dir" in levels(machine.cdr_directory(tmp_path))


def test_a_disk_that_is_nearly_full(tmp_path):
    state = os.statvfs(tmp_path)
    free = state.f_bavail * state.f_frsize
    full = by_check(machine.directory("d", tmp_path, "X", least=free * 2, enough=free * 3))
    tight = by_check(machine.directory("d", tmp_path, "X", least=1, enough=free * 3))
    assert full["d_space"].level is Level.FAULT
    assert tight["d_space"].level is Level.WARNING


def test_speech_wants_memory_and_room_for_every_call(tmp_path):
    mounts = tmp_path / "mounts"
    mounts.write_text("/dev/sda1 / ext4 rw 0 0\n")
    found = by_check(machine.playback_directory(tmp_path, 5000, mounts=mounts, per_call=10**15))
    assert found["playback_memory"].level is Level.WARNING
    assert found["playback_dir_space"].level is Level.WARNING
    mounts.write_text("tmpfs / tmpfs rw 0 0\n")
    found = levels(machine.playback_directory(tmp_path, 1, mounts=mounts, least=1, per_call=1))
    assert set(found.values()) == {Level.OK}


# --- secret key


@pytest.mark.parametrize(
    ("mode", "shared", "level"),
    [
        (None, False, Level.OK),
        (None, True, Level.WARNING),
        (0o600, False, Level.OK),
        (0o600, True, Level.WARNING),
        (0o644, False, Level.WARNING),
    ],
)
def test_the_key_of_this_machine(tmp_path, mode, shared, level):
    path = tmp_path / "secret.key"
    if mode is not None:
        path.write_text("content-of-the-key")
        path.chmod(mode)
    found = machine.secret_key_file(path, shared_database=shared)
    assert found.level is level
    assert "content-of-the-key" not in found.found + found.remedy


# --- zones and clock

WRITTEN = datetime(2026, 11, 30, tzinfo=UTC)


def test_zones_are_there():
    assert machine.zones(WRITTEN).level is Level.OK


@pytest.mark.parametrize(
    ("release", "days", "level"),
    [
        ("2026f", 85, Level.OK),
        ("2026f", 95, Level.WARNING),
        ("2026f", 185, Level.FAULT),
        ("2025b", 0, Level.FAULT),
        ("system", 0, Level.FAULT),
    ],
)
def test_zones_of_another_year(release, days, level):
    now = datetime(2026, 10, 28, tzinfo=UTC) + timedelta(days=days)
    found = machine.zones(now, release=release)
    assert found.level is level
    assert release in found.found


def test_zones_are_missing(monkeypatch):
    """Neither the system nor the package has any."""
    monkeypatch.setitem(sys.modules, "tzdata", None)
    for name in [name for name in sys.modules if name.startswith("tzdata.")]:
        monkeypatch.delitem(sys.modules, name)
    try:
        zoneinfo.reset_tzpath(to=[])
        zoneinfo.ZoneInfo.clear_cache()
        found = machine.zones(WRITTEN)
    finally:
        zoneinfo.ZoneInfo.clear_cache()
    assert found.level is Level.FAULT
    assert "tzdata" in found.remedy


def test_a_clock_that_starts_in_the_past():
    assert machine.clock(datetime(2024, 1, 1, tzinfo=UTC)).level is Level.FAULT
    assert machine.clock(datetime(2026, 11, 23, tzinfo=UTC)).level is Level.OK


# --- Python and packages


@pytest.mark.parametrize(
    ("version", "level"),
    [((3, 10), Level.FAULT), ((3, 11), Level.OK), ((3, 13), Level.OK), ((3, 14), Level.WARNING)],
)
def test_python(version, level):
    assert package_checkup.python(version).level is level


def test_the_packages_installed_here():
    found = package_checkup.packages(
        package_checkup.requirements_of_ours(), frozenset({"sandbox", "postgres"})
    )
    assert found.level is Level.OK


VERSIONS = {"huey": "3.5.4", "flask": "3.1", "redis": "8.1", "greenswitch": "0.0.19"}


def version_of(name):
    try:
        return VERSIONS[name]
    except KeyError:
        raise importlib.metadata.PackageNotFoundError(name) from None


@pytest.mark.parametrize(
    ("requirement", "level"),
    [
        ("huey<4,>=3.5", Level.OK),
        ("huey<3.5.4,>=3.5", Level.FAULT),
        ("huey>3.5.3,<=3.5.4", Level.OK),
        ("huey==3.5.4.0", Level.OK),
        ("flask>=3.1.1", Level.FAULT),
        ("flask", Level.OK),
        ("nothing>=1", Level.FAULT),
        ('nothing>=1; python_version < "3.0"', Level.OK),
        ('nothing>=1; python_version >= "3.0"', Level.FAULT),
        ('nothing>=1; extra == "fast"', Level.OK),
        ('nothing[binary]>=1; extra == "postgres"', Level.FAULT),
        ("greenswitch>=0.0.19", Level.OK),
    ],
)
def test_requirements(requirement, level):
    extras = frozenset({"postgres"})
    found = package_checkup.packages([requirement], extras, version_of)
    assert found.level is level
    if level is Level.FAULT:
        assert "topcalls[postgres]" in found.remedy


@pytest.mark.parametrize(("name", "newer"), [("huey", "4.0"), ("greenswitch", "0.0.20")])
def test_a_version_that_nobody_tried(name, newer):
    found = package_checkup.packages([f"{name}>=0.0.1"], version_of=lambda _: newer)
    assert found.level is Level.WARNING
    assert f"{name} {newer}" in found.found


# --- settings


def test_settings_without_contradiction():
    for given in ({}, LIVE):
        assert levels(settings_checkup.contradictions(settings(**given))) == {"settings": Level.OK}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({**LIVE, "telephony": "sandbox", "ai": "live"}, "no call reaches it"),
        ({"openai_api_key": "sk-x", "ai": "sandbox"}, "a scripted model talks"),
        ({"playback": "stream", "playback_dir": "/dev/shm/x"}, "not used"),
        ({**LIVE, "api_host": "0.0.0.0"}, "nobody can open"),
        ({"api_port": 0}, "nobody can open"),
        ({"public_url": "calls.example.com"}, "nobody can open"),
        ({"public_url": "http://[::"}, "nobody can open"),
        ({"public_url": "http://calls.example.com"}, "travel readably"),
        ({**LIVE, "esl_host": "10.0.0.5"}, "its own loopback"),
        ({**LIVE, "allow_private_webhooks": True}, "private addresses"),
    ],
)
def test_contradictions(given, words):
    (finding,) = settings_checkup.contradictions(settings(**given))
    assert finding.level is Level.WARNING
    assert words in finding.found
    assert finding.remedy


@pytest.mark.parametrize("host", ["10.0.0.4", "media.example.com"])
def test_a_switch_elsewhere_that_is_told_where_we_are(host):
    told = settings(**LIVE | {"esl_host": "10.0.0.5", "media_advertised_host": host})
    assert levels(settings_checkup.contradictions(told)) == {"settings": Level.OK}


@pytest.mark.parametrize(
    ("given", "level"),
    [
        ({"from_number": ""}, Level.OK),
        (LIVE, Level.WARNING),
        ({"from_number": "+12025550199"}, Level.OK),
        ({"from_number": "2025550199"}, Level.FAULT),
        ({"from_number": "+1202555"}, Level.FAULT),
        ({"from_number": "+99912345678"}, Level.FAULT),
    ],
)
def test_the_caller_id(given, level):
    found = settings_checkup.from_number(settings(**given))
    assert found.level is level
    assert (given.get("from_number") or "+") not in found.found + found.remedy


def test_settings_are_those_of_the_environment():
    loaded = load(environ={"FROM_NUMBER": "+12025550199"})
    assert settings_checkup.from_number(loaded).found.startswith("*")


# --- queue


def test_no_queue_yet_and_none_is_made(tmp_path):
    found = queue_checkup.queue(tmp_path / "var", "", "")
    assert found.level is Level.OK
    assert not (tmp_path / "var").exists()


def test_a_queue_file_with_tasks(tmp_path, monkeypatch):
    queue = open_queue(tmp_path)
    prepare(queue)
    task = queue.task()(_nothing)
    task()
    queue.storage.close()
    found = queue_checkup.queue(tmp_path, "", "")
    assert (found.level, found.found) == (Level.OK, "file, 1 tasks wait.")
    monkeypatch.setattr(queue_checkup, "MANY_TASKS", 1)
    assert queue_checkup.queue(tmp_path, "", "").level is Level.WARNING


def test_a_queue_file_without_tables(tmp_path):
    (tmp_path / FILE).touch()
    assert queue_checkup.queue(tmp_path, "", "").level is Level.OK


def test_a_queue_file_that_is_none(tmp_path):
    (tmp_path / FILE).write_text("Dear diary, " * 1000)
    assert queue_checkup.queue(tmp_path, "", "").level is Level.FAULT


@pytest.mark.parametrize("url", ["amqp://localhost", "redis:/x"])
def test_a_queue_url_that_is_not_understood(tmp_path, url):
    assert queue_checkup.queue(tmp_path, "", url).level is Level.FAULT


def test_a_redis_that_is_not_there(tmp_path):
    url = f"redis://me:s3cret@127.0.0.1:{dead_port()}/0"
    found = queue_checkup.queue(tmp_path, "", url)
    assert found.level is Level.FAULT
    assert "s3cret" not in found.found + found.remedy


def test_a_redis_that_never_answers_can_be_given_up(tmp_path):
    with frozen_peer() as port, pytest.raises(gevent.Timeout), gevent.Timeout(0.3):
        queue_checkup.queue(tmp_path, "", f"redis://127.0.0.1:{port}/0")


@pytest.mark.redis
def test_a_redis_that_works(tmp_path):
    url = os.environ.get("TOPCALLS_TEST_REDIS")
    if not url:
        pytest.skip("TOPCALLS_TEST_REDIS names no Redis")
    assert queue_checkup.queue(tmp_path, "", url).level is Level.OK


@pytest.mark.postgres
def test_a_queue_in_postgresql_before_and_after_the_first_worker(tmp_path, empty_url):
    if not empty_url.startswith("postgres"):
        pytest.skip("the queue of SQLite is a file")
    assert queue_checkup.queue(tmp_path, empty_url, "").found.startswith("None yet")
    queue = open_queue(tmp_path, empty_url)
    prepare(queue)
    queue.storage.close()
    assert queue_checkup.queue(tmp_path, empty_url, "").found == "PostgreSQL, 0 tasks wait."


def _nothing():
    """A task."""
