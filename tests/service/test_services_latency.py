"""Delays of answers: measured once on the recording, counted once, told by day."""

import wave
from datetime import date, timedelta
from pathlib import Path

import factories
import numpy as np
import pytest

from topcalls.core.latency import Moments, TurnTiming, timing_of
from topcalls.core.wrap_up import Result
from topcalls.errors import InvalidRequest
from topcalls.services.recordings import recording_name
from topcalls.store import calls as queries

pytestmark = pytest.mark.service
RATE = 8000
TIMING = TurnTiming(2, 500, 250, 30, Moments(3000, 3500, 3600, 3750, 3780))


@pytest.fixture
def who(services):
    return factories.principal(services)


def talked(services, who, *timings):
    call_id = factories.finished_call(services, who)
    for timing in timings:
        services.calls.append_timing(call_id, timing)
    return call_id


def recorded(services, call_id):
    """The caller is heard from 2 s to 3 s, the agent from 3.82 s on."""
    call = services.db.read(queries.get, call_id)
    name = recording_name(call_id, call.created_at)
    samples = np.zeros((6 * RATE, 2), "<i2")
    samples[2 * RATE : 3 * RATE, 0] = samples[round(3.82 * RATE) : 5 * RATE, 1] = 4000
    path = services.recordings.store.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())
    columns = {"recording_file": name, "recording_ready_at": services.clock.now()}
    services.db.run(lambda: queries.set_columns(call_id, **columns))
    return path


def stored(services, call_id):
    rows = services.db.read(queries.timings, call_id)
    return [timing_of(row.seq, row.measures) for row in rows]


def today(services, who):
    day = services.clock.now().date()
    return services.latencies.days(who.account_id, day, day)


def test_the_ear_is_measured_on_the_recording(services, who):
    call_id = talked(services, who, TIMING)
    recorded(services, call_id)
    assert services.latencies.measure(call_id, services.clock.now()) is Result.DONE
    (timing,) = stored(services, call_id)
    assert abs(timing.ear_ms - 820) <= 20
    assert timing.moments.far_energy == 3000 + timing.ear_ms
    assert timing.unexplained_ms == timing.ear_ms - 780


def test_measuring_twice_counts_once(services, who):
    call_id = talked(services, who, TIMING)
    recorded(services, call_id)
    for _ in range(2):
        services.latencies.measure(call_id, services.clock.now())
    (day,) = today(services, who)
    assert day.mode == "realtime"
    assert day.spreads["ear"].answers == day.spreads["gateway"].answers == 1
    assert abs(day.spreads["provider"].p50 - 250) <= 7


def test_calls_of_a_day_are_counted_together(services, who):
    for provider_ms in (100, 200, 900):
        call_id = talked(services, who, TurnTiming(1, 0, provider_ms, 20))
        services.latencies.measure(call_id, services.clock.now())
    (day,) = today(services, who)
    spread = day.spreads["provider"]
    assert (spread.answers, day.spreads["ear"], day.spreads["endpointing"]) == (3, None, None)
    assert abs(spread.p50 - 200) <= 6
    assert abs(spread.p99 - 900) <= 25


def test_others_days_are_not_shown(services, who):
    services.latencies.measure(talked(services, who, TIMING), services.clock.now())
    assert today(services, factories.principal(services)) == []


@pytest.mark.parametrize("spoil", [Path.unlink, lambda file: file.write_bytes(b"no")])
def test_a_recording_that_cannot_be_read_leaves_the_ear_unknown(services, who, spoil):
    call_id = talked(services, who, TIMING)
    spoil(recorded(services, call_id))
    assert services.latencies.measure(call_id, services.clock.now()) is Result.DONE
    (timing,) = stored(services, call_id)
    assert timing == TIMING


def test_a_call_without_answers_is_left_out(services, who):
    call_id = factories.finished_call(services, who)
    assert services.latencies.measure(call_id, services.clock.now()) is Result.SKIPPED
    assert today(services, who) == []


@pytest.mark.parametrize("days", [-1, 366])
def test_a_period_must_make_sense(services, who, days):
    first = date(2026, 1, 1)
    with pytest.raises(InvalidRequest) as refused:
        services.latencies.days(who.account_id, first, first + timedelta(days=days))
    assert refused.value.field == "to"
