"""JSON Schemas of what tools take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from jsonschema import Draft202012Validator

Schema = dict[str, Any]

CALL_STATUSES: Final = (
    "completed",
    "no-answer",
    "failed",
    "busy",
    "rejected",
    "cancelled",
    "dispatch_timeout",
)
REVEAL: Final[Schema] = {
    "type": "boolean",
    "default": False,
    "description": "Tell telephone numbers whole. Without, all but the last two digits are hidden.",
}


def text(about: str, *, most: int = 2000, **more: Any) -> Schema:
    """A text that is not empty."""
    return {"type": "string", "minLength": 1, "maxLength": most, "description": about, **more}


def uuid(about: str) -> Schema:
    """An id."""
    return {"type": "string", "pattern": "^[0-9a-fA-F-]{36}$", "description": about}


def number(about: str = "E.164, as in +12025550107.") -> Schema:
    """A telephone number."""
    return {"type": "string", "pattern": r"^\+[1-9][0-9]{6,14}$", "description": about}


def choice(about: str, *words: str) -> Schema:
    """One of a few words."""
    return {"type": "string", "enum": list(words), "description": about}


def whole(about: str, least: int, most: int, default: int) -> Schema:
    """A whole number."""
    return {
        "type": "integer",
        "minimum": least,
        "maximum": most,
        "default": default,
        "description": about,
    }


def page() -> dict[str, Schema]:
    """Which part of a list."""
    return {
        "limit": whole("How many.", 1, 200, 20),
        "cursor": text("`next_cursor` of the answer before.", most=200),
    }


def of(*required: str, **properties: Schema) -> Schema:
    """The arguments of a tool: these and no others."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


def faults(schema: Schema, given: Mapping[str, Any]) -> list[dict[str, str]]:
    """What is wrong with each argument."""
    errors = Draft202012Validator(schema).iter_errors(dict(given))
    return [{"path": error.json_path.lstrip("$."), "message": error.message} for error in errors]
