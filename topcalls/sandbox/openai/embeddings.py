"""`POST /v1/embeddings` of the double: texts with the same words lie near each other."""

from __future__ import annotations

import hashlib
import math
import re
from typing import Any

from topcalls.sandbox.openai.conversation import text_tokens
from topcalls.sandbox.openai.validation import Refusal

DIMENSIONS = 256
MOST_TEXTS = 2048
_WORD = re.compile(r"\w+")


def embeddings(body: dict[str, Any]) -> dict[str, Any]:
    """The answer to a request. Raises Refusal."""
    texts, size = _texts(body.get("input")), body.get("dimensions", DIMENSIONS)
    if not isinstance(body.get("model"), str):
        raise Refusal(None, "you must provide a model parameter", "model")
    if isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= 3072:
        raise Refusal(None, "Invalid 'dimensions'.", "dimensions")
    if body.get("encoding_format", "float") != "float":
        raise Refusal(None, "The double knows 'float' only.", "encoding_format")
    spent = sum(text_tokens(text) for text in texts)
    return {
        "object": "list",
        "model": body["model"],
        "data": [
            {"object": "embedding", "index": index, "embedding": _vector(text, size)}
            for index, text in enumerate(texts)
        ],
        "usage": {"prompt_tokens": spent, "total_tokens": spent},
    }


def _texts(given: Any) -> list[str]:
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list) or not texts or len(texts) > MOST_TEXTS:
        raise Refusal(None, "'input' must be a string or a list of 1 to 2048 strings.", "input")
    if not all(isinstance(text, str) and text for text in texts):
        raise Refusal(None, "'$.input' is invalid.", "input")
    return texts


def _vector(text: str, size: int) -> list[float]:
    found = [1e-3] * size
    for word in _WORD.findall(text.lower()):
        digest = hashlib.blake2b(word.encode(), digest_size=4).digest()
        found[int.from_bytes(digest, "big") % size] += 1.0
    length = math.sqrt(sum(value * value for value in found))
    return [value / length for value in found]
