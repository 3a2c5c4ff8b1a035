"""Queries on agents and their versions."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from topcalls.store.locking import locked
from topcalls.store.models import Agent, AgentVersion

_TICK = timedelta(microseconds=1)


def insert(**columns: Any) -> Agent:
    """Store a new agent; its `created_at` comes from `free_time`."""
    agent: Agent = Agent.create(**columns)
    return agent


def free_time(account_id: str, wanted: datetime) -> datetime:
    """A time not before `wanted` and after every agent of the account, which is locked by then.

    The list's cursor is this time, so no two agents of an account may share it.
    """
    query = Agent.select(Agent.created_at).where(
        Agent.account == account_id, Agent.created_at >= wanted
    )
    last = query.order_by(Agent.created_at.desc()).first()
    return wanted if last is None else last.created_at + _TICK


def of_account(account_id: str, agent_id: str) -> Agent | None:
    """One agent of one account, archived or not."""
    return Agent.get_or_none(Agent.id == agent_id, Agent.account == account_id)


def locked_of_account(account_id: str, agent_id: str) -> Agent | None:
    """The same, kept from other writers until the end of the verb."""
    query = Agent.select().where(Agent.id == agent_id, Agent.account == account_id)
    found: list[Agent] = list(locked(query))
    return found[0] if found else None


def page(
    account_id: str, limit: int, before: datetime | None, archived: bool | None
) -> list[Agent]:
    """Up to `limit` agents created before `before`, newest first; `archived` None: all."""
    query = Agent.select().where(Agent.account == account_id)
    if before is not None:
        query = query.where(Agent.created_at < before)
    if archived is not None:
        query = query.where(Agent.archived_at.is_null(not archived))
    return list(query.order_by(Agent.created_at.desc()).limit(limit))


def change(agent: Agent, now: datetime, **changes: Any) -> None:
    """Write the next revision of a locked agent."""
    changes |= {"revision": agent.revision + 1, "updated_at": now}
    Agent.update(**changes).where(Agent.id == agent.id).execute()
    for name, value in changes.items():
        setattr(agent, name, value)


def version(agent_id: str, number: int) -> AgentVersion | None:
    """One version."""
    return AgentVersion.get_or_none(AgentVersion.agent == agent_id, AgentVersion.number == number)


def draft(agent_id: str) -> AgentVersion | None:
    """The draft."""
    return AgentVersion.get_or_none(
        AgentVersion.agent == agent_id, AgentVersion.published_at.is_null()
    )


def drafts(agent_ids: Collection[str]) -> dict[str, int]:
    """The number of each agent's draft, where there is one."""
    query = AgentVersion.select().where(
        AgentVersion.agent.in_(list(agent_ids)), AgentVersion.published_at.is_null()
    )
    return {row.agent_id: row.number for row in query} if agent_ids else {}


def versions(agent_id: str, limit: int, below: int | None) -> list[AgentVersion]:
    """Up to `limit` versions with a number below `below`, newest first."""
    query = AgentVersion.select().where(AgentVersion.agent == agent_id)
    if below is not None:
        query = query.where(AgentVersion.number < below)
    return list(query.order_by(AgentVersion.number.desc()).limit(limit))


def latest(agent_id: str) -> AgentVersion:
    """The version with the highest number."""
    query = AgentVersion.select().where(AgentVersion.agent == agent_id)
    newest: AgentVersion = query.order_by(AgentVersion.number.desc()).get()
    return newest


def models_in_use(limit: int) -> list[tuple[str, str]]:
    """Name and model of agents whose published version names a model."""
    query: Any = (
        Agent.select(Agent.name, AgentVersion.configuration)
        .join(AgentVersion)
        .where(Agent.archived_at.is_null(), AgentVersion.number == Agent.published_version)
    )
    rows = query.order_by(Agent.created_at).limit(limit).tuples()
    return [(name, held["model"]) for name, held in rows if held.get("model")]


def insert_version(**columns: Any) -> AgentVersion:
    """Store a new version."""
    row: AgentVersion = AgentVersion.create(**columns)
    return row


def change_version(row: AgentVersion, **changes: Any) -> None:
    """Change a version."""
    key = (AgentVersion.agent == row.agent_id) & (AgentVersion.number == row.number)
    AgentVersion.update(**changes).where(key).execute()
    for name, value in changes.items():
        setattr(row, name, value)
