"""Nodes share waiting calls by weight, room and health; every call is planned for one of them."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topcalls.core.node_share import (
    ControllerLoad,
    NodeLoad,
    SwitchVitals,
    nodes_of,
    obstacle,
    plan,
)

pytestmark = pytest.mark.unit


def node(name, weight=1, live=0, room=100):
    return NodeLoad(name, weight, live, room)


def controller(name="a", may_claim=True, capacity=10, live=0, weight=1, **more):
    return ControllerLoad(name, may_claim, capacity, live, weight, **more)


# --- the plan

loads = st.lists(
    st.builds(
        NodeLoad,
        node=st.sampled_from("abcdef"),
        weight=st.integers(1, 1000),
        live=st.integers(0, 50),
        room=st.integers(0, 30),
    ),
    max_size=6,
    unique_by=lambda one: one.node,
)


@given(loads, st.integers(0, 200))
def test_every_call_is_planned_for_one_node_as_long_as_there_is_room(nodes, waiting):
    shares = plan(nodes, waiting)
    assert sum(shares.values()) == min(waiting, sum(one.room for one in nodes))
    assert all(0 <= shares[one.node] <= one.room for one in nodes)


@given(loads, st.integers(0, 200))
def test_no_call_would_have_been_better_off_elsewhere(nodes, waiting):
    """Where a node got a call, no other one with room carries less for its weight before it."""
    shares = plan(nodes, waiting)
    for one, other in itertools.permutations(nodes, 2):
        if shares[one.node] and shares[other.node] < other.room:
            mine = (one.live + shares[one.node]) / one.weight
            assert mine <= (other.live + shares[other.node] + 1) / other.weight


@given(loads, st.integers(1, 100))
def test_who_claims_its_share_leaves_the_others_theirs(nodes, waiting):
    shares = plan(nodes, waiting)
    for first in nodes:
        taken = shares[first.node]
        after = [
            node(one.node, one.weight, one.live + taken, one.room - taken) if one is first else one
            for one in nodes
        ]
        left = plan(after, waiting - taken)
        assert left == {**shares, first.node: 0}


@given(loads, st.integers(0, 100), st.sets(st.sampled_from("abcdef")))
def test_nodes_left_out_get_nothing_and_the_others_all(nodes, waiting, without):
    shares = plan(nodes, waiting, without)
    others = [one for one in nodes if one.node not in without]
    assert {name: shares[name] for name in shares if name in without} == dict.fromkeys(
        (one.node for one in nodes if one.node in without), 0
    )
    assert {one.node: shares[one.node] for one in others} == plan(others, waiting)


@pytest.mark.parametrize(
    ("nodes", "waiting", "shares"),
    [
        ([], 5, {}),
        ([node("a")], 5, {"a": 5}),
        ([node("a"), node("b")], 5, {"a": 3, "b": 2}),
        ([node("a", weight=3), node("b")], 8, {"a": 6, "b": 2}),
        ([node("a", live=4), node("b")], 5, {"a": 1, "b": 4}),
        ([node("a", weight=300, room=2), node("b", weight=100)], 8, {"a": 2, "b": 6}),
        ([node("a", room=0), node("b", room=1)], 8, {"a": 0, "b": 1}),
    ],
)
def test_by_weight_and_room(nodes, waiting, shares):
    assert plan(nodes, waiting) == shares


# --- nodes from their controllers


def test_controllers_of_one_switch_are_one_node():
    (found,) = nodes_of([controller(capacity=5, live=2, weight=7), controller(live=4, weight=7)])
    assert found == NodeLoad("a", 7, 6, 9)


@pytest.mark.parametrize(
    ("limits", "room"),
    [
        ({}, 8),
        ({"node_capacity": 5}, 3),
        ({"node_capacity": 1}, 0),
        ({"sessions": 12, "max_sessions": 15}, 3),
        ({"sessions": 0, "max_sessions": 5}, 3),
        ({"sessions": 20, "max_sessions": 15}, 0),
        ({"sessions": None, "max_sessions": 5}, 8),
        ({"capacity": 1}, 0),
    ],
)
def test_room_is_the_least_of_all_limits(limits, room):
    (found,) = nodes_of([controller(live=2, **limits)])
    assert found.room == room


def test_who_may_not_claim_has_no_room_but_its_calls_count():
    members = [controller(may_claim=False, live=3), controller(live=1, node_capacity=6)]
    assert nodes_of(members) == [NodeLoad("a", 1, 4, 2)]
    assert nodes_of([controller(may_claim=False), controller("b")]) == [NodeLoad("b", 1, 0, 10)]
    assert nodes_of([]) == []


# --- what stands in the way


@pytest.mark.parametrize(
    ("vitals", "word"),
    [
        (SwitchVitals(), ""),
        (SwitchVitals(is_ready=False), "paused"),
        (SwitchVitals(sessions=9, max_sessions=10), ""),
        (SwitchVitals(sessions=10, max_sessions=10), "at most 10"),
        (SwitchVitals(sessions=11, max_sessions=10), "at most 10"),
        (SwitchVitals(sessions=11), ""),
        (SwitchVitals(idle_percent=5.0), ""),
        (SwitchVitals(idle_percent=4.9), "less than 5 %"),
        (SwitchVitals(idle_percent=19.0, min_idle_percent=20.0), "less than 20 %"),
        (SwitchVitals(idle_percent=0.0), "idle for 0 %"),
    ],
)
def test_what_keeps_a_switch_from_new_calls(vitals, word):
    found = obstacle(vitals, min_idle_percent=5.0)
    assert (word in found) if word else found == ""
