"""Agents as other rooms see them: plain values, never rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from topcalls.core import agents as rules
from topcalls.core import variables
from topcalls.core.agents import AgentStatus, Change, VersionState
from topcalls.store import models


@dataclass(frozen=True, slots=True)
class AgentVersion:
    """One version of an agent. `variables` are the names that a call has to give a value."""

    agent_id: str
    number: int
    state: VersionState
    configuration: Mapping[str, Any]
    variables: tuple[str, ...]
    created_at: datetime
    updated_at: datetime
    published_at: datetime | None


@dataclass(frozen=True, slots=True)
class AgentView:
    """An agent in a list. `revision` counts its changes."""

    id: str
    account_id: str
    name: str
    description: str | None
    status: AgentStatus
    revision: int
    published_version: int | None
    draft_version: int | None
    created_at: datetime
    updated_at: datetime
    archived_at: datetime | None


@dataclass(frozen=True, slots=True)
class AgentDetails:
    """An agent, with the version that calls use and the one that is edited."""

    agent: AgentView
    published: AgentVersion | None
    draft: AgentVersion | None


@dataclass(frozen=True, slots=True)
class AgentPage:
    """Agents, newest first. `next_cursor` is the last one's `created_at` if there are more."""

    data: tuple[AgentView, ...]
    next_cursor: datetime | None


@dataclass(frozen=True, slots=True)
class VersionPage:
    """Versions, newest first. `next_cursor` is the last one's number if there are more."""

    data: tuple[AgentVersion, ...]
    next_cursor: int | None


@dataclass(frozen=True, slots=True)
class Difference:
    """What changed from one version to another."""

    from_version: int
    to_version: int
    changes: tuple[Change, ...]


def agent_view(agent: models.Agent, draft: int | None) -> AgentView:
    """A row for its owner; `draft` is the number of its draft."""
    return AgentView(
        id=agent.id,
        account_id=agent.account_id,
        name=agent.name,
        description=agent.description,
        status=AgentStatus.ARCHIVED if agent.archived_at else AgentStatus.ACTIVE,
        revision=agent.revision,
        published_version=agent.published_version,
        draft_version=draft,
        created_at=agent.created_at,
        updated_at=agent.updated_at,
        archived_at=agent.archived_at,
    )


def version_view(agent: models.Agent, row: models.AgentVersion) -> AgentVersion:
    """A version of `agent`."""
    return AgentVersion(
        agent_id=agent.id,
        number=row.number,
        state=rules.state_of(row.number, row.published_at, agent.published_version),
        configuration=row.configuration,
        variables=variables.needed(row.configuration),
        created_at=row.created_at,
        updated_at=row.updated_at,
        published_at=row.published_at,
    )
