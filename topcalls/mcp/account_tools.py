"""Tools about people on lists, figures, and the installation."""

from __future__ import annotations

from typing import Any, Final

from topcalls.client import TopCalls
from topcalls.mcp import answers
from topcalls.mcp.arguments import REVEAL, choice, number, of, page, text, uuid

Given = dict[str, Any]
_DAY: Final = r"^\d{4}-\d\d-\d\d$"

LEADS: Final = of(
    phone=number("Exactly this number."),
    list_id=uuid("On this list."),
    status=choice("How it stands.", "New", "Contacted", "Converted", "Unsubscribed"),
    tag=text("With this tag.", most=100),
    reveal_numbers=REVEAL,
    **page(),
)
ANALYTICS: Final = of(
    "from",
    "to",
    **{"from": text("The first day, as in 2026-11-01.", most=10, pattern=_DAY)},
    to=text("The last day.", most=10, pattern=_DAY),
    group_by=choice(
        "By what.", "day", "hour", "total", "campaign", "agent_version", "carrier", "number"
    ),
    campaign_id=uuid("Only this campaign."),
    agent_id=uuid("Only this agent."),
    reveal_numbers=REVEAL,
)


def leads(topcalls: TopCalls, given: Given) -> Any:
    """A page of leads."""
    found = topcalls.leads.list(**{"limit": 20, **given})
    return answers.untrusted({"leads": found["items"]}, next_cursor=found["next_cursor"])


def analytics(topcalls: TopCalls, given: Given) -> Any:
    """What calls add up to."""
    return dict(topcalls.analytics.get(from_=given.pop("from"), **given))


def usage(topcalls: TopCalls, given: Given) -> Any:
    """Minutes, budgets, limits."""
    return {
        "balance": dict(topcalls.account.get_balance()),
        "limits": dict(topcalls.account.get_limits()),
        "budgets": dict(topcalls.account.get_budgets()),
    }


def status(topcalls: TopCalls, given: Given) -> Any:
    """How the installation is doing."""
    return dict(topcalls.status.get())
