"""At whose door the end of a call lies, for every reason there is."""

import pytest

from topcalls.core.end_reasons import FAULTS, EndedBy, EndReason, ended_by

pytestmark = pytest.mark.unit
BY = {
    EndedBy.CALLEE: "callee_hung_up silence busy no_answer rejected",
    EndedBy.CALLER: "caller_hung_up",
    EndedBy.AGENT: "agent_ended transferred",
    EndedBy.TRANSFEREE: "transfer_ended",
    EndedBy.CUSTOMER: "stopped max_duration too_many_calls no_minutes over_budget not_callable",
    EndedBy.CARRIER: "dial_failed network_hung_up",
    EndedBy.PROVIDER: "provider_failed",
    EndedBy.CONFIGURATION: "configuration",
    EndedBy.GATEWAY: "dispatch_timeout stream_lost playback_failed internal_error channel_lost "
    "controller_lost shutdown switch_hung_up answer_failed no_capacity",
}


def test_every_reason_lies_at_exactly_one_door():
    told = [reason for reasons in BY.values() for reason in reasons.split()]
    assert sorted(told) == sorted(EndReason)


@pytest.mark.parametrize("door", EndedBy)
def test_whose_door(door):
    assert {ended_by(EndReason(reason)) for reason in BY[door].split()} == {door}


def test_no_fault_is_the_callees_or_the_customers():
    assert {ended_by(reason) for reason in FAULTS} == {EndedBy.GATEWAY, EndedBy.PROVIDER}


@pytest.mark.parametrize(
    ("cause", "status", "door"),
    [
        ("CALL_REJECTED", 403, EndedBy.CARRIER),
        ("CALL_REJECTED", 401, EndedBy.CONFIGURATION),
        ("CALL_REJECTED", 407, EndedBy.CONFIGURATION),
        ("GATEWAY_DOWN", None, EndedBy.CARRIER),
        ("NORMAL_TEMPORARY_FAILURE", 503, EndedBy.CARRIER),
        ("UNALLOCATED_NUMBER", 404, EndedBy.CALLEE),
        ("SWITCH_UNREACHABLE", None, EndedBy.GATEWAY),
        ("DIAL_INTENT_NOT_STORED", None, EndedBy.GATEWAY),
        ("ORIGINATE_REFUSED", None, EndedBy.GATEWAY),
        (None, None, EndedBy.CARRIER),
    ],
)
def test_a_dial_that_failed_is_told_by_its_cause(cause, status, door):
    assert ended_by(EndReason.DIAL_FAILED, cause, status) is door


def test_an_answered_calls_cause_changes_nothing():
    assert ended_by(EndReason.CALLEE_HUNG_UP, "UNALLOCATED_NUMBER", 401) is EndedBy.CALLEE


@pytest.mark.parametrize(
    ("reason", "cause", "door"),
    [
        (EndReason.SILENCE, None, EndedBy.CALLER),
        (EndReason.CALLER_HUNG_UP, "NORMAL_CLEARING", EndedBy.CALLER),
        (EndReason.AGENT_ENDED, None, EndedBy.AGENT),
        (EndReason.ANSWER_FAILED, "INCOMPATIBLE_DESTINATION", EndedBy.CARRIER),
        (EndReason.ANSWER_FAILED, "NORMAL_TEMPORARY_FAILURE", EndedBy.GATEWAY),
        (EndReason.CONFIGURATION, "UNALLOCATED_NUMBER", EndedBy.CONFIGURATION),
    ],
)
def test_the_far_end_of_an_inbound_call_is_its_caller(reason, cause, door):
    assert ended_by(reason, cause, inbound=True) is door
