"""`/v1/analysis`: rules tried on past calls, and past calls analysed again."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

from flask import Response

from topcalls.api import analysis_examples as examples
from topcalls.api.auth import principal, requires
from topcalls.api.blueprint import ApiBlueprint, fails_with
from topcalls.api.context import services
from topcalls.api.idempotency import idempotent, json_answer, once
from topcalls.api.schemas.analysis import (
    ChangePageSchema,
    ChangeQuerySchema,
    PreviewRequestSchema,
    PreviewSchema,
    RunRequestSchema,
    RunSchema,
    RunsSchema,
)
from topcalls.services.analysis_previews import PreviewView
from topcalls.services.analysis_runs import ChangePage, RunView, RunWish
from topcalls.services.idempotency import Answer

analysis = ApiBlueprint(
    "analysis", __name__, description="Find out more, or other things, about past calls."
)
_RUNS = "/v1/analysis/runs"
_RUN = f"{_RUNS}/<uuid:run_id>"


@analysis.route("/v1/analysis/preview", methods=["POST"])
@requires("calls:write")
@analysis.arguments(PreviewRequestSchema, example=examples.PREVIEW_BODY)
@analysis.response(200, PreviewSchema, example=examples.PREVIEW)
def preview_rules(wanted: dict[str, Any]) -> PreviewView:
    """Try rules on past calls.

    They are applied to what is known of the calls; no model is asked and nothing is changed. For
    another `analysis_schema` begin a run with `apply: false`.
    """
    preview = services().analysis_previews.preview
    mapping, limit = wanted["outcome_mapping"], wanted["limit"]
    return preview(principal().account_id, wanted["filter"], mapping, limit)


@analysis.route(_RUNS, methods=["POST"])
@requires("calls:write")
@fails_with(409)
@idempotent
@analysis.arguments(RunRequestSchema, example=examples.RUN_BODY)
@analysis.response(201, RunSchema, example=examples.RUN)
def create_run(wanted: RunWish) -> Response:
    """Analyse past calls again.

    The model is asked call by call, after calls that have just ended; its tokens are counted to the
    calls. With `apply: false` nothing is changed until the run is applied. One run of an account at
    a time.
    """
    create = partial(services().analysis_runs.create, principal().account_id, wanted)
    return once(create, _created)


def _created(run: RunView) -> Answer:
    return json_answer(201, RunSchema().dump(run), {"Location": f"{_RUNS}/{run.id}"})


@analysis.route(_RUNS)
@requires("calls:read")
@analysis.response(200, RunsSchema)
def list_runs() -> dict[str, Any]:
    """List the newest 50 runs, newest first."""
    return {"data": services().analysis_runs.list(principal().account_id)}


@analysis.route(_RUN)
@requires("calls:read")
@analysis.response(200, RunSchema, example=examples.RUN)
def get_run(run_id: UUID) -> RunView:
    """Get a run, with what it has found to be other so far."""
    return services().analysis_runs.get(principal().account_id, str(run_id))


@analysis.route(f"{_RUN}/changes")
@requires("calls:read")
@analysis.arguments(ChangeQuerySchema, location="query")
@analysis.response(200, ChangePageSchema, example=examples.CHANGES)
def list_run_changes(query: dict[str, Any], run_id: UUID) -> ChangePage:
    """List what a run would change, call by call, and what it could not do.

    Follow `next_cursor` until it is null. A summary in other words is no change.
    """
    changes = services().analysis_runs.changes
    return changes(principal().account_id, str(run_id), query["limit"], query.get("cursor"))


@analysis.route(f"{_RUN}/apply", methods=["POST"])
@requires("calls:write")
@fails_with(409)
@analysis.response(200, RunSchema, example=examples.RUN)
def apply_run(run_id: UUID) -> RunView:
    """Write what a run found to its calls.

    What could not be done leaves a call as it is. Webhooks that were sent do not change. Applying
    twice is no error.
    """
    return services().analysis_runs.apply(principal().account_id, str(run_id))


@analysis.route(f"{_RUN}/cancel", methods=["POST"])
@requires("calls:write")
@fails_with(409)
@analysis.response(200, RunSchema, example=examples.RUN)
def cancel_run(run_id: UUID) -> RunView:
    """Let the calls of a run be that have not begun. What is found can still be applied."""
    return services().analysis_runs.cancel(principal().account_id, str(run_id))
