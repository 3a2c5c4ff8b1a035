"""What the API was built with, from inside a request."""

from __future__ import annotations

_EXTENSION = "topcalls"
