"""What a client raises."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class TopCallsClientError(Exception):
    """Everything that the client raises."""


class Unreachable(TopCallsClientError):
    """There was no answer: whether anything was done is not known, unless the request had an
    Idempotency-Key and is sent once more with the same."""


class WrongSignature(TopCallsClientError):
    """A webhook was not signed by this account, or too long ago: do nothing of what it says."""


class Fault(NamedTuple):
    """What is wrong with one field of what was sent."""

    path: str
    message: str
    code: str


class ApiError(TopCallsClientError):
    """The API refused. `problem` is its document (RFC 9457), empty where there was none."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        self.status = status
        self.problem = problem
        lines = [str(problem.get("detail") or problem.get("title") or f"Status {status}.")]
        lines += [f"{fault.path}: {fault.message}" for fault in self.faults]
        super().__init__("\n".join(lines))

    @property
    def slug(self) -> str:
        """What kind of error it is, to be matched on: the end of the problem's `type`."""
        return str(self.problem.get("type", "")).rpartition("/")[2]

    @property
    def remedy(self) -> str:
        """What to do about it, which the message says too; empty where the API does not say."""
        return str(self.problem.get("remedy") or "")

    @property
    def faults(self) -> tuple[Fault, ...]:
        """What is wrong with each field."""
        return tuple(
            Fault(str(one.get("path", "")), str(one.get("message", "")), str(one.get("code", "")))
            for one in self.problem.get("errors") or ()
        )
