"""What the doctor says of the database, and of the processes that share it."""

import os
import sqlite3
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import factories
import gevent
import pytest
from cryptography.fernet import Fernet
from doctor_rig import by_check, dead_port, frozen_peer, levels

from topcalls.core.checkup import Level
from topcalls.core.webhook_retry import Outcome
from topcalls.services import checkup as database_checkup
from topcalls.services.checkup import DatabaseCheckup
from topcalls.services.file_systems import is_in_memory, is_on_network, kind_of
from topcalls.store.models import WebhookReceiver

pytestmark = pytest.mark.service


@pytest.fixture
def checkup(database_url, clock):
    """A look at a migrated database, with the key it was made with."""
    return DatabaseCheckup(
        url=database_url,
        encryption_key=factories.SECRET_KEY,
        version="1.0",
        local_key=False,
        clock=clock,
    )


def beat(services, owner="c1", node="node-1", **facts):
    """A controller tells that it is alive."""
    facts = {"capacity": 50, "version": "1.0", **facts}
    services.nodes.heartbeat(owner, node, services.clock.now(), **facts)


def work(services):
    """A worker holds its loop."""
    services.housekeeping.hold("due-loop", "w1", services.clock.now(), 10)


def test_all_is_well(checkup, services):
    factories.principal(services)
    beat(services)
    work(services)
    findings = list(checkup.findings())
    assert set(levels(findings).values()) == {Level.OK}
    found = by_check(findings)
    assert found["database"].found.startswith(services.db.kind)
    assert found["controllers"].found == "1 on node-1, room for 50 calls."
    assert found["stored_secrets"].found == "The secret key opens what is stored."


def test_nothing_runs_and_nothing_waits(checkup, services):
    found = levels(checkup.findings())
    assert found["controllers"] is Level.WARNING
    assert found["worker"] is Level.WARNING
    assert found["calls_waiting"] is Level.OK


def test_a_periodic_job_is_no_sign_of_a_worker(checkup, services):
    services.housekeeping.hold("periodic:housekeeping", "w1", services.clock.now(), 600)
    assert levels(checkup.findings())["worker"] is Level.WARNING


def test_nothing_runs_and_work_waits(checkup, services):
    who = factories.principal(services)
    factories.finished_call(services, who, webhook_url="https://example.com/hook")
    factories.queued_call(services, who)
    services.clock.advance(3600)
    found = by_check(checkup.findings())
    for check in ("controllers", "worker", "calls_waiting", "webhooks_waiting"):
        assert found[check].level is Level.FAULT, check
    assert found["wrap_ups_waiting"].level is Level.FAULT
    assert "60 min" in found["calls_waiting"].found


def test_work_in_hands_does_not_wait(checkup, services):
    who = factories.principal(services)
    wish = {"webhook_url": "https://example.com/hook", "webhook_events": ("call.queued",)}
    factories.finished_call(services, who, **wish)
    services.clock.advance(3600)
    assert services.webhooks.due(services.clock.now(), 10)
    assert services.wrap_ups.due(services.clock.now(), 10)
    found = levels(checkup.findings())
    assert found["webhooks_waiting"] is Level.OK
    assert found["wrap_ups_waiting"] is Level.OK


def test_every_controller_is_stopping(checkup, services):
    beat(services, draining=True)
    assert by_check(checkup.findings())["controllers"].level is Level.WARNING
    beat(services, "c2")
    found = by_check(checkup.findings())["controllers"]
    assert found.level is Level.OK
    assert found.found == "2 on node-1, room for 50 calls. 1 of them stopping."


def test_a_controller_that_fell_silent(checkup, services):
    beat(services)
    services.clock.advance(60)
    beat(services, "c2")
    found = by_check(checkup.findings())
    assert found["controllers"].level is Level.OK
    assert found["silent_controllers"].level is Level.WARNING
    services.clock.advance(timedelta(days=1).total_seconds())
    beat(services, "c2")
    assert "silent_controllers" not in by_check(checkup.findings())


def test_controllers_of_another_version(checkup, services):
    beat(services, version="0.9")
    found = by_check(checkup.findings())["versions"]
    assert found.level is Level.WARNING
    assert "0.9" in found.found


def test_a_key_of_one_machine_for_two(checkup, services):
    beat(services)
    beat(services, "c2", "node-2")
    assert "secret_key_shared" not in by_check(checkup.findings())
    found = by_check(replace(checkup, local_key=True).findings())["secret_key_shared"]
    assert found.level is Level.FAULT


def test_live_calls_without_controller(checkup, services):
    factories.claimed_call(services, factories.principal(services))
    assert "orphans" not in by_check(checkup.findings())
    services.clock.advance(600)
    assert by_check(checkup.findings())["orphans"].level is Level.WARNING


def test_webhooks_that_were_given_up(checkup, services):
    who = factories.principal(services)
    factories.finished_call(services, who, webhook_url="https://example.com/hook")
    for attempt in range(1, 6):
        services.clock.advance(7200)
        due = services.webhooks.due(services.clock.now(), 10)
        for delivery in due:
            outcome = Outcome(status=500)
            services.webhooks.record_attempt(delivery.id, attempt, outcome, services.clock.now())
    assert by_check(checkup.findings())["dead_letters"].level is Level.WARNING


def test_receivers_that_are_disabled_are_told(services, checkup):
    who = factories.principal(services)
    assert "webhook_receivers" not in by_check(checkup.findings())
    now = services.clock.now()
    services.db.run(
        lambda: WebhookReceiver.create(
            id="r", account=who.account_id, url="https://example.com/", disabled_at=now
        )
    )
    finding = by_check(checkup.findings())["webhook_receivers"]
    assert finding.level is Level.WARNING
    assert "/v1/webhooks/receivers" in finding.remedy


def test_another_secret_key(checkup, services):
    factories.principal(services)
    other = Fernet.generate_key().decode()
    found = by_check(replace(checkup, encryption_key=other).findings())["stored_secrets"]
    assert found.level is Level.FAULT
    assert other not in found.found + found.remedy
    both = f"{other},{factories.SECRET_KEY}"
    assert levels(replace(checkup, encryption_key=both).findings())["stored_secrets"] is Level.OK


def test_no_secret_key(checkup, services):
    found = levels(replace(checkup, encryption_key=None).findings())
    assert found["stored_secrets"] is Level.WARNING


def test_a_secret_key_that_is_none(checkup):
    (finding,) = replace(checkup, encryption_key="my password").findings()
    assert finding.level is Level.FAULT
    assert "my password" not in finding.found + finding.remedy


def test_an_unmigrated_database(checkup, empty_url):
    if empty_url.startswith("sqlite"):
        Path(empty_url.removeprefix("sqlite:///")).touch()
    (finding,) = replace(checkup, url=empty_url).findings()
    assert (finding.check, finding.level) == ("schema", Level.FAULT)
    assert "topcalls migrate" in finding.remedy


# --- SQLite


@pytest.fixture
def sqlite(tmp_path, clock):
    """A look at a file that is not there yet."""
    return DatabaseCheckup(
        url=f"sqlite:///{tmp_path / 'topcalls.db'}",
        encryption_key=None,
        version="1.0",
        local_key=True,
        clock=clock,
    )


def test_a_file_that_is_not_there_is_not_made(sqlite, tmp_path):
    (finding,) = sqlite.findings()
    assert finding.level is Level.WARNING
    assert sqlite.nodes_alive() == set()
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database(sqlite, tmp_path):
    (tmp_path / "topcalls.db").write_text("Dear diary, " * 1000)
    (finding,) = sqlite.findings()
    assert finding.level is Level.FAULT
    assert "restore" in finding.remedy or "another path" in finding.remedy


def test_a_database_that_somebody_locked(sqlite, sqlite_template, tmp_path, monkeypatch):
    monkeypatch.setattr(database_checkup, "LOCK_LIMIT", 0.1)
    path = tmp_path / "topcalls.db"
    path.write_bytes(sqlite_template.read_bytes())
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    found = levels(sqlite.findings())
    other.close()
    assert found["database"] is Level.OK
    assert found["database_writes"] is Level.FAULT


def test_a_file_on_a_network_file_system(sqlite, sqlite_template, tmp_path):
    (tmp_path / "topcalls.db").write_bytes(sqlite_template.read_bytes())
    mounts = tmp_path / "mounts"
    mounts.write_text(f"/dev/sda1 / ext4 rw 0 0\nserver:/x {tmp_path} nfs4 rw 0 0\n")
    found = by_check(replace(sqlite, mounts=mounts).findings())["database"]
    assert found.level is Level.WARNING
    assert "nfs4" in found.found


def test_the_longest_and_last_mount_counts(tmp_path):
    mounts = tmp_path / "mounts"
    mounts.write_text(
        "rubbish\n/dev/sda1 / ext4 rw 0 0\ntmpfs /a\\040b tmpfs rw 0 0\n"
        "s:/ /a\\040b/c cifs rw 0 0\ntmpfs /d ext4 rw 0 0\ntmpfs /d ramfs rw 0 0\n"
    )
    assert kind_of(Path("/a b/x"), mounts) == "tmpfs"
    assert is_on_network(Path("/a b/c/x"), mounts)
    assert kind_of(Path("/a bc"), mounts) == "ext4"
    assert is_in_memory(Path("/d/e"), mounts)
    assert kind_of(Path("/d"), tmp_path / "missing") == ""


# --- PostgreSQL


@pytest.fixture
def postgres(sqlite):
    """A look at a server on some port of this machine."""
    pytest.importorskip("psycopg")
    return lambda port: replace(sqlite, url=f"postgresql://me:s3cret@127.0.0.1:{port}/x")


def test_a_server_that_is_not_there(postgres):
    (finding,) = postgres(dead_port()).findings()
    assert finding.level is Level.FAULT
    assert "s3cret" not in finding.found + finding.remedy


def test_a_server_that_never_answers(postgres, monkeypatch):
    monkeypatch.setattr("topcalls.store.postgres._CONNECT_LIMIT", 2)
    with frozen_peer() as port, gevent.Timeout(5):
        (finding,) = postgres(port).findings()
    assert finding.level is Level.FAULT


@pytest.mark.postgres
def test_a_database_that_the_server_does_not_have(sqlite):
    server = os.environ.get("TOPCALLS_TEST_POSTGRES")
    if not server:
        pytest.skip("TOPCALLS_TEST_POSTGRES names no PostgreSQL server")
    url = urlunsplit(urlsplit(server)._replace(path="/no_such_database"))
    (finding,) = replace(sqlite, url=url).findings()
    assert finding.level is Level.FAULT
    assert "no_such_database" in finding.found
