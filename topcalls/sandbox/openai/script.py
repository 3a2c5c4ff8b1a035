"""The scripted mind: what the model says, calls, or how it fails, in a given situation.

In this order: a text it is told to say exactly; a short direction such as "apologise"; what follows
a function's result; the first unused rule of the scenario that matches what the caller said; a
polite default. Pure: the same rules and the same situations give the same answers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import Any

from topcalls.sandbox.hearing import UNINTELLIGIBLE
from topcalls.sandbox.openai.schemas import example
from topcalls.sandbox.scenario import ModelRule, ToolUse

GREETING = "Hello, how can I help you?"
STILL_THERE = "Are you still there?"
SAY_AGAIN = "Sorry, I did not catch that. Could you say it again?"
GO_ON = "I see. Could you tell me more?"
CANNOT = "I am sorry, I cannot do that."
DONE = "All right, that is done."

LONGEST_DIRECTION = 400
"""Longer instructions are a prompt, not a direction for one answer."""

_EXACTLY = re.compile(r"\b(?:say|read|repeat)\s+exactly\s*:?\s*[\"“](.+)[\"”]", re.I | re.S)
_EXACTLY_THE_INPUT = re.compile(r"\b(?:say|read|repeat)\s+(?:\S+\s+){0,3}exactly\b", re.I)
_DIRECTIONS = (
    (r"apolog|sorry", "I am sorry about that. Could you say it again?"),
    (r"still (there|on the line)|silen", STILL_THERE),
    (r"good-?bye|farewell|end the (call|conversation)", "Thank you for your time. Goodbye."),
    (r"voicemail|leave a message", "Hello, please call us back when you have a moment."),
    (r"\b(one moment|wait|hold)\b", "One moment, please."),
    (r"greet|introduce|welcome", GREETING),
)


@dataclass(frozen=True)
class Situation:
    """What a response has to go on.

    `heard` is what came from the caller since the model's last answer: None when nobody spoke,
    `UNINTELLIGIBLE` for sound that is not words. `instructions` are those of this one response.
    `tools` maps the names of functions on offer to their parameter schemas. `given` is the text of
    an explicit input. `prompt`: what the model was told for the whole conversation.
    """

    heard: str | None = None
    instructions: str = ""
    has_tool_results: bool = False
    tools: Mapping[str, Any] = field(default_factory=dict)
    tool_choice: Any = "auto"
    given: str = ""
    prompt: str = ""


@dataclass(frozen=True)
class Answer:
    """What the model does: speaks (each text its own item), then calls; or fails as `fail` says.

    `then` is what it will say about the calls' results.
    """

    speeches: tuple[str, ...] = ()
    calls: tuple[ToolUse, ...] = ()
    fail: str = ""
    then: str = field(default="", compare=False)


class Mind:
    """The model in one call: it remembers which rules are used up and what a function is for."""

    def __init__(self, rules: Sequence[ModelRule] = (), used: Set[int] = frozenset()) -> None:
        """`used`: the numbers of those rules that are used up already."""
        self._rules = rules
        self._used: set[int] = set(used)
        self._then: list[str] = []
        self._has_spoken = bool(used)
        self._unanswered: str | None = None  # what was heard before an answer that failed

    @property
    def used(self) -> Set[int]:
        """The numbers of the rules that are used up."""
        return frozenset(self._used)

    def answer(self, situation: Situation) -> Answer:
        """The model's reaction. A rule without `repeat` is used up by it."""
        answer = self._offered(self._wanted(situation), situation)
        if answer.calls and answer.then:
            self._then.append(answer.then)
        self._has_spoken = True
        return answer

    def _wanted(self, situation: Situation) -> Answer:
        if told := directed_speech(situation.instructions, situation.given):
            return Answer((told,))
        words = situation.heard or self._unanswered
        answer = self._reply(words, situation)
        self._unanswered = words if answer.fail else None
        return answer

    def _reply(self, words: str | None, situation: Situation) -> Answer:
        if situation.has_tool_results:
            then, self._then = " ".join(self._then), []
            rule = self._rule(words, situation.prompt) if words else None
            following = _by_rule(rule) if rule else Answer()
            speeches = (then, *following.speeches) if then else following.speeches
            return replace(following, speeches=speeches or (DONE,))
        if rule := self._rule(words, situation.prompt):
            return _by_rule(rule)
        return Answer((self._default(words),))

    def _rule(self, words: str | None, prompt: str) -> ModelRule | None:
        if words == UNINTELLIGIBLE:
            return None
        for index, rule in enumerate(self._rules):
            if index not in self._used and rule.matches(words, prompt):
                if not rule.repeat:
                    self._used.add(index)
                return rule
        return None

    def _default(self, words: str | None) -> str:
        if words is None:
            return STILL_THERE if self._has_spoken else GREETING
        return SAY_AGAIN if words == UNINTELLIGIBLE else GO_ON

    def _offered(self, answer: Answer, situation: Situation) -> Answer:
        """`answer` with only those calls that the request allows, and those that it demands."""
        choice, tools = situation.tool_choice, situation.tools
        calls = tuple(call for call in answer.calls if call.name in tools and choice != "none")
        forced = str(choice.get("name")) if isinstance(choice, Mapping) else ""
        if choice == "required" and not calls:
            forced = next(iter(tools), "")
        if forced in tools and all(call.name != forced for call in calls):
            return Answer((), (ToolUse(forced, example(tools[forced])),), answer.fail)
        refused = answer.calls and not calls
        speeches = answer.speeches or ((CANNOT,) if refused else ())
        return replace(answer, speeches=speeches, calls=calls)


def _by_rule(rule: ModelRule) -> Answer:
    calls = (rule.tool,) if rule.tool else ()
    return Answer(items_of(rule.speak), calls, rule.fail, rule.then)


def directed_speech(instructions: str, given: str = "") -> str:
    """The words that instructions for one response demand, or ""."""
    if found := _EXACTLY.search(instructions):
        return found.group(1).strip()
    if given and _EXACTLY_THE_INPUT.search(instructions):
        return given
    direction = instructions.strip().rpartition("\n\n")[2]  # what a prompt ends with counts most
    if 0 < len(direction) <= LONGEST_DIRECTION:
        for pattern, text in _DIRECTIONS:
            if re.search(pattern, direction, re.I):
                return text
    return ""


def items_of(speak: str) -> tuple[str, ...]:
    """The speeches in a rule's text: a blank line begins a new one (a preamble, then the rest)."""
    paragraphs = re.split(r"\n\s*\n", speak)
    return tuple(" ".join(part.split()) for part in paragraphs if part.strip())
