"""Whatever runs many times a second finds its rows by an index, never by reading a table."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import partial
from itertools import product

import factories
import pytest
from engine_rig import EngineRig
from worker_rig import Reader

from topcalls.core.live_events import Position
from topcalls.core.transcript import Turn
from topcalls.core.webhook_deliveries import Wanted
from topcalls.services.analysis_runner import AnalysisRunner
from topcalls.services.idempotency import Answer, Request
from topcalls.services.live_events import Follower, LiveEvents
from topcalls.services.statistics import Query
from topcalls.store import analysis_runs, lead_jobs, leads
from topcalls.store.current import current

pytestmark = pytest.mark.service
GROWING = ("call", "call_event", "command", "reservation", "webhook_delivery", "wrap_up")
GROWING += ("call_statistic",)
GROWING += ("webhook_event", "idempotency_record", "api_key", "minute_usage", "transcript_turn")
GROWING += ("turn_timing", "call_tool")
GROWING += ("campaign_contact", "campaign_attempt")
GROWING += ("lead", "lead_list_assignment", "lead_tag", "lead_upload_part", "lead_upload_refusal")


@pytest.fixture
def kind():
    """SQLite says most plainly how it looks for rows."""
    return "sqlite"


def plans(database, work):
    """How each statement of `work` finds its rows: (statement, line of the plan)."""
    hooks, statements = database._engine.peewee.query_hooks, []
    hooks[:] = [lambda event: statements.append((event.sql, event.params))]
    try:
        work()
    finally:
        hooks.clear()

    def verb():
        found = []
        for sql, params in statements:
            if sql.lstrip("( \n").upper().startswith(("SELECT", "UPDATE", "DELETE", "WITH")):
                rows = current().peewee.execute_sql(f"EXPLAIN QUERY PLAN {sql}", params)
                found += [(sql, row[3]) for row in rows]
        return found

    return database.read(verb)


def verbs(services, who):
    """Everything that requests, controllers and workers do all the time."""
    now = services.clock.now
    token = services.keys.create(who.account_id, name="k", scopes=[]).token
    life = factories.Life(services, factories.claimed_call(services, who)).talk(3)
    until = now() + timedelta(seconds=30)
    yield "authenticate", lambda: services.keys.authenticate(token)
    yield "balance", lambda: services.quotas.balance(who.account_id)
    once, request = services.idempotency.once, Request("k", "r", "h")
    yield "idempotency", lambda: once(who.account_id, request, lambda: Answer(200, {}, b""))
    yield "create", lambda: factories.queued_call(services, who, webhook_url="https://a.example/")
    yield "get", lambda: services.calls.get(who.account_id, life.call_id)
    yield "list", lambda: services.calls.list(who.account_id, 50, now())
    yield "list by outcome", lambda: services.calls.list(who.account_id, 50, now(), "busy")
    yield "list by campaign", lambda: services.calls.list(who.account_id, campaign_id="c")
    yield "claim", lambda: services.dispatch.claim(factories.OWNER, "n", 5, now())
    yield "extend", lambda: services.calls.extend_lease([life.call_id], factories.OWNER, until)
    yield "live", lambda: services.calls.live(factories.OWNER)
    yield "adopt", lambda: services.dispatch.adopt("o", "n", now(), 5)
    yield "adopt of the dead", lambda: services.dispatch.adopt("o", "n", now(), 5, ["dead"])
    yield "are live", lambda: services.dispatch.are_live([life.channel_uuid, life.call_id])
    yield "succeed", lambda: services.housekeeping.succeed("dead", ["loop"], now())
    yield "release due", lambda: services.dispatch.release_due(now())
    yield "expire", lambda: services.dispatch.expire(now())
    yield "stop", lambda: services.calls.stop(who.account_id, life.call_id)
    yield "commands", lambda: services.commands.claim(factories.OWNER, now())
    yield "turn", lambda: services.calls.append_turn(life.call_id, Turn(1, "user", "Yes.", 1, 2))
    follower = Follower(1, life.call_id, Position(1, 1, 1, 1))
    yield "follow", lambda: LiveEvents(services.db, services.clock).news([follower])
    yield "end", lambda: life.hang_up()
    yield "wrap-ups due", lambda: services.wrap_ups.due(now(), 5)
    yield "wrap-up", lambda: services.wrap_ups.run(life.call_id, now())
    runner = AnalysisRunner(services.db, Reader())
    yield "analyses due", lambda: runner.due(now())
    yield "analysis", lambda: runner.run("none", now())
    yield "analysis of a call", lambda: services.analyses.report(who.account_id, life.call_id)
    yield "end of a run's call", lambda: services.db.run(analysis_runs.note_progress, "none", now())
    yield "count", lambda: services.statistics.count(now())
    today = Query(now().date(), now().date(), "number")
    yield "report", lambda: services.statistics.report(who.account_id, today)
    yield "sources due", lambda: services.ingestion.due(now())
    yield "webhooks due", lambda: services.webhooks.due(now(), 5)
    told = services.webhook_log
    yield "deliveries", lambda: told.deliveries(who.account_id)
    yield "deliveries of call", lambda: told.deliveries(who.account_id, life.call_id)
    yield "events of call", lambda: told.events_of_call(who.account_id, life.call_id)
    find, seen = services.leads.list, "01937a2b-6c00-7d11-8a2b-5a4f8d1c2e61"
    yield "leads", lambda: find(who.account_id, cursor=seen)
    yield "leads by number", lambda: find(who.account_id, phone_number="+12025550112")
    yield "leads by status", lambda: find(who.account_id, status="New", cursor=seen)
    yield "leads by tag", lambda: find(who.account_id, tag="a", status="New", cursor=seen)
    yield "leads of a list", lambda: find(who.account_id, list_id=seen, cursor=seen)
    yield "lead jobs due", lambda: services.lead_jobs.due(now())
    yield "refusals", lambda: services.db.read(lead_jobs.refusals, "none", 5, 5)
    yield "part", lambda: services.db.read(lead_jobs.next_part, "none", checked=False)
    yield "delete leads", lambda: services.db.run(leads.delete, who.account_id, [seen])
    rig = EngineRig(services, leads=2, who=who, pacing={"calls_per_minute": 60})
    yield "campaigns", lambda: rig.round()
    yield "claim of a campaign", lambda: rig.play("USER_BUSY")
    yield "campaigns' ends", lambda: rig.round()
    one = Wanted(subscription_id="none")
    yield "replay", lambda: told.replay_range(who.account_id, one)


EXPECTED = {
    "authenticate": ["api_key_prefix"],
    "balance": ["minute_grant_account_id", "reservation_open"],
    "create": ["call_list", "reservation_open"],
    "list": ["call_list"],
    "list by outcome": ["call_list_by_outcome"],
    "list by campaign": ["call_list_by_campaign"],
    "claim": ["call_queue", "call_live_of_account", "call_claimed"],
    "live": ["call_owner"],
    "adopt": ["call_lease"],
    "succeed": ["webhook_delivery_due", "wrap_up_due"],
    "release due": ["call_schedule"],
    "expire": ["call_dispatch_by"],
    "stop": ["command_of_call"],
    "commands": ["call_owner", "command_of_call"],
    "follow": ["call_event_call_id_version", "call_tool_call_id_called_at"],
    "wrap-ups due": ["wrap_up_due"],
    "analyses due": ["analysis_open", "analysis_due", "analysis_due_in_run"],
    "analysis of a call": ["analysis_applied", "analysis_after_call"],
    "end of a run's call": ["analysis_open_in_run"],
    "count": ["call_uncounted"],
    "sources due": ["knowledge_source_due", "knowledge_source_due_again"],
    "webhooks due": ["webhook_delivery_due"],
    "deliveries": ["webhook_delivery_list"],
    "deliveries of call": ["webhook_delivery_of_call"],
    "events of call": ["webhook_event_of_call"],
    "leads": ["lead_account_id_id"],
    "leads by number": ["lead_account_id_phone_number"],
    "leads by status": ["lead_account_id_status_id"],
    "lead jobs due": ["lead_job_due"],
    "delete leads": ["call_of_lead"],
    "campaigns": ["campaign_contact_due", "call_open_of_campaign", "call_claimed_of_campaign"],
    "claim of a campaign": ["call_open_of_campaign", "call_claimed_of_campaign"],
    "campaigns' ends": ["campaign_attempt_open", "campaign_attempt_of_call"],
    "replay": ["webhook_delivery_of_subscription"],
}


def test_no_table_that_grows_is_read_from_end_to_end(services):
    who = factories.principal(services)
    read_whole = re.compile(rf"^SCAN (?!.*USING)({'|'.join(GROWING)}|t\d+)\b")
    for name, work in verbs(services, who):
        found = plans(services.db, work)
        for sql, line in found:
            small = re.search(r'FROM "(account|controller)"', sql) and re.search(
                r"\b(t1|a)\b", line
            )
            assert small or not read_whole.match(line), f"{name}: {line}\n{sql}"
        used = " ".join(line for _, line in found)
        missing = [index for index in EXPECTED.get(name, ()) if index not in used]
        assert not missing, f"{name} does not use {missing}: {used}"


def test_the_queue_is_read_in_order_and_not_sorted(services):
    who = factories.principal(services)
    factories.queued_call(services, who)
    now = services.clock.now()
    found = plans(services.db, lambda: services.dispatch.claim("o", "n", 5, now))
    queue = [line for sql, line in found if '"carrier"' not in sql]
    assert queue
    assert not [line for line in queue if "TEMP B-TREE" in line]


def test_pages_of_leads_are_read_in_order_and_not_sorted(services):
    who, seen = factories.principal(services), "01937a2b-6c00-7d11-8a2b-5a4f8d1c2e61"
    narrow = {"tag": "a"}, {"list_id": seen}, {"tag": "a", "list_id": seen, "status": "New"}
    for chosen, cursor in product(({}, {"status": "New"}, *narrow), (None, seen)):
        page = partial(services.leads.list, who.account_id, cursor=cursor, **chosen)
        found = plans(services.db, page)
        assert found
        assert not [line for _, line in found if "TEMP B-TREE" in line], chosen
