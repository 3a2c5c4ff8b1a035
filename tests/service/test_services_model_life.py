"""A model that its vendor shut down after the call was asked for, or the agent published."""

import logging
from datetime import UTC, date, datetime, timedelta

import factories
import inbound_rig
import pytest
import structlog
from api_client import api_services, fault_paths, serving
from structlog.testing import capture_logs

from topcalls.core.checkup import Level
from topcalls.core.inbound import Refusal
from topcalls.services import settings_checkup
from topcalls.services.call_views import ClaimedCall
from topcalls.services.checkup import DatabaseCheckup
from topcalls.services.inbound import TurnedAway
from topcalls.services.lineup import Lineup

pytestmark = pytest.mark.service
pytest_plugins = ("api_fixtures",)

DYING = "gpt-realtime"
LAST_DAY, END = datetime(2027, 1, 19, 23, 59, tzinfo=UTC), datetime(2027, 1, 20, tzinfo=UTC)


@pytest.fixture
def who(services):
    return factories.principal(services)


def claim(services, now):
    return services.dispatch.claim(factories.OWNER, factories.NODE, 10, now)


def scheduled(services, who, **fields):
    """A call of the day before yesterday that is due now."""
    call = factories.queued_call(services, who, **fields)
    return call.id


def test_a_call_whose_model_is_gone_by_its_time_fails_and_says_so(services, who):
    call_id = scheduled(services, who, model=DYING)
    assert claim(services, END) == []
    call = services.calls.get(who.account_id, call_id)
    assert (call.status, call.end_reason) == ("failed", "configuration")
    for word in (DYING, "2027-01-20", "gpt-realtime-2.1"):
        assert word in call.error_message
    assert services.quotas.balance(who.account_id).minutes_reserved == 0
    told = [item.event for item in services.webhook_log.deliveries(who.account_id, call_id).data]
    assert told == []  # nobody asked to be told


def test_whoever_asked_to_be_told_of_a_failed_call_is(services, who):
    hook = {"webhook_url": "https://example.com/hook", "webhook_events": ("call.failed",)}
    call_id = scheduled(services, who, model=DYING, **hook)
    claim(services, END)
    told = [item.event for item in services.webhook_log.deliveries(who.account_id, call_id).data]
    assert told == ["call.failed"]


def test_on_the_last_day_it_is_still_made(services, who):
    call_id = scheduled(services, who, model=DYING)
    (claimed,) = claim(services, LAST_DAY)
    assert claimed.call_id == call_id


def test_one_dead_call_keeps_no_other_from_being_claimed(services, who):
    scheduled(services, who, model=DYING, priority=9)
    alive = scheduled(services, who, model="gpt-realtime-2.1")
    assert [call.call_id for call in claim(services, END)] == [alive]


def test_an_agent_whose_model_is_gone_takes_no_calls_and_the_trail_says_why(services, who, clock):
    agent = inbound_rig.agent(services, who.account_id, model=DYING)
    inbound_rig.number(services, who.account_id, agent)
    first = inbound_rig.arrival()
    assert isinstance(services.inbound.take(first, factories.OWNER, LAST_DAY), ClaimedCall)
    clock.advance((END - factories.START).total_seconds())
    second = inbound_rig.arrival(channel_uuid="22222222-2222-4333-8444-555555555555")
    turned = services.inbound.take(second, factories.OWNER, END)
    assert isinstance(turned, TurnedAway)
    assert turned.refusal is Refusal.AGENT_UNUSABLE
    call = services.calls.get(who.account_id, turned.call_id)
    assert "Use gpt-realtime-2.1." in call.error_message


# --- what is said before


def test_a_call_by_a_model_that_ends_is_warned_of(api):
    created = api.create(model=DYING)
    (warning,) = created.json["warnings"]
    assert (warning["path"], warning["code"]) == ("model", "shuts_down")
    assert "2027-01-20" in warning["message"]
    assert api.create().json["warnings"] == []


def test_an_agent_is_told_of_the_end_and_then_of_the_refusal(api):
    body = {"name": "A", "configuration": {"task": "Take the call.", "model": DYING}}
    agent_id = api.post("/v1/agents", json=body).json["id"]
    assert api.get(f"/v1/agents/{agent_id}").json["warnings"] == []  # nothing uses the draft
    published = api.post(f"/v1/agents/{agent_id}/publish").json
    path = "published.configuration.model"
    assert [(item["path"], item["code"]) for item in published["warnings"]] == [
        (path, "shuts_down")
    ]
    api.services.clock.advance((END - factories.START).total_seconds())
    later = api.get(f"/v1/agents/{agent_id}").json
    assert [(item["path"], item["code"]) for item in later["warnings"]] == [(path, "shut_down")]


def test_a_dead_default_is_listed_as_dead_and_refused_unless_another_is_named(api):
    api.app = serving(
        api_services(
            api.services,
            Lineup(realtime_model="gpt-4o-realtime-preview"),
            default_from_number=factories.FROM_NUMBER,
        )
    )
    first = api.get("/v1/models?mode=realtime").json["data"][0]
    assert (first["id"], first["is_default"]) == ("gpt-4o-realtime-preview", True)
    assert (first["available"], first["shutdown_date"]) == (False, "2026-05-07")
    assert "gpt-realtime-2.1" in first["warning"]
    refused = api.create()
    assert (refused.status_code, fault_paths(refused)) == (400, ["model"])
    assert refused.json["errors"][0]["code"] == "shut_down"
    assert api.create(model="gpt-realtime-2.1").status_code == 201


def test_the_operator_reads_it_in_the_log(services):
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with capture_logs() as lines:
        services.catalogue.log_endings()
    structlog.configure(**before)
    (line,) = [line for line in lines if line["model"] == "gpt-4o-mini-tts"]
    assert (line["log_level"], line["setting"]) == ("warning", "openai_speech_model")
    assert (line["shutdown_date"], line["replacement"]) == ("2027-01-06", "gpt-realtime-2.1-mini")


def test_the_doctor_looks_at_every_stage():
    today = date(2026, 11, 23)
    found = list(settings_checkup.stages(Lineup(legacy_model="o1", voices=("openai",)), today))
    assert [(item.check, item.level) for item in found] == [
        ("chain_models", Level.FAULT),
        ("chain_models", Level.WARNING),
    ]
    assert "TOPCALLS_LEGACY_MODEL=gpt-6-luna" in found[0].remedy
    assert "TOPCALLS_OPENAI_SPEECH_MODEL" in found[1].remedy
    (well,) = settings_checkup.stages(Lineup(voices=("elevenlabs",)), today)
    assert well.level is Level.OK


@pytest.mark.parametrize(
    ("later", "level", "word"),
    [
        (timedelta(0), Level.WARNING, "Reception (gpt-realtime, 2027-01-20)"),
        (END - factories.START, Level.FAULT, "1 agent(s) have a model that is shut down: "),
    ],
)
def test_the_doctor_looks_at_every_agent_in_use(
    services, who, clock, database_url, later, level, word
):
    inbound_rig.agent(services, who.account_id, model=DYING)
    inbound_rig.agent(services, who.account_id)
    clock.advance(later.total_seconds())
    rules = Lineup().model_rules
    checkup = DatabaseCheckup(database_url, factories.SECRET_KEY, "1.0", False, clock, rules)
    (found,) = [item for item in checkup.findings() if item.check == "agent_models"]
    assert found.level is level
    assert word in found.found
