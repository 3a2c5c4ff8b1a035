"""The pages, a module for each section."""

from __future__ import annotations

from topcalls.console.pages.agents import agents
from topcalls.console.pages.analytics import analytics
from topcalls.console.pages.calls import calls
from topcalls.console.pages.carriers import carriers
from topcalls.console.pages.keys import keys
from topcalls.console.pages.knowledge import knowledge
from topcalls.console.pages.live import live
from topcalls.console.pages.numbers import numbers
from topcalls.console.pages.overview import overview
from topcalls.console.pages.session import session_pages
from topcalls.console.pages.settings import settings
from topcalls.console.pages.softphones import softphones
from topcalls.console.pages.webhooks import webhooks

PAGES = (
    session_pages,
    overview,
    live,
    calls,
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
