"""The shape of what people said and were told: how long it was, and nothing else.

What is kept word for word are names that the product itself made up (states, kinds, ids, models,
moments), by the names of their fields; every other text becomes `<12 characters>`. Below fields
that hold whatever a customer likes, numbers are hidden too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from topcalls.core.tool_log import is_secret

SECRET: Final = "<secret>"  # noqa: S105 - what stands in its place
_NUMBER: Final = "<number>"

KEPT: Final = frozenset(
    (
        *("after", "answered_by", "before", "blame", "call_status", "check", "code"),
        *("direction", "end_reason", "ended_by", "event", "failure", "gateway", "hangup_cause"),
        *("hung_up_by", "jurisdiction", "kind", "language", "mode", "method", "model"),
        *("node", "object", "opted_out", "outcome", "param", "q850", "quality"),
        *("recording_state", "analysis_state", "result", "role", "rule", "source", "stage"),
        *("state", "status", "step", "then", "transport", "type", "verdict"),
        *("version", "voice", "by", "lease_owner", "carrier_name"),
    )
)
"""Fields whose texts are the product's own words, as far as they look like such."""

FREE: Final = frozenset(
    (
        *("request_data", "metadata", "arguments", "output", "analysis"),
        *("tool_cassette", "personal", "observed", "payload"),
        *("headers", "parameters", "variables"),
    )
)
"""Fields below which anything may stand."""

_OWN_WORDS: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.:/-]{0,79}")
_ID: Final = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9_.-]{8,80}")
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\d(?:[T ][0-9:.]+(?:Z|[+-]\d\d:?\d\d)?)?")


def shaped(value: Any, name: str = "", *, free: bool = False) -> Any:
    """A JSON value without what is anybody's. `name`: of the field that it stands in; `free`: it
    stands below one of `FREE`."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Mapping):
        return {
            key: shaped(item, str(key), free=free or str(key) in FREE)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [shaped(item, name, free=free) for item in value]
    if isinstance(value, int | float):
        return _NUMBER if free or is_secret(name) else value
    if not isinstance(value, str):
        return value
    return _text(value, name, free)


def _text(text: str, name: str, free: bool) -> str:
    if is_secret(name):
        return SECRET
    if not text or (not free and _is_ours(text, name)):
        return text
    return f"<{len(text)} characters>"


def _is_ours(text: str, name: str) -> bool:
    if _MOMENT.fullmatch(text):
        return True
    if name == "id" or name.endswith(("_id", "_ids")):
        return bool(_ID.fullmatch(text))
    return name in KEPT and bool(_OWN_WORDS.fullmatch(text))
