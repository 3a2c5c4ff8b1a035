"""Tidying up: what is over goes, what is needed stays."""

from __future__ import annotations

from dataclasses import fields
from datetime import timedelta

import factories
import pytest

from topcalls.core.latency import TurnTiming
from topcalls.core.webhook_retry import Outcome
from topcalls.errors import NotFound
from topcalls.services.housekeeping import Tidied
from topcalls.services.idempotency import Answer, Request
from topcalls.services.nodes import SILENT_AFTER, Wish
from topcalls.store.models import (
    CallEvent,
    IdempotencyRecord,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEvent,
)
from topcalls.store.models import TurnTiming as StoredTiming

pytestmark = pytest.mark.service
NOTHING = Tidied(*[0] * len(fields(Tidied)))
DONE = Answer(200, {}, b"")
URL = "https://example.com/h"


def count(services, *tables):
    return [services.db.read(table.select().count) for table in tables]


def tidy(services):
    return services.housekeeping.run(services.clock.now())


def test_there_is_nothing_to_do_on_a_fresh_install(services):
    assert tidy(services) == NOTHING


def test_idempotency_keys_are_forgotten_after_a_day(services):
    who = factories.principal(services)
    services.idempotency.once(who.account_id, Request("key-1", "r", "h"), lambda: DONE)
    services.clock.advance(3600)
    services.idempotency.once(who.account_id, Request("key-2", "r", "h"), lambda: DONE)
    services.clock.advance(23 * 3600)
    assert tidy(services).idempotency_keys == 1
    assert tidy(services) == NOTHING
    assert services.db.read(lambda: IdempotencyRecord.get().key) == "key-2"


def test_what_is_too_old_goes_and_the_call_stays(services):
    who = factories.principal(services)
    life = factories.Life(services, factories.claimed_call(services, who, webhook_url=URL))
    life.talk(5).hang_up()
    services.calls.append_timing(life.call_id, TurnTiming(1, 1, 1, 1))
    for _ in range(30):
        for call_id in services.wrap_ups.due(services.clock.now(), 1):
            services.wrap_ups.run(call_id, services.clock.now())
        services.clock.advance(1)
    while due := services.webhooks.due(services.clock.now(), 10):
        for delivery in due:
            services.webhooks.record_attempt(delivery.id, 1, Outcome(200), services.clock.now())
    services.clock.advance(89 * 86400)
    assert tidy(services) == NOTHING
    services.clock.advance(2 * 86400)
    done = tidy(services)
    assert (done.call_events, done.webhook_events, done.timings) == (6, 3, 1)
    assert done.webhook_lanes == 1
    tables = (CallEvent, WebhookEvent, WebhookDelivery, WebhookAttempt, StoredTiming)
    assert count(services, *tables) == [0, 0, 0, 0, 0]
    assert services.calls.get(who.account_id, life.call_id).status == "completed"
    assert tidy(services) == NOTHING


def test_a_webhook_that_still_waits_is_kept_however_old(services):
    factories.queued_call(services, factories.principal(services), webhook_url=URL)
    services.clock.advance(100 * 86400)
    assert tidy(services).webhook_events == 0
    (delivery,) = services.webhooks.due(services.clock.now(), 10)
    services.webhooks.record_attempt(delivery.id, 1, Outcome(200), services.clock.now())
    assert tidy(services).webhook_events == 1


def test_commands_that_are_done_go_after_a_day_and_open_ones_stay(services):
    who = factories.principal(services)
    call_id = factories.claimed_call(services, who).call_id
    done, waiting = [
        services.commands.submit(call_id, "say", {"text": text}, services.clock.now())
        for text in ("one", "two")
    ]
    services.commands.finish(done, "done", services.clock.now())
    services.clock.advance(86400)
    assert tidy(services).commands == 0
    assert services.commands.get(done).result == "done"
    services.clock.advance(1)
    assert tidy(services).commands == 1
    with pytest.raises(NotFound):
        services.commands.get(done)
    assert services.commands.get(waiting).finished_at is None


def test_controllers_are_alive_as_long_as_they_are_heard_of(services):
    now = services.clock.now
    services.nodes.heartbeat("a", "n1", now(), capacity=100, media_url="ws://10.0.0.1:1")
    services.nodes.heartbeat("b", "n1", now(), capacity=50)
    started = now()
    services.clock.advance(SILENT_AFTER.total_seconds() - 1)
    services.nodes.heartbeat("a", "n1", now(), capacity=100, draining=True)
    services.clock.advance(1)
    (alive,) = services.nodes.alive(now())
    assert (alive.id, alive.node, alive.capacity, alive.draining) == ("a", "n1", 100, True)
    assert (alive.started_at, alive.heartbeat_at) == (started, now() - timedelta(seconds=1))
    services.nodes.leave("a")
    assert services.nodes.alive(now()) == []
    services.clock.advance(86400)
    assert tidy(services).controllers == 1


def test_one_process_runs_a_loop(services):
    keeping = services.housekeeping
    now = services.clock.now()
    assert keeping.hold("loop", "a", now, 5)
    assert not keeping.hold("loop", "b", now, 5)
    keeping.release("loop", "a")
    assert keeping.hold("loop", "b", now, 5)


def test_an_operator_has_controllers_drained(services):
    def beat(owner, node):
        return services.nodes.heartbeat(owner, node, services.clock.now(), capacity=1)

    for owner, node in (("a", "n1"), ("b", "n1"), ("c", "n2")):
        assert beat(owner, node) is Wish.NOTHING
    now = services.clock.now()
    assert services.nodes.drain(now, node="n1") == ["a", "b"]
    assert services.nodes.drain(now, node="n1", owner="c") == ["c"]
    assert [beat("a", "n1"), beat("b", "n1"), beat("c", "n2")] == [Wish.DRAIN] * 3
    services.nodes.drain(now, node="n1", owner="b", asked=False)
    assert [beat("a", "n1"), beat("b", "n1")] == [Wish.DRAIN, Wish.NOTHING]


@pytest.mark.parametrize("wish", [{"node": "n2"}, {"node": "n1", "owner": "b"}])
def test_nobody_who_is_not_alive_can_be_asked(services, wish):
    services.nodes.heartbeat("a", "n1", services.clock.now(), capacity=1)
    with pytest.raises(NotFound):
        services.nodes.drain(services.clock.now(), **wish)
    services.clock.advance(SILENT_AFTER.total_seconds())
    with pytest.raises(NotFound):
        services.nodes.drain(services.clock.now(), node="n1")


def test_what_dead_workers_held_is_free_at_once(services):
    who = factories.principal(services)
    factories.queued_call(services, who, webhook_url=URL)
    now = services.clock.now()
    (taken,) = services.webhooks.due(now, 10)
    assert services.housekeeping.hold("loop", "dead", now, 60)
    owner = services.db.read(lambda: WebhookDelivery.get().lease_owner)
    assert services.housekeeping.succeed("somebody else", ["other loop"], now) == 0
    assert services.webhooks.due(now, 10) == []
    assert services.housekeeping.succeed(owner, ["loop"], now) == 1
    assert [delivery.id for delivery in services.webhooks.due(now, 10)] == [taken.id]
    assert services.housekeeping.hold("loop", "heir", now, 60)
