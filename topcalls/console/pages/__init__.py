"""The pages, a module for each section."""

from __future__ import annotations

from topcalls.console.pages.agents import agents
from topcalls.console.pages.analytics import analytics
from topcalls.console.pages.calls import calls
from topcalls.console.pages.campaigns import campaigns
from topcalls.console.pages.carriers import carriers
from topcalls.console.pages.consents import consents
from topcalls.console.pages.contacts import contacts
from topcalls.console.pages.decisions import decisions
from topcalls.console.pages.do_not_call import do_not_call
from topcalls.console.pages.keys import keys
from topcalls.console.pages.knowledge import knowledge
from topcalls.console.pages.leads import leads
from topcalls.console.pages.lists import lists
from topcalls.console.pages.live import live
from topcalls.console.pages.numbers import numbers
from topcalls.console.pages.overview import overview
from topcalls.console.pages.rehearsal import rehearsal
from topcalls.console.pages.session import session_pages
from topcalls.console.pages.settings import settings
from topcalls.console.pages.softphones import softphones
from topcalls.console.pages.webhooks import webhooks

PAGES = (
    session_pages,
    overview,
    live,
    calls,
    campaigns,
    contacts,
    rehearsal,
    leads,
    lists,
    do_not_call,
    consents,
    decisions,
    agents,
    numbers,
    carriers,
    softphones,
    knowledge,
    webhooks,
    analytics,
    keys,
    settings,
)
