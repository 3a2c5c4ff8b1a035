"""The product as it is scaled out: every process started by itself, two switches, one database.

Each node has a data directory of its own, as if it were another machine; what they share is named
by settings, as docs/operations.md says.
"""

import json
import os
import sqlite3
import time
import urllib.request
from contextlib import closing, contextmanager, suppress
from urllib.parse import urlsplit, urlunsplit

import fork_server
import pytest
import waiting
from cryptography.fernet import Fernet
from gates import Gate
from product import Product

QUICK, LEAVES, LONG = "+12025550170", "+12025550171", "+12025550172"
SCENARIOS = {
    QUICK: ["ring: 0.2", "answer", "say: Hello.", "hang_up"],
    LEAVES: ["ring: 0.2", "answer", "silence: 4", "hang_up"],
    LONG: ["ring: 0.2", "answer", "silence: 60", "hang_up"],
}
NODES = ("node-a", "node-b")
READY_SECONDS = 60
STOP_SECONDS = 20
LAST_EVENTS = ("call.completed", "call.failed")


class Apart(Product):
    """`topcalls api`, `worker`, and on each node a switch's double and a controller. `reached_by`:
    by which URL they reach the database, where it is another."""

    def __init__(
        self, directory, database_url, queue_url="", nodes=NODES, *, reached_by="", **weights
    ):
        shared = directory / "shared"
        shared.mkdir()
        super().__init__(
            directory,
            TOPCALLS_DATABASE_URL=reached_by
            or database_url
            or f"sqlite:///{shared / 'topcalls.db'}",
            TOPCALLS_SECRET_KEY=Fernet.generate_key().decode(),
            TOPCALLS_RECORDINGS_DIR=str(shared / "recordings"),
            TOPCALLS_CALLS_PER_SECOND="50",
            TOPCALLS_MAX_CALLS="20",
            TOPCALLS_ALLOW_PRIVATE_WEBHOOKS="true",  # no sandbox has the data_dir of API and worker
            **({"TOPCALLS_QUEUE_URL": queue_url} if queue_url else {}),
        )
        self._nodes = nodes
        self._database_url = database_url
        self._weights = weights
        self._scenarios = directory / "scenarios"
        self._scenarios.mkdir()
        for number, steps in SCENARIOS.items():
            head = f'name: "{number}"\nnumber: "{number}"\ndescription: d\ncallee:\n'
            text = "".join(f"  - {step}\n" for step in steps)
            (self._scenarios / f"{number}.yaml").write_text(head + text)
        self.processes = {}

    # --- processes

    def start(self):
        """Everything at once, as far as nobody needs what another makes."""
        for node in self._nodes:
            self.spawn("sandbox", node, "--scenario", str(self._scenarios))
        self.cli("migrate")
        self.spawn("worker")
        self.spawn("api")
        for node in self._nodes:
            self.wait_ready("sandbox", node)
            self.spawn("controller", node)
        scopes = "calls:read,calls:write,admin"
        self.make_account("Acme", scopes, max_concurrent_calls=100, max_calls_per_minute=1000)
        for name in (("worker", ""), ("api", ""), *(("controller", node) for node in self._nodes)):
            self.wait_ready(*name)
        self.wait_for(lambda: self.states() == dict.fromkeys(self._nodes, "up"), self.states)
        return self

    def environment_of(self, node):
        if not node:
            return self.environment
        return {
            **self.environment,
            "TOPCALLS_NODE": node,
            "TOPCALLS_NODE_WEIGHT": str(self._weights.get(node.replace("-", "_"), 100)),
            "TOPCALLS_DATA_DIR": str(self.directory / node),
            "TOPCALLS_PLAYBACK_DIR": str(self.directory / node / "playback"),
            "TOPCALLS_SANDBOX_JOURNAL": str(self.directory / f"{node}.jsonl"),
        }

    def spawn(self, name, node="", *arguments):
        log = self.directory / "var" / "logs" / f"{name}{node}.log"
        self.processes[name, node] = fork_server.start_alone(
            (name, *arguments), self.directory, self.environment_of(node), log
        )

    def wait_ready(self, name, node=""):
        process = self.processes[name, node]
        return fork_server.ready(process, READY_SECONDS, f"{name} {node}", self.logs)

    def end(self, name, node=""):
        """Ask a process to end, and wait; its exit code."""
        process = self.processes.pop((name, node))
        process.terminate()
        try:
            return process.wait(STOP_SECONDS)
        finally:
            process.kill()
            process.stdout.close()

    def stop_all(self):
        """In the order in which nobody misses another; the exit codes."""
        order = ("api", "controller", "worker", "sandbox")
        names = sorted(self.processes, key=lambda name: order.index(name[0]))
        return [self.end(*name) for name in names]

    # --- looking

    @property
    def webhook_url(self):
        return self.endpoints_of("node-a")["webhook_url"]

    def endpoints_of(self, node):
        return json.loads((self.directory / node / "sandbox.json").read_text())

    def crash_switch(self, node, seconds):
        """The switch is gone for so long, and all its calls with it; its AI double goes on."""
        fault = [{"crash_switch": {"at": 0, "seconds": seconds}}]
        request = urllib.request.Request(
            self.endpoints_of(node)["faults_url"], json.dumps(fault).encode(), method="PUT"
        )
        urllib.request.urlopen(request, timeout=5).close()

    def channels(self, node):
        """Channels that this switch has now."""
        with urllib.request.urlopen(self.endpoints_of(node)["faults_url"], timeout=5) as answer:
            return json.load(answer)["calls"]

    def dialled(self, node, calls):
        """Which of these calls this switch dialled, each as often as it did."""
        path = self.directory / f"{node}.jsonl"
        notes = map(json.loads, path.read_text().splitlines()) if path.exists() else ()
        dials = [note["call_id"] for note in notes if note["what"] == "originate"]
        return [call_id for call_id in dials if call_id in calls]

    def states(self):
        """Node to its status, as the API tells."""
        return {one["name"]: one["status"] for one in self.get("/v1/status")["nodes"]}

    def rows(self, query):
        """Rows of the product's database."""
        if self._database_url:
            psycopg = pytest.importorskip("psycopg")
            with psycopg.connect(self._database_url) as connection:
                return connection.execute(query).fetchall()
        path = self.directory / "shared" / "topcalls.db"
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as database:
            return database.execute(query).fetchall()

    def wait_for(self, condition, what, seconds=30):
        """Poll until `condition()` holds; `what()` says what it looked like when it did not."""
        waiting.until(condition, what, seconds)

    # --- what must be true

    def left_over(self, calls):
        """What should not be there once these calls are over; empty when nothing is."""
        folders = [self.directory / node / "playback" for node in self._nodes]
        dials = [call_id for node in self._nodes for call_id in self.dialled(node, calls)]
        found = {
            "owned": self.rows("select id, state from call where lease_owner is not null"),
            "open": self.rows("select id, state from call where completed = false"),
            "reserved": self.rows("select call_id from reservation where settled_at is null"),
            "dialled twice": [call_id for call_id in set(dials) if dials.count(call_id) > 1],
            "speech": [path for one in folders for path in one.rglob("*") if path.is_file()],
            "webhooks": self.untold(calls),
        }
        return {name: value for name, value in found.items() if value}

    def untold(self, calls):
        """Calls whose end did not reach the receiver exactly once."""
        told = self.rows(
            "select e.call_id, d.state from webhook_delivery d join webhook_event e "
            "on e.id = d.event_id where e.kind in ('call.completed', 'call.failed')"
        )
        ends = {}
        for call_id, state in told:
            ends.setdefault(str(call_id), []).append(state)
        return {one: ends.get(one) for one in calls if ends.get(one) != ["delivered"]}


@contextmanager
def running(apart):
    """Start it, and leave no process behind."""
    try:
        yield apart.start()
    finally:
        codes = apart.stop_all()
    assert set(codes) <= {0}, apart.logs()[-3000:]


@contextmanager
def postgres_database():
    """A database of its own on the PostgreSQL server under test."""
    server = os.environ.get("TOPCALLS_TEST_POSTGRES")
    if not server:
        pytest.skip("TOPCALLS_TEST_POSTGRES names no PostgreSQL server")
    psycopg = pytest.importorskip("psycopg")
    name = f"topcalls_apart_{os.getpid()}_{time.monotonic_ns()}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        try:
            yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
        finally:
            with suppress(psycopg.Error):
                connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def gate_before(url):
    """A gate before the server of a URL."""
    gate = Gate(url)
    try:
        yield gate
    finally:
        gate.close()


def outcome(call):
    """Status and reason, as the API shows them."""
    return call["status"], call["end_reason"]


__all__ = [
    "LEAVES",
    "LONG",
    "QUICK",
    "Apart",
    "gate_before",
    "outcome",
    "postgres_database",
    "running",
]
