"""The conversation as a language model reads it: only what was heard, on both sides.

A reply of the agent is in it with all its words while it is being spoken; when the caller cuts in,
`truncate` leaves of it what was heard. What the caller said is in it under the item that the ears
gave it, so that a mere "mm-hm" can be taken out again. A tool's call is shown together with its
result, or not at all: every vendor refuses one without the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from topcalls.core.transcript import heard_part

Role = Literal["user", "assistant", "system"]


@dataclass(frozen=True)
class FunctionCall:
    """A call of a tool; `arguments` is JSON text."""

    call_id: str
    name: str
    arguments: str


@dataclass(frozen=True)
class Message:
    """One message for the model. `calls` only of the assistant; `answers` names the call whose
    result a message of the role "tool" is."""

    role: Literal["user", "assistant", "system", "tool"]
    text: str = ""
    calls: tuple[FunctionCall, ...] = ()
    answers: str = ""


@dataclass
class SpokenWords:
    """The words of one reply along its sound: where in it, in milliseconds, which begin."""

    _parts: list[tuple[int, str]] = field(default_factory=list)

    @property
    def text(self) -> str:
        return _joined(text for _, text in self._parts)

    def add(self, at_ms: int, text: str) -> None:
        """`text` begins `at_ms` into the sound."""
        if text.strip():
            self._parts.append((at_ms, text))

    def heard(self, played_ms: int, received_ms: int) -> str:
        """What was heard when `played_ms` of `received_ms` were played."""
        ends = [at for at, _ in self._parts[1:]] + [received_ms]
        return _joined(
            heard_part(text, played_ms - begin, max(end - begin, 1))
            for (begin, text), end in zip(self._parts, ends, strict=True)
            if played_ms > begin
        )


@dataclass
class _Entry:
    role: Role
    item_id: str = ""
    text: str = ""
    words: SpokenWords | None = None
    heard_ms: tuple[int, int] | None = None  # of the words so much, of what was received
    calls: tuple[FunctionCall, ...] = ()
    outputs: dict[str, str] = field(default_factory=dict)

    @property
    def said(self) -> str:
        if self.words is None:
            return self.text
        return self.words.text if self.heard_ms is None else self.words.heard(*self.heard_ms)


@dataclass
class Dialogue:
    """One conversation, in the order things were said."""

    _entries: list[_Entry] = field(default_factory=list)

    def add(self, role: Role, text: str, item_id: str = "") -> None:
        """Words that are complete."""
        self._entries.append(_Entry(role, item_id, text))

    def reply(self, item_id: str, words: SpokenWords) -> None:
        """The agent speaks; `words` goes on growing while it does."""
        self._entries.append(_Entry("assistant", item_id, words=words))

    def call(self, calls: Sequence[FunctionCall]) -> None:
        """The model calls these tools, in one go."""
        self._entries.append(_Entry("assistant", calls=tuple(calls)))

    def output(self, call_id: str, output: str) -> None:
        """The result of a call. One that nobody made is left out."""
        for entry in self._entries:
            if any(call.call_id == call_id for call in entry.calls):
                entry.outputs[call_id] = output

    def truncate(self, item_id: str, played_ms: int, received_ms: int) -> None:
        """Of this reply only so much was heard."""
        for entry in self._entries:
            if entry.item_id == item_id and entry.words is not None:
                entry.heard_ms = (played_ms, received_ms)

    def delete(self, item_id: str) -> None:
        """This was never said, or does not count."""
        self._entries = [entry for entry in self._entries if entry.item_id != item_id]

    @property
    def has_news(self) -> bool:
        """Something was added since the agent last spoke."""
        last = next((entry for entry in reversed(self._entries) if _counts(entry)), None)
        return last is None or last.role != "assistant" or bool(last.calls)

    def messages(self, instructions: str, *further: Message) -> list[Message]:
        """All of it for the model, and what is `further` to be known this once.

        Neighbours of one speaker become one message: some servers insist that they alternate.
        """
        merged: list[Message] = [Message("system", instructions)] if instructions else []
        for message in (*self._raw(), *further):
            last = merged[-1] if merged else None
            if last is None or not _alike(last, message):
                merged.append(message)
            else:
                merged[-1] = Message(last.role, f"{last.text} {message.text}")
        return merged

    def _raw(self) -> Iterator[Message]:
        for entry in self._entries:
            if not _counts(entry):
                continue
            answered = tuple(call for call in entry.calls if call.call_id in entry.outputs)
            yield Message(entry.role, entry.said, answered)
            for call in answered:
                yield Message("tool", entry.outputs[call.call_id], answers=call.call_id)


def _counts(entry: _Entry) -> bool:
    return bool(entry.said.strip()) or any(c.call_id in entry.outputs for c in entry.calls)


def _alike(one: Message, other: Message) -> bool:
    plain = not (one.calls or other.calls)
    return plain and one.role == other.role and one.role in ("user", "assistant")


def _joined(parts: Iterator[str]) -> str:
    return " ".join(" ".join(parts).split())
