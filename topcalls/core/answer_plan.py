"""What a call does about what answered it: `voicemail`, `ivr` and `screening` of its request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from topcalls.core.answer_detection import AnswerRules
from topcalls.core.answer_verdict import Answerer
from topcalls.core.suggestions import did_you_mean
from topcalls.errors import FieldError

CONTINUE: Final = "continue"
HANG_UP: Final = "hangup"
LEAVE_MESSAGE: Final = "leave_message"
NAVIGATE: Final = "navigate"
INTRODUCE: Final = "introduce"
VOICEMAIL_ACTIONS: Final = (HANG_UP, LEAVE_MESSAGE, CONTINUE)
IVR_ACTIONS: Final = (NAVIGATE, HANG_UP)
KEYS: Final = "keys"
SPEECH: Final = "speech"
BOTH: Final = "both"
WAYS: Final = (KEYS, SPEECH, BOTH)
DEFAULT_STEPS: Final = 10
STEPS: Final = (1, 50)
LONGEST: Final = {"message": 2_000, "goal": 1_000, "name": 200, "purpose": 500}
_FIELDS: Final = {
    "voicemail": ("action", "message"),
    "ivr": ("action", "goal", "by", "max_steps"),
    "screening": ("name", "purpose"),
}
_ACTIONS: Final = {"voicemail": VOICEMAIL_ACTIONS, "ivr": IVR_ACTIONS}

Faults = Iterator[FieldError]


class _Request(Protocol):
    @property
    def voicemail(self) -> Mapping[str, Any] | None: ...

    @property
    def ivr(self) -> Mapping[str, Any] | None: ...

    @property
    def screening(self) -> Mapping[str, Any] | None: ...


@dataclass(frozen=True)
class AnswerPlan:
    """`detect`: find out what answered, by `rules`. `message` is spoken after a mailbox's beep;
    `goal` is what to reach in a menu, `by` keys, speech or both, with at most `steps` choices;
    `introduction` is what a screening assistant hears, "" if the agent finds its own words."""

    detect: bool = False
    voicemail: str = CONTINUE
    message: str = ""
    ivr: str = CONTINUE
    goal: str = ""
    by: str = KEYS
    steps: int = DEFAULT_STEPS
    introduction: str = ""
    rules: AnswerRules = AnswerRules()  # noqa: RUF009 - it is frozen


@dataclass(frozen=True)
class Reaction:
    """What is done about a verdict. `text` is the message that is left, the goal in a menu, or the
    introduction."""

    action: str
    text: str = ""


def reaction_to(answerer: Answerer, plan: AnswerPlan) -> Reaction:
    """What the call itself wants."""
    if answerer is Answerer.VOICEMAIL:
        return Reaction(plan.voicemail, plan.message)
    if answerer is Answerer.IVR:
        return Reaction(plan.ivr, plan.goal)
    if answerer is Answerer.SCREENING and plan.introduction:
        return Reaction(INTRODUCE, plan.introduction)
    return Reaction(CONTINUE)


def answer_plan(request: _Request) -> AnswerPlan:
    """The plan of a call that we make."""
    voicemail, ivr = request.voicemail or {}, request.ivr or {}
    screening = request.screening or {}
    told = (screening.get("name"), screening.get("purpose"))
    return AnswerPlan(
        detect=True,
        voicemail=voicemail.get("action") or CONTINUE,
        message=voicemail.get("message") or "",
        ivr=ivr.get("action") or CONTINUE,
        goal=ivr.get("goal") or "",
        by=ivr.get("by") or KEYS,
        steps=ivr.get("max_steps") or DEFAULT_STEPS,
        introduction=" ".join(f"{part.strip().rstrip('.')}." for part in told if part),
    )


def answer_faults(given: Mapping[str, Any]) -> Faults:
    """Everything wrong with the three sections of a request."""
    for name, known in _FIELDS.items():
        section = given.get(name)
        if not section or not isinstance(section, Mapping):
            continue  # left out, or told with all other objects
        for key in section.keys() - set(known):
            message = f"Is not a field of {name}.{did_you_mean(str(key), known)}"
            yield FieldError(f"{name}.{key}", message, "unknown")
        yield from _texts(name, section)
        yield from _needs(name, section)


def _texts(name: str, section: Mapping[str, Any]) -> Faults:
    for key in LONGEST.keys() & set(_FIELDS[name]):
        value = section.get(key)
        if value is None:
            continue
        if not isinstance(value, str):
            yield FieldError(f"{name}.{key}", "Must be text.", "invalid_type")
        elif not value.strip() or len(value) > LONGEST[key]:
            yield FieldError(f"{name}.{key}", f"Must be 1 to {LONGEST[key]} characters.", "length")


def _needs(name: str, section: Mapping[str, Any]) -> Faults:
    action = section.get("action")
    if name in _ACTIONS and action not in _ACTIONS[name]:
        message = f"Must be one of {', '.join(_ACTIONS[name])}."
        yield FieldError(f"{name}.action", message, "choice")
    if action == LEAVE_MESSAGE and not section.get("message"):
        yield FieldError("voicemail.message", "Is needed to leave a message.", "required")
    if name == "voicemail" and action in (HANG_UP, CONTINUE) and section.get("message"):
        message = "Is spoken only with the action 'leave_message'."
        yield FieldError("voicemail.message", message, "conflict")
    if action == NAVIGATE and not section.get("goal"):
        yield FieldError("ivr.goal", "Is needed to navigate: what or whom to reach.", "required")
    if name == "screening" and not section.get("name"):
        yield FieldError("screening.name", "Is needed: who is calling.", "required")
    if name == "ivr" and section.get("by") not in (None, *WAYS):
        yield FieldError("ivr.by", f"Must be one of {', '.join(WAYS)}.", "choice")
    steps = section.get("max_steps")
    if steps is not None and (
        isinstance(steps, bool) or not isinstance(steps, int) or not STEPS[0] <= steps <= STEPS[1]
    ):
        message = f"Must be a whole number from {STEPS[0]} to {STEPS[1]}."
        yield FieldError("ivr.max_steps", message, "range")
