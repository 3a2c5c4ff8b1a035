"""What controllers write about their calls: whole, once, and only by the owner."""

from __future__ import annotations

from datetime import timedelta

import factories
import pytest

from topcalls.core.call_events import (
    Adopted,
    Answered,
    BridgeFailed,
    ChannelLost,
    GivenBack,
    Hangup,
    HungUp,
    OwnerLost,
    Rang,
    StopRequested,
    StreamConnected,
)
from topcalls.core.call_state import State, advance
from topcalls.core.latency import TurnTiming, timing_of
from topcalls.core.token_usage import TokenUsage
from topcalls.core.transcript import Turn
from topcalls.errors import Conflict, NotFound
from topcalls.services.call_trail import CallTrail, UsageView
from topcalls.services.call_views import HangupView
from topcalls.services.carried import Used, carried_over
from topcalls.services.transitions import hangup_facts
from topcalls.store import calls as queries
from topcalls.store.models import Call, WebhookEvent, WrapUp
from topcalls.store.models import TurnTiming as StoredTiming

pytestmark = pytest.mark.service
URL = "https://example.com/h"


@pytest.fixture
def who(services):
    return factories.principal(services)


@pytest.fixture
def call(services, who):
    return factories.claimed_call(services, who, webhook_url=URL)


@pytest.fixture
def life(services, call):
    return factories.Life(services, call)


def row(services, life):
    return services.db.read(Call.get_by_id, life.call_id)


def events(services):
    return services.db.read(lambda: [event.kind for event in WebhookEvent.select()])


def trail(services, life):
    stored = services.db.read(queries.events, life.call_id)
    return [(event.version, event.kind, event.before, event.after) for event in stored]


def view(services, who, life):
    return services.calls.get(who.account_id, life.call_id)


def test_a_whole_call_leaves_its_trail(services, who, life):
    life.talk(30).hang_up()
    assert trail(services, life) == [
        (2, "Claimed", "queued", "dispatching"),
        (4, "Rang", "dispatching", "ringing"),
        (5, "Answered", "ringing", "answered"),
        (6, "StreamConnected", "answered", "answered"),
        (7, "BridgeReady", "answered", "in_progress"),
        (8, "HungUp", "in_progress", "completed"),
    ]
    assert row(services, life).version == 8
    done = view(services, who, life)
    assert (done.duration, done.actual_duration_billed, done.end_reason) == (
        0.5,
        0.5,
        "callee_hung_up",
    )
    assert sorted(events(services)) == ["call.queued", "call.started"]


def test_an_event_stores_what_was_learnt_with_it(services, who, life):
    life.dial()
    assert view(services, who, life).hangup is None
    hangup = Hangup("USER_BUSY", sip_status=486, q850=17)
    life.take(HungUp(hangup), **hangup_facts(hangup))
    assert view(services, who, life).hangup == HangupView("USER_BUSY", 486, 17, "network")
    last = services.db.read(queries.events, life.call_id)[-1]
    assert last.detail["hangup"] == {
        "cause": "USER_BUSY",
        "sip_status": 486,
        "q850": 17,
        "by": "network",
        "phrase": "",
        "reason": "",
        "retry_after": None,
        "rang_ms": 0,
        "picked_up": False,
    }
    assert last.at == services.clock.now()


def test_only_known_facts_can_be_told(services, life):
    with pytest.raises(ValueError, match="state"):
        life.take(Rang(), state="completed")
    assert row(services, life).state == State.DISPATCHING


def test_the_switch_may_tell_the_exact_times(services, who, life):
    life.dial()
    answered = services.clock.now() - timedelta(seconds=2)
    life.take(Answered(), answered_at=answered)
    life.take(
        HungUp(Hangup("NORMAL_CLEARING")), ended_at=services.clock.now() + timedelta(seconds=58)
    )
    done = view(services, who, life)
    assert (done.started_at, done.actual_duration_billed) == (answered, 1)


def hung_up(services, *, since, talked):
    """As the switch tells it, whose clock is an hour ahead; answered `since` seconds ago."""
    if talked is None:
        return HungUp(Hangup("USER_BUSY"), None, services.clock.now() + timedelta(hours=1))
    answered_at = services.clock.now() + timedelta(hours=1, seconds=-since)
    ended_at = answered_at + timedelta(seconds=talked)
    return HungUp(Hangup("NORMAL_CLEARING"), answered_at, ended_at)


@pytest.mark.parametrize(("talked", "billed"), [(4.2, 5), (10, 10), (3600, 10), (-3600, 10)])
def test_the_switch_knows_how_long_it_talked(services, life, talked, billed):
    """Told late; what its clock makes longer than we know it was, or negative, is not believed."""
    life.talk(10)
    life.take(hung_up(services, since=10, talked=talked))
    assert row(services, life).billed_seconds == billed


@pytest.mark.parametrize(
    ("rang", "talked", "billed"),
    [(20, 12, 12), (20, 30, 30), (1, 12, 11), (90, 3600, 10), (90, 70, 70), (90, 71, 10)],
)
def test_an_answer_that_was_noted_late_is_set_right(services, life, rang, talked, billed):
    """Noted 10 s before the end. It cannot have been before the dial, nor a minute too late."""
    life.dial()
    life.take(Rang())
    services.clock.advance(rang)
    life.take(Answered())
    services.clock.advance(10)
    now = services.clock.now()
    life.take(hung_up(services, since=talked, talked=talked))
    stored = row(services, life)
    assert (stored.billed_seconds, stored.ended_at) == (billed, now)


def test_an_answer_that_only_the_switch_knows_of_counts(services, life):
    life.dial()
    life.take(Rang())
    services.clock.advance(30)
    event = hung_up(services, since=20, talked=12)
    life.take(event)
    stored = row(services, life)
    assert (stored.answered_at, stored.ended_at) == (event.answered_at, event.ended_at)
    assert (stored.state, stored.end_reason) == ("failed", "channel_lost")
    assert stored.billed_seconds == 12


def test_a_call_lost_without_a_word_lasted_until_it_was_last_heard_of(services, life):
    life.talk(30)
    life.take(ChannelLost(services.clock.now() - timedelta(seconds=18)))
    assert row(services, life).billed_seconds == 12


@pytest.mark.parametrize(("heard", "billed"), [(12, 12), (90, 60), (-5, 0), (None, 60)])
def test_who_waited_for_a_controller_that_was_gone_is_not_billed_for_it(
    services, life, heard, billed
):
    """The switch's end is told; the bill ends when the controller was last heard of."""
    life.talk(30)
    answered_at = row(services, life).answered_at
    heard_at = None if heard is None else answered_at + timedelta(seconds=heard)
    life.take(OwnerLost(heard_at))
    services.clock.advance(30)
    life.take(hung_up(services, since=60, talked=60))
    stored = row(services, life)
    assert (stored.end_reason, stored.billed_seconds) == ("controller_lost", billed)
    assert (stored.ended_at - stored.answered_at).total_seconds() == 60


def test_who_was_taken_up_again_is_billed_to_the_end(services, life):
    life.talk(30)
    life.take(Adopted())
    services.clock.advance(30)
    life.take(hung_up(services, since=60, talked=60))
    assert row(services, life).billed_seconds == 60


def test_no_call_ends_before_its_answer(services, life):
    life.talk(30)
    life.take(ChannelLost(services.clock.now() - timedelta(hours=1)))
    stored = row(services, life)
    assert (stored.ended_at, stored.billed_seconds) == (stored.answered_at, 0)


def test_a_call_answered_while_it_was_being_ended_is_billed_from_then(services, who, life):
    life.dial()
    life.take(StopRequested())
    services.clock.advance(1)
    life.take(Answered())
    services.clock.advance(4)
    life.take(HungUp(Hangup("NORMAL_CLEARING")))
    done = view(services, who, life)
    assert (done.status, done.end_reason) == ("cancelled", "stopped")
    assert done.actual_duration_billed == pytest.approx(4 / 60, abs=1e-4)


def test_who_lost_the_call_cannot_write(services, who, life):
    stale = life.version
    life.take(Rang())
    transition = advance(life.facts, Answered())
    before = row(services, life)
    with pytest.raises(Conflict):
        services.calls.record(life.call_id, stale, transition, {}, services.clock.now())
    with pytest.raises(Conflict):
        services.calls.intend_dial(life.call_id, stale, "u", services.clock.now())
    assert row(services, life).__data__ == before.__data__


def test_recording_the_same_again_changes_nothing(services, life):
    before = life.version
    transition = life.take(Rang())
    services.clock.advance(1)
    again = services.calls.record(life.call_id, before, transition, {}, services.clock.now())
    assert again == life.version
    assert len(trail(services, life)) == 2


def test_recording_the_end_again_bills_once(services, who, life):
    life.talk(60)
    before, facts = life.version, life.facts
    life.hang_up()
    transition = advance(facts, HungUp(Hangup("NORMAL_CLEARING")))
    services.calls.record(life.call_id, before, transition, {}, services.clock.now())
    assert services.quotas.balance(who.account_id).minutes_used == 1
    assert services.db.read(WrapUp.select().count) == 1


def test_what_is_no_move_is_not_stored(services, life):
    ignored = advance(life.facts, StreamConnected())
    same = services.calls.record(life.call_id, life.version, ignored, {}, services.clock.now())
    assert same == life.version
    assert len(trail(services, life)) == 1


def test_a_call_that_is_not_there(services, life):
    transition = advance(life.facts, Rang())
    now = services.clock.now()
    with pytest.raises(NotFound):
        services.calls.record("nothing", 1, transition, {}, now)
    with pytest.raises(NotFound):
        services.calls.intend_dial("nothing", 1, "u", now)


# --- the dial intent


def test_the_intent_is_stored_once(services, life):
    now = services.clock.now()
    version = services.calls.intend_dial(life.call_id, life.version, "channel", now)
    assert version == life.version + 1
    assert services.calls.intend_dial(life.call_id, life.version, "channel", now) == version
    stored = row(services, life)
    assert (stored.dialled_at, stored.channel_id, stored.version) == (now, "channel", version)


def test_a_dialled_call_is_never_dialled_again(services, life):
    life.dial()
    for version in (life.version - 1, life.version, life.version + 1):
        with pytest.raises(Conflict):
            services.calls.intend_dial(life.call_id, version, "other", services.clock.now())


def test_a_call_given_back_keeps_its_place_in_the_queue(services, who, life):
    services.clock.advance(5)
    later = factories.queued_call(services, who)
    life.take(GivenBack())
    stored = row(services, life)
    assert (stored.state, stored.lease_owner, stored.claimed_at) == (State.QUEUED, None, None)
    claimed = services.dispatch.claim("other", "n", 2, services.clock.now())
    assert [item.call_id for item in claimed] == [life.call_id, later.id]
    assert events(services).count("call.queued") == 1


# --- ends


def test_a_failure_before_the_answer_is_told_at_once_and_leaves_nothing_to_do(services, who, life):
    life.dial().fail("USER_BUSY")
    done = view(services, who, life)
    assert (done.status, done.call_status, done.completed) == ("failed", "busy", True)
    assert (done.duration, done.actual_duration_billed) == (0, 0)
    assert sorted(events(services)) == ["call.failed", "call.queued"]
    assert services.db.read(WrapUp.select().count) == 0


def test_a_failure_after_the_answer_is_told_by_its_wrap_up(services, who, life):
    life.talk(10)
    life.take(BridgeFailed("quota"))
    life.take(HungUp(Hangup("NORMAL_CLEARING")))
    done = view(services, who, life)
    assert (done.status, done.end_reason, done.completed) == ("failed", "provider_failed", False)
    assert "quota" in done.error_message
    assert "call.failed" not in events(services)
    assert services.db.read(WrapUp.select().count) == 1


def test_what_the_model_took_is_stored_as_a_sum(services, life):
    now = services.clock.now()
    for responses in (1, 2, 2):
        usage = TokenUsage(10 * responses, 5, 3, 2, 40, 1)
        services.calls.note_usage(life.call_id, "gpt-realtime", usage, responses, now)
    (stored,) = services.db.read(lambda: queries.usage(life.call_id))
    assert (stored.model, stored.responses, stored.input_text) == ("gpt-realtime", 2, 20)
    assert (stored.input_cached, stored.input_cached_audio, stored.output_audio) == (3, 1, 40)


def test_waste_and_replaced_stages_are_shown_and_carried_over(services, who, life):
    now, trail = services.clock.now(), CallTrail(services.db)
    usage = TokenUsage(10, voice_characters=70, wasted_tokens=5, wasted_characters=9)
    services.calls.note_usage(life.call_id, "gpt-6-luna", usage, 2, now)
    assert trail.stages_replaced(who.account_id, life.call_id) == []
    services.calls.note_stages_replaced(life.call_id, ("voice", "model"))
    assert trail.usage(who.account_id, life.call_id) == [UsageView("gpt-6-luna", 2, usage)]
    assert trail.stages_replaced(who.account_id, life.call_id) == ["voice", "model"]
    carried = services.db.read(lambda: carried_over([life.call_id]))[life.call_id]
    assert carried.used == {"gpt-6-luna": Used(usage, 2)}
    assert carried.stages_replaced == ("voice", "model")


def test_the_end_frees_the_lease_and_answers_open_commands(services, who, life):
    life.talk(5)
    command = services.commands.submit(life.call_id, "say", {"text": "x"}, services.clock.now())
    life.hang_up()
    stored = row(services, life)
    assert (stored.lease_owner, stored.lease_until) == (None, None)
    assert services.commands.get(command).result == "the call is over"
    assert services.calls.live(factories.OWNER) == []


# --- leases of live calls


def test_live_calls_are_listed_for_their_owner_as_they_are(services, who, life):
    life.dial()
    life.take(Rang())
    (mine,) = services.calls.live(factories.OWNER)
    assert (mine.call_id, mine.version, mine.facts) == (life.call_id, life.version, life.facts)
    assert (mine.channel_uuid, mine.effects) == (life.channel_uuid, ())
    assert services.calls.live("other") == []


def test_extending_a_lease(services, life):
    until = services.clock.now() + timedelta(minutes=1)
    ids = [life.call_id, "gone"]
    assert services.calls.extend_lease(ids, factories.OWNER, until) == {"gone"}
    assert row(services, life).lease_until == until
    assert services.calls.extend_lease([life.call_id], "other", until) == {life.call_id}


# --- transcript and timings


def turn(seq, text, **fields):
    values = {"speaker": "user", "started_ms": 1000 * seq, "ended_ms": 1000 * seq + 500}
    return Turn(seq=seq, text=text, **{**values, **fields})


def test_turns_are_stored_in_order_and_corrected_in_place(services, who, life):
    life.talk(5)
    for item in (
        turn(2, "Good day, this is", speaker="assistant"),
        turn(1, "Hello?"),
        turn(2, "Good day.", speaker="assistant", interrupted=True),
    ):
        services.calls.append_turn(life.call_id, item, services.clock.now())
    seen = view(services, who, life)
    assert [(item.id, item.user, item.text, item.interrupted) for item in seen.transcript] == [
        (1, "user", "Hello?", False),
        (2, "assistant", "Good day.", True),
    ]
    assert seen.transcript[0].created_at == seen.started_at + timedelta(seconds=1)
    assert services.calls.list(who.account_id).data[0].transcript == seen.transcript


def test_turns_may_come_after_the_end(services, who, life):
    life.talk(5).hang_up()
    services.calls.append_turn(life.call_id, turn(1, "Bye."), services.clock.now())
    assert [item.text for item in view(services, who, life).transcript] == ["Bye."]


def test_a_turn_of_no_call_is_an_error(services, life):
    with pytest.raises(NotFound):
        services.calls.append_turn("nothing", turn(1, "Hello?"), services.clock.now())


def test_timings_are_stored_once_per_turn(services, life):
    for provider_ms in (300, 310):
        services.calls.append_timing(life.call_id, TurnTiming(3, 500, provider_ms, 40))
    (stored,) = services.db.read(queries.timings, life.call_id)
    assert timing_of(3, stored.measures) == TurnTiming(3, 500, 310, 40)
    assert services.db.read(StoredTiming.select().count) == 1
