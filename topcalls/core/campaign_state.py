"""The life of a campaign, and of a contact in it: every state, and every way from one to another.

Nothing outside this file names a target state of a campaign. `advance` answers in one of three
ways: *moved*; *ignored*, as the campaign is where the event leads to already, so that whoever
presses a button twice is told the same twice; *refused*, with what can be done instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum, StrEnum


class CampaignState(StrEnum):
    """Where a campaign stands. Values are part of the public contract."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    RUNNING = "running"
    PAUSED = "paused"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


FINAL = frozenset({CampaignState.COMPLETED, CampaignState.CANCELLED})
OPEN = frozenset({CampaignState.RUNNING, CampaignState.PAUSED})
"""The contacts of such a campaign are kept up with its lists."""


class CampaignEvent(StrEnum):
    """What moves a campaign."""

    STARTED = "started"
    SCHEDULED = "scheduled"
    PAUSED = "paused"
    RESUMED = "resumed"
    STOPPED = "stopped"
    FINISHED = "finished"


_TABLE: dict[CampaignEvent, tuple[frozenset[CampaignState], CampaignState]] = {
    CampaignEvent.STARTED: (
        frozenset({CampaignState.DRAFT, CampaignState.SCHEDULED}),
        CampaignState.RUNNING,
    ),
    CampaignEvent.SCHEDULED: (frozenset({CampaignState.DRAFT}), CampaignState.SCHEDULED),
    CampaignEvent.PAUSED: (frozenset({CampaignState.RUNNING}), CampaignState.PAUSED),
    CampaignEvent.RESUMED: (frozenset({CampaignState.PAUSED}), CampaignState.RUNNING),
    CampaignEvent.STOPPED: (
        frozenset({CampaignState.SCHEDULED, CampaignState.RUNNING, CampaignState.PAUSED}),
        CampaignState.CANCELLED,
    ),
    CampaignEvent.FINISHED: (frozenset({CampaignState.RUNNING}), CampaignState.COMPLETED),
}
"""From which states an event moves a campaign, and where to."""

REMEDIES: dict[CampaignState, str] = {
    CampaignState.DRAFT: "Start it first.",
    CampaignState.SCHEDULED: "It waits for its start: edit it, start it or stop it.",
    CampaignState.RUNNING: "Pause or stop it.",
    CampaignState.PAUSED: "Resume or stop it.",
    CampaignState.COMPLETED: "It is over: make another one.",
    CampaignState.CANCELLED: "It is over: make another one.",
}
"""What can be done with a campaign in a state in which something else cannot."""

WEBHOOKS: dict[CampaignEvent, str] = {
    CampaignEvent.STARTED: "campaign.started",
    CampaignEvent.PAUSED: "campaign.paused",
    CampaignEvent.RESUMED: "campaign.resumed",
    CampaignEvent.FINISHED: "campaign.completed",
    CampaignEvent.STOPPED: "campaign.stopped",
}
"""The webhook event that tells of each."""


class Verdict(Enum):
    """How `advance` took an event."""

    MOVED = "moved"
    IGNORED = "ignored"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Step:
    """What an event leads to. `state` is the one that the campaign is in afterwards."""

    verdict: Verdict
    state: CampaignState


def advance(state: CampaignState, event: CampaignEvent) -> Step:
    """What `event` does to a campaign in `state`."""
    origins, target = _TABLE[event]
    if state in origins:
        return Step(Verdict.MOVED, target)
    return Step(Verdict.IGNORED if state is target else Verdict.REFUSED, state)


def origins(event: CampaignEvent) -> frozenset[CampaignState]:
    """The states from which an event moves a campaign."""
    return _TABLE[event][0]


class ContactState(StrEnum):
    """How far a campaign is with one of its leads. Values are part of the public contract.

    A contact waits for its next call (`waiting`), has one that is not over (`in_flight`), or waits
    for what no time brings: a consent, the answer of a register, where somebody lives, a setting
    of the campaign (`held`). The others are final: reached, or answered for (`done`); out of tries
    (`given_up`); not to be called by a rule (`skipped`); taken out by a user, or with its list
    (`removed`). Whoever is skipped is looked at again, as whoever is held, when something arrives
    by which the rule may decide otherwise.
    """

    WAITING = "waiting"
    HELD = "held"
    IN_FLIGHT = "in_flight"
    DONE = "done"
    GIVEN_UP = "given_up"
    SKIPPED = "skipped"
    REMOVED = "removed"


CONTACTS_LEFT = (ContactState.WAITING, ContactState.IN_FLIGHT, ContactState.HELD)
"""A campaign that has contacts in any of these states is not over."""


class Rank(IntEnum):
    """Which of the contacts that are due is called first: the lowest."""

    CALLBACK = 0
    RETRY = 1
    FRESH = 2
