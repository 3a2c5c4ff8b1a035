"""What else of a call was not as it should be, whatever ended it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

LONG_QUEUE_SECONDS: Final = 60.0
LATE_FIRST_WORD_MS: Final = 4000
SLOW_MS: Final = {"endpointing": 1500, "provider": 2500, "gateway": 150}
"""From which on the p95 of a share of the answers' time is worth a word."""

_LEAST_TALK_SECONDS: Final = 15.0


@dataclass(frozen=True, slots=True)
class Signs:
    """What is known of a call beside its end. Seconds are None where the thing did not happen;
    `p95_ms`: of the answers' shares (`core/latency.py`); `first_word_ms`: from the answer until the
    agent spoke. `steps_given_up`: of the work after the call."""

    queued_seconds: float | None = None
    talked_seconds: float | None = None
    dials: int = 0
    stages_replaced: tuple[str, ...] = ()
    p95_ms: Mapping[str, int] = field(default_factory=dict)
    first_word_ms: int | None = None
    caller_turns: int = 0
    recording_refused: bool = False
    steps_given_up: tuple[str, ...] = ()
    webhooks_dead: int = 0
    webhooks_waiting: int = 0
    tools_failed: tuple[str, ...] = ()
    abandoned: bool = False


@dataclass(frozen=True, slots=True)
class Remark:
    """Something worth a word: its stable `name`, what was found, and what to do about it."""

    name: str
    found: str
    remedy: str


def remarks_on(signs: Signs) -> list[Remark]:
    """All that there is to remark, in the order of the list below."""
    found = ((name, look(signs), remedy) for name, look, remedy in _LOOKS)
    return [Remark(name, text, remedy) for name, text, remedy in found if text]


def _queue(signs: Signs) -> str:
    waited = signs.queued_seconds or 0.0
    return f"It waited {waited:.0f} s in the queue." if waited > LONG_QUEUE_SECONDS else ""


def _first_word(signs: Signs) -> str:
    late = signs.first_word_ms or 0
    return f"The agent's first word came {late} ms after the answer." * (late > LATE_FIRST_WORD_MS)


def _slow(share: str) -> Callable[[Signs], str]:
    def look(signs: Signs) -> str:
        p95 = signs.p95_ms.get(share, 0)
        return f"Every twentieth answer took {p95} ms of {share}." if p95 > SLOW_MS[share] else ""

    return look


def _unheard(signs: Signs) -> str:
    long = (signs.talked_seconds or 0.0) >= _LEAST_TALK_SECONDS
    return "Nothing that the other side said was understood." * (long and not signs.caller_turns)


def _listed(sentence: str, items: tuple[str, ...]) -> str:
    return f"{sentence}: {', '.join(items)}." if items else ""


_LOOKS: Final[tuple[tuple[str, Callable[[Signs], str], str], ...]] = (
    (
        "long_queue",
        _queue,
        "The account's limits, `max_calls`, or the switch's: see `topcalls status`.",
    ),
    (
        "several_dials",
        lambda signs: f"It took {signs.dials} dials." * (signs.dials > 1),
        "See the earlier carriers' causes above, and `topcalls doctor carrier NAME`.",
    ),
    (
        "abandoned",
        lambda signs: "Whoever was called picked up and heard nobody." * signs.abandoned,
        "It counts as an abandoned call (docs/compliance.md).",
    ),
    (
        "late_first_word",
        _first_word,
        "Unset `wait_for_greeting`, or choose a model or voice that begins sooner.",
    ),
    ("nothing_heard", _unheard, "Listen to the recording: silence there means one-way audio."),
    (
        "slow_endpointing",
        _slow("endpointing"),
        "Tune when a pause ends a turn (docs/turn_taking.md).",
    ),
    (
        "slow_provider",
        _slow("provider"),
        "Another model, or a nearer region of the vendor (docs/latency.md).",
    ),
    (
        "slow_gateway",
        _slow("gateway"),
        "The machine is too busy: lower `max_calls`, or add a controller.",
    ),
    (
        "stages_replaced",
        lambda signs: _listed("A stage failed and was replaced", signs.stages_replaced),
        "Look at that vendor's status page.",
    ),
    (
        "tools_failed",
        lambda signs: _listed("Tools failed", signs.tools_failed),
        "Their errors stand above (docs/tools.md).",
    ),
    (
        "recording_refused",
        lambda signs: "The switch refused to record." * signs.recording_refused,
        "`topcalls doctor`, checks `recording_spool_dir` and `recordings_shared`.",
    ),
    (
        "steps_given_up",
        lambda signs: _listed("Work after the call was given up", signs.steps_given_up),
        "The worker's log says why (docs/analysis.md).",
    ),
    (
        "webhooks_dead",
        lambda signs: f"{signs.webhooks_dead} webhooks were given up." * bool(signs.webhooks_dead),
        "See what the receiver answered, then replay them (docs/webhooks.md).",
    ),
    (
        "webhooks_waiting",
        lambda signs: (
            f"{signs.webhooks_waiting} webhooks are not delivered yet."
            * bool(signs.webhooks_waiting)
        ),
        "A worker sends them; the receiver's last answer stands above.",
    ),
)
