"""Decisions as lines of JSON, for files that are read a line at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import orjson

from topcalls.api.schemas.compliance import DecisionSchema
from topcalls.services.ledger import DecisionView

_SCHEMA = DecisionSchema()


def lines(decisions: Iterable[DecisionView]) -> Iterator[bytes]:
    """One object on each line."""
    for decision in decisions:
        yield orjson.dumps(_SCHEMA.dump(decision)) + b"\n"
