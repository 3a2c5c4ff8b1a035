"""What a lead brings to the texts of the calls to it.

`{{name}}` in a text is filled in by `core/variables.py` from `request_data`; here that is put
together for one lead, and judged before anything is dialled.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from topcalls.core import variables
from topcalls.errors import FieldError

OF_EVERY_LEAD = ("name", "email", "phone_number")
"""Fields of a lead that are names in texts; they go before those of its `metadata`."""


class Filling(NamedTuple):
    """`request_data` of a call to a lead; with `faults` it must not be made."""

    request_data: Mapping[str, Any]
    faults: tuple[FieldError, ...] = ()


def of_lead(lead: Mapping[str, Any]) -> dict[str, Any]:
    """The values that a lead brings: its own fields, and those of its `metadata` that can be
    spoken. What is blank, a list or an object is left out."""
    own = {name: lead.get(name) for name in OF_EVERY_LEAD}
    return _speakable(lead.get("metadata") or {}) | _speakable(own)


def filling(
    configuration: Mapping[str, Any], lead: Mapping[str, Any], defaults: Mapping[str, str]
) -> Filling:
    """What a call of this `configuration` says to a lead: the lead's values, else those of the
    configuration's `request_data`, else `defaults`. A name that has none of them, nor a default in
    its text, is a fault."""
    shared = configuration.get("request_data") or {}
    data = {**_speakable(defaults), **_speakable(shared), **of_lead(lead)}
    call = variables.of_body({**configuration, "phone_number": lead["phone_number"]}, None)
    call = dict.fromkeys(variables.OF_EVERY_CALL, lead["phone_number"]) | call
    body = {**configuration, "request_data": data}
    return Filling(data, tuple(variables.value_faults(body, call)))


def names_of(faults: Iterable[FieldError]) -> list[str]:
    """The names in texts that the faults of a `filling` are about."""
    return [fault.path.rpartition(".")[2] for fault in faults]


def _speakable(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if _is_speakable(name, value)}


def _is_speakable(name: str, value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return False
    is_name = re.fullmatch(variables.NAME_PATTERN, name) is not None
    return is_name and (not isinstance(value, str) or bool(value.strip()))
