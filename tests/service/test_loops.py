"""Addresses that lead back to ourselves: refused where they are given, and where they are used."""

from __future__ import annotations

import gevent
import pytest
from api_client import PUBLIC_URL, api_services

from topcalls.api import server as api_server
from topcalls.api.app import create_app
from topcalls.core.knowledge import Failure
from topcalls.core.tool_answers import read
from topcalls.documents.reading import DocumentFault
from topcalls.errors import InvalidRequest
from topcalls.net.http import LOOP, HttpClient, HttpError, Ourselves
from topcalls.services.knowledge_pages import Pages
from topcalls.services.webhook_delivery import OWN_ADDRESS, WebhookSender
from topcalls.services.webhook_outbox import Target, store_event

pytest_plugins = ("api_fixtures",)
pytestmark = pytest.mark.service

OURS = f"{PUBLIC_URL}/v1/calls"
TOOL = {
    "name": "again",
    "description": "Calls again.",
    "url": OURS,
    "parameters": {"type": "object"},
}
CALL = {"phone_number": "+12025550100", "task": "Ask whether the appointment still suits."}
BOOKING = {"time_zone": "America/New_York", "webhook": {"url": OURS}}
CAMPAIGN = {"name": "x", "call": {"task": "Ask whether the appointment still suits."}}
MARK = "0123456789abcdef"
LIMIT = 10


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/v1/calls", {**CALL, "webhook_url": OURS}, "webhook_url"),
        ("/v1/calls", {**CALL, "answer_webhook_url": OURS}, "answer_webhook_url"),
        ("/v1/calls", {**CALL, "tools": [TOOL]}, "tools.0.url"),
        ("/v1/calls", {**CALL, "appointments": BOOKING}, "appointments.webhook.url"),
        ("/v1/webhooks", {"event": "call.completed", "url": OURS}, "url"),
        ("/v1/campaigns", {**CAMPAIGN, "webhook_url": OURS}, "webhook_url"),
        (
            "/v1/campaigns",
            {**CAMPAIGN, "call": {**CAMPAIGN["call"], "tools": [TOOL]}},
            "call.tools.0.url",
        ),
        (
            "/v1/agents",
            {"name": "x", "configuration": {"task": CALL["task"], "tools": [TOOL]}},
            "configuration.tools.0.url",
        ),
        ("/v1/knowledge", {"type": "web", "name": "x", "urls": [OURS]}, "urls.0"),
    ],
)
def test_it_is_refused_by_the_name_of_its_field(api, path, body, field):
    refused = api.post(path, json=body)
    assert refused.status_code == 400, refused.json
    (error,) = [one for one in refused.json["errors"] if one["path"] == field]
    assert error["code"] == "own_address"
    assert "TopCalls itself" in error["message"]


# --- by another name


@pytest.fixture
def alias(services):
    """Our API under a name that nobody told it, as behind a proxy."""
    app = create_app(api_services(services), public_url=PUBLIC_URL, mark=MARK)
    made = api_server.build(app, "127.0.0.1", 0, lambda: None)
    made.start()
    yield f"http://localhost:{made.port}"
    made.stop(timeout=1)


def client(**more):
    return HttpClient(LIMIT, allow_private=True, ourselves=Ourselves(mark=MARK), **more)


def asked(alias, path, method="POST", **options):
    """Ask without holding up the server, which is in this process."""
    return gevent.spawn(client().request, method, alias + path, **options).get(timeout=LIMIT)


@pytest.mark.parametrize("path", ["/v1/calls", "/live", "/recordings/x", "/nothing"])
def test_a_request_of_ours_that_comes_back_is_refused(alias, path):
    answer = asked(alias, path)
    assert answer.status == LOOP
    assert b"loop_detected" in answer.body
    assert b"your own server" in answer.body


def test_a_tool_with_a_key_of_ours_cannot_make_calls(alias, api):
    headers = {"Authorization": f"Bearer {api.token}", "Content-Type": "application/json"}
    body = b'{"phone_number": "+12025550100", "task": "Ask whether it still suits."}'
    answer = asked(alias, "/v1/calls", body=body, headers=headers)
    assert answer.status == LOOP
    assert api.nothing_was_done()
    assert read(answer.status, answer.headers, answer.body).error == "own_address"


def test_another_installation_may_be_asked(alias, api):
    other = HttpClient(LIMIT, allow_private=True, ourselves=Ourselves(mark="another"))
    headers = {"Authorization": f"Bearer {api.token}"}
    ask = gevent.spawn(other.request, "GET", f"{alias}/v1/calls", headers=headers)
    assert ask.get(timeout=LIMIT).status == 200


def test_a_webhook_says_so_in_its_delivery(services, alias, api):
    account_id = api.owner.account_id
    delivery = told_of(services, api, f"{alias}/v1/calls")
    sender = WebhookSender(services.db, services.webhooks, client(), services.clock)
    gevent.spawn(sender.deliver, delivery).get(timeout=LIMIT)
    (view,) = services.webhook_log.deliveries(account_id).data
    assert (view.last_status, view.last_error.endswith(OWN_ADDRESS)) == (LOOP, True)


def test_a_webhook_to_an_address_that_became_ours_is_not_sent(services, api):
    delivery = told_of(services, api, "https://later.example.com/hook")
    ours = Ourselves(frozenset({"later.example.com:443"}))
    http = HttpClient(LIMIT, allow_private=True, ourselves=ours)
    WebhookSender(services.db, services.webhooks, http, services.clock).deliver(delivery)
    (view,) = services.webhook_log.deliveries(api.owner.account_id).data
    assert (view.last_status, view.last_error) == (None, OWN_ADDRESS)


def told_of(services, api, url):
    """The id of a delivery to a URL that is due."""
    account_id, now = api.owner.account_id, services.clock.now()
    services.db.run(store_event, account_id, "webhook.test", b"{}", [Target(url)], now)
    (due,) = services.webhooks.due(now, 10)
    return due.id


def test_a_page_that_is_ours_is_no_source(services, alias):
    pages = Pages(services.clock, allow_private=True, ourselves=Ourselves(mark=MARK))
    with pytest.raises(DocumentFault) as fault:
        gevent.spawn(pages.fetch, f"{alias}/docs").get(timeout=LIMIT)
    assert fault.value.failure is Failure.OWN_ADDRESS


def test_an_address_of_ours_is_not_even_looked_up():
    ours = HttpClient(LIMIT, ourselves=Ourselves(frozenset({"calls.example.com:443"})))
    with pytest.raises(HttpError) as refused:
        ours.post("https://CALLS.example.com/v1/calls", b"{}")
    assert refused.value.kind == "own_address"
    assert not refused.value.may_have_arrived
    assert not refused.value.retryable


def test_a_private_address_is_still_refused(services, api):
    with pytest.raises(InvalidRequest):
        services.webhook_subscriptions.create(
            api.owner, {"event": "call.completed", "url": "http://10.0.0.1/"}
        )
