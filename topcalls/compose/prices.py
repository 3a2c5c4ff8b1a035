"""What models and the own trunk cost in this installation, read from its settings."""

from __future__ import annotations

from topcalls.compose.lineup import lineup_of
from topcalls.config import Settings
from topcalls.core.prices import PriceBook
from topcalls.providers import registry
from topcalls.providers.price_list import LIST_PRICES, load_prices


def prices_of(settings: Settings) -> PriceBook:
    """The vendors' list prices, and before them those of `prices_file`. A server that only speaks
    as OpenAI does has prices of its own: the list's are not taken for it. Raises `ConfigError`."""
    known = LIST_PRICES
    if lineup_of(settings).own_server:
        models = registry.known_models().values()
        known = known.without({model.name for model in models if model.provider == "openai"})
    own = settings.prices_file
    return known if own is None else load_prices(own).over(known)
