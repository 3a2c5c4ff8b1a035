"""The answer that tells the figures of a campaign for as long as it is followed."""

from __future__ import annotations

from typing import Any

from flask import Response, request

from topcalls.api import campaign_examples
from topcalls.api.auth import principal
from topcalls.api.context import ApiServices
from topcalls.api.live_answers import EVENT_STREAM, LAST_EVENT_ID, streamed
from topcalls.api.schemas.campaign_statistics import (
    CampaignFollowedSchema,
    CampaignStatisticsSchema,
)
from topcalls.services.campaign_statistics import END, STATISTICS, FiguresSeen

LOOK_SECONDS = 2.0
"""How often campaigns that are followed are looked at: each look counts."""

SCHEMAS = dict.fromkeys((STATISTICS, END), CampaignFollowedSchema())
DOCUMENTED: dict[str, Any] = {
    "responses": {
        "200": {
            "content": {
                "application/json": {
                    "schema": CampaignStatisticsSchema,
                    "example": campaign_examples.STATISTICS,
                },
                EVENT_STREAM: {
                    "schema": {
                        "type": "string",
                        "description": f"Server-sent events: `{STATISTICS}` whenever something has "
                        f"changed, `{END}` when the campaign and its last call are over. Each has "
                        "an `id` and, as JSON `data`, these figures with `campaign_id` and "
                        "`status`.",
                    }
                },
            }
        }
    },
}


def figures_stream(verbs: ApiServices, campaign_id: str) -> Response:
    """The figures of a campaign of this account, from now on."""
    verbs.campaigns.get(principal().account_id, campaign_id)
    seen = request.headers.get(LAST_EVENT_ID, "")
    if seen == str(FiguresSeen(over=True)):
        return Response(status=204)  # by which an EventSource knows that it is over
    return streamed(verbs, verbs.campaign_streams, campaign_id, FiguresSeen())
