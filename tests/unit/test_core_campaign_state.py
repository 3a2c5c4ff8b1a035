"""The life of a campaign: every state meets every event."""

import pytest

from topcalls.core.campaign_state import (
    FINAL,
    OPEN,
    WEBHOOKS,
    CampaignEvent,
    CampaignState,
    Verdict,
    advance,
    origins,
)

S, E = CampaignState, CampaignEvent
MOVES = {
    (S.DRAFT, E.STARTED): S.RUNNING,
    (S.DRAFT, E.SCHEDULED): S.SCHEDULED,
    (S.SCHEDULED, E.STARTED): S.RUNNING,
    (S.SCHEDULED, E.STOPPED): S.CANCELLED,
    (S.RUNNING, E.PAUSED): S.PAUSED,
    (S.RUNNING, E.STOPPED): S.CANCELLED,
    (S.RUNNING, E.FINISHED): S.COMPLETED,
    (S.PAUSED, E.RESUMED): S.RUNNING,
    (S.PAUSED, E.STOPPED): S.CANCELLED,
}
AGAIN = {
    (S.RUNNING, E.STARTED),
    (S.RUNNING, E.RESUMED),
    (S.SCHEDULED, E.SCHEDULED),
    (S.PAUSED, E.PAUSED),
    (S.COMPLETED, E.FINISHED),
    (S.CANCELLED, E.STOPPED),
}

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("state", CampaignState)
@pytest.mark.parametrize("event", CampaignEvent)
def test_every_state_meets_every_event(state, event):
    step = advance(state, event)
    if (state, event) in MOVES:
        assert step.verdict is Verdict.MOVED
        assert step.state is MOVES[state, event]
    else:
        wanted = Verdict.IGNORED if (state, event) in AGAIN else Verdict.REFUSED
        assert step.verdict is wanted
        assert step.state is state


def test_what_is_over_stays_over():
    for event in CampaignEvent:
        assert not origins(event) & FINAL


def test_every_state_is_reached_and_all_can_end():
    reached = {S.DRAFT}
    while more := {new for (old, _), new in MOVES.items() if old in reached} - reached:
        reached |= more
    assert reached == set(S)
    assert OPEN.isdisjoint(FINAL)


def test_moves_between_what_users_see_are_told():
    assert set(CampaignEvent) - set(WEBHOOKS) == {E.SCHEDULED}
