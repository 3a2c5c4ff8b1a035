"""A campaign of the running product, from the list to its end."""

import pytest
from scenarios import NUMBERS

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(240)]

SCOPES = "calls:read,leads:read,leads:write,campaigns:read,campaigns:write"
PEOPLE = {
    "hangs up": "Ann",
    "busy": "Ben",
    "rejected": "Cleo",
}
CAMPAIGN = {
    "name": "Reminders",
    "call": {
        "task": "Remind {{name}} of the appointment on {{day}}.",
        "first_sentence": "Hello {{name}}, this is Bright Smile Dental.",
        "max_duration": 1,
    },
    "retry": {"outcomes": {name: {"max": 0} for name in ("busy", "rejected", "short_talk")}},
    "conversion_outcomes": ["booked"],
}


@pytest.fixture(scope="module")
def key(product):
    return product.new_key(SCOPES)


@pytest.fixture(scope="module")
def campaign(product, key):
    """Run to its end: three people who can be called, one whose text lacks a word."""
    list_id = product.request("POST", "/v1/lists", {"name": "Patients"}, key).body["id"]
    people = [
        {"phone_number": NUMBERS[scenario], "name": name, "metadata": {"day": "Tuesday"}}
        for scenario, name in PEOPLE.items()
    ]
    people.append({"phone_number": NUMBERS["talk"], "name": "Dan"})
    body = {"list_id": list_id, "leads": people}
    assert product.request("POST", "/v1/leads/bulk", body, key).status == 200
    made = product.request("POST", "/v1/campaigns", CAMPAIGN | {"list_ids": [list_id]}, key)
    assert made.status == 201, made.body
    path = f"/v1/campaigns/{made.body['id']}"
    assert product.request("POST", f"{path}/start", None, key).body["status"] == "running"
    return product.wait_at(path, lambda now: now["status"] == "completed", key, 120)


def test_it_ends_by_itself_when_nobody_is_left(campaign):
    counts = campaign["statistics"]["contacts"]

    assert campaign["ended_for"]["code"] == "completed"
    assert (counts["total"], counts["waiting"], counts["in_flight"]) == (4, 0, 0)
    assert counts["skipped"] == 1


def test_each_person_has_one_call_by_their_own_words(product, key, campaign):
    path = f"/v1/campaigns/{campaign['id']}/contacts"
    contacts = product.request("GET", path, None, key).body["data"]
    found = {contact["name"]: contact for contact in contacts}

    assert found["Dan"]["reason"] == "missing_variables: day"
    outcomes = {name: found[name]["last_outcome"] for name in PEOPLE.values()}
    assert outcomes == {"Ann": "short_talk", "Ben": "busy", "Cleo": "rejected"}
    for name in PEOPLE.values():
        shown = product.request("GET", f"{path}/{found[name]['lead_id']}", None, key).body
        (attempt,) = shown["attempts"]
        call = product.request("GET", f"/v1/calls/{attempt['call_id']}", None, key).body
        assert call["campaign_id"] == campaign["id"]
        assert call["lead_id"] == found[name]["lead_id"]


def test_a_campaign_with_an_empty_list_is_not_started(product, key):
    list_id = product.request("POST", "/v1/lists", {"name": "Nobody"}, key).body["id"]
    made = product.request("POST", "/v1/campaigns", CAMPAIGN | {"list_ids": [list_id]}, key)

    answer = product.request("POST", f"/v1/campaigns/{made.body['id']}/start", None, key)

    assert answer.status == 409
    assert [problem["path"] for problem in answer.body["problems"]] == ["list_ids"]
