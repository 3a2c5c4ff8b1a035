"""What is wanted of an analysis, how often it is tried, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final

from topcalls.core.suggestions import did_you_mean
from topcalls.errors import FieldError

DELAYS: Final = tuple(timedelta(seconds=wait) for wait in (2, 8, 30, 120, 600))
"""Between two tries, when the model's server is away, out of order or limits the rate."""

TRIES: Final = len(DELAYS) + 1
LONGEST_WAIT: Final = timedelta(minutes=30)
"""Of what a server asks to be waited for."""

LONGEST_TEXT: Final = 4_000
MOODS: Final = ("positive", "neutral", "negative", "mixed")
_SUMMARY_FIELDS: Final = ("enabled", "prompt", "success_criteria")


class State(StrEnum):
    """Of one analysis. `FAILED`: at least one part of it could not be done."""

    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"


class Part(StrEnum):
    """What an analysis consists of, in the order in which it is done."""

    SUMMARY = "summary"
    EXTRACTION = "extraction"
    DISPOSITION = "disposition"


@dataclass(frozen=True)
class Wanted:
    """What a call, or a run over past calls, asks for. `summary` None: no summary."""

    summary: Mapping[str, Any] | None = None
    schema: Mapping[str, Any] | None = None
    mapping: tuple[Mapping[str, Any], ...] = ()

    @classmethod
    def of(cls, request: Mapping[str, Any]) -> Wanted:
        """Of a stored request for a call, or for a run."""
        summary = request.get("summary")
        on = summary is not None and summary.get("enabled") is not False
        return cls(
            summary if on else None,
            request.get("analysis_schema"),
            tuple(request.get("outcome_mapping") or ()),
        )

    @property
    def parts(self) -> tuple[Part, ...]:
        """What has to be done."""
        there = (self.summary is not None, self.schema is not None, bool(self.mapping))
        return tuple(part for part, wanted in zip(Part, there, strict=True) if wanted)

    @property
    def asks_a_model(self) -> bool:
        """Rules alone need none."""
        return self.summary is not None or self.schema is not None


@dataclass(frozen=True)
class Findings:
    """What an analysis has come to so far.

    `sentiment` has `overall`, `caller`, `agent` and `turning_point`; `success` has `reached` and
    `reason`. `data` fits the schema, but for nulls. `errors` says, by part, why it was not done.
    `done` are the parts that are over, well or not.
    """

    summary: str | None = None
    language: str | None = None
    sentiment: Mapping[str, Any] | None = None
    success: Mapping[str, Any] | None = None
    data: Any = None
    evidence: Mapping[str, Any] | None = None
    unsupported: tuple[str, ...] = ()
    disposition: str | None = None
    rule: int | None = None
    errors: Mapping[str, str] = field(default_factory=dict)
    done: tuple[str, ...] = ()

    @classmethod
    def of(cls, stored: Mapping[str, Any] | None) -> Findings:
        """As stored by `plain`."""
        known = {one.name for one in fields(cls)}
        given = {key: value for key, value in (stored or {}).items() if key in known}
        for name in ("unsupported", "done"):
            given[name] = tuple(given.get(name, ()))
        return cls(**given)

    def plain(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self)

    @property
    def mood(self) -> str | None:
        """The sentiment of the whole call in one word."""
        return None if self.sentiment is None else self.sentiment.get("overall")

    @property
    def succeeded(self) -> bool | None:
        """Whether the call reached what it was for."""
        return None if self.success is None else self.success.get("reached")


def delay(tries_left: int, asked: float | None) -> timedelta:
    """How long to wait after a try that failed. `asked`: seconds that the server wants."""
    own = DELAYS[min(max(TRIES - tries_left - 1, 0), len(DELAYS) - 1)]
    if asked is None or asked <= 0:
        return own
    return min(max(own, timedelta(seconds=asked)), LONGEST_WAIT)


def summary_faults(given: Mapping[str, Any]) -> Iterator[FieldError]:
    """What is wrong with the `summary` of a call."""
    section = given.get("summary")
    if section is None or not isinstance(section, Mapping):
        return  # what is no object is told elsewhere
    for key, value in section.items():
        path = f"summary.{key}"
        if key not in _SUMMARY_FIELDS:
            hint = did_you_mean(str(key), _SUMMARY_FIELDS)
            yield FieldError(path, f"Is not a field of a summary.{hint}", "unknown")
        elif value is None:
            continue
        elif key == "enabled":
            if not isinstance(value, bool):
                yield FieldError(path, "Must be true or false.", "invalid_type")
        elif not isinstance(value, str) or not value.strip() or len(value) > LONGEST_TEXT:
            message = f"Must be text of 1 to {LONGEST_TEXT} characters."
            yield FieldError(path, message, "length")
