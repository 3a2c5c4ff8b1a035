"""Replays: what another agent would have made of a call, with the caller who was recorded.

Nobody is called, nothing is written to a call, no tool is carried out, and no minute is billed.
What AI vendors ask for what they do is paid as for any conversation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from topcalls.core.agents import Change as RequestChange
from topcalls.core.agents import changes as changes_between
from topcalls.core.replay_fork import Comparison, compare, exchanges_of
from topcalls.core.token_usage import TokenUsage
from topcalls.core.tools import ToolRecord
from topcalls.services.replay_calls import RecordedCall, RecordedCalls, borders
from topcalls.services.replay_changes import Changes, ReplayRequests
from topcalls.services.replay_outcomes import HeldAgain, ReplayOutcome, ReplayOutcomes

_AGENT_ENDED = ("agent_ended", "silence", "transferred")


@dataclass(frozen=True)
class Conversation:
    """A conversation that was held again. `moves`: when the caller made each of their moves, by its
    index, in ms since the answer. `pace`: `virtual` or `real` time, and `why`."""

    held: HeldAgain
    tools: tuple[ToolRecord, ...]
    moves: Mapping[int, int]
    usage: Mapping[str, TokenUsage]
    pace: str
    why: str
    remarks: tuple[str, ...] = ()


class World(Protocol):
    """Where one conversation is held again, and judged; close it."""

    outcomes: ReplayOutcomes

    def hold(self) -> Conversation:
        """Hold it. Blocks until it is over."""

    def close(self) -> None:
        """Let go of everything."""


OpenWorld = Callable[[RecordedCall], World]
"""For a call, with the agent that its request says."""


@dataclass(frozen=True)
class Replayed:
    """One call and its replay, side by side. `changed` is what the agent was made of, then and
    now; `not_on_cassette` names the calls of tools that found no answer."""

    call_id: str
    changed: tuple[RequestChange, ...]
    comparison: Comparison
    outcome: ReplayOutcome
    outcome_then: Mapping[str, Any]
    seconds_then: float
    seconds_now: float
    pace: str
    why: str
    usage: Mapping[str, TokenUsage]
    not_on_cassette: tuple[str, ...]
    remarks: tuple[str, ...]

    def plain(self) -> dict[str, Any]:
        """JSON-ready."""
        told = asdict(self)
        told["forks_at"] = self.comparison.fork
        told["exchanges"] = told.pop("comparison")["exchanges"]
        told["outcome"]["changes"] = [change._asdict() for change in self.outcome.changes]
        return told


class Replays:
    """See the module's text."""

    def __init__(self, calls: RecordedCalls, requests: ReplayRequests) -> None:
        self._calls = calls
        self._requests = requests

    def replay(
        self,
        call_id: str,
        changes: Changes,
        open_world: OpenWorld,
        *,
        exact: bool = False,
        recording: Path | None = None,
    ) -> Replayed:
        """Hold a call again. `exact`: see `core.replay_fork.compare`. `recording`: its sound.

        Raises:
            Conflict: the call cannot be held again; the message says why.
            InvalidRequest: a change would be refused of a call.
            NotFound: there is no such call, or the account has no such agent.
        """
        recorded = self._calls.load(call_id, recording)
        new = self._requests.changed(recorded, changes)
        with closing(open_world(new)) as world:
            conversation = world.hold()
            outcome = world.outcomes.of(new, conversation.held)
        held = conversation.held
        now = exchanges_of(
            held.turns,
            conversation.tools,
            borders(recorded.moves, conversation.moves),
            agent_ended=held.reason in _AGENT_ENDED,
        )
        return Replayed(
            call_id=call_id,
            changed=tuple(_changed(recorded, new)),
            comparison=compare(recorded.then, now, exact=exact),
            outcome=outcome,
            outcome_then={**recorded.facts, **recorded.outcome},
            seconds_then=recorded.milliseconds / 1000,
            seconds_now=held.milliseconds / 1000,
            pace=conversation.pace,
            why=conversation.why,
            usage=conversation.usage,
            not_on_cassette=_not_on_cassette(conversation.tools),
            remarks=(*recorded.remarks, *conversation.remarks),
        )


def _changed(then: RecordedCall, now: RecordedCall) -> Sequence[RequestChange]:
    before = {key: value for key, value in then.request.items() if key != "speaker"}
    after = {key: value for key, value in now.call.request.to_mapping().items() if key != "speaker"}
    return changes_between(before, after)


def _not_on_cassette(tools: Sequence[ToolRecord]) -> tuple[str, ...]:
    names = [tool.name for tool in tools if tool.error == "not_in_cassette"]
    return tuple(dict.fromkeys(names))
