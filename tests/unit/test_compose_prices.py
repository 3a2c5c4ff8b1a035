"""What an installation's models cost, by its settings."""

import pytest

from topcalls import config
from topcalls.compose.prices import prices_of
from topcalls.providers.price_list import LIST_PRICES

pytestmark = pytest.mark.unit

LIVE = {"TOPCALLS_AI": "live", "OPENAI_API_KEY": "sk-x"}


def prices(**environ):
    return prices_of(config.load(environ=environ))


def test_the_list_is_that_of_the_vendors():
    assert prices().models == LIST_PRICES.models
    assert prices(**LIVE).models == LIST_PRICES.models
    assert prices().telephony is None


def test_a_server_that_speaks_as_openai_does_has_prices_of_its_own():
    found = prices(**LIVE, TOPCALLS_OPENAI_BASE_URL="https://models.example.com/v1")
    assert found.of("gpt-realtime-2.1") == ()
    assert found.of("nova-3") == LIST_PRICES.of("nova-3")


def test_an_own_list_goes_before(tmp_path):
    file = tmp_path / "prices.toml"
    file.write_text(
        '[telephony]\nper_minute = "0.01"\n[[price]]\nmodels = ["nova-3"]\nas_of = 2026-11-24\n'
        'source = "contract"\nper = "minute"\naudio_input = "0.005"\n'
    )
    found = prices(TOPCALLS_PRICES_FILE=str(file))
    assert found.of("nova-3")[0].usd == "0.005"
    assert found.telephony is not None
    assert found.of("gpt-realtime-2.1") == LIST_PRICES.of("gpt-realtime-2.1")
