"""Tools about campaigns."""

from __future__ import annotations

from typing import Any

from topcalls.client import TopCalls

Given = dict[str, Any]
_LONG = ("call", "schedule", "retry", "pacing")
"""Parts of a campaign that a list does without."""


def listed(topcalls: TopCalls, given: Given) -> Any:
    """A page of campaigns."""
    found = topcalls.campaigns.list(**{"limit": 20, **given})
    short = [
        {name: item for name, item in one.items() if name not in _LONG} for one in found["data"]
    ]
    return {"campaigns": short, "next_cursor": found["next_cursor"]}


def details(topcalls: TopCalls, given: Given) -> Any:
    """One campaign."""
    return dict(topcalls.campaigns.get(given["campaign_id"]))


def statistics(topcalls: TopCalls, given: Given) -> Any:
    """How far it is."""
    return dict(topcalls.campaigns.get_campaign_statistics(given["campaign_id"]))


def check(topcalls: TopCalls, given: Given) -> Any:
    """Whether it can be started."""
    return dict(topcalls.campaigns.check(given["campaign_id"]))


def start(topcalls: TopCalls, given: Given) -> Any:
    """Start it."""
    return dict(topcalls.campaigns.start(given["campaign_id"]))


def pause(topcalls: TopCalls, given: Given) -> Any:
    """Pause it."""
    return dict(topcalls.campaigns.pause(given["campaign_id"]))


def resume(topcalls: TopCalls, given: Given) -> Any:
    """Go on with it."""
    return dict(topcalls.campaigns.resume(given["campaign_id"]))
