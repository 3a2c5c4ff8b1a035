"""Models that turn texts into vectors, such that texts of like meaning lie near each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import orjson
from numpy.typing import NDArray

from topcalls.errors import ProviderError
from topcalls.net.http import HttpError
from topcalls.net.http_stream import StreamedAnswer, StreamingClient
from topcalls.providers import vendor_errors

Vectors = NDArray[np.float32]
"""One row of unit length per text."""

MOST_TEXTS = 32
"""In one request."""

_MOST_BYTES = 64 << 20
_VENDOR = "The embedding server"


class Embedder(Protocol):
    """`name` tells vectors apart that cannot be compared: model, and size where it is chosen."""

    name: str

    def embed(self, texts: Sequence[str], timeout: float) -> Vectors:
        """The vectors of up to `MOST_TEXTS` texts, within so many seconds. Raises ProviderError."""
        ...


class OpenAIEmbeddings:
    """`POST /embeddings` of OpenAI, or of any server that speaks like it.

    `dimensions` asks for shorter vectors, of models that can; None takes what comes.
    """

    def __init__(
        self, base_url: str, api_key: str, model: str, dimensions: int | None = None
    ) -> None:
        """Raises ConfigError for an address that is none."""
        headers = {"content-type": "application/json"}
        if api_key:
            headers["authorization"] = f"Bearer {api_key}"
        self._client = StreamingClient(base_url, headers)
        self._model = model
        self._dimensions = dimensions
        self.name = name_of(model, dimensions)

    def embed(self, texts: Sequence[str], timeout: float) -> Vectors:
        wanted: dict[str, Any] = {"model": self._model, "input": list(texts)}
        if self._dimensions:
            wanted["dimensions"] = self._dimensions
        body = orjson.dumps(wanted)
        try:
            request = self._client.request("POST", "/embeddings", body, timeout=timeout)
            with request as answer:
                if answer.status != 200:
                    answer.error_body()
                    raise vendor_errors.refused(_VENDOR, answer.status)
                content = _whole(answer)
        except HttpError as error:
            raise vendor_errors.from_http(_VENDOR, error) from None
        return _vectors(content, len(texts))


def name_of(model: str, dimensions: int | None) -> str:
    """What vectors of this model and size are told apart by."""
    return f"{model}:{dimensions}" if dimensions else model


def _whole(answer: StreamedAnswer) -> bytes:
    content = bytearray()
    for piece in answer.pieces():
        content += piece
        if len(content) > _MOST_BYTES:
            raise vendor_errors.out_of_step(_VENDOR)
    return bytes(content)


def _vectors(content: bytes, count: int) -> Vectors:
    """In the order of the texts, whatever order they came in."""
    try:
        data = sorted(orjson.loads(content)["data"], key=lambda item: item["index"])
        found = np.array([item["embedding"] for item in data], dtype=np.float32)
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        raise vendor_errors.out_of_step(_VENDOR) from None
    if found.ndim != 2 or len(found) != count or not np.isfinite(found).all():
        raise vendor_errors.out_of_step(_VENDOR)
    lengths = np.linalg.norm(found, axis=1, keepdims=True)
    if not lengths.all():
        raise ProviderError(f"{_VENDOR} sent vectors of no length.")
    unit: Vectors = found / lengths
    return unit
