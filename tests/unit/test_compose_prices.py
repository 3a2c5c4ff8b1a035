"""What an installation's models cost, by its settings."""

from datetime import date

import pytest

from topcalls import config
from topcalls.compose.lineup import lineup_of
from topcalls.compose.prices import prices_of
from topcalls.core.checkup import Level
from topcalls.core.prices import price_book
from topcalls.providers.price_list import LIST_PRICES
from topcalls.services import settings_checkup

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


def test_the_doctor_tells_of_prices_that_nobody_confirmed_and_of_unknown_ones():
    settings = config.load(
        environ={**LIVE, "TOPCALLS_LEGACY_RECOGNIZERS": "deepgram-nova", "DEEPGRAM_API_KEY": "x"}
    )
    lineup = lineup_of(settings)
    tariff = {"text_input": "1", "as_of": date(2026, 11, 24), "source": "contract"}
    voice = {**tariff, "models": ["gpt-4o-mini-tts"], "per": "1K characters"}
    book = price_book({"price": [voice]}).over(LIST_PRICES)
    [doubted] = settings_checkup.prices(lineup, book)
    assert doubted.level is Level.WARNING
    assert "nova-3" in doubted.found
    [unknown, _] = settings_checkup.prices(lineup, book.without({"gpt-6-luna"}))
    assert "gpt-6-luna" in unknown.found
    used = sorted({name for name, _ in lineup.models_in_use()})
    own = price_book({"price": [{**tariff, "models": used, "per": "1M tokens"}]})
    [fine] = settings_checkup.prices(lineup, own.over(LIST_PRICES))
    assert fine.level is Level.OK
    assert "2026-11-24" in fine.found
