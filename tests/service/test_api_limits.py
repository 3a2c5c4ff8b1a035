"""Limits and budgets over the API and on the command line."""

from __future__ import annotations

import api_contract
import factories
import pytest
from api_client import GOOD_CALL
from click.testing import CliRunner

from topcalls.cli.root import main
from topcalls.services.keys import KeyLimits

pytest_plugins = ("api_fixtures",)
pytestmark = pytest.mark.service
BUDGETS = {"day": {"minutes": 20, "calls": None}, "month": None}


@pytest.fixture
def admin(api):
    return api.key("budgets:write", "calls:read", "calls:write")


def limits(api, token=None):
    found = api.get("/v1/account/limits", token=token)
    assert found.status_code == 200
    return found.json


def create(api, token):
    return api.post("/v1/calls", json=GOOD_CALL, token=token)


def test_an_account_tells_its_limits_and_how_far_they_are_used_up(api):
    api.services.accounts.set_limits(
        api.owner.account_id, max_concurrent_calls=7, max_calls_per_minute=2, inbound_reserve=3
    )
    for _ in range(3):
        api.create()
    now = api.services.clock.now()
    api.services.dispatch.claim("o", "n", 10, now)
    api.services.clock.advance(20)
    found = limits(api)["account"]
    gauge = {"limit": 7, "used": 2, "left": 5, "when_reached": "wait", "frees_at": None}
    assert found["concurrent_calls"] == gauge
    assert found["inbound_reserve"] == 3
    assert found["calls_per_minute"]["left"] == 0
    assert found["calls_per_minute"]["frees_at"] == "2026-11-23T12:01:00.123456Z"
    assert found["minutes"]["minutes_reserved"] == 30
    assert found["requests_per_second"] is None
    key = limits(api)["key"]
    assert [key[name] for name in ("concurrent_calls", "new_calls_per_minute")] == [None, None]


def test_a_key_creates_no_more_calls_in_a_minute_than_it_may(api):
    made = api.services.keys.create(api.owner.account_id, name="k", scopes=factories.SCOPES)
    own = KeyLimits(max_concurrent_calls=4, max_new_calls_per_minute=2)
    api.services.keys.set_limits(made.id, own)
    clock = api.services.clock
    assert create(api, made.token).status_code == 201
    clock.advance(20)
    assert create(api, made.token).status_code == 201
    clock.advance(15)
    refused = create(api, made.token)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "25")
    assert refused.json["limit"] == "key_new_calls_per_minute"
    assert refused.json["consumer"] == {"type": "key", "id": made.id}
    assert refused.json["frees_at"].startswith("2026-11-23T12:01:00.123456")
    assert api.create().status_code == 201
    key = limits(api, made.token)["key"]
    assert (key["id"], key["concurrent_calls"]["limit"]) == (made.id, 4)
    assert (key["new_calls_per_minute"]["used"], key["new_calls_per_minute"]["left"]) == (2, 0)
    assert key["new_calls_per_minute"]["when_reached"] == "refuse"
    clock.advance(25)
    assert create(api, made.token).status_code == 201
    assert create(api, made.token).status_code == 429


def test_budgets_are_put_and_held_to(api, admin):
    shown = api.send("PUT", "/v1/account/budgets", json=BUDGETS, token=admin)
    assert shown.status_code == 200
    assert shown.json["time_zone"] == "UTC"
    minutes = {"limit": 20.0, "spent": 0.0, "held": 0.0, "left": 20.0}
    assert shown.json["day"]["minutes"] == minutes
    assert shown.json["day"]["cost"] == {
        "limit": None,
        "spent": "0.00",
        "held": "0.00",
        "left": None,
    }
    assert shown.json["day"]["frees_at"] == "2026-11-24T00:00:00Z"
    assert shown.json["month"]["starts_at"] == "2026-11-01T00:00:00Z"
    assert api.create(max_duration=15).status_code == 201
    refused = api.create(max_duration=15)
    assert (refused.status_code, refused.json["limit"]) == (402, "account_minutes_per_day")
    assert refused.json["type"].endswith("/insufficient_quota")
    assert (refused.json["needed"], refused.json["left"], refused.json["unit"]) == (
        15,
        5,
        "minutes",
    )
    assert limits(api)["budgets"] == api.get("/v1/account/budgets").json
    assert api.get("/v1/account/budgets").json["day"]["minutes"]["held"] == 15


def test_a_key_that_makes_calls_sets_no_budgets(api):
    token = api.key("calls:read", "calls:write", "agents:write")
    refused = api.send("PUT", "/v1/account/budgets", json=BUDGETS, token=token)
    assert (refused.status_code, refused.json["scope"]) == (403, "budgets:write")


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"day": {"cost": 25}}, "day.cost"),
        ({"day": {"cost": "1e3"}}, "day.cost"),
        ({"month": {"calls": 1.5}}, "month.calls"),
        ({"month": {"minutes": -1}}, "month.minutes"),
        ({"month": {"seconds": 1}}, "month.seconds"),
        ({"week": None}, "week"),
        ({"day": 5}, "day"),
    ],
)
def test_a_wrong_budget_is_refused_by_its_field(api, admin, body, path):
    refused = api.send("PUT", "/v1/account/budgets", json=body, token=admin)
    assert refused.status_code == 400
    assert [fault["path"] for fault in refused.json["errors"]] == [path]


def test_the_refusals_are_documented():
    document = api_contract.document()
    answers = document["paths"]["/v1/account/budgets"]["put"]["responses"]
    assert "400" in answers
    create = document["paths"]["/v1/calls"]["post"]["responses"]
    assert {"402", "429"} <= create.keys()


# --- the command line


@pytest.fixture
def kind():
    return "sqlite"


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Runs a command on a fresh installation; fails unless it ends with `code`."""
    monkeypatch.setenv("TOPCALLS_DATA_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)

    def command(*words, code=0):
        result = CliRunner().invoke(main, [*map(str, words)])
        assert result.exit_code == code, result.output
        return result.output

    command("migrate")
    return command


def test_limits_and_budgets_on_the_command_line(run):
    account = run("accounts", "create", "Acme").strip()
    shown = run("accounts", "limits", account, "--inbound-reserve", 2, "--max-calls-per-minute", 9)
    assert "10 calls at once, 2 of them kept for calls that come in" in shown
    assert "9 calls dialled in a minute" in run("accounts", "limits", account)
    shown = run("accounts", "limits", account, "--max-requests-per-second", 5)
    assert "5 requests a second" in shown
    shown = run("accounts", "budget", account, "--minutes", 90, "--cost", "25.00")
    assert "day    minutes  0.0 spent, 0.0 held, of 90.0" in shown
    assert "day    cost     0.00 spent, 0.00 held, of 25.00" in shown
    assert "month  calls    0 spent, 0 held, no limit" in shown
    run("accounts", "budget", account, "--period", "month", "--calls", 5)
    shown = run("accounts", "budget", account, "--clear")
    assert "of 90.0" not in shown
    assert "month  calls    0 spent, 0 held, of 5" in shown
    assert "Give US dollars" in run("accounts", "budget", account, "--cost", "25,00", code=2)
    assert "no amounts" in run("accounts", "budget", account, "--clear", "--calls", 1, code=2)
    assert "No such account" in run("accounts", "limits", "nobody", code=1)


def test_the_limits_of_a_key_on_the_command_line(run):
    account = run("accounts", "create", "Acme").strip()
    run("keys", "create", account)
    key_id = run("keys", "list", account).split()[0]
    assert run("keys", "limits", key_id).count("none of its own") == 3
    shown = run(
        "keys", "limits", key_id, "--max-concurrent-calls", 3, "--max-requests-per-second", 7
    )
    assert shown.splitlines()[0].split()[-1] == "3"
    run("keys", "limits", key_id, "--max-requests-per-second", 7)
    shown = run("keys", "limits", key_id, "--max-concurrent-calls", 3)
    assert shown.splitlines()[0].split()[-1] == "3"
    shown = run("keys", "limits", key_id, "--max-concurrent-calls", 0)
    assert shown.splitlines()[0].endswith("none of its own")
    assert shown.splitlines()[2].split()[-1] == "7"
    assert "No such key" in run("keys", "limits", "nobody", code=1)
