"""Subscriptions, and a sender whose receivers accept everything."""

import api_contract
import orjson

from topcalls.core.webhook_retry import Outcome

URL = "https://crm.example.com/hook"
MESSAGE = {"$ref": "#/components/schemas/WebhookMessage"}
OWN = "https://own.example.com/hook"


def subscribe(services, who, event="call.completed", url=URL, **more):
    return services.webhook_subscriptions.create(who, {"event": event, "url": url, **more})


def sent(services):
    """All that is due, each accepted: (event's name, url, body). The reference foresees them."""
    found = []
    while taken := services.webhooks.due(services.clock.now(), 50):
        for item in taken:
            body = orjson.loads(item.payload)
            assert api_contract.faults(body, MESSAGE) == []
            found.append((item.event, item.url, body))
            now = services.clock.now()
            services.webhooks.record_attempt(item.id, item.attempt, Outcome(200), now)
    return found
