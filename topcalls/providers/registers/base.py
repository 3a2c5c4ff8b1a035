"""What a register's plug-in is, and what it is asked and answers: docs/compliance.md shows one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Question:
    """A number (E.164) of which something is to be said. `asked_about`: the date of the consent,
    of the register of reassigned numbers."""

    phone_number: str
    asked_about: datetime | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a register says of a number. `answer` as of `core.number_checks.ANSWERS`: `listed` or
    `clear`, of reassigned numbers `yes`, `no` or `no_data`. `version_at`: of when its copy is;
    `expires_at`: until when it may be relied on, if the register says so; `receipt`: its own."""

    phone_number: str
    answer: str
    version_at: datetime | None = None
    expires_at: datetime | None = None
    receipt: str | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """How a register may be asked: about so many numbers at once (`batch`) and within any minute
    (`per_minute`; None: as many as there are), and how long an answer may take, in seconds."""

    batch: int = 1_000
    per_minute: int | None = None
    timeout_seconds: float = 30.0


class RegisterFault(Exception):
    """A register could not be asked, in words for the operator that hold no number of anybody."""


class Register(Protocol):
    """A plug-in.

    `kind`: `scrub` or `reassigned`; `register` as rules name it ("US", "US-CO", "RND"); `provider`:
    who is asked, for people, of one installation each its own.
    """

    kind: str
    register: str
    provider: str
    terms: Terms

    def covers(self, number: str) -> bool:
        """Whether it can say something of a number. Asked in every process and for every call that
        lacks an answer, so it must be quick, and neither read nor ask anything."""
        ...

    def ask(self, questions: Sequence[Question]) -> Sequence[Answer]:
        """What is known of up to `terms.batch` numbers; one of which nothing is said is asked about
        again later. It may block, on a thread of its own, and raise whatever it wants: then nothing
        is stored, and it is asked again later. The words of a `RegisterFault` are shown, of other
        errors only their kind."""
        ...
