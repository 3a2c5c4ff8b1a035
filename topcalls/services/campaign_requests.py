"""The call that a campaign makes to a lead: its configuration, filled in with what the lead brings.

Tools were sealed when the campaign was written, and everything else was judged then; what a lead
lacks is told before anything is dialled.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from topcalls.core.call_request import CallRequest
from topcalls.core.lead_variables import filling, names_of
from topcalls.errors import FieldError
from topcalls.services.agents import Agents
from topcalls.services.campaign_plans import CampaignPlan
from topcalls.store.models import Campaign, Lead


class Unfilled(Exception):
    """A lead brings no value for a name in the texts of its call."""

    def __init__(self, faults: tuple[FieldError, ...]) -> None:
        names = ", ".join(names_of(faults))
        super().__init__(names)
        self.reason = f"missing_variables: {names}"[:500]


class CampaignRequests:
    """See the module's text."""

    def __init__(self, agents: Agents) -> None:
        self._agents = agents

    def body(self, row: Campaign) -> Mapping[str, Any]:
        """Part of a verb: what all calls of a campaign have in common.

        Raises:
            InvalidRequest: its agent is archived, or was never published.
        """
        named = {"agent_id": row.agent_id} if row.agent_id is not None else {}
        common = {**row.call, **named, "priority": row.priority}
        return self._agents.call_body(row.account_id, common)

    def of_lead(
        self,
        body: Mapping[str, Any],
        plan: CampaignPlan,
        lead: Lead,
        from_number: str | None,
    ) -> CallRequest:
        """The call to one lead. Raises `Unfilled`."""
        own = {
            "name": lead.name,
            "email": lead.email,
            "phone_number": lead.phone_number,
            "metadata": lead.metadata,
        }
        if from_number is not None:
            body = {**body, "from_number": from_number}
        filled = filling(body, own, plan.defaults)
        if filled.faults:
            raise Unfilled(filled.faults)
        return CallRequest.from_mapping(
            {**body, "phone_number": lead.phone_number, "request_data": filled.request_data}
        )
