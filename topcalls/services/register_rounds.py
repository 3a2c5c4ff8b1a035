"""Asks registers what calls wait for: in batches, no faster than each allows, one worker at a time.

What a register says is stored as evidence with its date, and whoever waited for it is looked at
again at once. A register that fails, hangs, or answers with a copy too old to rely on is left alone
for a while that grows; that it fails, since when and why is told by the log, a metric and the
doctor, and nobody is called or left out for it meanwhile.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import gevent
from gevent.threadpool import ThreadPool

from topcalls import metrics
from topcalls.clock import Clock
from topcalls.core.number_checks import faults
from topcalls.core.register_questions import longest_age, pause
from topcalls.core.rule_pack import RulePack
from topcalls.errors import StoreUnavailable
from topcalls.ids import new_id
from topcalls.log import get_logger
from topcalls.providers.registers.base import Answer, Question, Register, RegisterFault
from topcalls.services.number_checks import insert_answers
from topcalls.services.registers import Registers
from topcalls.store import registers
from topcalls.store.database import Database
from topcalls.store.locking import lock_account
from topcalls.store.models import RegisterQuestion

LEASE_SPARE_SECONDS = 60.0
"""Beyond the time that an answer may take."""

_MINUTE = 60.0
_HANGS = "It still does not answer what it was asked before."
log = get_logger("registers")


class RegisterRounds:
    """See the module's text. `owner` as of `Webhooks`."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        installed: Registers,
        pack: RulePack,
        owner: str | None = None,
    ) -> None:
        self._db = db
        self._clock = clock
        self._registers: Mapping[str, Register] = {one.provider: one for one in installed.installed}
        self._pack = pack
        self._owner = owner or new_id()
        self._threads: dict[str, ThreadPool] = {}
        self._hanging: set[str] = set()

    def due(self, now: datetime) -> list[str]:
        """Take the providers that have something to be asked and may be asked; their names, for
        `run`."""
        if not self._registers:
            return []

        def verb() -> list[str]:
            wanted = [one for one in registers.with_questions(now) if one in self._registers]
            return [one for one in wanted if self._take(one, now)]

        return self._db.run(verb)

    def run(self, provider: str) -> int:
        """Ask a provider taken by `due` one batch; how many numbers it was asked about. May run
        twice."""
        register = self._registers.get(provider)
        now = self._clock.now()
        state = self._db.read(registers.state, provider)
        if register is None or state is None or state.lease_owner != self._owner:
            return 0
        terms = register.terms
        most = terms.batch if terms.per_minute is None else min(terms.batch, terms.per_minute)
        rows = self._db.read(registers.open_of, provider, now, most)
        try:
            answers = self._answers(register, rows) if rows else []
            self._keep(register, rows, answers)
        except StoreUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - a plug-in may raise whatever it wants
            self._failed(provider, state.failures + 1, error)
            return len(rows)
        metrics.register_answers.labels(provider, "answered").inc(len(answers))
        metrics.register_answers.labels(provider, "unanswered").inc(len(rows) - len(answers))
        rest = 0.0 if terms.per_minute is None else len(rows) * _MINUTE / terms.per_minute
        self._told(provider, timedelta(seconds=rest), failures=0, error=None)
        return len(rows)

    def _take(self, provider: str, now: datetime) -> bool:
        seconds = self._registers[provider].terms.timeout_seconds + LEASE_SPARE_SECONDS
        return registers.take(provider, self._owner, now, seconds)

    # --- asking

    def _answers(self, register: Register, rows: Sequence[RegisterQuestion]) -> list[Answer]:
        """What is said of each number, found right. Who hangs is not asked again before its thread
        has come back.

        Raises:
            RegisterFault: it took too long, or said what is no answer.
        """
        questions = [Question(row.phone_number, row.asked_about) for row in _once(rows)]
        answers = self._on_its_thread(register, questions)
        about = {one.phone_number: one.asked_about for one in questions}
        age = longest_age(self._pack, register.kind, register.register)
        now = self._clock.now()
        for answer in answers:
            if answer.phone_number not in about:
                raise RegisterFault("It spoke of a number that it was not asked about.")
            wrong = next(faults(_body(register, answer, about, now), now), None)
            if wrong is not None:
                raise RegisterFault(f"It answered wrongly: {wrong.path}: {wrong.message}")
            version = answer.version_at
            if version is not None and age is not None and (now - version).days > age.days:
                raise RegisterFault(
                    f"Its copy is of {version:%Y-%m-%d}, and the rules allow {age.days} days."
                )
        return answers

    def _on_its_thread(self, register: Register, questions: list[Question]) -> list[Answer]:
        name, seconds = register.provider, register.terms.timeout_seconds
        if name in self._hanging:
            raise RegisterFault(_HANGS)
        threads = self._threads.setdefault(name, ThreadPool(1))
        asking = threads.spawn(lambda: list(register.ask(questions)))
        if not asking.wait(seconds) and not asking.ready():
            self._hanging.add(name)
            gevent.spawn(self._came_back, name, asking)
            raise RegisterFault(f"It did not answer within {seconds:g} s.")
        answers: list[Answer] = asking.get()
        if not all(isinstance(one, Answer) for one in answers):
            raise RegisterFault("It answered with something else than answers.")
        return answers

    def _came_back(self, name: str, asking: Any) -> None:
        asking.wait()
        self._hanging.discard(name)

    # --- what became of it

    def _keep(
        self, register: Register, rows: Sequence[RegisterQuestion], answers: Sequence[Answer]
    ) -> None:
        """Store the answers of each account, and let those be called who waited for them."""
        said = {answer.phone_number: answer for answer in answers}
        about = {row.phone_number: row.asked_about for row in rows}
        now = self._clock.now()
        of_account: dict[str, list[RegisterQuestion]] = defaultdict(list)
        for row in rows:
            of_account[row.account_id].append(row)
        for account_id, own in sorted(of_account.items()):
            known = [row for row in own if row.phone_number in said]
            bodies = [_body(register, said[row.phone_number], about, now) for row in known]
            self._db.run(self._store, account_id, own, known, bodies, now)

    def _store(
        self,
        account_id: str,
        own: Sequence[RegisterQuestion],
        known: Sequence[RegisterQuestion],
        bodies: Sequence[Mapping[str, Any]],
        now: datetime,
    ) -> None:
        lock_account(account_id)
        insert_answers(account_id, bodies, now)
        registers.answered([row.id for row in known])
        waiting: dict[str, list[str]] = defaultdict(list)
        for row in known:
            waiting[row.rule_id].append(row.phone_number)
        for rule_id, numbers in waiting.items():
            registers.wake(account_id, rule_id, numbers, now)
        silent: dict[int, list[str]] = defaultdict(list)
        for row in own:
            if row not in known:
                silent[row.tries].append(row.id)
        for tries, ids in silent.items():
            registers.again(ids, now + pause(tries + 1))

    def _failed(self, provider: str, failures: int, error: Exception) -> None:
        words = str(error) if isinstance(error, RegisterFault) else f"{type(error).__name__}."
        log.error("A register could not be asked", provider=provider, why=words, failures=failures)
        metrics.register_answers.labels(provider, "failed").inc()
        now = self._clock.now()
        self._told(provider, pause(failures), failures=failures, error=words, failed_at=now)

    def _told(self, provider: str, rest: timedelta, **columns: Any) -> None:
        now = self._clock.now()
        if columns["error"] is None:
            columns["answered_at"] = now
        self._db.run(registers.told, provider, self._owner, next_at=now + rest, **columns)


def _once(rows: Sequence[RegisterQuestion]) -> list[RegisterQuestion]:
    """One question for each number, however many accounts wait for it."""
    return list({row.phone_number: row for row in rows}.values())


def _body(
    register: Register, answer: Answer, about: Mapping[str, datetime | None], now: datetime
) -> dict[str, Any]:
    """An answer as it is stored."""
    return asdict(answer) | {
        "asked_about": about[answer.phone_number],
        "kind": register.kind,
        "register": register.register,
        "provider": register.provider,
        "checked_at": now,
    }
