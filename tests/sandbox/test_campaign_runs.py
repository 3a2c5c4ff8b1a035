"""A campaign of the running product, from the list to its end."""

from datetime import datetime, timedelta

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


def test_refusals_are_read_whole_and_not_taken_for_a_persons_word(product, key):
    """A network that blocks (603, its phrase and Reason), and a carrier with its Retry-After."""
    names = {"blocked": "Eve", "overloaded": "Fay"}
    list_id = product.request("POST", "/v1/lists", {"name": "Refused"}, key).body["id"]
    leads = [
        {"phone_number": NUMBERS[scenario], "name": name, "metadata": {"day": "Friday"}}
        for scenario, name in names.items()
    ]
    body = {"list_id": list_id, "leads": leads}
    assert product.request("POST", "/v1/leads/bulk", body, key).status == 200
    made = product.request("POST", "/v1/campaigns", CAMPAIGN | {"list_ids": [list_id]}, key)
    path = f"/v1/campaigns/{made.body['id']}"
    product.request("POST", f"{path}/start", None, key)

    def told(now):
        return len([one for one in now["data"] if one["last_outcome"]]) == 2

    contacts = product.wait_at(f"{path}/contacts", told, key, 120)["data"]
    found = {contact["name"]: contact for contact in contacts}
    product.request("POST", f"{path}/stop", None, key)

    assert found["Eve"]["last_outcome"] == "blocked_by_network"
    assert found["Fay"]["last_outcome"] == "trunk_busy"
    dials = {}
    for name in names.values():
        shown = product.request("GET", f"{path}/contacts/{found[name]['lead_id']}", None, key).body
        call = product.request("GET", f"/v1/calls/{shown['attempts'][0]['call_id']}", None, key)
        dials[name] = (call.body, call.body["routing"][0])
    call, dial = dials["Eve"]
    assert (call["call_status"], dial["sip_phrase"]) == ("failed", "Network Blocked")
    assert "https://who.example/redress" in call["error_message"]
    _, dial = dials["Fay"]
    waits = datetime.fromisoformat(dial["retry_at"]) - datetime.fromisoformat(dial["ended_at"])
    assert waits == timedelta(seconds=900)
    later = datetime.fromisoformat(found["Fay"]["next_at"])
    assert later >= datetime.fromisoformat(dial["retry_at"]) - timedelta(seconds=1)


def test_a_campaign_with_an_empty_list_is_not_started(product, key):
    list_id = product.request("POST", "/v1/lists", {"name": "Nobody"}, key).body["id"]
    made = product.request("POST", "/v1/campaigns", CAMPAIGN | {"list_ids": [list_id]}, key)

    answer = product.request("POST", f"/v1/campaigns/{made.body['id']}/start", None, key)

    assert answer.status == 409
    assert [problem["path"] for problem in answer.body["problems"]] == ["list_ids"]


def test_nobody_is_lost_for_want_of_a_number_that_can_be_shown(product, key):
    """First none can be shown, then one that looks like a neighbour's; then there is another."""
    numbers_key = product.new_key("phone_numbers:read,phone_numbers:write")
    callee = NUMBERS["hangs up"]
    off, near, other = "+13055550161", f"{callee[:8]}0999", "+13055550162"
    row = product.request("POST", "/v1/phone-numbers", {"number": off}, numbers_key).body
    switched = {"status": "inactive"}
    product.request("PATCH", f"/v1/phone-numbers/{row['id']}", switched, numbers_key)
    list_id = product.request("POST", "/v1/lists", {"name": "Numbers"}, key).body["id"]
    lead = {"phone_number": callee, "name": "Ann", "metadata": {"day": "Tuesday"}}
    body = {"list_id": list_id, "leads": [lead]}
    assert product.request("POST", "/v1/leads/bulk", body, key).status == 200
    pool = {"numbers": [off], "local_presence": True}
    wanted = CAMPAIGN | {"list_ids": [list_id], "from_numbers": pool}
    path = f"/v1/campaigns/{product.request('POST', '/v1/campaigns', wanted, key).body['id']}"
    product.request("POST", f"{path}/start", None, key)

    paused = product.wait_at(path, lambda now: now["status"] == "paused", key, 60)
    assert paused["paused_for"]["code"] == "numbers_unusable"
    assert f"{off} is switched off" in paused["paused_for"]["detail"]
    assert paused["statistics"]["contacts"]["waiting"] == 1

    changes = {"from_numbers": {"numbers": [off, near]}}
    assert product.request("PATCH", path, changes, key).status == 200
    product.request("POST", f"{path}/resume", None, key)
    held = product.wait_at(path, lambda now: now["statistics"]["contacts"]["held"], key, 60)
    (reason,) = held["statistics"]["held_for"]
    assert reason.startswith("number_neighbour: ")
    assert (held["status"], held["statistics"]["forecast"]["reason"]) == ("running", "held")

    changes = {"from_numbers": {"numbers": [off, near, other]}}
    assert product.request("PATCH", path, changes, key).status == 200
    over = product.wait_at(path, lambda now: now["status"] == "completed", key, 120)
    assert over["statistics"]["contacts"]["done"] + over["statistics"]["contacts"]["given_up"] == 1
    contacts = product.request("GET", f"{path}/contacts", None, key).body["data"]
    shown = product.request("GET", f"{path}/contacts/{contacts[0]['lead_id']}", None, key).body
    assert [one["from_number"] for one in shown["attempts"]] == [other]
