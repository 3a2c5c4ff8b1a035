"""Objects of a customer's own making, kept with a call: how large and how deep they may be."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from topcalls.errors import FieldError

MAX_BYTES = 16_384
MAX_DEPTH = 10


def fault(value: object, path: str) -> FieldError | None:
    """What is wrong with an object, or None."""
    if not isinstance(value, Mapping):
        return FieldError(path, "Must be an object.", "invalid_type")
    if _deeper_than(value, MAX_DEPTH):
        message = f"Is nested deeper than {MAX_DEPTH} levels. Make it flatter."
        return FieldError(path, message, "too_deep")
    if len(json.dumps(value, ensure_ascii=False).encode(errors="surrogatepass")) > MAX_BYTES:
        message = f"Is larger than {MAX_BYTES} bytes as JSON. Send references instead."
        return FieldError(path, message, "too_large")
    return None


def _deeper_than(value: Any, levels: int) -> bool:
    if isinstance(value, Mapping):
        value = list(value.values())
    if not isinstance(value, list):
        return False
    return levels == 0 or any(_deeper_than(item, levels - 1) for item in value)
