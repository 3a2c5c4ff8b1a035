"""`/v1/campaigns/{id}/contacts`: the people a campaign calls."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from topcalls.api import campaign_examples as examples
from topcalls.api.auth import principal, requires
from topcalls.api.blueprint import ApiBlueprint, fails_with
from topcalls.api.context import services
from topcalls.api.schemas.campaign_contacts import (
    CampaignContactSchema,
    ContactDetailsSchema,
    ContactPageSchema,
    ContactQuerySchema,
    ContactsAddedSchema,
    ContactsAddSchema,
)
from topcalls.api.v1.campaigns import ONE
from topcalls.services.campaign_contacts import Added, ContactDetails, ContactPage, ContactView

campaign_contacts = ApiBlueprint(
    "campaign contacts", __name__, description="The people that campaigns call."
)
_ALL = f"{ONE}/contacts"
_CONTACT = f"{_ALL}/<uuid:lead_id>"


@campaign_contacts.route(_ALL)
@requires("campaigns:read")
@campaign_contacts.arguments(ContactQuerySchema, location="query")
@campaign_contacts.response(200, ContactPageSchema, example=examples.CONTACTS)
def list_contacts(query: dict[str, Any], campaign_id: UUID) -> ContactPage:
    """List a campaign's contacts, in the order in which their leads were made.

    Follow `next_cursor` until it is null.
    """
    found = services().campaign_contacts
    return found.list(principal().account_id, str(campaign_id), **query)


@campaign_contacts.route(_ALL, methods=["POST"])
@requires("campaigns:write")
@fails_with(409)
@campaign_contacts.arguments(ContactsAddSchema, example=examples.ADD)
@campaign_contacts.response(200, ContactsAddedSchema, example=examples.ADDED)
def add_contacts(body: dict[str, Any], campaign_id: UUID) -> Added:
    """Call more leads, up to 500 at once, whether or not they are on a list of the campaign.

    Whoever was removed before is called again. For more, put them on a list.
    """
    found = services().campaign_contacts
    return found.add(principal().account_id, str(campaign_id), body["lead_ids"])


@campaign_contacts.route(_CONTACT)
@requires("campaigns:read")
@campaign_contacts.response(200, ContactDetailsSchema, example=examples.CONTACT)
def get_contact(campaign_id: UUID, lead_id: UUID) -> ContactDetails:
    """Get a contact: its calls, and all that happened to it in the order of time."""
    found = services().campaign_contacts
    return found.get(principal().account_id, str(campaign_id), str(lead_id))


@campaign_contacts.route(_CONTACT, methods=["DELETE"])
@requires("campaigns:write")
@fails_with(409)
@campaign_contacts.response(200, CampaignContactSchema, example=examples.REMOVED)
def remove_contact(campaign_id: UUID, lead_id: UUID) -> ContactView:
    """Do not call somebody any more in this campaign.

    Whoever is done, given up or skipped stays so; whoever waits or is held is taken
    out. 409 `in_flight`: a call to them is under way.
    """
    found = services().campaign_contacts
    return found.remove(principal().account_id, str(campaign_id), str(lead_id))
