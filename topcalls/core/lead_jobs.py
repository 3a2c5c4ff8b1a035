"""Work at many leads that is done beside the API: deleting them, and reading files of them."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

CHUNK: Final = 1_000
"""Leads that one transaction deletes."""

PART: Final = 500
"""Rows of a file that one transaction checks or imports."""

TRIES: Final = 20
"""How often a job may be taken up without getting any further, before it is given up."""


class JobKind(StrEnum):
    """What a job does."""

    DELETE = "delete"
    UPLOAD = "upload"


class JobStatus(StrEnum):
    """How far a job is. Values are part of the public contract."""

    RECEIVING = "receiving"
    PENDING = "pending"
    CHECKING = "checking"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"


class RefusedRows(StrEnum):
    """What becomes of the good rows of a file in which others are refused."""

    SKIP = "skip"
    ABORT = "abort"


def chunks_of(count: int, size: int) -> int:
    """How many chunks of a size so many rows make."""
    return -(-count // size)
