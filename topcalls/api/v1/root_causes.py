"""`/v1/calls/{id}/rca`: what happened to a call, and why it ended."""

from __future__ import annotations

from uuid import UUID

from topcalls.api.auth import principal, requires
from topcalls.api.blueprint import ApiBlueprint
from topcalls.api.context import services
from topcalls.api.root_cause_examples import ROOT_CAUSE
from topcalls.api.schemas.root_causes import RootCauseQuerySchema, RootCauseSchema
from topcalls.services.root_causes import RootCause

root_causes = ApiBlueprint("root-causes", __name__, description="Why calls ended.")


@root_causes.route("/v1/calls/<uuid:call_id>/rca")
@requires("calls:read")
@root_causes.arguments(RootCauseQuerySchema, location="query")
@root_causes.response(200, RootCauseSchema, example=ROOT_CAUSE)
def get_root_cause(query: dict[str, str], call_id: UUID) -> RootCause:
    """Tell what happened to a call, in order, and why it ended.

    By rules, from what is stored: the same call gives the same report. Telephone numbers are
    masked unless they are asked for.
    """
    numbers = query["numbers"] == "true"
    return services().root_causes.of_call(principal(), str(call_id), numbers=numbers)
