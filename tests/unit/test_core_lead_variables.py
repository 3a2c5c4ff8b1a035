"""What a lead brings to the texts of its calls, and what is refused before it is dialled."""

import pytest

from topcalls.core import lead_variables, variables
from topcalls.core.call_request import CallRequest

pytestmark = pytest.mark.unit
LEAD = {
    "phone_number": "+12025550112",
    "name": "Ann",
    "email": None,
    "metadata": {"day": "Tuesday", "count": 3, "name": "Bo", "a b": "x", "list": [1], "no": " "},
}
CONFIGURATION = {
    "task": "Call {{name}} about {{day}}.",
    "first_sentence": "Hi {{name}}, {{clinic}} here.",
    "voicemail": {"action": "leave_message", "message": "Call {{clinic}} back, {{name}}."},
    "tools": [{"description": "Finds orders of {{name}}.", "speak_while_waiting": "{{wait}}"}],
}


def faults(configuration=CONFIGURATION, lead=LEAD, **defaults):
    found = lead_variables.filling(configuration, lead, defaults)
    return [(fault.path, fault.code) for fault in found.faults]


def test_a_lead_brings_its_fields_and_what_can_be_spoken_of_its_metadata():
    assert lead_variables.of_lead(LEAD) == {
        "phone_number": "+12025550112",
        "name": "Ann",
        "day": "Tuesday",
        "count": 3,
    }
    nameless = LEAD | {"name": ""}
    assert lead_variables.of_lead(nameless)["name"] == "Bo"


def test_a_name_without_a_value_is_a_fault_wherever_it_is_said():
    missing = [("request_data.clinic", "missing_value"), ("request_data.wait", "missing_value")]
    assert faults() == missing
    assert faults(clinic="Main Street", wait="One moment.") == []
    assert faults(clinic=" ", wait="One moment.") == missing[:1]


def test_the_lead_goes_before_what_all_share_and_that_before_defaults():
    shared = CONFIGURATION | {"request_data": {"day": "Monday", "clinic": "Ours", "wait": ""}}
    defaults = {"clinic": "None", "wait": "One moment.", "day": "Sunday"}
    data = lead_variables.filling(shared, LEAD, defaults).request_data
    assert (data["day"], data["clinic"], data["wait"]) == ("Tuesday", "Ours", "One moment.")


def test_numbers_of_the_call_need_no_value():
    assert faults({"task": "{{caller_number}} calls {{called_number}}."}) == []


def test_a_call_says_what_was_put_together():
    defaults = {"clinic": "Main Street", "wait": "One moment."}
    data = lead_variables.filling(CONFIGURATION, LEAD, defaults).request_data
    wanted = CallRequest.from_mapping(
        {**CONFIGURATION, "phone_number": LEAD["phone_number"], "request_data": data}
    )
    said = variables.filled(wanted, {})
    assert said.task == "Call Ann about Tuesday."
    assert said.voicemail["message"] == "Call Main Street back, Ann."
    assert said.tools[0]["description"] == "Finds orders of Ann."
    assert said.tools[0]["speak_while_waiting"] == "One moment."
    assert wanted.voicemail == CONFIGURATION["voicemail"]
    assert variables.filled(variables.protected(said), {}) == said
