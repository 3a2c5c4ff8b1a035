"""What stands for a person's number where the number itself may not be kept.

Somebody who was erased must still not be called: what is kept of them is a keyed hash of the
number, by which it is found again when it is shown, and told by nobody who has not the key.
"""

from __future__ import annotations

import hashlib
import hmac

_MARK = "#"
_SIZE = 32


def fingerprint(key: bytes, number: str) -> str:
    """Of a number in E.164, under an account's key: HMAC-SHA256, cut to 128 bits, in hex behind a
    mark that no number begins with."""
    return _MARK + hmac.digest(key, number.encode(), hashlib.sha256).hex()[:_SIZE]


def is_fingerprint(number: str) -> bool:
    """Whether a stored number stands for somebody who was erased."""
    return number.startswith(_MARK)
