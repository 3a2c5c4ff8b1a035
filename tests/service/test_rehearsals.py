"""Campaigns are rehearsed by what is stored of them, in a process of its own, and nothing is
written."""

from datetime import datetime, timedelta

import factories
import orjson
import pytest
from campaign_rig import TASK, Rig
from engine_rig import EngineRig
from rehearsal_rig import InThisProcess

from topcalls.errors import Conflict, InvalidRequest, NotFound
from topcalls.services import rehearsals
from topcalls.store import rows
from topcalls.store.models import TABLES

pytestmark = pytest.mark.service
NOON = "2026-12-01T17:00:00Z"  # Tuesday noon in New York
CALM = {"invalid_percent": 0, "carrier_failure_percent": 0}
SMALL = {
    "windows": [{"days": ["mon", "tue", "wed", "thu", "fri"], "start": "09:00", "end": "17:00"}]
}


@pytest.fixture
def services(services):
    services.rehearsals._child = InThisProcess()
    return services


@pytest.fixture
def rig(services):
    return Rig(services)


def enforced(rig):
    terms = {"enforcement": "enforce", "policy": {"require_scrubs": False}}
    rig.services.compliance_terms.change(rig.account_id, terms)


def counts(services):
    """How many rows each table has."""

    def verb():
        return {
            table._meta.table_name: rows.select(f'SELECT COUNT(*) FROM "{table._meta.table_name}"')
            for table in TABLES
        }

    return services.db.read(verb)


def rehearse(rig, campaign, **wishes):
    return rig.services.rehearsals.run(rig.account_id, campaign.id, wishes)


def told(rig, campaign, **wishes):
    return rig.services.rehearsals.told(rig.account_id, campaign.id, wishes)


def test_a_draft_is_rehearsed_whole_and_nothing_is_written(services, rig):
    draft = rig.campaign(
        rig.leads(4, time_zone="America/New_York"),
        rig.leads(3, "Others", start=3, time_zone="America/New_York"),
        schedule=SMALL,
    )
    before = counts(services)
    report = rehearse(rig, draft, starts_at=NOON, days=20, dials=100)
    assert counts(services) == before
    assert report["people"] == 6  # one is on both lists
    assert report["ends"] == "completed"
    assert report["campaign"] == {"id": draft.id, "revision": draft.revision, "status": "draft"}
    assert report["wishes"]["seed"] == 1
    assert report["wishes"]["starts_at"] == NOON
    assert report["wishes"]["callees"]["human_percent"] == 30
    assert {"pack", "pack_hash", "engine", "tz"} <= report["versions"].keys()
    finished = report["contacts"]
    assert sum(finished[state] for state in ("done", "given_up", "skipped")) == 6
    assert len(report["dials"]) == report["calls"]["total"]
    for dial in report["dials"]:
        local = datetime.fromisoformat(dial["at"]) - timedelta(hours=5)
        assert local.weekday() < 5
        assert 9 <= local.hour < 17


def test_the_same_wishes_of_the_same_data_give_the_same_bytes(rig):
    draft = rig.campaign(rig.leads(5), schedule=SMALL)
    first = told(rig, draft, starts_at=NOON, seed=7, dials=50)
    rig.clock.advance(4000)
    assert told(rig, draft, starts_at=NOON, seed=7, dials=50) == first
    assert told(rig, draft, starts_at=NOON, seed=8, dials=50) != first
    assert first == orjson.dumps(orjson.loads(first), option=orjson.OPT_SORT_KEYS)


def test_who_lacks_a_value_or_a_consent_is_told_by_the_rule(services, rig):
    enforced(rig)
    call = {"task": TASK + " It is about {{topic}}."}
    named = rig.leads(2, metadata={"topic": "teeth"}, time_zone="America/New_York")
    nameless = rig.leads(3, "Nameless", start=50, time_zone="America/New_York")
    draft = rig.campaign(named, nameless, call=call)
    report = rehearse(rig, draft, starts_at=NOON, days=1)
    skipped = report["contacts"]["skipped_by_rule"]
    assert skipped["missing_variables: topic"] == 3
    assert report["calls"]["total"] == 0
    assert sum(skipped.values()) == 5
    warranty = {
        "list_id": named,
        "kind": "warranty",
        "source": "contract",
        "captured_at": rig.clock.now(),
    }
    services.consents.create(rig.who, warranty)
    services.do_not_call.add(rig.account_id, "+12025550000", "asked")
    report = rehearse(rig, draft, starts_at=NOON, days=1, callees=CALM)
    assert sum(report["contacts"]["skipped_by_rule"].values()) >= 4


def test_the_policy_record_lets_them_be_called_and_counts_it(rig):
    draft = rig.campaign(rig.leads(3))
    report = rehearse(rig, draft, starts_at="2026-12-02T02:00:00Z", days=1)
    assert report["calls"]["total"] >= 3
    assert sum(report["not_enforced_by_rule"].values()) >= 3


def test_what_others_would_have_to_be_asked_is_named(services, rig):
    server = {"url": "https://example.com/may-we-call"}
    services.compliance_terms.change(rig.account_id, {"pre_dial": server})
    report = rehearse(rig, rig.campaign(rig.leads(3)), starts_at=NOON, days=1)
    calls = report["calls"]["total"]
    assert calls >= 3
    assert report["not_known"] == {"caller_number": calls, "pre_dial": calls}


def test_the_numbers_that_it_shows_are_judged_as_when_it_dials(services, rig):
    number = services.phone_numbers.add(rig.account_id, {"number": "+12125550155"})
    draft = rig.campaign(rig.leads(3), from_numbers={"numbers": [number.number]})
    report = rehearse(rig, draft, starts_at=NOON, days=1)
    assert report["calls"]["total"] >= 3 and report["not_known"] == {}


def test_a_budget_and_the_minutes_end_it_paused(services, rig):
    draft = rig.campaign(rig.leads(6), budget={"calls": 2})
    report = rehearse(rig, draft, starts_at=NOON, days=2)
    assert report["ends"] == "paused"
    assert report["calls"]["total"] == 2
    services.quotas.grant(rig.account_id, -1000, "none")
    other = rig.campaign(rig.leads(2, "More", start=70), name="Other")
    report = rehearse(rig, other, starts_at=NOON, days=2)
    assert (report["ends"], report["paused"]["code"]) == ("paused", "minutes")


def test_pace_is_shared_with_campaigns_beside_it(services):
    who = factories.principal(services, max_concurrent_calls=4, max_calls_per_minute=600)
    rig = Rig(services)
    rig.who, rig.account_id = who, who.account_id
    draft = rig.campaign(rig.leads(30), name="This")
    people = {**CALM, "human_percent": 100, "voicemail_percent": 0, "busy_percent": 0}
    people |= {"rejected_percent": 0, "unreachable_percent": 0, "short_talk_percent": 0}
    alone = rehearse(rig, draft, starts_at=NOON, callees=people)
    assert alone["calls"]["peak_concurrent"] == 4
    beside = rig.campaign(rig.leads(1, "Few", start=90), name="Beside", weight=3)
    rig.control("start", beside)
    assert rehearse(rig, draft, starts_at=NOON, callees=people)["calls"]["peak_concurrent"] == 1


def test_contacts_go_on_from_where_they_are(services):
    rig = EngineRig(services, leads=4, schedule={})
    rig.round()
    assert rig.play("USER_BUSY") == 4
    rig.round()
    report = services.rehearsals.run(rig.account_id, rig.id, {"dials": 50, "seed": 3})
    assert report["people"] == 4
    first = min(dial["attempt"] for dial in report["dials"])
    assert first == 2
    assert report["campaign"]["status"] == "running"


def test_the_first_calls_are_those_of_production_in_the_same_order(services):
    rig = EngineRig(services, leads=6, pacing={"max_concurrent": 1})
    begun = rig.clock.now().replace(microsecond=0) + timedelta(seconds=1)
    report = services.rehearsals.run(
        rig.account_id, rig.id, {"starts_at": begun.isoformat(), "dials": 50}
    )
    wanted = [dial["lead_id"] for dial in sorted(report["dials"], key=lambda one: one["at"])]
    called = []
    while len(called) < 6:
        rig.round(1)
        for life in rig.claim(3):
            lead_id = next(one.lead_id for one in rig.attempts() if one.call_id == life.call_id)
            called.append(lead_id)
            rig.over(life.talk(30).hang_up())
    assert called == sorted(called)
    assert list(dict.fromkeys(wanted)) == called


# --- what cannot be rehearsed


@pytest.mark.parametrize(
    ("wishes", "path"),
    [
        ({"sed": 1}, "sed"),
        ({"seed": "1"}, "seed"),
        ({"seed": -1}, "seed"),
        ({"days": 0}, "days"),
        ({"days": 61}, "days"),
        ({"dials": 200_001}, "dials"),
        ({"starts_at": "tomorrow"}, "starts_at"),
        ({"starts_at": "2026-12-01T17:00:00"}, "starts_at"),
        ({"starts_at": "9999-12-01T17:00:00Z"}, "starts_at"),
        ({"callees": {"human": 3}}, "callees.human"),
        ({"callees": {"human_percent": 101}}, "callees.human_percent"),
        ({"callees": []}, "callees"),
    ],
)
def test_what_is_asked_wrongly_is_told_by_its_name(rig, wishes, path):
    draft = rig.campaign(rig.leads(1))
    with pytest.raises(InvalidRequest) as refusal:
        rehearse(rig, draft, **wishes)
    assert [one.path for one in refusal.value.errors] == [path]


def test_what_could_not_be_started_cannot_be_rehearsed(rig):
    with pytest.raises(Conflict) as refusal:
        rehearse(rig, rig.campaign(rig.leads(0)))
    assert refusal.value.extra["reason"] == "not_ready"
    done = rig.campaign(rig.leads(1, "One"))
    rig.control("start", done)
    rig.control("stop", done)
    with pytest.raises(Conflict) as refusal:
        rehearse(rig, done)
    assert refusal.value.extra["reason"] == "campaign_state"
    with pytest.raises(NotFound):
        rig.services.rehearsals.run(factories.principal(rig.services).account_id, done.id, {})


def test_more_people_than_there_is_room_for(rig, monkeypatch):
    monkeypatch.setattr(rehearsals, "MOST_PEOPLE", 2)
    with pytest.raises(InvalidRequest, match="3 people, and 2 can be rehearsed") as refusal:
        rehearse(rig, rig.campaign(rig.leads(3)))
    assert refusal.value.errors[0].path == "list_ids"
