"""Health, metrics, catalogue, the reference page, and what surrounds every answer."""

import io
import re
from dataclasses import replace
from datetime import timedelta

import factories
import pytest
from api_client import api_services, serving
from campaign_rig import Rig

from topcalls import log
from topcalls.core.node_share import SwitchVitals
from topcalls.errors import StoreUnavailable
from topcalls.services.installation import Installation
from topcalls.services.lineup import Lineup
from topcalls.services.nodes import SwitchReport
from topcalls.store.database import open_database

pytest_plugins = ("api_fixtures",)
pytestmark = pytest.mark.service


# --- health


def test_ready_says_what_is_missing(api, empty_url):
    empty = open_database(empty_url)
    installation = Installation(
        empty, api.services.clock, api.services.nodes, version="1", mode="live", ai_mode="live"
    )
    api.app = serving(replace(api_services(api.services), installation=installation))
    response = api.get("/ready", token="")
    empty.close()
    assert response.status_code == 503
    assert "topcalls migrate" in response.json["detail"]
    assert response.headers["Retry-After"]
    assert api.get("/live", token="").status_code == 200


def test_a_database_that_is_gone_is_a_503(api, monkeypatch):
    def gone(*_args):
        raise StoreUnavailable("The database is locked.", remedy="Try again.")

    monkeypatch.setattr(api.services.quotas, "balance", gone)
    response = api.get("/v1/account/balance")
    assert response.status_code == 503
    assert response.json["type"].endswith("/store_unavailable")
    assert response.headers["Retry-After"]


def test_status_names_what_does_not_run(api):
    status = api.get("/v1/status").json
    assert (status["mode"], status["capacity"]) == ("sandbox", 0)
    parts = {part["name"]: part for part in status["components"]}
    assert parts["database"]["status"] == "up"
    assert "topcalls controller" in parts["controller"]["detail"]
    assert "topcalls worker" in parts["worker"]["detail"]


def test_status_counts_from_rows(api):
    services, now = api.services, api.services.clock.now()
    up = SwitchReport(True, now, SwitchVitals("1.10.12", True, 1, 1000, 98.0))
    down = SwitchReport(False, now, obstacle="The switch cannot be reached: refused.")
    services.nodes.heartbeat("c1", "node-1", now, capacity=50, switch=up)
    services.nodes.heartbeat("c2", "node-2", now, capacity=30, draining=True, switch=down)
    services.housekeeping.hold("webhooks", "w", now, 60)
    api.create(webhook_url="https://example.com/")
    services.dispatch.claim("c1", "node-1", 1, now)
    api.create()
    api.create(schedule_at=(now + timedelta(hours=1)).isoformat())
    status = api.get("/v1/status").json
    assert status["capacity"] == 50
    assert {part["name"]: part["status"] for part in status["components"]} == {
        "database": "up",
        "controller": "up",
        "switch": "up",
        "worker": "up",
    }
    first, second = status["nodes"]
    assert (first["name"], first["status"], first["live_calls"]) == ("node-1", "up", 1)
    assert (first["sessions"], first["switch_version"]) == (1, "1.10.12")
    assert (second["status"], second["detail"]) == ("down", down.obstacle)
    (switch,) = [part for part in status["components"] if part["name"] == "switch"]
    assert "node-2" in switch["detail"]
    queue = status["queue"]
    assert (queue["calls_scheduled"], queue["calls_queued"], queue["calls_live"]) == (1, 1, 1)
    assert queue["webhooks_due"] == 1
    assert queue["oldest_queued_at"] is not None


def test_a_silent_controller_counts_as_gone(api):
    api.services.nodes.heartbeat("c1", "node-1", api.services.clock.now(), capacity=50)
    api.services.clock.advance(60)
    parts = api.get("/v1/status").json["components"]
    gone = [part["status"] for part in parts if part["name"] in ("controller", "switch")]
    assert gone == ["down", "down"]


def test_metrics_tell_routes_never_ids(api):
    call_id = api.create().json["call_id"]
    api.get(f"/v1/calls/{call_id}")
    api.get(f"/nowhere/{call_id}")
    text = api.get("/metrics").get_data(as_text=True)
    assert "topcalls_api_request_seconds_count" in text
    assert 'route="/v1/calls/<uuid:call_id>"' in text
    assert call_id not in text


def metric(api, name):
    """What a series was when it was asked for; None: it is not told."""
    text = api.get("/metrics").get_data(as_text=True)
    found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    return float(found.group(1)) if found else None


def test_metrics_tell_what_waits_and_for_how_long(api):
    assert metric(api, 'topcalls_queue_depth{queue="calls_queued"}') == 0
    assert metric(api, "topcalls_oldest_queued_call_seconds") == 0
    api.create()
    api.services.clock.advance(90)
    assert metric(api, 'topcalls_queue_depth{queue="calls_queued"}') == 1
    assert metric(api, "topcalls_oldest_queued_call_seconds") == 90


def test_metrics_tell_for_how_long_a_contact_has_been_due(api):
    rig = Rig(api.services)
    assert metric(api, "topcalls_producer_lag_seconds") == 0
    rig.running(2)
    api.services.clock.advance(600)
    assert metric(api, "topcalls_producer_lag_seconds") == 600


def test_metrics_are_told_without_a_database(api, monkeypatch):
    assert metric(api, "topcalls_database_up") == 1
    installation = api.app.extensions["topcalls"].installation

    class Gone:
        def read(self, *_):
            raise StoreUnavailable("The database cannot be used.")

    monkeypatch.setattr(installation, "_db", Gone())
    assert metric(api, "topcalls_database_up") == 0


# --- catalogue and account


def test_the_catalogue_says_what_is_available(api):
    models = api.get("/v1/models").json["data"]
    assert sum(model["is_default"] for model in models if model["mode"] == "realtime") == 1
    assert {model["available"] for model in models if model["mode"] == "legacy"} == {True}
    realtime = api.get("/v1/models?mode=realtime").json["data"]
    assert {model["mode"] for model in realtime} == {"realtime"}


def test_every_listed_realtime_model_can_be_called_with(api):
    for model in api.get("/v1/models?mode=realtime").json["data"]:
        assert api.create(model=model["id"]).status_code == 201


def test_a_model_tells_what_it_can_do_and_costs(api):
    models = {model["id"]: model for model in api.get("/v1/models").json["data"]}
    best = models["gpt-realtime-2.1"]
    assert {"tools", "reasoning", "keywords"} <= set(best["capabilities"])
    assert best["context_tokens"] == 128_000
    (spoken,) = [price for price in best["prices"] if price["item"] == "audio_output"]
    assert (spoken["unit"], spoken["usd"]) == ("1M tokens", "64.00")
    assert spoken["source"].startswith("https://")
    assert (best["warning"], best["available"]) == (None, True)
    assert models["gpt-4o"]["supports_temperature"]
    assert "2027-01-14" in models["gpt-4o"]["warning"]
    assert "gpt-transcribe" not in models


def test_stages_are_listed_by_their_kind(api):
    heard = api.get("/v1/models?kind=transcription").json["data"]
    assert {model["kind"] for model in heard} == {"transcription"}
    assert [model["id"] for model in heard if model["in_use"]] == ["gpt-transcribe"]
    assert api.get("/v1/models?kind=nonsense").status_code == 400


def test_the_operators_model_is_listed_first(api):
    services = api_services(api.services, Lineup(realtime_model="our-own-model"))
    api.app = serving(services)
    first = api.get("/v1/models?mode=realtime").json["data"][0]
    assert (first["id"], first["is_default"]) == ("our-own-model", True)


def test_the_balance_adds_up(api):
    factories.finished_call(api.services, api.owner, seconds=90)
    api.create(max_duration=5)
    balance = api.get("/v1/account/balance").json
    assert balance["unit"] == "call_minutes"
    assert balance["plan_minutes"] == 1000
    assert balance["minutes_used"] == 1.5
    assert balance["minutes_reserved"] == 5
    assert balance["minutes_remaining"] == 998.5
    assert balance["minutes_available"] == 993.5


# --- the reference page


def test_the_docs_page_loads_everything_from_here(api):
    page = api.get("/docs", token="").get_data(as_text=True)
    local = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert local
    assert all(path.startswith("/") and not path.startswith("//") for path in local)
    for path in local:
        with api.get(path, token="") as response:
            assert response.status_code == 200, path
            text = response.get_data(as_text=path.endswith((".css", ".js", ".json")))
            if path.endswith(".css"):
                assert set(re.findall(r"url\(\"?(\w+):", text)) == {"data"}
                assert "@import" not in text


def test_the_docs_page_allows_no_other_source_and_no_validator(api):
    policy = api.get("/docs", token="").headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "http" not in policy
    assert "unsafe" not in policy
    start = api.get("/docs/static/start.js", token="").get_data(as_text=True)
    assert "validatorUrl: null" in start
    assert "//" not in start


@pytest.mark.parametrize("name", ["swagger-ui.js.map", "index.html", "../__init__.py", "x"])
def test_only_the_files_of_the_page_are_served(api, name):
    assert api.get(f"/docs/static/{name}", token="").status_code == 404


# --- around every answer


def test_every_answer_has_its_id_and_its_guards(api):
    for path in ("/v1/calls", "/live", "/nowhere", "/docs"):
        headers = api.get(path).headers
        assert re.fullmatch(r"[0-9a-f-]{36}", headers["X-Request-Id"])
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert headers["Cache-Control"]


def test_the_log_knows_the_request_but_no_number_no_key_and_no_text(api):
    lines = io.StringIO()
    log.configure("debug", lines)
    try:
        created = api.create(task="Tell her the secret sentence.")
        api.get(f"/v1/calls?cursor=2026-11-23T00:00:00Z&limit=7&{factories.NUMBER}")
        api.create(phone_number=factories.NUMBER + "55")
    finally:
        log.configure("warning")
    text = lines.getvalue()
    assert created.headers["X-Request-Id"] in text
    assert '"route": "/v1/calls"' in text
    for secret in (factories.NUMBER[1:], api.token, "secret sentence", "limit=7", "2026-11-23T00"):
        assert secret not in text
