"""By which model knowledge is searched for its meaning, as the settings say.

Its server is met when it is asked, not before: the sandbox may not run yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from topcalls.compose.vendors import Vendors, shown
from topcalls.config import Settings
from topcalls.config.vendors import LOCAL_EMBEDDINGS
from topcalls.core.checkup import Finding, ok, refused
from topcalls.errors import ConfigError, ProviderError
from topcalls.providers.embeddings import Embedder, OpenAIEmbeddings, Vectors, name_of
from topcalls.providers.local import embeddings as local

EMBEDDINGS_CHECK = "embeddings"


def embedder(settings: Settings) -> Embedder | None:
    """The embedding model, or None where there is none. Raises ConfigError for a local one that is
    not installed."""
    if not settings.embedding_model:
        return None
    if settings.embedding_model != LOCAL_EMBEDDINGS:
        return ConfiguredEmbedder(settings)
    if not local.is_installed():
        raise ConfigError(
            "embedding_model is 'local', and there is no local model.",
            field="embedding_model",
            remedy=local.REMEDY,
        )
    return local.LocalEmbeddings()


def embeddings_finding(settings: Settings) -> Finding:
    """What knowledge is searched with, for the doctor. No server is asked."""
    try:
        model = embedder(settings)
    except ConfigError as error:
        return refused(EMBEDDINGS_CHECK, error)
    if model is None:
        return ok(EMBEDDINGS_CHECK, "Knowledge is found by its words alone.")
    return ok(EMBEDDINGS_CHECK, f"Knowledge is found by words and by meaning ({model.name}).")


class ConfiguredEmbedder:
    """The model of the settings; the sandbox's double stands in for a server that is not named."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.name = name_of(settings.embedding_model, settings.embedding_dimensions)

    def embed(self, texts: Sequence[str], timeout: float) -> Vectors:
        try:
            server = self._server
        except ConfigError as error:
            raise ProviderError(str(error), retryable=True) from None
        return server.embed(texts, timeout)

    @cached_property
    def _server(self) -> OpenAIEmbeddings:
        settings = self._settings
        url, key = settings.embedding_base_url, shown(settings.embedding_api_key)
        if not url:
            vendors = Vendors.of(settings)
            url, key = vendors.openai_url, key or vendors.openai_key
        model, dimensions = settings.embedding_model, settings.embedding_dimensions
        return OpenAIEmbeddings(url, key, model, dimensions)
