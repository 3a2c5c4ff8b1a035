"""Marshmallow fields as strict as JSON: text is text, a number is a number, true is true.

The stock fields take "10" for 10 and "yes" for true. A client that sends those has a fault, and
learns of it here rather than from a bill.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import marshmallow as ma
from marshmallow import fields

_TIME_EXAMPLE = "Must be a time with its offset from UTC, as in 2030-01-31T09:30:00Z."
_Messages = dict[str, str | list[Any] | dict[Any, Any]]
_COMMON: _Messages = {"required": "Is required.", "null": "Must not be null."}


LOWER_UUID = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z"
"""How we write ids ourselves."""

IS_UUID = ma.validate.Regexp(
    r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z", error="Must be a UUID."
)


class Text(fields.String):
    """Text."""

    default_error_messages = _COMMON | {"invalid": "Must be text."}


class Number(fields.Float):
    """A JSON number, whole or not."""

    default_error_messages = _COMMON | {"invalid": "Must be a number."}

    def _validated(self, value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.make_error("invalid")
        return super()._validated(value)


class Whole(fields.Integer):
    """A JSON number without a fraction."""

    default_error_messages = _COMMON | {"invalid": "Must be a whole number."}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(strict=True, **kwargs)


class QueryWhole(fields.Integer):
    """A whole number in a query string: digits only."""

    default_error_messages = _COMMON | {"invalid": "Must be a whole number."}

    def _validated(self, value: Any) -> Any:
        if not re.fullmatch(r"-?[0-9]{1,18}", str(value)):
            raise self.make_error("invalid")
        return super()._validated(value)


class Flag(fields.Boolean):
    """true or false."""

    default_error_messages = _COMMON | {"invalid": "Must be true or false."}

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid")
        return value


class Choice(fields.String):
    """One of a few words."""

    def __init__(self, *choices: str, **kwargs: Any) -> None:
        words = f"Must be one of {', '.join(choices)}."
        validate = ma.validate.OneOf([str(choice) for choice in choices], error=words)
        super().__init__(validate=validate, error_messages={"invalid": words} | _COMMON, **kwargs)


class AsItIs(fields.Nested):
    """An object that is documented field by field, and passed on as it is: whoever judges it tells
    every fault."""

    default_error_messages = {"type": "Must be an object.", "null": "Must not be null."}

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(value, Mapping):
            raise self.make_error("type")
        return value

    def _serialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:  # type: ignore[override]
        return value


class ObjectOf(fields.Dict):
    """A JSON object whose names are the customer's own."""

    default_error_messages = _COMMON | {"invalid": "Must be an object."}


class ListOf(fields.List[Any]):
    """A JSON list."""

    default_error_messages = _COMMON | {"invalid": "Must be a list."}


class Timestamp(fields.AwareDateTime):
    """A moment; UTC with `Z` on the way out."""

    default_error_messages: _Messages = {
        **_COMMON,
        "invalid": _TIME_EXAMPLE,
        "invalid_awareness": _TIME_EXAMPLE,
        "format": _TIME_EXAMPLE,
    }

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> datetime:
        try:
            moment = datetime.fromisoformat(value)
            if moment.tzinfo is None:
                raise self.make_error("invalid")
            return moment.astimezone(UTC)
        except (TypeError, ValueError, OverflowError):
            raise self.make_error("invalid") from None

    def _serialize(self, value: Any, *args: Any, **kwargs: Any) -> str | None:
        return None if value is None else timestamp(value)


def timestamp(moment: datetime) -> str:
    """RFC 3339, UTC, to the microsecond, so that it can be sent back as a cursor."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
