"""Traces: one from a request to the webhook, and a collector that is away harms nothing."""

import factories
import gevent
import orjson
import pytest
import waiting
from gevent.event import Event
from gevent.pywsgi import WSGIServer
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from topcalls import tracing
from topcalls.net.http import HttpResponse
from topcalls.services import call_spans
from topcalls.services.webhook_delivery import WebhookSender

pytest_plugins = ("api_fixtures",)
pytestmark = pytest.mark.service
TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
GIVEN = f"00-{TRACE}-{PARENT}-01"
HOOK = "https://crm.example.com/hook"


@pytest.fixture
def kind():
    """Where spans go does not depend on the database."""
    return "sqlite"


class Collector:
    """Takes OTLP over HTTP. `slow`: it never answers."""

    def __init__(self, slow=False):
        self.spans = []
        self._slow = slow
        self._server = WSGIServer(("127.0.0.1", 0), self._take, log=None)
        self._server.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def _take(self, environ, start_response):
        if self._slow:
            Event().wait(60)
        request = ExportTraceServiceRequest.FromString(environ["wsgi.input"].read())
        for resource in request.resource_spans:
            for scope in resource.scope_spans:
                self.spans.extend(scope.spans)
        start_response("200 OK", [("Content-Type", "application/x-protobuf")])
        return [b""]

    def stop(self):
        self._server.stop(timeout=0)

    def names(self):
        return {span.name for span in self.spans}


@pytest.fixture
def collector():
    made = Collector()
    yield made
    made.stop()


@pytest.fixture
def traced(monkeypatch):
    def start(url):
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", url)
        monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "100")
        tracing.start("api")

    yield start
    tracing.use(None)
    tracing.enter(None)


class Receiver:
    """A customer's server, which accepts everything."""

    def __init__(self):
        self.requests = []

    def post(self, url, body, headers=None):
        self.requests.append((orjson.loads(body)["event"], dict(headers)))
        return HttpResponse(200, {}, b"", 3)


def lived(api, **headers):
    """A call by the API, lived to its end, with its webhooks sent: (its id, the receiver)."""
    made = api.create(webhook_url=HOOK, headers=headers)
    assert made.status_code == 201
    services, call_id = api.services, made.json["call_id"]
    claimed = services.dispatch.claim(factories.OWNER, factories.NODE, 10, services.clock.now())
    life = factories.Life(services, next(one for one in claimed if one.call_id == call_id))
    life.talk(10).hang_up()
    receiver = Receiver()
    sender = WebhookSender(services.db, services.webhooks, receiver, services.clock)
    for _ in range(60):
        now = services.clock.now()
        for due in services.wrap_ups.due(now, 10):
            services.wrap_ups.run(due, now)
        for delivery in services.webhooks.due(now, 10):
            sender.send(delivery)
        services.clock.advance(5)
    return call_id, receiver


def test_one_trace_leads_from_the_request_to_the_webhook(api, collector, traced):
    traced(collector.url)
    call_id, receiver = lived(api, traceparent=GIVEN)
    waiting.until(lambda: {"call", "wrap-up", "webhook"} <= collector.names(), collector.names, 30)
    spans = {span.name: span for span in collector.spans}
    assert {span.trace_id.hex() for span in collector.spans} == {TRACE}
    request, call = spans["POST /v1/calls"], spans["call"]
    assert request.parent_span_id.hex() == PARENT
    assert call.parent_span_id == request.span_id
    states = [span for span in collector.spans if span.name.startswith("call ")]
    assert len(states) >= 4
    assert {span.parent_span_id for span in states} == {call.span_id}
    assert "decision" in spans
    sent = {headers["traceparent"].split("-")[2] for _, headers in receiver.requests}
    told = {span.span_id.hex() for span in collector.spans if span.name == "webhook"}
    assert sent == told
    about = {item.key: item.value for item in call.attributes}
    assert about["topcalls.call_id"].string_value == call_id
    text = str(collector.spans)
    assert factories.NUMBER[1:] not in text
    assert "Tuesday" not in text


def test_what_the_caller_does_not_trace_is_not_told(api, collector, traced):
    traced(collector.url)
    _, receiver = lived(api, traceparent=GIVEN[:-2] + "00")
    tracing.stop()
    assert collector.spans == []
    assert all(one["traceparent"].endswith("-00") for _, one in receiver.requests)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "slow"])
def test_calls_do_not_notice_a_collector_that_is_away(api, traced, url):
    slow = Collector(slow=True)
    traced(slow.url if url == "slow" else url)
    _, receiver = lived(api)
    assert "call.completed" in [event for event, _ in receiver.requests]
    with gevent.Timeout(20):
        tracing.stop()
    slow.stop()


def test_a_fault_in_telling_costs_no_call_anything(api, collector, traced, monkeypatch):
    def broken(*_):
        raise RuntimeError("cannot be read")

    traced(collector.url)
    monkeypatch.setattr(call_spans, "read_facts", broken)
    _, receiver = lived(api)
    events = [event for event, _ in receiver.requests]
    assert events.count("call.completed") == 1
    assert api.services.wrap_ups.due(api.services.clock.now(), 10) == []


def test_nothing_is_kept_or_sent_while_nothing_is_traced(api):
    assert not tracing.is_on()
    call_id, receiver = lived(api, traceparent=GIVEN)
    assert all("traceparent" not in headers for _, headers in receiver.requests)
