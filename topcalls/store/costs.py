"""Queries on what calls took."""

from __future__ import annotations

from topcalls.store import rows

LOOKED_AT = 300
"""Calls of an account, the latest, that tell how long its calls are."""

_AVERAGE = (
    "SELECT AVG(billed_seconds) FROM "
    '(SELECT "billed_seconds" FROM "call" WHERE "account_id" = ? '
    'ORDER BY "created_at" DESC LIMIT ?) AS latest WHERE billed_seconds > 0'
)


def average_seconds(account_id: str) -> int | None:
    """How long the latest calls of an account were talked; None where none was."""
    ((average,),) = rows.select(_AVERAGE, account_id, LOOKED_AT)
    return None if average is None else round(float(average))
