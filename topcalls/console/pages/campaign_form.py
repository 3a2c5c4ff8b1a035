"""The form of a campaign: its fields, as paths of what the API takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from topcalls.console.forms import Field, Form, Kind
from topcalls.console.pages.here import choices
from topcalls.core import campaign_rules
from topcalls.core.eligibility_facts import Category
from topcalls.core.number_pool import ROTATIONS
from topcalls.core.rule_values import SLOTS

FIELDS: Final = (
    Field("name"),
    Field("description"),
    Field("list_ids", Kind.MANY),
    Field("call.agent_id"),
    Field("call.task"),
    Field("call.first_sentence"),
    Field("call.voice"),
    Field("call.*", Kind.JSON),
    Field("purpose"),
    Field("compliance.category"),
    Field("compliance.seller"),
    Field("compliance.slots", Kind.MANY),
    Field("compliance.*", Kind.JSON),
    Field("schedule.start_at", Kind.MOMENT),
    Field("schedule.end_at", Kind.MOMENT),
    Field("schedule.windows", Kind.WINDOWS),
    Field("schedule.time_zone"),
    Field("schedule.holidays"),
    Field("schedule.blackout_dates", Kind.LINES),
    Field("pacing.max_concurrent", Kind.NUMBER),
    Field("pacing.calls_per_minute", Kind.NUMBER),
    Field("pacing.calls_per_second", Kind.NUMBER),
    Field("pacing.ramp_up.from", Kind.NUMBER),
    Field("pacing.ramp_up.minutes", Kind.NUMBER),
    Field("retry.max_attempts", Kind.NUMBER),
    Field("retry.stop_on_dispositions", Kind.LINES),
    Field("retry.outcomes", Kind.JSON),
    Field("from_numbers.numbers", Kind.LINES),
    Field("from_numbers.local_presence", Kind.FLAG),
    Field("from_numbers.warm_up", Kind.FLAG),
    Field("from_numbers.rotation"),
    Field("from_numbers.per_number_daily", Kind.NUMBER),
    Field("budget.minutes", Kind.NUMBER),
    Field("budget.calls", Kind.NUMBER),
    Field("budget.cost"),
    Field("conversion_outcomes", Kind.LINES),
    Field("webhook_url"),
    Field("webhook_events", Kind.MANY),
    Field("*", Kind.JSON),
)


def body_of(campaign: Mapping[str, Any]) -> dict[str, Any]:
    """What users said of a campaign, without the defaults."""
    said = {name: campaign[name] for name in ("name", *campaign_rules.DEFAULTS)}
    return {
        name: value
        for name, value in said.items()
        if name == "name" or value != campaign_rules.DEFAULTS[name]
    }


def options(form: Form) -> dict[str, Any]:
    """What the form offers to choose from, with what is chosen in it already: it stays, also where
    this key may not see what it is called."""
    return {
        "lists": _with(choices("/v1/lists"), form.value("list_ids")),
        "agents": _with(choices("/v1/agents"), [str(form.value("call.agent_id"))]),
        "categories": [(one.value, one.value) for one in Category],
        "slots": [(one, one.replace("_", " ")) for one in SLOTS],
        "rotations": [(one, one.replace("_", " ")) for one in ROTATIONS],
        "events": [(one, one) for one in campaign_rules.EVENTS],
    }


def _with(offered: list[tuple[str, str]], chosen: Iterable[str]) -> list[tuple[str, str]]:
    known = {value for value, _ in offered}
    return [*offered, *((value, value) for value in chosen if value and value not in known)]
