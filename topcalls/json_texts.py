"""The texts in a JSON value, wherever they stand in it; its keys are none of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any


def texts_in(value: Any) -> Iterator[str]:
    """Every text."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from texts_in(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from texts_in(item)


def with_texts(value: Any, change: Callable[[str], str]) -> Any:
    """The same value with every text changed; tuples become lists, as in JSON."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {key: with_texts(item, change) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [with_texts(item, change) for item in value]
    return value
