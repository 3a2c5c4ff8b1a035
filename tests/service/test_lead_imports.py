"""Many leads at once: imports, files and deletions, each piece done once whoever dies."""

import factories
import pytest
from api_client import fault_paths
from worker_rig import Rig

from topcalls.services import lead_deletions, lead_jobs
from topcalls.services.lead_jobs import LEASE_SECONDS, MOST_OPEN
from topcalls.services.lead_uploads import UploadOptions
from topcalls.store import lead_jobs as store

pytestmark = pytest.mark.service
pytest_plugins = ("api_fixtures",)

NOBODY = "00000000-0000-4000-8000-000000000000"
NUMBER, OTHER = "+12025550112", "+12025550113"
LEADS, LISTS = "/v1/leads", "/v1/lists"
BULK, DELETE = f"{LEADS}/bulk", f"{LEADS}/bulk-delete"


class Died(BaseException):
    """What becomes of a worker that is killed."""


@pytest.fixture
def list_id(api):
    return new_list(api, "Spring")


@pytest.fixture
def rig(api, tmp_path):
    rig = Rig(api.services, tmp_path / "queue")
    yield rig
    rig.close()


def new_list(api, name, **options):
    return api.post(LISTS, json={"name": name}, **options).json["id"]


def numbers(count):
    return [f"+1202555{n:04}" for n in range(count)]


def fill(api, list_id, leads, **fields):
    body = {"list_id": list_id, "leads": leads, **fields}
    return api.post(BULK, json=body)


def counts(response):
    assert response.status_code == 200
    told = response.json
    assert told["success"]
    assert told["total_processed"] == told["inserted"] + told["updated"] + told["duplicates"]
    return told["inserted"], told["updated"], told["duplicates"]


def lead_of(api, number):
    (lead,) = api.get(LEADS, query_string={"phone": number}).json["items"]
    return lead


def upload(api, list_id, text, query="", **options):
    data = text if isinstance(text, bytes) else text.encode()
    options.setdefault("content_type", "text/csv")
    return api.post(f"{LISTS}/{list_id}/upload?{query}", data=data, **options)


def job(api, job_id):
    return api.get(f"{LEADS}/jobs/{job_id}").json


def refusals(api, job_id):
    page = api.get(f"{LEADS}/jobs/{job_id}/refusals").json
    return [(row["line"], [fault["code"] for fault in row["errors"]]) for row in page["data"]]


def worked(api, rig, job_id, *, times=1):
    """The job once the workers have done what there was."""
    rig.look()
    rig.work(times=times)
    return job(api, job_id)


# --- imports


def test_an_import_inserts_merges_and_counts_each_lead_once(api, list_id):
    first = [{"phone_number": number, "tags": ["a"], "notes": "Old."} for number in numbers(3)]
    assert counts(fill(api, list_id, first)) == (3, 0, 0)
    second = new_list(api, "Summer")
    again = [{"phone_number": numbers(1)[0], "name": "Bo", "tags": ["b"], "notes": "New."}] * 2
    again += [{"phone_number": NUMBER, "name": "Ann"}, {"phone_number": NUMBER, "tags": ["x"]}]
    assert counts(fill(api, second, again)) == (1, 1, 2)
    merged = lead_of(api, numbers(1)[0])
    assert (merged["name"], merged["tags"]) == ("", ["a", "b"])
    assert merged["notes"].startswith("Old.\n[")
    assert sorted(merged["list_ids"]) == sorted([list_id, second])
    ann = lead_of(api, NUMBER)
    assert (ann["name"], ann["tags"], ann["list_ids"]) == ("Ann", ["x"], [second])
    found = api.get(LEADS, query_string={"tag": "x"}).json["items"]
    assert [lead["id"] for lead in found] == [ann["id"]]


def test_skipping_leaves_leads_as_they_are_but_for_the_list(api, list_id):
    fill(api, list_id, [{"phone_number": NUMBER, "name": "Ann"}])
    second = new_list(api, "Summer")
    again = [{"phone_number": NUMBER, "name": "Bo", "notes": "New."}]
    assert counts(fill(api, second, again, mode="skip")) == (0, 0, 1)
    lead = lead_of(api, NUMBER)
    assert (lead["name"], lead["notes"]) == ("Ann", None)
    assert sorted(lead["list_ids"]) == sorted([list_id, second])


def test_overwriting_replaces_what_is_given(api, list_id):
    old = {"phone_number": NUMBER, "name": "Ann", "tags": ["a"], "metadata": {"x": 1, "y": 2}}
    fill(api, list_id, [old | {"status": "Unsubscribed"}])
    again = {"phone_number": NUMBER, "tags": ["b"], "metadata": {"y": 3}, "status": "New"}
    assert counts(fill(api, list_id, [again], mode="overwrite")) == (0, 1, 0)
    lead = lead_of(api, NUMBER)
    assert (lead["name"], lead["tags"], lead["metadata"]) == ("Ann", ["b"], {"x": 1, "y": 3})
    assert lead["status"] == "Unsubscribed"
    assert api.get(LEADS, query_string={"tag": "a"}).json["items"] == []


def test_an_import_with_a_fault_imports_nothing(api, list_id):
    leads = [
        {"phone_number": NUMBER},
        {"phone_number": "12"},
        {"phone_number": OTHER, "email": "x"},
    ]
    refused = fill(api, list_id, leads)
    assert refused.status_code == 400
    assert fault_paths(refused) == ["leads.1.phone_number", "leads.2.email"]
    assert fill(api, list_id, []).status_code == 400
    assert fill(api, list_id, [{"phone_number": NUMBER}] * 2_001).status_code == 400
    assert fill(api, list_id, [{"phone_number": NUMBER}], mode="replace").status_code == 400
    fill(api, list_id, [{"phone_number": NUMBER, "notes": "x" * 19_990}])
    too_long = [{"phone_number": OTHER}, {"phone_number": NUMBER, "notes": "more"}]
    assert fault_paths(fill(api, list_id, too_long)) == ["leads.1.notes"]
    assert len(api.get(LEADS).json["items"]) == 1


def test_2000_leads_are_one_import(api, list_id):
    leads = [{"phone_number": number, "tags": ["t"]} for number in numbers(2_000)]
    assert counts(fill(api, list_id, leads)) == (2_000, 0, 0)
    assert counts(fill(api, list_id, leads)) == (0, 2_000, 0)
    assert api.get(f"{LISTS}/{list_id}").json["lead_count"] == 2_000


# --- deletions


def test_a_few_leads_are_deleted_at_once(api, list_id):
    fill(api, list_id, [{"phone_number": number} for number in numbers(5)])
    ids = [lead["id"] for lead in api.get(LEADS).json["items"]]
    told = api.post(DELETE, json={"ids": [*ids[:2], ids[0], NOBODY]})
    assert told.status_code == 200
    assert told.json == {
        "kind": "sync",
        "deleted": 2,
        "skipped": 1,
        "skipped_payload": [{"lead_id": NOBODY, "reason": "not_found"}],
    }
    chosen = {"filter": {"list_id": list_id, "status": "New"}}
    assert api.post(DELETE, json=chosen).json["deleted"] == 3
    assert api.get(LEADS).json["items"] == []


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "ids"),
        ({"ids": []}, "ids"),
        ({"ids": ["x"] * 501}, "ids"),
        ({"ids": ["x"], "filter": {"tag": "a"}}, "ids"),
        ({"filter": {}}, "filter"),
        ({"filter": {"name": "Ann"}}, "filter.name"),
        (
            {"filter": {"tag": "a"}, "account_id": NOBODY},
            "account_id",
        ),
    ],
)
def test_a_deletion_that_is_not_meant_is_refused(api, body, path):
    refused = api.post(DELETE, json=body)
    assert refused.status_code == 400
    assert fault_paths(refused) == [path]


@pytest.fixture
def small_chunks(monkeypatch):
    """Deletions of a few leads by a job."""
    monkeypatch.setattr(lead_deletions, "MOST_AT_ONCE", 2)
    monkeypatch.setattr(lead_deletions, "CHUNK", 3)


def test_many_leads_are_deleted_by_a_job_though_it_runs_twice(api, rig, list_id, small_chunks):
    fill(api, list_id, [{"phone_number": number, "tags": ["t"]} for number in numbers(8)])
    told = api.post(DELETE, json={"filter": {"tag": "t"}})
    assert told.status_code == 202
    assert told.json["kind"] == "async"
    assert (told.json["total_leads"], told.json["chunks_total"]) == (8, 3)
    api.services.clock.advance(1)
    fill(api, list_id, [{"phone_number": NUMBER, "tags": ["t"]}])  # came later: it stays
    done = worked(api, rig, told.json["job_id"], times=2)
    assert (done["status"], done["deleted"], done["progress"]) == ("completed", 8, 1.0)
    assert [lead["phone_number"] for lead in api.get(LEADS).json["items"]] == [NUMBER]
    rig.look()
    assert rig.work() == []


def test_a_job_goes_on_where_a_killed_worker_stopped(api, rig, list_id, small_chunks, monkeypatch):
    fill(api, list_id, [{"phone_number": number} for number in numbers(8)])
    job_id = api.post(DELETE, json={"filter": {"list_id": list_id}}).json["job_id"]
    services, whole = api.services, lead_deletions.note

    def die(job, now, **changes):
        whole(job, now, **changes)
        if job.chunks_done == 1:
            raise Died

    monkeypatch.setattr(lead_deletions, "note", die)
    (taken,) = services.lead_jobs.due(services.clock.now())
    with pytest.raises(Died):
        services.lead_jobs.run(taken)
    assert (job(api, job_id)["deleted"], job(api, job_id)["chunks_done"]) == (3, 1)
    monkeypatch.setattr(lead_deletions, "note", whole)
    assert services.lead_jobs.due(services.clock.now()) == []
    services.clock.advance(LEASE_SECONDS + 1)
    done = worked(api, rig, job_id)
    assert (done["status"], done["deleted"], done["chunks_done"]) == ("completed", 8, 3)


def test_a_job_that_never_gets_further_is_given_up(api, list_id, small_chunks):
    fill(api, list_id, [{"phone_number": number} for number in numbers(3)])
    job_id = api.post(DELETE, json={"filter": {"list_id": list_id}}).json["job_id"]
    for _ in range(25):
        api.services.lead_jobs.due(api.services.clock.now())
        api.services.clock.advance(LEASE_SECONDS + 1)
    failed = job(api, job_id)
    assert (failed["status"], failed["error"]["code"]) == ("failed", "given_up")


# --- files


def test_a_file_is_checked_whole_and_then_imported(api, rig, list_id):
    fill(api, list_id, [{"phone_number": OTHER, "tags": ["old"]}])
    text = (
        "Phone;Name;Tags;appointment_date\n"
        "(202) 555-0112;Ann;a;Tuesday\n"
        "+12025550113;Bo;b;\n"
        "12;Cy;;\n"
        "202 555 0112;Again;;\n"
        "+12025550114;=1+1;;\n"
    )
    sent = upload(api, list_id, text, "region=US")
    assert sent.status_code == 202
    assert (sent.json["status"], sent.json["total_leads"]) == ("pending", 5)
    done = worked(api, rig, sent.json["id"], times=2)
    assert done["status"] == "completed"
    assert (done["inserted"], done["updated"], done["refused"]) == (1, 1, 3)
    assert refusals(api, done["id"]) == [
        (4, ["impossible_number"]),
        (5, ["repeated"]),
        (6, ["formula"]),
    ]
    ann = lead_of(api, NUMBER)
    assert (ann["name"], ann["metadata"]) == ("Ann", {"appointment_date": "Tuesday"})
    assert lead_of(api, OTHER)["tags"] == ["old", "b"]


def test_whoever_was_erased_is_not_taken_in_again_and_who_is_listed_is_marked(api, rig, list_id):
    """T76."""
    services, account_id = api.services, api.owner.account_id
    fill(api, list_id, [{"phone_number": NUMBER}])
    services.people.erase(account_id, NUMBER, "key k")
    services.do_not_call.add(account_id, OTHER)
    again = [{"phone_number": OTHER}, {"phone_number": NUMBER}]
    refused = fill(api, list_id, again)
    assert fault_paths(refused) == ["leads.1.phone_number"]
    alone = {"name": "Ann", "phone_number": NUMBER, "list_id": list_id}
    assert fault_paths(api.post(LEADS, json=alone)) == ["phone_number"]
    sent = upload(api, list_id, f"Phone\n{OTHER}\n{NUMBER}\n{numbers(1)[0]}\n")
    done = worked(api, rig, sent.json["id"], times=2)
    assert (done["inserted"], done["refused"]) == (2, 1)
    assert refusals(api, done["id"]) == [(3, ["erased"])]
    assert lead_of(api, OTHER)["status"] == "Unsubscribed"
    assert lead_of(api, numbers(1)[0])["status"] == "New"
    services.do_not_call.remove(account_id, NUMBER)
    assert counts(fill(api, list_id, again[1:])) == (1, 0, 0)


def test_a_file_with_refused_rows_is_not_imported_where_that_is_wanted(api, rig, list_id):
    sent = upload(api, list_id, f"phone_number\n{NUMBER}\n12\n", "refused_rows=abort")
    done = worked(api, rig, sent.json["id"])
    assert (done["status"], done["error"]["code"]) == ("failed", "rows_refused")
    assert refusals(api, done["id"]) == [(3, ["no_country_code"])]
    assert api.get(LEADS).json["items"] == []


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("", "line 1"),
        ("name\nAnn\n", "header"),
        ("phone_number\n", "line 2"),
        (b"phone_number\n\xe9\n", "line 2"),
        ("phone_number\n" + "x" * 100_000, "line 2"),
        (f"phone_number\n{NUMBER}\n" * 400 + '"', "line 801"),
    ],
)
def test_a_file_that_is_none_is_refused_and_leaves_nothing(api, rig, list_id, text, path):
    refused = upload(api, list_id, text)
    assert refused.status_code == 400
    assert fault_paths(refused) == [path]
    rig.look()
    assert rig.work() == []


def test_a_file_whose_sending_breaks_off_leaves_nothing(api, list_id):
    services, account_id = api.services, api.owner.account_id

    def pieces():
        yield b"phone_number\n" + b"+12025550112\n" * 600
        raise ConnectionError

    with pytest.raises(ConnectionError):
        services.lead_uploads.receive(account_id, list_id, UploadOptions(), pieces())
    assert services.db.read(store.count_open, account_id) == 0


def test_what_a_dead_api_had_half_received_is_cleared_away(api, list_id, monkeypatch):
    services, account_id = api.services, api.owner.account_id
    monkeypatch.setattr(store, "delete", lambda job_id: None)  # it died, and could not do this
    assert upload(api, list_id, f"phone_number\n{NUMBER}\n" * 400 + '"').status_code == 400
    assert services.lead_jobs.due(services.clock.now()) == []
    assert services.housekeeping.run(services.clock.now()).lead_jobs == 0
    services.clock.advance(7 * 3600)
    assert services.housekeeping.run(services.clock.now()).lead_jobs == 1
    assert services.db.read(store.count_open, account_id) == 0


def test_what_is_no_upload_is_refused(api, list_id):
    text = f"phone_number\n{NUMBER}\n"
    assert upload(api, list_id, text, content_type="application/json").status_code == 415
    assert upload(api, list_id, text, "mode=replace").status_code == 400
    assert fault_paths(upload(api, list_id, text, "region=XX")) == ["region"]
    assert upload(api, NOBODY, text).status_code == 404
    for _ in range(MOST_OPEN):
        assert upload(api, list_id, text).status_code == 202
    assert upload(api, list_id, text).status_code == 409


def test_an_import_is_resumed_after_a_kill_at_any_piece(api, rig, list_id, monkeypatch):
    services = api.services
    text = "phone_number,notes\n" + "".join(f"{number},Once.\n" for number in numbers(1_200))
    job_id = upload(api, list_id, text + "12,x\n").json["id"]
    whole, deaths = lead_jobs.note, iter([True, False] * 20)

    def die(held, now, **changes):
        whole(held, now, **changes)
        if next(deaths):
            raise Died

    monkeypatch.setattr("topcalls.services.lead_uploads.note", die)
    for _ in range(20):
        for taken in services.lead_jobs.due(services.clock.now()):
            try:
                services.lead_jobs.run(taken)
            except Died:
                services.lead_uploads._lines.clear()  # another process goes on
        services.clock.advance(LEASE_SECONDS + 1)
    done = job(api, job_id)
    assert (done["status"], done["inserted"], done["refused"]) == ("completed", 1_200, 1)
    assert (done["updated"], done["duplicates"]) == (0, 0)
    assert {lead["notes"] for lead in api.get(f"{LEADS}?limit=200").json["items"]} == {"Once."}
    assert api.get(f"{LISTS}/{list_id}").json["lead_count"] == 1_200


def test_no_lead_is_touched_before_the_last_row_is_checked(api, list_id, monkeypatch):
    services = api.services
    text = "phone_number\n" + "".join(f"{number}\n" for number in numbers(1_200))
    job_id = upload(api, list_id, text).json["id"]
    seen = []
    whole = lead_jobs.note

    def look(held, now, **changes):
        whole(held, now, **changes)
        seen.append((changes["status"], services.leads.list(api.owner.account_id).items != ()))

    monkeypatch.setattr("topcalls.services.lead_uploads.note", look)
    (taken,) = services.lead_jobs.due(services.clock.now())
    services.lead_jobs.run(taken)
    assert seen == [("checking", False)] * 3 + [("running", True)] * 3
    assert job(api, job_id)["status"] == "completed"


# --- whose it is


def test_another_account_sees_and_does_nothing(api, list_id):
    other = factories.principal(api.services, name="Other")
    token = api.key("leads:read", "leads:write", account_id=other.account_id)
    fill(api, list_id, [{"phone_number": NUMBER}])
    sent = upload(api, list_id, f"phone_number\n{NUMBER}\n")
    lead_id = lead_of(api, NUMBER)["id"]
    at = f"{LEADS}/jobs/{sent.json['id']}"
    assert api.get(at, token=token).status_code == 404
    assert api.get(f"{at}/refusals", token=token).status_code == 404
    assert upload(api, list_id, "phone_number\n1\n", token=token).status_code == 404
    theirs = {"list_id": list_id, "leads": [{"phone_number": NUMBER}]}
    assert api.post(BULK, json=theirs, token=token).status_code == 404
    assert api.post(DELETE, json={"ids": [lead_id]}, token=token).json["deleted"] == 0
    chosen = {"filter": {"list_id": list_id}}
    assert api.post(DELETE, json=chosen, token=token).status_code == 404
    assert api.post(DELETE, json={"filter": {"status": "New"}}, token=token).json["deleted"] == 0
    assert lead_of(api, NUMBER)["id"] == lead_id
