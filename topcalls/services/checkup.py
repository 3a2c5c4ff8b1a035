"""Is the database there, of the right version and quick, and what do its rows say of the rest?

Processes share nothing but the database, so it also tells which of them are alive and what waits.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from topcalls.clock import Clock
from topcalls.core.checkup import (
    NEAR_SHUTDOWN,
    Finding,
    attempt,
    fault,
    judge_age,
    ok,
    refused,
    warning,
)
from topcalls.core.model_life import ModelRules
from topcalls.errors import TopCallsError
from topcalls.services.file_systems import SYSTEM_MOUNTS, is_on_network, kind_of
from topcalls.services.nodes import SILENT_AFTER
from topcalls.store import agents, checkup, migrations, registers
from topcalls.store.checkup import Backlog, Seen
from topcalls.store.database import Database, open_database
from topcalls.store.models import RegisterState
from topcalls.store.registers import Waiting

LOCK_LIMIT = 2.0
SLOW_SECONDS = 0.1
LATE_CALL_SECONDS = 600.0
LATE_DELIVERY_SECONDS = 120.0
LATE_WRAP_UP_SECONDS = 300.0
LATE_ANSWER = timedelta(hours=1)
_REMEMBERED = timedelta(days=1)
_SAMPLES = 5
_MOST_AGENTS = 10_000
_SHOWN = 5


@dataclass(frozen=True)
class DatabaseCheckup:
    """What to look at. `encryption_key` None: nothing may be said of stored secrets.

    `local_key`: the key lies in this machine's data_dir and is not configured. `mounts` lists the
    machine's file systems, `models` are those that agents may name.
    """

    url: str
    encryption_key: str | None
    version: str
    local_key: bool
    clock: Clock
    models: ModelRules = ModelRules()  # noqa: RUF009 - it is frozen
    mounts: Path = SYSTEM_MOUNTS

    def findings(self) -> Iterator[Finding]:
        """Everything the database tells; ends early where it cannot be used."""
        if self._is_missing():
            yield warning(
                "database",
                "There is no database yet.",
                "`topcalls run` makes it at its first start, or `topcalls migrate`.",
            )
            return
        try:
            db = open_database(
                self.url, encryption_key=self.encryption_key, lock_limit=LOCK_LIMIT, pool_size=1
            )
        except TopCallsError as error:
            yield refused("database", error)
            return
        try:
            yield from self._of_open(db)
        finally:
            db.close()

    def nodes_alive(self) -> set[str]:
        """Where controllers run, asked on a connection of its own. Raises `TopCallsError`."""
        if self._is_missing():
            return set()
        db = open_database(self.url, lock_limit=LOCK_LIMIT, pool_size=1)
        try:
            seen = db.read(checkup.controllers, self.clock.now() - SILENT_AFTER)
            return {one.node for one in seen}
        finally:
            db.close()

    def _is_missing(self) -> bool:
        """Nothing is made by looking."""
        path = _file_of(self.url)
        return path is not None and not path.exists()

    def _of_open(self, db: Database) -> Iterator[Finding]:
        try:
            pending = migrations.pending(db)
        except TopCallsError as error:
            yield refused("database", error)
            return
        yield _schema(pending)
        if pending:
            return
        yield self._database(db)
        yield attempt("database_writes", lambda: _writes(db))
        yield attempt("stored_secrets", lambda: self._secrets(db))
        yield attempt("agent_models", lambda: self._agents(db))
        yield from self._processes(db)

    def _agents(self, db: Database) -> Finding:
        """Agents in use whose model has ended or soon will."""
        today = self.clock.now().date()
        gone: list[str] = []
        going: list[str] = []
        for name, model in db.read(agents.models_in_use, _MOST_AGENTS):
            ends = known.shutdown_date if (known := self.models.known.get(model)) else None
            if ends is not None and ends - today <= NEAR_SHUTDOWN:
                (gone if ends <= today else going).append(f"{name} ({model}, {ends})")
        remedy = "Give them another model, and publish them."
        if gone:
            found = f"{len(gone)} agent(s) have a model that is shut down: {_some(gone)}."
            return fault("agent_models", found, remedy)
        if going:
            found = f"{len(going)} agent(s) have a model that is shut down soon: {_some(going)}."
            return warning("agent_models", found, remedy)
        return ok("agent_models", "No agent has a model that is shut down soon.")

    def _database(self, db: Database) -> Finding:
        seconds = self._seconds_per_read(db)
        found = f"{db.kind}, {seconds * 1000:.1f} ms a read."
        path = _file_of(self.url)
        if path is not None and is_on_network(path, self.mounts):
            return warning(
                "database",
                f"{found} The file is on a network file system ({kind_of(path, self.mounts)}), "
                "where SQLite's locks and shared memory cannot be relied on.",
                "Move data_dir to a local disk, or use PostgreSQL.",
            )
        if seconds > SLOW_SECONDS:
            return warning("database", found, "Look at the load of the database and its disk.")
        return ok("database", found)

    def _seconds_per_read(self, db: Database) -> float:
        times = []
        for _ in range(_SAMPLES):
            begun = self.clock.monotonic()
            db.read(checkup.loops, self.clock.now())
            times.append(self.clock.monotonic() - begun)
        return sorted(times)[_SAMPLES // 2]

    def _secrets(self, db: Database) -> Finding:
        if self.encryption_key is None:
            return warning(
                "stored_secrets",
                "There is no secret key to read stored secrets with.",
                "Set TOPCALLS_SECRET_KEY to the key this database was made with.",
            )
        fits = db.read(checkup.opens_secrets)
        if fits is False:
            return fault(
                "stored_secrets",
                "The secret key does not fit: webhooks cannot be signed.",
                "Set TOPCALLS_SECRET_KEY to the key this database was made with (data_dir/"
                "secret.key of the machine that made it), the new one before it with a comma.",
            )
        found = "The secret key opens what is stored." if fits else "No secret is stored yet."
        return ok("stored_secrets", found)

    def _processes(self, db: Database) -> Iterator[Finding]:
        now = self.clock.now()
        try:
            backlog = db.read(checkup.backlog, now, now - _REMEMBERED)
            loops = db.read(checkup.loops, now)
            seen = db.read(checkup.controllers, now - _REMEMBERED)
            asked, states = db.read(registers.waiting), db.read(registers.states)
        except TopCallsError as error:
            yield refused("rows", error)
            return
        yield from self._controllers(seen, backlog, now)
        yield _worker(loops, backlog)
        yield from _backlog(backlog, now)
        yield from _registers(asked, {one.provider: one for one in states}, now)

    def _controllers(self, seen: list[Seen], backlog: Backlog, now: datetime) -> Iterator[Finding]:
        alive = [one for one in seen if one.heartbeat_at > now - SILENT_AFTER]
        yield _alive(alive, backlog)
        silent = [one for one in seen if one not in alive]
        if silent:
            last = max(one.heartbeat_at for one in silent)
            yield warning(
                "silent_controllers",
                f"{len(silent)} controller(s) ended without saying so, the last at "
                f"{last:%Y-%m-%d %H:%M:%S} UTC.",
                "Their calls were taken back; see their logs for why (killed, out of memory?).",
            )
        others = sorted({one.version or "unknown" for one in alive} - {self.version})
        if others:
            yield warning(
                "versions",
                f"Controllers of version {', '.join(others)} run beside this {self.version}.",
                "Finish the upgrade: stop what is old.",
            )
        nodes = sorted({one.node for one in alive})
        if self.local_key and len(nodes) > 1:
            yield fault(
                "secret_key_shared",
                f"Controllers run on {', '.join(nodes)}, and the secret key is this machine's own.",
                "Set TOPCALLS_SECRET_KEY to the same value on every machine.",
            )


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _schema(pending: list[str]) -> Finding:
    if not pending:
        return ok("schema", "Up to date.")
    return fault(
        "schema",
        f"{len(pending)} migration(s) are missing: {', '.join(pending)}.",
        "Stop TopCalls, make a backup, and run `topcalls migrate`.",
    )


def _writes(db: Database) -> Finding:
    db.run(checkup.change_nothing)
    return ok("database_writes", "It can be written to.")


def _alive(alive: list[Seen], backlog: Backlog) -> Finding:
    start = "Start `topcalls controller`, or all of it with `topcalls run`."
    if not alive:
        if backlog.queued_since is not None:
            return fault("controllers", "No controller runs, and calls wait.", start)
        return warning("controllers", "No controller runs: calls would wait in the queue.", start)
    draining = [one for one in alive if one.draining]
    nodes = ", ".join(sorted({one.node for one in alive}))
    room = sum(one.capacity for one in alive if not one.draining)
    found = f"{len(alive)} on {nodes}, room for {room} calls."
    if len(draining) == len(alive):
        return warning("controllers", f"All {len(alive)} are stopping: new calls wait.", start)
    if draining:
        return ok("controllers", f"{found} {len(draining)} of them stopping.")
    return ok("controllers", found)


def _worker(loops: list[str], backlog: Backlog) -> Finding:
    if loops:
        return ok("worker", f"Runs: {', '.join(loops)}.")
    start = "Start `topcalls worker`, or all of it with `topcalls run`."
    if backlog.delivery_since is not None or backlog.wrap_up_since is not None:
        return fault("worker", "No worker runs, and webhooks or wrap-ups wait.", start)
    return warning("worker", "No worker runs: webhooks and wrap-ups would wait.", start)


def _backlog(backlog: Backlog, now: datetime) -> Iterator[Finding]:
    def age(since: datetime | None) -> float | None:
        return None if since is None else max(0.0, (now - since).total_seconds())

    yield judge_age(
        "calls_waiting",
        "call",
        age(backlog.queued_since),
        LATE_CALL_SECONDS,
        "More controllers, a higher max_calls or calls_per_second, or higher limits of the "
        "account let more calls begin at once.",
    )
    yield judge_age(
        "webhooks_waiting",
        "webhook that is due",
        age(backlog.delivery_since),
        LATE_DELIVERY_SECONDS,
        "See the worker's log: a receiver that answers slowly, or a worker that is overloaded.",
    )
    yield judge_age(
        "wrap_ups_waiting",
        "wrap-up that is due",
        age(backlog.wrap_up_since),
        LATE_WRAP_UP_SECONDS,
        "See the worker's log, and whether it finds the recordings that the switch writes.",
    )
    yield from _troubles(backlog)


def _registers(
    asked: list[Waiting], states: Mapping[str, RegisterState], now: datetime
) -> Iterator[Finding]:
    """Registers that calls wait for, and that fail or that nobody asks."""
    for one in asked:
        state = states.get(one.provider)
        waits = f"Calls to {one.numbers} number(s) wait for {one.provider}"
        if state is not None and state.failures and state.failed_at is not None:
            yield fault(
                "registers_waiting",
                f"{waits}, which could not be asked {state.failures} time(s) in a row, the last "
                f"time at {state.failed_at:%Y-%m-%d %H:%M} UTC: {state.error}",
                "Put it right; it is asked again within an hour, and nobody is called meanwhile.",
            )
        elif now - one.since >= LATE_ANSWER:
            yield warning(
                "registers_waiting",
                f"{waits}, the longest since {one.since:%Y-%m-%d %H:%M} UTC.",
                "See that a worker runs and that registers_file still names it; it may also be "
                "slow by its per_minute, or have nothing to say of these numbers.",
            )
    if not asked:
        yield ok("registers_waiting", "No call waits for a register.")


def _troubles(backlog: Backlog) -> Iterator[Finding]:
    if backlog.recordings_stuck:
        yield warning(
            "recordings_waiting",
            f"{backlog.recordings_stuck} recording(s) could not be stored so far. "
            f"{backlog.recording_problem or ''}".strip(),
            "They stay on the switch's disk and are tried again: make room, or mend the store.",
        )
    if backlog.orphans:
        yield warning(
            "orphans",
            f"{backlog.orphans} live call(s) have no controller.",
            "A controller of their node settles them in a minute, a worker after 15: start one.",
        )
    if backlog.dead_letters:
        yield warning(
            "dead_letters",
            f"{backlog.dead_letters} webhook(s) of the last day were given up.",
            "GET /v1/calls/{id}/webhooks tells what their receivers answered.",
        )
    if backlog.receivers_disabled:
        yield warning(
            "webhook_receivers",
            f"{backlog.receivers_disabled} webhook receiver(s) that accept nothing are disabled.",
            "Tell their accounts: GET /v1/webhooks/receivers shows why, and how to enable them.",
        )


def _file_of(url: str) -> Path | None:
    scheme, _, rest = url.partition(":///")
    return Path(rest) if scheme == "sqlite" and rest else None
