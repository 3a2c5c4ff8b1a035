"""XOR of a WebSocket payload with its four-byte key (RFC 6455 §5.3).

The compiled `websockets` package does it in a tenth of the time; it is an optional extra, so
numpy stands in where it is missing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import numpy as np

_POOL_BYTES = 4096
_keys: Iterator[bytes] = iter(())


def new_key() -> bytes:
    """Four bytes that nobody can foresee; the operating system is asked for many at once."""
    global _keys
    key = next(_keys, None)
    if key is None:
        pool = os.urandom(_POOL_BYTES)
        _keys = iter([pool[at : at + 4] for at in range(0, _POOL_BYTES, 4)])
        key = next(_keys)
    return key


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
