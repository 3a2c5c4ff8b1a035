"""What an edit makes of a campaign, and what changes by it while the campaign runs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from topcalls.core import agents
from topcalls.core.agents import Change
from topcalls.core.campaign_sections import SECTIONS
from topcalls.core.campaign_state import CampaignState

MERGED: Final = frozenset({*SECTIONS, "budget", "variable_defaults"})
"""Objects that an edit overlays name by name, null taking a name out; all else is replaced."""


class Effect(StrEnum):
    """From when on a change counts in a campaign that is under way.

    `at_once` for whatever is decided next · `next_calls` for calls that are made from now on; those
    that wait or run stay as they are · `next_endings` for calls that end from now on · `contacts`
    some become contacts or are none any more · `reports` for what is told, not for what is done ·
    `at_start`: the campaign has not begun.
    """

    AT_ONCE = "at_once"
    NEXT_CALLS = "next_calls"
    NEXT_ENDINGS = "next_endings"
    CONTACTS = "contacts"
    REPORTS = "reports"
    AT_START = "at_start"


_EFFECTS: Final[Mapping[str, Effect]] = {
    "name": Effect.REPORTS,
    "description": Effect.REPORTS,
    "conversion_outcomes": Effect.REPORTS,
    "webhook_url": Effect.REPORTS,
    "webhook_events": Effect.REPORTS,
    "list_ids": Effect.CONTACTS,
    "call": Effect.NEXT_CALLS,
    "from_numbers": Effect.NEXT_CALLS,
    "missing_variables": Effect.NEXT_CALLS,
    "variable_defaults": Effect.NEXT_CALLS,
    "priority": Effect.NEXT_CALLS,
    "purpose": Effect.NEXT_CALLS,
    "subject_key": Effect.NEXT_CALLS,
    "compliance": Effect.NEXT_CALLS,
    "retry": Effect.NEXT_ENDINGS,
    "schedule": Effect.AT_ONCE,
    "pacing": Effect.AT_ONCE,
    "weight": Effect.AT_ONCE,
    "budget": Effect.AT_ONCE,
    "circuit_breaker": Effect.AT_ONCE,
}


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that an edit changes, and from when on that counts."""

    change: Change
    takes_effect: Effect


def edited(campaign: Mapping[str, Any], edit: Mapping[str, Any]) -> dict[str, Any]:
    """A campaign after an edit: what is named replaces, null takes back to the default."""
    result = dict(campaign)
    for name, value in edit.items():
        before = campaign.get(name)
        if name == "call" and isinstance(value, Mapping):
            value = agents.edited(before or {}, value)
        elif name in MERGED and isinstance(value, Mapping):
            value = agents.given({**(before or {}), **value})
        result[name] = value
    return result


def edit_to(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """The edit that makes `after` of `before`, and names nothing else."""
    result: dict[str, Any] = {}
    for name in _that_differ(before, after):
        old, new = before.get(name), after.get(name)
        if name == "call":
            result[name] = _names_to(old or {}, new or {}, agents.MERGED)
        elif name in MERGED:
            result[name] = _names_to(old or {}, new or {})
        else:
            result[name] = new
    return result


def _names_to(
    before: Mapping[str, Any], after: Mapping[str, Any], merged: Collection[str] = ()
) -> dict[str, Any]:
    return {
        name: _names_to(before[name], after[name])
        if name in merged and name in before and name in after
        else after.get(name)
        for name in _that_differ(before, after)
    }


def _that_differ(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    names = dict.fromkeys((*before, *after))
    return [name for name in names if before.get(name) != after.get(name)]


def differences(
    before: Mapping[str, Any], after: Mapping[str, Any], state: CampaignState
) -> list[Difference]:
    """What an edit changes in a campaign that is in `state`."""
    waits = state in (CampaignState.DRAFT, CampaignState.SCHEDULED)
    return [
        Difference(change, Effect.AT_START if waits else _EFFECTS[change.path.partition(".")[0]])
        for change in agents.changes(before, after)
    ]


def touches(differences: Iterable[Difference], path: str) -> bool:
    """Whether any of them changes this field, or one within it."""
    return any(f"{one.change.path}.".startswith(f"{path}.") for one in differences)
