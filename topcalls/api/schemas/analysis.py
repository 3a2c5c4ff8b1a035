"""Calls of the past analysed again: what is asked, and how it is shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import marshmallow as ma

from topcalls.api import fields
from topcalls.api.schemas.after_call import SummarySchema
from topcalls.core.analysis_request import ASKED, RUN_STATES, CallFilter, request_faults
from topcalls.core.analysis_work import State
from topcalls.errors import InvalidRequest
from topcalls.services.analysis_previews import MOST_PREVIEWED, MOST_SHOWN
from topcalls.services.analysis_runs import MOST_CALLS, RunWish

_MOST_IDS = 1_000


def _uuid(text: str, **options: Any) -> fields.Text:
    return fields.Text(
        **options, validate=fields.IS_UUID, metadata={"format": "uuid", "description": text}
    )


def _count(text: str, **options: Any) -> fields.Whole:
    return fields.Whole(required=True, metadata={"description": text}, **options)


def _judged(body: Any) -> None:
    """Raises InvalidRequest with everything that the rules of calls find wrong."""
    faults = list(request_faults(body)) if isinstance(body, Mapping) else []
    if faults:
        raise InvalidRequest("The body of this request is not right: see 'errors'.", faults)


class CallFilterSchema(ma.Schema):
    """Which calls, of those that were answered and are over. Nothing given: all of them."""

    call_ids = fields.ListOf(
        _uuid("A call."),
        validate=ma.validate.Length(1, _MOST_IDS, error=f"Must hold 1 to {_MOST_IDS} ids."),
    )
    first = fields.Timestamp(data_key="from", metadata={"description": "Created at or after."})
    last = fields.Timestamp(data_key="to", metadata={"description": "Created before."})
    campaign_id = _uuid("Calls of this campaign.")
    agent_id = _uuid("Calls of this agent.")
    dispositions = fields.ListOf(
        fields.Text(allow_none=True),
        metadata={"description": "Calls that have one of these; null: that have none."},
    )

    @ma.post_load
    def _build(self, given: Mapping[str, Any], **_: Any) -> CallFilter:
        lists = {name: tuple(given.get(name, ())) for name in ("call_ids", "dispositions")}
        return CallFilter(**{**given, **lists})


class PreviewRequestSchema(ma.Schema):
    """Rules to be tried."""

    outcome_mapping = fields.ListOf(
        fields.ObjectOf(),
        required=True,
        metadata={"description": "As of a call."},
    )
    filter = ma.fields.Nested(CallFilterSchema, load_default=CallFilter())
    limit = fields.Whole(
        load_default=500,
        validate=ma.validate.Range(1, MOST_PREVIEWED, error=f"Must be from 1 to {MOST_PREVIEWED}."),
        metadata={"description": "Most calls, the newest first."},
    )

    @ma.pre_load
    def _judge(self, body: Any, **_: Any) -> Any:
        _judged(body)
        return body


class RunRequestSchema(ma.Schema):
    """What is to be found out again. Without `summary`, `analysis_schema` and `outcome_mapping`
    each call is analysed as it asked itself; without rules it keeps its own."""

    name = fields.Text(
        allow_none=True,
        validate=ma.validate.Length(1, 200, error="Must be 1 to 200 characters."),
        metadata={"description": "For people."},
    )
    filter = ma.fields.Nested(CallFilterSchema, load_default=CallFilter())
    summary = ma.fields.Nested(SummarySchema, allow_none=True)
    analysis_schema = fields.ObjectOf(allow_none=True, metadata={"description": "As of a call."})
    outcome_mapping = fields.ListOf(
        fields.ObjectOf(), allow_none=True, metadata={"description": "As of a call."}
    )
    apply = fields.Flag(
        load_default=False,
        metadata={"description": "Write what is found to the calls at once."},
    )
    limit = fields.Whole(
        load_default=1_000,
        validate=ma.validate.Range(1, MOST_CALLS, error=f"Must be from 1 to {MOST_CALLS}."),
        metadata={"description": "Most calls, the newest first."},
    )

    @ma.pre_load
    def _judge(self, body: Any, **_: Any) -> Any:
        _judged(body)
        return body

    @ma.post_load
    def _build(self, body: Mapping[str, Any], **_: Any) -> RunWish:
        request = {name: body[name] for name in ASKED if body.get(name) is not None}
        return RunWish(body["filter"], request, body.get("name"), body["apply"], body["limit"])


class OutcomeCountSchema(ma.Schema):
    """Calls that go from one disposition to another, or stay."""

    before = fields.Text(required=True, allow_none=True)
    after = fields.Text(required=True, allow_none=True)
    calls = _count("How many.")


class RuleCountSchema(ma.Schema):
    """What a rule decides."""

    rule = _count("Its index.")
    outcome = fields.Text(required=True)
    calls = _count("For how many calls it is the first that matches.")


class PreviewedCallSchema(ma.Schema):
    """A call whose disposition would change."""

    call_id = _uuid("The call.", required=True)
    before = fields.Text(required=True, allow_none=True)
    after = fields.Text(required=True, allow_none=True)
    rule = fields.Whole(required=True, allow_none=True)


class PreviewSchema(ma.Schema):
    """What the rules would do. Nothing was changed."""

    calls = _count("Looked at.")
    changed = _count("Whose disposition would be another.")
    without_analysis = _count("That have no `analysis`: rules see null in it.")
    unmatched = _count("For which no rule matches.")
    rules = fields.ListOf(ma.fields.Nested(RuleCountSchema), required=True)
    outcomes = fields.ListOf(ma.fields.Nested(OutcomeCountSchema), required=True)
    changes = fields.ListOf(
        ma.fields.Nested(PreviewedCallSchema),
        required=True,
        metadata={"description": f"Up to {MOST_SHOWN} calls whose disposition would change."},
    )


class RunSchema(ma.Schema):
    """A run over calls of the past."""

    id = _uuid("Of the run.", required=True)
    name = fields.Text(required=True, allow_none=True)
    status = fields.Choice(*RUN_STATES, required=True)
    apply = fields.Flag(required=True)
    calls = _count("That it is over.")
    waiting = _count("Not analysed yet.")
    done = _count("Analysed.")
    failed = _count("Of which a part could not be done.")
    changed = _count("Found to be other than they are; null in lists.", allow_none=True)
    outcomes = fields.ListOf(
        ma.fields.Nested(OutcomeCountSchema),
        required=True,
        allow_none=True,
        metadata={"description": "Of the calls that are analysed; null in lists."},
    )
    filter = fields.ObjectOf(required=True)
    request = fields.ObjectOf(required=True)
    created_at = fields.Timestamp(required=True)
    finished_at = fields.Timestamp(required=True, allow_none=True)
    applied_at = fields.Timestamp(required=True, allow_none=True)


class RunsSchema(ma.Schema):
    """Runs, newest first."""

    data = fields.ListOf(ma.fields.Nested(RunSchema), required=True)


class ChangeSchema(ma.Schema):
    """One thing that is other than it was."""

    field = fields.Text(required=True, metadata={"example": "analysis.agreed"})
    before = ma.fields.Raw(required=True, allow_none=True)
    after = ma.fields.Raw(required=True, allow_none=True)


class ChangedCallSchema(ma.Schema):
    """What a run found of a call that it does not have, or why it found nothing."""

    call_id = _uuid("The call.", required=True)
    status = fields.Choice(*State, required=True)
    changes = fields.ListOf(ma.fields.Nested(ChangeSchema), required=True)
    rule = fields.Whole(required=True, allow_none=True)
    errors = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.String(), required=True)
    unsupported = fields.ListOf(fields.Text(), required=True)
    applied = fields.Flag(required=True, metadata={"description": "The call has it by now."})


class ChangePageSchema(ma.Schema):
    """Calls that a run would change, or could not do."""

    data = fields.ListOf(ma.fields.Nested(ChangedCallSchema), required=True)
    next_cursor = fields.Text(
        required=True, allow_none=True, metadata={"description": "null on the last page."}
    )


class ChangeQuerySchema(ma.Schema):
    """Which page."""

    limit = fields.QueryWhole(
        load_default=50,
        validate=ma.validate.Range(1, 200, error="Must be from 1 to 200."),
    )
    cursor = fields.Text(
        validate=fields.IS_UUID, metadata={"description": "`next_cursor` of the page before."}
    )
