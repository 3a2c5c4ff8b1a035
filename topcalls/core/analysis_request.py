"""What is asked of calls of the past: is it right?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from topcalls.core.analysis_work import summary_faults
from topcalls.core.json_schema import schema_faults
from topcalls.core.outcome_rules import mapping_faults
from topcalls.errors import FieldError

RUN_STATES = ("running", "done", "cancelled")
ASKED = ("summary", "analysis_schema", "outcome_mapping")


@dataclass(frozen=True, slots=True)
class CallFilter:
    """Which calls: those that were answered and are over, created from `first` to before `last`.
    `dispositions` may hold None: those without one."""

    call_ids: tuple[str, ...] = ()
    first: datetime | None = None
    last: datetime | None = None
    campaign_id: str | None = None
    agent_id: str | None = None
    dispositions: tuple[str | None, ...] = ()


def request_faults(given: Mapping[str, Any]) -> Iterator[FieldError]:
    """Everything wrong with `summary`, `analysis_schema` and `outcome_mapping`. Rules without a
    schema may name fields of whatever analyses the calls have."""
    if given.get("analysis_schema") is not None:
        yield from schema_faults(given["analysis_schema"], "analysis_schema")
    yield from summary_faults(given)
    if given.get("outcome_mapping") is not None:
        yield from mapping_faults(given, knows_schema=False)
