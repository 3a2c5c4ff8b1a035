"""Answers about a conversation that is over: a reader that takes everything at its word.

A request for JSON whose last message is a conversation as JSON (`turns` with `turn`, `speaker` and
`text`) is answered from its words: a yes or no to a question, the first number, a word of an
enumeration, what a person said about something by its name. What nobody spoke of is null. The same
conversation always gets the same answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_YES = re.compile(
    r"\b(yes|yeah|yep|sure|okay|ok|fine|works|agreed|ja|gerne|oui|si|sí|claro)\b", re.I
)
_NO = re.compile(r"\b(no|nope|not|never|don't|cannot|can't|nein|nicht|kein|non)\b", re.I)
_ANGRY = re.compile(r"\b(angry|annoyed|terrible|awful|complain|stop calling|never again)\b", re.I)
_GLAD = re.compile(
    r"\b(thanks|thank you|great|perfect|wonderful|lovely|danke|merci|gracias)\b", re.I
)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_WORD = re.compile(r"[^\W\d_]{4,}")
_COMMON = frozenset(["what", "when", "with", "that", "this", "which", "whether", "they", "their"])


@dataclass(frozen=True)
class _Turn:
    number: int
    speaker: str
    text: str


@dataclass
class _Reading:
    """What was found, and in which turns."""

    turns: Sequence[_Turn]
    definitions: Mapping[str, Any]
    evidence: dict[str, list[int]] = field(default_factory=dict)

    @property
    def callers(self) -> list[_Turn]:
        return [turn for turn in self.turns if turn.speaker == "caller"]

    def value(self, schema: Any, name: str, path: str) -> Any:
        """What `schema` asks for; None if nobody spoke of it."""
        schema = self._resolved(schema)
        for branch in schema.get("anyOf", ()):
            found = self.value(branch, name, path)
            if found is not None:
                return found
        kind = schema.get("type")
        kinds = kind if isinstance(kind, list) else [kind]
        if "object" in kinds:
            return {
                key: self.value(part, key, f"{path}.{key}" if path else key)
                for key, part in schema.get("properties", {}).items()
            }
        if "array" in kinds:
            found = self.value(schema.get("items", {}), name, path)
            return [found] if isinstance(found, str | int | float) else []
        found, turn = self._scalar(schema, kinds, name)
        if turn is not None:
            self.evidence[path] = [turn.number]
        return found

    def _scalar(
        self, schema: Mapping[str, Any], kinds: list[Any], name: str
    ) -> tuple[Any, _Turn | None]:
        about = _words(f"{name.replace('_', ' ')} {schema.get('description', '')}")
        if "enum" in schema:
            return self._choice(schema["enum"])
        if "boolean" in kinds:
            return self._yes_or_no(about)
        near = [turn for turn in self.callers if about & _words(turn.text)]
        if "integer" in kinds or "number" in kinds:
            for turn in near or self.callers:
                if number := _NUMBER.search(turn.text):
                    return (float(number[0]) if "." in number[0] else int(number[0])), turn
            return None, None
        return (near[0].text, near[0]) if near and "string" in kinds else (None, None)

    def _choice(self, values: Sequence[Any]) -> tuple[Any, _Turn | None]:
        for turn in self.turns:
            for value in values:
                if isinstance(value, str) and value.replace("_", " ").lower() in turn.text.lower():
                    return value, turn
        return None, None

    def _yes_or_no(self, about: set[str]) -> tuple[Any, _Turn | None]:
        """The first answer to a question about it, or the first answer at all."""
        asked = [at for at, turn in enumerate(self.turns) if about & _words(turn.text)]
        for start in [*asked, 0]:
            for turn in self.turns[start:]:
                if turn.speaker == "caller" and (_NO.search(turn.text) or _YES.search(turn.text)):
                    return _NO.search(turn.text) is None, turn
        return None, None

    def _resolved(self, schema: Any) -> Mapping[str, Any]:
        for _ in range(8):
            if not isinstance(schema, Mapping) or "$ref" not in schema:
                break
            schema = self.definitions.get(str(schema["$ref"]).rpartition("/")[2], {})
        return schema if isinstance(schema, Mapping) else {}


def read_conversation(
    messages: Sequence[Mapping[str, Any]], schema: Mapping[str, Any]
) -> dict[str, Any] | None:
    """The answer to a request about a conversation; None if it is about something else."""
    turns = list(_turns_in(messages))
    properties = schema.get("properties", {})
    if {"values", "evidence"} <= properties.keys():
        reading = _Reading(turns, schema.get("$defs", {}))
        values = reading.value(properties["values"], "", "")
        evidence = [{"field": path, "turns": found} for path, found in reading.evidence.items()]
        return {"values": values, "evidence": evidence}
    if {"summary", "sentiment", "success"} <= properties.keys():
        return _summary(turns)
    return None


def _turns_in(messages: Sequence[Mapping[str, Any]]) -> Iterator[_Turn]:
    for message in messages:
        if message["role"] != "user" or not isinstance(message.get("content"), str):
            continue
        try:
            content = json.loads(message["content"])
        except ValueError:
            continue
        if isinstance(content, Mapping) and isinstance(content.get("turns"), list):
            for turn in content["turns"]:
                yield _Turn(turn["turn"], turn["speaker"], turn["text"])


def _summary(turns: Sequence[_Turn]) -> dict[str, Any]:
    callers = [turn for turn in turns if turn.speaker == "caller"]
    moods = [(turn, _mood(turn.text)) for turn in callers]
    clear = [(turn, mood) for turn, mood in moods if mood != "neutral"]
    last = clear[-1][1] if clear else "neutral"
    turned = next((turn for turn, mood in clear if mood != clear[0][1]), None)
    point = None if turned is None else {"turn": turned.number, "why": "The caller's tone changed."}
    said = f" The caller said: {callers[0].text}" if callers else ""
    reached = None if not callers else last == "positive" or bool(_YES.search(callers[-1].text))
    return {
        "summary": f"A rehearsed conversation of {len(turns)} turns in the sandbox.{said}",
        "language": "en",
        "sentiment": {
            "overall": "mixed" if turned is not None else last,
            "caller": "mixed" if turned is not None else last,
            "agent": "neutral",
            "turning_point": point,
        },
        "success": {"reached": reached, "reason": "Judged by the caller's words."},
    }


def _mood(text: str) -> str:
    if _ANGRY.search(text):
        return "negative"
    return "positive" if _GLAD.search(text) else "neutral"


def _words(text: str) -> set[str]:
    return {word.lower() for word in _WORD.findall(text)} - _COMMON
