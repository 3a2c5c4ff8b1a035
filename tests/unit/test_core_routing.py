"""Which carrier a call leaves by, and when another may try."""

import pytest

from topcalls.core import carrier_status
from topcalls.core.call_events import Hangup
from topcalls.core.carrier_status import GatewayState, Health
from topcalls.core.routing import (
    MAX_ATTEMPTS,
    RANG_SECONDS,
    Candidate,
    Route,
    Then,
    decide,
    plan,
)

pytestmark = pytest.mark.unit
OWN = Route(None, "own", "sandbox")


def after(status=None, cause="NORMAL_TEMPORARY_FAILURE", rang=0.0, attempt=1, left=1):
    return decide(Hangup(cause, status), rang, attempt, left)


@pytest.mark.parametrize("status", [486, 600, 603, 607, 608, 480, 410, 487, 604, 699])
def test_refusals_of_the_person_are_final(status):
    assert after(status).then is Then.STOP


@pytest.mark.parametrize(
    "status", [401, 402, 403, 404, 407, 408, 413, 484, 488, 500, 502, 503, 504, 606, 302]
)
def test_refusals_of_the_carrier_let_the_next_one_try(status):
    assert after(status).then is Then.NEXT


@pytest.mark.parametrize(
    "cause",
    ["GATEWAY_DOWN", "INVALID_GATEWAY", "RECOVERY_ON_TIMER_EXPIRE", "NETWORK_OUT_OF_ORDER"],
)
def test_a_carrier_that_says_nothing_lets_the_next_one_try(cause):
    assert after(None, cause).then is Then.NEXT


@pytest.mark.parametrize("cause", ["USER_BUSY", "NO_ANSWER", "CALL_REJECTED", "ORIGINATOR_CANCEL"])
def test_causes_of_the_person_are_final(cause):
    assert after(None, cause).then is Then.STOP


def test_the_status_says_more_than_the_cause():
    """FreeSWITCH folds 403 and 603 into CALL_REJECTED."""
    assert after(403, "CALL_REJECTED").then is Then.NEXT
    assert after(603, "CALL_REJECTED").then is Then.STOP


@pytest.mark.parametrize("status", [503, 408, 404, None])
def test_nobody_is_rung_twice(status):
    decision = after(status, "RECOVERY_ON_TIMER_EXPIRE", rang=RANG_SECONDS)
    assert decision.then is Then.STOP
    assert "rung twice" in decision.why
    assert after(status, "RECOVERY_ON_TIMER_EXPIRE", rang=RANG_SECONDS - 0.1).then is Then.NEXT


@pytest.mark.parametrize("cause", ["INCOMPATIBLE_DESTINATION", "NORMAL_CLEARING"])
def test_who_picked_up_is_not_rung_again_though_no_audio_could_be_agreed(cause):
    decision = decide(Hangup(cause, 200, picked_up=True), 0.0, 1, 1)
    assert decision.then is Then.STOP
    assert "picked up" in decision.why
    assert after(None, "INCOMPATIBLE_DESTINATION").then is Then.NEXT


@pytest.mark.parametrize(
    ("rang", "limit", "then"),
    [
        (0.0, 0.0, Then.NEXT),
        (0.1, 0.0, Then.STOP),
        (4.9, 5.0, Then.NEXT),
        (5.0, 5.0, Then.STOP),
    ],
)
def test_how_long_it_may_ring_can_be_set(rang, limit, then):
    assert decide(Hangup("NORMAL_TEMPORARY_FAILURE", 503), rang, 1, 1, limit).then is then


def test_there_is_an_end():
    assert "no other carrier" in after(503, left=0).why
    assert after(503, left=0).then is Then.STOP
    assert after(503, attempt=MAX_ATTEMPTS, left=3).then is Then.STOP


def candidates(*ids, down=()):
    return [Candidate(Route(one, one, f"tc_{one}"), one not in down) for one in ids]


def names(routes):
    return [route.carrier_id for route in routes]


@pytest.mark.parametrize(
    ("wanted", "of_number", "order"),
    [
        (None, None, ["a", "b", "c"]),
        (None, "b", ["b", "a", "c"]),
        ("c", "b", ["c"]),
        ("gone", None, []),
        (None, "gone", ["a", "b", "c"]),
    ],
)
def test_the_order_of_carriers(wanted, of_number, order):
    assert names(plan(candidates("a", "b", "c"), wanted, of_number, OWN)) == order


def test_carriers_that_are_down_come_last_but_are_tried():
    assert names(plan(candidates("a", "b", "c", down=("a",)), None, "a", OWN)) == ["b", "c", "a"]


def test_without_a_carrier_the_installation_has_its_own():
    assert plan([], None, None, OWN) == (OWN,)
    assert plan([], None, None, None) == ()
    assert plan([], "a", None, OWN) == ()


# --- how a gateway is


@pytest.mark.parametrize(
    ("state", "health", "registered", "reachable"),
    [
        (GatewayState("NOREG", True, False), Health.UP, None, None),
        (GatewayState("NOREG", True, True), Health.UP, None, True),
        (GatewayState("NOREG", False, True, 408), Health.DOWN, None, False),
        (GatewayState("REGED", True, False, 200), Health.REGISTERED, True, True),
        (GatewayState("REGED", False, True), Health.DOWN, True, False),
        (GatewayState("TRYING", False, False), Health.REGISTERING, False, None),
        (GatewayState("UNREGED", False, False), Health.REGISTERING, False, None),
        (GatewayState("FAIL_WAIT", False, False, 403), Health.FAILED, False, True),
        (GatewayState("FAIL_WAIT", False, False, 408), Health.FAILED, False, False),
        (GatewayState("FAIL_WAIT", False, False), Health.FAILED, False, None),
    ],
)
def test_what_a_state_means(state, health, registered, reachable):
    found = carrier_status.judge(state)
    assert (found.health, found.registered, found.reachable) == (health, registered, reachable)


@pytest.mark.parametrize(
    ("status", "found", "remedy"),
    [
        (403, "refuses", "address"),
        (407, "user name and password", "outbound_auth"),
        (488, "audio", "PCMU"),
        (408, "does not answer", "firewall"),
        (503, "Nobody answers", "firewall"),
    ],
)
def test_statuses_in_words(status, found, remedy):
    told = carrier_status.explain(Health.FAILED, status, "Phrase")
    assert found in told.found
    assert f"SIP {status} Phrase" in told.found
    assert remedy in told.remedy


@pytest.mark.parametrize("health", list(Health))
def test_every_state_has_words(health):
    told = carrier_status.explain(health)
    good = health in carrier_status.GOOD or health is Health.REGISTERING
    assert told.found
    assert bool(told.remedy) is not good


def test_the_worst_node_decides():
    assert carrier_status.overall([]) is Health.PENDING
    assert carrier_status.overall([Health.UP, Health.FAILED]) is Health.FAILED
    assert carrier_status.overall([Health.UP, Health.PENDING]) is Health.PENDING
    assert carrier_status.overall([Health.REGISTERED, Health.REGISTERED]) is Health.REGISTERED
