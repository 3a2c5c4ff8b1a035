"""Nodes: what they tell, what they may claim of the waiting calls, and what is shown of them."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import factories
import pytest

from topcalls.core.node_share import SwitchVitals
from topcalls.services.node_shares import PATIENCE, WITHOUT
from topcalls.services.nodes import SILENT_AFTER, Nodes, SwitchReport

pytestmark = pytest.mark.service
UP = SwitchReport(True, factories.START, SwitchVitals("1.10.12", True, 3, 1000, 98.0))


@pytest.fixture
def who(services):
    return factories.principal(services, max_concurrent_calls=500, max_calls_per_minute=10_000)


@pytest.fixture
def beat(services):
    """Have a controller tell how it is; its name begins with its node's."""

    def beat(owner, *, switch=UP, weight=100, node_capacity=None, capacity=100, draining=False):
        Nodes(services.db, weight=weight, node_capacity=node_capacity).heartbeat(
            owner,
            owner[0],
            services.clock.now(),
            capacity=capacity,
            draining=draining,
            switch=switch,
        )

    return beat


def queue(services, who, count):
    for _ in range(count):
        factories.queued_call(services, who)


def claim(services, owner, slots=100):
    """How many calls this controller gets."""
    return len(services.dispatch.claim(owner, owner[0], slots, services.clock.now()))


def view(services, name="a"):
    (found,) = [one for one in services.nodes.views(services.clock.now()) if one.name == name]
    return found


# --- sharing


def test_nodes_share_by_weight(services, who, beat):
    beat("a1", weight=300)
    beat("b1")
    queue(services, who, 8)
    assert claim(services, "b1") == 2
    assert claim(services, "a1") == 6


def test_a_node_alone_takes_all(services, who, beat):
    beat("a1")
    beat("a2")
    queue(services, who, 5)
    assert claim(services, "a2") == 5


def test_a_small_claim_leaves_its_own_nodes_share_to_itself(services, who, beat):
    for owner in ("a1", "a2", "b1"):
        beat(owner)
    queue(services, who, 10)
    assert (claim(services, "a1", slots=1), claim(services, "a2")) == (1, 4)
    assert claim(services, "b1") == 5


@pytest.mark.parametrize(
    "change",
    [
        {"switch": SwitchReport(False, obstacle="The switch cannot be reached.")},
        {"switch": SwitchReport(True, obstacle="Its processors are busy.")},
        {"switch": SwitchReport(True, vitals=SwitchVitals("1", True, 50, 50))},
        {"draining": True},
        {"capacity": 0},
    ],
    ids=["down", "busy", "full", "draining", "no room"],
)
def test_a_node_that_may_not_claim_leaves_all_to_the_others(services, who, beat, change):
    beat("a1")
    beat("b1", **change)
    queue(services, who, 6)
    assert claim(services, "a1") == 6


def test_a_silent_node_leaves_all_to_the_others(services, who, beat):
    beat("b1")
    services.clock.advance(SILENT_AFTER.total_seconds())
    beat("a1")
    queue(services, who, 6)
    assert claim(services, "a1") == 6


def test_a_node_takes_no_more_than_its_capacity(services, who, beat):
    dispatch = factories.services(
        services.db, services.recordings.store.root, services.clock, node_capacity=2
    ).dispatch
    for owner in ("a1", "b1"):
        beat(owner, node_capacity=2)
    queue(services, who, 6)
    now = services.clock.now()
    taken = Counter(call.node for _ in range(3) for call in dispatch.claim("a1", "a", 10, now))
    taken += Counter(call.node for _ in range(3) for call in dispatch.claim("b1", "b", 10, now))
    assert taken == {"a": 2, "b": 2}


def test_calls_left_to_a_node_that_takes_none_are_taken_after_all(services, who, beat):
    """It looks healthy in its last heartbeat, and its controller was killed since."""
    for owner in ("a1", "b1"):
        beat(owner)
    queue(services, who, 4)
    assert (claim(services, "a1"), claim(services, "a1")) == (2, 0)
    services.clock.advance(PATIENCE.total_seconds() - 0.1)
    assert claim(services, "a1") == 0
    services.clock.advance(0.1)
    assert (claim(services, "a1"), claim(services, "a1")) == (0, 2)
    queue(services, who, 3)
    assert claim(services, "a1") == 3
    services.clock.advance(WITHOUT.total_seconds())
    for owner in ("a1", "b1"):
        beat(owner)
    queue(services, who, 3)
    assert (claim(services, "a1"), claim(services, "b1")) == (0, 3)


def test_a_node_that_takes_its_share_slowly_keeps_it(services, who, beat):
    for owner in ("a1", "b1"):
        beat(owner)
    queue(services, who, 10)
    assert claim(services, "a1") == 5
    for _ in range(5):
        services.clock.advance(PATIENCE.total_seconds() - 0.1)
        assert claim(services, "a1") == 0
        assert claim(services, "b1", slots=1) == 1


# --- what is shown


def test_a_node_that_is_up(services, who, beat):
    beat("a1")
    beat("a2", draining=True)
    queue(services, who, 3)
    claim(services, "a1")
    shown = view(services)
    assert (shown.status, shown.since, shown.controllers) == ("up", factories.START, 2)
    assert (shown.live_calls, shown.capacity, shown.weight) == (3, 200, 100)
    assert (shown.sessions, shown.max_sessions, shown.idle_percent) == (3, 1000, 98.0)
    assert shown.switch_version == "1.10.12"
    assert "97" in shown.detail


def test_a_node_is_up_when_one_controller_reaches_it(services, beat):
    beat("a1", switch=SwitchReport(False, obstacle="It is down."))
    assert (view(services).status, view(services).detail) == ("down", "It is down.")
    beat("a2")
    assert view(services).status == "up"


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"draining": True}, "draining", "no more calls"),
        ({"switch": SwitchReport(True, obstacle="Busy.")}, "full", "Busy."),
        ({"capacity": 0}, "full", "as many calls as it may"),
        ({"switch": SwitchReport(False)}, "down", "cannot be reached"),
    ],
)
def test_a_node_that_takes_no_calls_says_why(services, beat, change, status, words):
    beat("a1", **change)
    assert view(services).status == status
    assert words in view(services).detail


def test_a_node_without_controllers_is_down_since_they_were_heard(services, beat):
    beat("a1")
    heard = services.clock.now()
    services.clock.advance(60)
    shown = view(services)
    assert (shown.status, shown.since, shown.controllers) == ("down", heard, 0)
    assert "topcalls controller" in shown.detail
    services.clock.advance(timedelta(days=1).total_seconds())
    assert services.nodes.views(services.clock.now()) == []
