"""Subscriptions of an account: what they are told, of which calls, and what is refused."""

from __future__ import annotations

from uuid import uuid4

import factories
import pytest
from webhook_rig import OWN, URL, sent, subscribe

from topcalls.core.webhook_filters import FIELDS
from topcalls.errors import Conflict, InvalidRequest, NotFound
from topcalls.services import webhook_subscriptions
from topcalls.services.webhook_outbox import CampaignHook
from topcalls.services.webhooks import Webhooks
from topcalls.store import calls

pytestmark = pytest.mark.service


@pytest.fixture
def who(services):
    return factories.principal(services)


def completed(services, who, disposition=None, **fields):
    """A call that is over, whose end was told."""
    call_id = factories.finished_call(services, who, **fields)
    services.calls.note_recording(call_id, "refused")
    services.db.run(calls.set_columns, call_id, disposition=disposition)
    for _ in range(20):
        now = services.clock.now()
        for due in services.wrap_ups.due(now, 10):
            services.wrap_ups.run(due, now)
        services.clock.advance(2)
    return call_id


def test_every_completed_call_is_told(services, who):
    made = subscribe(services, who)
    call_id = completed(services, who)
    ((event, url, body),) = sent(services)
    assert (event, url, body["call_id"], body["sequence"]) == ("call.completed", URL, call_id, 1)
    (delivery,) = services.webhook_log.deliveries(who.account_id).data
    assert (delivery.webhook_id, delivery.sequence) == (made.id, 1)


def test_a_suffix_is_told_of_its_disposition_alone(services, who):
    subscribe(services, who, "call.completed.booked_callback")
    completed(services, who, "not_interested")
    completed(services, who)
    assert sent(services) == []
    completed(services, who, "booked_callback")
    ((event, _, body),) = sent(services)
    assert event == "call.completed.booked_callback"
    assert (body["event"], body["disposition"]) == ("call.completed", "booked_callback")


def test_filters_decide_before_anything_is_stored(services, who):
    subscribe(services, who, filters={"phone_number": "+1202%", "disposition": ["a", "b"]})
    completed(services, who, "c")
    assert services.webhook_log.deliveries(who.account_id).data == ()
    completed(services, who, "b")
    assert len(sent(services)) == 1


def test_failed_calls_and_other_accounts_are_not_told(services, who):
    subscribe(services, who)
    other = factories.principal(services, name="Other")
    completed(services, other)
    claimed = factories.claimed_call(services, who)
    factories.Life(services, claimed).dial().fail("USER_BUSY")
    assert sent(services) == []


def test_a_url_that_is_named_twice_gets_it_once(services, who):
    made = subscribe(services, who, url=OWN)
    subscribe(services, who, url=URL)
    completed(services, who, webhook_url=OWN, webhook_events=("call.completed",))
    assert sorted(url for _, url, _ in sent(services)) == [URL, OWN]
    page = services.webhook_log.deliveries(who.account_id).data
    assert {item.webhook_id for item in page if item.url == OWN} == {made.id}


def test_one_that_is_switched_off_or_deleted_is_told_nothing(services, who):
    made, other = subscribe(services, who), subscribe(services, who)
    services.webhook_subscriptions.change(who.account_id, made.id, {"enabled": False})
    services.webhook_subscriptions.delete(who.account_id, other.id)
    completed(services, who)
    assert sent(services) == []
    services.webhook_subscriptions.change(who.account_id, made.id, {"enabled": True})
    completed(services, who)
    assert len(sent(services)) == 1


def test_a_campaign_tells_its_own_url_and_what_a_conversion_is(services, who, db):
    hook = CampaignHook(OWN, ("call.completed",), frozenset({"booked"}))
    campaign_id = str(uuid4())
    services.webhooks._campaigns = {campaign_id: hook}.__getitem__
    subscribe(services, who, filters={"is_conversion": True})
    call_id = factories.queued_call(services, who).id
    for disposition, urls in (("lost", [OWN]), ("booked", [URL, OWN])):
        services.db.run(
            calls.set_columns, call_id, campaign_id=campaign_id, disposition=disposition
        )
        row = services.db.read(calls.get, call_id)
        now = services.clock.now()
        services.db.run(services.webhooks.announce, row, "call.completed", now)
        assert sorted(url for _, url, _ in sent(services)) == urls
    assert isinstance(services.webhooks, Webhooks)


@pytest.mark.parametrize(
    ("wanted", "path"),
    [
        ({"event": "call.failed"}, "event"),
        ({"url": "https://10.0.0.1/"}, "url"),
        ({"url": "http://localhost/hook"}, "url"),
        ({"url": "ftp://example.com"}, "url"),
        ({"url": "https://calls.example.com/hook"}, "url"),
        ({"url": "https://CALLS.example.com.:443/"}, "url"),
        ({"filters": {"phone": "x"}}, "filters.phone"),
    ],
)
def test_what_is_wrong_is_named(services, who, wanted, path):
    good = {"event": "call.completed", "url": URL}
    with pytest.raises(InvalidRequest) as refused:
        services.webhook_subscriptions.create(who, {**good, **wanted})
    assert [fault.path for fault in refused.value.errors] == [path]
    made = subscribe(services, who)
    with pytest.raises(InvalidRequest):
        services.webhook_subscriptions.change(who.account_id, made.id, wanted)


def test_there_are_not_too_many(services, who, monkeypatch):
    monkeypatch.setattr(webhook_subscriptions, "MOST", 2)
    subscribe(services, who)
    subscribe(services, who)
    with pytest.raises(Conflict):
        subscribe(services, who)


def test_nobody_sees_those_of_others(services, who):
    made = subscribe(services, who)
    other = factories.principal(services, name="Other")
    verbs = services.webhook_subscriptions
    for verb in (verbs.get, verbs.delete, verbs.test):
        with pytest.raises(NotFound):
            verb(other.account_id, made.id)
    assert verbs.list(other.account_id) == ()
    assert [one.id for one in verbs.list(who.account_id)] == [made.id]


def test_what_can_be_filtered_by_is_in_the_payload(services, who):
    subscribe(services, who)
    completed(services, who)
    ((_, _, body),) = sent(services)
    assert set(FIELDS) <= set(body)
