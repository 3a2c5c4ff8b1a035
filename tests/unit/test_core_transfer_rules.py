"""What is wrong with a call's `transfer`, by its field."""

import pytest

from topcalls.core import variables
from topcalls.core.call_request import CallRequest
from topcalls.core.transfer_rules import MOST_DESTINATIONS, transfer_faults
from topcalls.errors import InvalidRequest

pytestmark = pytest.mark.unit

GOOD = {"name": "support", "number": "+12025550114"}


def faults(*destinations, **more):
    found = transfer_faults({"destinations": list(destinations), **more})
    return {fault.path.removeprefix("transfer."): fault.code for fault in found}


@pytest.mark.parametrize(
    "destination",
    [
        GOOD,
        {**GOOD, "kind": "blind", "method": "refer", "ring_timeout_seconds": 5},
        {**GOOD, "kind": "warm", "briefing": "It is about {{topic|a bill}}.", "accept_key": "*"},
        {**GOOD, "kind": "warm", "accept_timeout_seconds": 120, "briefing": None},
        {**GOOD, "detect_voicemail": True},
        {**GOOD, "kind": "warm", "detect_voicemail": False},
    ],
)
def test_what_is_right(destination):
    assert faults(destination) == {}


@pytest.mark.parametrize(
    ("changes", "path", "code"),
    [
        ({"name": ""}, "name", "invalid_name"),
        ({"name": "a\nb"}, "name", "invalid_name"),
        ({"name": None}, "name", "invalid_name"),
        ({"number": "12025550114"}, "number", "not_e164"),
        ({"number": None}, "number", "not_e164"),
        ({"kind": "hot"}, "kind", "choice"),
        ({"method": "redirect"}, "method", "choice"),
        ({"kind": "warm", "method": "refer"}, "method", "exclusive"),
        ({"briefing": "Hi."}, "briefing", "needs_warm"),
        ({"accept_key": "2"}, "accept_key", "needs_warm"),
        ({"kind": "warm", "briefing": " "}, "briefing", "length"),
        ({"kind": "warm", "briefing": 5}, "briefing", "invalid_type"),
        ({"kind": "warm", "accept_key": "A"}, "accept_key", "invalid_key"),
        ({"kind": "warm", "accept_timeout_seconds": 4}, "accept_timeout_seconds", "range"),
        ({"ring_timeout_seconds": 121}, "ring_timeout_seconds", "range"),
        ({"ring_timeout_seconds": True}, "ring_timeout_seconds", "invalid_type"),
        ({"detect_voicemail": "yes"}, "detect_voicemail", "invalid_type"),
        ({"detect_voicemail": True, "kind": "warm"}, "detect_voicemail", "needs_blind"),
        ({"detect_voicemail": True, "method": "refer"}, "detect_voicemail", "needs_bridge"),
        ({"fone": 1}, "fone", "unknown"),
    ],
)
def test_each_fault_names_its_field(changes, path, code):
    assert faults({**GOOD, **changes}) == {f"destinations.0.{path}": code}


def test_lists_that_are_none():
    for wrong in ([], "x", None, [GOOD] * (MOST_DESTINATIONS + 1)):
        found = list(transfer_faults({"destinations": wrong}))
        assert [fault.path for fault in found] == ["transfer.destinations"]
    assert faults("x") == {"destinations.0": "invalid_type"}
    assert faults(GOOD, destination=1) == {"destination": "unknown"}


def test_names_are_told_apart_without_regard_to_case():
    assert faults(GOOD, {**GOOD, "name": "Support"}) == {"destinations.1.name": "duplicate"}


def test_a_briefing_is_filled_in_like_any_text():
    warm = {**GOOD, "kind": "warm", "briefing": "{{name}} calls."}
    request = CallRequest(
        phone_number="+12025550100",
        task="Ask how they are, politely.",
        request_data={"name": "Ann"},
        transfer={"destinations": [GOOD | {"name": "x"}, warm]},
    )
    filled = variables.filled(request, {})
    assert filled.transfer["destinations"][1]["briefing"] == "Ann calls."
    assert filled.transfer["destinations"][0] == GOOD | {"name": "x"}
    body = {**vars(request), "request_data": {}}
    [missing] = variables.value_faults(body, {})
    assert missing.path == "request_data.name"
    with pytest.raises(InvalidRequest):
        variables.filled(CallRequest(**body), {})
