"""Leads: what is refused, and what becomes of one that is sent again."""

from datetime import UTC, datetime

import pytest

from topcalls import ids
from topcalls.core import leads, local_times, phone_numbers
from topcalls.core.leads import ImportMode, LeadStatus

pytestmark = pytest.mark.unit
NOW = datetime(2030, 1, 31, 9, 30, tzinfo=UTC)
NUMBER = "+12025550112"


def body(**fields):
    return {"name": "Ann", "phone_number": NUMBER, **fields}


def lead(**columns):
    common = {"name": "Ann", "email": None, "status": "New", "notes": None, "tags": []}
    return {**common, "metadata": {}, "time_zone": None, "region": None, **columns}


def merge(old, mode=ImportMode.MERGE, **fields):
    return leads.merged(old, leads.draft_of(body(**fields), NOW), mode, NOW)


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({}, []),
        ({"name": None}, [("name", "required")]),
        ({"name": "x" * 201}, [("name", "length")]),
        ({"name": 5}, [("name", "invalid_type")]),
        ({"phone_number": "2025550112"}, [("phone_number", "not_e164")]),
        ({"phone_number": "+1 202 555 0112"}, [("phone_number", "not_e164")]),
        ({"phone_number": "+9995550112"}, [("phone_number", "unknown_country_code")]),
        ({"phone_number": "+12025"}, [("phone_number", "impossible_number")]),
        ({"phone_number": "+120255501"}, [("phone_number", "impossible_number")]),
        ({"phone_number": 12025550112}, [("phone_number", "not_e164")]),
        ({"email": "ann@example.com"}, []),
        ({"email": "ann"}, [("email", "format")]),
        ({"email": "ann@example"}, [("email", "format")]),
        ({"email": "a" * 250 + "@example.com"}, [("email", "format")]),
        ({"status": "new"}, [("status", "invalid")]),
        ({"status": ["New"]}, [("status", "invalid")]),
        ({"notes": "x" * 20_001}, [("notes", "length")]),
        ({"notes": "a", "notes_append": "b"}, [("notes_append", "conflict")]),
        ({"tags": "spring"}, [("tags", "invalid_type")]),
        ({"tags": ["spring", 5]}, [("tags", "invalid_type")]),
        ({"tags": [" "]}, [("tags", "length")]),
        ({"tags": ["x" * 65]}, [("tags", "length")]),
        ({"tags": ["x"] * 51}, [("tags", "length")]),
        ({"metadata": []}, [("metadata", "invalid_type")]),
        ({"metadata": {"x": "y" * 17_000}}, [("metadata", "too_large")]),
        ({"time_zone": "America/New_York"}, []),
        ({"time_zone": "America/Gotham"}, [("time_zone", "unknown_zone")]),
        ({"time_zone": "../../etc/passwd"}, [("time_zone", "unknown_zone")]),
        ({"time_zone": "America"}, [("time_zone", "unknown_zone")]),
        ({"region": "US"}, []),
        ({"region": "US-CA"}, []),
        ({"region": "us"}, [("region", "format")]),
        ({"region": "ZZ"}, [("region", "format")]),
        ({"region": "US-California"}, [("region", "format")]),
    ],
)
def test_what_is_no_lead_is_told_with_its_field(fields, wrong):
    found = leads.faults(body(**fields), needed=("name", "phone_number"))
    assert [(fault.path, fault.code) for fault in found] == wrong


def test_a_number_is_kept_in_one_form():
    draft = leads.draft_of(body(phone_number="+4402079460123"), NOW)
    assert draft.phone_number == "+442079460123"
    assert phone_numbers.normal("(202) 555-0112", "US") == NUMBER
    assert phone_numbers.normal("(202) 555-0112") is None
    assert phone_numbers.normal("+1 202 555 0112 ext. 5") is None
    assert phone_numbers.normal("call me", "US") is None


def test_notes_that_are_appended_stand_under_their_time():
    draft = leads.draft_of(body(notes_append="Call in May."), NOW)
    assert draft.notes == "[2030-01-31T09:30:00Z] Call in May."
    assert leads.appended_notes("Old.", " ", NOW) == "Old."


# --- sent again


def test_merging_appends_notes_joins_tags_and_leaves_the_rest():
    old = lead(notes="Old.", tags=["a", "b"])
    changes = merge(old, name="Bo", notes="New.", tags=["b", "c"], status="Contacted")
    assert changes == {"notes": "Old.\n[2030-01-31T09:30:00Z] New.", "tags": ["a", "b", "c"]}
    assert merge(old, name="Bo", tags=["a"]) == {}


def test_skipping_changes_nothing():
    assert merge(lead(), ImportMode.SKIP, notes="New.", tags=["x"], name="Bo") == {}


def test_overwriting_changes_what_was_brought_and_no_more():
    old = lead(email="a@example.com", tags=["a"], metadata={"x": 1, "y": 2})
    changes = merge(old, ImportMode.OVERWRITE, name="Bo", metadata={"y": 3}, status="Converted")
    assert changes == {
        "name": "Bo",
        "metadata": {"x": 1, "y": 3},
        "status": LeadStatus.CONVERTED,
        "converted_at": NOW,
    }


@pytest.mark.parametrize("mode", list(ImportMode))
def test_no_import_takes_back_that_somebody_unsubscribed(mode):
    assert "status" not in merge(lead(status="Unsubscribed"), mode, status="New")


def test_a_change_says_when_a_lead_was_converted():
    assert leads.changed(lead(), {"status": "Converted"}, NOW)["converted_at"] == NOW
    converted = lead(status="Converted")
    assert leads.changed(converted, {"status": "New"}, NOW)["converted_at"] is None
    assert "converted_at" not in leads.changed(converted, {"status": "Converted"}, NOW)
    assert leads.changed(lead(email="a@b.cd"), {"email": None}, NOW) == {"email": None}


# --- parts


def test_ids_sort_by_time_and_place():
    made = ids.ordered_ids(NOW, 2_000)
    later = ids.ordered_ids(NOW.replace(minute=31), 2)
    assert made + later == sorted({*made, *later})
    assert {value[14] for value in made} == {"7"}
    assert all(value[19] in "89ab" for value in made)


@pytest.mark.parametrize(
    ("name", "is_zone"),
    [
        ("UTC", True),
        ("Etc/GMT+5", True),
        ("", False),
        ("/etc", False),
        ("a b", False),
        ("x" * 300, False),
    ],
)
def test_zones_are_known_by_name(name, is_zone):
    assert local_times.is_zone(name) is is_zone
