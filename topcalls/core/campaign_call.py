"""Does the `call` of a campaign make sense? It is judged as a call to a lead would be.

A campaign's call is that of `POST /v1/calls` but for whom it is to and when. Names in its texts get
their values from each lead, which is judged when that lead's turn has come.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from topcalls.core import call_rules, variables
from topcalls.core.call_rules import CallRules
from topcalls.core.field_checks import Faults
from topcalls.errors import FieldError

OF_THE_CAMPAIGN: Final[Mapping[str, str]] = {
    "phone_number": "Comes from each lead. Leave it out.",
    "schedule_at": "Comes from the campaign's 'schedule'. Leave it out.",
    "purpose": "Is the campaign's own field 'purpose'. Give it there.",
    "priority": "Is the campaign's own field 'priority'. Give it there.",
}
"""Fields of a call that its campaign, or its lead, brings."""

SPECIMEN_NUMBER: Final = "+12025550123"
_SPECIMEN = "a lead's value"
_UNFINISHED: Final = frozenset({"task", "from_number"})
"""What may be given later, as long as nothing is dialled."""


def call_faults(
    body: object, rules: CallRules, now: datetime, *, caller: str | None, complete: bool
) -> Faults:
    """Everything wrong with a campaign's `call`, an agent's configuration filled in. `caller`: a
    number that the campaign calls by. `complete`: it is about to be used."""
    if not isinstance(body, Mapping):
        yield FieldError("call", "Must be an object.", "invalid_type")
        return
    given = {name: value for name, value in body.items() if value is not None}
    for name, remedy in OF_THE_CAMPAIGN.items():
        if given.pop(name, None) is not None:
            yield FieldError(f"call.{name}", remedy, "not_of_a_campaign")
    for fault in call_rules.violations(_specimen(given, caller), rules, now):
        if complete or fault.code != "required" or fault.path not in _UNFINISHED:
            yield fault._replace(path=f"call.{fault.path}")


def needed_names(body: Mapping[str, Any]) -> tuple[str, ...]:
    """Names in a call's texts that each lead has to bring: they have no value in the call and no
    default in their text."""
    return variables.needed(body)


def _specimen(given: Mapping[str, Any], caller: str | None) -> dict[str, Any]:
    """The call to a lead that brings every name."""
    own = given.get("request_data", {})
    body = {"from_number": caller, **given, "phone_number": SPECIMEN_NUMBER}
    if isinstance(own, Mapping):
        body["request_data"] = {**dict.fromkeys(variables.needed(given), _SPECIMEN), **own}
    return body
