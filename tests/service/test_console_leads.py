"""The console's pages about leads and lists: found, made, changed, uploaded, deleted."""

import re
from html import unescape
from io import BytesIO

import pytest
from console_rig import ON_SQLITE, Reader

from topcalls.console import sessions

pytest_plugins = ("api_fixtures", "console_fixtures")
pytestmark = [pytest.mark.service, ON_SQLITE]
SCRIPT = "<script>alert(1)</script>"
NUMBER = "+12025550143"


@pytest.fixture
def list_id(api):
    return api.post("/v1/lists", json={"name": "Spring people"}).json["id"]


def a_lead(api, list_id, **fields):
    body = {"name": "Ann Archer", "phone_number": NUMBER, "list_id": list_id, **fields}
    made = api.post("/v1/leads", json=body)
    assert made.status_code in (200, 201), made.text
    return made.json["id"]


def shown(api, lead):
    return api.get(f"/v1/leads/{lead}").json


def people(api, list_id, count):
    leads = [{"phone_number": f"+1202555{n:04}", "name": f"Person {n}"} for n in range(count)]
    api.post("/v1/leads/bulk", json={"list_id": list_id, "leads": leads})


def uploaded(reader, list_id, text, **form):
    """Send a file as a browser does, after its page was read."""
    file = (BytesIO(text.encode()), "leads.csv")
    return reader.send(
        f"/lists/{list_id}/upload", {"file": file, **form}, since=f"/lists/{list_id}"
    )


def worked(api):
    """Do what a worker does, until nothing is left."""
    jobs, clock = api.services.lead_jobs, api.services.clock
    while due := jobs.due(clock.now()):
        for taken in due:
            jobs.run(taken)


# --- leads


def test_an_account_without_leads_is_told_what_to_do_first(reader):
    assert "No leads yet." in reader.read("/leads")
    assert "No lists yet." in reader.read("/lists")


def test_leads_are_found_by_list_status_tag_and_number(api, reader, list_id):
    a_lead(api, list_id, tags=["spring"], status="Contacted")
    other = api.post("/v1/lists", json={"name": "Other"}).json["id"]
    for query, is_there in (
        ("", True),
        (f"?list_id={list_id}&status=&tag=&phone=", True),
        (f"?list_id={other}", False),
        ("?status=Contacted", True),
        ("?status=New", False),
        ("?tag=spring", True),
        ("?tag=autumn", False),
        ("?phone=%2B12025550143", True),
        ("?phone=%2B12025550144", False),
    ):
        page = reader.read(f"/leads{query}")
        assert ("Ann Archer" in page) == is_there, query
        assert ("Nobody is like that." in page) != is_there, query
    assert NUMBER not in reader.read("/leads")


def test_a_search_that_is_not_right_is_told_and_kept(reader):
    answer = reader.open("/leads?phone=12")
    assert answer.status_code == 400
    assert 'id="phone-fault"' in answer.text
    assert 'value="12"' in answer.text


def test_a_long_list_comes_page_by_page(api, reader, list_id):
    people(api, list_id, 120)
    seen = set()
    path = f"/leads?list_id={list_id}"
    while path:
        page = reader.open(path).text
        rows = re.findall(r"/console/leads/([0-9a-f-]{36})", page)
        assert 0 < len(rows) <= 50
        assert not seen & set(rows)
        seen |= set(rows)
        older = re.search(r'href="/console([^"]+)" rel="next"', page)
        path = unescape(older.group(1)) if older else None
    assert len(seen) == 120


def test_a_lead_is_made_on_a_list(api, reader, list_id):
    form = {
        "name": "Ann Archer",
        "phone_number": NUMBER,
        "list_id": list_id,
        "tags": "spring\r\nvip",
        "metadata": '{"appointment_date": "Tuesday at ten"}',
    }
    answer = reader.send("/leads", form, since=f"/leads/new?list_id={list_id}")
    assert answer.status_code == 303, answer.text
    lead = shown(api, answer.headers["Location"].rpartition("/")[2])
    assert lead["tags"] == ["spring", "vip"]
    assert lead["metadata"] == {"appointment_date": "Tuesday at ten"}
    assert lead["list_ids"] == [list_id]
    again = reader.send("/leads", form | {"name": "Other"}, since="/leads/new")
    assert again.headers["Location"] == answer.headers["Location"]
    assert "There was a lead of this number." in reader.read("/leads")


def test_a_wrong_lead_is_told_field_by_field_and_kept(api, reader, list_id):
    form = {"name": SCRIPT, "phone_number": "12", "list_id": list_id, "region": "Mars"}
    answer = reader.send("/leads", form, since="/leads/new")
    assert answer.status_code == 400
    assert 'id="phone_number-fault"' in answer.text
    assert SCRIPT not in answer.text
    assert unescape(answer.text).count(f'value="{SCRIPT}"') == 1
    assert api.get("/v1/leads").json["items"] == []


def test_variables_that_are_no_json_are_told(reader, list_id):
    form = {"name": "Ann", "phone_number": NUMBER, "list_id": list_id, "metadata": "{"}
    answer = reader.send("/leads", form, since="/leads/new")
    assert answer.status_code == 400
    assert "Is no JSON" in answer.text


def test_a_lead_is_shown_with_what_hangs_on_it(api, reader, list_id):
    lead = a_lead(api, list_id, metadata={"door": "2"}, notes="Rings twice.")
    api.post("/v1/do-not-call", json={"phone_number": NUMBER, "reason": "Asked by letter."})
    consent = {
        "phone_number": NUMBER,
        "kind": "express",
        "source": "web form",
        "captured_at": "2026-10-02T09:12:00Z",
    }
    assert api.post("/v1/consents", json=consent).status_code == 201
    page = reader.read(f"/leads/{lead}")
    for words in ("Spring people", "door", "Rings twice.", "Asked by letter.", "web form"):
        assert words in page
    assert NUMBER not in page


def test_a_lead_is_changed_and_keeps_what_was_not_touched(api, reader, list_id):
    lead = a_lead(api, list_id, tags=["spring"], email="ann@example.com", metadata={"door": "2"})
    page = reader.open(f"/leads/{lead}/edit").text
    assert NUMBER not in page
    form = {
        "name": "Ann Baker",
        "status": "Contacted",
        "tags": "",
        "email": "",
        "metadata": '{"door": "2"}',
        "notes_append": "Called back.",
    }
    answer = reader.send(f"/leads/{lead}/edit", form)
    assert answer.status_code == 303, answer.text
    after = shown(api, lead)
    assert (after["name"], after["status"], after["phone_number"]) == (
        "Ann Baker",
        "Contacted",
        NUMBER,
    )
    assert (after["tags"], after["email"], after["metadata"]) == ([], None, {"door": "2"})
    assert after["notes"].endswith("Called back.")


def test_a_change_that_is_refused_is_told_at_its_field(api, reader, list_id):
    lead = a_lead(api, list_id)
    form = {"name": "Ann Archer", "status": "New", "email": "nowhere", "time_zone": "Mars"}
    answer = reader.send(f"/leads/{lead}/edit", form, since=f"/leads/{lead}/edit")
    assert answer.status_code == 400
    assert 'id="email-fault"' in answer.text
    assert 'value="nowhere"' in answer.text
    assert shown(api, lead)["time_zone"] is None


def test_a_lead_goes_off_a_list_or_for_good(api, reader, list_id):
    other = api.post("/v1/lists", json={"name": "Other"}).json["id"]
    lead = a_lead(api, list_id)
    a_lead(api, other)
    page = f"/leads/{lead}"
    reader.send(f"{page}/delete", {"list_id": other}, since=page)
    assert shown(api, lead)["list_ids"] == [list_id]
    reader.send(f"{page}/delete", since=page)
    assert reader.open(page).status_code == 404


def test_script_in_a_name_is_text(api, reader, list_id):
    fields = {"name": SCRIPT, "notes": SCRIPT, "tags": [SCRIPT], "metadata": {"x": SCRIPT}}
    lead = a_lead(api, list_id, **fields)
    for path in ("/leads", f"/leads/{lead}", f"/leads/{lead}/edit"):
        page = reader.open(path).text
        assert SCRIPT not in page
        assert "&lt;script&gt;" in page


# --- lists


def test_a_list_is_made_named_and_deleted(api, reader):
    answer = reader.send("/lists", {"name": "Autumn", "description": "Due"}, since="/lists")
    path = answer.headers["Location"].removeprefix("/console")
    assert "Nobody is on it yet." in reader.read(path)
    assert reader.send(path, {"name": "Winter", "description": ""}).status_code == 303
    (one,) = api.get("/v1/lists").json["data"]
    assert (one["name"], one["description"]) == ("Winter", None)
    reader.send(f"{path}/delete", since=path)
    assert api.get("/v1/lists").json["data"] == []


def test_a_name_that_is_taken_is_told_and_kept(api, reader, list_id):
    answer = reader.send("/lists", {"name": "Spring people"}, since="/lists")
    assert answer.status_code == 409
    assert "note fault" in answer.text
    assert 'value="Spring people"' in answer.text
    other = api.post("/v1/lists", json={"name": "Other"}).json["id"]
    page = f"/lists/{other}"
    answer = reader.send(page, {"name": "Spring people"}, since=page)
    assert answer.status_code == 409


def test_a_list_with_people_is_not_deleted_before_they_are(api, reader, list_id):
    people(api, list_id, 3)
    page = f"/lists/{list_id}"
    reader.send(f"{page}/delete", since=page)
    assert "note fault" in reader.read(page)
    reader.send("/leads/delete-many", {"list_id": list_id}, since=page)
    assert "3 leads are deleted." in reader.read(page)
    reader.send(f"{page}/delete", since=page)
    assert api.get("/v1/lists").json["data"] == []


def test_many_are_deleted_by_a_job_that_is_followed(api, reader, list_id):
    people(api, list_id, 501)
    page = f"/leads?list_id={list_id}"
    answer = reader.send("/leads/delete-many", {"list_id": list_id}, since=page)
    job = answer.headers["Location"].removeprefix("/console")
    assert "It waits for a worker." in reader.read(job)
    worked(api)
    assert "Done at" in reader.read(job)
    assert "Deletion of leads" in reader.read(job)


def test_nothing_is_deleted_without_saying_which(api, reader, list_id):
    a_lead(api, list_id)
    reader.send("/leads/delete-many", {}, since="/leads")
    assert "note fault" in reader.read("/leads")
    assert len(api.get("/v1/leads").json["items"]) == 1


# --- files


CSV = """phone_number,name,door
+12025550143,Ann Archer,2
12,Nobody,3
=1+1,Formula,4
"""


def test_a_file_is_uploaded_followed_and_its_refused_rows_are_told(api, reader, list_id):
    answer = uploaded(reader, list_id, CSV, mode="merge", refused_rows="skip", region="US")
    assert answer.status_code == 303, answer.text
    job = answer.headers["Location"].removeprefix("/console")
    waits = reader.open(job).text
    assert "data-refresh" in waits
    assert 'http-equiv="refresh"' in waits
    assert "You can leave this page" in waits
    assert job in reader.read("/lists")
    assert "data-finished" not in reader.read(f"{job}/progress")
    worked(api)
    assert "data-finished" in reader.read(f"{job}/progress")
    page = reader.read(job)
    assert "data-refresh" not in page
    assert re.search(r"<dt>Inserted</dt><dd>1</dd>", page)
    assert re.search(r'<td class="number">3</td><td>phone_number</td>', page)
    assert re.search(r'<td class="number">4</td><td>phone_number</td>', page)
    (lead,) = api.get("/v1/leads").json["items"]
    assert lead["metadata"] == {"door": "2"}


@pytest.mark.parametrize("text", ["", "name\nAnn\n", 'phone_number\n"+12025550143\n'])
def test_a_file_that_is_none_is_told_at_once(api, reader, list_id, text):
    answer = uploaded(reader, list_id, text)
    assert answer.status_code == 400
    assert "note fault" in answer.text


def test_a_form_without_a_file_is_told(reader, list_id):
    page = f"/lists/{list_id}"
    answer = reader.send(f"{page}/upload", {}, since=page)
    assert answer.status_code == 400
    assert "Choose a file first." in answer.text


def test_only_the_last_jobs_are_remembered(reader, list_id):
    text = "phone_number\n+12025550143\n"
    jobs = [uploaded(reader, list_id, text).headers["Location"] for _ in range(6)]
    page = reader.read("/lists")
    assert [job in page for job in jobs] == [False, *[True] * sessions.JOBS_KEPT]


# --- who may


def test_a_key_that_may_only_read_is_offered_no_change(api, list_id):
    lead = a_lead(api, list_id)
    reader = Reader(api)
    reader.sign_in(api.key("leads:read"))
    assert "New lead" not in reader.read("/leads")
    assert "Edit" not in reader.read(f"/leads/{lead}")
    assert "Upload" not in reader.read(f"/lists/{list_id}")
    assert "Make a list" not in reader.read("/lists")
    reader.send(f"/leads/{lead}/delete", since="/leads")
    assert "leads:write" in reader.read("/leads")
    assert shown(api, lead)["name"] == "Ann Archer"


def test_a_key_without_the_scope_sees_no_leads(api, list_id):
    lead = a_lead(api, list_id)
    reader = Reader(api)
    reader.sign_in(api.key("calls:read"))
    assert ">Leads</a>" not in reader.read("/calls")
    for path in ("/leads", f"/leads/{lead}", "/lists", f"/lists/{list_id}"):
        assert reader.open(path).status_code == 403


def test_a_form_from_elsewhere_deletes_nothing(api, reader, list_id):
    lead = a_lead(api, list_id)
    assert reader.browser.post(f"/console/leads/{lead}/delete").status_code == 400
    assert shown(api, lead)["name"] == "Ann Archer"


def test_who_sees_the_number_of_a_lead_is_written_down(api, reader, list_id):
    lead = a_lead(api, list_id)
    page = f"/leads/{lead}"
    assert NUMBER not in reader.read(page)
    assert reader.send(f"{page}/number", since=page).status_code == 303
    assert NUMBER in reader.read(page)
    (entry,) = api.get("/v1/account/audit").json["data"]
    assert (entry["action"], entry["subject_id"]) == ("lead_number_shown", lead)
    audit = reader.read("/keys/audit")
    assert "saw the number of a lead" in audit
    assert f"/console/leads/{lead}" in audit
    api.services.clock.advance(sessions.SHOWN_FOR.total_seconds())
    assert NUMBER not in reader.read(page)
