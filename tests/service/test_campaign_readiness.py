"""A campaign is not started where the rules ask for what it lacks."""

import factories
import pytest
from campaign_rig import OPENING, TASK, Rig

from topcalls.errors import Conflict, NotCallable
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
    call = {"task": TASK, "first_sentence": OPENING, "recording": {"enabled": False}}
    call |= more.pop("call", {})
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


@pytest.mark.parametrize(
    ("first_sentence", "seller", "unsaid"),
    [
        (OPENING, "Bright Smile", set()),
        (OPENING, "Grim Smile", {"registered_name"}),
        ("Hello, this is Rachel of Bright Smile.", "Bright Smile",
         {"ai_voice", "opt_out", "callback_number"}),
        (None, "Bright Smile", {"registered_name", "ai_voice", "opt_out", "callback_number"}),
    ],
)  # fmt: skip
def test_what_is_stated_has_to_be_said(strict, first_sentence, seller, unsaid):
    made = unrecorded(
        strict,
        FRANCE,
        "+12125550123",
        call={"first_sentence": first_sentence},
        compliance={"slots": ALL, "seller": seller},
    )
    found = strict.control("check", made)
    told = [one for one in found.problems if one.code == "disclosure_not_said"]
    assert {one.path for one in found.problems} <= {"call.first_sentence"}
    assert {slot for slot in ALL if any(f"'{slot}'" in one.message for one in told)} == unsaid
    assert all("compliance.said" in one.message for one in told)
    assert found.ready is not bool(unsaid)


def test_words_that_are_not_known_are_named(strict):
    spoken = OPENING.replace("an AI assistant", "the digital helper")
    made = unrecorded(strict, FRANCE, call={"first_sentence": spoken}, compliance={"slots": ALL})
    assert not strict.control("check", made).ready
    strict.edit(made, compliance={"said": {"ai_voice": "digital helper"}})
    assert strict.control("check", made).ready
    wrong = strict.services.campaigns.faults(
        strict.account_id,
        {**made.body, "name": "Spring", "compliance": {"said": {"opening": "x"}}},
        strict.clock.now(),
    )
    assert [fault.path for fault in wrong] == ["compliance.said.opening"]


def test_a_call_that_does_not_say_it_is_not_made_though_it_is_stated(strict):
    """An edit after the start: the contact is held, and the field is told."""
    strict.clock.advance(5 * 3600)
    policy = {"policy": {"require_scrubs": False}, "slots": ALL}
    strict.services.compliance_terms.change(strict.account_id, policy)
    with pytest.raises(NotCallable) as refused:
        factories.queued_call(strict.services, strict.who, phone_number="+12125550123")
    assert refused.value.extra["rule"] == "US.voice.identify"
    assert "'first_sentence'" in refused.value.remedy
    assert "('callback_number')" in refused.value.remedy
    said = factories.queued_call(
        strict.services, strict.who, phone_number="+12125550123", first_sentence=OPENING
    )
    assert said.status == "queued"
