"""`/v1/account/keys` and `/v1/account/audit`: no key hands on more than it has, and it is told."""

from datetime import timedelta

import factories
import pytest

from topcalls.core.audit import AuditAction
from topcalls.services.keys import KeyLimits

pytest_plugins = ("api_fixtures",)
pytestmark = pytest.mark.service
BODY = {"name": "dialler", "scopes": ["calls:read", "calls:write"]}


def make(api, **changes):
    return api.post("/v1/account/keys", json={**BODY, **changes})


def entries(api):
    return api.get("/v1/account/audit").json["data"]


def own_id(api):
    return api.services.keys.authenticate(api.token).key_id


def numbered(number):
    return f"00000000-0000-4000-8000-{number:0>12}"


def in_days(api, days):
    return (api.services.clock.now() + timedelta(days=days)).isoformat()


def test_a_key_is_shown_once_and_opens_what_it_may(api):
    made = make(api)
    assert made.status_code == 201
    token = made.json["token"]
    assert token.startswith(made.json["prefix"])
    assert api.get("/v1/calls", token=token).status_code == 200
    assert api.get("/v1/agents", token=token).status_code == 403
    listed = api.get("/v1/account/keys")
    assert token not in listed.text
    assert "dialler" in [key["name"] for key in listed.json["data"]]


def test_a_key_grants_no_scope_that_it_lacks(api):
    token = api.key("admin", "calls:read")
    answer = api.post("/v1/account/keys", json=BODY, token=token)
    assert answer.status_code == 400
    assert [fault["path"] for fault in answer.json["errors"]] == ["scopes.1"]
    assert "calls:write" in answer.json["errors"][0]["message"]
    assert entries(api) == []


def test_a_key_that_ends_makes_none_that_outlasts_it(api):
    made = make(api, scopes=["admin", "calls:read"], expires_at=in_days(api, 2))
    token = made.json["token"]
    for later in (None, in_days(api, 3)):
        body = {"name": "x", "scopes": ["calls:read"], "expires_at": later}
        answer = api.post("/v1/account/keys", json=body, token=token)
        assert [fault["path"] for fault in answer.json["errors"]] == ["expires_at"]
    body = {"name": "x", "scopes": ["calls:read"], "expires_at": in_days(api, 1)}
    assert api.post("/v1/account/keys", json=body, token=token).status_code == 201


def test_a_new_key_has_the_limits_of_the_one_that_made_it(api):
    limits = KeyLimits(3, 20, 10)
    api.services.keys.set_limits(own_id(api), limits)
    made = make(api).json
    assert api.services.keys.limits(made["id"]) == limits
    assert made["limits"]["max_concurrent_calls"] == 3


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"name": "  "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["everything"]}, "scopes.0"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
        ({"expires_at": "tomorrow"}, "expires_at"),
        ({"days": 3}, "days"),
    ],
)
def test_what_is_wrong_is_told_by_name(api, changes, path):
    answer = make(api, **changes)
    assert answer.status_code == 400
    assert [fault["path"] for fault in answer.json["errors"]] == [path]


def test_a_revoked_key_opens_nothing_at_once(api):
    made = make(api).json
    api.services.clock.advance(1)
    assert api.send("DELETE", f"/v1/account/keys/{made['id']}").status_code == 204
    assert api.get("/v1/calls", token=made["token"]).status_code == 401
    (listed,) = [k for k in api.get("/v1/account/keys").json["data"] if k["id"] == made["id"]]
    assert listed["revoked_at"] is not None
    assert api.send("DELETE", f"/v1/account/keys/{made['id']}").status_code == 204
    assert [one["action"] for one in entries(api)] == ["key_revoked", "key_created"]


def test_no_key_revokes_itself(api):
    answer = api.send("DELETE", f"/v1/account/keys/{own_id(api)}")
    assert answer.status_code == 409
    assert "another key" in answer.json["detail"]
    assert api.get("/v1/account/keys").status_code == 200


def test_keys_of_others_are_not_there(api):
    stranger = factories.principal(api.services, name="Other")
    assert api.send("DELETE", f"/v1/account/keys/{stranger.key_id}").status_code == 404
    api.services.keys.recognise(stranger.key_id)
    names = [key["id"] for key in api.get("/v1/account/keys").json["data"]]
    assert stranger.key_id not in names


def test_only_an_admin_sees_or_makes_keys(api):
    token = api.key("calls:read", "calls:write")
    assert api.get("/v1/account/keys", token=token).status_code == 403
    assert api.post("/v1/account/keys", json=BODY, token=token).status_code == 403
    assert api.get("/v1/account/audit", token=token).status_code == 403


def test_the_audit_is_read_page_by_page_and_is_the_accounts_own(api):
    who = api.services.keys.authenticate(api.token)
    stranger = factories.principal(api.services, name="Other")
    api.services.audit.note(stranger, AuditAction.NUMBER_SHOWN, numbered(9))
    for number in range(5):
        api.services.audit.note(who, AuditAction.NUMBER_SHOWN, numbered(number))
        api.services.clock.advance(1)
    seen, cursor = [], None
    while True:
        page = api.get("/v1/account/audit", query_string={"limit": 2, "cursor": cursor or None})
        seen += page.json["data"]
        cursor = page.json["next_cursor"]
        if cursor is None:
            break
    assert [one["subject_id"] for one in seen] == [*map(numbered, range(4, -1, -1))]
    assert {one["api_key_name"] for one in seen} == {"another"}
    assert {one["api_key_id"] for one in seen} == {who.key_id}


def test_any_key_learns_what_it_may(api):
    token = api.key("calls:write", "calls:read")
    told = api.get("/v1/account/key", token=token).json
    assert told["scopes"] == ["calls:read", "calls:write"]
    assert told["account_id"] == api.owner.account_id
    assert told["id"] == api.services.keys.authenticate(token).key_id
    assert api.get("/v1/account/key", token="").status_code == 401
