"""The vendors' list prices, in `prices.toml` beside this module, and those that go before them."""

from __future__ import annotations

import tomllib
from importlib import resources
from pathlib import Path

from topcalls.core.prices import PriceBook, price_book, price_faults
from topcalls.errors import ConfigError

LIST_PRICES = price_book(
    tomllib.loads(resources.files("topcalls.providers").joinpath("prices.toml").read_text())
)
_REMEDY = "docs/costs.md shows how one is written."


def load_prices(path: Path) -> PriceBook:
    """The price list in a file. Raises `ConfigError` that names the place at fault."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        message = f"The price list {path} cannot be read: {error.strerror}."
        raise ConfigError(message, field="prices_file", remedy=_REMEDY) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        message = f"The price list {path} is not valid TOML: {error}."
        raise ConfigError(message, field="prices_file", remedy=_REMEDY) from None
    for fault in price_faults(content):
        message = f"The price list {path} is wrong: {fault.path}: {fault.message}"
        raise ConfigError(message, field="prices_file", remedy=_REMEDY)
    return price_book(content)
