"""Keys and scopes: who is let in, and what a refusal says."""

from dataclasses import replace

import factories
import pytest
from api_client import api_services, serving

from topcalls.api import auth
from topcalls.api.app import create_app
from topcalls.api.auth import public, requires
from topcalls.services.keys import Keys

pytest_plugins = ("api_fixtures",)
pytestmark = pytest.mark.service


def refusal(api, response, status):
    assert response.status_code == status, response.text
    assert api.nothing_was_done()
    return response.json


@pytest.mark.parametrize(
    ("header", "says"),
    [
        (None, "carries no key"),
        ("", "carries no key"),
        ("Basic dXNlcjpwYXNz", "not of the kind 'Bearer'"),
        ("Bearer", "not of the kind 'Bearer'"),
        ("Bearer ", "not of the kind 'Bearer'"),
        ("Bearer nonsense", "tc_test_"),
        ("Bearer tc_test_" + "x" * 43, "not known"),
        ("Bearer tc_test_\xe9\x00", "not known"),
    ],
)
def test_without_a_known_key_nothing_is_done(api, header, says):
    headers = {} if header is None else {"Authorization": header}
    response = api.post("/v1/calls", json={"phone_number": "x"}, token="", headers=headers)
    problem = refusal(api, response, 401)
    assert problem["type"].endswith("/unauthorized")
    assert says in problem["detail"]
    assert "keys create" in problem["detail"]
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(("here", "there"), [("test", "live"), ("live", "test")])
def test_a_key_of_the_other_kind_of_install_is_refused_by_name(api, here, there):
    keys = {kind: Keys(api.services.db, api.services.clock, kind) for kind in ("test", "live")}
    token = keys[there].create(api.owner.account_id, name="k", scopes=["calls:read"]).token
    api.app = serving(replace(api_services(api.services), keys=keys[here]))
    problem = refusal(api, api.get("/v1/calls", token=token), 401)
    assert f"a {there} key" in problem["detail"]
    assert f"tc_{here}_" in problem["detail"]


def test_revoked_and_expired_keys_are_refused(api):
    made = api.services.keys.create(api.owner.account_id, name="k", scopes=["calls:read"], days=1)
    assert api.get("/v1/calls", token=made.token).status_code == 200
    api.services.clock.advance(86_400)
    assert "expired" in refusal(api, api.get("/v1/calls", token=made.token), 401)["detail"]
    other = api.services.keys.create(api.owner.account_id, name="k", scopes=["calls:read"])
    api.services.keys.revoke(other.id)
    assert "revoked" in refusal(api, api.get("/v1/calls", token=other.token), 401)["detail"]


@pytest.mark.parametrize(
    ("scope", "method", "path", "needs"),
    [
        ("calls:read", "POST", "/v1/calls", "calls:write"),
        ("calls:write", "GET", "/v1/calls", "calls:read"),
        ("calls:write", "GET", "/v1/account/balance", "calls:read"),
        ("calls:read", "GET", "/metrics", "admin"),
        ("calls:read", "GET", "/v1/status", "admin"),
    ],
)
def test_a_missing_scope_is_named(api, scope, method, path, needs):
    response = api.send(method, path, token=api.key(scope), json=None)
    problem = refusal(api, response, 403)
    assert problem["type"].endswith("/insufficient_scope")
    assert problem["scope"] == needs
    assert needs in problem["detail"]


def test_the_key_is_looked_at_before_the_body(api):
    response = api.post("/v1/calls", data=b"{", content_type="application/json", token="")
    refusal(api, response, 401)


@pytest.mark.parametrize("path", ["/live", "/ready", "/openapi.json", "/docs"])
def test_a_few_addresses_are_open(api, path):
    assert api.get(path, token="").status_code == 200


def test_an_application_with_an_unmarked_route_does_not_start(services):
    def application(*marks):
        app = create_app(api_services(services))

        def view():
            return ""

        for mark in marks:
            view = mark(view)
        app.add_url_rule("/new", view_func=view)
        return app

    with pytest.raises(RuntimeError, match="must name its scope or be public"):
        auth.protect(application())
    with pytest.raises(RuntimeError, match="not both"):
        auth.protect(application(public, requires("admin")))


def test_another_accounts_key_sees_its_own_balance(api):
    other = factories.principal(api.services, name="Other", minutes=7)
    token = api.key("calls:read", account_id=other.account_id)
    assert api.get("/v1/account/balance", token=token).json["minutes_remaining"] == 7
