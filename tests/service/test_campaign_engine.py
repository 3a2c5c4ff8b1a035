"""Campaigns make their calls by themselves: each once, within their limits, to the end."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import factories
import gevent
import pytest
from engine_rig import EngineRig

from topcalls.core.call_events import BridgeFailed, Forbidden, Hangup, OriginateFailed
from topcalls.core.campaign_state import CampaignState, Rank
from topcalls.core.pacing import LEAST_AHEAD
from topcalls.services.transitions import hangup_facts
from topcalls.store import calls, person_facts
from topcalls.store.models import Campaign

pytestmark = pytest.mark.service


def test_everybody_is_called_and_the_campaign_is_over(services):
    rig = EngineRig(services, leads=3)
    rig.round()
    assert rig.counts() == {"in_flight": 3}
    assert rig.play() == 3
    rig.round()
    assert rig.counts() == {"done": 3}
    assert rig.row.state == CampaignState.COMPLETED
    assert rig.row.ended_for["code"] == "completed"
    assert [one.outcome for one in rig.attempts()] == ["completed"] * 3
    assert all(one.counted and one.talk_seconds == 60 for one in rig.attempts())
    calls = services.calls.list(rig.who.account_id, campaign_id=rig.id).data
    assert len(calls) == 3
    assert {call.lead_id for call in calls} == {one.lead_id for one in rig.rows()}
    leads = services.leads.list(rig.who.account_id).items
    assert {lead.status for lead in leads} == {"Contacted"}


def test_a_second_worker_and_a_second_round_make_no_call_twice(services, tmp_path):
    rig = EngineRig(services, leads=5)
    rig.round()
    rig.engine.producer.produce(services.clock.now())
    other = factories.services(services.db, tmp_path, services.clock)
    other.campaign_engine.round(services.clock.now())
    assert len(rig.attempts()) == 5
    assert services.dispatch.queue_length() == 5


def test_a_busy_line_is_called_again_after_its_delay_and_given_up_in_the_end(services):
    rig = EngineRig(services, leads=1)
    for number, delay in enumerate([20, 1440, 20, 1440], 1):
        rig.round()
        assert rig.play("USER_BUSY") == 1
        rig.round()
        (contact,) = rig.rows()
        assert (contact.state, contact.counted, contact.rank) == ("waiting", number, Rank.RETRY)
        ended = rig.attempts()[-1].ended_at
        assert contact.next_at - ended == timedelta(minutes=delay)
        rig.round(delay * 60 - 2)
        assert services.dispatch.queue_length() == 0
    rig.round()
    rig.play("USER_BUSY")
    rig.round()
    (contact,) = rig.rows()
    assert (contact.state, contact.reason, contact.last_outcome) == ("given_up", "busy", "busy")
    assert rig.row.state == CampaignState.COMPLETED
    assert [one.number for one in rig.attempts()] == [1, 2, 3, 4, 5]


def test_a_retry_that_is_due_comes_before_people_who_were_never_called(services):
    rig = EngineRig(services, leads=30)
    rig.round()
    first = rig.claim(1)[0]
    first.dial().fail("USER_BUSY")
    rig.press("pause")
    rig.round()
    rig.clock.advance(3600)
    rig.press("resume")
    rig.round()
    queued = rig.claim(100)
    assert len(queued) == LEAST_AHEAD
    again = [one for one in rig.attempts() if one.number == 2 and one.outcome is None]
    retried = next(one for one in rig.attempts() if one.outcome == "busy")
    assert retried.lead_id in {one.lead_id for one in again}


def test_a_pause_gives_what_waits_back_untouched_and_lets_the_rest_go_on(services):
    rig = EngineRig(services, leads=4)
    rig.round()
    before = {one.lead_id: one.next_at for one in rig.rows()}
    (talking,) = rig.claim(1)
    talking.talk(10)
    rig.press("pause")
    assert rig.counts() == {"waiting": 3, "in_flight": 1}
    assert services.dispatch.queue_length() == 0
    for contact in rig.rows():
        if contact.state == "waiting":
            assert (contact.next_at, contact.counted, contact.rank) == (
                before[contact.lead_id],
                0,
                Rank.FRESH,
            )
    rig.round()
    assert rig.claim() == []
    rig.over(talking.hang_up())
    rig.round()
    assert rig.counts() == {"waiting": 3, "done": 1}
    rig.press("resume")
    rig.round()
    assert rig.play() == 3
    rig.round()
    assert rig.row.state == CampaignState.COMPLETED
    outcomes = sorted(one.outcome for one in rig.attempts())
    assert outcomes == ["completed"] * 4 + ["withdrawn"] * 3


def test_a_call_made_while_its_campaign_was_being_paused_is_taken_back(services):
    rig = EngineRig(services, leads=1)
    rig.round()
    services.db.run(_set_state, rig.id, CampaignState.PAUSED)
    assert rig.claim() == []
    rig.round()
    assert rig.counts() == {"waiting": 1}
    assert services.dispatch.queue_length() == 0


def test_a_call_that_waits_too_long_is_decided_anew(services):
    rig = EngineRig(services, leads=1)
    rig.round()
    rig.round(299)
    assert len(rig.attempts()) == 1
    rig.round(2)
    assert [one.outcome for one in rig.attempts()] == ["withdrawn", None]
    assert services.dispatch.queue_length() == 1


def _set_state(campaign_id, state):
    Campaign.update(state=state).where(Campaign.id == campaign_id).execute()


# --- limits


def test_a_campaign_has_no_more_calls_at_once_than_it_may(services):
    rig = EngineRig(services, leads=9, pacing={"max_concurrent": 2})
    rig.round()
    first = rig.claim()
    assert len(first) == 2
    assert rig.claim() == []
    rig.round()
    assert rig.claim() == []
    rig.over(first[0].talk(20).hang_up())
    assert len(rig.claim()) == 1


def test_calls_of_a_campaign_are_spread_over_seconds_and_minutes(services):
    pacing = {"calls_per_second": 2, "calls_per_minute": 30}
    rig = EngineRig(services, leads=60, pacing=pacing)
    dialled = []
    for _ in range(70):
        rig.round()
        lives = rig.claim()
        dialled += [services.clock.now()] * len(lives)
        for life in lives:
            life.dial().fail("USER_BUSY")
    assert len(dialled) >= 30
    for start in dialled:
        in_second = sum(start <= at < start + timedelta(seconds=1) for at in dialled)
        in_minute = sum(start <= at < start + timedelta(seconds=60) for at in dialled)
        assert in_second <= 2
        assert in_minute <= 30


def test_it_ramps_up(services):
    pacing = {"max_concurrent": 20, "ramp_up": {"from": 10, "minutes": 10}}
    rig = EngineRig(services, leads=60, pacing=pacing)
    rig.round()
    assert len(rig.claim()) == 2
    rig.round(300)
    assert len(rig.claim()) == 9  # of eleven
    rig.round(300)
    assert len(rig.claim()) == 9  # of twenty


def test_campaigns_of_an_account_share_its_places_by_weight_and_single_calls_have_theirs(services):
    who = factories.principal(
        services, max_concurrent_calls=12, max_calls_per_minute=10_000, minutes=1_000_000
    )
    one = EngineRig(services, leads=40, who=who, start=0)
    two = EngineRig(services, leads=40, who=who, start=1000, weight=2)
    for _ in range(9):
        factories.queued_call(services, who)
    one.round()
    claimed = one.claim()
    assert len(claimed) == 12
    of = [services.calls.get(who.account_id, life.call_id).campaign_id for life in claimed]
    assert (of.count(one.id), of.count(two.id), of.count(None)) == (3, 6, 3)


def test_a_higher_priority_goes_first(services):
    who = factories.principal(
        services, max_concurrent_calls=10, max_calls_per_minute=10_000, minutes=1_000_000
    )
    low = EngineRig(services, leads=40, who=who, start=0)
    high = EngineRig(services, leads=40, who=who, start=1000, priority=9)
    low.round()
    claimed = low.claim(8)
    of = {services.calls.get(who.account_id, life.call_id).campaign_id for life in claimed}
    assert of == {high.id}


def test_the_queue_ahead_is_short_however_many_are_due(services):
    rig = EngineRig(services, leads=100)
    for _ in range(5):
        rig.round()
    assert services.dispatch.queue_length() == LEAST_AHEAD


# --- who is not called


def test_somebody_on_the_do_not_call_list_is_left_out(services):
    rig = EngineRig(services, leads=2)
    services.do_not_call.add(rig.account_id, "+12025550001")
    rig.round()
    skipped = [one for one in rig.rows() if one.state == "skipped"]
    assert [one.reason for one in skipped] == ["do_not_call"]
    assert len(rig.attempts()) == 1
    rig.play()
    rig.round()
    assert rig.row.state == CampaignState.COMPLETED


def test_somebody_listed_while_the_call_waits_is_not_dialled(services):
    rig = EngineRig(services, leads=1)
    rig.round()
    services.do_not_call.add(rig.account_id, "+12025550000")
    assert rig.claim() == []
    rig.round()
    (contact,) = rig.rows()
    assert (contact.state, contact.counted, contact.last_outcome) == ("skipped", 0, "not_callable")


def test_a_dial_that_has_to_wait_by_now_gives_the_contact_back_uncounted(services):
    rig = EngineRig(services, 1)
    rig.round()
    (life,) = rig.claim()
    until = services.clock.now() + timedelta(hours=3)
    life.take(Forbidden("US.hours.tcpa", "Too late.", until))
    rig.over(life)
    rig.round()
    (contact,) = rig.rows()
    assert (contact.state, contact.counted, contact.next_at) == ("waiting", 0, until)


def test_whoever_lacks_a_value_is_left_out_and_the_others_are_called(services):
    call = {"task": "Remind {{name}} of {{appointment}}."}
    rig = EngineRig(services, leads=2, call=call)
    lead = rig.rows()[0].lead_id
    services.leads.change(
        rig.account_id, lead, {"metadata": {"appointment": "Tuesday"}, "name": "Ann"}
    )
    rig.round()
    assert rig.counts() == {"in_flight": 1, "skipped": 1}
    left = next(one for one in rig.rows() if one.state == "skipped")
    assert left.reason.startswith("missing_variables: ")
    assert "appointment" in left.reason
    (life,) = rig.claim()
    request = services.calls.get(rig.account_id, life.call_id).request
    assert request["task"] == "Remind Ann of Tuesday."


def test_hours_of_the_campaign_hold_where_the_lead_is(services):
    """The clock stands at 12:00 UTC: 07:00 in New York."""
    schedule = {"windows": [{"start": "09:00", "end": "17:00"}]}
    rig = EngineRig(services, leads=2, schedule=schedule, lead={"time_zone": "America/New_York"})
    rig.round()
    assert rig.counts() == {"waiting": 2}
    assert {one.reason for one in rig.rows()} == {"schedule"}
    assert {f"{one.next_at:%H:%M}" for one in rig.rows()} == {"14:00"}
    rig.round(7200)
    assert rig.counts() == {"in_flight": 2}


def test_public_holidays_are_left_out_where_it_says_so(services):
    """The clock stands on Monday, 23 November 2026; Thursday of that week is Thanksgiving."""
    rig = EngineRig(services, leads=1, schedule={"holidays": "skip"}, lead={"time_zone": "UTC"})
    rig.round(3 * 86_400)
    (contact,) = rig.rows()
    assert (contact.state, contact.reason) == ("waiting", "schedule")
    assert f"{contact.next_at:%Y-%m-%dT%H:%M}" == "2026-11-27T00:00"


def test_when_its_time_is_over_it_ends_once_its_last_call_has(services):
    end = (services.clock.now() + timedelta(minutes=10)).isoformat()
    rig = EngineRig(services, leads=30, schedule={"end_at": end})
    rig.round()
    (life, *_) = rig.claim(1)
    life.talk(30)
    rig.round(700)
    assert rig.row.state == CampaignState.RUNNING
    rig.over(life.hang_up())
    rig.round()
    rig.round()
    assert rig.row.state == CampaignState.COMPLETED
    assert rig.row.ended_for["code"] == "end_at"


# --- how it stops by itself


def test_a_carrier_that_refuses_everything_pauses_the_campaign_with_the_reason(services):
    rig = EngineRig(services, leads=30)
    rig.round()
    rig.play("NO_CARRIER", slots=5)
    rig.round()
    assert rig.row.state == CampaignState.PAUSED
    assert rig.row.paused_for["code"] == "carrier_refuses"
    assert services.dispatch.queue_length() == 0
    tried = [one for one in rig.rows() if one.last_outcome]
    assert {one.counted for one in tried} == {0}
    rig.press("resume")
    rig.round()
    assert rig.row.state == CampaignState.RUNNING


def test_a_failing_carrier_pauses_it_and_a_busy_one_slows_it(services):
    rig = EngineRig(services, leads=60)
    rig.round()
    rig.play("NORMAL_TEMPORARY_FAILURE", slots=3)
    rig.round()
    rig.round()
    assert rig.row.speed == 0.25
    rig.round(31)
    assert rig.row.speed == 1.0
    rig.play("NETWORK_OUT_OF_ORDER", slots=17)
    rig.round()
    assert rig.row.paused_for["code"] == "carrier_failures"


def test_a_carrier_that_asks_to_be_left_alone_is_obeyed_for_as_long_as_it_says(services):
    rig = EngineRig(services, leads=3, retry={"outcomes": {"failed": {"delays_minutes": [1]}}})
    rig.round()
    (first, second, _) = rig.claim()
    asked = Hangup("NORMAL_TEMPORARY_FAILURE", 503, retry_after=300.0)
    rig.refuse(first, asked)
    refused_at = services.clock.now()
    rig.round()
    rig.round()
    assert rig.row.speed == 0.5
    (contact,) = [one for one in rig.rows() if one.last_outcome]
    assert contact.next_at >= refused_at + timedelta(seconds=295), "not after its usual minute"
    rig.round(200)
    assert rig.row.speed == 0.5, "its 300 seconds are not over"
    rig.round(100)
    assert rig.row.speed == 1.0
    soon = Hangup("NORMAL_TEMPORARY_FAILURE", 503, retry_after=5.0)
    rig.refuse(second, soon)
    rig.round()
    rig.round(6)
    assert rig.row.speed == 1.0, "it asked for five seconds, and not for our thirty"
    assert {one.counted for one in rig.rows() if one.last_outcome} == {0}


def test_a_person_who_asks_for_later_is_not_called_sooner(services):
    rig = EngineRig(services, leads=1)
    rig.round()
    (life,) = rig.claim()
    rig.refuse(life, Hangup("USER_BUSY", 486, retry_after=3600.0))
    ended = services.clock.now()
    rig.round()
    (contact,) = rig.rows()
    assert contact.next_at >= ended + timedelta(minutes=59)
    assert rig.row.speed == 1.0


def test_a_network_that_blocks_the_number_is_no_decline_of_the_person(services):
    numbers = ["+13055550101", "+13055550102"]
    rig = EngineRig(services, leads=1, from_numbers={"numbers": numbers})
    rig.round()
    (life,) = rig.claim()
    reason = 'SIP;cause=603;text="v=analytics1;url=https://who.example/redress"'
    blocked = Hangup("CALL_REJECTED", 603, phrase="Network Blocked", reason=reason)
    rig.refuse(life, blocked)
    rig.round()
    (contact,) = rig.rows()
    assert (contact.state, contact.last_outcome) == ("waiting", "blocked_by_network")
    call = services.calls.get(rig.account_id, life.call_id)
    assert "https://who.example/redress" in call.error_message
    known = services.db.read(
        person_facts.of_person, rig.account_id, ("+12025550000",) * 2, services.clock.now()
    )
    assert [one.outcome for one in known.attempts] == ["dial_failed"], "not 'rejected'"
    rig.round(86_400)
    assert [one.from_number for one in rig.attempts()] == numbers


def test_a_provider_that_fails_is_found_by_its_name_and_pauses_the_campaign(services):
    rig = EngineRig(services, leads=20, circuit_breaker={"least_calls": 4})
    rig.round()
    for life in rig.claim(4):
        life.talk(2)
        life.take(BridgeFailed("http_503"))
        rig.over(life.hang_up())
    rig.round()
    assert rig.row.paused_for["code"] == "provider_failures"
    assert "provider openai" in rig.row.paused_for["detail"]
    assert {one.failed_provider for one in rig.attempts() if one.ended_at} == {"openai", None}


def test_a_number_that_networks_block_and_is_the_only_one_pauses_the_campaign(services):
    rig = EngineRig(
        services,
        leads=10,
        from_numbers={"numbers": ["+13055550101"]},
        circuit_breaker={"least_calls": 3},
    )
    rig.round()
    for life in rig.claim(3):
        rig.refuse(life, Hangup("UNWANTED", 607))
    rig.round()
    assert rig.row.paused_for["code"] == "number_failures"
    assert "no other number" in rig.row.paused_for["detail"]
    assert "+13055550101" not in rig.row.paused_for["detail"]


def test_a_carrier_that_fails_is_named_where_the_campaign_pauses(services):
    rig = EngineRig(services, leads=10, circuit_breaker={"least_calls": 3})
    trunk = {
        "carrier_name": "Alpha",
        "sip_gateway": {"ipv4": "sip.alpha.example"},
    }
    carrier = services.carriers.create(rig.account_id, trunk)
    rig.round()
    for life in rig.claim(3):
        rig.refuse(life, Hangup("NETWORK_OUT_OF_ORDER", 502), carrier.id)
    rig.round()
    assert rig.row.paused_for["code"] == "carrier_failures"
    assert "carrier Alpha" in rig.row.paused_for["detail"]


def test_an_account_without_minutes_pauses_its_campaign(services):
    who = factories.principal(services, minutes=25, max_concurrent_calls=50)
    rig = EngineRig(services, leads=5, who=who)
    rig.round()
    assert len(rig.attempts()) == 2
    assert rig.row.state == CampaignState.RUNNING  # what they hold may come back
    for life in rig.claim():
        rig.over(life.talk(600).hang_up())
    rig.round()
    assert rig.row.state == CampaignState.PAUSED
    assert "minutes" in rig.row.paused_for["code"]


# --- numbers


def test_somebody_sees_the_number_that_they_saw_before(services):
    numbers = ["+13055550101", "+13055550102"]
    rig = EngineRig(services, leads=4, from_numbers={"numbers": numbers, "per_number_daily": 3})
    rig.round()
    rig.play("USER_BUSY")
    first = {one.lead_id: one.from_number for one in rig.attempts()}
    assert sorted(first.values()) == sorted(numbers * 2)
    rig.round(1260)
    rig.round()
    again = {one.lead_id: one.from_number for one in rig.attempts() if one.number == 2}
    assert len(again) == 2  # each number has had its three calls of the day
    assert all(first[lead] == number for lead, number in again.items())


def test_a_number_that_networks_block_rests(services):
    numbers = ["+13055550101", "+13055550102"]
    rig = EngineRig(services, leads=1, from_numbers={"numbers": numbers})
    rig.round()
    (life,) = rig.claim()
    blocked = Hangup("CALL_REJECTED", 608)
    life.dial().take(OriginateFailed(blocked), **hangup_facts(blocked))
    rig.round()
    rig.round(86_400)
    assert [one.from_number for one in rig.attempts()] == numbers


# --- what a call came to


def test_a_disposition_may_be_a_conversion_or_the_end(services):
    rig = EngineRig(
        services,
        leads=2,
        conversion_outcomes=["booked"],
        retry={"stop_on_dispositions": ["wrong_person"]},
    )
    rig.round()
    for life, disposition in zip(rig.claim(), ["booked", "wrong_person"], strict=True):
        life.talk(60).hang_up()
        services.db.run(calls.set_columns, life.call_id, disposition=disposition)
        rig.over(life)
    rig.round()
    told = {one.disposition: (one.state, one.converted, one.reason) for one in rig.rows()}
    assert told == {
        "booked": ("done", True, "completed"),
        "wrong_person": ("done", False, "disposition"),
    }
    statuses = {lead.status for lead in services.leads.list(rig.account_id).items}
    assert statuses == {"Converted", "Contacted"}


def test_whoever_opts_out_in_the_call_is_not_called_again(services):
    rig = EngineRig(services, leads=1)
    rig.round()
    (life,) = rig.claim()
    life.talk(5)
    services.do_not_call.add(rig.account_id, "+12025550000", source="agent", call_id=life.call_id)
    rig.over(life.hang_up())
    rig.round()
    (contact,) = rig.rows()
    assert (contact.state, contact.reason) == ("done", "opted_out")
    (lead,) = services.leads.list(rig.account_id).items
    assert lead.status == "Unsubscribed"


# --- crashes and races


class Killed(BaseException):
    """The process dies here: nothing in it goes on."""


def killed_at(services, statement, work):
    """Do work in a process that dies at a statement; whether it did."""
    hooks, left = services.db._engine.peewee.query_hooks, [statement]

    def hook(_):
        left[0] -= 1
        if left[0] == 0:
            raise Killed

    hooks[:] = [hook]
    try:
        work()
    except Killed:
        return True
    finally:
        hooks.clear()
    return False


def all_is_one(rig):
    """Each contact in flight has one open attempt with one call that is not over, or not settled
    yet; no other has any; and no number was given twice."""
    attempts = rig.attempts()
    opened = [one.lead_id for one in attempts if one.ended_at is None]
    flying = [one.lead_id for one in rig.rows() if one.state == "in_flight"]
    assert sorted(opened) == sorted(flying)
    assert len({one.call_id for one in attempts}) == len(attempts)
    for contact in rig.rows():
        own = [one.number for one in attempts if one.lead_id == contact.lead_id]
        assert own == list(range(1, contact.attempts + 1))
    made = rig.services.calls.list(rig.account_id, 200, campaign_id=rig.id).data
    assert {call.id for call in made} == {one.call_id for one in attempts}


def _round(rig):
    rig.engine.round(rig.clock.now())


def test_a_kill_at_any_statement_loses_nothing_and_does_nothing_twice(services):
    rig = EngineRig(services, leads=3, retry={"outcomes": {"busy": {"max": 1}}})
    one_round = partial(_round, rig)
    for cause in ("USER_BUSY", None):
        for step in (1, 3):
            statement = step
            while killed_at(services, statement, one_round):
                all_is_one(rig)
                statement += step
            rig.play(cause)
            all_is_one(rig)
        rig.clock.advance(1260)
    rig.round()
    assert rig.row.state == CampaignState.COMPLETED
    assert [one.outcome for one in rig.attempts()] == ["busy", "completed"] * 3


def test_a_kill_in_the_middle_of_a_pause_leaves_it_running_or_paused(services):
    rig = EngineRig(services, leads=2)
    rig.round()
    statement = 0
    while killed_at(services, statement := statement + 1, lambda: rig.press("pause")):
        all_is_one(rig)
        assert rig.row.state == CampaignState.RUNNING
        assert rig.counts() == {"in_flight": 2}
    assert rig.counts() == {"waiting": 2}


def test_producers_that_run_at_the_same_time_call_each_person_once(services, tmp_path):
    rig = EngineRig(services, leads=18)
    rig.clock.advance(1)
    others = [factories.services(services.db, tmp_path, services.clock) for _ in range(3)]
    now = services.clock.now()
    racers = [gevent.spawn(one.campaign_engine.producer.produce, now) for one in others]
    made = [racer.get(timeout=60) for racer in racers]
    assert sum(made) == 18
    all_is_one(rig)
