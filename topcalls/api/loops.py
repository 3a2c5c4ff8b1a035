"""A request that this installation sent itself is refused.

Webhooks, tools, calendars and pages are asked at addresses that customers name. One that names us
is refused by that name; another name, of a proxy for instance, is known by what comes in: requests
to customers' servers carry the mark of the installation that makes them.
"""

from __future__ import annotations

import hmac

from flask import Flask, request

from topcalls.errors import LoopDetected
from topcalls.net.http import ORIGIN_HEADER


def refuse(app: Flask, mark: str) -> None:
    """Refuse what carries the `mark`; nothing where it is empty."""

    def check() -> None:
        told = request.headers.get(ORIGIN_HEADER, "")
        if mark and hmac.compare_digest(told.encode(), mark.encode()):
            raise LoopDetected(
                "TopCalls sent this request itself, to an address that leads back to it.",
                remedy="Give the address of your own server, and do not pass its header "
                f"{ORIGIN_HEADER} on.",
            )

    app.before_request(check)
