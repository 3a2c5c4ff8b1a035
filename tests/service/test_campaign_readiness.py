"""A campaign is not started where the rules ask for what it lacks."""

import pytest
from campaign_rig import TASK, Rig

from topcalls.errors import Conflict
from topcalls.services import campaign_readiness

pytestmark = pytest.mark.service

FRANCE = "+33612345678"
ALL = ["registered_name", "purpose", "ai_voice", "opt_out", "recording", "callback_number", "go_on"]


@pytest.fixture
def rig(services):
    return Rig(services)


@pytest.fixture
def strict(rig):
    rig.services.compliance_terms.change(rig.account_id, {"enforcement": "enforce"})
    return rig


def people(rig, *numbers):
    made = rig.services.lead_lists.create(rig.account_id, {"name": "People"}).id
    body = {"list_id": made, "leads": [{"phone_number": number} for number in numbers]}
    rig.services.lead_imports.run(rig.account_id, body)
    return made


def codes(faults):
    return [(fault.path, fault.code) for fault in faults]


def unrecorded(rig, *numbers, **more):
    call = {"task": TASK, "recording": {"enabled": False}}
    return rig.campaign(people(rig, *numbers), call=call, **more)


def test_an_opening_that_lacks_a_part_keeps_it_from_being_started(strict):
    made = unrecorded(strict, FRANCE, compliance={"slots": ["purpose"]})
    found = strict.control("check", made)
    assert not found.ready
    lacking = [fault for fault in found.problems if fault.code == "disclosure_missing"]
    assert lacking
    assert {fault.path for fault in lacking} == {"compliance.slots"}
    assert any("'ai_voice'" in fault.message for fault in lacking)
    with pytest.raises(Conflict) as caught:
        strict.control("start", made)
    assert caught.value.extra["problems"][0]["code"] == "disclosure_missing"


def test_a_whole_opening_may_begin(strict):
    made = unrecorded(strict, FRANCE, "+12125550123", compliance={"slots": ALL})
    found = strict.control("check", made)
    assert (found.ready, list(found.problems), list(found.warnings)) == (True, [], [])


def test_a_recording_that_nobody_is_told_of(strict):
    call = {"task": TASK, "recording": {"enabled": True}}
    made = strict.campaign(people(strict, "+14155550123"), call=call, compliance={"slots": ALL})
    found = strict.control("check", made)
    assert ("call.recording", "recording_notice_missing") in codes(found.problems)


@pytest.mark.parametrize("number", ["+16045550123", "+14035550123", "+12045550123"])
def test_zone_data_that_is_too_old_for_where_people_are(strict, monkeypatch, number):
    monkeypatch.setattr(campaign_readiness, "data_version", lambda: "2025b")
    made = unrecorded(strict, number, compliance={"slots": ALL})
    found = strict.control("check", made)
    assert ("time_zone_data", "time_zone_data_old") in codes(found.problems)
    with pytest.raises(Conflict):
        strict.control("start", made)


def test_where_the_rules_are_only_recorded_it_is_a_warning(rig):
    made = unrecorded(rig, FRANCE, compliance={"slots": ["purpose"]})
    found = rig.control("check", made)
    assert (found.ready, list(found.problems)) == (True, [])
    assert "disclosure_missing" in [fault.code for fault in found.warnings]
    assert rig.control("start", made).status == "running"


def test_contacts_of_no_list_count_too(strict):
    listed = people(strict, FRANCE)
    made = strict.campaign(compliance={"slots": []}, call={"task": TASK})
    lead_ids = strict.lead_ids(listed)
    strict.services.campaign_contacts.add(strict.account_id, made.id, lead_ids)
    found = strict.control("check", made)
    assert "disclosure_missing" in [fault.code for fault in found.problems]
