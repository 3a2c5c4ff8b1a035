"""The pages, a module for each section."""

from __future__ import annotations

from topcalls.console.pages.calls import calls
from topcalls.console.pages.keys import keys
from topcalls.console.pages.live import live
from topcalls.console.pages.overview import overview
from topcalls.console.pages.session import session_pages

PAGES = (session_pages, overview, live, calls, keys)
