"""What happens in calls, for those who follow them while they last.

Everything is read from the rows that controllers write anyway, so any API process can tell of any
call, and goes on where another one was cut off.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple, TypeVar

from topcalls.clock import Clock
from topcalls.core import keys, live_events
from topcalls.core.call_state import State
from topcalls.core.latency import timing_of
from topcalls.core.live_events import Position, name_of
from topcalls.core.personal_data import Rules
from topcalls.errors import NotFound
from topcalls.services.call_trail import event_view
from topcalls.services.call_views import TranscriptItem, call_view, transcript_items
from topcalls.services.keys import Principal
from topcalls.services.partial_words import PartialWordsDesk
from topcalls.services.redacted_calls import rules_for_readers
from topcalls.services.tools import tool_view
from topcalls.store import calls, partial_words
from topcalls.store import live_events as rows
from topcalls.store.database import Database
from topcalls.store.locking import lock_call
from topcalls.store.models import (
    Call,
    CallEvent,
    CallTool,
    PartialWords,
    TranscriptTurn,
    TurnTiming,
)

FOLLOWING_BEGAN = "FollowingBegan"
"""What stands in the trail of a call."""

LAST_WORDS = timedelta(seconds=30)
"""After the end of a call whose last words were never said to be written, nothing more comes."""

Row = TypeVar("Row", CallEvent, TranscriptTurn, TurnTiming, CallTool)


class Follower(NamedTuple):
    """Who follows which call, and how far it has come: a `Position`. Others who are followed have
    positions of their own."""

    id: int
    call_id: str
    position: Any


@dataclass(frozen=True, slots=True)
class PartialView:
    """What the caller has said so far of the turn of this `id`."""

    id: int
    text: str
    started_ms: int
    user: str = "user"


@dataclass(frozen=True, slots=True)
class LiveEvent:
    """Something to be told. `view`: an `EventView`, `TranscriptItem`, `PartialView`, `TurnTiming`,
    `ToolView` or, at the end, `CallView` without its transcript. `position`: how far whoever knows
    it has come."""

    name: str
    at: datetime
    view: Any
    position: Any


class LiveEvents:
    """Reads for any number of followers at once."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._asking = PartialWordsDesk(db)

    def check(self, account_id: str, call_id: str) -> None:
        """Raises NotFound unless the account has this call."""
        if self._db.read(calls.of_account, account_id, call_id) is None:
            raise NotFound("No such call.")

    def begin(self, principal: Principal, call_id: str) -> None:
        """A key begins to follow a call. The trail of one that is not over tells so, once for each
        key, however often it comes again.

        Raises NotFound unless the account has this call.
        """

        def verb() -> None:
            lock_call(call_id)
            call = calls.get(call_id)
            if call is not None and call.ended_at is None and not self._follows(principal, call_id):
                now = self._clock.now()
                calls.note(call_id, FOLLOWING_BEGAN, {"key_id": principal.key_id}, now)

        self.check(principal.account_id, call_id)
        if not self._db.read(self._follows, principal, call_id):
            self._db.run(verb)

    @staticmethod
    def _follows(principal: Principal, call_id: str) -> bool:
        known = calls.events_of_kind([call_id], FOLLOWING_BEGAN)
        return any(event.detail["key_id"] == principal.key_id for event in known)

    def ask(self, call_ids: Collection[str]) -> None:
        """These calls are followed: have their controllers tell what is being said."""
        self._asking.ask(call_ids, self._clock.now())

    def news(self, followers: Sequence[Follower]) -> dict[int, list[LiveEvent]]:
        """What each of them is to be told next, in order, by its id."""
        now = self._clock.now()

        def verb() -> dict[int, list[LiveEvent]]:
            found = _Rows(followers)
            return {one.id: found.news(one, now) for one in followers}

        return self._db.read(verb) if followers else {}


class _Rows:
    """What there is for all followers; the calls are read first, so that of one that is over
    nothing is missed."""

    def __init__(self, followers: Sequence[Follower]) -> None:
        ids = {one.call_id for one in followers}
        self._calls = {call.id: call for call in rows.calls_of(ids)}
        known = [one.position for one in followers]
        # Before the turns: one that is written meanwhile follows what was said of it so far.
        self._partials = partial_words.of_calls(ids)
        self._events = _by_call(rows.events_after(ids, min(at.event for at in known)))
        self._turns = _by_call(rows.turns_after(ids, min(at.turn for at in known)))
        self._timings = _by_call(rows.timings_after(ids, min(at.timing for at in known)))
        self._tools = _by_call(rows.tools_after(ids, min(at.tool for at in known)))
        self._items = self._read_together()

    def _read_together(self) -> dict[tuple[str, int], TranscriptItem]:
        """The turns of calls that are over: what identifies people is found in all of them."""
        over = [call for call in self._calls.values() if call.ended_at and self._turns[call.id]]
        turns = calls.transcripts([call.id for call in over])
        return {
            (call.id, item.id): item
            for call in over
            for item in transcript_items(call, turns[call.id])
        }

    def news(self, one: Follower, now: datetime) -> list[LiveEvent]:
        call, known = self._calls.get(one.call_id), one.position
        if call is None or known.over:
            return []
        rules = rules_for_readers(call)
        news = [
            *_new(self._events[call.id], "event", known.event, "id", partial(_event, rules)),
            *_new(self._turns[call.id], "turn", known.turn, "change", partial(self._turn, call)),
            *_new(self._timings[call.id], "timing", known.timing, "seq", _timing),
            *_new(self._tools[call.id], "tool", known.tool, "change", partial(_tool, rules)),
        ]
        told = []
        words = self._partials.get(call.id)
        if words and call.ended_at is None and _is_news(words, known):
            known = replace(known, partial=words.at)
            view = PartialView(words.seq, words.text, words.started_ms)
            told.append(LiveEvent(live_events.PARTIAL, words.at, view, known))
        for at, kind, number, (name, view) in sorted(news, key=lambda item: item[0]):
            learnt: dict[str, Any] = {kind: number}
            known = replace(known, **learnt)
            told.append(LiveEvent(name, at, view, known))
        if _is_over(call, now):
            end = call_view(call, None)
            told.append(LiveEvent(live_events.END, now, end, replace(known, over=True)))
        return told

    def _turn(self, call: Call, row: TranscriptTurn) -> tuple[datetime, str, Any]:
        item = self._items.get((call.id, row.seq)) or transcript_items(call, [row])[0]
        name = live_events.TURN
        if not row.text:
            name = live_events.TURN_REMOVED
        elif keys.is_written(row.text):
            name = live_events.DTMF
        return row.at, name, item


_News = tuple[datetime, str, int, tuple[str, Any]]


def _new(
    found: Iterable[Row],
    kind: str,
    known: int,
    number: str,
    told: Callable[[Row], tuple[datetime, str, Any]],
) -> Iterable[_News]:
    """Rows beyond `known`. Their moments never go back, so that a follower who is told them in the
    order of moments misses none when it is cut off between two."""
    latest: datetime | None = None
    for row in found:
        if getattr(row, number) > known:
            at, name, view = told(row)
            latest = at if latest is None else max(latest, at)
            yield latest, kind, getattr(row, number), (name, view)


def _is_news(words: PartialWords, known: Position) -> bool:
    return known.partial is None or words.at > known.partial


def _event(rules: Rules | None, row: CallEvent) -> tuple[datetime, str, Any]:
    return row.at, name_of(row.kind), event_view(row, rules)


def _timing(row: TurnTiming) -> tuple[datetime, str, Any]:
    return row.at, live_events.LATENCY, timing_of(row.seq, row.measures)


def _tool(rules: Rules | None, row: CallTool) -> tuple[datetime, str, Any]:
    return row.finished_at or row.called_at, live_events.TOOL, tool_view(row, rules)


def _by_call(found: Iterable[Row]) -> Mapping[str, list[Row]]:
    grouped: dict[str, list[Row]] = defaultdict(list)
    for row in found:
        grouped[row.call_id].append(row)
    return grouped


def _is_over(call: Call, now: datetime) -> bool:
    """Nothing more is written of it but what is made of it afterwards."""
    if not State(call.state).is_final or call.ended_at is None:
        return False
    closed = call.answered_at is None or call.transcript_closed_at is not None
    return closed or now - call.ended_at > LAST_WORDS
