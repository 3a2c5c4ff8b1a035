"""By which model knowledge is searched for its meaning, as the settings say.

Its server is met when it is asked, not before: the sandbox may not run yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from topcalls.compose.vendors import Vendors, shown
from topcalls.config import Settings
from topcalls.errors import ConfigError, ProviderError
from topcalls.providers.embeddings import Embedder, OpenAIEmbeddings, Vectors, name_of


def embedder(settings: Settings) -> Embedder | None:
    """The embedding model, or None where there is none."""
    return ConfiguredEmbedder(settings) if settings.embedding_model else None


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
