"""The header values of customers' tools: stored encrypted, and apart from what is shown.

A definition keeps the names of its headers, each with `[hidden]` for its value, and the id of the
row that has the values. Who sends such a definition back keeps them. The same values are stored
once for an account, however many calls bring them.

Every function is part of a verb.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import orjson

from topcalls.core.tools import HIDDEN, Tool
from topcalls.errors import FieldError, InvalidRequest
from topcalls.ids import new_id
from topcalls.store import tools
from topcalls.store.current import current

Definition = Mapping[str, Any]


def sealed(
    account_id: str, definitions: Iterable[Definition], now: datetime, path: str = "tools"
) -> list[dict[str, Any]]:
    """Tools that `core.tool_rules` found right, as they may be stored and shown.

    Raises:
        InvalidRequest: a hidden value is not stored in this account.
    """
    return [
        _sealed(account_id, definition, now, f"{path}.{index}")
        for index, definition in enumerate(definitions)
    ]


def sealed_configuration(
    account_id: str, configuration: Mapping[str, Any], now: datetime, path: str
) -> dict[str, Any]:
    """A part of a call's body with its tools sealed; `path` is where that part is in a request.

    Raises:
        InvalidRequest: a hidden value is not stored in this account.
    """
    found = configuration.get("tools")
    if not found:
        return dict(configuration)
    return {**configuration, "tools": sealed(account_id, found, now, f"{path}.tools")}


def opened(account_id: str, tool: Tool) -> dict[str, str]:
    """The headers of a stored tool, with their values.

    Raises:
        ConfigError: the values were encrypted with a key that is not configured.
    """
    known = _values(account_id, tool.headers_id) or {}
    return {name: known[name] for name in tool.headers if name in known}


def _sealed(account_id: str, definition: Definition, now: datetime, path: str) -> dict[str, Any]:
    kept = {key: value for key, value in definition.items() if value is not None}
    headers, headers_id = kept.pop("headers", {}), kept.pop("headers_id", None)
    if not headers:
        return kept
    values = _given(account_id, headers, headers_id, path)
    kept["headers"] = dict.fromkeys(headers, HIDDEN)
    kept["headers_id"] = _stored(account_id, values, now)
    return kept


def _given(
    account_id: str, headers: Mapping[str, str], headers_id: str | None, path: str
) -> dict[str, str]:
    """The values of headers, some of which may be stored already."""
    hidden = [name for name, value in headers.items() if value == HIDDEN]
    known = _values(account_id, headers_id) if hidden else {}
    if known is None:
        message = "No values are stored under this id. Give the values of the headers."
        raise _refusal(FieldError(f"{path}.headers_id", message, "unknown"))
    missing = [name for name in hidden if name not in known]
    if missing:
        message = "Has no stored value. Give it."
        raise _refusal(*(FieldError(f"{path}.headers.{name}", message) for name in missing))
    return {name: known[name] if name in hidden else value for name, value in headers.items()}


def _values(account_id: str, headers_id: str | None) -> dict[str, str] | None:
    row = tools.secret(account_id, headers_id) if headers_id else None
    return orjson.loads(row.headers) if row is not None else None


def _stored(account_id: str, values: Mapping[str, str], now: datetime) -> str:
    text = orjson.dumps(values, option=orjson.OPT_SORT_KEYS).decode()
    digest = current().cipher.digest(text)
    found = tools.secret_like(account_id, digest)
    if found is not None:
        return found
    made = new_id()
    is_new = tools.insert_secret(
        id=made, account=account_id, digest=digest, headers=text, created_at=now
    )
    return made if is_new else str(tools.secret_like(account_id, digest))


def _refusal(*faults: FieldError) -> InvalidRequest:
    return InvalidRequest("The tools are not right: see 'errors'.", list(faults))
