"""Leads and lists: made or attached, found, changed and deleted; accounts are apart."""

import factories
import pytest
from api_client import fault_paths

from topcalls.store.current import current

pytestmark = pytest.mark.service
pytest_plugins = ("api_fixtures",)

NUMBER, OTHER = "+12025550112", "+12025550113"
NOBODY = "00000000-0000-4000-8000-000000000000"
LEADS, LISTS = "/v1/leads", "/v1/lists"


@pytest.fixture
def list_id(api):
    return new_list(api)


def new_list(api, name="Spring", **options):
    made = api.post(LISTS, json={"name": name}, **options)
    assert made.status_code == 201
    return made.json["id"]


def send(api, list_id, number=NUMBER, **fields):
    body = {"name": "Ann", "phone_number": number, "list_id": list_id, **fields}
    return api.post(LEADS, json=body)


def stranger(api):
    """A key of another account."""
    other = factories.principal(api.services, name="Other")
    return api.key("leads:read", "leads:write", account_id=other.account_id)


# --- one lead


def test_a_lead_is_made_once_and_then_attached(api, list_id):
    made = send(api, list_id, tags=["a", "a", "b"], time_zone="America/New_York", region="US-DC")
    assert made.status_code == 201
    lead = made.json
    assert (lead["existed"], lead["status"], lead["tags"]) == (False, "New", ["a", "b"])
    assert (lead["time_zone"], lead["region"]) == ("America/New_York", "US-DC")
    second = new_list(api, "Summer")
    again = send(api, second, name="Bo", tags=["c"], email="bo@example.com", notes="x")
    assert again.status_code == 200
    assert again.json == lead | {"existed": True, "list_ids": sorted([list_id, second])}
    assert send(api, second).json == again.json
    del again.json["existed"]
    assert api.get(f"{LEADS}/{lead['id']}").json == {
        name: value for name, value in again.json.items() if name != "existed"
    }


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"name": " "}, "name"),
        ({"name": None}, "name"),
        ({"phone_number": "12"}, "phone_number"),
        ({"status": "Sold"}, "status"),
        ({"time_zone": "Mars/Base"}, "time_zone"),
        ({"list_id": "spring"}, "list_id"),
        ({"tag": ["x"]}, "tag"),
    ],
)
def test_what_is_no_lead_is_refused_by_name(api, list_id, fields, path):
    body = {"name": "Ann", "phone_number": NUMBER, "list_id": list_id, **fields}
    refused = api.post(LEADS, json=body)
    assert refused.status_code == 400
    assert fault_paths(refused) == [path]
    assert api.get(LEADS).json["items"] == []


def test_a_lead_needs_a_list_of_its_own_account(api, list_id):
    assert send(api, NOBODY).status_code == 404
    theirs = new_list(api, "Theirs", token=stranger(api))
    assert send(api, theirs).status_code == 404
    assert api.get(LEADS).json["items"] == []


def test_a_lead_is_changed_in_what_is_given(api, list_id):
    lead = send(api, list_id, notes="Old.", tags=["a"], email="a@example.com").json
    at = f"{LEADS}/{lead['id']}"
    changed = api.send("PATCH", at, json={"status": "Converted", "email": None, "tags": ["b"]})
    assert changed.status_code == 200
    assert (changed.json["email"], changed.json["tags"]) == (None, ["b"])
    assert changed.json["converted_at"] is not None
    assert [lead["id"] for lead in api.get(f"{LEADS}?tag=b").json["items"]] == [lead["id"]]
    assert api.get(f"{LEADS}?tag=a").json["items"] == []
    appended = api.send("PATCH", at, json={"notes_append": "More."}).json
    assert appended["notes"].startswith("Old.\n[")
    assert appended["notes"].endswith("] More.")
    for body in ({}, {"name": ""}, {"notes": "a", "notes_append": "b"}, {"tags": None}):
        assert api.send("PATCH", at, json=body).status_code == 400
    most = api.send("PATCH", at, json={"notes": "x" * 20_000})
    assert most.status_code == 200
    too_long = api.send("PATCH", at, json={"notes_append": "y"})
    assert fault_paths(too_long) == ["notes_append"]


def test_a_number_belongs_to_one_lead(api, list_id):
    lead = send(api, list_id).json
    send(api, list_id, OTHER)
    refused = api.send("PATCH", f"{LEADS}/{lead['id']}", json={"phone_number": OTHER})
    assert refused.status_code == 409
    free = api.send("PATCH", f"{LEADS}/{lead['id']}", json={"phone_number": "+12025550114"})
    assert free.json["phone_number"] == "+12025550114"


def test_a_lead_goes_off_a_list_and_with_its_last_one_altogether(api, list_id):
    second = new_list(api, "Summer")
    lead = send(api, list_id).json
    send(api, second)
    at = f"{LEADS}/{lead['id']}"
    assert api.send("DELETE", f"{at}?list_id={second}").status_code == 204
    assert api.send("DELETE", f"{at}?list_id={second}").status_code == 404
    assert api.get(at).json["list_ids"] == [list_id]
    assert api.send("DELETE", f"{at}?list_id={list_id}").status_code == 204
    assert api.get(at).status_code == 404


def test_calls_of_a_deleted_lead_stay_without_it(api, list_id):
    lead = send(api, list_id, tags=["a"]).json
    call = factories.queued_call(api.services, api.owner)
    given = "UPDATE call SET lead_id = '{}' WHERE id = '{}'".format(lead["id"], call.id)
    api.services.db.run(lambda: current().peewee.execute_sql(given) and None)
    assert api.get(f"/v1/calls/{call.id}").json["lead_id"] == lead["id"]
    assert api.send("DELETE", f"{LEADS}/{lead['id']}").status_code == 204
    assert api.get(f"/v1/calls/{call.id}").json["lead_id"] is None
    assert send(api, list_id).json["existed"] is False


# --- many


def ids(response):
    return [lead["id"] for lead in response.json["items"]]


def test_leads_are_found_by_what_is_asked_for_and_read_in_pages(api, list_id):
    second, made = new_list(api, "Summer"), []
    for place in range(5):
        status = "Contacted" if place % 2 else "New"
        tags = ["odd"] if place % 2 else ["even", "all"]
        number = f"+1202555012{place}"
        made.append(send(api, list_id, number, status=status, tags=tags).json["id"])
        api.services.clock.advance(1)
    send(api, second, "+12025550122")
    newest = made[::-1]
    assert ids(api.get(LEADS)) == newest
    assert ids(api.get(f"{LEADS}?status=Contacted")) == newest[1::2]
    assert ids(api.get(f"{LEADS}?tag=even")) == newest[::2]
    assert ids(api.get(f"{LEADS}?list_id={second}")) == [made[2]]
    assert ids(api.get(f"{LEADS}?list_id={list_id}&status=New&tag=all")) == newest[::2]
    assert ids(api.get(f"{LEADS}?phone=%2B12025550123")) == [made[3]]
    for query in ("", "&tag=even", f"&list_id={list_id}", "&status=New"):
        found, cursor = [], ""
        while cursor is not None:
            page = api.get(f"{LEADS}?limit=2{query}{cursor and f'&cursor={cursor}'}")
            found += ids(page)
            assert page.json["has_more"] is (page.json["next_cursor"] is not None)
            cursor = page.json["next_cursor"]
        assert found == ids(api.get(f"{LEADS}?{query}"))
    for query in ("cursor=x", "limit=0", "status=Sold", "tag=", "phone=12", "list_id=x", "q=1"):
        assert api.get(f"{LEADS}?{query}").status_code == 400


# --- lists


def test_a_list_is_made_read_renamed_and_deleted(api, list_id):
    assert api.post(LISTS, json={"name": "Spring"}).status_code == 409
    assert api.post(LISTS, json={"name": " "}).status_code == 400
    second = new_list(api, "Summer")
    listed = api.get(f"{LISTS}?limit=1").json
    assert [one["id"] for one in listed["data"]] == [second]
    rest = api.get(f"{LISTS}?cursor={listed['next_cursor'].replace('+', '%2B')}").json
    assert [one["id"] for one in rest["data"]] == [list_id]
    at = f"{LISTS}/{list_id}"
    assert api.send("PATCH", at, json={"name": "Summer"}).status_code == 409
    assert api.send("PATCH", at, json={}).status_code == 400
    renamed = api.send("PATCH", at, json={"name": "Autumn", "description": "Due."}).json
    assert (renamed["name"], renamed["description"]) == ("Autumn", "Due.")
    lead = send(api, list_id).json
    assert api.get(at).json["lead_count"] == 1
    assert api.send("DELETE", at).status_code == 409
    api.send("DELETE", f"{LEADS}/{lead['id']}")
    assert api.send("DELETE", at).status_code == 204
    assert api.get(at).status_code == 404


# --- whose it is


def test_another_account_sees_and_changes_nothing(api, list_id):
    lead, token = send(api, list_id).json, stranger(api)
    for path in (f"{LEADS}/{lead['id']}", f"{LISTS}/{list_id}"):
        assert api.get(path, token=token).status_code == 404
        assert api.send("PATCH", path, json={"name": "x"}, token=token).status_code == 404
        assert api.send("DELETE", path, token=token).status_code == 404
    assert api.get(LEADS, token=token).json["items"] == []
    assert api.get(f"{LEADS}?list_id={list_id}", token=token).json["items"] == []
    assert api.get(LISTS, token=token).json["data"] == []
    assert new_list(api, "Spring", token=token)


def test_a_key_needs_the_scope(api, list_id):
    reader = api.key("leads:read")
    assert api.get(LEADS, token=reader).status_code == 200
    assert api.post(LISTS, json={"name": "x"}, token=reader).status_code == 403
    assert api.get(LISTS, token=api.key("calls:read")).status_code == 403
