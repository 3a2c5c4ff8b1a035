"""Campaigns as other rooms see them: plain values, never rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from topcalls.core.campaign_edit import Difference
from topcalls.core.campaign_rules import DEFAULTS, SETTINGS
from topcalls.core.field_checks import moment_of
from topcalls.errors import FieldError
from topcalls.store.models import Campaign


@dataclass(frozen=True, slots=True)
class CampaignView:
    """A campaign. `body` holds what users edit (`core.campaign_rules.DEFAULTS`); `revision` counts
    its changes. `paused_for` and `ended_for`: `{"code", "detail"}`."""

    id: str
    account_id: str
    name: str
    status: str
    revision: int
    body: Mapping[str, Any]
    enrolling: bool
    paused_for: Mapping[str, str] | None
    ended_for: Mapping[str, str] | None
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None
    paused_at: datetime | None
    ended_at: datetime | None
    archived_at: datetime | None


@dataclass(frozen=True, slots=True)
class CampaignPage:
    """Campaigns, newest first. `next_cursor` is the last one's `created_at` if there are more."""

    data: tuple[CampaignView, ...]
    next_cursor: datetime | None


@dataclass(frozen=True, slots=True)
class Preview:
    """What an edit would do. `faults`: why it would be refused. `contacts_added` and
    `contacts_removed` count those that would be, in a campaign that is under way; `calls_open` the
    calls that wait or run, which stay as they are."""

    differences: Sequence[Difference]
    faults: Sequence[FieldError]
    contacts_added: int
    contacts_removed: int
    calls_open: int


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether a campaign can be started, and what it lacks. `warnings`: what the rules ask for
    beyond, where the account only records what they say."""

    ready: bool
    problems: Sequence[FieldError]
    warnings: Sequence[FieldError] = ()


def campaign_view(row: Campaign, list_ids: Sequence[str]) -> CampaignView:
    """A row for its owner."""
    return CampaignView(
        id=row.id,
        account_id=row.account_id,
        name=row.name,
        status=row.state,
        revision=row.revision,
        body=body_of(row, list_ids),
        enrolling=row.enrolling,
        paused_for=row.paused_for,
        ended_for=row.ended_for,
        created_at=row.created_at,
        updated_at=row.updated_at,
        started_at=row.started_at,
        paused_at=row.paused_at,
        ended_at=row.ended_at,
        archived_at=row.archived_at,
    )


def body_of(row: Campaign, list_ids: Sequence[str]) -> dict[str, Any]:
    """What users edit of a campaign, as they send it."""
    own = {name: getattr(row, name) for name in DEFAULTS if hasattr(row, name)}
    kept = {name: row.settings.get(name, DEFAULTS[name]) for name in SETTINGS}
    return {"name": row.name, **DEFAULTS, **own, **kept, "list_ids": list(list_ids)}


def columns_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a campaign without faults; its lists are rows of their own."""
    schedule = body["schedule"]
    own = {name: body[name] for name in ("name", *DEFAULTS) if name not in (*SETTINGS, "list_ids")}
    return {
        **own,
        "agent_id": body["call"].get("agent_id"),
        "settings": {name: body[name] for name in SETTINGS},
        "start_at": moment_of(schedule.get("start_at")),
        "end_at": moment_of(schedule.get("end_at")),
    }
