"""New identifiers and secrets."""

from __future__ import annotations

import secrets
import uuid


def new_id() -> str:
    """A random UUID (version 4) in its canonical lower-case form."""
    return str(uuid.uuid4())


def new_secret(size: int = 24) -> str:
    """A URL-safe random text with `size` bytes of entropy."""
    return secrets.token_urlsafe(size)
