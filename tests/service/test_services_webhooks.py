"""The outbox: told with the change, sent until accepted, never lost, never in another's way."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import factories
import orjson
import pytest

from topcalls.core.call_request import CALL_EVENTS
from topcalls.core.transcript import Turn
from topcalls.core.webhook_retry import DeliveryState, Outcome
from topcalls.errors import InvalidRequest, NotFound
from topcalls.services.webhook_outbox import endpoint_of
from topcalls.services.webhooks import LANE_WIDTH, LEASE_SECONDS
from topcalls.store.models import WebhookDelivery, WebhookEvent

pytestmark = pytest.mark.service
URL = "https://example.com/hook?token=1"
OK, FAILED = Outcome(200, duration_ms=12), Outcome(500, duration_ms=900)


@pytest.fixture
def who(services):
    return factories.principal(services)


def due(services, limit=50):
    return services.webhooks.due(services.clock.now(), limit)


def note(services, delivery, outcome):
    now = services.clock.now()
    return services.webhooks.record_attempt(delivery.id, delivery.attempt, outcome, now)


def accepted(services):
    """All that is due, one after the other, each accepted."""
    found = []
    while taken := due(services):
        found += taken
        for delivery in taken:
            note(services, delivery, OK)
    return found


def told(services):
    return services.db.read(
        lambda: Counter(event.kind for event in WebhookEvent.select(WebhookEvent.kind))
    )


def wrap_up(services):
    for _ in range(20):
        now = services.clock.now()
        for call_id in services.wrap_ups.due(now, 10):
            services.wrap_ups.run(call_id, now)
        services.clock.advance(2)


def test_a_call_without_url_tells_nobody(services, who):
    factories.finished_call(services, who)
    wrap_up(services)
    assert told(services) == {}


@pytest.mark.parametrize("events", [(), ("call.completed",), ("call.started", "call.failed")])
def test_only_the_events_that_were_asked_for_are_told(services, who, events):
    factories.finished_call(services, who, webhook_url=URL, webhook_events=events)
    wrap_up(services)
    happened = {"call.queued", "call.started", "call.completed"} & set(events or CALL_EVENTS)
    if "call.completed" in happened:
        happened.add("call.updated")  # the recording that never came was given up later
    assert told(services) == dict.fromkeys(happened, 1)


def test_what_is_handed_out_is_all_that_is_needed_to_send(services, who):
    call = factories.queued_call(services, who, webhook_url=URL, metadata={"order": 7})
    (delivery,) = due(services)
    assert (delivery.event, delivery.url, delivery.endpoint) == (
        "call.queued",
        URL,
        "https://example.com",
    )
    assert delivery.secrets == (services.accounts.webhook_secret(who.account_id),)
    assert (delivery.attempt, delivery.account_id) == (1, who.account_id)
    assert delivery.created_at == services.clock.now()
    body = orjson.loads(delivery.payload)
    assert (body["event"], body["call_id"], body["status"]) == ("call.queued", call.id, "queued")
    assert (body["metadata"], body["sandbox"]) == ({"order": 7}, True)
    assert body["created_at"] == "2026-11-23T12:00:00.123456Z"


def test_the_payload_of_a_completed_call(services, who):
    life = factories.Life(services, factories.claimed_call(services, who, webhook_url=URL))
    life.talk(90)
    turn = Turn(1, "user", "Hello?", 1000, 1500)
    services.calls.append_turn(life.call_id, turn, services.clock.now())
    life.hang_up()
    file = services.recordings.store.root / f"2026/11/23/{life.call_id}.wav"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"RIFF" + b"." * 50)
    wrap_up(services)
    (payload,) = [item.payload for item in accepted(services) if item.event == "call.completed"]
    told = orjson.loads(payload)
    assert told.pop("cost").keys() == services.calls.get(who.account_id, life.call_id).cost.keys()
    assert told == {
        "event": "call.completed",
        "completed": True,
        "sequence": 3,
        "call_id": life.call_id,
        "direction": "outbound",
        "phone_number": factories.NUMBER,
        "from_phone_number": factories.FROM_NUMBER,
        "status": "completed",
        "call_status": "completed",
        "duration": 1.5,
        "transcript": [
            {
                "id": 1,
                "user": "user",
                "text": "Hello?",
                "created_at": "2026-11-23T12:00:01.123456Z",
                "citations": [],
            }
        ],
        "recording_url": f"https://calls.example.com/recordings/{life.call_id}/2026/11/23/mp3",
        "call_summary": None,
        "answered_by": None,
        "agent_id": None,
        "agent_version": None,
        "campaign_id": None,
        "lead_id": None,
        "opted_out": None,
        "created_at": "2026-11-23T12:00:00.123456Z",
        "started_at": "2026-11-23T12:00:00.123456Z",
        "end_at": "2026-11-23T12:01:30.123456Z",
        "end_reason": "callee_hung_up",
        "ended_by": "callee",
        "hangup": {"cause": "NORMAL_CLEARING", "sip_status": 200, "q850": 16, "by": "far_end"},
        "error_message": None,
        "disposition": None,
        "analysis": None,
        "analysis_status": None,
        "appointments": [],
        "sentiment": None,
        "success": None,
        "metadata": {},
        "sandbox": True,
    }


def test_an_accepted_delivery_is_not_sent_again(services, who):
    factories.queued_call(services, who, webhook_url=URL)
    (delivery,) = due(services)
    assert due(services) == []
    assert note(services, delivery, OK) is DeliveryState.DELIVERED
    services.clock.advance(10 * 3600)
    assert due(services) == []


def test_a_refused_delivery_is_retried_on_schedule_and_then_dead(services, who):
    factories.queued_call(services, who, webhook_url=URL)
    start, sent = services.clock.now(), []
    for _ in range(200):
        for delivery in due(services):
            sent.append((services.clock.now() - start, delivery.attempt))
            state = note(services, delivery, FAILED)
        services.clock.advance(30)
    minutes = (0, 1, 6, 21, 81)
    assert sent == [(timedelta(minutes=m), n) for n, m in enumerate(minutes, 1)]
    assert state is DeliveryState.DEAD


def test_every_attempt_has_the_same_id_and_the_same_bytes(services, who):
    factories.queued_call(services, who, webhook_url=URL)
    (first,) = due(services)
    note(services, first, Outcome(error="timeout"))
    services.clock.advance(60)
    (second,) = due(services)
    assert (second.message_id, second.payload) == (first.message_id, first.payload)


def test_noting_the_same_attempt_again_changes_nothing(services, who):
    factories.queued_call(services, who, webhook_url=URL)
    (delivery,) = due(services)
    for _ in range(3):
        assert note(services, delivery, FAILED) is DeliveryState.PENDING
    services.clock.advance(60)
    (second,) = due(services)
    assert second.attempt == 2
    note(services, second, OK)
    assert note(services, delivery, FAILED) is DeliveryState.DELIVERED


def test_a_delivery_whose_sender_died_is_sent_by_another(services, who):
    factories.queued_call(services, who, webhook_url=URL)
    due(services)
    services.clock.advance(LEASE_SECONDS - 1)
    assert due(services) == []
    services.clock.advance(1)
    (again,) = due(services)
    assert again.attempt == 1


def test_a_delivery_that_kills_every_sender_is_given_up(services, who):
    factories.queued_call(services, who, webhook_url=URL)
    services.db.run(lambda: WebhookDelivery.update(tries_left=1).execute())
    due(services)
    assert services.webhooks.bury_exhausted(services.clock.now()) == 0
    services.clock.advance(LEASE_SECONDS)
    assert due(services) == []
    assert services.webhooks.bury_exhausted(services.clock.now()) == 1
    (view,) = services.webhook_log.deliveries(who.account_id).data
    assert (view.status, len(view.log)) == (DeliveryState.DEAD, 1)


def test_noting_an_attempt_of_nothing(services):
    with pytest.raises(NotFound):
        services.webhooks.record_attempt("nothing", 1, OK, services.clock.now())


# --- lanes


def test_one_endpoint_does_not_take_all_places(services, who):
    for _ in range(LANE_WIDTH + 3):
        factories.queued_call(services, who, webhook_url="https://slow.example.com/a")
    factories.queued_call(services, who, webhook_url="https://quick.example.com/b")
    taken = Counter(delivery.endpoint for delivery in due(services))
    assert taken == {"https://slow.example.com": LANE_WIDTH, "https://quick.example.com": 1}
    factories.queued_call(services, who, webhook_url="https://quick.example.com/b")
    assert [delivery.endpoint for delivery in due(services)] == ["https://quick.example.com"]


def test_few_places_are_shared_between_endpoints(services, who):
    for number in range(5):
        for _ in range(3):
            factories.queued_call(services, who, webhook_url=f"https://e{number}.example.com/")
    taken = Counter(delivery.endpoint for delivery in due(services, limit=5))
    assert set(taken.values()) == {1}
    assert len(taken) == 5
    assert len(due(services, limit=2)) == 2


def test_a_place_is_free_again_after_the_attempt(services, who):
    for _ in range(LANE_WIDTH + 1):
        factories.queued_call(services, who, webhook_url=URL)
    first = due(services)
    assert len(first) == LANE_WIDTH
    note(services, first[0], FAILED)
    assert len(due(services)) == 1


def test_a_look_that_finds_nothing_takes_no_lock(services, who, monkeypatch):
    factories.queued_call(services, who, webhook_url=URL)
    for number in range(3):
        factories.queued_call(services, who, webhook_url=f"https://e{number}.example.com/")
    for delivery in due(services):
        note(services, delivery, FAILED)
    monkeypatch.setattr(services.db, "run", None)
    assert due(services) == []


def test_endpoints_take_turns_where_there_are_more_than_places(services, who):
    for _ in range(2):
        for number in range(5):
            factories.queued_call(services, who, webhook_url=f"https://e{number}.example.com/")
    looks = [sorted(item.endpoint[8:10] for item in due(services, limit=2)) for _ in range(5)]
    assert looks == [["e0", "e1"], ["e2", "e3"], ["e0", "e4"], ["e1", "e2"], ["e3", "e4"]]


def test_a_look_passes_over_a_bounded_number_of_endpoints_and_the_next_goes_on(
    services, who, monkeypatch
):
    """One customer may have many hosts, and all of them wait for their retry."""
    for number in range(9):
        factories.queued_call(services, who, webhook_url=f"https://e{number}.example.com/")
    for delivery in due(services):
        note(services, delivery, FAILED)
    monkeypatch.setattr("topcalls.services.webhooks._ENDPOINTS_AT_ONCE", 4)
    factories.queued_call(services, who, webhook_url="https://z.example.com/")
    found = [[item.endpoint for item in due(services)] for _ in range(4)]
    assert found.index(["https://z.example.com"]) <= 3
    assert [endpoints for endpoints in found if endpoints] == [["https://z.example.com"]]


def test_deliveries_of_many_endpoints_are_taken_in_many_transactions(services, who, monkeypatch):
    monkeypatch.setattr("topcalls.services.webhooks._CLAIMED_TOGETHER", 2)
    for number in range(5):
        factories.queued_call(services, who, webhook_url=f"https://e{number}.example.com/")
    run, transactions = services.db.run, []
    monkeypatch.setattr(services.db, "run", lambda *args: transactions.append(1) or run(*args))
    assert len(due(services)) == 5
    assert len(transactions) == 3


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        ("https://Example.com/a/b?c", "https://example.com"),
        ("http://example.com:8080/", "http://example.com:8080"),
        ("https://user:secret@example.com/x", "https://example.com"),
        ("https://[2001:db8::1]:8443/x", "https://[2001:db8::1]:8443"),
    ],
)
def test_an_endpoint_is_scheme_host_and_port(url, endpoint):
    assert endpoint_of(url) == endpoint


# --- looking and replaying


def test_the_log_of_a_delivery(services, who):
    call = factories.queued_call(services, who, webhook_url=URL)
    created = services.clock.now()
    (delivery,) = due(services)
    services.clock.advance(1)
    note(services, delivery, FAILED)
    (view,) = services.webhook_log.deliveries(who.account_id, call.id).data
    assert (view.event, view.url, view.call_id) == ("call.queued", URL, call.id)
    assert (view.id, view.message_id, view.created_at) == (
        delivery.id,
        delivery.message_id,
        created,
    )
    assert (view.status, view.attempts, view.last_status, view.last_error) == (
        DeliveryState.PENDING,
        1,
        500,
        None,
    )
    assert view.next_attempt_at == services.clock.now() + timedelta(minutes=1)
    (line,) = view.log
    assert (line.number, line.at, line.status, line.duration_ms) == (
        1,
        services.clock.now(),
        500,
        900,
    )


def test_deliveries_are_paged_without_loss(services, who):
    other = factories.principal(services, name="Other")
    factories.queued_call(services, other, webhook_url=URL)
    for _ in range(7):
        factories.queued_call(services, who, webhook_url=URL)
    seen, cursor = [], None
    for _ in range(10):
        page = services.webhook_log.deliveries(who.account_id, limit=3, cursor=cursor)
        seen += [view.id for view in page.data]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 7


@pytest.mark.parametrize("cursor", ["x", "1", "1.", ".a", "99999999999999999999.a", "²3.a"])
def test_a_cursor_that_is_none_is_refused(services, who, cursor):
    with pytest.raises(InvalidRequest):
        services.webhook_log.deliveries(who.account_id, cursor=cursor)


def test_a_dead_delivery_can_be_replayed(services, who):
    factories.queued_call(services, who, webhook_url=URL)
    (delivery,) = due(services)
    note(services, delivery, OK)
    replayed = services.webhook_log.replay(who.account_id, delivery.id)
    assert services.webhook_log.replay(who.account_id, delivery.id) == replayed
    (again,) = due(services)
    assert (again.id, again.attempt) == (replayed, 1)
    assert (again.message_id, again.payload) == (delivery.message_id, delivery.payload)
    assert len(services.webhook_log.deliveries(who.account_id).data) == 2


def test_nobody_replays_the_deliveries_of_others(services, who):
    other = factories.principal(services, name="Other")
    factories.queued_call(services, who, webhook_url=URL)
    (delivery,) = due(services)
    with pytest.raises(NotFound):
        services.webhook_log.replay(other.account_id, delivery.id)
    assert services.webhook_log.deliveries(other.account_id).data == ()
