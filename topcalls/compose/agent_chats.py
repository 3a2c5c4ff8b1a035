"""The language model that answers for an agent that is tried in writing."""

from __future__ import annotations

from typing import Final

from topcalls.compose.chat_server import chat_features, chat_server
from topcalls.compose.vendors import Vendors
from topcalls.config import Settings
from topcalls.errors import ConfigError
from topcalls.providers.openai.chat import ChatCompletions
from topcalls.providers.stages import ChatModel

_STALL_SECONDS: Final = 20.0
"""Whoever writes waits longer than whoever is on the telephone."""


class ChatModels:
    """Models by their names, of the server that the chain asks. In the sandbox of its double,
    wherever that is now."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def __call__(self, name: str) -> ChatModel:
        """Raises `ConfigError` where there is no key, or the sandbox does not run."""
        url, key = chat_server(self._settings, Vendors.of(self._settings))
        if not key and not self._settings.chat_base_url:
            raise ConfigError(
                "No key for a language model is set.",
                field="openai_api_key",
                remedy="Set OPENAI_API_KEY, or TOPCALLS_CHAT_BASE_URL for a server of your own.",
            )
        features = chat_features(self._settings, url, name)
        return ChatCompletions(url, key, name, features=features, stall_timeout=_STALL_SECONDS)
