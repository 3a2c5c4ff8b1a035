"""Agents: call configurations that are stored in versions.

An agent has at most one draft, which is edited, and at most one published version, which calls
use. Publishing makes the draft the published version; rolling back makes an older one the
published version again. What a version holds does not change once it was published.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from topcalls.core import call_rules
from topcalls.core.call_rules import CallRules
from topcalls.core.pronunciation import (
    keyword_faults,
    merged_keywords,
    merged_pronunciations,
    pronunciation_faults,
)
from topcalls.errors import FieldError

NAME_LENGTHS = (1, 100)
DESCRIPTION_LENGTHS = (0, 1_000)
_ADDED_UP: dict[str, tuple[Callable[[object], Any], Callable[..., list[Any]]]] = {
    "keywords": (keyword_faults, merged_keywords),
    "pronunciations": (pronunciation_faults, merged_pronunciations),
}
"""Lists of a call that its agent's are added to: what is wrong with one, and how they are added."""

MERGED = ("request_data", "interruption", "recording")
"""Objects of a configuration that are overlaid name by name; all else is replaced whole."""

Configuration = Mapping[str, Any]


class VersionState(StrEnum):
    """What a version is to its agent."""

    DRAFT = "draft"
    PUBLISHED = "published"
    SUPERSEDED = "superseded"


class AgentStatus(StrEnum):
    """Whether an agent can be used. An archived one stays readable: calls name it."""

    ACTIVE = "active"
    ARCHIVED = "archived"


def state_of(number: int, published_at: datetime | None, published: int | None) -> VersionState:
    """The state of version `number`; `published` is the agent's published version."""
    if published_at is None:
        return VersionState.DRAFT
    return VersionState.PUBLISHED if number == published else VersionState.SUPERSEDED


def faults(
    name: object, description: object, configuration: object, rules: CallRules, now: datetime
) -> list[FieldError]:
    """Everything wrong with an agent. A configuration may hold nothing a call would refuse."""
    found = list(_text_faults("name", name, NAME_LENGTHS))
    if description is not None:
        found += _text_faults("description", description, DESCRIPTION_LENGTHS)
    if not isinstance(configuration, Mapping):
        return [*found, FieldError("configuration", "Must be an object.", "invalid_type")]
    return found + configuration_faults(configuration, rules, now)


def configuration_faults(
    configuration: Configuration, rules: CallRules, now: datetime
) -> list[FieldError]:
    """Everything wrong with a configuration; paths begin with `configuration.`."""
    wrong = call_rules.configuration_violations(configuration, rules, now)
    return [fault._replace(path=f"configuration.{fault.path}") for fault in wrong]


def _text_faults(field: str, value: object, lengths: tuple[int, int]) -> Iterator[FieldError]:
    least, most = lengths
    if not isinstance(value, str):
        yield FieldError(field, "Must be text.", "invalid_type")
    elif not least <= len(value.strip()) <= len(value) <= most:
        message = f"Must be {least} to {most} characters, not counting space around it."
        yield FieldError(field, message, "length")


def given(configuration: Configuration) -> dict[str, Any]:
    """A configuration without what is null, which counts as not given."""
    return {key: value for key, value in configuration.items() if value is not None}


def edited(configuration: Configuration, edit: Configuration) -> dict[str, Any]:
    """The configuration after an edit: what is named replaces, null removes."""
    result = dict(configuration)
    for key, value in edit.items():
        if key in MERGED and isinstance(value, Mapping):
            value = given({**_names(result.get(key)), **value})
        result[key] = value
    return given(result)


def call_body(configuration: Configuration, body: Mapping[str, Any]) -> dict[str, Any]:
    """The body of a call by an agent: what the call names goes before the configuration.

    A `task` or `instructions` of the call replaces the agent's, whichever of the two that has, and
    `keywords` and `pronunciations` of both add up.
    """
    own = given(body)
    result = dict(configuration)
    if "task" in own or "instructions" in own:
        result.pop("task", None)
        result.pop("instructions", None)
    for key, value in own.items():
        if key in MERGED and isinstance(value, Mapping):
            value = {**_names(result.get(key)), **value}
        elif key in _ADDED_UP:
            value = _added(key, value, result.get(key, ()))
        result[key] = value
    return result


def _added(key: str, own: Any, held: Any) -> Any:
    """A list of the call with its agent's behind it; one that is wrong stays as it is, to be judged
    so."""
    faults, merged = _ADDED_UP[key]
    return own if any(faults(own)) else merged(own, held)


def _names(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


class ChangeKind(StrEnum):
    """How a field differs."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Change:
    """One field that differs. `path` is dotted; `before` or `after` is None where it is absent."""

    path: str
    kind: ChangeKind
    before: Any
    after: Any


def changes(before: Configuration, after: Configuration, path: str = "") -> list[Change]:
    """What differs between two configurations, by path; lists are compared whole."""
    found: list[Change] = []
    for key in sorted(before.keys() | after.keys()):
        here = f"{path}.{key}" if path else key
        old, new = before.get(key), after.get(key)
        if key not in before:
            found.append(Change(here, ChangeKind.ADDED, None, new))
        elif key not in after:
            found.append(Change(here, ChangeKind.REMOVED, old, None))
        elif isinstance(old, Mapping) and isinstance(new, Mapping):
            found += changes(old, new, here)
        elif not _same(old, new):
            found.append(Change(here, ChangeKind.CHANGED, old, new))
    return found


def _same(old: Any, new: Any) -> bool:
    """As JSON sees it: true is not 1, but 5 is 5.0."""
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(map(_same, old, new))
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return old.keys() == new.keys() and all(_same(old[key], new[key]) for key in old)
    return isinstance(old, bool) == isinstance(new, bool) and bool(old == new)
