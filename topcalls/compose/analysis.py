"""The model that reads calls when they are over. Only a worker that asks it loads its client."""

from __future__ import annotations

from topcalls.compose.chat_server import chat_features, chat_server
from topcalls.compose.vendors import Vendors
from topcalls.config import Settings
from topcalls.errors import ConfigError, ProviderError
from topcalls.loading import load
from topcalls.providers.structured import StructuredAnswer, StructuredModel, StructuredRequest


class AnalysisModel:
    """As configured; in the sandbox its double, wherever that is now: it may be started after the
    worker, and again. `vendors`: others than those of the settings."""

    def __init__(self, settings: Settings, vendors: Vendors | None = None) -> None:
        self._vendors = vendors
        self.name = settings.analysis_model or settings.legacy_model
        self._settings = settings
        self._server: tuple[str, str] | None = None
        self._chat: StructuredModel | None = None

    def ask(self, request: StructuredRequest) -> StructuredAnswer:
        """See `providers.structured.StructuredModel`."""
        try:
            vendors = self._vendors or Vendors.of(self._settings)
            server = chat_server(self._settings, vendors)
        except ConfigError as error:
            raise ProviderError(str(error), retryable=True, provider_code="no_sandbox") from None
        if self._chat is None or server != self._server:
            self._server, self._chat = server, self._connected(*server)
        return self._chat.ask(request)

    def _connected(self, url: str, key: str) -> StructuredModel:
        features = chat_features(self._settings, url, self.name)
        seconds = self._settings.analysis_timeout_seconds
        room = load("topcalls.providers.openai.structured")
        chat: StructuredModel = room.StructuredChat(
            url, key, self.name, features=features, seconds=seconds
        )
        return chat
