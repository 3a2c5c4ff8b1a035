"""TLS for outgoing connections."""

from __future__ import annotations

from functools import cache
from typing import Any

from gevent import ssl


@cache
def default_context() -> Any:
    """The shared client context: the system's authorities, host names checked.

    Building one parses the whole list of authorities (some 20 ms without yielding), so there is
    one per process.
    """
    return ssl.create_default_context()
