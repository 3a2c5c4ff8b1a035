"""`/v1/analytics` and `/v1/account/usage`: calls counted."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Response

from topcalls.api.analytics_table import table
from topcalls.api.auth import principal, requires
from topcalls.api.blueprint import ApiBlueprint
from topcalls.api.context import services
from topcalls.api.schemas.statistics import (
    AnalyticsQuerySchema,
    AnalyticsSchema,
    UsageQuerySchema,
    UsageReportSchema,
    analytics_shown,
    usage_shown,
)
from topcalls.api.statistics_examples import ANALYTICS, USAGE
from topcalls.services.statistics import Query

analytics = ApiBlueprint("analytics", __name__, description="What calls add up to.")
CSV = "text/csv"


@analytics.route("/v1/analytics")
@requires("calls:read")
@analytics.arguments(AnalyticsQuerySchema, location="query")
@analytics.response(200, AnalyticsSchema, example=ANALYTICS)
@analytics.alt_response(200, schema={"type": "string"}, content_type=CSV, success=True)
def get_analytics(wanted: tuple[Query, str]) -> Any:
    """Count calls by day, hour, campaign, agent version, carrier or number.

    Calls that are over are counted once everything about them is known, some seconds after their
    end, at the local time of the account at which they were dialled or came in. They can be limited
    to one campaign, agent, carrier or number, by day, hour or in total.
    """
    query, form = wanted
    report = services().statistics.report(principal().account_id, query)
    if form == "json":
        return analytics_shown(report)
    return Response(table(report), content_type=f"{CSV}; charset=utf-8")


@analytics.route("/v1/account/usage")
@requires("calls:read")
@analytics.arguments(UsageQuerySchema, location="query")
@analytics.response(200, UsageReportSchema, example=USAGE)
def get_usage(query: dict[str, date]) -> Any:
    """Get what the account's calls took, by day in its zone.

    Calls, minutes, tokens and money, counted as by GET /v1/analytics.
    """
    verb = services().statistics.report
    return usage_shown(verb(principal().account_id, Query(query["first"], query["last"])))
