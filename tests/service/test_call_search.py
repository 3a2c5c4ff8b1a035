"""Calls found by what was said in them: by the API, in the console, and saved as a file."""

import csv
import io

import factories
import pytest
from console_rig import ON_SQLITE

from topcalls.console.wording import hidden_number
from topcalls.core.transcript import Turn
from topcalls.services import call_search
from topcalls.store import calls

pytest_plugins = ("api_fixtures", "console_fixtures")
pytestmark = pytest.mark.service


@pytest.fixture
def spoken(api):
    """A call in which this was said, over; its id."""

    def make(*texts, owner=None, **request):
        call = factories.claimed_call(api.services, owner or api.owner, **request)
        life = factories.Life(api.services, call).talk(10)
        for seq, text in enumerate(texts, 1):
            api.services.calls.append_turn(life.call_id, Turn(seq, "user", text, 0, 900))
        return life.hang_up().call_id

    return make


def found(api, search, **query):
    answer = api.get("/v1/calls", query_string={"search": search, **query})
    assert answer.status_code == 200, answer.text
    return [call["id"] for call in answer.json["data"]], answer.json["next_cursor"]


def test_calls_are_found_by_every_word_in_any_case_newest_first(api, spoken):
    first = spoken("I want a REFUND.", "On Monday, please.")
    spoken("No refund for me.")
    last = spoken("Monday is fine", "and the refund too")
    assert found(api, "monday refund") == ([last, first], None)
    assert found(api, "tuesday") == ([], None)


def test_calls_of_others_are_not_found(api, spoken):
    spoken("A refund.", owner=factories.principal(api.services, name="Other"))
    assert found(api, "refund") == ([], None)


def test_pages_go_on_where_the_last_one_ended(api, spoken):
    made = [spoken("A refund.") for _ in range(3)]
    page, cursor = found(api, "refund", limit=2)
    assert page == [made[2], made[1]]
    assert found(api, "refund", limit=2, cursor=cursor) == ([made[0]], None)


def test_what_was_not_reached_is_found_from_the_cursor_on(api, spoken, monkeypatch):
    monkeypatch.setattr(call_search, "LOOKED_THROUGH", 2)
    old = spoken("A refund.")
    for _ in range(2):
        spoken("Nothing.")
    page, cursor = found(api, "refund")
    assert page == []
    assert found(api, "refund", cursor=cursor) == ([old], None)


def test_a_search_is_of_a_status_too(api, spoken):
    spoken("A refund.")
    assert found(api, "refund", status="busy") == ([], None)


def test_what_was_redacted_is_not_found(api, spoken):
    spoken("My name is Miller, and a refund.", redaction={"kinds": ["name"], "names": ["Miller"]})
    assert found(api, "miller") == ([], None)
    assert len(found(api, "refund")[0]) == 1


@pytest.mark.parametrize("search", ["", "   ", "x" * 201])
def test_a_search_for_nothing_or_too_much_is_refused(api, search):
    answer = api.get("/v1/calls", query_string={"search": search})
    assert answer.status_code == 400
    assert answer.json["errors"][0]["path"] == "search"


# --- the console


@ON_SQLITE
def test_the_console_finds_calls_and_says_where_it_stopped(reader, spoken, monkeypatch):
    monkeypatch.setattr(call_search, "LOOKED_THROUGH", 2)
    call_id = spoken("A refund, please.")
    assert f"/console/calls/{call_id}" in reader.read("/calls?search=refund")
    for _ in range(2):
        spoken("Nothing.")
    page = reader.read("/calls?search=refund&status=")
    assert "Not in the calls looked through so far." in page
    further = page.split('rel="next"')[0].rpartition('href="/console')[2].rstrip('" ')
    assert "Look further back" in page
    assert f"/console/calls/{call_id}" in reader.read(further)


@ON_SQLITE
def test_a_wrong_search_is_told_at_its_field(reader):
    answer = reader.open(f"/calls?search={'x' * 201}")
    assert answer.status_code == 400
    assert "search-fault" in answer.text


def saved(reader, **form):
    answer = reader.send("/calls/export", form, since="/calls")
    assert answer.status_code == 200, answer.text
    assert answer.mimetype == "text/csv"
    assert "attachment" in answer.headers["Content-Disposition"]
    return list(csv.DictReader(io.StringIO(answer.text)))


@ON_SQLITE
def test_calls_are_saved_without_their_numbers(api, reader, spoken):
    call_id = spoken("A refund.")
    spoken("Nothing.")
    number = factories.NUMBER
    api.services.db.run(_summarise, call_id, f"=Call {number} or {number[1:]} back")
    (row,) = saved(reader, search="refund")
    assert row["id"] == call_id
    assert row["phone_number"] == hidden_number(number)
    assert row["call_summary"].startswith("'=Call +**")
    assert number[1:] not in str(row)
    assert api.get("/v1/account/audit").json["data"] == []
    assert len(saved(reader)) == 2


@ON_SQLITE
def test_who_takes_numbers_out_is_written_down(api, reader, spoken):
    spoken("A refund.")
    (row,) = saved(reader, numbers="yes")
    assert row["phone_number"] == f"'{factories.NUMBER}"
    (entry,) = api.get("/v1/account/audit").json["data"]
    assert (entry["action"], entry["subject_id"]) == ("numbers_exported", api.owner.account_id)
    assert "took the numbers of calls out in a file" in reader.read("/keys/audit")


@ON_SQLITE
def test_a_file_has_all_pages(api, reader):
    api.services.quotas.grant(api.owner.account_id, 2000, "for many calls")
    for _ in range(203):
        factories.queued_call(api.services, api.owner)
    assert len({row["id"] for row in saved(reader)}) == 203


@ON_SQLITE
def test_a_forged_form_saves_nothing(api, reader):
    answer = reader.browser.post("/console/calls/export", data={"numbers": "yes"})
    assert answer.status_code == 400
    assert api.get("/v1/account/audit").json["data"] == []


def _summarise(call_id, text):
    calls.set_columns(call_id, call_summary=text)
