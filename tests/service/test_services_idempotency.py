"""The same key twice: one piece of work, one answer, in one transaction."""

from __future__ import annotations

import factories
import gevent
import pytest
from gevent.event import Event

from topcalls.errors import IdempotencyConflict, InsufficientQuota
from topcalls.services.idempotency import Answer, Request, body_hash
from topcalls.store.models import Call, IdempotencyRecord

pytestmark = pytest.mark.service
LIMIT = 20
REQUEST = Request("key-12345", "POST /v1/calls", body_hash(b'{"a": 1}'))
OTHER_BODY = Request(REQUEST.key, REQUEST.route, body_hash(b'{"a": 2}'))
OTHER_ROUTE = Request(REQUEST.key, "POST /v1/calls/1/stop", REQUEST.digest)
ANSWER = Answer(201, {"Location": "/v1/calls/1"}, b'{"id": "\xe2\x98\x8e"}')
REPLAYED = Answer(ANSWER.status, ANSWER.headers, ANSWER.body, replayed=True)


@pytest.fixture
def who(services):
    return factories.principal(services)


def once(services, who, request=REQUEST, work=lambda: ANSWER):
    return services.idempotency.once(who.account_id, request, work)


def never():
    raise AssertionError("The work was done again.")


def count(services, table):
    return services.db.read(table.select().count)


def test_the_first_request_does_the_work_and_the_next_gets_its_answer(services, who):
    assert once(services, who) == ANSWER
    assert once(services, who, work=never) == REPLAYED
    services.clock.advance(24 * 3600 - 1)
    assert once(services, who, work=never) == REPLAYED


def test_after_24_hours_a_key_is_as_good_as_new(services, who):
    once(services, who)
    services.clock.advance(24 * 3600)
    second = Answer(200, {}, b"second")
    assert once(services, who, OTHER_BODY, lambda: second) == second
    services.clock.advance(24 * 3600 - 1)
    assert once(services, who, OTHER_BODY, never).body == b"second"
    with pytest.raises(IdempotencyConflict):
        once(services, who)
    assert count(services, IdempotencyRecord) == 1


@pytest.mark.parametrize("other", [OTHER_BODY, OTHER_ROUTE], ids=["body", "route"])
def test_the_same_key_for_another_request_is_a_conflict(services, who, other):
    once(services, who)
    with pytest.raises(IdempotencyConflict):
        once(services, who, other, never)


def test_keys_belong_to_accounts(services, who):
    once(services, who)
    assert once(services, factories.principal(services, name="Other")) == ANSWER
    assert once(services, who, Request("another-key", REQUEST.route, REQUEST.digest)) == ANSWER


def test_a_request_that_was_refused_leaves_nothing_and_may_be_repeated(services, who):
    def refused():
        services.calls.create(who, factories.request())
        raise InsufficientQuota("No minutes are left.")

    with pytest.raises(InsufficientQuota):
        once(services, who, work=refused)
    assert [count(services, table) for table in (Call, IdempotencyRecord)] == [0, 0]
    assert services.quotas.balance(who.account_id).minutes_reserved == 0
    assert once(services, who, OTHER_BODY) == ANSWER


def test_what_fails_in_the_second_day_of_a_key_leaves_it_as_it_was(services, who):
    once(services, who)
    services.clock.advance(24 * 3600)
    with pytest.raises(AssertionError):
        once(services, who, OTHER_BODY, never)
    assert once(services, who) == ANSWER


def test_the_work_and_its_answer_are_written_together_or_not_at_all(services, who, monkeypatch):
    def work():
        services.calls.create(who, factories.request())
        return ANSWER

    def dies(*_):
        raise KeyError("as if the process had died before the answer was stored")

    with monkeypatch.context() as dying:
        dying.setattr("topcalls.store.idempotency.complete", dies)
        with pytest.raises(KeyError):
            once(services, who, work=work)
    assert [count(services, table) for table in (Call, IdempotencyRecord)] == [0, 0]
    assert once(services, who, work=work) == ANSWER
    assert once(services, who, work=work) == REPLAYED
    assert count(services, Call) == 1


@pytest.mark.parametrize("first_fails", [False, True])
def test_duplicates_at_the_same_time_wait_for_the_first(services, who, first_fails):
    started, may_finish = Event(), Event()
    done = []

    def work():
        services.calls.create(who, factories.request())
        done.append(1)
        if len(done) == 1:
            started.set()
            assert may_finish.wait(LIMIT)
            if first_fails:
                raise InsufficientQuota("No minutes are left.")
        return ANSWER

    first = gevent.spawn(once, services, who, work=work)
    assert started.wait(LIMIT)
    others = [gevent.spawn(once, services, who, work=work) for _ in range(4)]
    assert not gevent.joinall(others, timeout=0.1)
    may_finish.set()
    gevent.joinall(others, timeout=LIMIT, raise_error=True)
    first.join(LIMIT)
    answers = [job.value for job in others] + ([] if first_fails else [first.value])
    assert answers.count(ANSWER) == 1
    assert answers.count(REPLAYED) == len(answers) - 1
    assert isinstance(first.exception, InsufficientQuota) is first_fails
    assert count(services, Call) == 1
