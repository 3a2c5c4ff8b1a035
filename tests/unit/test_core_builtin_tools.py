"""The list of built-in tools: which a call has, and what it must hold for them."""

from dataclasses import replace

import pytest

from topcalls.core.builtin_tools import BUILT_IN, RESERVED, Situation, faults, names_of, specs_of
from topcalls.core.call_request import CallRequest, Recording
from topcalls.core.json_schema import schema_faults

pytestmark = pytest.mark.unit

CALL = CallRequest(phone_number="+12025550100", task="Ask how they are, politely.")
SUPPORT = {"destinations": [{"name": "support", "number": "+12025550114"}]}


def names(**changes):
    return names_of(vars(replace(CALL, **changes)))


def test_a_call_that_lists_none_has_those_of_every_call():
    assert {"end_call", "send_dtmf"} <= set(names())
    assert not {"transfer_call", "pause_recording"} & set(names())


def test_what_a_call_holds_brings_the_tool_for_it():
    assert "transfer_call" in names(transfer=SUPPORT)
    masking = {"pause_recording", "resume_recording"}
    assert masking <= set(names(recording=Recording(agent_may_pause=True)))
    assert not masking & set(names(recording=Recording(enabled=False, agent_may_pause=True)))


def test_appointments_bring_both_of_their_tools():
    both = {"find_appointment_times", "book_appointment"}
    assert both <= set(names(appointments=SALON))
    assert not both & set(names())


def test_a_call_that_lists_tools_has_no_others():
    assert names(built_in_tools=("send_dtmf",), transfer=SUPPORT) == ("send_dtmf",)
    assert names(built_in_tools=()) == ()
    assert names(built_in_tools=("end_call", "pause_recording")) == ("end_call", "pause_recording")


def test_a_listed_tool_that_the_call_holds_nothing_for_is_left_out():
    assert names(built_in_tools=("end_call", "transfer_call")) == ("end_call",)


@pytest.mark.parametrize(
    ("listed", "body", "found"),
    [
        (["end_call", "send_dtmf"], {}, {}),
        ("end_call", {}, {"built_in_tools": "invalid_type"}),
        (["endcall"], {}, {"built_in_tools.0": "unknown"}),
        ([["end_call"]], {}, {"built_in_tools.0": "unknown"}),
        (["end_call", "end_call"], {}, {"built_in_tools.1": "duplicate"}),
        (["transfer_call"], {}, {"built_in_tools.0": "needs_more"}),
        (["transfer_call"], {"transfer": SUPPORT}, {}),
        (["transfer_call"], {"transfer": 5}, {"built_in_tools.0": "needs_more"}),
        (["pause_recording"], {}, {}),
        (
            ["pause_recording"],
            {"recording": {"enabled": False}},
            {"built_in_tools.0": "needs_more"},
        ),
    ],
)
def test_a_list_is_judged_with_the_rest_of_the_call(listed, body, found):
    assert {fault.path: fault.code for fault in faults(listed, body)} == found


def test_a_misspelt_name_gets_a_hint():
    (fault,) = faults(["end_cal"], {})
    assert "Did you mean 'end_call'?" in fault.message


SALON = {"time_zone": "UTC", "calendar": {"hours": {"monday": ["09:00-17:00"]}}}
WHOLE = vars(
    replace(
        CALL,
        transfer=SUPPORT,
        recording=Recording(agent_may_pause=True),
        appointments=SALON,
    )
)


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_built_in_tool_is_described_like_any_other(name):
    for spec in specs_of([name], WHOLE, Situation()):
        assert spec.name in RESERVED
        assert len(spec.description) <= 1_000
        assert list(schema_faults(spec.parameters, "parameters")) == []


def test_a_name_that_is_none_of_ours_is_no_tool():
    with pytest.raises(KeyError):
        specs_of(["rm"], WHOLE)
