"""Supervisors of live calls: what may be asked, and who took part, from when to when."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from topcalls.api import fields
from topcalls.core.call_status import CALL_STATUSES
from topcalls.core.softphones import EXTENSION_PATTERN
from topcalls.core.supervision import ASKED_BY, Failure, Mode, Outcome
from topcalls.services.supervisions import MOST_LIVE, PARTNERS

_MODES = (
    "`listen`: nobody hears the supervisor. `whisper`: only the person whom the caller was handed "
    "over to does; with the agent, nobody. `barge`: everybody does, and the agent says nothing "
    "meanwhile. `take_over`: the agent leaves, and the caller talks to the supervisor."
)


def _moment(text: str, **options: Any) -> fields.Timestamp:
    return fields.Timestamp(metadata={"description": text}, **options)


class SuperviseSchema(ma.Schema):
    """Who shall take part in a call, and how."""

    mode = fields.Choice(*Mode, required=True, metadata={"description": _MODES})
    extension = fields.Text(
        required=True,
        metadata={
            "description": "The softphone's. It is rung, unless it is on the call already.",
            "pattern": EXTENSION_PATTERN,
        },
    )


class ModeSchema(ma.Schema):
    """One way in which a supervisor took part."""

    mode = fields.Choice(*Mode, required=True)
    began_at = _moment("From when.", required=True)
    ended_at = _moment("To when; null: until now.", required=True, allow_none=True)


class SupervisionSchema(ma.Schema):
    """One stay of a supervisor on the call."""

    supervision = fields.Whole(required=True, metadata={"description": "Counted from 1."})
    extension = fields.Text(required=True)
    name = fields.Text(required=True, allow_none=True)
    asked_by = fields.Choice(
        *ASKED_BY, required=True, metadata={"description": "`code`: dialled on the softphone."}
    )
    channel_id = fields.Text(
        required=True, metadata={"description": "The switch's name of the softphone's leg."}
    )
    asked_at = _moment("When it was asked for.", required=True)
    joined_at = _moment("Since when the supervisor was there.", required=True, allow_none=True)
    taken_over_at = _moment(
        "Since when the caller talked to the supervisor alone.", required=True, allow_none=True
    )
    ended_at = _moment("When the supervisor left.", required=True, allow_none=True)
    outcome = fields.Choice(
        *Outcome, required=True, allow_none=True, metadata={"description": "Null while it lasts."}
    )
    failure = fields.Choice(
        *Failure,
        required=True,
        allow_none=True,
        metadata={"description": "Why the softphone was not reached."},
    )
    modes = fields.ListOf(ma.fields.Nested(ModeSchema), required=True)


class LiveCallsQuerySchema(ma.Schema):
    """How many live calls to list."""

    limit = fields.QueryWhole(
        load_default=200,
        validate=ma.validate.Range(1, MOST_LIVE, error=f"Must be from 1 to {MOST_LIVE}."),
    )


class LiveSupervisorSchema(ma.Schema):
    """Who is on a live call."""

    extension = fields.Text(required=True)
    mode = fields.Choice(*Mode, required=True)


class LiveCallSchema(ma.Schema):
    """A call that is being dialled, rings or is in progress."""

    id = fields.Text(required=True, metadata={"format": "uuid"})
    live_code = fields.Text(
        required=True,
        allow_none=True,
        metadata={
            "description": "What a softphone dials for it, as in `*30` and the code; null until it "
            "is answered."
        },
    )
    direction = fields.Choice("outbound", "inbound", required=True)
    phone_number = fields.Text(required=True)
    from_phone_number = fields.Text(required=True, allow_none=True)
    call_status = fields.Choice(*CALL_STATUSES, required=True, allow_none=True)
    talks_with = fields.Choice(
        *PARTNERS,
        required=True,
        allow_none=True,
        metadata={"description": "`person`: it was handed over; null: not answered yet."},
    )
    agent_id = fields.Text(required=True, allow_none=True, metadata={"format": "uuid"})
    node = fields.Text(required=True, allow_none=True)
    created_at = _moment("When it was made, or came in.", required=True)
    started_at = _moment("When it was answered.", required=True, allow_none=True)
    supervisors = fields.ListOf(ma.fields.Nested(LiveSupervisorSchema), required=True)


class LiveCallsSchema(ma.Schema):
    """Live calls, the last answered first. `total` counts those beyond the limit too."""

    data = fields.ListOf(ma.fields.Nested(LiveCallSchema), required=True)
    total = fields.Whole(required=True)
