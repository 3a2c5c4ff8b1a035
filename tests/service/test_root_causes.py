"""Why a call ended, on real rows: in order, with its rule, and without telephone numbers."""

import json
from contextlib import contextmanager

import factories
import pytest
from click.testing import CliRunner

from topcalls import compose
from topcalls.cli import main
from topcalls.core.call_events import (
    AttemptFailed,
    BridgeFailed,
    Hangup,
    HungUpBy,
    OriginateFailed,
    StopRequested,
    TimedOut,
)
from topcalls.core.tools import ToolRecord, ToolStatus
from topcalls.core.transcript import Turn
from topcalls.services.transitions import hangup_facts

pytest_plugins = ("api_fixtures",)
pytestmark = pytest.mark.service
NUMBERS = (factories.NUMBER, factories.FROM_NUMBER)


@pytest.fixture
def life(api):
    return factories.Life(api.services, factories.claimed_call(api.services, api.owner))


def report(api, life, **query):
    answer = api.get(f"/v1/calls/{life.call_id}/rca", query_string=query)
    assert answer.status_code == 200
    return answer.json


def texts(told, source=None):
    return [one["text"] for one in told["steps"] if source in (None, one["source"])]


def test_a_call_that_went_well_is_told_from_its_creation_to_its_webhooks(api):
    url = "https://shop.example.com/hooks/secret-path"
    call = factories.claimed_call(api.services, api.owner, webhook_url=url)
    life = factories.Life(api.services, call).talk(20)
    now = api.services.clock.now()
    hello, yes = Turn(0, "assistant", "Hello there.", 150, 900), Turn(1, "user", "Yes", 1200, 1600)
    for turn in (hello, yes):
        api.services.calls.append_turn(life.call_id, turn, now)
    api.services.calls.tools.note(
        life.call_id,
        ToolRecord("t1", "order", False, "{}", 5000, ToolStatus.FAILED, error="It is gone."),
        now,
    )
    life.hang_up()
    told = report(api, life)
    assert told["over"] is True
    assert (told["finding"]["rule"], told["finding"]["blame"]) == ("callee_hung_up", "callee")
    assert told["finding"]["remedy"] == ""
    moments = [one["at"] for one in told["steps"]]
    assert moments == sorted(moments)
    assert texts(told)[0] == "Created: outbound, priority 5."
    assert texts(told, "conversation") == [
        "The agent spoke for 0.8 s, 2 words.",
        "The other side spoke for 0.4 s, 1 words.",
    ]
    assert texts(told, "tool") == ["order: failed: It is gone."]
    assert [one["name"] for one in told["remarks"]] == ["tools_failed", "webhooks_waiting"]
    assert any("https://shop.example.com" in text for text in texts(told, "webhook"))
    assert not any(secret in str(told) for secret in ("secret-path", "Hello there", *NUMBERS))


def failed(life, hangup):
    life.dial()
    life.take(OriginateFailed(hangup), **hangup_facts(hangup))
    return life


@pytest.mark.parametrize(
    ("hangup", "rule", "blame"),
    [
        (Hangup("CALL_REJECTED", 407, 21), "dial_failed.credentials", "configuration"),
        (Hangup("USER_BUSY", 486, 17, HungUpBy.CALLEE), "busy", "callee"),
        (Hangup("INVALID_GATEWAY"), "configuration.no_gateway", "configuration"),
    ],
)
def test_a_dial_that_failed_is_explained_by_what_the_network_said(api, life, hangup, rule, blame):
    found = report(api, failed(life, hangup))["finding"]
    assert (found["rule"], found["blame"]) == (rule, blame)
    assert any(hangup.cause in line for line in found["evidence"])
    assert any("OriginateFailed" in line for line in found["evidence"])


def test_a_network_block_is_known_by_the_words_of_the_refusal(api, life):
    blocked = Hangup("CALL_REJECTED", 603, 21, phrase="Network Blocked")
    life.dial()
    life.take(OriginateFailed(blocked), **hangup_facts(blocked))
    api.services.db.run(_attempt, api.services, life, blocked)
    assert report(api, life)["finding"]["rule"] == "dial_failed.blocked"


def _attempt(services, life, hangup):
    from topcalls.store import routing

    now = services.clock.now()
    routing.insert(
        life.call_id,
        1,
        carrier_name="Ours",
        gateway="ours",
        channel_id=life.channel_uuid,
        dialled_at=now,
    )
    routing.finish(
        life.call_id,
        1,
        ended_at=now,
        cause=hangup.cause,
        sip_status=hangup.sip_status,
        sip_phrase=hangup.phrase,
        rang_ms=0,
    )


def test_the_event_that_decided_is_told_apart_from_the_one_that_ended_the_channel(api, life):
    life.talk(10)
    life.take(BridgeFailed("The model is overloaded."))
    life.hang_up()
    found = report(api, life)["finding"]
    assert (found["rule"], found["blame"]) == ("provider_failed.broke", "provider")
    assert "decided by the event BridgeFailed" in found["evidence"]
    assert any("The model is overloaded." in line for line in found["evidence"])


def test_it_rang_out(api, life):
    life.dial()
    life.take(TimedOut())
    ended = Hangup("ORIGINATOR_CANCEL", 487)
    life.take(OriginateFailed(ended), **hangup_facts(ended))
    assert report(api, life)["finding"]["rule"] == "no_answer.rang_out"


def test_an_earlier_carrier_is_a_step_and_a_remark_only_with_its_dial(api, life):
    life.dial()
    first = Hangup("NORMAL_TEMPORARY_FAILURE", 503)
    life.take(AttemptFailed(first), **hangup_facts(first))
    assert any("A carrier did not get it through" in text for text in texts(report(api, life)))


@pytest.mark.parametrize(
    ("prepare", "state"),
    [(lambda life: life, "dispatching"), (lambda life: life.talk(3), "in_progress")],
)
def test_a_call_that_goes_on_says_what_it_waits_for(api, life, prepare, state):
    prepare(life)
    told = report(api, life)
    assert (told["over"], told["finding"]["blame"]) == (False, None)
    assert told["finding"]["rule"] == f"open.{state}"
    assert told["finding"]["evidence"] == [f"state {state}"]


def test_a_call_that_was_stopped_before_it_was_dialled(api):
    call = factories.queued_call(api.services, api.owner)
    api.services.calls.stop(api.owner.account_id, call.id)
    told = api.get(f"/v1/calls/{call.id}/rca").json
    assert (told["finding"]["rule"], told["call_status"]) == ("stopped", "cancelled")
    assert f"decided by the event {StopRequested.__name__}" in told["finding"]["evidence"]


def test_numbers_are_shown_to_who_asks_and_that_is_written_down(api, life):
    hangup = Hangup("UNALLOCATED_NUMBER", 404, phrase=f"No {factories.NUMBER} here")
    failed(life, hangup)
    api.services.db.run(_attempt, api.services, life, hangup)
    assert factories.NUMBER not in str(report(api, life))
    assert f"{'*' * 10}00" in str(report(api, life))
    assert api.services.audit.list(api.owner.account_id).data == ()
    assert factories.NUMBER in str(report(api, life, numbers="true"))
    (entry,) = api.services.audit.list(api.owner.account_id).data
    assert (entry.action, entry.subject_id) == ("number_shown", life.call_id)


def test_another_accounts_call_is_not_there(api, life):
    theirs = factories.principal(api.services, name="Other")
    unknown = api.get("/v1/calls/00000000-0000-4000-8000-000000000000/rca")
    foreign = api.get(f"/v1/calls/{factories.queued_call(api.services, theirs).id}/rca")
    assert [unknown.status_code, foreign.status_code] == [404, 404]
    shown = api.get(f"/v1/calls/{life.call_id}/rca", token=api.key("leads:read"))
    assert shown.status_code == 403


@pytest.fixture
def command(api, monkeypatch):
    """Runs `topcalls rca` on the rows of the test."""

    def run(*arguments):
        @contextmanager
        def kept(services):
            yield services

        monkeypatch.setattr(compose, "open_services", lambda settings: api.services)
        monkeypatch.setattr("topcalls.cli.rca.closing", kept)
        return CliRunner().invoke(main, ["rca", *arguments])

    return run


def test_the_command_line_tells_the_same_with_the_switchs_log(api, life, command, tmp_path):
    log = tmp_path / "freeswitch.log"
    to = factories.NUMBER.removeprefix("+")
    log.write_text(
        f"{life.channel_uuid} 2026-11-23 14:00:00.2 98% [NOTICE] x.c:1 New Channel sofia/{to}\n"
        f"{life.channel_uuid} 2026-11-23 14:00:00.3 98% [ERR] x.c:2 \x1b[31mred\n"
        "2026-11-23 14:00:00.4 98% [ERR] of another channel\n"
    )
    failed(life, Hangup("CALL_REJECTED", 407, 21))
    told = command(life.call_id, "--switch-log", str(log))
    assert told.exit_code == 0
    assert f"[NOTICE] x.c:1 New Channel sofia/{'*' * 9}00" in told.output
    assert "\x1b" not in told.output
    assert "another channel" not in told.output
    lines = told.output.splitlines()
    assert "Rule: dial_failed.credentials" in lines
    assert "Blame: configuration" in lines
    assert [line for line in lines if "switch " in line][0].startswith("2026-11-23 12:00:00.200")
    shown = command(life.call_id, "--switch-log", str(log), "--numbers")
    assert f"sofia/{to}" in shown.output


def test_json_of_the_command_line_is_what_the_api_tells(api, life, command):
    failed(life, Hangup("CALL_REJECTED", 407, 21))
    told = json.loads(command(life.call_id, "--json").output)
    assert told == report(api, life)


def test_a_log_that_is_not_there_and_a_call_that_is_not_are_told(life, command, tmp_path):
    missing = command(life.call_id, "--switch-log", str(tmp_path / "none.log"))
    assert missing.exit_code == 1
    assert "--switch-log" in missing.output
    unknown = command("00000000-0000-4000-8000-000000000000")
    assert unknown.exit_code == 1
    assert "no call of this id" in unknown.output
    assert command("not-an-id").exit_code == 2
