"""Where a conversation that is replayed parts from the one that was recorded.

Both are cut into exchanges at the caller's turns, which are the same sounds in both: what the agent
said and did from one turn of the caller until the next. Exchange 0 is what comes before the first.
Two exchanges are compared by what the caller could have noticed, and by what was done:

- `same`: the same words (case, marks and spacing apart) and the same calls of tools;
- `reworded`: other words that come to the same as far as a rule can tell: at least `ALIKE` of them
  in common, the same figures, and a question where there was one. Only words: calls of tools are
  the same or they are not;
- `other`: anything else.

The *fork* is the first exchange that is `other` (or, where that is asked for, not `same`). From its
end on the caller who is heard answers what was said then, and not what is said now.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import zip_longest
from typing import Any, Final

from topcalls.core import notes
from topcalls.core.builtin_tools import END_CALL
from topcalls.core.tools import ToolRecord
from topcalls.core.transcript import Turn

ALIKE: Final = 0.6
"""The least likeness of words that count as the same in other words: twice those in common, by
those of both (Sørensen and Dice)."""

_NO_SPACES = "\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff"
"""Thai, kana and Chinese characters, of which each counts as a word."""

_WORD = re.compile(rf"[{_NO_SPACES}]|(?:(?![{_NO_SPACES}])[^\W_])+(?:['’][^\W_]+)*")
_QUESTION_MARKS = ("?", "？", "؟", ";")


class Likeness(StrEnum):
    """How one exchange is to the other."""

    SAME = "same"
    REWORDED = "reworded"
    OTHER = "other"


class Reason(StrEnum):
    """What makes an exchange another one."""

    WORDS = "words"
    FIGURES = "figures"
    QUESTION = "question"
    SILENT = "silent"
    SPEAKS = "speaks"
    TOOLS = "tools"
    ENDED = "ended"
    GOES_ON = "goes_on"


@dataclass(frozen=True)
class Used:
    """A call of a tool. `arguments` is JSON in one writing; `error` is why it failed, in a word."""

    name: str
    arguments: str
    status: str
    error: str | None = None

    @property
    def key(self) -> tuple[str, str]:
        """What is compared: an answer is the cassette's."""
        return self.name, self.arguments


@dataclass(frozen=True)
class Exchange:
    """What the caller said in one turn, and what the agent said and did after it.

    `wait_ms` is from the caller's last words until the agent's first. `interrupted`: the agent was
    cut off in it. `ends`: the conversation ended in it, by the agent.
    """

    caller: str = ""
    agent: str = ""
    tools: tuple[Used, ...] = ()
    started_ms: int = 0
    wait_ms: int | None = None
    interrupted: bool = False
    ends: bool = False


@dataclass(frozen=True)
class Compared:
    """One exchange, then and now; None where there is none. `after_fork`: the caller who is heard
    in it answers what was said then."""

    number: int
    then: Exchange | None
    now: Exchange | None
    likeness: Likeness
    reasons: tuple[Reason, ...] = ()
    after_fork: bool = False


@dataclass(frozen=True)
class Comparison:
    """All exchanges in order. `fork`: the number of the exchange in which they part; None: they do
    not."""

    exchanges: tuple[Compared, ...]
    fork: int | None


def exchanges_of(
    turns: Iterable[Turn],
    tools: Iterable[ToolRecord],
    borders_ms: Sequence[int],
    *,
    agent_ended: bool,
) -> tuple[Exchange, ...]:
    """A conversation, cut where each turn of the caller begins, in order. What the agent began
    before such a moment belongs to the exchange before it; of what the caller said the middle
    counts, since ears tell early that somebody speaks. Notes in a transcript are no words. An agent
    that asked for the end of the call ended it, also where the caller was quicker."""
    spoken = [turn for turn in turns if turn.text and not notes.is_note(turn.text)]
    spoken.sort(key=lambda turn: (turn.started_ms, turn.seq))
    used = sorted(tools, key=lambda tool: tool.called_ms)
    starts = [None, *borders_ms]
    found = []
    for start, end in zip_longest(starts, borders_ms):
        within = _within(start, end)
        found.append(
            _exchange(
                start or 0,
                [turn for turn in spoken if within(_place(turn))],
                [tool for tool in used if within(tool.called_ms)],
            )
        )
    hangs_up = any(tool.name == END_CALL.name for tool in found[-1].tools)
    found[-1] = replace(found[-1], ends=agent_ended or hangs_up)
    return tuple(found)


def _place(turn: Turn) -> int:
    if turn.speaker == "assistant":
        return turn.started_ms
    return (turn.started_ms + turn.ended_ms) // 2


def _within(start: int | None, end: int | None) -> Callable[[int], bool]:
    return lambda at: (start is None or at >= start) and (end is None or at < end)


def _exchange(started_ms: int, turns: Sequence[Turn], tools: Sequence[ToolRecord]) -> Exchange:
    agent = [turn for turn in turns if turn.speaker == "assistant"]
    caller = [turn for turn in turns if turn.speaker == "user"]
    wait = None
    if agent and caller:
        before = [turn.ended_ms for turn in caller if turn.started_ms <= agent[0].started_ms]
        wait = max(0, agent[0].started_ms - max(before)) if before else None
    return Exchange(
        caller=" ".join(turn.text for turn in caller),
        agent=" ".join(turn.text for turn in agent),
        tools=tuple(_used(tool) for tool in tools),
        started_ms=started_ms,
        wait_ms=wait,
        interrupted=any(turn.interrupted for turn in agent),
    )


def _used(tool: ToolRecord) -> Used:
    return Used(tool.name, _written(tool.arguments), str(tool.status), tool.error)


def _written(arguments: str) -> str:
    """JSON with its keys in order: 1 and 1.0 are one number."""
    try:
        content = json.loads(arguments or "{}")
    except (ValueError, RecursionError):
        return arguments
    return json.dumps(_plain(content), sort_keys=True, ensure_ascii=False)


def _plain(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def compare(
    then: Sequence[Exchange], now: Sequence[Exchange], *, exact: bool = False
) -> Comparison:
    """Both conversations, exchange by exchange. `exact`: other words are a fork, whatever they come
    to."""
    pairs = list(zip_longest(then, now))
    found: list[Compared] = []
    fork: int | None = None
    for number, (one, other) in enumerate(pairs):
        likeness, reasons = likeness_of(one, other)
        found.append(Compared(number, one, other, likeness, reasons, after_fork=fork is not None))
        parts = likeness is Likeness.OTHER or (exact and likeness is Likeness.REWORDED)
        if fork is None and parts:
            fork = number
    return Comparison(tuple(found), fork)


def likeness_of(then: Exchange | None, now: Exchange | None) -> tuple[Likeness, tuple[Reason, ...]]:
    """How like they are, and all that makes them others."""
    if then is None or now is None:
        return Likeness.OTHER, (Reason.GOES_ON if then is None else Reason.ENDED,)
    reasons = list(_of_tools(then, now))
    likeness, of_words = _of_words(then, now)
    reasons += of_words
    if then.ends != now.ends:
        reasons.append(Reason.ENDED if now.ends else Reason.GOES_ON)
    return (Likeness.OTHER if reasons else likeness), tuple(reasons)


def _of_tools(then: Exchange, now: Exchange) -> Iterable[Reason]:
    if [tool.key for tool in then.tools] != [tool.key for tool in now.tools]:
        yield Reason.TOOLS


def _of_words(then: Exchange, now: Exchange) -> tuple[Likeness, list[Reason]]:
    before, after = words_of(then.agent), words_of(now.agent)
    if not before or not after:
        if before == after:
            return Likeness.SAME, []
        return Likeness.OTHER, [Reason.SPEAKS if after else Reason.SILENT]
    is_cut = then.interrupted or now.interrupted
    if is_cut:
        shorter = min(len(before), len(after))
        before, after = before[:shorter], after[:shorter]
    if before == after:
        return Likeness.SAME, []
    reasons = []
    if _figures(before) != _figures(after):
        reasons.append(Reason.FIGURES)
    if not is_cut and _asks(then.agent) != _asks(now.agent):
        reasons.append(Reason.QUESTION)
    if alike(before, after) < ALIKE:
        reasons.append(Reason.WORDS)
    return (Likeness.OTHER if reasons else Likeness.REWORDED), reasons


def words_of(text: str) -> list[str]:
    """The words of a text, as they are compared."""
    return [word.replace("’", "'") for word in _WORD.findall(text.casefold())]


def alike(one: Sequence[str], other: Sequence[str]) -> float:
    """From 0 (no word in common) to 1 (the same words, in whatever order)."""
    both = Counter(one) & Counter(other)
    total = len(one) + len(other)
    return 2 * both.total() / total if total else 1.0


def _figures(words: Iterable[str]) -> Counter[str]:
    return Counter(word for word in words if any(sign.isdigit() for sign in word))


def _asks(text: str) -> bool:
    """It ends as a question does; the Greek mark looks like a semicolon."""
    return text.rstrip("\"'”’)] ").endswith(_QUESTION_MARKS)
