"""Dispatch: within every limit, fair, and nobody's calls are left behind."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from datetime import timedelta

import factories
import pytest

from topcalls.core.call_events import Answered, GivenBack, Hangup, HungUp, Rang
from topcalls.core.call_state import Effect, State
from topcalls.errors import Conflict
from topcalls.services.dispatch import ABANDONED_AFTER, LEASE_SECONDS, UNDIALLED_AFTER
from topcalls.services.keys import KeyLimits
from topcalls.store.models import Call

pytestmark = pytest.mark.service
LIMIT = 60
RACER = """
from gevent import monkey
monkey.patch_all()
import sys
from datetime import datetime
from pathlib import Path
sys.path.insert(0, sys.argv[4])
import factories
from topcalls.clock import ManualClock
from topcalls.store.database import open_database
url, owner, now = sys.argv[1], sys.argv[2], datetime.fromisoformat(sys.argv[3])
database = open_database(url, encryption_key=sys.argv[5])
services = factories.services(database, Path("."), ManualClock(now))
print("ready", flush=True)
sys.stdin.readline()
for _ in range(20):
    for call in services.dispatch.claim(owner, "n", 3, now):
        print(call.call_id)
services.db.close()
"""


@pytest.fixture
def who(services):
    return factories.principal(services)


def claim(services, slots=100, owner=factories.OWNER, node="n"):
    return services.dispatch.claim(owner, node, slots, services.clock.now())


def ids(claimed):
    return [call.call_id for call in claimed]


def queue(services, who, count, **fields):
    return [factories.queued_call(services, who, **fields).id for _ in range(count)]


def test_nothing_to_claim(services, who):
    assert claim(services) == []
    queue(services, who, 1)
    assert claim(services, slots=0) == []


def test_a_claim_is_everything_a_controller_needs(services, who):
    wanted = factories.request(first_sentence="Hello!")
    call = services.calls.create(who, wanted, services.clock.now())
    (claimed,) = claim(services, node="n1")
    assert (claimed.call_id, claimed.account_id) == (call.id, who.account_id)
    assert claimed.request.first_sentence == "Hello!"
    assert claimed.effects == (Effect.ORIGINATE,)
    assert claimed.facts.state is State.DISPATCHING
    assert not claimed.facts.dialled
    assert (claimed.channel_uuid, claimed.node) == (call.external_call_id, "n1")
    assert (claimed.phone_number, claimed.from_number) == (
        factories.NUMBER,
        factories.FROM_NUMBER,
    )
    assert claimed.recording_name == f"2026/11/23/{call.id}.wav"
    row = services.db.read(Call.get_by_id, call.id)
    assert row.version == claimed.version
    assert row.lease_owner == factories.OWNER
    assert row.lease_until == services.clock.now() + timedelta(seconds=LEASE_SECONDS)
    assert row.claimed_at == services.clock.now()


def test_what_is_claimed_is_gone_from_the_queue(services, who):
    made = queue(services, who, 3)
    assert ids(claim(services, slots=2)) == made[:2]
    assert ids(claim(services, slots=2)) == made[2:]
    assert claim(services) == []
    assert services.dispatch.queue_length() == 0


def test_the_highest_priority_goes_first_then_the_longest_waiting(services, who):
    first = queue(services, who, 1)
    services.clock.advance(1)
    second = queue(services, who, 1)
    urgent = queue(services, who, 1, priority=9)
    whenever = queue(services, who, 1, priority=1)
    order = [call_id for _ in range(4) for call_id in ids(claim(services, slots=1))]
    assert order == urgent + first + second + whenever


def test_the_accounts_concurrency_is_counted_from_rows(services):
    who = factories.principal(services, max_concurrent_calls=2)
    queue(services, who, 4)
    first = claim(services)
    assert len(first) == 2
    assert claim(services) == []
    life = factories.Life(services, first[0])
    life.talk(5)
    assert claim(services) == []
    life.hang_up()
    assert len(claim(services)) == 1
    assert claim(services) == []


def test_the_accounts_calls_per_minute_are_counted_from_rows(services):
    who = factories.principal(services, max_calls_per_minute=3)
    queue(services, who, 5)
    for call in claim(services, slots=2):
        factories.Life(services, call).dial().fail("USER_BUSY")
    services.clock.advance(30)
    assert len(claim(services)) == 1
    services.clock.advance(29.9)
    assert claim(services) == []
    services.clock.advance(0.1)
    assert len(claim(services)) == 2
    assert claim(services) == []


def test_a_call_that_was_given_back_does_not_count_as_made(services):
    who = factories.principal(services, max_calls_per_minute=1)
    queue(services, who, 1)
    factories.Life(services, *claim(services)).take(GivenBack())
    assert len(claim(services)) == 1


def test_places_are_shared_between_accounts(services):
    big, small = (factories.principal(services, name=name) for name in ("Big", "Small"))
    queue(services, big, 20)
    services.clock.advance(60)
    queue(services, small, 20)
    counted = Counter(call.account_id for call in claim(services, slots=6))
    assert counted == {big.account_id: 3, small.account_id: 3}


def test_who_runs_less_is_served_first(services):
    busy, idle = (
        factories.principal(services, name=name, max_concurrent_calls=20)
        for name in ("Busy", "Idle")
    )
    queue(services, busy, 10)
    claim(services, slots=4)
    queue(services, idle, 10)
    counted = Counter(call.account_id for call in claim(services, slots=6))
    assert counted == {idle.account_id: 5, busy.account_id: 1}


def test_places_that_one_account_cannot_use_go_to_the_others(services):
    small, big = (
        factories.principal(services, name=name, max_concurrent_calls=limit)
        for name, limit in (("Small", 1), ("Big", 50))
    )
    queue(services, small, 5)
    queue(services, big, 30)
    counted = Counter(call.account_id for call in claim(services, slots=12))
    assert counted == {small.account_id: 1, big.account_id: 11}


def test_a_node_carries_no_more_than_it_can(services, db, tmp_path):
    limited = factories.services(db, tmp_path, services.clock, node_capacity=3)
    who = factories.principal(limited, max_concurrent_calls=50)
    queue(limited, who, 10)
    assert len(claim(limited, owner="a", node="n1")) == 3
    assert claim(limited, owner="b", node="n1") == []
    assert len(claim(limited, owner="c", node="n2", slots=2)) == 2
    assert len(claim(limited, owner="c", node="n2")) == 1


def test_a_call_may_be_claimed_in_vain_a_limited_number_of_times(services, who):
    (call_id,) = queue(services, who, 1)
    claims = 0
    while claimed := claim(services):
        claims += 1
        services.clock.advance(61)
        factories.Life(services, *claimed).take(GivenBack())
    assert claims == 10
    services.clock.advance(3600)
    assert services.dispatch.expire(services.clock.now()) == 1
    assert services.calls.get(who.account_id, call_id).call_status == "dispatch_timeout"


def test_dispatchers_racing_for_the_same_calls(services, database_url):
    accounts = [
        factories.principal(services, name=name, max_concurrent_calls=12) for name in ("A", "B")
    ]
    for who in accounts:
        queue(services, who, 20)
    moment = services.clock.now().isoformat()
    here = str(factories.__file__).rpartition("/")[0]
    racers = [
        subprocess.Popen(
            [
                sys.executable,
                "-c",
                RACER,
                database_url,
                f"racer-{number}",
                moment,
                here,
                factories.SECRET_KEY,
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(3)
    ]
    for racer in racers:
        assert racer.stdout.readline() == "ready\n", racer.stderr.read()
    for racer in racers:
        racer.stdin.write("go\n")
        racer.stdin.flush()
    won = []
    for racer in racers:
        out, error = racer.communicate(timeout=LIMIT)
        assert racer.returncode == 0, error
        won += out.split()
    # Two that look at the same moment leave an account to one of them: the rest is still there.
    won += ids(claim(services))
    assert len(won) == len(set(won)) == 24
    live = services.db.read(
        lambda: Counter(row.account_id for row in Call.select() if row.lease_owner)
    )
    assert live == {who.account_id: 12 for who in accounts}


# --- time-outs and the dead


def test_a_call_that_nobody_takes_up_ends(services, who):
    call = factories.queued_call(services, who, webhook_url="https://example.com/h")
    services.clock.advance(3599)
    assert services.dispatch.expire(services.clock.now()) == 0
    services.clock.advance(1)
    assert services.dispatch.expire(services.clock.now()) == 1
    assert services.dispatch.expire(services.clock.now()) == 0
    ended = services.calls.get(who.account_id, call.id)
    assert (ended.status, ended.call_status) == ("failed", "dispatch_timeout")
    assert "controller" in ended.error_message
    assert services.quotas.balance(who.account_id).minutes_reserved == 0


def test_a_scheduled_call_waits_as_long_as_any_other(services, who):
    at = services.clock.now() + timedelta(hours=2)
    factories.queued_call(services, who, schedule_at=at)
    services.clock.advance(7200)
    services.dispatch.release_due(services.clock.now())
    services.clock.advance(3599)
    assert services.dispatch.expire(services.clock.now()) == 0
    services.clock.advance(1)
    assert services.dispatch.expire(services.clock.now()) == 1


def test_a_silent_controllers_call_is_taken_over_once(services, who):
    claimed = factories.claimed_call(services, who)
    life = factories.Life(services, claimed).dial()
    life.take(Rang())
    now = services.clock.now

    def adopt(owner, node=factories.NODE):
        return services.dispatch.adopt(owner, node, now(), 10)

    services.clock.advance(LEASE_SECONDS - 1)
    assert adopt("b") == []
    services.clock.advance(1)
    assert adopt("b", "another node") == []
    (taken,) = adopt("b")
    assert adopt("c") == []
    assert (taken.call_id, taken.facts, taken.effects) == (life.call_id, life.facts, ())
    assert taken.channel_uuid == life.channel_uuid
    with pytest.raises(Conflict):
        life.take(Answered())
    assert services.calls.extend_lease([life.call_id], factories.OWNER, now()) == {life.call_id}
    heir = factories.Life(services, taken)
    heir.take(Answered())
    heir.take(HungUp(Hangup("NORMAL_CLEARING")))
    assert services.calls.get(who.account_id, life.call_id).status == "completed"


def test_a_dead_controllers_calls_are_taken_over_at_once_and_nobody_elses(services, who):
    of_the_dead = factories.claimed_call(services, who)
    factories.queued_call(services, who)
    (of_the_living,) = services.dispatch.claim("alive", factories.NODE, 1, services.clock.now())

    def adopt(*dead):
        return ids(services.dispatch.adopt("b", factories.NODE, services.clock.now(), 10, dead))

    assert adopt() == []
    assert adopt("somebody") == []
    assert adopt(factories.OWNER) == [of_the_dead.call_id]
    assert adopt(factories.OWNER) == []
    kept = [of_the_living.call_id]
    assert services.calls.extend_lease(kept, "alive", services.clock.now()) == set()


def test_channels_and_calls_tell_whether_they_are_live(services, who):
    live = factories.claimed_call(services, who)
    waits = factories.queued_call(services, who)
    over = factories.Life(services, factories.claimed_call(services, who)).talk(1)
    over.hang_up()
    names = [live.channel_uuid, live.call_id, waits.id, over.channel_uuid, "somebody's"]
    found = services.dispatch.are_live(names)
    assert {name: found.get(name) for name in names} == dict(
        zip(names, [True, True, found[waits.id], False, None], strict=True)
    )
    assert services.dispatch.are_live([]) == {}


def test_a_call_of_a_dead_node_can_be_taken_over_from_anywhere(services, who):
    claimed = factories.claimed_call(services, who)
    services.clock.advance(LEASE_SECONDS)
    taken = services.dispatch.adopt("b", None, services.clock.now(), 10)
    assert ids(taken) == [claimed.call_id]


def test_a_call_that_was_never_dialled_does_not_wait_for_its_node_for_long(services, who):
    undialled = factories.claimed_call(services, who)
    dialled = factories.Life(services, factories.claimed_call(services, who)).dial()
    services.clock.advance(LEASE_SECONDS + UNDIALLED_AFTER.total_seconds() - 1)
    assert services.dispatch.recover_abandoned(services.clock.now()) == 0
    services.clock.advance(1)
    assert services.dispatch.recover_abandoned(services.clock.now()) == 1
    assert services.db.read(Call.get_by_id, undialled.call_id).state == "queued"
    assert services.db.read(Call.get_by_id, dialled.call_id).state == "dispatching"


def test_calls_that_nobody_takes_over_are_settled_in_the_end(services, who):
    ringing = factories.Life(services, factories.claimed_call(services, who)).dial()
    talking = factories.Life(services, factories.claimed_call(services, who)).talk(0)
    healthy = factories.Life(services, factories.claimed_call(services, who)).talk(0)
    services.clock.advance(LEASE_SECONDS + ABANDONED_AFTER.total_seconds() - 1)
    now = services.clock.now()
    services.calls.extend_lease([healthy.call_id], factories.OWNER, now + timedelta(minutes=1))
    assert services.dispatch.recover_abandoned(now) == 0
    services.clock.advance(1)
    assert services.dispatch.recover_abandoned(services.clock.now()) == 2
    assert services.dispatch.recover_abandoned(services.clock.now()) == 0

    def status(call_id):
        return services.calls.get(who.account_id, call_id).status

    assert status(ringing.call_id) == "failed"
    assert status(talking.call_id) == "failed"
    assert status(healthy.call_id) == "in_progress"


def test_places_are_kept_for_calls_that_come_in(services):
    who = factories.principal(services, max_concurrent_calls=4)
    services.accounts.set_limits(who.account_id, inbound_reserve=2)
    queue(services, who, 10)
    assert len(claim(services)) == 2
    services.db.run(Call.update(direction="inbound").where(Call.state == "dispatching").execute)
    assert len(claim(services)) == 2  # those that came in have the places that were kept
    assert claim(services) == []


def key_of(services, who, **limits):
    made = services.keys.create(who.account_id, name="k", scopes=factories.SCOPES)
    services.keys.set_limits(made.id, KeyLimits(**limits))
    return services.keys.authenticate(made.token)


def test_a_key_has_no_more_calls_at_once_than_it_may(services, who):
    narrow = key_of(services, who, max_concurrent_calls=2)
    made = [queue(services, principal, 3) for principal in (narrow, who)]
    taken = claim(services)
    assert ids(taken) == made[0][:2] + made[1]
    assert claim(services) == []
    factories.Life(services, taken[0]).dial().fail("USER_BUSY")
    assert ids(claim(services)) == made[0][2:]


def test_calls_of_a_key_that_has_enough_do_not_hold_up_others(services, who):
    """Neither those of the account behind them in the queue, nor those of another account."""
    none = key_of(services, who, max_concurrent_calls=1)
    first = queue(services, none, 8)
    behind = queue(services, who, 1)
    other = factories.principal(services, name="Other")
    assert ids(claim(services, slots=1)) == first[:1]
    theirs = queue(services, other, 2)
    assert sorted(ids(claim(services, slots=3))) == sorted(behind + theirs)
    last = queue(services, other, 1)
    assert ids(claim(services, slots=1)) == last
