"""The call's state machine: any event at any time, in any order, twice, too late."""

from __future__ import annotations

import inspect
import typing
from datetime import UTC
from enum import Enum
from typing import Any

from hypothesis import strategies as st
from target import Target

from topcalls.core import call_events
from topcalls.core.call_events import EVENT_KINDS, BridgeFailed, BridgeFinished
from topcalls.core.call_state import CallFacts, State, Verdict, advance
from topcalls.core.call_status import PUBLIC

_causes = st.sampled_from(
    ["NORMAL_CLEARING", "USER_BUSY", "NO_ANSWER", "ALLOTTED_TIMEOUT", "NO_SUCH_CAUSE", ""]
) | st.text(max_size=20)

# What each may say: which words are possible is up to whoever makes the event, in our own code.
_REASONS: dict[Any, list[str]] = {
    BridgeFailed: ["provider_failed", "internal_error", "playback_failed", "no reason of ours"],
    BridgeFinished: ["agent_ended", "silence", "no reason of ours"],
    call_events.Refused: ["configuration", "too_many_calls", "no reason of ours"],
}


def _field(kind: Any, name: str) -> st.SearchStrategy[Any]:
    hint = typing.get_type_hints(kind, vars(call_events))[name]
    if name == "cause":
        return _causes
    if name == "reason" and kind in _REASONS:
        return st.sampled_from(_REASONS[kind])
    if inspect.isclass(hint) and issubclass(hint, Enum):
        return st.sampled_from(hint)
    if "datetime" in str(hint):
        return st.none() | st.datetimes(timezones=st.just(UTC))
    if hint is str:
        return st.text(max_size=20) | st.sampled_from(["api", "drain"])
    if inspect.isclass(hint) and hasattr(hint, "__dataclass_fields__"):
        return _made(hint)
    return st.none() | st.integers(-1, 1000)


def _made(kind: Any) -> st.SearchStrategy[Any]:
    return st.builds(kind, **{name: _field(kind, name) for name in kind.__dataclass_fields__})


_events = st.one_of([_made(kind) for kind in EVENT_KINDS])
_starts = st.sampled_from([State.PENDING, State.QUEUED])


def _life(case: tuple[State, list[Any]]) -> None:
    call = CallFacts(case[0])
    for event in case[1]:
        transition = advance(call, event)
        assert transition.before == call.state
        if transition.verdict is not Verdict.MOVED:
            assert transition.after == call.state
            assert not transition.effects
        if call.state.is_final:
            assert transition.verdict is Verdict.IGNORED, "a call ends once"
        if call.end_reason is not None:
            assert transition.end_reason in (None, call.end_reason), "the first reason stays"
        if transition.is_final:
            assert transition.end_reason is not None, "an end has a reason"
        if call.dialled:
            assert transition.after not in (State.QUEUED, State.PENDING), "never dialled twice"
        assert transition.after in PUBLIC
        call = call.after(transition)


TARGETS = [Target("call table", st.tuples(_starts, st.lists(_events, max_size=40)), _life)]
