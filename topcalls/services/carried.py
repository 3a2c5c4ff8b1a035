"""What a call brings along to a controller that carries on where another one left."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields
from typing import cast

from topcalls.core.token_usage import TokenUsage
from topcalls.core.tools import ToolRecord
from topcalls.core.transcript import Speaker, Turn
from topcalls.services.live_words import notes_of
from topcalls.services.tools import records_of
from topcalls.store import calls
from topcalls.store.models import CallUsage, TranscriptTurn

_TOKENS = tuple(one.name for one in fields(TokenUsage))


@dataclass(frozen=True, slots=True)
class Used:
    """What one model took so far, in so many responses."""

    usage: TokenUsage = TokenUsage()  # noqa: RUF009 - it is frozen
    responses: int = 0


@dataclass(frozen=True, slots=True)
class Carried:
    """What was said, as stored, by model what was used, the tools that were called, what the model
    was told by its own side, and which stages have failed and were replaced."""

    turns: tuple[Turn, ...] = ()
    used: Mapping[str, Used] = field(default_factory=dict)
    tools: tuple[ToolRecord, ...] = ()
    notes: tuple[str, ...] = ()
    stages_replaced: tuple[str, ...] = ()


NOTHING = Carried()


def carried_over(call_ids: Collection[str]) -> dict[str, Carried]:
    """Of each of these calls; part of a verb."""
    ids = list(call_ids)
    turns = calls.transcripts(ids)
    used: dict[str, dict[str, Used]] = defaultdict(dict)
    for row in calls.usages(ids) if ids else ():
        used[row.call_id][row.model] = used_of(row)
    called, notes = records_of(ids), notes_of(ids)
    replaced = calls.stages_replaced(ids) if ids else {}
    return {
        call_id: Carried(
            tuple(map(turn_of, turns[call_id])),
            used[call_id],
            called[call_id],
            notes[call_id],
            tuple(replaced.get(call_id) or ()),
        )
        for call_id in ids
    }


def turn_of(row: TranscriptTurn) -> Turn:
    """A stored turn in the words of the rules."""
    return Turn(
        row.seq, cast(Speaker, row.role), row.text, row.started_ms, row.ended_ms, row.interrupted
    )


def used_of(row: CallUsage) -> Used:
    """What a row says."""
    return Used(TokenUsage(**{name: getattr(row, name) for name in _TOKENS}), row.responses)
