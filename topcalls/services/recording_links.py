"""Links to recordings that need no key: each is signed, for one file, and ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from topcalls.errors import Unauthorized
from topcalls.services.signing import Signer

DEFAULT_SECONDS = 3600
MOST_SECONDS = 7 * 24 * 3600
EXPIRES, SIGNATURE = "expires", "signature"
_PURPOSE = b"topcalls: link to a recording, version 1"


@dataclass(frozen=True, slots=True)
class Link:
    """Opens a recording for whoever has it, until then."""

    url: str
    expires_at: datetime


class RecordingLinks:
    """Signs and checks links. `secret_keys`: see `Signer`."""

    def __init__(self, secret_keys: str) -> None:
        self._signer = Signer(secret_keys, _PURPOSE)

    def link(self, url: str, path: str, seconds: int, now: datetime) -> Link:
        """A link to what is at `url`, whose path is `path`."""
        expires = int((now + timedelta(seconds=seconds)).timestamp())
        signature = self._signer.sign(f"{path} {expires}")
        signed = f"{url}?{EXPIRES}={expires}&{SIGNATURE}={signature}"
        return Link(signed, now + timedelta(seconds=seconds))

    def check(self, path: str, query: Mapping[str, str], now: datetime) -> None:
        """Return if the query opens this path.

        Raises:
            Unauthorized: it was not signed here, or its time is over.
        """
        expires, given = query.get(EXPIRES, ""), query.get(SIGNATURE, "")
        known = expires.isascii() and expires.isdecimal() and len(expires) <= 12
        if not (known and self._signer.is_genuine(f"{path} {int(expires)}", given)):
            raise Unauthorized("This link was not made here, or it was changed.")
        if int(expires) <= now.timestamp():
            raise Unauthorized(
                "The time of this link is over.",
                remedy="Ask /v1/calls/{call_id}/recording/link for another.",
            )
