"""Agents: what is sent and how they are shown.

Whether an agent is right is decided in `core/agents.py`, which tells every fault at once; what the
schemas add is the reference.
"""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from topcalls.api import fields
from topcalls.api.schemas.call_views import shown
from topcalls.api.schemas.calls import CallConfigurationSchema
from topcalls.api.schemas.problems import FaultSchema
from topcalls.core.agents import (
    DESCRIPTION_LENGTHS,
    NAME_LENGTHS,
    AgentStatus,
    ChangeKind,
    VersionState,
)
from topcalls.services.agent_views import AgentDetails
from topcalls.services.agents import Agents

ALL = "all"
_LIMIT = ma.validate.Range(1, 200, error="Must be from 1 to 200.")


class Configuration(fields.AsItIs):
    """An agent's configuration."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(CallConfigurationSchema, **kwargs)


def _name(*, required: bool) -> fields.Text:
    least, most = NAME_LENGTHS
    about = {"minLength": least, "maxLength": most, "description": "For people."}
    return fields.Text(required=required, metadata=about)


def _description() -> fields.Text:
    about = {"maxLength": DESCRIPTION_LENGTHS[1], "description": "For people."}
    return fields.Text(allow_none=True, metadata=about)


def _moment(text: str, *, nullable: bool = False) -> fields.Timestamp:
    return fields.Timestamp(
        required=not nullable, allow_none=nullable, metadata={"description": text}
    )


class AgentCreateSchema(ma.Schema):
    """A new agent. Its configuration becomes the draft."""

    name = _name(required=True)
    description = _description()
    configuration = Configuration(required=True)


class AgentEditSchema(ma.Schema):
    """What to change. What is not named stays."""

    name = _name(required=False)
    description = _description()
    configuration = Configuration(
        metadata={
            "description": "Fields of the draft's configuration to replace; null removes one. In "
            "`request_data`, `interruption` and `recording` each name is replaced for itself."
        }
    )


class AgentRollbackSchema(ma.Schema):
    """Which version calls are to use again."""

    version = fields.Whole(required=True, metadata={"minimum": 1})


class AgentQuerySchema(ma.Schema):
    """Which agents to list."""

    limit = fields.QueryWhole(load_default=50, validate=_LIMIT)
    cursor = fields.Timestamp(metadata={"description": "`next_cursor` of the page before."})
    status = fields.Choice(*AgentStatus, ALL, load_default=str(AgentStatus.ACTIVE))

    @ma.post_load
    def _all(self, query: dict[str, Any], **_: Any) -> dict[str, Any]:
        status = query["status"]
        return {**query, "status": None if status == ALL else AgentStatus(status)}


class VersionQuerySchema(ma.Schema):
    """Which versions to list."""

    limit = fields.QueryWhole(load_default=50, validate=_LIMIT)
    cursor = fields.QueryWhole(metadata={"description": "`next_cursor` of the page before."})


class DiffQuerySchema(ma.Schema):
    """Which versions to compare."""

    start = fields.QueryWhole(
        data_key="from", metadata={"description": "A version; the published one if left out."}
    )
    end = fields.QueryWhole(
        data_key="to", metadata={"description": "A version; the newest one if left out."}
    )


class AgentVersionSchema(ma.Schema):
    """One version of an agent. Once it was published, it does not change any more."""

    number = fields.Whole(required=True)
    state = fields.Choice(
        *VersionState,
        required=True,
        metadata={"description": "`draft` is edited, `published` used by calls, `superseded` was."},
    )
    configuration = Configuration(required=True)
    variables = fields.ListOf(
        fields.Text(),
        required=True,
        metadata={"description": "Names that a call must give a value, in `request_data`."},
    )
    created_at = _moment("When it was begun.")
    updated_at = _moment("When it was last edited.")
    published_at = _moment("When it was last put in use.", nullable=True)


class AgentSchema(ma.Schema):
    """An agent in a list."""

    id = fields.Text(required=True, metadata={"format": "uuid"})
    account_id = fields.Text(required=True, metadata={"format": "uuid"})
    name = fields.Text(required=True)
    description = fields.Text(allow_none=True)
    status = fields.Choice(
        *AgentStatus,
        required=True,
        metadata={"description": "An `archived` one can be read, and not be used any more."},
    )
    revision = fields.Whole(
        required=True, metadata={"description": "Counts the changes; also the `ETag` header."}
    )
    published_version = fields.Whole(
        allow_none=True, metadata={"description": "What calls use; null before the first."}
    )
    draft_version = fields.Whole(
        allow_none=True, metadata={"description": "What is edited; null without changes."}
    )
    created_at = _moment("When it was made.")
    updated_at = _moment("When it was last changed.")
    archived_at = _moment("When it was archived.", nullable=True)


class AgentDetailsSchema(AgentSchema):
    """An agent, with its published version and its draft."""

    warnings = fields.ListOf(
        ma.fields.Nested(FaultSchema),
        required=True,
        metadata={
            "description": "What calls by the published version would be refused for by now, and "
            "what of it will end."
        },
    )
    published = ma.fields.Nested(AgentVersionSchema, required=True, allow_none=True)
    draft = ma.fields.Nested(AgentVersionSchema, required=True, allow_none=True)


class AgentPageSchema(ma.Schema):
    """Agents, newest first."""

    data = fields.ListOf(ma.fields.Nested(AgentSchema), required=True)
    next_cursor = _moment("Where the next page begins; null on the last.", nullable=True)


class AgentVersionPageSchema(ma.Schema):
    """Versions of an agent, newest first."""

    data = fields.ListOf(ma.fields.Nested(AgentVersionSchema), required=True)
    next_cursor = fields.Whole(
        allow_none=True, metadata={"description": "Where the next page begins; null on the last."}
    )


class AgentChangeSchema(ma.Schema):
    """One field that differs."""

    path = fields.Text(required=True, metadata={"example": "request_data.clinic"})
    kind = fields.Choice(*ChangeKind, required=True)
    before = ma.fields.Raw(allow_none=True, metadata={"description": "Null if it was absent."})
    after = ma.fields.Raw(allow_none=True, metadata={"description": "Null if it is absent."})


class AgentDiffSchema(ma.Schema):
    """What changed from one version to another, by field. Lists are compared whole."""

    from_version = fields.Whole(required=True)
    to_version = fields.Whole(required=True)
    changes = fields.ListOf(ma.fields.Nested(AgentChangeSchema), required=True)


def details_shown(agents: Agents, details: AgentDetails) -> dict[str, Any]:
    """An agent and its versions as one object."""
    warnings = [fault._asdict() for fault in agents.warnings(details)]
    versions = {"published": details.published, "draft": details.draft}
    return {**shown(details.agent), **versions, "warnings": warnings}
