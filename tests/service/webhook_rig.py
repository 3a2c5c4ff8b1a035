"""Subscriptions, and a sender whose receivers accept everything."""

import orjson

from topcalls.core.webhook_retry import Outcome

URL = "https://crm.example.com/hook"
OWN = "https://own.example.com/hook"


def subscribe(services, who, event="call.completed", url=URL, **more):
    return services.webhook_subscriptions.create(who, {"event": event, "url": url, **more})


def sent(services):
    """All that is due, each accepted: (event's name, url, body)."""
    found = []
    while taken := services.webhooks.due(services.clock.now(), 50):
        for item in taken:
            found.append((item.event, item.url, orjson.loads(item.payload)))
            now = services.clock.now()
            services.webhooks.record_attempt(item.id, item.attempt, Outcome(200), now)
    return found
