"""Campaigns of an account that has leads, made by the verbs that users have."""

import factories

TASK = "Ask whether the appointment still suits."
OPENING = (
    "Hello, this is an AI assistant of Bright Smile, +1 305 555 0199, about your appointment. Say "
    "stop or press 9 to stop all calls. May I go on?"
)
"""It says all that rules ask for."""


class Rig:
    """An account with its campaigns' verbs."""

    def __init__(self, services):
        self.services = services
        self.clock = services.clock
        self.who = factories.principal(services)
        self.account_id = self.who.account_id

    def leads(self, count, name="Leads", start=0, **fields):
        """The id of a list of so many leads."""
        made = self.services.lead_lists.create(self.account_id, {"name": name}).id
        leads = [{"phone_number": f"+1202555{start + n:04}", **fields} for n in range(count)]
        if leads:
            self.services.lead_imports.run(self.account_id, {"list_id": made, "leads": leads})
        return made

    def lead_ids(self, list_id):
        return [one.id for one in self.services.leads.list(self.account_id, list_id=list_id).items]

    def campaign(self, *list_ids, **body):
        """A draft that could be started."""
        wanted = {"name": "Spring", "call": {"task": TASK}, "list_ids": list(list_ids), **body}
        return self.services.campaigns.create(self.account_id, wanted)

    def running(self, count=3, **body):
        """A campaign that runs, of so many leads."""
        made = self.campaign(self.leads(count), **body)
        return self.services.campaign_control.start(self.account_id, made.id)

    def edit(self, campaign, revision=None, **changes):
        return self.services.campaigns.edit(self.account_id, campaign.id, changes, revision)

    def preview(self, campaign, **changes):
        return self.services.campaigns.preview(self.account_id, campaign.id, changes)

    def control(self, verb, campaign):
        return getattr(self.services.campaign_control, verb)(self.account_id, campaign.id)

    def contacts(self, campaign, **chosen):
        return self.services.campaign_contacts.list(self.account_id, campaign.id, **chosen).data

    def states(self, campaign):
        """How many contacts are in each state, as far as there are any."""
        found = {}
        for one in self.contacts(campaign, limit=200):
            found[one.status] = found.get(one.status, 0) + 1
        return found
