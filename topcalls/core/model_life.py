"""Models end: their vendors name the day. Whether a call can still have its model, and what to say.

A call is judged when it is asked for and again when it is made: weeks may lie between. What takes
over from a model that fails takes over from one that is gone as well, so a call is impossible only
where nobody is left to hold it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from topcalls.errors import FieldError


@dataclass(frozen=True)
class KnownModel:
    """The mode a model serves, and when and by what it is replaced."""

    mode: str
    shutdown_date: date | None = None
    replacement: str | None = None

    def is_dead(self, today: date) -> bool:
        """Its vendor has shut it down."""
        return self.shutdown_date is not None and self.shutdown_date <= today

    def words(self, today: date) -> str:
        """When it ends and what to use instead; "" where no end is known."""
        if self.shutdown_date is None:
            return ""
        when = "Was" if self.is_dead(today) else "Will be"
        instead = f" Use {self.replacement}." if self.replacement else " Choose another one."
        return f"{when} shut down by its vendor on {self.shutdown_date}.{instead}"


@dataclass(frozen=True)
class ModelRules:
    """What is known of models, and which of them this installation uses.

    `known`: by name; a name that is not there is new, not wrong. By mode: `defaults`, the model of
    calls that name none, and `fallbacks`, what holds a call whose model fails, in order.
    """

    known: Mapping[str, KnownModel] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)
    fallbacks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def faults(self, model: str | None, mode: str, today: date) -> Iterator[FieldError]:
        """What is wrong with asking for this model, or for none."""
        facts = self.known.get(model or "")
        if facts is not None and facts.mode != mode:
            message = (
                f"Does not serve mode '{mode}'. Choose one from GET /v1/models, or leave it out."
            )
            yield FieldError("model", message, "wrong_mode")
        elif facts is not None and facts.is_dead(today):
            yield FieldError("model", facts.words(today), "shut_down")
        elif not model and (problem := self.problem(None, mode, today)):
            yield FieldError("model", f"Name one. {problem}", "shut_down")

    def problem(self, model: str | None, mode: str, today: date) -> str | None:
        """Why nobody can hold a call of this model, in words; None where somebody can."""
        facts = self.known.get(self._name(model, mode))
        if facts is None or not facts.is_dead(today) or self.living(mode, today):
            return None
        whose = "The model" if model else f"This installation's model of mode '{mode}',"
        comma = "" if model else ","
        return f"{whose} {self._name(model, mode)}{comma} {_lower(facts.words(today))}"

    def warning(self, model: str | None, mode: str, today: date) -> FieldError | None:
        """What whoever asks for this model should know of its end."""
        name = self._name(model, mode)
        facts = self.known.get(name)
        if facts is None or facts.shutdown_date is None:
            return None
        code = "shut_down" if facts.is_dead(today) else "shuts_down"
        return FieldError("model", f"{name} {_lower(facts.words(today))}", code)

    def living(self, mode: str, today: date) -> tuple[str, ...]:
        """The fallbacks of a mode that are not shut down."""
        return tuple(name for name in self.fallbacks.get(mode, ()) if not self.is_dead(name, today))

    def is_dead(self, model: str, today: date) -> bool:
        """Whether this model is known to be shut down."""
        facts = self.known.get(model)
        return facts is not None and facts.is_dead(today)

    def _name(self, model: str | None, mode: str) -> str:
        return model or self.defaults.get(mode, "")


def _lower(words: str) -> str:
    return words[:1].lower() + words[1:]
