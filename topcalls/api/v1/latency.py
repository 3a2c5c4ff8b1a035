"""`/v1/latency`."""

from __future__ import annotations

from datetime import date
from typing import Any

from topcalls.api.auth import principal, requires
from topcalls.api.blueprint import ApiBlueprint
from topcalls.api.context import services
from topcalls.api.schemas.latency import DayQuerySchema, DaysSchema

latency = ApiBlueprint("latency", __name__, description="How long callers wait for answers.")


@latency.route("/v1/latency")
@requires("calls:read")
@latency.arguments(DayQuerySchema, location="query")
@latency.response(200, DaysSchema)
def list_days(query: dict[str, date]) -> dict[str, Any]:
    """List the delays of answers by day.

    Gateway, provider and ear are told apart, each by its percentiles, which are right within 2.5 %.
    A call is counted on the day of its end, once the work after it is done.
    """
    days = services().latencies.days(principal().account_id, query["first"], query["last"])
    return {"data": days}
