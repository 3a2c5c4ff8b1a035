"""Where the language model is that answers in text, and what it understands."""

from __future__ import annotations

from topcalls.compose.vendors import Vendors, shown
from topcalls.config import Settings
from topcalls.providers.openai.chat_features import ChatFeatures, features_of


def chat_server(settings: Settings, vendors: Vendors) -> tuple[str, str]:
    """Its address and key."""
    own = shown(settings.chat_api_key)
    if settings.chat_base_url:
        return settings.chat_base_url, own
    return vendors.openai_url, own or vendors.openai_key


def chat_features(settings: Settings, url: str, model: str) -> ChatFeatures:
    """The sandbox's double is as strict as OpenAI's own service. Raises `ConfigError` for a setting
    `chat_features` that says nothing we know."""
    is_double = settings.ai_mode == "sandbox" and not settings.chat_base_url
    return features_of(url, model, "openai" if is_double else settings.chat_features)
