"""Which outcome an unanswered dial has, and how it is told."""

import pytest

from topcalls.core.call_events import Hangup
from topcalls.core.hangup_causes import Unanswered, in_words, outcome_of

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("cause", "sip_status", "outcome"),
    [
        ("USER_BUSY", 486, Unanswered.BUSY),
        ("USER_BUSY", None, Unanswered.BUSY),
        ("NORMAL_TEMPORARY_FAILURE", 600, Unanswered.BUSY),
        ("NO_ANSWER", None, Unanswered.NO_ANSWER),
        ("NO_USER_RESPONSE", 480, Unanswered.NO_ANSWER),
        ("RECOVERY_ON_TIMER_EXPIRE", 408, Unanswered.NO_ANSWER),
        ("ALLOTTED_TIMEOUT", 487, Unanswered.NO_ANSWER),
        ("CALL_REJECTED", 603, Unanswered.REJECTED),
        ("CALL_REJECTED", 607, Unanswered.REJECTED),
        ("CALL_REJECTED", 608, Unanswered.FAILED),
        ("CALL_REJECTED", None, Unanswered.REJECTED),
        ("CALL_REJECTED", 401, Unanswered.FAILED),
        ("CALL_REJECTED", 402, Unanswered.FAILED),
        ("CALL_REJECTED", 403, Unanswered.FAILED),
        ("CALL_REJECTED", 407, Unanswered.FAILED),
        ("RECOVERY_ON_TIMER_EXPIRE", None, Unanswered.FAILED),
        ("UNALLOCATED_NUMBER", 404, Unanswered.FAILED),
        ("GATEWAY_DOWN", None, Unanswered.FAILED),
        ("SOMETHING_NEW", 599, Unanswered.FAILED),
    ],
)
def test_the_outcome_of_a_dial(cause, sip_status, outcome):
    assert outcome_of(Hangup(cause, sip_status)) is outcome


def test_the_words_name_what_to_quote_to_a_carrier():
    assert in_words(Hangup("USER_BUSY", 486)) == "The line is busy. (USER_BUSY, SIP 486)"
    assert in_words(Hangup("GATEWAY_DOWN")) == "The SIP gateway is down. (GATEWAY_DOWN)"


def test_a_carrier_that_refuses_is_not_a_person_who_declines():
    assert "carrier" in in_words(Hangup("CALL_REJECTED", 403))
    assert "callee" in in_words(Hangup("CALL_REJECTED", 603))


def test_an_unknown_cause_is_told_as_it_is():
    assert in_words(Hangup("SOMETHING_NEW")).endswith("(SOMETHING_NEW)")


@pytest.mark.parametrize("cause", ["INCOMPATIBLE_DESTINATION", "NORMAL_CLEARING"])
def test_a_dial_that_was_picked_up_is_not_said_to_have_been_refused(cause):
    hangup = Hangup(cause, 200, picked_up=True)
    assert outcome_of(hangup) is Unanswered.FAILED
    assert in_words(hangup).startswith("Somebody picked up")
    assert f"{cause}, SIP 200" in in_words(hangup)
