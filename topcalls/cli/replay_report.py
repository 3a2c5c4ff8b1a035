"""A replay, and many, to be read."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from textwrap import wrap
from typing import Any

AFTER = "after the fork: the caller who is heard answers what was said then, not what is said now"
_LEAST_WIDTH, _MOST_WIDTH = 80, 150
_MARGIN = 10
_LONGEST_VALUE = 60
_FACTS_SHOWN = ("status", "end_reason", "disposition", "sentiment", "success", "opted_out")

Replay = Mapping[str, Any]


def lines(replay: Replay) -> Iterator[str]:
    """One replay, exchange by exchange."""
    yield f"Replay of {replay['call_id']}"
    yield _field("time", f"{replay['pace']}. {replay['why']}")
    lasted = f"{replay['seconds_then']:.1f} s then, {replay['seconds_now']:.1f} s now"
    yield _field("lasts", lasted)
    for change in replay["changed"] or [None]:
        yield _field("changed", "nothing" if change is None else _change(change))
    for remark in replay["remarks"]:
        yield _field("note", remark)
    for name in replay["not_on_cassette"]:
        yield _field("tools", f"{name} was called in a way that the call has no answer to: error")
    yield _field("fork", _fork(replay))
    yield ""
    yield from _exchanges(replay)
    yield from _outcome(replay)


def _field(name: str, text: str) -> str:
    return f"{name:<{_MARGIN}}{text}"


def _change(change: Mapping[str, Any]) -> str:
    return f"{change['path']}: {_value(change['before'])} > {_value(change['after'])}"


def _value(value: Any) -> str:
    text = "–" if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"


def _fork(replay: Replay) -> str:
    at = replay["forks_at"]
    if at is None:
        reworded = sum(one["likeness"] == "reworded" for one in replay["exchanges"])
        return "none" if not reworded else f"none; {reworded} answers in other words"
    reasons = ", ".join(replay["exchanges"][at]["reasons"]) or "other words"
    return f"in exchange {at} ({reasons.replace('_', ' ')})"


def _exchanges(replay: Replay) -> Iterator[str]:
    width = max(_LEAST_WIDTH, min(shutil.get_terminal_size().columns, _MOST_WIDTH))
    column = (width - _MARGIN - 3) // 2
    yield _field("", f"{'THEN':<{column}} | NOW")
    for one in replay["exchanges"]:
        if one["after_fork"] and not replay["exchanges"][one["number"] - 1]["after_fork"]:
            yield f"--- {AFTER}"
        yield from _exchange(one, column)
    yield ""


def _exchange(one: Mapping[str, Any], column: int) -> Iterator[str]:
    then, now = one["then"] or {}, one["now"] or {}
    mark = "*" if one["after_fork"] else ""
    if then.get("caller") or now.get("caller"):
        heard = then.get("caller", ""), now.get("caller", "")
        yield from _beside(f"{one['number']}{mark} caller", heard[0], heard[1], column)
    texts = _agent(then), _agent(now)
    if one["likeness"] == "same" and then and now:
        texts = texts[0], _waits(now) + "(the same)"
    label = f"{one['number']}{mark} agent"
    yield from _beside(label, texts[0], texts[1], column)
    used = _tools(then), _tools(now)
    if any(used):
        yield from _beside(f"{one['number']}{mark} tools", used[0], used[1], column)


def _tools(side: Mapping[str, Any]) -> str:
    return " ".join(map(_tool, side.get("tools", ())))


def _agent(side: Mapping[str, Any]) -> str:
    if not side:
        return "(over)"
    ends = " (ends the call)" if side["ends"] else ""
    cut = " (interrupted)" if side["interrupted"] else ""
    return f"{_waits(side)}{side['agent'] or '(says nothing)'}{cut}{ends}"


def _waits(side: Mapping[str, Any]) -> str:
    return "" if side["wait_ms"] is None else f"[{side['wait_ms'] / 1000:.2f} s] "


def _tool(tool: Mapping[str, Any]) -> str:
    failed = f" failed: {tool['error']}" if tool["error"] else ""
    return f"{tool['name']}({tool['arguments']}){failed}"


def _beside(label: str, left: str, right: str, column: int) -> Iterator[str]:
    rows = zip_longest(wrap(left, column) or [""], wrap(right, column) or [""], fillvalue="")
    for number, (one, other) in enumerate(rows):
        yield f"{label if not number else '':<{_MARGIN}}{one:<{column}} | {other}".rstrip()


def _outcome(replay: Replay) -> Iterator[str]:
    outcome = replay["outcome"]
    qualified = "" if replay["forks_at"] is None else " (rests on what comes after the fork)"
    changes = outcome["changes"]
    yield f"Outcome: {f'{len(changes)} fields change' if changes else 'unchanged'}{qualified}"
    for change in changes:
        before, after = _value(change["before"]), _value(change["after"])
        yield _field("", f"{change['field']}: {before} > {after}")
    changed = {change["field"] for change in changes}
    known = {**outcome["facts"], **outcome["found"]}
    same = [f"{name} {_value(known[name])}" for name in _FACTS_SHOWN if known.get(name) is not None]
    kept = ", ".join(text for text in same if text.split()[0] not in changed)
    if kept:
        yield _field("", f"as before: {kept}")
    if summary := outcome["found"]["call_summary"]:
        yield _field("summary", summary)
    for part, why in outcome["errors"].items():
        yield _field("not done", f"{part}: {why}")


def table(replays: Sequence[Replay]) -> Iterator[str]:
    """Many replays: one a line, and what they come to."""
    for one in replays:
        yield row(one)
    yield ""
    yield from summary_lines(summary(replays))


def row(replay: Replay) -> str:
    """One replay in a line."""
    if "error" in replay:
        return f"{replay['call_id']}  not replayed: {replay['error']}"
    fields = ", ".join(change["field"] for change in replay["outcome"]["changes"]) or "–"
    return f"{replay['call_id']}  fork {_fork(replay):<40} outcome {fields}"


def summary(replays: Sequence[Replay]) -> dict[str, Any]:
    """How many fork, in which exchange, and which fields of the outcome change."""
    done = [one for one in replays if "error" not in one]
    forks = [one["forks_at"] for one in done if one["forks_at"] is not None]
    fields = Counter(change["field"] for one in done for change in one["outcome"]["changes"])
    return {
        "calls": len(replays),
        "replayed": len(done),
        "not_replayed": len(replays) - len(done),
        "forked": len(forks),
        "forked_at": {str(at): count for at, count in sorted(Counter(forks).items())},
        "outcome_changed": sum(bool(one["outcome"]["changes"]) for one in done),
        "fields_changed": dict(fields.most_common()),
    }


def summary_lines(told: Mapping[str, Any]) -> Iterator[str]:
    """What `summary` tells, to be read."""
    yield f"{told['replayed']} of {told['calls']} calls replayed, {told['forked']} fork"
    for at, count in told["forked_at"].items():
        yield _field("", f"in exchange {at}: {count}")
    yield f"{told['outcome_changed']} with another outcome"
    for name, count in told["fields_changed"].items():
        yield _field("", f"{name}: {count}")
    if told["forked"]:
        yield f"Outcomes of calls that fork rest on what comes {AFTER}."
