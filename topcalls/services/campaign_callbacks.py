"""A callback that is agreed in a call of a campaign is that campaign's next call to the person.

Nothing is queued when it is agreed: the tool's record keeps the time, and when the call is told to
its contact, the contact waits for it, before everybody else. So the callback is made as every call
of the campaign is: within its budget, its pace and its places, by its numbers, judged by the rules
and by its own server. What would keep it from being made at that time is told to the agent, as long
as another time can be agreed.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson

from topcalls.core import callbacks
from topcalls.core.campaign_outcomes import ANSWERED, Outcome
from topcalls.core.campaign_schedule import opens_at
from topcalls.core.campaign_state import OPEN
from topcalls.core.local_times import in_words
from topcalls.core.tools import ToolStatus
from topcalls.errors import Conflict
from topcalls.services.call_views import ClaimedCall
from topcalls.services.campaign_plans import plan_of
from topcalls.services.eligibility import Eligibility
from topcalls.services.judgements import Meant
from topcalls.services.lead_zones import holidays_of, zones_of
from topcalls.store import campaign_contacts, campaigns, dispatch, leads, tools
from topcalls.store.database import Database
from topcalls.store.models import Call, CampaignAttempt, CampaignContact, Lead

_OVER = "This campaign is over: it calls nobody back. Say so, and offer what else can be done."
_OFTEN = "This person was called back as often as the campaign allows. Say so."


class CampaignCallbacks:
    """See the module's text."""

    def __init__(self, db: Database, eligibility: Eligibility) -> None:
        self._db = db
        self._eligibility = eligibility

    def ensure_possible(self, call: ClaimedCall, at: datetime, now: datetime) -> None:
        """Raises Conflict, in words for the agent, where the campaign of a call would not call its
        person at that time."""
        # It may make the account's key for fingerprints; nothing else is written.
        self._db.run(self._ensure_possible, call, at, now)

    def _ensure_possible(self, call: ClaimedCall, at: datetime, now: datetime) -> None:
        row = campaigns.found(str(call.campaign_id))
        contact, lead = _whom(call)
        if row is None or row.state not in OPEN or contact is None or lead is None:
            raise Conflict(_OVER)
        plan = plan_of(row)
        rule = plan.retry.rules.get(Outcome.CALLBACK)
        if rule is None or (contact.retries or {}).get(Outcome.CALLBACK, 0) >= rule.most:
            raise Conflict(_OFTEN)
        zones = zones_of(lead.phone_number, lead.time_zone)
        holidays = holidays_of(lead.phone_number, lead.region)
        opens = opens_at(plan.schedule, zones, at, holidays)
        zone = callbacks.zone_of(lead.phone_number)
        if opens is None:
            raise Conflict("The campaign has ended by then. Agree on an earlier time.")
        if opens > at:
            words = in_words(opens.astimezone(zone))
            raise Conflict(f"The campaign does not call then. The next time after it is {words}.")
        meant = Meant(row.account_id, call.request, at, "create", campaign_id=row.id)
        judged = self._eligibility.judge(meant, dispatch.compliance_of(row.account_id), now)
        until = judged.place.until
        if judged.refused_by is not None and until is not None:
            words = in_words(until.astimezone(zone))
            raise Conflict(f"{judged.words} The next time after it is {words}.")
        if judged.refused_by is not None:
            raise Conflict(judged.words)


def agreed_at(call: Call) -> datetime | None:
    """Part of a verb: the time that was agreed in a call, the last one."""
    used = _last_use(call.id)
    told = orjson.loads(used.output) if used is not None and used.output else None
    at = told.get(callbacks.AT) if isinstance(told, dict) else None
    return None if at is None else datetime.fromisoformat(at)


def told_of(contact: CampaignContact) -> tuple[str, dict[str, Any]] | None:
    """Part of a verb: what the agent of a contact's next call is told of the callback that it is,
    with what the call's metadata say of it; None where the last talk agreed on none."""
    if not contact.attempts:
        return None
    made = campaign_contacts.attempts(contact.campaign_id, [contact.lead_id])
    talked = [one for one in made if one.outcome in ANSWERED]
    if not talked or talked[-1].outcome != Outcome.CALLBACK:
        return None
    return _told(talked[-1])


def _told(attempt: CampaignAttempt) -> tuple[str, dict[str, Any]] | None:
    used = _last_use(attempt.call_id)
    lead = leads.get(attempt.account_id, attempt.lead_id)
    if used is None or lead is None:
        return None
    asked = orjson.loads(used.arguments) if used.arguments else {}
    reason = str(asked.get("reason") or "").strip() if isinstance(asked, dict) else ""
    about = {callbacks.OF_CALL: attempt.call_id}
    return callbacks.told(lead.phone_number, used.called_at, reason), about


def _last_use(call_id: str | None) -> Any:
    used = [
        one
        for one in tools.of_calls([call_id] if call_id else [])
        if one.name == callbacks.NAME and one.status == ToolStatus.SUCCEEDED
    ]
    return used[-1] if used else None


def _whom(call: ClaimedCall) -> tuple[CampaignContact | None, Lead | None]:
    attempt = campaign_contacts.attempt_of_call(call.call_id)
    if attempt is None:
        return None, None
    contact = campaign_contacts.get(attempt.campaign_id, attempt.lead_id)
    return contact, leads.get(call.account_id, attempt.lead_id)
