"""Links to recordings that need no key: each is signed, for one file, and ends."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from topcalls.errors import Unauthorized

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
    """Signs and checks links. `secret_keys`: as in the settings, the first signs, all check."""

    def __init__(self, secret_keys: str) -> None:
        given = [key.strip().encode() for key in secret_keys.split(",") if key.strip()]
        self._keys = [hmac.digest(key, _PURPOSE, "sha256") for key in given]

    def link(self, url: str, path: str, seconds: int, now: datetime) -> Link:
        """A link to what is at `url`, whose path is `path`."""
        expires = int((now + timedelta(seconds=seconds)).timestamp())
        signed = f"{url}?{EXPIRES}={expires}&{SIGNATURE}={_sign(self._keys[0], path, expires)}"
        return Link(signed, now + timedelta(seconds=seconds))

    def check(self, path: str, query: Mapping[str, str], now: datetime) -> None:
        """Return if the query opens this path.

        Raises:
            Unauthorized: it was not signed here, or its time is over.
        """
        expires, given = query.get(EXPIRES, ""), query.get(SIGNATURE, "")
        known = expires.isascii() and expires.isdecimal() and len(expires) <= 12
        genuine = [
            hmac.compare_digest(_sign(key, path, int(expires)).encode(), given.encode())
            for key in (self._keys if known else ())
        ]
        if not any(genuine):
            raise Unauthorized("This link was not made here, or it was changed.")
        if int(expires) <= now.timestamp():
            raise Unauthorized(
                "The time of this link is over.",
                remedy="Ask /v1/calls/{call_id}/recording/link for another.",
            )


def _sign(key: bytes, path: str, expires: int) -> str:
    return hmac.new(key, f"{path} {expires}".encode(), hashlib.sha256).hexdigest()
