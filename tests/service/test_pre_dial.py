"""An account's own server is asked before calls are created: single ones, and a campaign's."""

import json
import uuid
from datetime import UTC, datetime, timedelta

import gevent
import pytest
from engine_rig import EngineRig
from gevent.event import Event
from standardwebhooks import Webhook

from topcalls.net.http import HttpError, HttpResponse

pytestmark = pytest.mark.service
pytest_plugins = ("api_fixtures",)

NEW_YORK = "+12125550123"
DAY = datetime(2026, 12, 1, 17, tzinfo=UTC)  # Tuesday noon in New York
NIGHT = datetime(2026, 12, 2, 2, tzinfo=UTC)
URL = "https://example.com/may-we-call"
TERMS = {"pre_dial": {"url": URL}}
LIMIT = 10


class Server:
    """What the account's server says to each question, in turn; the last word stays."""

    def __init__(self, services, *answers):
        self.answers = list(answers)
        self.asked = []
        self.seconds = []
        services.pre_dial.make_client = self.client

    def client(self, seconds):
        self.seconds.append(seconds)
        return self

    def post(self, url, body, headers):
        self.asked.append((url, body, headers))
        said = self.answers[0] if len(self.answers) == 1 else self.answers.pop(0)
        if callable(said):
            said = said()
        if isinstance(said, Exception):
            raise said
        status, content = said if isinstance(said, tuple) else (200, said)
        return HttpResponse(status, {}, json.dumps(content).encode(), 3)


def at(services, moment):
    services.clock.advance((moment - services.clock.now()).total_seconds())


def said(kept):
    return next(one for one in kept.detail["checks"] if one["check"] == "pre_dial")


# --- single calls, by the API


@pytest.fixture
def asked(api):
    """An API whose account is asked for, in lawful hours."""
    at(api.services, DAY)
    api.services.compliance_terms.change(api.owner.account_id, {"enforcement": "enforce", **TERMS})
    return api


def create(api, **headers):
    return api.create(phone_number=NEW_YORK, headers=headers)


def ledger(api):
    return api.services.ledger.list(api.owner.account_id).data


def test_a_call_is_made_when_the_server_says_so_and_its_words_are_kept(asked):
    server = Server(asked.services, {"verdict": "allow", "reason": "fine", "evidence": {"id": 7}})
    response = create(asked)
    assert response.status_code == 201
    ((url, body, headers),) = server.asked
    assert (url, server.seconds) == (URL, [3.0])
    secret = asked.services.accounts.webhook_secret(asked.owner.account_id)
    signature = Webhook(secret).sign(
        headers["webhook-id"],
        datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC),
        body.decode(),
    )
    assert headers["webhook-signature"] == signature
    told = json.loads(body)
    assert told["event"] == "call.pre_dial" == headers["topcalls-event"]
    assert (told["phone_number"], told["purpose"]) == (NEW_YORK, "unspecified")
    assert told["decision"]["verdict"] == "allow"
    assert told["decision"]["zones"] == ["America/New_York"]
    (kept,) = ledger(asked)
    assert (kept.call_id, kept.verdict) == (response.json["call_id"], "allow")
    seen = said(kept)["observed"]
    assert (seen["reason"], seen["evidence"], seen["status"]) == ("fine", {"id": 7}, 200)
    assert len(seen["request_sha256"]) == 64


@pytest.mark.parametrize(
    "failure",
    [HttpError("timeout", "No answer."), (500, {"verdict": "allow"}), {"verdict": "certainly"}],
)
def test_without_an_answer_the_call_waits_five_minutes(asked, failure):
    """T95."""
    Server(asked.services, failure)
    response = create(asked)
    assert (response.status_code, response.json["rule"]) == (422, "pre_dial")
    until = asked.services.clock.now() + timedelta(minutes=5)
    assert datetime.fromisoformat(response.json["until"]) == until
    assert asked.services.calls.list(asked.owner.account_id).data == ()
    (kept,) = ledger(asked)
    assert (kept.call_id, kept.verdict, kept.rule_id) == (None, "defer", "pre_dial")
    assert said(kept)["observed"]["failure"]


def test_what_the_rules_forbid_is_not_asked(asked):
    """T96: a server that allows everything changes nothing at night."""
    server = Server(asked.services, {"verdict": "allow"})
    at(asked.services, NIGHT)
    response = create(asked)
    assert (response.status_code, response.json["rule"]) == (422, "US.hours.tcpa")
    assert server.asked == []
    (kept,) = ledger(asked)
    assert (kept.call_id, kept.verdict, kept.stage) == (None, "defer", "create")


def test_a_server_blocks_also_where_rules_are_only_recorded(asked):
    asked.services.compliance_terms.change(asked.owner.account_id, {"enforcement": "record"})
    Server(asked.services, {"verdict": "block", "reason": "bankrupt"})
    response = create(asked)
    assert (response.status_code, response.json["verdict"]) == (422, "block")
    assert "until" not in response.json or response.json["until"] is None


def test_reminders_may_go_out_without_an_answer_where_the_account_says_so(asked):
    terms = {"pre_dial": {"url": URL, "on_failure": "allow"}}
    asked.services.compliance_terms.change(asked.owner.account_id, terms)
    Server(asked.services, HttpError("connect", "Nobody."))
    assert create(asked).status_code == 422
    asked.services.compliance_terms.change(asked.owner.account_id, {"category": "service"})
    assert create(asked).status_code == 201
    kept = next(one for one in ledger(asked) if one.call_id is not None)
    assert said(kept)["result"] == "unknown"
    assert said(kept)["observed"]["on_failure"] == "allow"


def test_nothing_is_held_while_a_server_is_waited_for_and_a_key_is_good_for_one_call(asked):
    answered, waits = Event(), Event()

    def slow():
        waits.set()
        assert answered.wait(LIMIT)
        return {"verdict": "allow"}

    server = Server(asked.services, slow)
    key = {"Idempotency-Key": str(uuid.uuid4())}
    both = [gevent.spawn(create, asked, **key) for _ in range(2)]
    assert waits.wait(LIMIT)
    assert asked.get("/v1/calls").json["data"] == []  # also on SQLite's one thread
    answered.set()
    gevent.joinall(both, timeout=LIMIT, raise_error=True)
    assert {one.value.json["call_id"] for one in both} == {both[0].value.json["call_id"]}
    assert len(server.asked) <= 2
    assert create(asked, **key).headers["Idempotent-Replayed"] == "true"


def test_a_server_in_our_own_network_is_refused(api):
    path = "/v1/account/compliance"
    for body in ({"url": "http://10.0.0.1/"}, {"url": URL, "timeout_seconds": 31}, {}):
        assert api.send("PATCH", path, json={"pre_dial": body}).status_code == 400
    shown = api.send("PATCH", path, json=TERMS).json["pre_dial"]
    assert shown == {"url": URL, "timeout_seconds": 3.0, "on_failure": "defer"}
    assert api.send("PATCH", path, json={"pre_dial": None}).json["pre_dial"] is None


# --- campaigns


def campaign(services, leads=3, **server):
    return EngineRig(services, leads, compliance={"pre_dial": {"url": URL, **server}})


def settle(rig):
    """A round, and what the server answered in it."""
    rig.round()
    until_quiet(rig)


def until_quiet(rig):
    questions = rig.engine.producer.questions
    with gevent.Timeout(LIMIT):
        gevent.joinall(questions.greenlets(rig.id))


def test_contacts_are_asked_about_beside_the_round_and_called(services):
    server = Server(services, {"verdict": "allow"})
    rig = campaign(services)
    settle(rig)
    assert rig.counts() == {"in_flight": 3}
    told = [json.loads(body) for _, body, _ in server.asked]
    assert {one["campaign_id"] for one in told} == {rig.id}
    assert {one["lead_id"] for one in told} == {one.lead_id for one in rig.rows()}
    assert rig.play() == 3
    assert len(server.asked) == 3


def test_who_is_put_off_or_blocked_is_not_called(services):
    until = services.clock.now() + timedelta(hours=2)
    Server(
        services,
        {"verdict": "block"},
        {"verdict": "defer", "until": until.isoformat()},
        HttpError("timeout", "No answer."),
    )
    rig = campaign(services)
    settle(rig)
    assert rig.counts() == {"skipped": 1, "waiting": 2}
    waiting = [one for one in rig.rows() if one.state == "waiting"]
    soon, later = sorted(waiting, key=lambda one: one.next_at)
    assert later.next_at == until
    assert timedelta(minutes=4) < soon.next_at - services.clock.now() <= timedelta(minutes=5)
    assert {one.reason for one in rig.rows()} == {"pre_dial"}
    assert all(one.lease_until is None for one in rig.rows())
    kept = services.ledger.list(rig.account_id).data
    assert sorted(said(one)["verdict"] for one in kept) == ["block", "defer", "defer"]
    assert rig.attempts() == []


def test_a_slow_server_holds_up_nobody_elses_campaign_and_asks_once(services):
    answered = Event()

    def slow():
        assert answered.wait(LIMIT)
        return {"verdict": "allow"}

    server = Server(services, slow)
    rig, other = campaign(services), EngineRig(services, 2, start=100)
    for _ in range(3):
        rig.round()
        gevent.sleep(0)
    assert other.counts() == {"in_flight": 2}
    assert rig.counts() == {"waiting": 3}
    assert len(server.asked) == 3
    answered.set()
    until_quiet(rig)
    assert rig.counts() == {"in_flight": 3}
    assert len(rig.attempts()) == 3


def test_an_answer_for_a_campaign_that_was_paused_meanwhile_calls_nobody(services):
    answered = Event()

    def slow():
        assert answered.wait(LIMIT)
        return {"verdict": "allow"}

    Server(services, slow)
    rig = campaign(services)
    rig.round()
    rig.press("pause")
    answered.set()
    until_quiet(rig)
    assert rig.counts() == {"waiting": 3}


def test_whoever_died_while_asking_leaves_contacts_that_are_due_again(services):
    lost = Event()
    server = Server(services, lambda: lost.wait(LIMIT) and HttpError("timeout", "Too late."))
    rig = campaign(services, leads=1)
    rig.round()
    gevent.killall(rig.engine.producer.questions.greenlets(rig.id), timeout=LIMIT)
    server.answers = [{"verdict": "allow"}]
    settle(rig)
    assert rig.counts() == {"waiting": 1}
    services.clock.advance(60)
    settle(rig)
    assert rig.counts() == {"in_flight": 1}


def test_a_campaigns_own_server_is_judged_as_any_address(services):
    rig = EngineRig(services, 1)
    made = services.campaigns.preview(
        rig.account_id, rig.id, {"compliance": {"pre_dial": {"url": "http://127.0.0.1/"}}}
    )
    assert [fault.path for fault in made.faults] == ["compliance.pre_dial.url"]
