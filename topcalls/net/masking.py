"""XOR of a WebSocket payload with its four-byte key (RFC 6455 §5.3).

The compiled `websockets` package does it in a tenth of the time; it is an optional extra, so
numpy stands in where it is missing.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


def numpy_mask(data: bytes, key: bytes) -> bytes:
    """`data` XORed with `key` repeated. Masking and unmasking are the same operation."""
    size = len(data)
    if not size:
        return b""
    pad = np.frombuffer(key * (size // 4 + 1), np.uint8, size)
    return (np.frombuffer(data, np.uint8) ^ pad).tobytes()


apply_mask: Callable[[bytes, bytes], bytes]
try:
    from websockets.speedups import apply_mask
except ImportError:  # the `fast` extra is not installed
    apply_mask = numpy_mask
