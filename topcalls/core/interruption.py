"""How a call is interrupted, and when a turn of the caller's is over: `interruption` of a call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Final

from topcalls.core import ears
from topcalls.core.endpointing import LONGEST_MS, SHORTEST_MS, Endpointing
from topcalls.core.listening_words import MOST_OWN, own_faults
from topcalls.core.suggestions import did_you_mean
from topcalls.core.turn_rules import LONGEST_TURN_SECONDS, TurnRules, rules_for
from topcalls.errors import FieldError

SENSITIVITIES: Final = ("low", "medium", "high")
MIN_WORDS: Final = (1, 10)
LONGEST: Final = (10, 600)
"""The least and the most seconds that `longest_turn_seconds` and `longest_answer_seconds` may be.
"""
LONGEST_ANSWER_SECONDS: Final = 90
RULES: Final = "rules"
SOUND: Final = "sound"
MODEL: Final = "model"
JUDGES: Final = (RULES, SOUND, MODEL)
_ENDPOINTING: Final = ("min_ms", "max_ms", "by")
_LIMITS_MS: Final = {"min_ms": SHORTEST_MS, "max_ms": LONGEST_MS}
_NAME: Final = "interruption"

Faults = Iterator[FieldError]


@dataclass(frozen=True)
class Interruption:
    """How readily the agent stops when the caller speaks.

    `ears` tell that: see `core/ears.py`; None is the installation's choice. Not `enabled`: speech
    never stops it. `min_words` None follows from the sensitivity. `acknowledgements` are words that
    let it go on besides those of the language, `endpointing` is `Endpointing` as it was asked for.
    A caller who speaks for `longest_turn_seconds` without a break is spoken over (None: 60);
    an answer of the agent's ends with the sentence in which it gets longer than
    `longest_answer_seconds` (None: 90).
    """

    sensitivity: str = "medium"
    protect_first_sentence: bool = False
    ears: str | None = None
    enabled: bool = True
    min_words: int | None = None
    acknowledgements: tuple[str, ...] = ()
    endpointing: Mapping[str, Any] | None = None
    longest_turn_seconds: int | None = None
    longest_answer_seconds: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "acknowledgements", tuple(self.acknowledgements))

    def turn_rules(self, hangover_ms: int) -> TurnRules:
        """The rules of turn-taking; `hangover_ms` is the ears' own."""
        rules = rules_for(self.sensitivity, hangover_ms)
        words = rules.min_words if self.min_words is None else self.min_words
        longest = self.longest_turn_seconds or LONGEST_TURN_SECONDS
        return replace(
            rules,
            min_words=words,
            interruptible=self.enabled,
            longest_turn_ms=longest * 1000,
        )

    @property
    def longest_answer_ms(self) -> int:
        """How long an answer of the agent's may be."""
        return (self.longest_answer_seconds or LONGEST_ANSWER_SECONDS) * 1000

    @property
    def end_of_turn(self) -> Endpointing:
        """When a turn of the caller's is over. Of two limits of which one is given, it moves the
        other where they would cross."""
        asked = self.endpointing or {}
        usual = Endpointing()
        least = asked.get("min_ms") or min(usual.min_ms, asked.get("max_ms") or usual.max_ms)
        most = asked.get("max_ms") or max(usual.max_ms, least)
        return Endpointing(least, most, by_model=self.judge == MODEL)

    @property
    def judge(self) -> str | None:
        """Who judges that a turn is over, one of `JUDGES`; None is the installation's choice."""
        by: str | None = (self.endpointing or {}).get("by")
        return by


_FIELDS: Final = tuple(item.name for item in fields(Interruption))
_OPTIONAL: Final = frozenset(
    item.name for item in fields(Interruption) if item.default is None or item.default == ()
)


def interruption_faults(
    given: Mapping[str, Any], *, local_ears: bool, turn_model: bool = False
) -> Faults:
    """Everything wrong with the section of a call. `local_ears`, `turn_model`: the installation has
    them."""
    section = given.get(_NAME, {})
    if not isinstance(section, Mapping):
        yield FieldError(_NAME, "Must be an object.", "invalid_type")
        return
    for key, value in section.items():
        if key not in _FIELDS:
            message = f"Is not a field of {_NAME}.{did_you_mean(str(key), _FIELDS)}"
            yield FieldError(f"{_NAME}.{key}", message, "unknown")
        elif value is None and key in _OPTIONAL:
            continue
        else:
            yield from _value_faults(key, value, local_ears=local_ears)
    if isinstance(section.get("endpointing"), Mapping):
        yield from _conflicts(given, section, turn_model=turn_model)


def _value_faults(key: str, value: Any, *, local_ears: bool) -> Faults:
    path = f"{_NAME}.{key}"
    if key in ("enabled", "protect_first_sentence"):
        if not isinstance(value, bool):
            yield FieldError(path, "Must be true or false.", "invalid_type")
    elif key == "sensitivity":
        yield from _choice(path, value, SENSITIVITIES)
    elif key == "min_words":
        yield from _whole(path, value, MIN_WORDS)
    elif key in ("longest_turn_seconds", "longest_answer_seconds"):
        yield from _whole(path, value, LONGEST, " seconds")
    elif key == "ears":
        yield from _choice(path, value, ears.EARS)
        if value == ears.LOCAL and not local_ears:
            message = (
                "This installation has none. Choose 'server', or have its operator install the "
                "extra: pip install 'topcalls[ears]'."
            )
            yield FieldError(path, message, "not_installed")
    elif key == "acknowledgements":
        yield from _acknowledgements(path, value)
    else:
        yield from _endpointing(path, value)


def _acknowledgements(path: str, value: Any) -> Faults:
    if not isinstance(value, list | tuple):
        yield FieldError(path, "Must be a list of words.", "invalid_type")
    elif len(value) > MOST_OWN:
        yield FieldError(path, f"Must be {MOST_OWN} entries at most.", "too_many")
    else:
        for index, message in own_faults(value):
            yield FieldError(f"{path}.{index}", message, "invalid_word")


def _endpointing(path: str, value: Any) -> Faults:
    if not isinstance(value, Mapping):
        yield FieldError(path, "Must be an object.", "invalid_type")
        return
    for key, item in value.items():
        if key not in _ENDPOINTING:
            message = f"Is not a field of endpointing.{did_you_mean(str(key), _ENDPOINTING)}"
            yield FieldError(f"{path}.{key}", message, "unknown")
        elif item is not None and key == "by":
            yield from _choice(f"{path}.by", item, JUDGES)
        elif item is not None:
            yield from _whole(f"{path}.{key}", item, _LIMITS_MS[key], " milliseconds")


def _conflicts(given: Mapping[str, Any], section: Mapping[str, Any], *, turn_model: bool) -> Faults:
    asked, path = section["endpointing"], f"{_NAME}.endpointing"
    least, most = asked.get("min_ms"), asked.get("max_ms")
    if _is_whole(least) and _is_whole(most) and least > most:
        yield FieldError(f"{path}.max_ms", "Must not be below 'min_ms'.", "conflict")
    if asked.get("by") == SOUND and not turn_model:
        message = (
            "This installation has no model that hears it. Choose 'rules', or have its operator "
            "install one: see 'A model that listens' in docs/turn_taking.md."
        )
        yield FieldError(f"{path}.by", message, "not_installed")
    if asked.get("by") != MODEL:
        return
    if given.get("mode") == "legacy":
        message = (
            "Is of mode 'realtime'. In mode 'legacy' deepgram-flux, where it is configured, judges "
            "by itself: leave this out."
        )
        yield FieldError(f"{path}.by", message, "wrong_mode")
    if section.get("ears") == ears.LOCAL:
        message = "Needs the ears of the model: choose 'server' or 'auto' as 'ears'."
        yield FieldError(f"{path}.by", message, "conflict")


def _choice(path: str, value: Any, choices: tuple[str, ...]) -> Faults:
    if value not in choices:
        yield FieldError(path, f"Must be one of {', '.join(choices)}.", "choice")


def _whole(path: str, value: Any, limits: tuple[int, int], unit: str = "") -> Faults:
    least, most = limits
    if not _is_whole(value):
        yield FieldError(path, "Must be a whole number.", "invalid_type")
    elif not least <= value <= most:
        yield FieldError(path, f"Must be from {least} to {most}{unit}.", "range")


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
