"""By which of its numbers a campaign calls one of its contacts."""

from __future__ import annotations

from topcalls.core.number_pool import Lack, NoNumber, choose
from topcalls.core.phone_numbers import region
from topcalls.services.campaign_rounds import Round
from topcalls.services.eligibility import Eligibility, contact_of
from topcalls.store import campaign_contacts
from topcalls.store.models import CampaignContact, Lead
from topcalls.store.person_facts import LeadFacts


def number_for(
    current: Round, contact: CampaignContact, lead: Lead, eligibility: Eligibility
) -> str | NoNumber | None:
    """Part of a verb: the number that is shown, or why there is none. None: the number of the
    campaign's call, or of the installation. A series that the rules want is insisted on where they
    are enforced."""
    pool, now, uses = current.plan.pool, current.now, list(current.uses.values())
    if not pool.numbers:
        return None
    tried = campaign_contacts.attempts(current.row.id, [lead.id]) if contact.attempts else []
    before = tried[-1].from_number if tried else None
    said = LeadFacts(lead.id, lead.region, lead.time_zone, lead.updated_at)
    who = contact_of(lead.phone_number, said)
    series = eligibility.caller_series(who, current.calls, now)
    found = choose(pool, uses, lead.phone_number, before, now, region, series)
    if isinstance(found, NoNumber) and found.lack is Lack.SERIES and not current.enforced:
        found = choose(pool, uses, lead.phone_number, before, now, region)
    return found if isinstance(found, NoNumber) else found.number
