"""Alerts on real rows, told over real sockets: a web server, and a mail server."""

import http.server
import json
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import factories
import pytest
from click.testing import CliRunner
from standardwebhooks import Webhook

from topcalls import compose, metrics
from topcalls.cli import main
from topcalls.core.alert_rules import AlertFacts
from topcalls.core.webhook_retry import MAX_ATTEMPTS, Outcome
from topcalls.errors import Conflict
from topcalls.net.http import HttpClient
from topcalls.services.alert_facts import AlertWatch
from topcalls.services.alert_rounds import AlertRounds
from topcalls.services.alert_senders import AlertWebhook
from topcalls.services.alerts import AlertMessages, Alerts

pytestmark = pytest.mark.service
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
WAITS = AlertFacts(oldest_queued_seconds=90)
LOST = AlertFacts(grown={"topcalls_esl_reconnects_total": 4})
BOTH = {"webhook": "https://ops.example.com/alerts", "email": "ann@example.com, bob@example.com"}


@pytest.fixture
def alerts(db, clock):
    return Alerts(db, clock, BOTH, "https://calls.example.com")


def told_by(alerts):
    return [(one.alert, one.news, one.channel) for one in alerts.messages()]


def test_it_is_told_by_every_way_once_and_once_when_it_is_over(alerts, clock):
    assert alerts.judge(WAITS, clock.now()) == []
    (soon,) = alerts.standing()
    assert (soon.name, soon.firing, soon.severity) == ("TopCallsCallsWait", False, "page")
    clock.advance(120)
    alerts.judge(WAITS, clock.now())
    alerts.judge(WAITS, clock.now())
    assert sorted(told_by(alerts)) == [
        ("TopCallsCallsWait", "started", "email"),
        ("TopCallsCallsWait", "started", "webhook"),
    ]
    (one,) = alerts.standing()
    assert one.firing
    assert one.summary == "The oldest queued call has waited for a controller for 90 s."
    clock.advance(60)
    alerts.judge(AlertFacts(), clock.now())
    alerts.judge(AlertFacts(), clock.now())
    assert [news for _, news, _ in told_by(alerts)].count("over") == 2
    assert len(alerts.messages()) == 4
    assert alerts.standing() == []


def test_a_restart_tells_nothing_twice(alerts, db, clock):
    alerts.judge(LOST, clock.now())
    again = Alerts(db, clock, BOTH, "https://calls.example.com")
    assert again.judge(LOST, clock.now()) == []
    assert len(again.messages()) == 2


def test_where_nobody_is_to_be_told_it_is_listed_all_the_same(db, clock):
    alone = Alerts(db, clock, {}, "here")
    alone.judge(LOST, clock.now())
    assert [one.firing for one in alone.standing()] == [True]
    assert alone.messages() == []
    with pytest.raises(Conflict, match="TOPCALLS_ALERT_WEBHOOK_URL"):
        alone.test()


class Senders:
    """Two ways, of which one can be broken."""

    def __init__(self, **outcomes):
        self.tries = []
        self.outcomes = outcomes

    def __getitem__(self, channel):
        def send(message_id, target, payload, attempt):
            self.tries.append((channel, message_id, target, payload, attempt))
            return self.outcomes.get(channel, Outcome(200))

        return send

    def get(self, channel):
        return self[channel]


def test_what_was_not_taken_is_tried_again_and_given_up_at_last(alerts, db, clock):
    senders = Senders(email=Outcome(error="The mail server is away."))
    messages = AlertMessages(db, clock, senders)
    alerts.judge(LOST, clock.now())
    assert messages.send_due() == 2
    assert messages.send_due() == 0
    for minutes in (1, 5, 15, 60):
        clock.advance(60 * minutes)
        assert messages.send_due() == 1
    clock.advance(7200)
    assert messages.send_due() == 0
    found = {one.channel: one for one in alerts.messages()}
    assert (found["webhook"].state, found["webhook"].attempts) == ("delivered", 1)
    assert (found["email"].state, found["email"].attempts) == ("dead", MAX_ATTEMPTS)
    assert found["email"].error == "The mail server is away."
    ids = {message_id for channel, message_id, *_ in senders.tries if channel == "email"}
    assert len(ids) == 1
    assert alerts.forget(clock.now() + timedelta(days=31)) == 2


def test_of_two_workers_one_sends(alerts, db, clock):
    one, other = Senders(), Senders()
    alerts.judge(LOST, clock.now())
    first, second = AlertMessages(db, clock, one), AlertMessages(db, clock, other)
    assert (first.send_due(), second.send_due()) == (2, 0)
    assert (len(one.tries), other.tries) == (2, [])


def test_who_died_while_sending_is_succeeded_by_another(alerts, db, clock):
    class Dies:
        def get(self, channel):
            raise SystemExit

    alerts.judge(LOST, clock.now())
    with pytest.raises(SystemExit):
        AlertMessages(db, clock, Dies()).send_due()
    senders = Senders()
    assert AlertMessages(db, clock, senders).send_due() == 0
    clock.advance(121)
    assert AlertMessages(db, clock, senders).send_due() == 2


class Receiver(http.server.BaseHTTPRequestHandler):
    """Keeps what it is posted."""

    def do_POST(self):  # noqa: N802
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((dict(self.headers), body))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def receiver():
    """A web server of the operator's."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    server.got, server.status = [], 200
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def test_an_alert_is_posted_and_signed(db, clock, receiver):
    clock.advance((datetime.now(UTC) - clock.now()).total_seconds())  # signatures grow old
    target = f"http://127.0.0.1:{receiver.server_port}/alerts"
    alerts = Alerts(db, clock, {"webhook": target}, "here")
    poster = AlertWebhook(HttpClient(10, allow_private=True), SECRET, clock)
    messages = AlertMessages(db, clock, {"webhook": poster})
    receiver.status = 500
    alerts.judge(LOST, clock.now())
    messages.send_due()
    (waiting,) = alerts.messages()
    assert waiting.error.startswith("The receiver answered 500")
    receiver.status = 204
    clock.advance(60)
    messages.send_due()
    (first, _), (headers, body) = receiver.got
    told = Webhook(SECRET).verify(body, {key.lower(): one for key, one in headers.items()})
    assert told["event"] == "alert.started"
    assert (told["alert"], told["severity"]) == ("TopCallsSwitchLost", "page")
    lower = {key.lower(): one for key, one in headers.items()}
    assert lower["webhook-id"] == {key.lower(): one for key, one in first.items()}["webhook-id"]
    assert alerts.messages()[0].state == "delivered"


def test_facts_come_from_rows_and_from_metrics(services, clock):
    who = factories.principal(services)
    life = factories.Life(services, factories.claimed_call(services, who))
    life.dial().fail("NORMAL_TEMPORARY_FAILURE")
    factories.queued_call(services, who)
    counter, lag = metrics.esl_reconnects, metrics.turn_provider
    watch = AlertWatch(services.db, clock)
    watch.facts(clock.now())
    counter.inc(5)
    for _ in range(10):
        lag.observe(4.0)
    clock.advance(60)
    facts = watch.facts(clock.now())
    assert facts.ended == {"dial_failed": 1}
    assert round(facts.oldest_queued_seconds) == 60
    assert facts.grown["topcalls_esl_reconnects_total"] == 5
    assert facts.provider_p95 == 5.0
    assert facts.gateway_p95 is None
    clock.advance(3700)
    assert watch.facts(clock.now()).grown.get("topcalls_esl_reconnects_total", 0) == 0


def test_a_round_judges_and_sends(services, db, clock):
    factories.queued_call(services, factories.principal(services))
    senders = Senders()
    alerts = Alerts(db, clock, BOTH, "here")
    rounds = AlertRounds(alerts, AlertWatch(db, clock), AlertMessages(db, clock, senders))
    for _ in range(4):
        clock.advance(61)
        rounds.run(clock.now())
    names = {payload["alert"] for *_, payload, _ in senders.tries}
    assert "TopCallsCallsWait" in names
    assert len([one for one in senders.tries if one[3]["alert"] == "TopCallsCallsWait"]) == 2


@pytest.fixture
def command(services, monkeypatch):
    """Runs `topcalls alerts` on the rows of the test."""

    @contextmanager
    def kept(opened):
        yield opened

    monkeypatch.setattr(compose, "open_services", lambda settings: services)
    monkeypatch.setattr("topcalls.cli.alerts.closing", kept)
    return lambda *arguments: CliRunner().invoke(main, ["alerts", *arguments])


def test_the_command_line_lists_what_is_wrong_and_ends_with_1(services, command, clock):
    assert (command().exit_code, command().output) == (0, "Nothing is wrong.\n")
    services.alerts.judge(LOST, clock.now())
    told = command()
    assert told.exit_code == 1
    assert "page  TopCallsSwitchLost" in told.output
    assert "> Look at FreeSWITCH's log" in told.output
    (found,) = json.loads(command("--json").output)["alerts"]
    assert (found["name"], found["firing"]) == ("TopCallsSwitchLost", True)


def test_a_test_needs_somebody_to_be_told(services, command):
    told = command("test")
    assert told.exit_code == 1
    assert "TOPCALLS_ALERT_WEBHOOK_URL" in told.output


def test_a_test_tells_everybody(alerts):
    assert alerts.test() == 2
    assert {news for _, news, _ in told_by(alerts)} == {"test"}
    assert alerts.standing() == []
