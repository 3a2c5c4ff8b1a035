"""The same key twice: one piece of work, one answer."""

from __future__ import annotations

import factories
import gevent
import pytest
from gevent.event import Event

from topcalls.clock import SystemClock
from topcalls.errors import IdempotencyConflict
from topcalls.services.idempotency import Fresh, Idempotency, InProgress, Replay, body_hash
from topcalls.store.models import Call

pytestmark = pytest.mark.service
LIMIT = 20
KEY, ROUTE, BODY = "key-12345", "POST /v1/calls", body_hash(b'{"a": 1}')


@pytest.fixture
def account(services):
    return factories.principal(services).account_id


def begin(services, account, key=KEY, route=ROUTE, body=BODY, wait=0.0):
    return services.idempotency.begin(account, key, route, body, wait=wait)


def complete(services, record, body=b'{"id": "\xe2\x98\x8e"}'):
    services.idempotency.complete(record.id, 201, {"Location": "/v1/calls/1"}, body)


def test_the_first_request_does_the_work_and_the_next_gets_its_answer(services, account):
    first = begin(services, account)
    assert isinstance(first, Fresh)
    complete(services, first)
    replay = Replay(201, {"Location": "/v1/calls/1"}, b'{"id": "\xe2\x98\x8e"}')
    assert begin(services, account) == replay
    services.clock.advance(24 * 3600 - 1)
    assert begin(services, account) == replay


def test_after_24_hours_a_key_is_as_good_as_new(services, account):
    complete(services, begin(services, account))
    services.clock.advance(24 * 3600)
    assert isinstance(begin(services, account, body="other"), Fresh)
    assert isinstance(begin(services, account, body="other"), InProgress)


@pytest.mark.parametrize(
    "other", [{"body": body_hash(b'{"a": 2}')}, {"route": "POST /v1/calls/1/stop"}]
)
@pytest.mark.parametrize("completed", [True, False])
def test_the_same_key_for_another_request_is_a_conflict(services, account, other, completed):
    first = begin(services, account)
    if completed:
        complete(services, first)
    with pytest.raises(IdempotencyConflict):
        begin(services, account, **other)


def test_keys_belong_to_accounts(services, account):
    complete(services, begin(services, account))
    other = factories.principal(services, name="Other").account_id
    assert isinstance(begin(services, other), Fresh)
    assert isinstance(begin(services, account, key="another-key"), Fresh)


def test_a_request_that_failed_may_be_repeated(services, account):
    first = begin(services, account)
    services.idempotency.abandon(first.id)
    services.idempotency.abandon(first.id)
    assert isinstance(begin(services, account), Fresh)


def test_a_request_whose_process_died_may_be_repeated_after_a_while(services, account):
    first = begin(services, account)
    services.clock.advance(59)
    assert isinstance(begin(services, account), InProgress)
    services.clock.advance(1)
    assert begin(services, account) == first


@pytest.mark.parametrize("end", ["crash", "abandon"])
def test_what_was_made_before_a_crash_is_found_and_not_made_again(services, account, end):
    who = factories.principal(services, name="Other")
    first = begin(services, who.account_id)
    made = services.calls.create(who, factories.request(), idempotency_id=first.id)
    if end == "crash":
        services.clock.advance(60)
    else:
        services.idempotency.abandon(first.id)
    again = begin(services, who.account_id)
    assert isinstance(again, Fresh)
    repeated = services.calls.create(who, factories.request(), idempotency_id=again.id)
    assert repeated.id == made.id
    assert services.db.read(Call.select().count) == 1


def test_duplicates_at_the_same_time_wait_for_the_first(services, account):
    records = Idempotency(services.db, SystemClock())
    started, may_finish = Event(), Event()

    def work():
        answer = records.begin(account, KEY, ROUTE, BODY, wait=LIMIT)
        if isinstance(answer, Fresh):
            started.set()
            may_finish.wait(LIMIT)
            records.complete(answer.id, 201, {}, b"made")
        return answer

    jobs = [gevent.spawn(work) for _ in range(5)]
    assert started.wait(LIMIT)
    may_finish.set()
    gevent.joinall(jobs, timeout=LIMIT, raise_error=True)
    answers = [job.value for job in jobs]
    assert sum(isinstance(answer, Fresh) for answer in answers) == 1
    assert answers.count(Replay(201, {}, b"made")) == 4


def test_waiting_has_an_end(services, account):
    records = Idempotency(services.db, SystemClock())
    records.begin(account, KEY, ROUTE, BODY)
    with gevent.Timeout(LIMIT):
        assert records.begin(account, KEY, ROUTE, BODY, wait=0.1) == InProgress()


def test_completing_what_is_gone_is_harmless(services):
    services.idempotency.complete("nothing", 200, {}, b"")
    services.idempotency.abandon("nothing")
