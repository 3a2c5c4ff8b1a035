"""Campaigns: made, looked at, edited, put away. How they are started and stopped is told in
`services.campaign_control`.

Verbs that change a campaign take the `revision` their caller has seen: they raise `Conflict` when
somebody changed it meanwhile. None: whatever it is now.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from topcalls.clock import Clock
from topcalls.core import campaign_rules as rules
from topcalls.core.agents import given
from topcalls.core.campaign_edit import differences, edited, touches
from topcalls.core.campaign_state import FINAL, OPEN, CampaignState
from topcalls.errors import Conflict, FieldError, InvalidRequest, NotFound
from topcalls.ids import new_id
from topcalls.services import tool_secrets
from topcalls.services.agents import Agents
from topcalls.services.campaign_enrolment import enrol_piece
from topcalls.services.campaign_views import (
    CampaignPage,
    CampaignView,
    Preview,
    body_of,
    campaign_view,
    columns_of,
)
from topcalls.services.catalogue import Catalogue
from topcalls.store import campaign_contacts, campaign_holds, campaigns
from topcalls.store.database import Database
from topcalls.store.fields import plain
from topcalls.store.locking import lock_account
from topcalls.store.models import Campaign

Faults = list[FieldError]
_STILL_EDITED = frozenset({"name", "description", "conversion_outcomes"})
"""Of a campaign that is over: what is told of it, not what it did."""


class Campaigns:
    """An account's campaigns."""

    def __init__(self, db: Database, clock: Clock, catalogue: Catalogue, agents: Agents) -> None:
        self._db = db
        self._clock = clock
        self._catalogue = catalogue
        self._agents = agents

    def create(self, account_id: str, body: Mapping[str, Any]) -> CampaignView:
        """Make a draft. It may be unfinished; what is there has to be right.

        Raises:
            InvalidRequest: with every fault.
        """
        now, campaign_id = self._clock.now(), new_id()
        wanted = rules.filled(body)
        _refuse(self.faults(account_id, wanted, now))

        def verb() -> CampaignView:
            lock_account(account_id)
            sealed = _sealed(account_id, wanted, now)
            _refuse(_list_faults(account_id, sealed["list_ids"]))
            campaigns.insert(
                id=campaign_id,
                account=account_id,
                state=CampaignState.DRAFT,
                created_at=campaigns.free_time(account_id, now),
                updated_at=now,
                **columns_of(sealed),
            )
            campaigns.set_lists(campaign_id, sealed["list_ids"])
            return view(found(account_id, campaign_id))

        return self._db.run(verb)

    def get(self, account_id: str, campaign_id: str) -> CampaignView:
        """Raises NotFound."""
        return self._db.read(lambda: view(found(account_id, campaign_id)))

    def list(
        self,
        account_id: str,
        limit: int = 50,
        cursor: datetime | None = None,
        status: str | None = None,
        archived: bool | None = False,
    ) -> CampaignPage:
        """Campaigns made before `cursor`, newest first; `archived` None: these too."""
        states = None if status is None else [status]

        def verb() -> CampaignPage:
            rows = campaigns.page(account_id, limit + 1, cursor, states, archived)
            lists = campaigns.list_ids([row.id for row in rows[:limit]])
            views = tuple(campaign_view(row, lists[row.id]) for row in rows[:limit])
            return CampaignPage(views, views[-1].created_at if len(rows) > limit else None)

        return self._db.read(verb)

    def edit(
        self,
        account_id: str,
        campaign_id: str,
        changes: Mapping[str, Any],
        revision: int | None = None,
    ) -> CampaignView:
        """Change what is named, as `core.campaign_edit` says, also while the campaign runs: what is
        dialled already stays as it is. What changes nothing is no edit.

        Raises:
            Conflict: the campaign is over or archived, or of another revision.
            InvalidRequest: with every fault.
            NotFound: no such campaign in this account.
        """
        now = self._clock.now()

        def verb() -> CampaignView:
            row = found(account_id, campaign_id, lock=True)
            check_revision(row, revision)
            before = _body(row)
            after = self._edited(row, before, changes, now)
            if differences(before, after, CampaignState(row.state)):
                self._write(row, before, after, now)
            return view(found(account_id, campaign_id))

        return self._db.run(verb)

    def preview(self, account_id: str, campaign_id: str, changes: Mapping[str, Any]) -> Preview:
        """What an edit would do now.

        Raises:
            Conflict: the campaign is over or archived.
            NotFound: no such campaign in this account.
        """
        now = self._clock.now()

        def verb() -> Preview:
            try:
                with self._db.atomic():
                    row = found(account_id, campaign_id)
                    before = _body(row)
                    raise _Undone(_preview(row, before, self._edited(row, before, changes, now)))
            except _Undone as seen:
                return seen.preview
            except InvalidRequest as error:
                return Preview((), error.errors, 0, 0, 0)

        return self._db.run(verb)

    def archive(
        self, account_id: str, campaign_id: str, revision: int | None = None
    ) -> CampaignView:
        """Put a campaign away that is over or was never started. It stays readable.

        Raises:
            Conflict: it is under way, or of another revision.
            NotFound: no such campaign in this account.
        """
        now = self._clock.now()

        def verb() -> CampaignView:
            row = found(account_id, campaign_id, lock=True)
            check_revision(row, revision)
            if row.state not in (*FINAL, CampaignState.DRAFT):
                raise Conflict(
                    f"The campaign is {row.state}.",
                    remedy="Stop it first.",
                    reason="campaign_state",
                    status=row.state,
                )
            if row.archived_at is None:
                campaigns.change(row, now, archived_at=now)
            return view(found(account_id, campaign_id))

        return self._db.run(verb)

    def faults(
        self, account_id: str, body: Mapping[str, Any], now: datetime, *, complete: bool = False
    ) -> Faults:
        """Everything wrong with a campaign. `complete`: it is to be started."""
        call: Any = body["call"]
        wrong: list[FieldError] = []
        if isinstance(call, Mapping):
            try:
                call = self._agents.call_body(account_id, call)
            except InvalidRequest as error:
                wrong = [one._replace(path=f"call.{one.path}") for one in error.errors]
        known = self._catalogue.call_rules(account_id)
        judged = rules.faults(body, call, known, now, complete=complete and not wrong)
        return [*judged, *wrong]

    # --- parts

    def _edited(
        self, row: Campaign, before: Mapping[str, Any], changes: Mapping[str, Any], now: datetime
    ) -> dict[str, Any]:
        """The campaign after an edit, sealed and judged."""
        _refuse_over(row, changes)
        after = edited(before, changes)
        missing = [
            FieldError(name, "Is not known here.", "unknown")
            for name in changes.keys() - rules.FIELDS
        ]
        if "name" in changes and changes["name"] is None:
            missing.append(FieldError("name", "Must not be null.", "null"))
        _refuse(missing)
        after = rules.filled(after)
        has_begun = row.state in OPEN
        _refuse(self._edit_faults(row, before, after, now, complete=has_begun))
        return plain(_sealed(row.account_id, after, now))  # type: ignore[no-any-return]

    def _edit_faults(
        self,
        row: Campaign,
        before: Mapping[str, Any],
        after: Mapping[str, Any],
        now: datetime,
        *,
        complete: bool,
    ) -> Faults:
        if row.state in FINAL:  # only words change
            return self.faults(row.account_id, {**after, "call": {}, "schedule": {}}, now)
        wrong = self.faults(row.account_id, after, now, complete=complete)
        changed = differences(before, after, CampaignState(row.state))
        if row.started_at is not None and touches(changed, "schedule.start_at"):
            message = "The campaign has started: that cannot be changed any more."
            wrong.append(FieldError("schedule.start_at", message, "has_started"))
        if touches(changed, "list_ids"):
            wrong += _list_faults(row.account_id, after["list_ids"])
        return wrong

    def _write(
        self, row: Campaign, before: Mapping[str, Any], after: Mapping[str, Any], now: datetime
    ) -> None:
        columns = columns_of(after)
        if row.state == CampaignState.SCHEDULED and columns["start_at"] is None:
            columns["start_at"] = now
        campaigns.change(row, now, **columns)
        if set(before["list_ids"]) != set(after["list_ids"]):
            _change_lists(row, before["list_ids"], after["list_ids"], now)
        changed = differences(before, after, CampaignState(row.state))
        if row.state in OPEN and any(touches(changed, name) for name in _DECIDED_ANEW):
            campaign_contacts.wake(row.id, now)
            campaigns.note(row.id, recheck_through=campaign_holds.FROM_THE_FIRST)


_DECIDED_ANEW = (
    "schedule",
    "call",
    "compliance",
    "purpose",
    "subject_key",
    "from_numbers",
    "missing_variables",
    "variable_defaults",
    "budget",
)
"""Whether contacts may be called depends on these: those that were put off, held or skipped are
looked at again."""


class _Undone(Exception):  # noqa: N818 - it is no error
    """What an edit would do is known: nothing of it is kept."""

    def __init__(self, preview: Preview) -> None:
        super().__init__()
        self.preview = preview


def _preview(row: Campaign, before: Mapping[str, Any], after: Mapping[str, Any]) -> Preview:
    changed = differences(before, after, CampaignState(row.state))
    added = removed = 0
    if row.state in OPEN:
        lists, wanted = set(before["list_ids"]), set(after["list_ids"])
        added = campaign_contacts.count_new(row.id, wanted - lists)
        removed = sum(campaign_contacts.count_withdrawn(row.id, one) for one in lists - wanted)
    return Preview(changed, (), added, removed, campaign_contacts.count_open(row.id))


def found(account_id: str, campaign_id: str, *, lock: bool = False) -> Campaign:
    """Part of a verb: a campaign of an account. Raises NotFound."""
    row = campaigns.get(account_id, campaign_id, lock=lock)
    if row is None:
        raise NotFound("No such campaign.")
    return row


def view(row: Campaign) -> CampaignView:
    """Part of a verb: a campaign for its owner."""
    return campaign_view(row, campaigns.list_ids([row.id])[row.id])


def check_revision(row: Campaign, revision: int | None) -> None:
    """Raises Conflict when the campaign is of another revision than its changer has seen."""
    if revision is not None and revision != row.revision:
        raise Conflict(
            f"The campaign has changed meanwhile: it is at revision {row.revision}.",
            remedy="Read it again and repeat the change.",
            revision=row.revision,
        )


def campaigns_of_agent(account_id: str, agent_id: str) -> list[str]:
    """The campaigns that call by an agent and are not over, in words; runs inside a verb."""
    names = campaigns.names_of_agent(account_id, agent_id)
    return [f"the campaign '{name}'" for name in names]


def _body(row: Campaign) -> dict[str, Any]:
    return body_of(row, campaigns.list_ids([row.id])[row.id])


def _sealed(account_id: str, body: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """A campaign as it is stored: without what is null in its call, and without secrets."""
    call = tool_secrets.sealed_configuration(account_id, given(body["call"]), now, "call")
    return {**body, "call": call, "list_ids": sorted(body["list_ids"])}


def _list_faults(account_id: str, list_ids: list[str]) -> list[FieldError]:
    known = campaigns.known_lists(account_id, list_ids)
    return [
        FieldError(f"list_ids.{place}", "No such list.", "unknown")
        for place, list_id in enumerate(list_ids)
        if list_id not in known
    ]


def _change_lists(row: Campaign, before: list[str], after: list[str], now: datetime) -> None:
    """Contacts of a campaign that is under way follow its lists."""
    campaigns.known_lists(row.account_id, {*before, *after}, lock=True)
    campaigns.set_lists(row.id, after)
    if row.state not in OPEN:
        return
    for list_id in set(before) - set(after):
        campaign_contacts.withdraw(row.id, list_id, now)
    if set(after) - set(before):
        campaigns.note(row.id, enrolling=True)
        enrol_piece(row, now)


def _refuse_over(row: Campaign, changes: Mapping[str, Any]) -> None:
    if row.archived_at is not None:
        raise Conflict("The campaign is archived.", remedy="Make another one.", reason="archived")
    if row.state in FINAL and changes.keys() - _STILL_EDITED:
        raise Conflict(
            f"The campaign is {row.state}: only {', '.join(sorted(_STILL_EDITED))} are edited.",
            remedy="Make another one.",
            reason="campaign_state",
            status=row.state,
        )


def _refuse(wrong: list[FieldError]) -> None:
    if wrong:
        raise InvalidRequest("The campaign is not right as it was sent: see 'errors'.", wrong)
