"""The console's pages about the do-not-call list, consents and decisions."""

import re
from io import BytesIO

import factories
import pytest
from console_rig import ON_SQLITE, Reader

from topcalls.core.do_not_call import RULE

pytest_plugins = ("api_fixtures", "console_fixtures")
pytestmark = [pytest.mark.service, ON_SQLITE]
SCRIPT = "<script>alert(1)</script>"
NUMBER = "+12025550143"
LOOKED_UP = "/do-not-call?phone_number=%2B12025550143"


def listed(api):
    return api.get("/v1/do-not-call").json["data"]


def uploaded(reader, text):
    file = (BytesIO(text.encode()), "numbers.csv")
    return reader.send("/do-not-call/upload", {"file": file, "region": "US"}, since="/do-not-call")


# --- the do-not-call list


def test_an_empty_list_says_how_it_fills(reader):
    assert "Nobody is on the list yet." in reader.read("/do-not-call")


def test_a_number_is_put_on_looked_up_and_taken_off(api, reader):
    form = {"phone_number": NUMBER, "reason": SCRIPT}
    answer = reader.send("/do-not-call", form, since="/do-not-call")
    assert answer.headers["Location"] == f"/console{LOOKED_UP}"
    (entry,) = listed(api)
    assert (entry["scope"], entry["reason"]) == ("account", SCRIPT)
    page = reader.open("/do-not-call").text
    assert NUMBER not in page
    assert SCRIPT not in page
    assert "take off" not in page
    assert "take off" in reader.read(LOOKED_UP)
    reader.send("/do-not-call/remove", {"phone_number": NUMBER}, since=LOOKED_UP)
    assert listed(api) == []
    assert "This number is not on your list" in reader.read(LOOKED_UP)


def test_an_entry_of_a_purpose_is_taken_off_alone(api, reader):
    for purpose in (None, "offers"):
        api.post("/v1/do-not-call", json={"phone_number": NUMBER, "purpose": purpose})
    form = {"phone_number": NUMBER, "purpose": "offers", "campaign_id": ""}
    reader.send("/do-not-call/remove", form, since=LOOKED_UP)
    (entry,) = listed(api)
    assert entry["scope"] == "account"


def test_a_wrong_number_is_told_and_kept(api, reader):
    answer = reader.send("/do-not-call", {"phone_number": "12"}, since="/do-not-call")
    assert answer.status_code == 400
    assert "phone_number-fault" in answer.text
    assert 'value="12"' in answer.text
    assert listed(api) == []


def test_numbers_come_page_by_page(api, reader):
    numbers = [{"phone_number": f"+1202555{n:04}"} for n in range(60)]
    api.post("/v1/do-not-call/bulk", json={"numbers": numbers})
    page = reader.open("/do-not-call").text
    assert 'rel="next"' in page
    assert page.count("every call</td>") == 50


def test_a_file_of_numbers_is_taken_and_its_refused_rows_are_told(api, reader):
    answer = uploaded(reader, f"phone_number,reason\n{NUMBER},letter\n12,wrong\n")
    assert answer.status_code == 200, answer.text
    assert re.search(r"<dt>Put on the list</dt><dd>1</dd>", answer.text)
    assert re.search(r'<td class="number">3</td><td>phone_number</td>', answer.text)
    assert len(listed(api)) == 1


def test_a_file_that_is_none_is_told(api, reader):
    answer = uploaded(reader, "name\nAnn\n")
    assert answer.status_code == 400
    assert "note fault" in answer.text
    assert reader.send("/do-not-call/upload", {}, since="/do-not-call").status_code == 400


def test_the_list_is_a_file(api, reader):
    api.post("/v1/do-not-call", json={"phone_number": NUMBER})
    answer = reader.open("/do-not-call/export.csv")
    assert answer.mimetype == "text/csv"
    assert "attachment" in answer.headers["Content-Disposition"]
    assert NUMBER in answer.text


# --- consents


CONSENT = {
    "phone_number": NUMBER,
    "kind": "express_written",
    "source": "web form",
    "captured_at": "2026-10-02T09:12",
    "purposes": "appointment_reminder",
    "wording": SCRIPT,
    "proof": '{"page": "https://example.com/form"}',
    "names_ai_voice": "yes",
}


def test_without_consents_it_is_said_what_they_are_for(reader):
    assert "No consents are stored yet." in reader.read("/consents")


def test_a_consent_is_stored_found_and_taken_back(api, reader):
    answer = reader.send("/consents", CONSENT, since="/consents/new")
    assert answer.status_code == 303, answer.text
    path = answer.headers["Location"].removeprefix("/console")
    (made,) = api.get("/v1/consents").json["data"]
    assert made["names_ai_voice"]
    assert not made["lifts_hours"]
    assert made["proof"] == {"page": "https://example.com/form"}
    assert made["purposes"] == ["appointment_reminder"]
    page = reader.open(path).text
    assert SCRIPT not in page
    assert NUMBER not in page
    assert "express written" in reader.read("/consents?phone_number=%2B12025550143&list_id=")
    assert "No consent is stored" in reader.read("/consents?phone_number=%2B12025550144")
    refused = reader.send(f"{path}/revoke", {"by": ""}, since=path)
    assert refused.status_code == 400
    assert "by-fault" in refused.text
    reader.send(f"{path}/revoke", {"by": "letter"}, since=path)
    assert "taken back" in reader.read(path)
    (revoked,) = api.get("/v1/consents").json["data"]
    assert revoked["revoked_by"] == "letter"


def test_a_wrong_consent_is_told_field_by_field_and_kept(api, reader):
    form = {"source": "web form", "kind": "wish", "captured_at": "soon", "proof": "yes"}
    answer = reader.send("/consents", form, since="/consents/new")
    assert answer.status_code == 400
    assert "proof-fault" in answer.text
    answer = reader.send("/consents", form | {"proof": ""}, since="/consents/new")
    assert answer.status_code == 400
    for path in ("kind", "captured_at"):
        assert f"{path}-fault" in answer.text
    assert 'value="web form"' in answer.text
    assert api.get("/v1/consents").json["data"] == []


# --- may somebody be called


def test_it_is_told_whether_somebody_may_be_called_and_why(api, reader):
    api.post("/v1/do-not-call", json={"phone_number": NUMBER})
    answer = reader.send("/may-i-call", {"phone_number": NUMBER}, since="/may-i-call")
    assert answer.status_code == 200
    assert 'class="badge block">block' in answer.text
    assert RULE in answer.text
    assert "America/New_York" in answer.text
    wrong = reader.send("/may-i-call", {"phone_number": "12"}, since="/may-i-call")
    assert wrong.status_code == 400
    assert "phone_number-fault" in wrong.text
    assert api.get("/v1/decisions").json["data"] == []


# --- what was decided


def test_decisions_are_found_and_shown_with_every_check(api, reader):
    assert "Nothing was decided yet" in reader.read("/decisions")
    api.create()
    (made,) = api.get("/v1/decisions").json["data"]
    page = reader.read("/decisions?verdict=&phone_number=")
    assert f"/console/decisions/{made['id']}" in page
    assert factories.NUMBER not in page
    words = reader.read(f"/decisions/{made['id']}")
    assert made["digest"] in words
    assert "What was asked" in words
    assert factories.NUMBER not in words


def test_the_ledger_is_verified_and_is_a_file(api, reader):
    api.create()
    assert "as they were written" in reader.read("/decisions/verify")
    answer = reader.open("/decisions/export.ndjson")
    assert answer.mimetype == "application/x-ndjson"
    assert "attachment" in answer.headers["Content-Disposition"]


# --- who may


def test_a_key_that_may_only_read_is_offered_no_change(api):
    reader = Reader(api)
    reader.sign_in(api.key("leads:read"))
    page = reader.read("/do-not-call")
    assert "Put a number on it" not in page
    assert "May I call?" not in page
    assert "Store a consent" not in reader.read("/consents")
    form = {"phone_number": NUMBER}
    answer = reader.send("/do-not-call", form, since="/do-not-call")
    assert answer.status_code == 403
    assert listed(api) == []
    assert reader.send("/may-i-call", form, since="/do-not-call").status_code == 403


def test_a_key_without_the_scope_sees_none_of_it(api):
    reader = Reader(api)
    reader.sign_in(api.key("calls:read"))
    assert ">Compliance</a>" not in reader.read("/calls")
    for path in ("/do-not-call", "/do-not-call/export.csv", "/consents", "/decisions"):
        assert reader.open(path).status_code == 403


def test_a_form_from_elsewhere_changes_nothing(api, reader):
    answer = reader.browser.post("/console/do-not-call", data={"phone_number": NUMBER})
    assert answer.status_code == 400
    assert listed(api) == []
