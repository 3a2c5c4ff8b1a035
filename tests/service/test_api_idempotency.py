"""`Idempotency-Key`: one request, one call, whatever is repeated, raced or crashes."""

import uuid
from datetime import timedelta

import gevent
import pytest
from api_client import GOOD_CALL
from flask import g
from gevent.event import Event

from topcalls.api.idempotency import idempotent

pytest_plugins = ("api_fixtures",)
pytestmark = pytest.mark.service
LIMIT = 10


@pytest.fixture
def key():
    return {"Idempotency-Key": str(uuid.uuid4())}


def calls_of(api):
    return api.services.calls.list(api.owner.account_id).data


def test_a_repetition_gets_the_first_answer_marked(api, key):
    first, again = api.create(headers=key), api.create(headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.get_data() == first.get_data()
    assert again.headers["Location"] == first.headers["Location"]
    assert again.content_type == first.content_type
    assert len(calls_of(api)) == 1


def test_the_order_of_names_does_not_make_another_request(api, key):
    bodies = [GOOD_CALL, dict(reversed(GOOD_CALL.items()))]
    answers = [api.post("/v1/calls", json=body, headers=key) for body in bodies]
    assert answers[0].json == answers[1].json


def test_the_same_key_with_another_body_is_refused(api, key):
    api.create(headers=key)
    response = api.create(headers=key, max_duration=3)
    assert response.status_code == 409
    assert response.json["type"].endswith("/idempotency_conflict")
    assert "Use a new key" in response.json["detail"]
    assert len(calls_of(api)) == 1
    assert api.services.quotas.balance(api.owner.account_id).minutes_reserved == 10


def test_the_same_key_with_a_body_that_is_refused_is_a_conflict(api, key):
    """Whoever uses a key twice learns that first, not what else is wrong."""
    api.create(headers=key)
    response = api.create(headers=key, max_duration=-3)
    assert (response.status_code, response.json["type"].rpartition("/")[2]) == (
        409,
        "idempotency_conflict",
    )


def test_a_refused_body_under_a_new_key_is_told_as_without_one(api, key):
    assert api.create(headers=key, max_duration=-3).json["errors"][0]["path"] == "max_duration"
    assert api.create(headers=key).status_code == 201


def test_the_same_key_on_another_route_is_refused(api, key):
    call_id = api.create(headers=key).json["call_id"]
    assert api.post(f"/v1/calls/{call_id}/stop", headers=key).status_code == 409
    assert api.get(f"/v1/calls/{call_id}").json["status"] == "queued"


def test_a_key_belongs_to_its_account(api, key):
    api.create(headers=key)
    other = api.services.accounts.create("Other", minutes=100)
    token = api.key("calls:write", account_id=other.id)
    response = api.post("/v1/calls", json=GOOD_CALL, headers=key, token=token)
    assert response.status_code == 201
    assert "Idempotent-Replayed" not in response.headers


def test_after_a_day_a_key_is_new(api, key):
    api.create(headers=key)
    api.services.clock.advance(24 * 3600)
    assert "Idempotent-Replayed" not in api.create(headers=key).headers
    assert len(calls_of(api)) == 2


def test_a_refused_request_may_be_repeated_with_its_key(api, key):
    account_id = api.owner.account_id
    api.services.quotas.grant(account_id, -1000, "taken back")
    assert api.create(headers=key).status_code == 402
    api.services.quotas.grant(account_id, 1000, "given again")
    again = api.create(headers=key)
    assert again.status_code == 201
    assert "Idempotent-Replayed" not in again.headers


@pytest.mark.parametrize("value", ["short", "x" * 256, "with space", "umlaut-äöü-x", "a.b.c.d.e"])
def test_a_wrong_key_is_explained(api, value):
    response = api.create(headers={"Idempotency-Key": value})
    assert response.status_code == 400
    (fault,) = response.json["errors"]
    assert fault["path"] == "Idempotency-Key"
    assert "8 to 255" in fault["message"]
    assert api.nothing_was_done()


@pytest.mark.parametrize("verb", ["stop", "cancel"])
def test_stop_and_cancel_honour_keys_too(api, key, verb):
    path = f"/v1/calls/{api.create().json['call_id']}/{verb}"
    first, again = api.post(path, headers=key), api.post(path, headers=key)
    assert (first.json, again.json) == (first.json, first.json)
    assert again.headers["Idempotent-Replayed"] == "true"


def test_concurrent_duplicates_wait_for_the_first(api, key, monkeypatch):
    begun, may_finish = Event(), Event()
    create = api.services.calls.create

    def slow(*args, **kwargs):
        begun.set()
        assert may_finish.wait(LIMIT)
        return create(*args, **kwargs)

    monkeypatch.setattr(api.services.calls, "create", slow)
    first = gevent.spawn(api.create, headers=key)
    assert begun.wait(LIMIT)
    others = [gevent.spawn(api.create, headers=key) for _ in range(3)]
    may_finish.set()
    gevent.joinall([first, *others], timeout=LIMIT, raise_error=True)
    answers = [greenlet.value for greenlet in [first, *others]]
    assert {answer.json["call_id"] for answer in answers} == {first.value.json["call_id"]}
    marked = [answer.headers.get("Idempotent-Replayed") for answer in answers]
    assert marked == [None, "true", "true", "true"]
    assert len(calls_of(api)) == 1


def test_a_crash_before_the_answer_is_stored_leaves_nothing_half_done(api, key, monkeypatch):
    def dies(*_):
        raise KeyError("as if the process had died")

    with monkeypatch.context() as dying:
        dying.setattr("topcalls.store.idempotency.complete", dies)
        assert api.create(headers=key).status_code == 500
    assert calls_of(api) == ()
    again = api.create(headers=key)
    assert again.status_code == 201
    assert "Idempotent-Replayed" not in again.headers
    assert len(calls_of(api)) == 1
    assert api.services.quotas.balance(api.owner.account_id).minutes_reserved == 10


def test_a_repetition_is_answered_even_when_its_body_would_be_refused_by_now(api, key):
    moment = (api.services.clock.now() + timedelta(minutes=1)).isoformat()
    first = api.create(headers=key, schedule_at=moment)
    assert first.status_code == 201
    api.services.clock.advance(120)
    assert api.create(schedule_at=moment).status_code == 400
    again = api.create(headers=key, schedule_at=moment)
    assert (again.status_code, again.json) == (201, first.json)
    assert again.headers["Idempotent-Replayed"] == "true"


def test_a_route_that_would_ignore_the_key_is_a_mistake_of_ours(api, key):
    view = idempotent(lambda: "done without once()")
    with api.app.test_request_context(headers=key):
        g.principal = api.owner
        with pytest.raises(RuntimeError):
            view()
    with api.app.test_request_context():
        assert view() == "done without once()"
