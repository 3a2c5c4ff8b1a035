"""Rows of agents: found, guarded and written inside the verbs of `services.agents`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from topcalls.core import agents as rules
from topcalls.errors import Conflict, NotFound
from topcalls.services import tool_secrets
from topcalls.services.agent_views import AgentDetails, agent_view, version_view
from topcalls.store import agents, models
from topcalls.store.fields import plain


def found(account_id: str, agent_id: str, *, lock: bool = False) -> models.Agent:
    """An agent, archived or not; `lock` keeps it from other writers. Raises NotFound."""
    find = agents.locked_of_account if lock else agents.of_account
    agent = find(account_id, agent_id)
    if agent is None:
        raise NotFound("No such agent.")
    return agent


def active(agent: models.Agent) -> models.Agent:
    """The agent, unless it is archived: Conflict."""
    if agent.archived_at is not None:
        raise Conflict("The agent is archived.", remedy="Use another one, or create it anew.")
    return agent


def to_change(account_id: str, agent_id: str, revision: int | None) -> models.Agent:
    """An agent, locked, of the `revision` that its changer has seen. Raises Conflict, NotFound."""
    agent = active(found(account_id, agent_id, lock=True))
    check_revision(agent, revision)
    return agent


def check_revision(agent: models.Agent, revision: int | None) -> None:
    """Raises Conflict when the agent is of another revision than its changer has seen."""
    if revision is not None and revision != agent.revision:
        raise Conflict(
            f"The agent has changed meanwhile: it is at revision {agent.revision}.",
            remedy="Read it again and repeat the change.",
            revision=agent.revision,
        )


def version_row(agent: models.Agent, number: int) -> models.AgentVersion:
    """One version. Raises NotFound."""
    row = agents.version(agent.id, number) if is_number(number) else None
    if row is None:
        raise NotFound(f"The agent has no version {number}.", field="agent_version")
    return row


def is_number(value: object) -> bool:
    """Whether a version can have this number."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**31


def sealed(account_id: str, configuration: Any, now: datetime) -> dict[str, Any]:
    """A configuration as it is stored: without what is null, and without secrets.

    Raises InvalidRequest where it names stored secrets that there are none of.
    """
    given = rules.given(configuration)
    return tool_secrets.sealed_configuration(account_id, given, now, "configuration")


def editable(agent: models.Agent) -> models.AgentVersion:
    """The draft, or what a new one begins as."""
    return agents.draft(agent.id) or version_row(agent, agent.published_version or 0)


def write_draft(
    agent: models.Agent, base: models.AgentVersion, configuration: Any, now: datetime
) -> None:
    """Change the draft, or begin one where `base` is none."""
    if base.published_at is None:
        agents.change_version(base, configuration=configuration, updated_at=now)
    else:
        insert_draft(agent, agents.latest(agent.id).number + 1, configuration, now)


def insert_draft(agent: models.Agent, number: int, configuration: Any, now: datetime) -> None:
    """Begin a draft."""
    agents.insert_version(
        agent=agent.id,
        number=number,
        configuration=plain(configuration),
        created_at=now,
        updated_at=now,
    )


def details(agent: models.Agent) -> AgentDetails:
    """An agent for its owner."""
    row = agents.draft(agent.id)
    draft = version_view(agent, row) if row else None
    number = agent.published_version
    published = version_view(agent, version_row(agent, number)) if number else None
    return AgentDetails(agent_view(agent, draft.number if draft else None), published, draft)
