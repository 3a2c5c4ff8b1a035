"""What the end of a call means for the person whom a campaign wanted to reach."""

from datetime import UTC, datetime

import pytest

from topcalls.core import hangup_causes
from topcalls.core.call_state import FINAL_STATES, State
from topcalls.core.campaign_outcomes import (
    ANSWERED,
    FAULTS,
    CallEnd,
    Outcome,
    is_abandoned,
    is_counted,
    outcome_of,
)
from topcalls.core.end_reasons import EndReason

pytestmark = pytest.mark.unit
NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)


def refused(status=None, cause=None, state=State.FAILED, **facts):
    return CallEnd(state, EndReason.DIAL_FAILED, cause, status, **facts)


def answered(**facts):
    facts.setdefault("state", State.COMPLETED)
    return CallEnd(answered=True, agent_spoke=True, **facts)


# The table of compliance.md 12.1: what the carrier said, and what it means.
@pytest.mark.parametrize(
    ("status", "cause", "outcome", "counted"),
    [
        (404, "UNALLOCATED_NUMBER", Outcome.UNASSIGNED, True),
        (410, "NUMBER_CHANGED", Outcome.INVALID_NUMBER, True),
        (484, "INVALID_NUMBER_FORMAT", Outcome.INVALID_NUMBER, True),
        (604, "NO_ROUTE_DESTINATION", Outcome.INVALID_NUMBER, True),
        (485, "NO_ROUTE_DESTINATION", Outcome.MISCONFIGURED, False),
        (480, "NO_USER_RESPONSE", Outcome.UNREACHABLE, True),
        (408, "RECOVERY_ON_TIMER_EXPIRE", Outcome.NETWORK_TIMEOUT, False),
        (504, "RECOVERY_ON_TIMER_EXPIRE", Outcome.NETWORK_TIMEOUT, False),
        (486, "USER_BUSY", Outcome.BUSY, True),
        (600, "USER_BUSY", Outcome.UNREACHABLE, True),
        (487, "ORIGINATOR_CANCEL", Outcome.NO_ANSWER, True),
        (603, "CALL_REJECTED", Outcome.REJECTED, True),
        (607, "UNWANTED", Outcome.UNWANTED, True),
        (608, "CALL_REJECTED", Outcome.BLOCKED_BY_NETWORK, True),
        (403, "CALL_REJECTED", Outcome.CARRIER_REFUSED, False),
        (401, "CALL_REJECTED", Outcome.CARRIER_REFUSED, False),
        (402, "CALL_REJECTED", Outcome.CARRIER_REFUSED, False),
        (407, "CALL_REJECTED", Outcome.CARRIER_REFUSED, False),
        (400, "NORMAL_TEMPORARY_FAILURE", Outcome.TRUNK_BUSY, False),
        (481, "NORMAL_TEMPORARY_FAILURE", Outcome.TRUNK_BUSY, False),
        (500, "NORMAL_TEMPORARY_FAILURE", Outcome.TRUNK_BUSY, False),
        (503, "NORMAL_TEMPORARY_FAILURE", Outcome.TRUNK_BUSY, False),
        (502, "NETWORK_OUT_OF_ORDER", Outcome.TRUNK_FAILED, False),
        (488, "INCOMPATIBLE_DESTINATION", Outcome.MISCONFIGURED, False),
        (606, "INCOMPATIBLE_DESTINATION", Outcome.MISCONFIGURED, False),
        (415, "SERVICE_NOT_IMPLEMENTED", Outcome.MISCONFIGURED, False),
        (405, "SERVICE_UNAVAILABLE", Outcome.MISCONFIGURED, False),
        (482, "EXCHANGE_ROUTING_ERROR", Outcome.MISCONFIGURED, False),
        (483, "EXCHANGE_ROUTING_ERROR", Outcome.MISCONFIGURED, False),
        (428, "NO_IDENTITY", Outcome.CALLER_ID_REFUSED, False),
        (438, "INVALID_IDENTITY", Outcome.CALLER_ID_REFUSED, False),
        (499, "NORMAL_UNSPECIFIED", Outcome.FAILED, False),
    ],
)
def test_what_the_network_says_is_what_it_means(status, cause, outcome, counted):
    end = refused(status, cause)
    assert (outcome_of(end), is_counted(end)) == (outcome, counted)


@pytest.mark.parametrize(
    ("cause", "outcome"),
    [
        ("USER_BUSY", Outcome.BUSY),
        ("NO_ANSWER", Outcome.NO_ANSWER),
        ("ALLOTTED_TIMEOUT", Outcome.NO_ANSWER),
        ("PROGRESS_TIMEOUT", Outcome.NETWORK_TIMEOUT),
        ("SUBSCRIBER_ABSENT", Outcome.UNREACHABLE),
        ("CALL_REJECTED", Outcome.REJECTED),
        ("GATEWAY_DOWN", Outcome.TRUNK_FAILED),
        ("NO_CARRIER", Outcome.MISCONFIGURED),
        ("SOMETHING_NEW", Outcome.FAILED),
    ],
)
def test_without_a_status_the_cause_tells(cause, outcome):
    assert outcome_of(refused(None, cause)) is outcome


def test_ringing_makes_a_time_out_an_unanswered_call():
    for status in (480, 408, 504):
        end = refused(status, rang=True)
        assert outcome_of(end) is Outcome.NO_ANSWER
        assert is_counted(end)
    assert outcome_of(refused(600, rang=True)) is Outcome.UNREACHABLE


def test_a_carrier_s_trouble_counts_once_the_phone_has_rung():
    assert is_counted(refused(503, rang=True))
    assert not is_counted(refused(503))


def test_a_refusal_by_a_blocking_service_is_nobody_s_decline():
    assert outcome_of(refused(603, network_blocked=True)) is Outcome.BLOCKED_BY_NETWORK


@pytest.mark.parametrize(
    ("end", "outcome"),
    [
        (answered(talk_seconds=90), Outcome.COMPLETED),
        (answered(talk_seconds=3, end_reason=EndReason.CALLEE_HUNG_UP), Outcome.SHORT_TALK),
        (answered(talk_seconds=10, end_reason=EndReason.CALLEE_HUNG_UP), Outcome.COMPLETED),
        (answered(talk_seconds=3, end_reason=EndReason.AGENT_ENDED), Outcome.COMPLETED),
        (answered(answered_by="voicemail"), Outcome.VOICEMAIL),
        (answered(answered_by="voicemail", message_left=True), Outcome.VOICEMAIL_LEFT),
        (answered(answered_by="ivr", talk_seconds=40), Outcome.COMPLETED),
        (answered(state=State.FAILED, end_reason=EndReason.PROVIDER_FAILED), Outcome.DROPPED),
        (answered(state=State.FAILED, opted_out=True), Outcome.OPTED_OUT),
        (answered(opted_out=True, callback_at=NOON), Outcome.OPTED_OUT),
        (answered(callback_at=NOON, talk_seconds=5), Outcome.CALLBACK),
        (answered(state=State.CANCELLED, end_reason=EndReason.STOPPED), Outcome.COMPLETED),
    ],
)
def test_what_was_answered(end, outcome):
    assert outcome_of(end) is outcome
    assert is_counted(end)
    assert outcome in ANSWERED


@pytest.mark.parametrize(
    ("end", "outcome"),
    [
        (CallEnd(State.CANCELLED, EndReason.STOPPED, dialled=False), Outcome.CANCELLED),
        (
            CallEnd(State.CANCELLED, EndReason.STOPPED, dialled=False, withdrawn=True),
            Outcome.WITHDRAWN,
        ),
        (CallEnd(State.FAILED, EndReason.NOT_CALLABLE, dialled=False), Outcome.NOT_CALLABLE),
        (
            CallEnd(State.FAILED, EndReason.NOT_CALLABLE, dialled=False, deferred_until=NOON),
            Outcome.DEFERRED,
        ),
        (CallEnd(State.FAILED, EndReason.CONFIGURATION, dialled=False), Outcome.MISCONFIGURED),
        (
            CallEnd(State.DISPATCH_TIMEOUT, EndReason.DISPATCH_TIMEOUT, dialled=False),
            Outcome.DISPATCH_TIMEOUT,
        ),
        (
            CallEnd(State.FAILED, EndReason.DIAL_FAILED, "SWITCH_UNREACHABLE", dialled=False),
            Outcome.TRUNK_FAILED,
        ),
        (CallEnd(State.FAILED, dialled=False), Outcome.FAILED),
    ],
)
def test_what_was_never_dialled_counts_for_nobody(end, outcome):
    assert outcome_of(end) is outcome
    assert not is_counted(end)


def test_a_call_that_nobody_knows_the_end_of_counts():
    end = CallEnd(State.FAILED, EndReason.CHANNEL_LOST)
    assert outcome_of(end) is Outcome.LOST
    assert is_counted(end)


def test_a_call_that_a_user_stopped_while_it_rang_counts():
    end = CallEnd(State.CANCELLED, EndReason.STOPPED, rang=True)
    assert outcome_of(end) is Outcome.CANCELLED
    assert is_counted(end)


@pytest.mark.parametrize("state", sorted(FINAL_STATES))
@pytest.mark.parametrize("dialled", [True, False])
@pytest.mark.parametrize("reason", [None, *EndReason])
def test_every_end_has_an_outcome(state, dialled, reason):
    for is_answered in (True, False):
        end = CallEnd(state, reason, dialled=dialled or is_answered, answered=is_answered)
        outcome = outcome_of(end)
        assert (outcome in ANSWERED) is is_answered
        assert is_counted(end) or outcome not in ANSWERED


def test_whatever_the_switch_may_say_is_known():
    """Causes that the call's own state tells apart lead to no vaguer outcome."""
    for cause, of_call in hangup_causes._BY_CAUSE.items():
        if of_call is not hangup_causes.Unanswered.FAILED:
            assert outcome_of(refused(None, cause)) not in FAULTS - {Outcome.NETWORK_TIMEOUT}


@pytest.mark.parametrize(
    ("end", "abandoned"),
    [
        (CallEnd(State.FAILED, EndReason.PROVIDER_FAILED, answered=True), True),
        (CallEnd(State.COMPLETED, EndReason.CALLEE_HUNG_UP, answered=True), True),
        (CallEnd(State.COMPLETED, answered=True, answered_by="voicemail"), False),
        (CallEnd(State.NO_ANSWER), False),
        (answered(talk_seconds=2), False),
    ],
)
def test_whoever_picked_up_and_heard_nobody_was_abandoned(end, abandoned):
    assert is_abandoned(end) is abandoned
