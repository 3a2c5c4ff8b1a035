"""Queries on calls that can be held again."""

from __future__ import annotations

from typing import Any

from topcalls.store.models import Call


def answered(
    limit: int, *, campaign_id: str | None = None, agent_id: str | None = None
) -> list[str]:
    """The ids of up to `limit` calls of a campaign or an agent that were answered and are over,
    the newest first."""
    conditions: list[Any] = [Call.ended_at.is_null(False), Call.answered_at.is_null(False)]
    if campaign_id is not None:
        conditions.append(Call.campaign_id == campaign_id)
    if agent_id is not None:
        conditions.append(Call.agent_id == agent_id)
    query = Call.select(Call.id).where(*conditions).order_by(Call.created_at.desc())
    return [row.id for row in query.limit(limit)]
