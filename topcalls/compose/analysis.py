"""The model that reads calls when they are over. Only the worker loads it."""

from __future__ import annotations

from topcalls.compose.chat_server import chat_features, chat_server
from topcalls.compose.vendors import Vendors
from topcalls.config import Settings
from topcalls.errors import ConfigError, ProviderError
from topcalls.providers.openai.structured import StructuredChat
from topcalls.providers.structured import StructuredAnswer, StructuredRequest


class AnalysisModel:
    """As configured; in the sandbox its double, wherever that is now: it may be started after the
    worker, and again."""

    def __init__(self, settings: Settings) -> None:
        self.name = settings.analysis_model or settings.legacy_model
        self._settings = settings
        self._server: tuple[str, str] | None = None
        self._chat: StructuredChat | None = None

    def ask(self, request: StructuredRequest) -> StructuredAnswer:
        """See `providers.structured.StructuredModel`."""
        try:
            server = chat_server(self._settings, Vendors.of(self._settings))
        except ConfigError as error:
            raise ProviderError(str(error), retryable=True, provider_code="no_sandbox") from None
        if self._chat is None or server != self._server:
            self._server, self._chat = server, self._connected(*server)
        return self._chat.ask(request)

    def _connected(self, url: str, key: str) -> StructuredChat:
        features = chat_features(self._settings, url, self.name)
        seconds = self._settings.analysis_timeout_seconds
        return StructuredChat(url, key, self.name, features=features, seconds=seconds)
