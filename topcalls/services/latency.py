"""How long callers wait for answers: measured after each call, summed up by day."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import date, datetime

from gevent import get_hub

from topcalls import metrics
from topcalls.audio.energies import Sounding, read_sounding, wait_before
from topcalls.audio.wav import WavError
from topcalls.core.call_request import CallRequest
from topcalls.core.latency import SHARES, Histogram, Spreads, TurnTiming, timing_of
from topcalls.core.wrap_up import Result
from topcalls.errors import InvalidRequest, TopCallsError
from topcalls.log import get_logger
from topcalls.services.recordings import Recordings
from topcalls.store import calls, latency
from topcalls.store.database import Database
from topcalls.store.locking import lock_account
from topcalls.store.models import Call

MOST_DAYS = 366

log = get_logger("latency")


@dataclass(frozen=True, slots=True)
class DayView:
    """The answers of one UTC day in one mode by one model."""

    day: str
    mode: str
    model: str
    spreads: Spreads


class Latencies:
    """Measures the calls that are over, and tells of days."""

    def __init__(self, db: Database, recordings: Recordings) -> None:
        self._db = db
        self._recordings = recordings

    def days(self, account_id: str, first: date, last: date) -> list[DayView]:
        """Every day from `first` to `last`, both included, on which answers were timed.

        Raises:
            InvalidRequest: the days are in the wrong order, or too many.
        """
        if last < first:
            raise InvalidRequest("Must not be before `from`.", field="to")
        if (last - first).days >= MOST_DAYS:
            message = f"Must be less than {MOST_DAYS} days after `from`."
            raise InvalidRequest(message, field="to")
        rows = self._db.read(latency.between, account_id, first.isoformat(), last.isoformat())
        found: dict[tuple[str, str, str], Spreads] = {}
        for row in rows:
            spreads = found.setdefault((row.day, row.mode, row.model), dict.fromkeys(SHARES))
            spreads[row.share] = _histogram(row.buckets).spread()
        return [DayView(*key, spreads) for key, spreads in found.items()]

    def measure(self, call_id: str, now: datetime) -> Result:
        """The wrap-up's step: the ear's share from the recording, and the day's sums. May run
        twice; a recording that cannot be read leaves the ear's share unknown."""
        call, timings = self._db.read(_timed, call_id)
        if call is None or not timings:
            return Result.SKIPPED
        if call.recording_ready_at is not None and call.recording_file:
            timings = self._with_ears(timings, call.recording_file)
        self._db.run(_store, call_id, timings, now)
        return Result.DONE

    def _with_ears(self, timings: list[TurnTiming], name: str) -> list[TurnTiming]:
        try:
            file = self._recordings.store.open(name)
            sound: Sounding = get_hub().threadpool.apply(read_sounding, (file,))
        except (OSError, WavError, TopCallsError) as error:
            log.info("Recording tells no delays", file=name, why=str(error))
            return timings
        return [_with_ear(timing, sound) for timing in timings]


def _timed(call_id: str) -> tuple[Call | None, list[TurnTiming]]:
    found = [timing_of(row.seq, row.measures) for row in calls.timings(call_id)]
    return calls.get(call_id), found


def _with_ear(timing: TurnTiming, sound: Sounding) -> TurnTiming:
    """Where no turn of the caller was answered there is nothing that the caller waited for."""
    moments = timing.moments
    if moments.first_packet is None or moments.caller_energy is None:
        return timing
    wait = wait_before(sound, moments.first_packet)
    if wait is None:
        return timing
    ear_ms = wait.agent_ms - wait.caller_ms
    metrics.turn_ear.observe(ear_ms / 1000)
    # The recording begins a little after the answer: only the difference is exact.
    moments = replace(moments, far_energy=moments.caller_energy + ear_ms)
    return replace(timing, moments=moments, ear_ms=ear_ms)


def _store(call_id: str, timings: list[TurnTiming], now: datetime) -> None:
    """Write the timings, and count them: once, whoever measures again."""
    call = calls.get(call_id)
    if call is None or call.timed_at is not None:
        return
    for timing in timings:
        calls.put_timing(call_id, timing.turn_seq, asdict(timing), now)
    lock_account(call.account_id)
    day = f"{call.ended_at or now:%Y-%m-%d}"
    mode, model = CallRequest.from_mapping(call.request).mode, _model_of(call)
    counted = latency.of_day(call.account_id, day, mode, model)
    for share in SHARES:
        histogram = _histogram(counted.get(share, {}))
        for timing in timings:
            if (milliseconds := timing.share(share)) is not None:
                histogram.add(milliseconds)
        if histogram.buckets:
            buckets = {str(bucket): count for bucket, count in histogram.buckets.items()}
            latency.put(call.account_id, day, mode, model, share, buckets)
    calls.set_columns(call_id, timed_at=now)


def _model_of(call: Call) -> str:
    """The one that answered most."""
    used = max(calls.usage(call.id), key=lambda row: row.responses, default=None)
    return used.model if used is not None else CallRequest.from_mapping(call.request).model or ""


def _histogram(buckets: dict[str, int]) -> Histogram:
    return Histogram({int(bucket): count for bucket, count in buckets.items()})
