"""Calls of the past, with all that is needed to hold their conversations again.

Read only: nothing here, or in what is done with it, writes to a call.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from gevent import get_hub

from topcalls.audio import g711
from topcalls.core import notes
from topcalls.core.analysis_work import Findings, Wanted
from topcalls.core.call_request import CallRequest
from topcalls.core.end_reasons import EndReason
from topcalls.core.personal_data import Rules, has_mark
from topcalls.core.redaction import MASKED
from topcalls.core.replay_fork import Exchange, exchanges_of
from topcalls.core.replay_script import Move, MoveKind, Span, script_of
from topcalls.core.tool_cassette import RECORDED, Cassette, cassette_of, recording
from topcalls.core.tools import ToolRecord
from topcalls.core.transcript import Turn
from topcalls.errors import Conflict, NotFound
from topcalls.services.analyses import facts_of
from topcalls.services.call_views import ClaimedCall, claimed_call
from topcalls.services.recordings import Recordings, RecordingView
from topcalls.services.redactions import readable_turns
from topcalls.services.replay_sound import (
    BYTES_PER_MS,
    CallersSound,
    SaidThen,
    begins_after,
    keys_in,
    read_sound,
    said_in,
)
from topcalls.services.tools import records_of
from topcalls.store import calls, replays, transfers
from topcalls.store.database import Database
from topcalls.store.models import Call

_HUNG_UP = (EndReason.CALLEE_HUNG_UP, EndReason.CALLER_HUNG_UP, EndReason.NETWORK_HUNG_UP)
_AGENT_ENDED = (EndReason.AGENT_ENDED, EndReason.SILENCE, EndReason.TRANSFERRED)
_OUTCOME = ("disposition", "sentiment", "success", "call_summary", "analysis", "opted_out")
_NO_SOUND = {
    "none": ("The call was not recorded.", "Record calls: recording.enabled, the default."),
    "expected": ("The recording is not here yet.", "Try again later."),
    "recording": ("The call is still recorded.", "Try again when it is over."),
    "paused": ("The call is still recorded.", "Try again when it is over."),
    "storing": ("The recording is on its way to its store.", "Try again later."),
    "lost": ("The recording is lost.", None),
    "deleted": ("The recording was deleted.", "Give an exported one by --recording FILE."),
}


@dataclass(frozen=True)
class RecordedCall:
    """One call. `sound` is the caller's side, L16 at 8 kHz, and `moves` what the caller does in it.

    `said` are the words in it, and `then` is the conversation as it was. `facts` are those of
    `core.dispositions.FACTS`, `outcome` what was found out about it. `remarks` say what of it
    cannot be held again.
    """

    call: ClaimedCall
    request: Mapping[str, Any]
    began_at: datetime
    turns: tuple[Turn, ...]
    then: tuple[Exchange, ...]
    sound: bytes
    moves: tuple[Move, ...]
    said: tuple[SaidThen, ...]
    cassette: Cassette
    facts: Mapping[str, Any]
    outcome: Mapping[str, Any]
    remarks: tuple[str, ...] = ()

    @property
    def milliseconds(self) -> int:
        """How long it lasted, as far as it is held again."""
        return self.moves[-1].end_ms

    def piece(self, span: Span) -> bytes:
        """The caller's sound there, as PCMU."""
        l16 = self.sound[span.start_ms * BYTES_PER_MS : span.end_ms * BYTES_PER_MS]
        return g711.encode(l16, "PCMU")


@dataclass(frozen=True)
class _Rows:
    call: Call
    turns: tuple[Turn, ...]
    tools: tuple[ToolRecord, ...]
    handed_over_at: datetime | None


class RecordedCalls:
    """Finds them, and reads their sound from where it is kept."""

    def __init__(self, db: Database, recordings: Recordings) -> None:
        self._db = db
        self._recordings = recordings

    def ids(
        self, limit: int, *, campaign_id: str | None = None, agent_id: str | None = None
    ) -> list[str]:
        """Calls of a campaign or an agent that were answered and are over, the newest first."""
        return self._db.read(
            lambda: replays.answered(limit, campaign_id=campaign_id, agent_id=agent_id)
        )

    def load(self, call_id: str, recording_file: Path | None = None) -> RecordedCall:
        """One call; `recording_file` has its sound in the place of the kept one.

        Raises:
            Conflict: it cannot be held again; the message says why.
            NotFound: there is no such call.
            RecordingNotStored: the store is away.
        """
        rows = self._db.read(_rows, call_id)
        _check_call(rows.call)
        _check_words(rows)
        sound = get_hub().threadpool.apply(read_sound, (self._open(rows.call, recording_file),))
        return _recorded(rows, sound)

    def _open(self, call: Call, recording_file: Path | None) -> BinaryIO:
        if recording_file is not None:
            return recording_file.open("rb")
        view: RecordingView = self._recordings.view(call.account_id, call.id)
        if view.state in _NO_SOUND:
            message, remedy = _NO_SOUND[view.state]
            raise Conflict(message, remedy=remedy)
        return self._recordings.sound(call.account_id, call.id).file


def _rows(call_id: str) -> _Rows:
    call = calls.get(call_id)
    if call is None:
        raise NotFound(f"There is no call {call_id}.")
    ended = [row for row in transfers.of_call(call_id) if row.outcome in transfers.HANDED_OVER]
    at = ended[0].connected_at or ended[0].ended_at or ended[0].asked_at if ended else None
    tools = records_of([call_id])[call_id]
    return _Rows(call, tuple(readable_turns(call)), tools, at)


def _check_call(call: Call) -> None:
    if call.answered_at is None:
        raise Conflict("Nobody answered this call: there is no conversation.")
    if call.ended_at is None or call.transcript_closed_at is None:
        raise Conflict("The call is not over.", remedy="Try again when it is.")


def _check_words(rows: _Rows) -> None:
    """What the caller said must be in the sound."""
    rules = Rules.of(rows.call.request)
    for turn in rows.turns:
        if turn.speaker != "user":
            continue
        if turn.text == MASKED:
            raise Conflict(
                "The recording was paused while the caller spoke: what was said then is not in it."
            )
        if rules is not None and rules.audio is not None and has_mark(turn.text):
            raise Conflict(
                "The sound of this call is redacted: what the caller said is not all in it."
            )


def _recorded(rows: _Rows, sound: CallersSound) -> RecordedCall:
    call, turns = rows.call, rows.turns
    offset = begins_after(turns, sound.agent_spells)
    cut_ms, remarks = _cut(rows)
    keys, hidden = keys_in(turns, offset)
    if hidden:
        remarks.append("Which keys the caller pressed is not known: none are pressed.")
    over = sound.milliseconds if cut_ms is None else min(sound.milliseconds, cut_ms + offset)
    reason = EndReason(call.end_reason) if call.end_reason else None
    moves = script_of(
        [span for span in sound.caller_spells if span.start_ms < over],
        sound.agent_spells,
        over,
        keys=[one for one in keys if one.at_ms < over],
        hangs_up=cut_ms is None and reason in _HUNG_UP,
    )
    cut_turns = tuple(one for one in turns if cut_ms is None or one.started_ms < cut_ms)
    tools = [one for one in rows.tools if cut_ms is None or one.called_ms <= cut_ms]
    exported = recording(call.id, rows.tools)
    if exported["left_out"]:
        remarks.append(f"{exported['left_out']} calls of tools have no answer that can be given.")
    return RecordedCall(
        call=claimed_call(call),
        request=call.request,
        began_at=call.answered_at,
        turns=cut_turns,
        then=exchanges_of(
            cut_turns,
            tools,
            borders(moves, {index: move.start_ms - offset for index, move in enumerate(moves)}),
            agent_ended=cut_ms is not None or reason in _AGENT_ENDED,
        ),
        sound=sound.caller,
        moves=moves,
        said=said_in(moves, cut_turns, offset),
        cassette=cassette_of({**exported, "timing": RECORDED}),
        facts=facts_of(call, Findings(), Wanted(), rows.handed_over_at is not None),
        outcome={name: getattr(call, name) for name in _OUTCOME},
        remarks=tuple(remarks),
    )


def _cut(rows: _Rows) -> tuple[int | None, list[str]]:
    """When somebody else than the agent took part, in ms of the call, and what is to be said of
    that: the caller speaks to them from then on."""
    ends, remarks = [], []
    if rows.handed_over_at is not None:
        ends.append(_since(rows.call, rows.handed_over_at))
        remarks.append("The call was handed over: what the caller said afterwards is left out.")
    for turn in rows.turns:
        if turn.text == notes.SUPERVISOR_JOINED:
            ends.append(turn.started_ms)
            remarks.append("A supervisor joined: what the caller said afterwards is left out.")
            break
    return min(ends, default=None), remarks


def _since(call: Call, moment: datetime) -> int:
    answered: datetime = call.answered_at
    return max(0, round((moment - answered).total_seconds() * 1000))


def borders(moves: Sequence[Move], at_ms: Mapping[int, int]) -> list[int]:
    """When each turn of the caller began, by when its moves did; of moves that were made."""
    found: dict[int, int] = {}
    for index, move in enumerate(moves):
        if move.kind in (MoveKind.SPEECH, MoveKind.KEYS) and index in at_ms:
            found.setdefault(move.turn, max(0, at_ms[index]))
    return list(found.values())


def with_request(recorded: RecordedCall, request: CallRequest) -> RecordedCall:
    """The same caller, and another agent."""
    return replace(recorded, call=replace(recorded.call, request=request))
