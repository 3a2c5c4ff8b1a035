"""Calls counted by workers, and told by the API."""

import csv
import io
from datetime import date, timedelta

import factories
import pytest
from api_client import fault_paths
from campaign_rig import Rig

from topcalls.core.latency import Moments, TurnTiming
from topcalls.core.token_usage import TokenUsage
from topcalls.errors import NotFound
from topcalls.services import statistics
from topcalls.services.statistics import Query
from topcalls.store.models import Call

pytestmark = pytest.mark.service
pytest_plugins = ("api_fixtures",)

TODAY = date(2026, 11, 23)  # `factories.START`, 12:00 UTC


@pytest.fixture
def who(services):
    return factories.principal(services)


def talked(services, who, seconds=60, **fields):
    """The id of a call with which everything is done."""
    life = factories.Life(services, factories.claimed_call(services, who, **fields)).talk(seconds)
    took, now = TokenUsage(100, 200, 0, 10, 20), services.clock.now()
    services.calls.note_usage(life.call_id, "gpt-realtime-2.1-mini", took, 1, now)
    timing = TurnTiming(1, 400, 300, 50, moments=Moments(caller_energy=1))
    services.calls.append_timing(life.call_id, timing)
    life.hang_up()
    return life.call_id


def settled(services):
    """Everything that follows is done."""
    for _ in range(40):
        for call_id in services.wrap_ups.due(services.clock.now(), 50):
            services.wrap_ups.run(call_id, services.clock.now())
        services.clock.advance(5)


def failed(services, who, cause="USER_BUSY", **fields):
    life = factories.Life(services, factories.claimed_call(services, who, **fields)).dial()
    life.fail(cause)
    return life.call_id


def report(services, who, group_by="day", first=TODAY, last=TODAY, **filters):
    return services.statistics.report(who.account_id, Query(first, last, group_by, filters))


def counts(found):
    return {group.group: group.tally.calls for group in found.groups}


def test_calls_are_counted_once_when_everything_is_done(services, who):
    talked(services, who)
    assert services.statistics.count(services.clock.now()) == 0  # its wrap-up is to come
    failed(services, who)
    failed(services, who, "NO_ANSWER")
    services.calls.cancel(who.account_id, factories.queued_call(services, who).id)
    settled(services)
    assert services.statistics.count(services.clock.now()) == 4
    assert services.statistics.count(services.clock.now()) == 0
    (group,) = report(services, who).groups
    tally = group.tally
    assert (tally.calls, tally.dialled, tally.answered, tally.completed) == (4, 3, 1, 1)
    assert tally.answer_rate == 0.3333
    assert tally.seconds == 60
    assert (tally.input_tokens, tally.output_tokens) == (300, 30)
    assert tally.outcomes["call_status"] == {
        "completed": 1,
        "busy": 1,
        "no-answer": 1,
        "cancelled": 1,
    }
    assert tally.spreads["provider"].p50 == pytest.approx(300, rel=0.025)
    assert tally.cost_unknown == 1  # nobody knows what the installation's trunk charges


def test_a_campaign_is_told_by_its_name(services):
    rig = Rig(services)
    campaign = rig.campaign(rig.leads(1), name="Spring check-ups")
    call_id = failed(services, rig.who)
    of_campaign = Call.update(campaign_id=campaign.id).where(Call.id == call_id)
    services.statistics._db.run(of_campaign.execute)
    services.statistics.count(services.clock.now())
    (group,) = report(services, rig.who, "campaign").groups
    assert (group.group, group.name, group.tally.calls) == (campaign.id, "Spring check-ups", 1)


def test_later_calls_are_added_to_what_was_counted(services, who):
    for expected in (1, 2, 3):
        talked(services, who)
        settled(services)
        services.statistics.count(services.clock.now())
        assert report(services, who).total.calls == expected
    assert report(services, who).total.spreads["gateway"].answers == 3


def test_many_calls_are_counted_in_batches(services, who, monkeypatch):
    monkeypatch.setattr(statistics, "BATCH", 2)
    for _ in range(5):
        failed(services, who)
    counted = [services.statistics.count(services.clock.now()) for _ in range(4)]
    assert counted == [2, 2, 1, 0]
    assert report(services, who).total.calls == 5


def test_accounts_are_counted_apart(services, who):
    other = factories.principal(services, name="Other")
    failed(services, who)
    failed(services, other)
    services.statistics.count(services.clock.now())
    assert report(services, who).total.calls == report(services, other).total.calls == 1


def test_calls_are_told_apart_by_what_they_share(services, who):
    failed(services, who, from_number="+12025550198")
    failed(services, who)
    talked(services, who)
    settled(services)
    services.statistics.count(services.clock.now())
    assert counts(report(services, who, "number")) == {
        "+12025550198": 1,
        factories.FROM_NUMBER: 2,
    }
    (own,) = report(services, who, "carrier").groups
    assert (own.group, own.name) == ("own", "the installation's own trunk")
    assert counts(report(services, who, "hour")) == {"12": 3}
    assert counts(report(services, who, "total")) == {"total": 3}
    assert counts(report(services, who, "campaign")) == {}
    assert report(services, who, "day", number="+12025550198").total.calls == 1
    assert report(services, who, "hour", number="+12025550111").total.calls == 0
    assert report(services, who, "number", number="+12025550198").total.calls == 1


def test_agents_are_told_apart_by_their_versions(services, who):
    ids = ("0b0ea4ec-3d2c-4c1d-9a2f-6c1f0a6f3d11", "1b0ea4ec-3d2c-4c1d-9a2f-6c1f0a6f3d11")
    for agent_id, version in ((ids[0], 1), (ids[0], 2), (ids[0], 2), (ids[1], 1)):
        failed(services, who, agent_id=agent_id, agent_version=version)
    services.statistics.count(services.clock.now())
    assert counts(report(services, who, "agent_version")) == {
        f"{ids[0]}@1": 1,
        f"{ids[0]}@2": 2,
        f"{ids[1]}@1": 1,
    }
    assert report(services, who, agent_id=ids[0]).total.calls == 3
    assert report(services, who, agent_id=ids[0], agent_version=2).total.calls == 2


def test_days_are_those_of_the_accounts_zone_and_another_one_counts_anew(services, who):
    services.clock.advance(timedelta(hours=14).total_seconds())  # 02:00 UTC of the next day
    failed(services, who)
    services.statistics.count(services.clock.now())
    tomorrow = TODAY + timedelta(days=1)
    assert counts(report(services, who, last=tomorrow)) == {"2026-11-24": 1}
    assert services.statistics.set_time_zone(who.account_id, "America/New_York") == 1
    assert counts(report(services, who, last=tomorrow)) == {}
    services.statistics.count(services.clock.now())
    found = report(services, who, last=tomorrow)
    assert counts(found) == {"2026-11-23": 1}
    assert found.time_zone == "America/New_York"
    assert counts(report(services, who, "hour", last=tomorrow)) == {"21": 1}
    with pytest.raises(NotFound):
        services.statistics.set_time_zone("nobody", "UTC")


# --- over the API


@pytest.fixture
def counted(api):
    talked(api.services, api.owner)
    failed(api.services, api.owner)
    settled(api.services)
    api.services.statistics.count(api.services.clock.now())
    return "?from=2026-11-23&to=2026-11-23"


def test_analytics_are_told(api, counted):
    told = api.get(f"/v1/analytics{counted}").json
    (day,) = told["data"]
    assert (told["time_zone"], told["currency"], told["group_by"]) == ("UTC", "USD", "day")
    assert (day["group"], day["calls"], day["answer_rate"]) == ("2026-11-23", 2, 0.5)
    assert day["minutes"] == 1
    assert day["latency"]["ear"] is None
    assert day["latency"]["gateway"]["answers"] == 1
    assert day["outcomes"]["call_status"] == {"busy": 1, "completed": 1}
    assert told["total"]["calls"] == 2
    assert day["calls_of_unknown_cost"] == 1


def test_analytics_are_a_table_too(api, counted):
    answer = api.get(f"/v1/analytics{counted}&group_by=number&format=csv")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    (row,) = csv.DictReader(io.StringIO(answer.text))
    assert row["group"] == f"'{factories.FROM_NUMBER}"
    assert (row["calls"], row["call_status.busy"], row["latency.ear.p50"]) == ("2", "1", "")
    assert row["latency.gateway.p95"]


def test_usage_is_told_by_day(api, counted):
    told = api.get(f"/v1/account/usage{counted}").json
    (day,) = told["data"]
    assert (day["day"], day["calls"], day["answered"], day["minutes"]) == ("2026-11-23", 2, 1, 1)
    assert (day["input_tokens"], day["output_tokens"]) == (300, 30)
    assert day["cost"] == "0.002484"  # 100 x 0.60 + 200 x 10 + 10 x 2.40 + 20 x 20, for a million


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("from=2026-11-23", "to"),
        ("from=2026-11-23&to=soon", "to"),
        ("from=2026-11-23&to=2026-11-22", "to"),
        ("from=2025-11-23&to=2026-11-24", "to"),
        ("from=2026-11-23&to=2026-11-23&group_by=week", "group_by"),
        ("from=2026-11-23&to=2026-11-23&format=xls", "format"),
        ("from=2026-11-23&to=2026-11-23&campaign_id=x", "campaign_id"),
        ("from=2026-11-23&to=2026-11-23&agent_version=1", "agent_version"),
        ("from=2026-11-23&to=2026-11-23&group_by=carrier&number=%2B1202", "number"),
    ],
)
def test_what_is_wrong_with_a_question_is_told(api, query, field):
    answer = api.get(f"/v1/analytics?{query}")
    assert answer.status_code == 400
    assert fault_paths(answer) == [field]
