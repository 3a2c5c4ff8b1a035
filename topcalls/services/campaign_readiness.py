"""May a campaign be started where its people may be: what its opening is stated to say, and says,
whether who is recorded is told, how old the zone data is.

Every function is a part of a verb. Under `enforce` what is lacking keeps it from being started;
under `record` it is told all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from topcalls.core.call_request import CallRequest
from topcalls.core.opening_text import FIELD
from topcalls.core.readiness import start_faults
from topcalls.core.rule_pack import RulePack
from topcalls.core.zones import data_version, reach
from topcalls.errors import FieldError, InvalidRequest
from topcalls.services.campaign_requests import CampaignRequests
from topcalls.services.eligibility import Eligibility, parsed, plan_of
from topcalls.services.judgements import Meant
from topcalls.store import campaign_contacts, campaigns, dispatch
from topcalls.store.models import Campaign

_FIELDS = {
    "slots": "compliance.slots",
    "recording": "call.recording",
    FIELD: f"call.{FIELD}",
}
"""What of a campaign says it, by the name that the rules give it."""


@dataclass(frozen=True, slots=True)
class LawfulStart:
    """What the rules ask for and a campaign lacks: `problems` keep it from being started,
    `warnings` would under the other policy."""

    problems: Sequence[FieldError] = ()
    warnings: Sequence[FieldError] = ()


class CampaignReadiness:
    """See the module's text."""

    def __init__(self, requests: CampaignRequests, eligibility: Eligibility, pack: RulePack):
        self._requests = requests
        self._eligibility = eligibility
        self._pack = pack

    def look(self, row: Campaign, now: datetime) -> LawfulStart:
        """What it lacks. Nothing of one whose agent cannot be used, which is told elsewhere."""
        people = campaign_contacts.samples(row.id, campaigns.list_ids([row.id])[row.id])
        if not people:
            return LawfulStart()
        try:
            body = self._requests.body(row)
        except InvalidRequest:
            return LawfulStart()
        request = CallRequest.from_mapping({**body, "phone_number": people[0][0]})
        terms = parsed(dispatch.compliance_of(row.account_id))
        meant = Meant(row.account_id, request, now, "create", campaign_id=row.id)
        jurisdictions = reach(people, self._pack)
        plan = plan_of(meant, terms)
        stated = row.settings["compliance"].get("slots")
        lacking = set(terms.slots or () if stated is None else stated) - plan.slots
        found = [
            fault._replace(path=_FIELDS.get(fault.path, fault.path))
            for fault in start_faults(
                jurisdictions, plan, self._pack, data_version(), now.date(), lacking
            )
        ]
        if self._eligibility.is_enforced(terms):
            return LawfulStart(problems=found)
        return LawfulStart(warnings=found)
