"""What webhooks are told of campaigns. Every function is a part of the verb that tells it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from topcalls.core.campaign_state import WEBHOOKS, CampaignEvent
from topcalls.services import webhook_outbox
from topcalls.services.campaign_figures import statistics_of, told
from topcalls.services.webhook_interests import WebhookInterests
from topcalls.services.webhook_outbox import CampaignHook, Target
from topcalls.store import campaigns
from topcalls.store.models import Campaign

SUBSCRIBED = {
    "campaign.started": "campaign.activated",
    "campaign.resumed": "campaign.activated",
    "campaign.paused": "campaign.paused",
}
"""By which name subscriptions of the account know an event."""


def campaign_hook(campaign_id: str) -> CampaignHook:
    """What a campaign says of webhooks of its calls."""
    row = campaigns.found(campaign_id)
    if row is None:
        return CampaignHook()
    events, conversions = tuple(row.webhook_events), frozenset(row.conversion_outcomes)
    return CampaignHook(row.webhook_url, events, conversions)


class CampaignWebhooks:
    """Records the events of campaigns. `sandbox`: whether their calls are real."""

    def __init__(self, interests: WebhookInterests, *, sandbox: bool) -> None:
        self._interests = interests
        self._sandbox = sandbox

    def announce(
        self, row: Campaign, event: CampaignEvent, now: datetime, detail: Mapping[str, Any]
    ) -> None:
        """Record that `event` happened to a campaign, where anybody wants to know of it. A campaign
        that names no events tells its URL of all."""
        name = WEBHOOKS.get(event)
        if name is None:
            return
        interests = self._interests.of(row.account_id, now)
        subscribed = SUBSCRIBED.get(name)
        wanted = row.webhook_url and (not row.webhook_events or name in row.webhook_events)
        targets = [Target(row.webhook_url or "")] if wanted else []
        targets += [
            Target(one.url, None if one.event == name else one.event, one.id)
            for one in interests
            if one.event is not None and one.event == subscribed
        ]
        if targets or any(one.event is None for one in interests):
            payload = orjson.dumps(self._payload(row, name, now, detail), option=orjson.OPT_UTC_Z)
            found = webhook_outbox.distinct(targets)
            webhook_outbox.store_event(row.account_id, name, payload, found, now)

    def _payload(
        self, row: Campaign, name: str, now: datetime, detail: Mapping[str, Any]
    ) -> dict[str, Any]:
        return {
            "event": name,
            "campaign_id": row.id,
            "name": row.name,
            "status": row.state,
            "at": now,
            "statistics": told(statistics_of(row, now)),
            **detail,
            "sandbox": self._sandbox,
        }
