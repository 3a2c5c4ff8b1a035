"""The console's pages about campaigns: made, edited with a preview, run, rehearsed, followed."""

import re
from html import unescape

import pytest
from campaign_rig import TASK
from console_rig import ON_SQLITE, Reader
from rehearsal_rig import InThisProcess

pytest_plugins = ("api_fixtures", "console_fixtures")
pytestmark = [pytest.mark.service, ON_SQLITE]
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def list_id(api):
    made = api.post("/v1/lists", json={"name": "Spring people"}).json["id"]
    leads = [{"phone_number": f"+1202555{n:04}", "name": f"Person {n}"} for n in range(3)]
    api.post("/v1/leads/bulk", json={"list_id": made, "leads": leads})
    return made


def a_campaign(api, list_id, **body):
    body = {"name": "Spring", "call": {"task": TASK}, "list_ids": [list_id], **body}
    made = api.post("/v1/campaigns", json=body)
    assert made.status_code == 201, made.text
    return made.json["id"]


@pytest.fixture
def campaign(api, list_id):
    return a_campaign(api, list_id)


def moved(api, campaign, *verbs):
    for verb in verbs:
        assert api.post(f"/v1/campaigns/{campaign}/{verb}").status_code == 200


def shown(api, campaign):
    return api.get(f"/v1/campaigns/{campaign}").json


def written(page):
    """What a form holds, as a browser would send it."""
    found = {}
    for tag in re.findall(r"<input [^>]*>", page):
        at = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        ticked = at.get("type") != "checkbox" or " checked" in tag
        if "name" in at and ticked:
            found.setdefault(at["name"], []).append(unescape(at.get("value", "")))
    for name, value in re.findall(
        r'<textarea [^>]*name="([^"]+)"[^>]*>\n?(.*?)</textarea>', page, re.DOTALL
    ):
        found[name] = unescape(value)
    for name, options in re.findall(r'<select [^>]*name="([^"]+)".*?>(.*?)</select>', page, re.S):
        found[name] = "".join(re.findall(r'value="([^"]*)" selected', options)[:1])
    found.pop("csrf_token", None)
    return found


# --- the list


def test_an_account_without_campaigns_is_told_what_to_do_first(reader):
    words = reader.read("/campaigns")
    assert "No campaigns yet." in words
    assert "/console/campaigns/new" in words


def test_campaigns_are_listed_by_status_and_those_put_away_on_request(api, reader, campaign):
    assert f"/console/campaigns/{campaign}" in reader.read("/campaigns?status=draft&archived=")
    assert "No campaign is like that." in reader.read("/campaigns?status=running")
    moved(api, campaign, "archive")
    assert f"/console/campaigns/{campaign}" not in reader.read("/campaigns")
    assert f"/console/campaigns/{campaign}" in reader.read("/campaigns?archived=yes")


def test_campaigns_come_page_by_page(api, reader, list_id):
    for number in range(51):
        a_campaign(api, list_id, name=f"Number {number}")
    first = reader.open("/campaigns?status=draft").text
    assert len(re.findall(r"Number \d+<", first)) == 50
    older = re.search(r'href="/console([^"]+)" rel="next"', first).group(1)
    assert re.findall(r"Number \d+<", reader.open(unescape(older)).text) == ["Number 0<"]


# --- made


def test_a_campaign_is_made_by_the_form(api, reader, list_id):
    form = {
        "name": "Spring",
        "list_ids": [list_id],
        "call.task": TASK,
        "call.*": '{"max_duration": 5}',
        "purpose": "appointment_reminder",
        "compliance.category": "service",
        "compliance.slots": ["registered_name", "ai_voice"],
        "schedule.start_at": "2027-04-01T09:00",
        "schedule.windows": "mon-fri 09:00-17:30\r\nsat 10:00-12:00",
        "schedule.holidays": "skip",
        "schedule.blackout_dates": "2027-04-19",
        "pacing.max_concurrent": "20",
        "pacing.ramp_up.from": "10",
        "pacing.ramp_up.minutes": "15",
        "retry.max_attempts": "4",
        "retry.outcomes": '{"busy": {"max": 2}}',
        "from_numbers.numbers": "+12025550198",
        "from_numbers.local_presence": "yes",
        "budget.cost": "250.00",
        "budget.minutes": "1500",
        "conversion_outcomes": "confirmed\nbooked",
        "*": '{"weight": 2}',
    }
    answer = reader.send("/campaigns", form, since="/campaigns/new")
    assert answer.status_code == 303, answer.text
    made = shown(api, answer.headers["Location"].rpartition("/")[2])
    assert made["status"] == "draft"
    assert made["call"] == {"task": TASK, "max_duration": 5}
    assert made["schedule"] == {
        "start_at": "2027-04-01T09:00:00Z",
        "windows": [
            {"days": ["mon", "tue", "wed", "thu", "fri"], "start": "09:00", "end": "17:30"},
            {"days": ["sat"], "start": "10:00", "end": "12:00"},
        ],
        "holidays": "skip",
        "blackout_dates": ["2027-04-19"],
    }
    assert made["pacing"] == {"max_concurrent": 20, "ramp_up": {"from": 10, "minutes": 15}}
    assert made["retry"] == {"max_attempts": 4, "outcomes": {"busy": {"max": 2}}}
    assert made["from_numbers"] == {"numbers": ["+12025550198"], "local_presence": True}
    assert made["budget"] == {"cost": "250.00", "minutes": 1500}
    assert (made["weight"], made["conversion_outcomes"]) == (2, ["confirmed", "booked"])
    assert made["compliance"]["slots"] == ["registered_name", "ai_voice"]


def test_a_refused_form_keeps_what_was_written_and_marks_what_is_wrong(api, reader):
    form = {
        "name": SCRIPT,
        "call.task": TASK,
        "schedule.windows": "mon 18:00-17:00",
        "pacing.max_concurrent": "many",
        "pacing.calls_per_minute": "0",
        "*": '{"naem": 1}',
    }
    answer = reader.send("/campaigns", form, since="/campaigns/new")
    assert answer.status_code == 400
    for path in (
        "schedule.windows",
        "pacing.max_concurrent",
        "pacing.calls_per_minute",
        "*",
    ):
        assert f'id="{path}-fault"' in answer.text
    assert 'id="name-fault"' not in answer.text
    assert SCRIPT not in answer.text
    kept = written(answer.text)
    assert kept["name"] == [SCRIPT]
    assert kept["pacing.max_concurrent"] == ["many"]
    assert kept["schedule.windows"] == "mon 18:00-17:00"
    assert "line 1" in answer.text
    assert api.get("/v1/campaigns").json["data"] == []


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("call.*", "{", "Is no JSON"),
        ("call.*", "[1]", "Write an object"),
        ("call.*", '{"task": "Other"}', "has a field of its own"),
        ("retry.outcomes", "busy", "Is no JSON"),
        ("schedule.windows", "always", "Line 1: write days and hours"),
    ],
)
def test_what_no_body_can_hold_is_told_at_its_field(api, reader, path, value, words):
    form = {"name": "Spring", path: value}
    answer = reader.send("/campaigns", form, since="/campaigns/new")
    assert answer.status_code == 400
    told = re.search(rf'id="{re.escape(path)}-fault">([^<]+)<', answer.text)
    assert words in unescape(told.group(1))
    assert api.get("/v1/campaigns").json["data"] == []


def test_without_lists_the_form_says_where_they_are_made(reader):
    assert "There are no lists yet" in reader.read("/campaigns/new")


# --- edited


def test_a_draft_is_edited_at_once_and_keeps_what_was_not_touched(api, reader, list_id):
    windows = [{"start": "10:00", "end": "16:00"}]
    campaign = a_campaign(
        api,
        list_id,
        schedule={"windows": windows, "end_at": "2030-01-01T09:00:00+01:00"},
        from_numbers={"local_presence": False},
        call={"task": TASK, "request_data": {"clinic": "North", "door": "2"}},
        variable_defaults={"name": "there"},
        missing_variables="default",
    )
    before = shown(api, campaign)
    page = reader.open(f"/campaigns/{campaign}/edit").text
    form = written(page) | {"name": "Summer"}
    answer = reader.send(f"/campaigns/{campaign}/edit", form)
    assert answer.status_code == 303, answer.text
    after = shown(api, campaign)
    moving = ("name", "revision", "updated_at", "statistics")
    assert after["name"] == "Summer"
    for name in before.keys() - set(moving):
        assert after[name] == before[name], name


def test_an_edit_keeps_lists_and_the_agent_that_its_key_cannot_see(api, list_id):
    configured = {"name": "Rachel", "configuration": {"task": TASK}}
    agent = api.post("/v1/agents", json=configured)
    assert agent.status_code == 201, agent.text
    other = api.post("/v1/lists", json={"name": "Other"}).json["id"]
    call = {"agent_id": agent.json["id"]}
    assert api.post(f"/v1/agents/{call['agent_id']}/publish").status_code == 200
    campaign = api.post(
        "/v1/campaigns", json={"name": "Spring", "call": call, "list_ids": [other, list_id]}
    ).json["id"]
    for token in (api.token, api.key("campaigns:read", "campaigns:write")):
        reader = Reader(api)
        reader.sign_in(token)
        before = shown(api, campaign)
        form = written(reader.open(f"/campaigns/{campaign}/edit").text)
        form["name"] = before["name"] + " again"
        assert reader.send(f"/campaigns/{campaign}/edit", form).status_code == 303
        after = shown(api, campaign)
        assert after["name"] == form["name"]
        assert (after["list_ids"], after["call"]) == (before["list_ids"], call)
        assert set(after["list_ids"]) == {other, list_id}


def test_what_is_emptied_goes_back_to_its_default(api, reader, list_id):
    campaign = a_campaign(
        api,
        list_id,
        pacing={"max_concurrent": 5},
        purpose="offers",
        weight=3,
        call={"task": TASK, "request_data": {"clinic": "North", "door": "2"}},
    )
    page = reader.open(f"/campaigns/{campaign}/edit").text
    form = written(page) | {"pacing.max_concurrent": "", "purpose": "", "*": ""}
    form["call.*"] = '{"request_data": {"clinic": "North"}}'
    assert reader.send(f"/campaigns/{campaign}/edit", form).status_code == 303
    after = shown(api, campaign)
    assert (after["pacing"], after["purpose"], after["weight"]) == ({}, "general", 1)
    assert after["call"]["request_data"] == {"clinic": "North"}


def test_nothing_changed_is_said(api, reader, campaign):
    form = written(reader.open(f"/campaigns/{campaign}/edit").text)
    assert reader.send(f"/campaigns/{campaign}/edit", form).status_code == 303
    assert "Nothing was changed" in reader.read("/campaigns")
    assert shown(api, campaign)["revision"] == 1


def test_an_edit_of_a_running_campaign_is_shown_before_it_is_done(api, reader, campaign):
    moved(api, campaign, "start")
    path = f"/campaigns/{campaign}/edit"
    form = written(reader.open(path).text) | {"pacing.max_concurrent": "5"}
    seen = reader.send(path, form)
    assert seen.status_code == 200
    assert "Nothing is changed yet." in seen.text
    assert "pacing.max_concurrent" in seen.text
    assert "at once" in seen.text
    assert shown(api, campaign)["pacing"] == {}
    carried = written(seen.text)
    again = reader.send(path, carried | {"again": "yes"}, since="/campaigns")
    assert written(again.text)["pacing.max_concurrent"] == ["5"]
    done = reader.send(path, carried | {"confirmed": "yes"}, since="/campaigns")
    assert done.status_code == 303
    assert shown(api, campaign)["pacing"] == {"max_concurrent": 5}


def test_a_preview_that_is_refused_leads_back_to_the_field(api, reader, campaign):
    moved(api, campaign, "start")
    path = f"/campaigns/{campaign}/edit"
    form = written(reader.open(path).text) | {"pacing.max_concurrent": "0"}
    answer = reader.send(path, form)
    assert answer.status_code == 400
    assert 'id="pacing.max_concurrent-fault"' in answer.text


def test_an_edit_does_not_undo_what_somebody_else_changed(api, reader, campaign):
    path = f"/campaigns/{campaign}/edit"
    form = written(reader.open(path).text) | {"name": "Mine"}
    api.send("PATCH", f"/v1/campaigns/{campaign}", json={"name": "Theirs"})
    answer = reader.send(path, form)
    assert answer.status_code in (409, 412)
    assert written(answer.text)["name"] == ["Mine"]
    assert shown(api, campaign)["name"] == "Theirs"


# --- run


def test_a_campaign_says_what_it_lacks(api, reader):
    campaign = api.post("/v1/campaigns", json={"name": "Empty"}).json["id"]
    words = reader.read(f"/campaigns/{campaign}")
    assert "What it lacks to start" in words
    assert "<b>list_ids</b>" in words
    reader.send(f"/campaigns/{campaign}/start", since=f"/campaigns/{campaign}")
    assert "list_ids:" in reader.read(f"/campaigns/{campaign}")
    assert shown(api, campaign)["status"] == "draft"


def test_a_campaign_is_started_paused_resumed_stopped_and_put_away(api, reader, campaign):
    page = f"/campaigns/{campaign}"
    for action, status in (
        ("start", "running"),
        ("pause", "paused"),
        ("resume", "running"),
        ("stop", "cancelled"),
        ("archive", "cancelled"),
    ):
        assert f'action="/console{page}/{action}"' in reader.read(page)
        assert reader.send(f"{page}/{action}", since=page).status_code == 303
        assert shown(api, campaign)["status"] == status
    assert shown(api, campaign)["archived_at"]
    assert "put away" in reader.read(page)


def test_what_cannot_be_taken_back_is_asked_before(api, reader, campaign):
    assert "data-confirm=" in reader.read(f"/campaigns/{campaign}")


def test_a_move_that_is_not_possible_is_told(reader, campaign):
    page = f"/campaigns/{campaign}"
    reader.send(f"{page}/resume", since=page)
    assert "note fault" in reader.read(page)
    assert reader.send(f"{page}/burn", since=page).status_code == 404


def test_figures_grow_by_a_stream_and_are_a_part_of_the_page(api, reader, campaign):
    moved(api, campaign, "start")
    page = reader.read(f"/campaigns/{campaign}")
    assert f'data-stream="/console/campaigns/{campaign}/statistics"' in page
    part = reader.read(f"/campaigns/{campaign}/figures")
    assert "<html" not in part
    assert "<b>3</b><span>waiting</span>" in part


def test_a_browser_is_told_the_figures_until_the_campaign_is_over(api, reader, campaign):
    moved(api, campaign, "start")
    path = f"/console/campaigns/{campaign}/statistics"
    answer = reader.browser.get(path, headers={"Accept": "text/event-stream"})
    assert answer.mimetype == "text/event-stream"
    told = iter(answer.response)
    first = next(chunk for chunk in told if b"data:" in chunk)
    assert b"event: statistics" in first
    assert b'"status":"running"' in first
    moved(api, campaign, "stop")
    assert any(b"event: end" in chunk for chunk in told)
    answer.close()


def test_the_outcomes_are_a_picture(api, reader, campaign):
    answer = reader.open(f"/campaigns/{campaign}/outcomes.svg")
    assert answer.mimetype == "image/svg+xml"
    assert "<script" not in answer.text


# --- its people


def test_people_are_listed_and_one_is_looked_at(api, reader, campaign):
    assert "when it is started" in reader.read(f"/campaigns/{campaign}/contacts")
    moved(api, campaign, "start")
    page = reader.read(f"/campaigns/{campaign}/contacts?status=waiting")
    assert page.count("Person ") == 3
    assert "+1202555" not in page
    assert "Nobody is like that" in reader.read(f"/campaigns/{campaign}/contacts?outcome=busy")
    (lead, *_) = re.findall(rf"/campaigns/{campaign}/contacts/([0-9a-f-]+)", page)
    words = reader.read(f"/campaigns/{campaign}/contacts/{lead}")
    assert "enrolled" in words
    assert "What happened" in words


def test_somebody_is_taken_out_and_put_back(api, reader, campaign):
    moved(api, campaign, "start")
    lead = api.get("/v1/leads").json["items"][0]["id"]
    page = f"/campaigns/{campaign}/contacts/{lead}"
    contact = f"/v1/campaigns/{campaign}/contacts/{lead}"
    reader.send(f"{page}/remove", since=page)
    assert api.get(contact).json["contact"]["status"] == "removed"
    reader.send(f"{page}/add", since=page)
    assert api.get(contact).json["contact"]["status"] == "waiting"


# --- rehearsed


def test_a_rehearsal_is_asked_for_and_drawn(api, reader, campaign):
    api.services.rehearsals._child = InThisProcess()
    page = f"/campaigns/{campaign}/rehearsal"
    form = {"seed": "7", "callees.human_percent": "42", "callees.*": "", "dials": "2"}
    answer = reader.send(page, form, since=page)
    assert answer.status_code == 200, answer.text
    assert "<b>3</b><span>people</span>" in answer.text
    assert answer.text.count('src="data:image/svg+xml;base64,') == 2
    assert "The first calls" in answer.text
    assert written(answer.text)["callees.human_percent"] == ["42"]
    assert shown(api, campaign)["status"] == "draft"


def test_a_wrong_rehearsal_is_told_at_its_field(reader, campaign):
    page = f"/campaigns/{campaign}/rehearsal"
    form = {"days": "0", "callees.human_percent": "120", "callees.*": '{"human": 1}'}
    answer = reader.send(page, form, since=page)
    assert answer.status_code == 400
    assert 'id="days-fault"' in answer.text
    form["days"] = ""
    answer = reader.send(page, form, since=page)
    assert 'id="callees.human_percent-fault"' in answer.text
    assert 'id="callees.*-fault"' in answer.text


def test_a_campaign_that_lacks_something_is_not_rehearsed(api, reader):
    campaign = api.post("/v1/campaigns", json={"name": "Empty"}).json["id"]
    page = f"/campaigns/{campaign}/rehearsal"
    answer = reader.send(page, {}, since=page)
    assert answer.status_code == 409
    assert "list_ids" in answer.text


# --- who may


def test_a_key_that_may_only_read_is_offered_no_change(api, campaign):
    reader = Reader(api)
    reader.sign_in(api.key("campaigns:read"))
    page = reader.read(f"/campaigns/{campaign}")
    assert "/start" not in page
    assert "/edit" not in page
    assert "New campaign" not in reader.read("/campaigns")
    reader.send(f"/campaigns/{campaign}/start", since="/campaigns")
    assert "campaigns:write" in reader.read("/campaigns")
    assert shown(api, campaign)["status"] == "draft"


def test_a_key_without_the_scope_sees_no_campaigns(api, campaign):
    reader = Reader(api)
    reader.sign_in(api.key("calls:read"))
    assert ">Campaigns</a>" not in reader.read("/calls")
    for path in ("", f"/{campaign}", f"/{campaign}/contacts", f"/{campaign}/rehearsal"):
        assert reader.open(f"/campaigns{path}").status_code == 403


def test_a_form_from_elsewhere_starts_nothing(api, reader, campaign):
    answer = reader.browser.post(f"/console/campaigns/{campaign}/start")
    assert answer.status_code == 400
    assert shown(api, campaign)["status"] == "draft"


def test_script_in_a_name_is_text(api, reader, list_id):
    campaign = a_campaign(api, list_id, name=SCRIPT, description=SCRIPT)
    for path in ("", f"/{campaign}", f"/{campaign}/edit", f"/{campaign}/contacts"):
        page = reader.open(f"/campaigns{path}").text
        assert SCRIPT not in page
        assert "&lt;script&gt;" in page
