"""Which register can be asked about whom; and that a call waits for what it is going to say.

A decision that lacks nothing but answers of registers, or besides only has to wait for its time, is
no refusal for good where somebody can be asked for them: the questions are stored with it, a worker
asks them (`register_rounds`), and whoever waits is looked at again when they are answered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from topcalls.core.eligibility_facts import Decision, Facts, Plan
from topcalls.core.register_questions import (
    RegisterQuestion,
    may_follow,
    open_questions,
    patience,
)
from topcalls.ids import ordered_ids
from topcalls.log import get_logger
from topcalls.providers.registers.base import Register
from topcalls.store import registers

log = get_logger("registers")


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked, of which provider each, and until when the call waits for it at most."""

    questions: tuple[tuple[RegisterQuestion, str], ...]
    until: datetime


class Registers:
    """The registers of this installation, the one asked first in front."""

    def __init__(self, installed: Sequence[Register] = ()) -> None:
        self.installed = tuple(installed)

    def covering(self, kind: str, register: str, number: str) -> Register | None:
        """Who can be asked about a number."""
        for one in self.installed:
            if (one.kind, one.register) == (kind, register) and _covers(one, number):
                return one
        return None

    def covered(self, number: str) -> tuple[tuple[str, str], ...]:
        """The kinds and names of those registers that somebody can be asked about a number of."""
        return tuple((one.kind, one.register) for one in self.installed if _covers(one, number))

    def awaited(
        self, account_id: str, decision: Decision, facts: Facts, plan: Plan, now: datetime
    ) -> Asked | None:
        """Part of a verb: what a refused call waits for; None where it waits for no register."""
        if not self.installed:
            return None
        follows = may_follow(decision, now)
        number, found = facts.contact.number, []
        for question in open_questions(decision, facts, plan, now):
            register = self.covering(question.kind, question.register, number)
            if register is None:
                return None
            found.append((question, register.provider))
        if follows is None or not found:
            return None
        until = now + patience(registers.since(account_id, number), now)
        return Asked(tuple(found), max(until, follows))


def _covers(register: Register, number: str) -> bool:
    """A plug-in that fails here covers nobody, and keeps no other call from being decided about."""
    try:
        return bool(register.covers(number))
    except Exception as error:  # noqa: BLE001 - a plug-in may raise whatever it wants
        why = type(error).__name__
        log.error("A register cannot say whom it covers", provider=register.provider, why=why)
        return False


def ask(account_id: str, number: str, asked: Asked, now: datetime) -> None:
    """Part of a verb: have the questions of a call asked."""
    ids = ordered_ids(now, len(asked.questions))
    registers.ask(
        [
            {
                "id": question_id,
                "account": account_id,
                "phone_number": number,
                "kind": question.kind,
                "register": question.register,
                "asked_about": question.asked_about,
                "provider": provider,
                "rule_id": question.rule_id,
                "available_at": now,
                "tries": 0,
                "created_at": now,
            }
            for question_id, (question, provider) in zip(ids, asked.questions, strict=True)
        ]
    )
