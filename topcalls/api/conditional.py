"""`If-Match`: a change is made only to what its client has seen.

Objects that several people edit carry a revision; it is in the body and in the `ETag` header.
"""

from __future__ import annotations

import re

from flask import request

from topcalls.api.auth import View
from topcalls.api.blueprint import CONDITIONAL
from topcalls.errors import FieldError, InvalidRequest

HEADER = "If-Match"


def conditional(view: View) -> View:
    """This route honours the `If-Match` header: its view passes `seen_revision()` on."""
    setattr(view, CONDITIONAL, True)
    return view


def seen_revision() -> int | None:
    """The revision that the client has seen; None when it does not say or care.

    Raises:
        InvalidRequest: the header holds no `ETag` of ours.
    """
    header = request.headers.get(HEADER, "*").strip()
    if header == "*":
        return None
    match = re.fullmatch(r'(?:W/)?"([0-9]{1,9})"', header)
    if match is None:
        message = 'Must be the ETag of an answer, as in "7", in its quotes.'
        raise InvalidRequest(
            "The If-Match header is not right.", [FieldError(HEADER, message, "invalid_etag")]
        )
    return int(match[1])


def etag(revision: int) -> dict[str, str]:
    """The header that tells a client the revision it sees."""
    return {"ETag": f'"{revision}"'}
