"""A product whose processes are killed, and what must be true of all its calls afterwards.

Everything is taken from outside: the switch's own journal tells what was dialled and how long it
talked, the receiver's list which webhooks came, the database's file what was written.
"""

import importlib
import json
import os
import random
import signal
import sqlite3
import subprocess
import time
from collections import Counter
from contextlib import closing, suppress
from datetime import datetime

import fork_server
import gevent
import waiting
from product import Product

QUICK, BUSY, LONG, RINGS = "+12025550170", "+12025550171", "+12025550172", "+12025550173"
STAYS = "+12025550174"
SCENARIOS = {
    QUICK: ["ring: 0.2", "answer", "say: Hello.", "hang_up"],
    BUSY: ["ring: 0.2", "busy"],
    LONG: ["ring: 0.2", "answer", "silence: 120", "hang_up"],
    RINGS: ["ring: 60", "answer"],
    STAYS: ["ring: 0.2", "answer", "silence: 6", "hang_up"],
}
RING_SECONDS = 5
LAST_EVENTS = ("call.completed", "call.failed")
STOP_SECONDS = 20


class Row(tuple):
    """A row whose columns have names too, whichever database it is of."""

    def __new__(cls, names, values):
        row = super().__new__(cls, values)
        row._at = {name: index for index, name in enumerate(names)}
        return row

    def __getitem__(self, key):
        return super().__getitem__(self._at[key] if isinstance(key, str) else key)

    def named(self):
        """Every column with its name."""
        return {name: self[name] for name in self._at}


class CrashRig(Product):
    """`start` runs all processes under the product's supervisor, `start_alone` each by itself.
    `database_url`: of a PostgreSQL; without it there is a file."""

    ready_seconds = 60.0

    def __init__(self, directory, scenarios=SCENARIOS, database_url="", **environment):
        self.journal_file = directory / "journal.jsonl"
        self._database_url = database_url
        super().__init__(
            directory,
            TOPCALLS_SANDBOX_JOURNAL=str(self.journal_file),
            TOPCALLS_CALLS_PER_SECOND="50",
            **({"TOPCALLS_DATABASE_URL": database_url} if database_url else {}),
            **environment,
        )
        self.scenarios = directory / "scenarios"
        self.scenarios.mkdir()
        for number, steps in scenarios.items():
            head = f'name: "{number}"\nnumber: "{number}"\ndescription: d\ncallee:\n'
            text = "".join(f"  - {step}\n" for step in steps)
            (self.scenarios / f"{number}.yaml").write_text(head + text)
        self.alone = {}

    # --- processes

    def start_supervised(self):
        return self.start("--scenario", str(self.scenarios))

    def start_alone(self, controllers=1):
        """Each process by itself, so that a killed one is back at once."""
        self.cli("migrate")
        self.start_world()
        for name in ("worker", "controller", "api"):
            self.spawn(name)
        for number in range(2, controllers + 1):
            self.spawn("controller", title=f"controller {number}")
        self.make_load_account(1000)
        return self

    def start_world(self):
        """Everybody else."""
        self.spawn("sandbox", "--scenario", str(self.scenarios))

    def make_load_account(self, calls_at_once):
        self.make_account(
            "Load",
            minutes=100_000,
            max_concurrent_calls=calls_at_once,
            max_calls_per_minute=100_000,
        )

    def spawn(self, name, *arguments, wait=True, title=None):
        """Start one process; `wait` until it is ready."""
        log = self.directory / "var" / "logs" / f"{name}.log"
        process = fork_server.start_alone((name, *arguments), self.directory, self.environment, log)
        self.alone[title or name] = process
        if wait:
            self.wait_ready(title or name)
        return process

    def wait_ready(self, name):
        """What a process says when it is ready."""
        return fork_server.ready(self.alone[name], self.ready_seconds, name, self.logs)

    def kill_alone(self, name):
        process = self.alone[name]
        process.kill()
        process.wait(STOP_SECONDS)
        process.stdout.close()

    def kill(self, name):
        """Kill a child of the supervisor; returns the pid it had."""
        pid = self.pid_of(name)
        os.kill(pid, signal.SIGKILL)
        return pid

    def stop_all(self):
        for process in reversed(self.alone.values()):
            if process.poll() is None:
                process.terminate()
        for process in self.alone.values():
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            process.stdout.close()
        return self.stop()

    # --- looking

    def journal(self, what=None):
        """What the switch noted: dials, answers and ends."""
        if not self.journal_file.exists():
            return []
        notes = [json.loads(line) for line in self.journal_file.read_text().splitlines()]
        return [note for note in notes if what is None or note["what"] == what]

    def originates(self, call_id):
        return sum(note["call_id"] == call_id for note in self.journal("originate"))

    def has_channel(self, call_id):
        """As the switch knows it, whatever we believe."""
        notes = [note["what"] for note in self.journal() if note["call_id"] == call_id]
        return notes.count("originate") > notes.count("over")

    def rows(self, query, *values):
        """Rows of the product's database."""
        with closing(self._connect()) as database:
            found = database.execute(query.replace("?", self._mark), values)
            names = [column[0] for column in found.description]
            return [Row(names, values) for values in found.fetchall()]

    def _connect(self):
        if self._database_url:
            return importlib.import_module("psycopg").connect(self._database_url)
        path = self.directory / "var" / "topcalls.db"
        return sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=20)

    @property
    def _mark(self):
        return "%s" if self._database_url else "?"

    def owner_of(self, call_id):
        return self.rows("select lease_owner from call where id = ?", call_id)[0][0]

    def wait_for(self, condition, what, seconds=30):
        """Look again and again until it is so; what was seen."""
        return waiting.until(condition, lambda: f"no {what}: {self.logs()[-3000:]}", seconds)

    def place_quick(self, number=QUICK, **wishes):
        return self.place(number, ring_timeout_seconds=RING_SECONDS, **wishes)

    def talks(self):
        """How long each call really talked, in seconds, by its id."""
        return _talks(self.journal())

    # --- what must be true

    def verdict(self, calls, came):
        """Of calls and of the webhooks that `came` (call id, event): what is wrong, by kind."""
        notes = self.journal()
        dials = Counter(note["call_id"] for note in notes if note["what"] == "originate")
        ends = Counter(note["call_id"] for note in notes if note["what"] == "over")
        talks = _talks(notes)
        stored = {row["id"]: row for row in self.rows("select * from call")}
        settled = dict(self.rows("select call_id, billed from reservation where settled_at > 0"))
        found = {"crashes": 0, "duplicates": 0, "lost": 0, "stuck": 0, "minutes": 0, "webhooks": 0}
        for call_id in calls:
            row = stored.get(call_id)
            is_over = row is not None and row["ended_at"] is not None
            found["duplicates"] += dials[call_id] > 1
            found["lost"] += row is None or (is_over and row["end_reason"] is None)
            found["stuck"] += dials[call_id] > ends[call_id] or not (
                is_over and row["completed"] and row["lease_owner"] is None
            )
            found["minutes"] += not is_over or _wrong(row, settled, talks.get(call_id))
            found["webhooks"] += not any((call_id, event) in came for event in LAST_EVENTS)
        return found

    def told(self, calls):
        """What is stored about those of the `calls` whose minutes are wrong, and what the switch
        says of each, for whoever looks for the reason."""
        notes = self.journal()
        talks = _talks(notes)
        settled = dict(self.rows("select call_id, billed from reservation where settled_at > 0"))
        lines = []
        for row in self.rows("select * from call"):
            if row["id"] not in calls or (
                row["ended_at"] is not None and not _wrong(row, settled, talks.get(row["id"]))
            ):
                continue
            events = self.rows(
                "select * from call_event where call_id = ? order by version", row["id"]
            )
            lines.append(f"call {row['id']}: {row.named()}")
            lines.append(
                f"  settled {settled.get(row['id'])}, the switch: {talks.get(row['id'])} s"
            )
            lines += [f"  {event.named()}" for event in events]
            lines += [f"  {note}" for note in notes if note["call_id"] == row["id"]]
        return lines

    def adopted(self, call_id=None):
        """How many calls were carried on by another controller; or how often this one was."""
        if call_id is not None:
            mine = "select count(*) from call_event where kind = 'Adopted' and call_id = ?"
            return self.rows(mine, call_id)[0][0]
        every = "select count(distinct call_id) from call_event where kind = 'Adopted'"
        return self.rows(every)[0][0]

    def reasons(self):
        """How the calls ended."""
        return Counter(row[0] for row in self.rows("select end_reason from call"))


def _talks(notes):
    """Seconds from answer to end, by call."""
    at = {(note["what"], note["call_id"]): datetime.fromisoformat(note["at"]) for note in notes}
    return {
        call_id: (at["over", call_id] - moment).total_seconds()
        for (what, call_id), moment in at.items()
        if what == "answered" and ("over", call_id) in at
    }


def _wrong(row, settled, talk):
    """Not settled, settled as something else than written, or billed what was not talked: whatever
    died meanwhile, the switch wrote down how long it was. Who waited for a controller that was gone
    is not billed for that."""
    billed = row["billed_seconds"]
    if billed is None or settled.get(row["id"]) != billed:
        return True
    if talk is None:
        return billed > 0
    least = 0 if row["end_reason"] == "controller_lost" else talk - 1
    return not least <= billed <= talk + 2


class Fuzz:
    """Kills controllers and worker at random instants under a steady load of short calls."""

    def __init__(self, rig, seed, per_second=1.5):
        self.rig = rig
        self.crashes = Counter()
        self.calls = []
        self.refused = 0
        self.came = set()
        self._random = random.Random(seed)
        self._per_second = per_second
        controllers = sorted(name for name in rig.alone if name.startswith("controller"))
        self._victims = (*(controllers * 2)[:2], *controllers[2:], "worker")

    def run(self, kills, settle_seconds, on_kill=lambda number: None):
        """Returns the verdict once everything is settled, or the time for that is over."""
        load = gevent.spawn(self._load)
        listening = gevent.spawn(self._listen)
        try:
            for number in range(kills):
                self._kill_one()
                on_kill(number + 1)
        finally:
            load.kill()
        deadline = time.monotonic() + settle_seconds
        while True:
            found = self.rig.verdict(self.calls, self.came)
            if not any(found.values()) or time.monotonic() > deadline:
                break
            listening.join(0.5)
        listening.kill()
        crashes = sum(self.crashes.values())
        return {**found, "crashes": crashes, "adopted": self.rig.adopted()}

    def _kill_one(self):
        title = self._random.choice(self._victims)
        name = title.partition(" ")[0]
        in_its_start = self._random.random() < 0.1
        gevent.sleep(self._random.uniform(0.0, 3.0))
        self.rig.kill_alone(title)
        self.crashes[name] += 1
        self.rig.spawn(name, wait=not in_its_start, title=title)
        if in_its_start:
            gevent.sleep(self._random.uniform(0.2, 1.5))
            self.rig.kill_alone(title)
            self.crashes[name] += 1
            self.rig.spawn(name, title=title)

    def _load(self):
        """Calls in the rhythm, whatever happens. One that the API did not confirm is none."""
        while True:
            number = self._random.choices((QUICK, BUSY, STAYS), (3, 1, 1))[0]
            try:
                self.calls.append(self.rig.place_quick(number))
            except (OSError, AssertionError):
                self.refused += 1
            gevent.sleep(self._random.expovariate(self._per_second))

    def _listen(self):
        """What the receiver got; it remembers a thousand. A busy one is asked again."""
        while True:
            with suppress(OSError):
                for delivery in self.rig.received_webhooks()["deliveries"]:
                    body = delivery["body"]
                    self.came.add((body.get("call_id"), body["event"]))
            gevent.sleep(2.0)
