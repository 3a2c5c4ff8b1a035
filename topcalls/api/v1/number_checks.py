"""`/v1/number-checks`: what registers said of numbers."""

from __future__ import annotations

from typing import Any

from topcalls.api import compliance_examples as examples
from topcalls.api.auth import principal, requires
from topcalls.api.blueprint import ApiBlueprint
from topcalls.api.context import services
from topcalls.api.schemas.number_checks import (
    NumberCheckBulkSchema,
    NumberCheckPageSchema,
    NumberCheckQuerySchema,
    NumberCheckReportSchema,
)
from topcalls.services.number_checks import NumberCheckPage

number_checks = ApiBlueprint(
    "number-checks", __name__, description="What registers said of numbers."
)
_BASE = "/v1/number-checks"


@number_checks.route(_BASE)
@requires("leads:read")
@number_checks.arguments(NumberCheckQuerySchema, location="query")
@number_checks.response(200, NumberCheckPageSchema, example=examples.NUMBER_CHECK_PAGE)
def list_number_checks(query: dict[str, Any]) -> NumberCheckPage:
    """List what registers said, newest first."""
    return services().number_checks.list(principal().account_id, **query)


@number_checks.route(_BASE, methods=["POST"])
@requires("leads:write")
@number_checks.arguments(NumberCheckBulkSchema, example=examples.NUMBER_CHECK_BODY)
@number_checks.response(200, NumberCheckReportSchema, example=examples.NUMBER_CHECK_REPORT)
def create_number_checks(body: dict[str, Any]) -> dict[str, int]:
    """Store what registers said of up to 2,000 numbers, all or none of it.

    Decisions rely on the newest answer of each register for as long as its rule says; older ones
    stay as evidence.
    """
    verb = services().number_checks.create_many
    return {"inserted": verb(principal().account_id, body["checks"])}
