"""The address under which one call is heard, made by the API and read by the call's controller."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

_PATH: Final = "/listen/{call_id}/{token}/call.wav"
_READ: Final = re.compile(r"/listen/([0-9a-f-]{36})/([^/]{1,300})/call\.wav", re.ASCII)


class Address(NamedTuple):
    """Which call, and by which permission."""

    call_id: str
    token: str

    @property
    def path(self) -> str:
        """Behind the address of a controller."""
        return _PATH.format(call_id=self.call_id, token=self.token)


def parse_path(path: str) -> Address | None:
    """The inverse of `path`; None for any other."""
    found = _READ.fullmatch(path)
    return Address(*found.groups()) if found is not None else None
