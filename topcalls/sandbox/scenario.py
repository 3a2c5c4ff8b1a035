"""Scenarios: what the called person does, what the model answers, and what goes wrong.

One YAML file is one scenario; the steps and faults are in `scenario_steps`. A mistake in a file is
a `ScenarioError` that names the file, the place in it, and what is allowed there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from topcalls.errors import TopCallsError
from topcalls.sandbox.scenario_steps import (
    FAULTS,
    STEPS,
    Answer,
    BeforeAnswer,
    HangUp,
    LineDies,
    Menu,
    OnTheLine,
    Refusal,
    ScenarioFault,
    Step,
    is_required,
    setting,
    settings_of,
)

try:
    import yaml
except ImportError:  # the sandbox is an extra
    yaml = None  # type: ignore[assignment]

WHEN_ANYTHING = "anything"
WHEN_SILENCE = "silence"
FAILURES = ("server_error", "rate_limit", "cut", "silent", "garbage")
BUILTIN_DIRECTORY = Path(__file__).parent / "scenarios"


_FIELDS = ("name", "number", "description", "callee", "model", "faults", "cassette")


class ScenarioError(TopCallsError):
    """A scenario file is wrong. The message names the file and the place in it."""

    code = "invalid_scenario"


@dataclass(frozen=True)
class ToolUse:
    """A function the model calls."""

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)

    @property
    def written(self) -> str:
        """The arguments as a model writes them: JSON. `{{tomorrow}}` is the date of tomorrow (of
        UTC), as in 2026-11-24."""
        tomorrow = datetime.now(UTC).date() + timedelta(days=1)
        return json.dumps(dict(self.arguments)).replace("{{tomorrow}}", tomorrow.isoformat())


@dataclass(frozen=True)
class ModelRule:
    """What the model does after the caller said something."""

    when: str = setting("pattern", "regular expression on the caller's words, anything, or silence")
    speak: str = setting("optional text", "what it says", "")
    tool: ToolUse | None = setting("tool", "a function it calls, after speaking", None)
    then: str = setting("optional text", "what it says once the function's result is there", "")
    fail: str = setting("failure", "how it fails instead: " + ", ".join(FAILURES), "")
    repeat: bool = setting("yes or no", "may be used more than once", False)
    told: str = setting(
        "pattern", "only where the agent's instructions match this regular expression", ""
    )

    def matches(self, words: str | None, prompt: str = "") -> bool:
        """Whether this rule answers `words` (None: the caller said nothing) under these
        instructions."""
        if self.told and not re.search(self.told, prompt, re.IGNORECASE):
            return False
        if self.when == WHEN_SILENCE or words is None:
            return self.when == WHEN_SILENCE and words is None
        return self.when == WHEN_ANYTHING or bool(re.search(self.when, words, re.IGNORECASE))


@dataclass(frozen=True)
class Scenario:
    """A rehearsed call. The telephone number chooses it; with "" it is used only by name.

    `cassette` is what the tools of calls with this person answer, as one is exported of a call; its
    content is the product's to judge.
    """

    name: str
    number: str
    description: str
    callee: tuple[Step, ...]
    model: tuple[ModelRule, ...] = ()
    faults: tuple[ScenarioFault, ...] = ()
    cassette: Mapping[str, Any] | None = None

    def spoken_texts(self) -> list[str]:
        """Everything the called person may say, in the order of the file, without repetition."""
        return list(dict.fromkeys(_texts_of(self.callee)))


def builtin_scenarios() -> list[Scenario]:
    """The scenarios that ship with the package."""
    return list(_builtin_scenarios())


@cache
def _builtin_scenarios() -> tuple[Scenario, ...]:
    return tuple(load_scenarios(BUILTIN_DIRECTORY))


def load_scenarios(directory: Path) -> list[Scenario]:
    """Every `*.yaml` of a directory, by file name. Two with one name or number are an error."""
    found: list[Scenario] = []
    for path in sorted(directory.glob("*.yaml")):
        scenario = load_scenario(path)
        for other in found:
            if scenario.name == other.name or (scenario.number and scenario.number == other.number):
                raise ScenarioError(f"{path.name}: name or number is taken by {other.name!r}.")
        found.append(scenario)
    return found


def load_scenario(path: Path) -> Scenario:
    """One scenario file."""
    return parse_scenario(path.read_text(encoding="utf-8"), path.name, path.parent)


def parse_scenario(text: str, source: str = "scenario", directory: Path | None = None) -> Scenario:
    """A scenario from YAML text; `source` names it in errors. Files that it names are in
    `directory`."""
    if yaml is None:
        raise ScenarioError("Scenarios are YAML.", remedy="Run: pip install 'topcalls[sandbox]'")
    try:
        content = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ScenarioError(f"{source}: not YAML: {error}") from error
    top = _mapping(content, source)
    _check_keys(top, _FIELDS, source)
    callee = _callee(top.get("callee"), f"{source}: callee")
    return Scenario(
        name=_text(top.get("name"), f"{source}: name"),
        number=_number(top.get("number", ""), f"{source}: number"),
        description=_text(top.get("description"), f"{source}: description"),
        callee=callee,
        model=tuple(
            _model_rule(item, where)
            for item, where in _numbered(top.get("model") or [], f"{source}: model", "rule")
        ),
        faults=tuple(
            parse_fault(item, where)
            for item, where in _numbered(top.get("faults") or [], f"{source}: faults", "fault")
        ),
        cassette=_cassette(top.get("cassette"), f"{source}: cassette", directory),
    )


def parse_fault(content: Any, where: str = "fault") -> ScenarioFault:
    """One fault as a scenario file has it, from content that was read already."""
    fault: ScenarioFault = _keyword(content, FAULTS, where)
    return fault


def _cassette(value: Any, where: str, directory: Path | None) -> Mapping[str, Any] | None:
    """Recorded answers, or those of a file beside the scenario's."""
    if value is None or isinstance(value, dict):
        return value
    if not isinstance(value, str) or directory is None:
        raise ScenarioError(f"{where}: must be the name of a file, or its content; got {value!r}.")
    try:
        content = json.loads((directory / value).read_text(encoding="utf-8"))
    except OSError as error:
        raise ScenarioError(f"{where}: {value} cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise ScenarioError(f"{where}: {value} is not JSON: {error}.") from None
    return _mapping(content, f"{where}: {value}")


def _texts_of(steps: Iterable[Step]) -> Iterable[str]:
    for step in steps:
        for name in ("text", "say", "prompt"):
            if text := getattr(step, name, ""):
                yield text
        if isinstance(step, Menu):
            for branch in (*step.keys.values(), step.otherwise):
                yield from _texts_of(branch)


def _callee(content: Any, where: str) -> tuple[Step, ...]:
    numbered = list(_numbered(content, where, "step"))
    steps: list[Step] = [_keyword(item, STEPS, place) for item, place in numbered]
    answered = False
    for step, (_, place), following in zip(steps, numbered, [*steps[1:], None], strict=True):
        if isinstance(step, OnTheLine) and not answered:
            raise ScenarioError(f"{place}: {step.keyword!r} comes before 'answer'.")
        if isinstance(step, BeforeAnswer) and answered:
            raise ScenarioError(f"{place}: {step.keyword!r} comes after 'answer'.")
        if isinstance(step, Refusal | HangUp | LineDies) and following is not None:
            raise ScenarioError(f"{place}: nothing can follow {step.keyword!r}.")
        answered = answered or isinstance(step, Answer)
    if not steps or not (answered or isinstance(steps[-1], Refusal)):
        raise ScenarioError(f"{where}: must hold 'answer', or end with a refusal: {_refusals()}.")
    return tuple(steps)


def _on_the_line(content: Any, where: str) -> tuple[OnTheLine, ...]:
    allowed = [step for step in STEPS if issubclass(step, OnTheLine)]
    return tuple(
        _keyword(item, allowed, place) for item, place in _numbered(content, where, "step")
    )


def _refusals() -> str:
    return ", ".join(step.keyword for step in STEPS if issubclass(step, Refusal))


def _keyword(content: Any, kinds: Iterable[Any], where: str) -> Any:
    by_word = {kind.keyword: kind for kind in kinds}
    if isinstance(content, str):
        word, value = content, None
    elif isinstance(content, dict) and len(content) == 1:
        word, value = next(iter(content.items()))
    else:
        raise ScenarioError(f"{where}: must be one of: {', '.join(by_word)}; got {content!r}.")
    if word not in by_word:
        raise ScenarioError(f"{where}: unknown {word!r}; allowed are: {', '.join(by_word)}.")
    kind = by_word[word]
    if not isinstance(value, dict):
        value = _short_form(kind, value, f"{where} ({word})")
    return _build(kind, value, f"{where} ({word})")


def _short_form(kind: type, value: Any, where: str) -> dict[str, Any]:
    names = list(settings_of(kind))
    if value is None:
        return {}
    if not names:
        raise ScenarioError(f"{where}: takes no value; got {value!r}.")
    return {names[0]: value}


def _build(kind: type, content: Mapping[str, Any], where: str) -> Any:
    settings = settings_of(kind)
    _check_keys(content, settings, where)
    missing = [name for name, item in settings.items() if is_required(item) and name not in content]
    if missing:
        raise ScenarioError(f"{where}: {missing[0]!r} is missing.")
    return kind(
        **{
            name: _CHECKS[settings[name].metadata["kind"]](value, f"{where}: {name}")
            for name, value in content.items()
        }
    )


def _model_rule(content: Any, where: str) -> ModelRule:
    rule: ModelRule = _build(ModelRule, _mapping(content, where), where)
    if not (rule.speak or rule.tool or rule.fail):
        raise ScenarioError(f"{where}: must have one of: speak, tool, fail.")
    if rule.then and not rule.tool:
        raise ScenarioError(f"{where}: 'then' needs 'tool'.")
    return rule


def _numbered(content: Any, where: str, noun: str) -> Iterable[tuple[Any, str]]:
    if not isinstance(content, list):
        raise ScenarioError(f"{where}: must be a list; got {content!r}.")
    return [(item, f"{where}, {noun} {index}") for index, item in enumerate(content, start=1)]


def _mapping(content: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(content, dict):
        raise ScenarioError(f"{where}: must be a mapping; got {content!r}.")
    return content


def _check_keys(content: Mapping[str, Any], allowed: Iterable[str], where: str) -> None:
    for key in content:
        if key not in allowed:
            raise ScenarioError(f"{where}: unknown {key!r}; allowed are: {', '.join(allowed)}.")


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ScenarioError(f"{where}: must be a text in quotes; got {value!r}.")
    return value


def _optional_text(value: Any, where: str) -> str:
    return "" if value in (None, "") else _text(value, where)


def _seconds(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 3600:
        raise ScenarioError(f"{where}: must be a number of seconds, 0 to 3600; got {value!r}.")
    return float(value)


def _decibels(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not -60 <= value <= -20:
        raise ScenarioError(f"{where}: must be a number of decibels, -60 to -20; got {value!r}.")
    return float(value)


def _frequencies(value: Any, where: str) -> tuple[float, ...]:
    given = value if isinstance(value, list) else [value]
    for item in given:
        if isinstance(item, bool) or not isinstance(item, int | float) or not 200 <= item <= 3400:
            raise ScenarioError(f"{where}: must be frequencies of 200 to 3400 Hz; got {value!r}.")
    if not 1 <= len(given) <= 4:
        raise ScenarioError(f"{where}: must be one to four frequencies; got {value!r}.")
    return tuple(float(item) for item in given)


def _count(value: Any, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 100:
        raise ScenarioError(f"{where}: must be a whole number, 1 to 100; got {value!r}.")
    return value


def _whole(least: int, most: int, meaning: str) -> Callable[[Any, str], int]:
    def check(value: Any, where: str) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            message = f"{where}: must be {meaning} from {least} to {most}; got {value!r}."
            raise ScenarioError(message)
        return value

    return check


def _matching(pattern: str, meaning: str) -> Callable[[Any, str], str]:
    def check(value: Any, where: str) -> str:
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            raise ScenarioError(f"{where}: must be {meaning}, in quotes; got {value!r}.")
        return value

    return check


def _pattern(value: Any, where: str) -> str:
    text = _text(value, where)
    try:
        re.compile(text)
    except re.error as error:
        raise ScenarioError(f"{where}: not a regular expression: {error}.") from error
    return text


def _yes_or_no(value: Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise ScenarioError(f"{where}: must be true or false; got {value!r}.")
    return value


def _failure(value: Any, where: str) -> str:
    if value not in FAILURES:
        raise ScenarioError(f"{where}: unknown {value!r}; allowed are: {', '.join(FAILURES)}.")
    return str(value)


def _tool(value: Any, where: str) -> ToolUse:
    content = _mapping(value, where)
    _check_keys(content, ("name", "arguments"), where)
    arguments = _mapping(content.get("arguments", {}), f"{where}: arguments")
    return ToolUse(_text(content.get("name"), f"{where}: name"), arguments)


def _menu_keys(value: Any, where: str) -> Mapping[str, tuple[OnTheLine, ...]]:
    branches = {}
    for key, steps in _mapping(value, where).items():
        key = _matching("[0-9*#A-D]", 'one key such as "1"')(key, where)
        branches[key] = _on_the_line(steps, f"{where} {key!r}")
    return branches


_number = _matching(r"(\+[1-9]\d{4,14})?", 'a telephone number such as "+12025550100"')

_CHECKS: dict[str, Callable[[Any, str], Any]] = {
    "seconds": _seconds,
    "decibels": _decibels,
    "frequencies": _frequencies,
    "count": _count,
    "http error": _whole(400, 599, "a status"),
    "refusing status": _whole(300, 699, "a status"),
    "whole seconds": _whole(0, 86_400, "seconds"),
    "text": _text,
    "optional text": _optional_text,
    "cause": _matching("[A-Z][A-Z0-9_]+", "a hang-up cause such as NORMAL_TEMPORARY_FAILURE"),
    "digits": _matching("[0-9*#A-D]+", "keys 0-9, *, #, A-D"),
    "event name": _matching(r"[A-Za-z_:]+", "an event name such as CHANNEL_ANSWER"),
    "menu keys": _menu_keys,
    "steps": _on_the_line,
    "pattern": _pattern,
    "yes or no": _yes_or_no,
    "failure": _failure,
    "tool": _tool,
}
