"""How many people picked up and heard nobody is counted, and told to every decision."""

from __future__ import annotations

from datetime import timedelta

import factories
import pytest
from engine_rig import EngineRig
from test_campaign_holds import strict

from topcalls.core.call_events import (
    Answered,
    BridgeReady,
    Hangup,
    HungUp,
    HungUpBy,
    Rang,
    StreamConnected,
)
from topcalls.core.transcript import Turn
from topcalls.errors import NotCallable
from topcalls.services.transitions import hangup_facts
from topcalls.store import abandonment
from topcalls.store.models import CampaignAttempt

pytestmark = pytest.mark.service
DAY = timedelta(days=1)


def attempt(rig, number, ended_at, outcome="completed", abandoned=None):
    CampaignAttempt.insert(
        account=rig.account_id,
        campaign=rig.id,
        lead_id=f"lead-{number}",
        number=1,
        call_id=None,
        outcome=outcome,
        counted=True,
        abandoned=abandoned,
        created_at=ended_at,
        ended_at=ended_at,
    ).execute()


def answered(rig, people, abandoned, ago=DAY):
    """So many who picked up, of whom some heard nobody, and machines that do not count."""
    at = rig.clock.now() - ago

    def verb():
        for n in range(people):
            attempt(rig, f"{ago}-{n}", at, abandoned=True if n < abandoned else None)
        attempt(rig, f"{ago}-machine", at, outcome="voicemail")

    rig.services.db.run(verb)


def counted(rig, days=30):
    since = rig.clock.now() - timedelta(days=days)
    return rig.services.db.read(abandonment.of_campaign, rig.id, since)


def test_people_who_picked_up_are_counted_within_the_window_and_machines_are_not(services):
    rig = EngineRig(services, leads=1)
    assert counted(rig) == (0, 0, None)
    answered(rig, 40, 2)
    answered(rig, 10, 1, ago=29 * DAY)
    answered(rig, 10, 5, ago=31 * DAY)
    assert counted(rig) == (50, 3, rig.clock.now() - 29 * DAY)
    assert counted(rig, days=2) == (40, 2, rig.clock.now() - DAY)


@pytest.mark.parametrize(
    ("people", "abandoned", "pauses"),
    [(100, 3, False), (100, 4, True), (49, 1, False), (49, 2, True), (1000, 0, False)],
)
def test_the_share_of_the_law_pauses_the_campaign_and_loses_nobody(
    services, people, abandoned, pauses
):
    rig = strict(services, leads=1, policy={"require_scrubs": False})
    answered(rig, people, abandoned)  # before it was started: 2 % count from there
    rig.engine.producer.produce(rig.clock.now() + timedelta(seconds=1))
    assert (rig.row.state == "paused") is pauses
    if not pauses:
        assert rig.counts() == {"in_flight": 1}
        return
    assert rig.row.paused_for["code"] == "abandonment"
    assert "met nobody" in rig.row.paused_for["detail"]
    first = rig.clock.now() - DAY + timedelta(days=30)
    assert f"until {first:%Y-%m-%d %H:%M}" in rig.row.paused_for["detail"]
    assert rig.counts() == {"waiting": 1}
    (kept,) = services.ledger.list(rig.account_id).data
    assert (kept.rule_id, kept.verdict) == ("US.abandon.rate", "defer")
    check = next(one for one in kept.detail["checks"] if one["rule_id"] == "US.abandon.rate")
    assert check["observed"] == {"answered": people, "abandoned": abandoned}


def single(services, who, *, speaks, machine=False):
    claimed = factories.claimed_call(services, who)
    life = factories.Life(services, claimed).dial()
    for event in (Rang(), Answered(), StreamConnected(), BridgeReady()):
        life.take(event)
    if speaks:
        services.calls.append_turn(claimed.call_id, Turn(1, "assistant", "Hello.", 1, 900))
    hangup = Hangup("NORMAL_CLEARING", 200, 16, HungUpBy.CALLEE)
    told = {"answered_by": "voicemail"} if machine else {}
    life.take(HungUp(hangup), **hangup_facts(hangup), **told)
    life.all_told()
    for call_id in services.wrap_ups.due(services.clock.now(), 100):
        while not services.wrap_ups.run(call_id, services.clock.now()):
            services.clock.advance(5)
            services.wrap_ups.due(services.clock.now(), 100)


def test_single_calls_are_counted_by_themselves(services):
    who = factories.principal(services, max_calls_per_minute=1000)
    for speaks, machine in ((True, False), (False, False), (False, True), (False, False)):
        single(services, who, speaks=speaks, machine=machine)
    since = services.clock.now() - DAY
    found = services.db.read(abandonment.of_account, who.account_id, since)
    assert (found.people, found.abandoned) == (3, 2)
    other = factories.principal(services, name="Other")
    assert services.db.read(abandonment.of_account, other.account_id, since) == (0, 0, None)


def test_a_single_call_waits_until_the_share_is_lawful_again(services, monkeypatch):
    who = factories.principal(services)
    services.clock.advance(5 * 3600)
    services.compliance_terms.change(who.account_id, {"enforcement": "enforce"})
    oldest = services.clock.now() - 29 * DAY
    counted = abandonment.Counted(100, 4, oldest)
    monkeypatch.setattr(abandonment, "of_account", lambda account_id, since: counted)
    with pytest.raises(NotCallable) as refused:
        factories.queued_call(services, who)
    assert refused.value.extra["rule"] == "US.abandon.rate"
    assert refused.value.extra["until"].startswith(f"{oldest + 30 * DAY:%Y-%m-%dT%H:%M}")
