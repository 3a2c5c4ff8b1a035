"""`/v1/agents`: stored call configurations, in versions."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

from flask import Response

from topcalls.api import agent_examples as examples
from topcalls.api.auth import principal, requires
from topcalls.api.blueprint import ApiBlueprint, fails_with
from topcalls.api.conditional import conditional, etag, seen_revision
from topcalls.api.context import services
from topcalls.api.idempotency import idempotent, json_answer, once
from topcalls.api.schemas.agent_chats import ChatAnswerSchema, ChatSchema
from topcalls.api.schemas.agents import (
    AgentCreateSchema,
    AgentDetailsSchema,
    AgentDiffSchema,
    AgentEditSchema,
    AgentPageSchema,
    AgentQuerySchema,
    AgentRollbackSchema,
    AgentVersionPageSchema,
    AgentVersionSchema,
    DiffQuerySchema,
    VersionQuerySchema,
    details_shown,
)
from topcalls.services.agent_chats import ChatAnswer
from topcalls.services.agent_views import (
    AgentDetails,
    AgentPage,
    AgentVersion,
    Difference,
    VersionPage,
)
from topcalls.services.agents import Agents
from topcalls.services.idempotency import Answer

agents = ApiBlueprint(
    "agents", __name__, description="Store how calls are to be made, try it, and publish it."
)
_DETAILS = AgentDetailsSchema()


@agents.route("/v1/agents", methods=["POST"])
@requires("agents:write")
@idempotent
@agents.arguments(AgentCreateSchema, examples=examples.AGENT_BODIES)
@agents.response(201, AgentDetailsSchema, example=examples.DRAFTED)
def create_agent(wanted: dict[str, Any]) -> Response:
    """Create an agent.

    It is a draft, version 1: calls can use it once it is published, or by naming the version.
    Its configuration is judged as a call's would be.
    """
    verbs = services().agents
    create = partial(verbs.create, principal().account_id, **wanted)
    return once(create, partial(_created, verbs))


def _created(verbs: Agents, details: AgentDetails) -> Answer:
    headers = {"Location": f"/v1/agents/{details.agent.id}", **etag(details.agent.revision)}
    return json_answer(201, _DETAILS.dump(details_shown(verbs, details)), headers)


def _changed(verbs: Agents, details: AgentDetails) -> Answer:
    shown = _DETAILS.dump(details_shown(verbs, details))
    return json_answer(200, shown, etag(details.agent.revision))


def _shown(details: AgentDetails) -> tuple[dict[str, Any], dict[str, str]]:
    return details_shown(services().agents, details), etag(details.agent.revision)


@agents.route("/v1/agents")
@requires("agents:read")
@agents.arguments(AgentQuerySchema, location="query")
@agents.response(200, AgentPageSchema, example=examples.AGENT_PAGE)
def list_agents(query: dict[str, Any]) -> AgentPage:
    """List agents, newest first.

    Archived ones are left out unless `status` asks for them.
    """
    return services().agents.list(principal().account_id, **query)


@agents.route("/v1/agents/<uuid:agent_id>")
@requires("agents:read")
@agents.response(200, AgentDetailsSchema, example=examples.PUBLISHED)
def get_agent(agent_id: UUID) -> tuple[dict[str, Any], dict[str, str]]:
    """Get an agent, with its published version and its draft."""
    details = services().agents.get(principal().account_id, str(agent_id))
    return _shown(details)


@agents.route("/v1/agents/<uuid:agent_id>", methods=["PATCH"])
@requires("agents:write")
@fails_with(409)
@conditional
@agents.arguments(AgentEditSchema, examples=examples.EDIT_BODIES)
@agents.response(200, AgentDetailsSchema, example=examples.EDITED)
def edit_agent(wanted: dict[str, Any], agent_id: UUID) -> tuple[dict[str, Any], dict[str, str]]:
    """Edit an agent's draft.

    Without a draft, one begins as a copy of the published version, which calls go on using.
    """
    account_id = principal().account_id
    details = services().agents.edit(account_id, str(agent_id), wanted, seen_revision())
    return _shown(details)


@agents.route("/v1/agents/<uuid:agent_id>", methods=["DELETE"])
@requires("agents:write")
@fails_with(409)
@conditional
@agents.response(204)
def archive_agent(agent_id: UUID) -> None:
    """Archive an agent.

    Nothing can use it any more; calls go on and it stays readable, because calls name it. While
    telephone numbers use it, this is refused and `used_by` names them.
    """
    services().agents.archive(principal().account_id, str(agent_id), seen_revision())


@agents.route("/v1/agents/<uuid:agent_id>/publish", methods=["POST"])
@requires("agents:write")
@fails_with(409)
@conditional
@idempotent
@agents.response(200, AgentDetailsSchema, example=examples.PUBLISHED)
def publish_agent(agent_id: UUID) -> Response:
    """Publish an agent's draft.

    Calls made from now on use it; calls made before keep the version they have.
    """
    publish = services().agents.publish
    verb = partial(publish, principal().account_id, str(agent_id), seen_revision())
    return once(verb, partial(_changed, services().agents))


@agents.route("/v1/agents/<uuid:agent_id>/rollback", methods=["POST"])
@requires("agents:write")
@fails_with(409)
@conditional
@idempotent
@agents.arguments(AgentRollbackSchema, example={"version": 1})
@agents.response(200, AgentDetailsSchema, example=examples.PUBLISHED)
def roll_agent_back(wanted: dict[str, Any], agent_id: UUID) -> Response:
    """Roll an agent back.

    A version that was published before is used again. The draft stays as it is.
    """
    back = services().agents.rollback
    which = (principal().account_id, str(agent_id), wanted["version"], seen_revision())
    return once(partial(back, *which), partial(_changed, services().agents))


@agents.route("/v1/agents/<uuid:agent_id>/versions")
@requires("agents:read")
@agents.arguments(VersionQuerySchema, location="query")
@agents.response(200, AgentVersionPageSchema, example=examples.VERSION_PAGE)
def list_agent_versions(query: dict[str, Any], agent_id: UUID) -> VersionPage:
    """List an agent's versions, newest first."""
    return services().agents.versions(principal().account_id, str(agent_id), **query)


@agents.route("/v1/agents/<uuid:agent_id>/versions/<int:number>")
@requires("agents:read")
@agents.response(200, AgentVersionSchema, example=examples.VERSION)
def get_agent_version(agent_id: UUID, number: int) -> AgentVersion:
    """Get one version of an agent."""
    return services().agents.version(principal().account_id, str(agent_id), number)


@agents.route("/v1/agents/<uuid:agent_id>/diff")
@requires("agents:read")
@agents.arguments(DiffQuerySchema, location="query")
@agents.response(200, AgentDiffSchema, example=examples.DIFF)
def compare_agent_versions(query: dict[str, Any], agent_id: UUID) -> Difference:
    """Compare two versions of an agent.

    Without `from` and `to`: what publishing the draft would change.
    """
    return services().agents.diff(principal().account_id, str(agent_id), **query)


@agents.route("/v1/agents/<uuid:agent_id>/chat", methods=["POST"])
@requires("calls:write")
@fails_with(502)
@agents.arguments(ChatSchema, example=examples.CHAT_BODY)
@agents.response(200, ChatAnswerSchema, example=examples.CHAT_ANSWER)
def chat_with_agent(wanted: dict[str, Any], agent_id: UUID) -> ChatAnswer:
    """Try an agent in writing.

    No call is placed, nothing is stored, and no tool carried out; knowledge bases are not looked
    up. The key needs `agents:read` too. The language model of the chain takes what an answer costs.
    """
    turns = wanted.pop("messages")
    return services().agent_chats.answer(principal(), str(agent_id), turns, **wanted)
