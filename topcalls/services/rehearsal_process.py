"""The child process in which a campaign is rehearsed: it takes a core for minutes.

In: an `Order`, then people in pieces, then nothing, each pickled behind its length, from the
process that started it and from nobody else. Out: the report as JSON, or why there is none, behind
a letter and its length. It may take no more memory than `MEMORY` and no more of a processor than
`CPU_SECONDS`, however busy the machine is meanwhile. It ends with whoever started it.
"""

from __future__ import annotations

import gc
import json
import os
import pickle
import resource
import signal
import struct
import sys
import traceback
import zoneinfo
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from threading import Thread
from typing import IO, Any, Final

from topcalls.core import eligibility, zones
from topcalls.core.budgets import Need
from topcalls.core.campaign_schedule import Schedule
from topcalls.core.circuit_breaker import Breaker
from topcalls.core.eligibility_facts import CallerNumber, Plan, Policy
from topcalls.core.fair_share import Lane
from topcalls.core.number_pool import NumberPool, NumberUse
from topcalls.core.pacing import Pacing
from topcalls.core.rehearsal import rehearse
from topcalls.core.rehearsal_line import Person, Setup
from topcalls.core.rehearsal_money import Money, Purses
from topcalls.core.rehearsal_tally import Tally
from topcalls.core.rehearsal_wishes import Wishes, told
from topcalls.core.retry_policy import RetryPolicy
from topcalls.core.rule_pack import RulePack
from topcalls.services.rehearsal_persons import Texts, person_of
from topcalls.services.rule_pack import load_rule_pack

MEMORY: Final = 1_500_000_000
CPU_SECONDS: Final = 300
_SPARE_SECONDS: Final = 10
"""To say that the time is over; then the system ends the process."""

REPORT, NO_MEMORY, NO_TIME, FAULT = b"R", b"M", b"T", b"F"
IN: Final = struct.Struct(">I")
OUT: Final = struct.Struct(">cI")


@dataclass(frozen=True)
class Order:
    """What is rehearsed: see `core.rehearsal_line.Setup`, of which the rules and whatever cannot
    be sent are made here. `campaign`: which one, for the report."""

    campaign: Mapping[str, Any]
    wishes: Wishes
    begins: datetime
    schedule: Schedule
    pacing: Pacing
    retry: RetryPolicy
    pool: NumberPool
    breaker: Breaker
    plan: Plan
    policy: Policy
    texts: Texts
    concurrent: int
    per_minute: int
    lane: Lane
    beside: tuple[Lane, ...]
    enforced: bool
    uses: tuple[NumberUse, ...]
    purses: Purses
    need: Need
    micros_per_minute: int | None
    callers: Mapping[str, CallerNumber] = field(default_factory=dict)
    from_number: str | None = None
    asks_server: bool = False
    rules_folder: Path | None = None


class OutOfTime(BaseException):
    """The time of a processor that there is, is used up. No `Exception`, so that nothing on the way
    takes it for a fault of its own."""


def report(order: Order, people: list[Person]) -> dict[str, Any]:
    """Rehearse a campaign, and tell what came of it."""
    wishes, pack = order.wishes, load_rule_pack(order.rules_folder)
    tally = Tally(len(people), order.begins, wishes.dials)
    money = Money(order.purses, order.need, order.micros_per_minute)
    rehearse(_setup(order, pack), people, money, tally)
    versions = eligibility.versions(pack, zones.data_version())
    return {
        "campaign": dict(order.campaign),
        "wishes": told(wishes, order.begins),
        "versions": asdict(versions),
        **tally.report(),
    }


def main() -> None:
    """Answer one order."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    limit_cpu()
    gc.disable()  # it makes millions of objects and no cycles worth looking for
    zoneinfo.reset_tzpath([])  # the packaged zone data, as in every process
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    try:
        frames = _frames(source)
        order: Order = next(frames)
        people = [
            person_of(one, order.texts, order.policy, order.schedule)
            for piece in frames
            for one in piece
        ]
        Thread(target=_end_with, args=(source,), daemon=True).start()
        made = json.dumps(report(order, people), sort_keys=True, separators=(",", ":"))
        signal.signal(signal.SIGXCPU, signal.SIG_IGN)
        _put(sink, REPORT, made.encode())
    except OutOfTime:
        _put(sink, NO_TIME, b"")
    except MemoryError:
        _put(sink, NO_MEMORY, b"")
    except Exception:  # noqa: BLE001 - it is told to whoever asked
        _put(sink, FAULT, traceback.format_exc().encode())


def limit_cpu(seconds: int = CPU_SECONDS) -> None:
    """Raise `OutOfTime` in this process when it has used so much of a processor."""

    def over(*_: object) -> None:
        raise OutOfTime

    signal.signal(signal.SIGXCPU, over)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + _SPARE_SECONDS))


def _setup(order: Order, pack: RulePack) -> Setup:
    return Setup(
        schedule=order.schedule,
        pacing=order.pacing,
        retry=order.retry,
        pool=order.pool,
        breaker=order.breaker,
        plan=order.plan,
        pack=pack,
        callees=order.wishes.callees,
        seed=order.wishes.seed,
        begins=order.begins,
        days=order.wishes.days,
        concurrent=order.concurrent,
        per_minute=order.per_minute,
        lane=order.lane,
        beside=order.beside,
        enforced=order.enforced,
        tz_version=zones.data_version(),
        uses=order.uses,
        callers=order.callers,
        from_number=order.from_number,
        asks_server=order.asks_server,
    )


def _frames(source: IO[bytes]) -> Iterator[Any]:
    """What was sent, up to an empty frame. Whoever sends ends early where its reading failed."""
    while True:
        (size,) = IN.unpack(_whole(source, IN.size))
        if not size:
            return
        yield pickle.loads(_whole(source, size))  # noqa: S301 - from our own process


def _whole(source: IO[bytes], size: int) -> bytes:
    data = source.read(size)
    if len(data) < size:
        os._exit(1)
    return data


def _end_with(source: IO[bytes]) -> None:
    """Whoever started this process holds the other end of its standard input."""
    source.read(1)
    os._exit(1)


def _put(sink: IO[bytes], kind: bytes, payload: bytes) -> None:
    sink.write(OUT.pack(kind, len(payload)) + payload)
    sink.flush()


if __name__ == "__main__":
    main()
