"""`/v1/knowledge` over HTTP: every route, what is refused, and whose it is."""

import io

import factories
import pytest
from api_client import fault_paths
from knowledge_rig import HANDBOOK, pdf, read_all

pytestmark = pytest.mark.service
pytest_plugins = ("api_fixtures",)

TEXT = {"type": "text", "name": "Shop", "text": HANDBOOK}
BASE = "/v1/knowledge"


def form(name="prices.pdf", data=None, **more):
    content = pdf("A puncture costs twelve pounds.") if data is None else data
    return {"type": "file", "name": "Prices", "file": (io.BytesIO(content), name), **more}


def made(api, body=TEXT):
    response = api.post(BASE, json=body)
    assert response.status_code == 201, response.json
    assert response.headers["Location"] == f"{BASE}/{response.json['id']}"
    return response.json


def test_the_life_of_a_base(api):
    base = made(api)
    assert (base["status"], base["sources"], base["semantic"]) == ("processing", 1, False)
    read_all(api.services)
    url = f"{BASE}/{base['id']}"
    seen = api.get(url).json
    assert (seen["status"], seen["sizes"]["passages"]) == ("ready", 3)
    assert [item["id"] for item in api.get(BASE).json["data"]] == [base["id"]]
    (document,) = api.get(f"{url}/documents").json["data"]
    assert (document["state"], document["in_use"], document["passages"]) == ("ready", True, 3)
    found = api.get(f"{url}/search", query_string={"query": "parking"}).json
    assert (found["data"][0]["heading"], found["data"][0]["line_from"]) == ("Parking", 7)
    assert found["method"] == "full_text"
    change = {"name": "The shop", "text": "# Parking\n\nPark in High Street."}
    assert api.send("PATCH", url, json=change).json["status"] == "processing"
    read_all(api.services)
    again = api.get(f"{url}/search", query_string={"query": "parking"}).json
    assert "High Street" in again["data"][0]["text"]
    assert api.send("DELETE", url).status_code == 204
    assert api.get(url).status_code == 404
    assert api.get(f"{url}/search", query_string={"query": "x"}).status_code == 404


def test_a_file_comes_as_a_form_and_more_sources_join_it(api):
    response = api.post(BASE, data=form())
    assert response.status_code == 201, response.json
    url = f"{BASE}/{response.json['id']}"
    added = api.post(f"{url}/sources", json={"type": "text", "text": "Bells cost six pounds."})
    assert added.status_code == 201
    second = api.post(f"{url}/sources", data=form("more.txt", b"Tubes cost three pounds."))
    assert second.json["settings"] == {"file": "more.txt"}
    read_all(api.services)
    states = {item["name"]: item["state"] for item in api.get(f"{url}/sources").json["data"]}
    assert states == {"Prices": "ready", "text": "ready"}
    found = api.get(f"{url}/search", query_string={"query": "bells and tubes and puncture"})
    assert {item["page"] for item in found.json["data"]} == {1, None}
    assert len(found.json["data"]) == 3
    source = f"{url}/sources/{second.json['id']}"
    assert api.send("PUT", source, data=form("m.txt", b"Tubes are free.")).status_code == 200
    wrong = api.send("PUT", source, json={"type": "text", "text": "x"})
    assert (wrong.status_code, "type 'file'" in wrong.json["detail"]) == (409, True)
    read_all(api.services)
    assert api.get(source).json["state"] == "ready"
    assert api.post(f"{source}/refresh").status_code == 202
    assert api.send("DELETE", source).status_code == 204
    assert api.get(source).status_code == 404
    several = api.send("PATCH", url, json={"text": "one"})
    assert several.status_code == 409


def test_rows_are_asked_for_by_a_field(api):
    rows = [{"order": "A-1042", "state": "shipped"}, {"order": "A-1043", "state": "lost"}]
    base = made(api, {"type": "data", "name": "Orders", "rows": rows})
    read_all(api.services)
    asked = {"query": "order", "field": "order=a1043", "limit": 1}
    found = api.get(f"{BASE}/{base['id']}/search", query_string=asked).json["data"]
    assert [(item["row"], "lost" in item["text"]) for item in found] == [(2, True)]


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        ({}, ["name", "type"]),
        ({"type": "book", "name": "x"}, ["type"]),
        ({"type": "text", "name": " ", "text": " "}, ["name", "text"]),
        ({"type": "text", "name": "x"}, ["text"]),
        ({"type": "text", "name": "x", "text": 7}, ["text"]),
        ({"type": "text", "name": "x", "text": "x" * 1_000_001}, ["text"]),
        ({"type": "text", "name": "x", "text": "x", "urls": []}, ["urls"]),
        ({"type": "text", "name": "x", "text": "x", "txt": 1}, ["txt"]),
        ({"type": "file", "name": "x"}, ["file"]),
        ({"type": "data", "name": "x", "rows": []}, ["rows"]),
        ({"type": "data", "name": "x", "rows": ["a"]}, ["rows.0"]),
        ({"type": "web", "name": "x"}, ["urls"]),
        ({"type": "web", "name": "x", "urls": ["ftp://a/"]}, ["urls.0"]),
        ({"type": "web", "name": "x", "urls": ["http://127.0.0.1/"]}, ["urls.0"]),
        ({"type": "web", "name": "x", "urls": ["https://a.example/"], "site": 1}, ["site"]),
        (
            {"type": "web", "name": "x", "urls": ["https://a.example/"], "max_pages": 0},
            ["max_pages"],
        ),
        (TEXT | {"language": "Klingon!"}, ["language"]),
        (TEXT | {"description": "x" * 1001}, ["description"]),
    ],
)
def test_every_fault_is_named(api, body, paths):
    response = api.post(BASE, json=body)
    assert response.status_code == 400
    assert sorted(fault_paths(response)) == paths
    assert api.get(BASE).json["data"] == []


def test_wrong_files_and_forms_are_refused(api):
    assert fault_paths(api.post(BASE, data=form(data=b""))) == ["file"]
    two = form() | {"file": [(io.BytesIO(b"a"), "a.txt"), (io.BytesIO(b"b"), "b.txt")]}
    assert fault_paths(api.post(BASE, data=two)) == ["file"]
    assert api.post(BASE, data=b"text", content_type="text/plain").status_code == 415
    base = made(api)
    assert api.send("PATCH", f"{BASE}/{base['id']}", json={}).status_code == 400
    bad = api.get(f"{BASE}/{base['id']}/documents", query_string={"cursor": "x"})
    assert fault_paths(bad) == ["cursor"]


def test_pages_of_bases_and_documents(api):
    for number in range(3):
        made(api, TEXT | {"name": f"Base {number}"})
    first = api.get(BASE, query_string={"limit": 2}).json
    rest = api.get(BASE, query_string={"limit": 2, "cursor": first["next_cursor"]}).json
    names = [item["name"] for item in first["data"] + rest["data"]]
    assert (names, rest["next_cursor"]) == (["Base 2", "Base 1", "Base 0"], None)
    base = rest["data"][0]["id"]
    api.post(f"{BASE}/{base}/sources", json={"type": "text", "text": "more"})
    read_all(api.services)
    pages, cursor = [], None
    while cursor is not None or not pages:
        query = {"limit": 1} | ({"cursor": cursor} if cursor else {})
        page = api.get(f"{BASE}/{base}/documents", query_string=query).json
        pages.append(page["data"][0]["id"])
        cursor = page["next_cursor"]
    assert len(set(pages)) == 2


def test_nobody_elses_base_is_seen_searched_or_used(api):
    base = made(api)
    read_all(api.services)
    other = api.services.accounts.create("Other", minutes=10)
    token = api.key("knowledge:read", "knowledge:write", "calls:write", account_id=other.id)
    url = f"{BASE}/{base['id']}"
    (source,) = api.get(f"{url}/sources").json["data"]
    for method, path, body in (
        ("GET", url, None),
        ("PATCH", url, {"name": "mine"}),
        ("DELETE", url, None),
        ("GET", f"{url}/sources", None),
        ("POST", f"{url}/sources", {"type": "text", "text": "x"}),
        ("GET", f"{url}/sources/{source['id']}", None),
        ("PUT", f"{url}/sources/{source['id']}", {"type": "text", "text": "x"}),
        ("POST", f"{url}/sources/{source['id']}/refresh", None),
        ("DELETE", f"{url}/sources/{source['id']}", None),
        ("GET", f"{url}/documents", None),
        ("GET", f"{url}/search?query=parking", None),
    ):
        sent = {"json": body} if body is not None else {}
        assert api.send(method, path, token=token, **sent).status_code == 404, (method, path)
    assert api.get(BASE, token=token).json["data"] == []
    body = {"phone_number": factories.NUMBER, "task": "Say that we open at nine."}
    call = api.post("/v1/calls", token=token, json=body | {"knowledge_base_ids": [base["id"]]})
    assert (call.status_code, fault_paths(call)) == (400, ["knowledge_base_ids.0"])


def test_scopes_are_held_to(api):
    base = made(api)
    reader = api.key("knowledge:read")
    assert api.get(f"{BASE}/{base['id']}", token=reader).status_code == 200
    assert api.post(BASE, json=TEXT, token=reader).status_code == 403
    assert api.get(BASE, token=api.key("calls:read")).status_code == 403


def test_a_call_names_bases_and_how_they_are_used(api):
    base = made(api)
    use = {"at_start": False, "per_turn": True, "max_tokens": 400}
    response = api.create(knowledge_base_ids=[base["id"]], knowledge=use)
    assert response.status_code == 201
    call = api.get(f"/v1/calls/{response.json['call_id']}").json
    assert (call["knowledge_lookups"], call["transcript"]) == ([], [])
    for wrong, path in (
        ({"knowledge_base_ids": [base["id"]] * 2}, "knowledge_base_ids.1"),
        ({"knowledge_base_ids": ["x"] * 11}, "knowledge_base_ids"),
        ({"knowledge": {"per_trun": True}}, "knowledge.per_trun"),
        ({"knowledge": {"per_turn": 1}}, "knowledge.per_turn"),
        ({"knowledge": {"max_tokens": 1}}, "knowledge.max_tokens"),
        ({"knowledge": []}, "knowledge"),
    ):
        assert fault_paths(api.create(**wrong)) == [path]
