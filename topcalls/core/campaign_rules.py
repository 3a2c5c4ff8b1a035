"""Does a campaign make sense? Every field of it is judged, and every fault is told at once.

A draft may be unfinished: what is there must be right, and what is missing is told when it is to be
started (`complete`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final

from topcalls.core import web_addresses
from topcalls.core.budgets import budget_faults
from topcalls.core.call_request import CALL_EVENTS
from topcalls.core.call_rules import CallRules
from topcalls.core.campaign_call import call_faults, needed_names
from topcalls.core.campaign_sections import (
    MOST_OUTCOMES,
    OUTCOME,
    SECTIONS,
    schedule_faults,
    section_faults,
)
from topcalls.core.campaign_state import WEBHOOKS
from topcalls.core.do_not_call import PURPOSE_PATTERN
from topcalls.core.field_checks import (
    Check,
    Faults,
    any_value,
    choice,
    matching,
    section,
    text,
    texts,
    whole,
)
from topcalls.core.suggestions import did_you_mean
from topcalls.core.variables import MAX_VALUE_LENGTH, NAME_PATTERN, OF_EVERY_CALL
from topcalls.errors import FieldError

MAX_NAME: Final = 200
MAX_DESCRIPTION: Final = 2_000
MOST_LISTS: Final = 50
MOST_DEFAULTS: Final = 100
WEIGHTS: Final = (1, 100)
PRIORITIES: Final = (0, 9)
EVENTS: Final = (*CALL_EVENTS, *WEBHOOKS.values())
"""What a campaign's webhook may be told."""

MISSING: Final = ("refuse", "default")
SUBJECT_KEY_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$"
_ID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"

DEFAULTS: Final[Mapping[str, Any]] = {
    "description": None,
    "list_ids": [],
    "call": {},
    "purpose": "general",
    "subject_key": None,
    "compliance": {},
    "schedule": {},
    "pacing": {},
    "weight": 1,
    "priority": 5,
    "retry": {},
    "from_numbers": {},
    "conversion_outcomes": [],
    "webhook_url": None,
    "webhook_events": [],
    "missing_variables": "refuse",
    "variable_defaults": {},
    "budget": {},
    "circuit_breaker": {},
}
"""What a campaign is of which nothing but the name was said."""

SETTINGS: Final = (*SECTIONS, "budget", "missing_variables", "variable_defaults")
"""Fields that are kept together, as no query asks for them."""


def faults(
    campaign: Mapping[str, Any],
    call: object,
    rules: CallRules,
    now: datetime,
    *,
    complete: bool = False,
) -> list[FieldError]:
    """Everything wrong with a whole campaign. `call` is its call, its agent's configuration filled
    in."""
    given = {name: value for name, value in campaign.items() if value is not None}
    found = [*section(given, "", _FIELDS, ("name",)), *_webhook(given, rules)]
    for name in SECTIONS.keys() & given.keys():
        found += section_faults(name, given[name])
    found += budget_faults(given.get("budget"), "budget")
    wrong = {fault.path.partition(".")[0] for fault in found}
    if "compliance" not in wrong:
        found += _pre_dial_address(given, rules)
    if "schedule" not in wrong:
        found += schedule_faults(given.get("schedule", {}), now)
    caller = None if "from_numbers" in wrong else _caller(given)
    found += call_faults(call, rules, now, caller=caller, complete=complete)
    if not wrong & {"missing_variables", "variable_defaults"} and isinstance(call, Mapping):
        found += _default_faults(given, call)
    order = {name: index for index, name in enumerate(("name", *DEFAULTS))}
    return sorted(found, key=lambda one: order.get(one.path.partition(".")[0], len(order)))


def filled(body: Mapping[str, Any]) -> dict[str, Any]:
    """A campaign with the default of what was not said. Nulls count as not said."""
    return {**DEFAULTS, **{name: value for name, value in body.items() if value is not None}}


def _caller(given: Mapping[str, Any]) -> str | None:
    numbers = given.get("from_numbers", {}).get("numbers") or (None,)
    return numbers[0]


def _webhook(given: Mapping[str, Any], rules: CallRules) -> Faults:
    if "webhook_url" in given:
        wrong = web_addresses.fault(given["webhook_url"], "webhook_url", rules.reach)
        yield from [wrong] if wrong else []
    elif given.get("webhook_events"):
        message = "Say where to send them, in 'webhook_url', or leave this out."
        yield FieldError("webhook_events", message, "needs_webhook_url")


def _pre_dial_address(given: Mapping[str, Any], rules: CallRules) -> Faults:
    server = given.get("compliance", {}).get("pre_dial")
    if server is not None:
        wrong = web_addresses.fault(server["url"], "compliance.pre_dial.url", rules.reach)
        yield from [wrong] if wrong else []


def _default_faults(given: Mapping[str, Any], call: Mapping[str, Any]) -> Faults:
    """With `default`, a lead without a value is called nevertheless: so there must be one."""
    defaults = given.get("variable_defaults", {})
    if given.get("missing_variables") != "default":
        if defaults:
            message = "Are used where 'missing_variables' is 'default'. Set it, or leave this out."
            yield FieldError("variable_defaults", message, "needs_missing_variables")
        return
    always = {*defaults, *OF_EVERY_CALL, "phone_number"}
    for name in needed_names(call):
        if name not in always:
            message = f"The call's texts use {{{{{name}}}}}: say what is said without a value."
            yield FieldError(f"variable_defaults.{name}", message, "required")


def _event(value: object, path: str) -> Faults:
    if value not in EVENTS:
        hint = did_you_mean(str(value), EVENTS)
        message = f"Is no event of a campaign or its calls.{hint} Known: {', '.join(EVENTS)}."
        yield FieldError(path, message, "unknown_event")


def _defaults(value: object, path: str) -> Faults:
    if not isinstance(value, Mapping):
        yield FieldError(path, "Must be an object.", "invalid_type")
    elif len(value) > MOST_DEFAULTS:
        yield FieldError(path, f"Must be at most {MOST_DEFAULTS}.", "length")
    else:
        for name, one in value.items():
            yield from _NAME(name, f"{path}.{name}")
            if one is not None:
                yield from text(1, MAX_VALUE_LENGTH)(one, f"{path}.{name}")


_NAME = matching(NAME_PATTERN, "Is no name that texts can use, as in first_name.")
_FIELDS: Final[Mapping[str, Check]] = {
    "name": text(1, MAX_NAME),
    "description": text(0, MAX_DESCRIPTION),
    "list_ids": texts(matching(_ID, "Is no id of a list."), MOST_LISTS),
    "call": any_value,
    "purpose": matching(
        PURPOSE_PATTERN, "Must be a short name, as in appointment_reminder: it is that of consents."
    ),
    "subject_key": matching(SUBJECT_KEY_PATTERN, "Must be a short name, as in invoice-2026-11."),
    **dict.fromkeys(SECTIONS, any_value),
    "weight": whole(*WEIGHTS),
    "priority": whole(*PRIORITIES),
    "conversion_outcomes": texts(OUTCOME, MOST_OUTCOMES),
    "webhook_url": any_value,
    "webhook_events": texts(_event, len(EVENTS)),
    "missing_variables": choice(*MISSING),
    "variable_defaults": _defaults,
    "budget": any_value,
}
FIELDS: Final[Collection[str]] = _FIELDS.keys()
