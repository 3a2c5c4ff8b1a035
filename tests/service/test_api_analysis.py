"""Rules tried on past calls; past calls analysed again, looked at, and applied or not."""

import uuid

import factories
import pytest
from analysis_rig import MAPPING, SCHEMA, SUMMARY, Desk, extraction

from topcalls.core.analysis_work import Wanted
from topcalls.errors import ProviderError

pytest_plugins = ("api_fixtures",)
pytestmark = pytest.mark.service
RUNS = "/v1/analysis/runs"
OTHER = [{"when": {"field": "hour", "op": "exists", "value": True}, "outcome": "has_hour"}]
NEW_SCHEMA = {"type": "object", "properties": {"mood": {"type": "string"}}}
MOODY = [{"when": {"field": "mood", "op": "eq", "value": "calm"}, "outcome": "calm"}]


@pytest.fixture
def desk(api):
    made = Desk(api.services)
    made.who = api.owner
    return made


@pytest.fixture
def analysed(desk):
    """Two calls with an analysis, and one that asked for none; newest last."""
    desk.model.answers.extend([extraction(), extraction(agreed=False, hour=None)])
    wish = {"analysis_schema": SCHEMA, "outcome_mapping": MAPPING}
    ids = []
    for fields in (wish, wish, {}):
        ids.append(desk.call(**fields))
        desk.work(4)
    return ids


def outcomes(shown):
    return {(one["before"], one["after"]): one["calls"] for one in shown["outcomes"]}


def begin(api, **body):
    answer = api.post(RUNS, json=body)
    assert answer.status_code == 201, answer.text
    assert answer.headers["Location"] == f"{RUNS}/{answer.json['id']}"
    return answer.json["id"]


def mood(value):
    return {"values": {"mood": value}, "evidence": [{"field": "mood", "turns": [2]}]}


# --- rules tried


def test_rules_are_tried_without_changing_anything(api, desk, analysed):
    shown = api.post("/v1/analysis/preview", json={"outcome_mapping": OTHER}).json
    assert (shown["calls"], shown["changed"], shown["unmatched"]) == (3, 2, 2)
    assert shown["without_analysis"] == 1
    assert shown["rules"] == [{"rule": 0, "outcome": "has_hour", "calls": 1}]
    assert outcomes(shown) == {("booked", "has_hour"): 1, ("other", None): 1, (None, None): 1}
    assert {one["call_id"] for one in shown["changes"]} == set(analysed[:2])
    assert desk.view(analysed[0]).disposition == "booked"
    assert len(desk.model.requests) == 2


def test_the_calls_own_rules_change_nothing(api, analysed):
    body = {"outcome_mapping": list(MAPPING), "filter": {"call_ids": analysed[:2]}}
    assert api.post("/v1/analysis/preview", json=body).json["changed"] == 0


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        ({"dispositions": ["booked"]}, 1),
        ({"dispositions": ["other", None]}, 2),
        ({"from": "2026-11-24T00:00:00Z"}, 0),
        ({"to": "2026-11-24T00:00:00Z"}, 3),
        ({"campaign_id": str(uuid.UUID(int=1))}, 0),
        ({"agent_id": str(uuid.UUID(int=1))}, 0),
    ],
)
def test_filters(api, analysed, wanted, count):
    body = {"outcome_mapping": OTHER, "filter": wanted}
    assert api.post("/v1/analysis/preview", json=body).json["calls"] == count


def test_the_newest_are_tried_first(api, analysed):
    body = {"outcome_mapping": [], "limit": 1}
    assert api.post("/v1/analysis/preview", json=body).json["without_analysis"] == 1


def test_calls_that_nobody_answered_or_that_last_are_left_out(api, desk):
    factories.Life(api.services, factories.claimed_call(api.services, api.owner)).dial().fail(
        "USER_BUSY"
    )
    factories.Life(api.services, factories.claimed_call(api.services, api.owner)).talk(3)
    body = {"outcome_mapping": OTHER}
    assert api.post("/v1/analysis/preview", json=body).json["calls"] == 0


@pytest.mark.parametrize(
    ("path", "body", "fault"),
    [
        ("preview", {}, "outcome_mapping"),
        ("preview", {"outcome_mapping": [{"when": {}}]}, "outcome_mapping.0"),
        ("preview", {"outcome_mapping": [], "limit": 0}, "limit"),
        ("preview", {"outcome_mapping": [], "filter": {"call_ids": ["x"]}}, "filter.call_ids.0"),
        ("preview", {"outcome_mapping": [], "filter": {"since": 1}}, "filter.since"),
        ("runs", {"analysis_schema": {"type": "objekt"}}, "analysis_schema.type"),
        ("runs", {"summary": {"promt": "x"}}, "summary.promt"),
        ("runs", {"aply": True}, "aply"),
        (
            "runs",
            {"analysis_schema": NEW_SCHEMA, "outcome_mapping": OTHER},
            "outcome_mapping.0.when.field",
        ),
    ],
)
def test_what_is_wrong_is_named(api, path, body, fault):
    refused = api.post(f"/v1/analysis/{path}", json=body)
    assert refused.status_code == 400
    assert fault in [one["path"] for one in refused.json["errors"]]


# --- runs


def test_a_run_shows_what_it_would_change_before_it_does(api, desk, analysed):
    desk.model.answers.extend([mood("calm"), mood("calm"), mood("cross")])
    run_id = begin(api, name="Moods", analysis_schema=NEW_SCHEMA, outcome_mapping=MOODY)
    assert api.get(f"{RUNS}/{run_id}").json["waiting"] == 3
    assert api.post(f"{RUNS}/{run_id}/apply").status_code == 409
    desk.work(2)
    run = api.get(f"{RUNS}/{run_id}").json
    assert (run["status"], run["done"], run["changed"]) == ("done", 3, 3)
    assert sum(count for (_, after), count in outcomes(run).items() if after == "calm") == 2
    assert desk.view(analysed[0]).disposition == "booked"
    changes = {one["call_id"]: one for one in api.get(f"{RUNS}/{run_id}/changes").json["data"]}
    fields = {one["field"]: one["after"] for one in changes[analysed[0]]["changes"]}
    assert fields["analysis.agreed"] is None
    assert fields["analysis.mood"] in ("calm", "cross")
    applied = api.post(f"{RUNS}/{run_id}/apply").json
    assert applied["applied_at"]
    assert desk.view(analysed[0]).analysis.keys() == {"mood"}
    assert desk.report(analysed[0]).run_id == run_id
    assert api.post(f"{RUNS}/{run_id}/apply").json["applied_at"] == applied["applied_at"]
    assert [one["name"] for one in api.get(RUNS).json["data"]] == ["Moods"]


def test_a_run_may_apply_at_once_and_only_to_whom_it_is_for(api, desk, analysed):
    run_id = begin(api, outcome_mapping=OTHER, apply=True, filter={"dispositions": ["booked"]})
    desk.work(2)
    assert api.get(f"{RUNS}/{run_id}").json["applied_at"]
    assert desk.view(analysed[0]).disposition == "has_hour"
    assert desk.view(analysed[1]).disposition == "other"
    assert desk.view(analysed[0]).analysis == {"agreed": True, "hour": "ten"}
    assert len(desk.model.requests) == 2  # rules alone ask nobody


def test_a_run_that_names_nothing_repeats_what_each_call_asked_for(api, desk, analysed):
    desk.model.answers.extend([extraction(hour="noon"), extraction(hour="noon")])
    run_id = begin(api, apply=True)
    desk.work(2)
    assert desk.view(analysed[1]).analysis == {"agreed": True, "hour": "noon"}
    assert desk.view(analysed[1]).disposition == "booked"
    assert desk.view(analysed[2]).analysis is None
    assert api.get(f"{RUNS}/{run_id}").json["changed"] == 2


def test_a_run_with_a_schema_alone_keeps_the_calls_rules(api, desk, analysed):
    desk.model.answers.append(extraction(agreed=False))
    run_id = begin(api, analysis_schema=SCHEMA, filter={"call_ids": [analysed[0]]})
    desk.work(2)
    (changed,) = api.get(f"{RUNS}/{run_id}/changes").json["data"]
    assert changed["changes"][0] == {"field": "disposition", "before": "booked", "after": "other"}


def test_what_fails_in_a_run_leaves_the_call_as_it_is(api, desk, analysed):
    desk.model.answers.extend([ProviderError("No credit."), {"x": 1}, {"x": 1}, mood("calm")])
    run_id = begin(api, analysis_schema=NEW_SCHEMA, outcome_mapping=MOODY, apply=True)
    desk.work(2)
    run = api.get(f"{RUNS}/{run_id}").json
    assert (run["done"], run["failed"]) == (1, 2)
    listed = api.get(f"{RUNS}/{run_id}/changes").json["data"]
    errors = [one["errors"]["extraction"] for one in listed if one["errors"]]
    assert any("No credit." in error for error in errors)
    kept = [desk.view(call_id) for call_id in analysed]
    assert sum("mood" in (call.analysis or {}) for call in kept) == 1
    assert sum("agreed" in (call.analysis or {}) for call in kept) >= 1


def test_changes_come_in_pages(api, desk, analysed):
    desk.model.answers.extend([mood("calm")] * 3)
    run_id = begin(api, analysis_schema=NEW_SCHEMA)
    desk.work(2)
    seen, cursor = [], None
    for _ in range(5):
        query = {"limit": 1} | ({"cursor": cursor} if cursor else {})
        page = api.get(f"{RUNS}/{run_id}/changes", query_string=query).json
        seen += [one["call_id"] for one in page["data"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert sorted(seen) == sorted(analysed)


def test_a_run_can_be_cancelled_and_another_begun(api, desk, analysed):
    run_id = begin(api, summary={})
    assert api.post(RUNS, json={"summary": {}}).status_code == 409
    cancelled = api.post(f"{RUNS}/{run_id}/cancel").json
    assert (cancelled["status"], cancelled["waiting"], cancelled["calls"]) == ("cancelled", 0, 3)
    assert api.post(f"{RUNS}/{run_id}/cancel").status_code == 409
    assert api.post(f"{RUNS}/{run_id}/apply").status_code == 200
    desk.model.answers.extend([SUMMARY] * 3)
    begin(api, summary={}, apply=True)
    desk.work(2)
    assert desk.view(analysed[2]).call_summary == SUMMARY["summary"]


def test_calls_that_have_just_ended_go_before_a_run(api, desk, analysed):
    begin(api, summary={})
    desk.call(analysis_schema=SCHEMA)
    now = api.services.clock.now()
    for call_id in api.services.wrap_ups.due(now, 10):
        api.services.wrap_ups.run(call_id, now)
    desk.runner._most = 1
    (first,) = desk.runner.due(now)
    desk.runner.run(first, now)
    assert desk.model.requests[-1].name == "call_analysis"


def test_a_run_over_nothing_is_refused(api):
    refused = api.post(RUNS, json={"summary": {}})
    assert refused.status_code == 400
    assert refused.json["errors"][0]["path"] == "filter"


def test_a_repeated_request_begins_one_run(api, desk, analysed):
    headers = {"Idempotency-Key": "run-number-1"}
    first = api.post(RUNS, json={"summary": {}}, headers=headers)
    again = api.post(RUNS, json={"summary": {}}, headers=headers)
    assert first.json["id"] == again.json["id"]
    assert again.headers["Idempotent-Replayed"] == "true"


def test_runs_of_others_are_not_there(api, desk, analysed):
    run_id = begin(api, summary={})
    stranger = factories.principal(api.services, name="Other")
    token = api.key("calls:read", "calls:write", account_id=stranger.account_id)
    for method, path in (
        ("GET", ""),
        ("GET", "/changes"),
        ("POST", "/apply"),
        ("POST", "/cancel"),
    ):
        assert api.send(method, f"{RUNS}/{run_id}{path}", token=token).status_code == 404
    body = {"outcome_mapping": OTHER, "filter": {"call_ids": analysed}}
    assert api.post("/v1/analysis/preview", json=body, token=token).json["calls"] == 0


def test_a_stored_wish_is_read_as_it_was(api, desk, analysed):
    run_id = begin(api, analysis_schema=NEW_SCHEMA, outcome_mapping=MOODY, summary={"prompt": "x"})
    request = api.get(f"{RUNS}/{run_id}").json["request"]
    assert Wanted.of(request) == Wanted({"prompt": "x"}, NEW_SCHEMA, tuple(MOODY))
