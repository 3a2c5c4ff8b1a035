"""Every field of a campaign is judged, with its path and what to write instead."""

from datetime import UTC, datetime

import pytest

from topcalls.core.call_rules import CallRules
from topcalls.core.campaign_edit import Effect, differences, edit_to, edited, touches
from topcalls.core.campaign_rules import DEFAULTS, FIELDS, faults, filled
from topcalls.core.campaign_state import CampaignState

pytestmark = pytest.mark.unit
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
RULES = CallRules(default_from_number="+12025550199")
TASK = "Ask whether the appointment still suits."


def told(campaign, call=None, **options):
    """The faults of a campaign that is right but for what is given: {path: code}."""
    body = {"name": "Spring", "call": {"task": TASK}, **campaign}
    call = body.get("call") if call is None else call
    return {fault.path: fault.code for fault in faults(body, call, RULES, NOW, **options)}


def test_a_name_is_enough_for_a_draft_and_a_task_for_the_start():
    assert told({"call": {}}) == {}
    assert told({"call": {}}, complete=True) == {"call.task": "required"}
    assert told({}, complete=True) == {}
    assert told({"name": None}) == {"name": "required"}
    body = filled({"name": "Spring", "pacing": None})
    assert body == {"name": "Spring", **DEFAULTS}
    assert faults(body, {"task": TASK}, RULES, NOW, complete=True) == []
    assert set(body) == set(FIELDS)


WRONG = [
    ({"nam": "x"}, "nam", "unknown"),
    ({"name": " "}, "name", "length"),
    ({"list_ids": ["x"]}, "list_ids.0", "format"),
    ({"purpose": "Big Sale!"}, "purpose", "format"),
    ({"weight": 0}, "weight", "range"),
    ({"weight": True}, "weight", "invalid_type"),
    ({"priority": 10}, "priority", "range"),
    ({"conversion_outcomes": ["Sold"]}, "conversion_outcomes.0", "format"),
    ({"conversion_outcomes": ["sold", "sold"]}, "conversion_outcomes.1", "duplicate"),
    ({"webhook_events": ["campaign.started"]}, "webhook_events", "needs_webhook_url"),
    ({"webhook_url": "ftp://x"}, "webhook_url", "invalid_url"),
    ({"missing_variables": "guess"}, "missing_variables", "choice"),
    ({"variable_defaults": {"x": "y"}}, "variable_defaults", "needs_missing_variables"),
    ({"budget": {"minutes": -1}}, "budget.minutes", "range"),
    ({"schedule": []}, "schedule", "invalid_type"),
    ({"schedule": {"start": "x"}}, "schedule.start", "unknown"),
    ({"schedule": {"start_at": "2026-12-01T09:00"}}, "schedule.start_at", "invalid_time"),
    ({"schedule": {"start_at": "2028-12-01T09:00Z"}}, "schedule.start_at", "too_far_ahead"),
    ({"schedule": {"end_at": "2026-11-23T12:00Z"}}, "schedule.end_at", "in_the_past"),
    ({"schedule": {"time_zone": "America/Springfield"}}, "schedule.time_zone", "unknown_zone"),
    ({"schedule": {"time_zone": "../etc/passwd"}}, "schedule.time_zone", "unknown_zone"),
    ({"schedule": {"holidays": "maybe"}}, "schedule.holidays", "choice"),
    ({"schedule": {"blackout_dates": ["2026-02-30"]}}, "schedule.blackout_dates.0", "invalid_date"),
    ({"pacing": {"max_concurrent": 0}}, "pacing.max_concurrent", "range"),
    ({"pacing": {"calls_per_second": float("nan")}}, "pacing.calls_per_second", "range"),
    ({"pacing": {"ramp_up": {"from": 10}}}, "pacing.ramp_up.minutes", "required"),
    ({"retry": {"max_attempts": 21}}, "retry.max_attempts", "range"),
    ({"retry": {"outcomes": {"buzy": {}}}}, "retry.outcomes.buzy", "unknown"),
    ({"retry": {"outcomes": {"completed": {}}}}, "retry.outcomes.completed", "unknown"),
    ({"from_numbers": {"numbers": ["12025550199"]}}, "from_numbers.numbers.0", "not_e164"),
    ({"from_numbers": {"rotation": "random"}}, "from_numbers.rotation", "choice"),
    ({"circuit_breaker": {"failure_percent": 101}}, "circuit_breaker.failure_percent", "range"),
    ({"compliance": {"category": "sales"}}, "compliance.category", "choice"),
    ({"compliance": {"slots": ["ai"]}}, "compliance.slots.0", "choice"),
    ({"call": []}, "call", "invalid_type"),
    ({"call": {"task": "short"}}, "call.task", "length"),
    ({"call": {"task": TASK, "phone_number": "+12025550100"}}, "call.phone_number", None),
    ({"call": {"task": TASK, "schedule_at": "2026-12-01T09:00Z"}}, "call.schedule_at", None),
    ({"call": {"task": TASK, "priority": 9}}, "call.priority", "not_of_a_campaign"),
    ({"call": {"task": f"{TASK} {{{{ x"}}, "call.task", "invalid_placeholder"),
]


@pytest.mark.parametrize(("campaign", "path", "code"), WRONG)
def test_what_is_wrong_is_told_by_its_path(campaign, path, code):
    found = told(campaign)
    assert list(found) == [path]
    assert code in (None, found[path])


@pytest.mark.parametrize(
    ("window", "path"),
    [
        ({"start": "17:00", "end": "09:00"}, "schedule.windows.0.end"),
        ({"start": "09:00", "end": "09:00"}, "schedule.windows.0.end"),
        ({"start": "9:00", "end": "17:00"}, "schedule.windows.0.start"),
        ({"start": "09:00", "end": "25:00"}, "schedule.windows.0.end"),
        ({"start": "24:00", "end": "24:00"}, "schedule.windows.0.start"),
        ({"days": ["monday"], "start": "09:00", "end": "17:00"}, "schedule.windows.0.days.0"),
        ({"days": [], "start": "09:00", "end": "17:00"}, "schedule.windows.0.days"),
        ({"start": "09:00"}, "schedule.windows.0.end"),
        ("09:00", "schedule.windows.0"),
    ],
)
def test_windows_that_are_none(window, path):
    assert list(told({"schedule": {"windows": [window]}})) == [path]


@pytest.mark.parametrize(
    "schedule",
    [
        {"start_at": "2026-12-02T00:00Z", "end_at": "2026-12-01T00:00Z"},
        {
            "end_at": "2026-11-27T00:00Z",
            "windows": [{"days": ["sat"], "start": "09:00", "end": "17:00"}],
        },
        {
            "time_zone": "UTC",
            "end_at": "2026-11-25T00:00Z",
            "blackout_dates": ["2026-11-23", "2026-11-24"],
        },
    ],
)
def test_a_schedule_that_is_never_open_is_refused(schedule):
    assert list(told({"schedule": schedule}).values()) == ["impossible_window"]


def test_a_schedule_that_is_open_somewhere_on_earth_is_not():
    """It is Saturday in Kiritimati while it is Friday in London."""
    schedule = {
        "end_at": "2026-11-27T12:00Z",
        "windows": [{"days": ["sat"], "start": "00:00", "end": "24:00"}],
    }
    assert told({"schedule": schedule}) == {}
    assert told({"schedule": {**schedule, "time_zone": "Europe/London"}}) != {}


def test_no_campaign_asks_more_of_people_than_is_polite():
    outcomes = {
        "rejected": {"max": 2, "delays_minutes": [60]},
        "busy": {"max": 3, "delays_minutes": [20, 1]},
        "no_answer": {"max": 10, "delays_minutes": [180], "other_time_of_day": True},
    }
    assert told({"retry": {"outcomes": outcomes}}) == {
        "retry.outcomes.rejected.max": "range",
        "retry.outcomes.rejected.delays_minutes.0": "range",
        "retry.outcomes.busy.delays_minutes.1": "range",
    }


def test_names_in_texts_are_brought_by_leads_or_have_a_default():
    call = {"task": f"{TASK} Say {{{{name}}}} and {{{{city}}}}, {{{{clinic}}}}, {{{{day|soon}}}}."}
    call["request_data"] = {"clinic": "Bright Smile"}
    assert told({"call": call}) == {}
    wanted = {"call": call, "missing_variables": "default", "variable_defaults": {"name": "there"}}
    assert told(wanted) == {"variable_defaults.city": "required"}
    wanted["variable_defaults"] = {"name": "there", "city": "your city"}
    assert told(wanted) == {}


def test_the_number_to_call_by_may_be_the_campaigns():
    campaign = {"call": {"task": TASK}, "name": "Spring"}
    nobody = CallRules()
    found = faults(campaign, campaign["call"], nobody, NOW, complete=True)
    assert [fault.path for fault in found] == ["call.from_number"]
    campaign["from_numbers"] = {"numbers": ["+12025550198"]}
    assert faults(campaign, campaign["call"], nobody, NOW, complete=True) == []


def test_faults_come_in_the_order_of_the_fields():
    wrong = {"circuit_breaker": {"x": 1}, "pacing": {"y": 1}, "name": "", "call": {"task": "no"}}
    assert list(told(wrong)) == ["name", "call.task", "pacing.y", "circuit_breaker.x"]


def test_an_edit_overlays_sections_and_replaces_the_rest():
    before = filled(
        {
            "name": "Spring",
            "pacing": {"max_concurrent": 5, "calls_per_minute": 60},
            "call": {"task": TASK, "request_data": {"a": "1", "b": "2"}},
            "conversion_outcomes": ["sold"],
        }
    )
    edit = {
        "pacing": {"max_concurrent": 10, "calls_per_minute": None},
        "call": {"request_data": {"a": None, "c": "3"}},
        "conversion_outcomes": [],
        "weight": 3,
    }
    after = edited(before, edit)
    assert after["pacing"] == {"max_concurrent": 10}
    assert after["call"] == {"task": TASK, "request_data": {"b": "2", "c": "3"}}
    found = {
        one.change.path: one.takes_effect
        for one in differences(before, after, CampaignState.RUNNING)
    }
    assert found == {
        "call.request_data.a": Effect.NEXT_CALLS,
        "call.request_data.c": Effect.NEXT_CALLS,
        "conversion_outcomes": Effect.REPORTS,
        "pacing.calls_per_minute": Effect.AT_ONCE,
        "pacing.max_concurrent": Effect.AT_ONCE,
        "weight": Effect.AT_ONCE,
    }
    waiting = differences(before, after, CampaignState.DRAFT)
    assert {one.takes_effect for one in waiting} == {Effect.AT_START}
    assert touches(waiting, "pacing")
    assert not touches(waiting, "pac")


_WHOLE = filled(
    {
        "name": "Spring",
        "pacing": {"max_concurrent": 5, "ramp_up": {"from": 10, "minutes": 5}},
        "call": {"task": TASK, "request_data": {"a": "1", "b": "2"}, "voicemail": {"x": 1}},
        "variable_defaults": {"name": "there"},
        "list_ids": ["one"],
        "weight": 3,
    }
)
_OTHER = filled(
    {
        "name": "Spring",
        "pacing": {"ramp_up": {"from": 20, "minutes": 5}},
        "call": {"task": TASK, "request_data": {"b": "3"}, "voicemail": {"y": 1}},
        "list_ids": ["two"],
        "purpose": "offers",
    }
)


@pytest.mark.parametrize(
    ("before", "after"),
    [(_WHOLE, _OTHER), (_OTHER, _WHOLE), (filled({"name": "A"}), _WHOLE), (_WHOLE, _WHOLE)],
)
def test_the_edit_from_one_campaign_to_another_makes_it(before, after):
    assert filled(edited(before, edit_to(before, after))) == after


def test_the_edit_to_another_campaign_names_what_differs_alone():
    assert edit_to(_WHOLE, _WHOLE) == {}
    assert edit_to(_WHOLE, _OTHER) == {
        "pacing": {"max_concurrent": None, "ramp_up": {"from": 20, "minutes": 5}},
        "call": {"request_data": {"a": None, "b": "3"}, "voicemail": {"y": 1}},
        "variable_defaults": {"name": None},
        "list_ids": ["two"],
        "weight": 1,
        "purpose": "offers",
    }


def test_every_field_says_from_when_a_change_of_it_counts():
    before = filled({"name": "Spring"})
    for name in FIELDS:
        assert differences(before, {**before, name: "other"}, CampaignState.RUNNING), name
