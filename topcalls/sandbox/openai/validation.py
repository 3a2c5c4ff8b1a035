"""Checks a JSON value against a shape the way the vendor's API does, and refuses in its words.

A shape is a function of (value, path) that returns nothing or raises `Refusal`. Unknown keys are
refused: a client that misspells a field must learn it from the double, not from a live call.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

Shape = Callable[[Any, str], None]


class Refusal(Exception):
    """The request is wrong: `code` and `param` as in the vendor's error object."""

    def __init__(
        self,
        code: str | None,
        message: str,
        param: str | None = None,
        kind: str = "invalid_request_error",
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.param = param
        self.kind = kind


def missing(path: str) -> Refusal:
    """A required parameter is not there."""
    return Refusal("missing_required_parameter", f"Missing required parameter: '{path}'.", path)


def invalid_value(value: Any, path: str, supported: list[str]) -> Refusal:
    """A value that is not one of a list."""
    names = ", ".join(f"'{item}'" for item in supported)
    return Refusal(
        "invalid_value", f"Invalid value: '{value}'. Supported values are: {names}.", path
    )


def wrong_type(value: Any, path: str, expected: str) -> Refusal:
    """A value of another JSON type."""
    return Refusal(
        "invalid_type",
        f"Invalid type for '{path}': expected {expected}, but got {_json_type(value)} instead.",
        path,
    )


def text(longest: int | None = None, pattern: str | None = None) -> Shape:
    """A string, optionally limited in length and form."""

    def check(value: Any, path: str) -> None:
        if not isinstance(value, str):
            raise wrong_type(value, path, "a string")
        if longest is not None and len(value) > longest:
            raise Refusal(
                "string_above_max_length",
                f"Invalid '{path}': string too long. Expected a string with maximum length "
                f"{longest}, but got a string with length {len(value)} instead.",
                path,
            )
        if pattern is not None and not re.fullmatch(pattern, value):
            raise Refusal(
                "invalid_value",
                f"Invalid '{path}': string does not match pattern. Expected a string that matches "
                f"the pattern '^{pattern}$'.",
                path,
            )

    return check


def choice(*values: str) -> Shape:
    """One of some strings."""

    def check(value: Any, path: str) -> None:
        if not isinstance(value, str):
            raise wrong_type(value, path, "a string")
        if value not in values:
            raise invalid_value(value, path, list(values))

    return check


def number(low: float, high: float, *, whole: bool = False) -> Shape:
    """A number within bounds, both included."""

    def check(value: Any, path: str) -> None:
        expected = "an integer" if whole else "a decimal"
        if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
            raise wrong_type(value, path, expected)
        if not low <= value <= high:
            kind = "integer" if whole else "decimal"
            word, sign, bound = ("below", ">=", low) if value < low else ("above", "<=", high)
            limit = "min" if value < low else "max"
            raise Refusal(
                f"{kind}_{word}_{limit}_value",
                f"Invalid '{path}': {kind} {word} {limit}imum value. Expected a value "
                f"{sign} {bound:g}, but got {value} instead.",
                path,
            )

    return check


def flag(value: Any, path: str) -> None:
    """true or false."""
    if not isinstance(value, bool):
        raise wrong_type(value, path, "a boolean")


def anything(value: Any, path: str) -> None:
    """Whatever JSON can hold."""


def mapping(value: Any, path: str) -> None:
    """An object with any keys."""
    if not isinstance(value, dict):
        raise wrong_type(value, path, "an object")


def nullable(shape: Shape) -> Shape:
    """null, or what `shape` allows."""

    def check(value: Any, path: str) -> None:
        if value is not None:
            shape(value, path)

    return check


def list_of(shape: Shape, longest: int | None = None) -> Shape:
    """An array whose members all have one shape."""

    def check(value: Any, path: str) -> None:
        if not isinstance(value, list):
            raise wrong_type(value, path, "an array")
        if longest is not None and len(value) > longest:
            raise Refusal(
                "array_above_max_length",
                f"Invalid '{path}': array too long. Expected an array with maximum length "
                f"{longest}, but got an array with length {len(value)} instead.",
                path,
            )
        for index, item in enumerate(value):
            shape(item, f"{path}[{index}]")

    return check


def record(fields: Mapping[str, Shape], required: tuple[str, ...] = ()) -> Shape:
    """An object with known keys; `required` ones must be there."""

    def check(value: Any, path: str) -> None:
        mapping(value, path)
        for key in required:
            if key not in value:
                raise missing(_join(path, key))
        for key, item in value.items():
            if key not in fields:
                name = _join(path, key)
                raise Refusal("unknown_parameter", f"Unknown parameter: '{name}'.", name)
            fields[key](item, _join(path, key))

    return check


def tagged(tag: str, variants: Mapping[str, Shape], default: str | None = None) -> Shape:
    """An object whose key `tag` tells which of several shapes it has."""

    def check(value: Any, path: str) -> None:
        mapping(value, path)
        kind = value.get(tag, default)
        if kind is None:
            raise missing(_join(path, tag))
        if not isinstance(kind, str) or kind not in variants:
            raise invalid_value(kind, _join(path, tag), list(variants))
        variants[kind](value, path)

    return check


def either(for_text: Shape, for_object: Shape) -> Shape:
    """A string (or number) of one shape, or an object of another."""

    def check(value: Any, path: str) -> None:
        (for_object if isinstance(value, dict) else for_text)(value, path)

    return check


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _json_type(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, int | float):
        return "an integer" if isinstance(value, int) else "a decimal"
    return "a string" if isinstance(value, str) else "an array or object"
