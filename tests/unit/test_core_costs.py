"""Costs of calls, worked out by hand; what is not known is never nought."""

import tomllib
from dataclasses import astuple
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topcalls.core import costs
from topcalls.core.cost_forecast import Makeup, forecast
from topcalls.core.costs import Component, Talk, Trunk, known, of_call, text, told, total
from topcalls.core.prices import UNITS, Price, PriceBook, price_book, price_faults
from topcalls.core.rates import Rate, rate_faults, rate_of
from topcalls.core.token_usage import TokenUsage
from topcalls.errors import ConfigError
from topcalls.providers.price_list import LIST_PRICES, load_prices

pytestmark = pytest.mark.unit

ENGLAND = "+442079460000"
PER_SECONDS = Rate(Decimal("0.0090"), minimum_seconds=6, increment_seconds=6)


# --- carriers


@pytest.mark.parametrize(
    ("rate", "seconds", "charged"),
    [
        (Rate(), 0, 0),
        (Rate(), 1, 60),
        (Rate(), 60, 60),
        (Rate(), 61, 120),
        (PER_SECONDS, 1, 6),
        (PER_SECONDS, 6, 6),
        (PER_SECONDS, 7, 12),
        (PER_SECONDS, 61, 66),
        (Rate(minimum_seconds=30, increment_seconds=6), 31, 36),
        (Rate(minimum_seconds=60, increment_seconds=1), 61, 61),
    ],
)
def test_begun_increments_are_charged_whole(rate, seconds, charged):
    assert rate.charged_seconds(seconds) == charged


def test_a_call_costs_its_minutes_and_its_fee():
    rate = Rate(Decimal("0.0085"), per_call=Decimal("0.01"))
    assert rate.charge(ENGLAND, 61, inbound=False) == Decimal("0.0270")
    assert rate.charge(ENGLAND, 0, inbound=False) == 0
    assert PER_SECONDS.charge(ENGLAND, 42, inbound=False) == Decimal("0.0063")


def test_the_longest_prefix_tells_the_price():
    prefixes = {"+44": Decimal("0.02"), "+4420": Decimal("0.01")}
    rate = Rate(Decimal("0.5"), Decimal("0.003"), prefixes=prefixes)
    assert rate.minute_price(ENGLAND, inbound=False) == Decimal("0.01")
    assert rate.minute_price("+441234567890", inbound=False) == Decimal("0.02")
    assert rate.minute_price("+12025550100", inbound=False) == Decimal("0.5")
    assert rate.minute_price(ENGLAND, inbound=True) == Decimal("0.003")


def test_a_rate_is_read_as_it_is_written():
    section = {
        "per_minute": "0.0085",
        "increment_seconds": 6,
        "currency": "EUR",
        "prefixes": {"+44": "0.02"},
        "per_call": None,
    }
    assert list(rate_faults(section)) == []
    assert rate_of(section) == Rate(
        Decimal("0.0085"),
        increment_seconds=6,
        currency="EUR",
        prefixes={"+44": Decimal("0.02")},
    )


@pytest.mark.parametrize(
    ("section", "path", "code"),
    [
        ("0.01", "", "invalid_type"),
        ({"per_minute": 0.01}, ".per_minute", "invalid_amount"),
        ({"per_minute": "-1"}, ".per_minute", "invalid_amount"),
        ({"per_minute": "1e3"}, ".per_minute", "invalid_amount"),
        ({"minimum_seconds": 0}, ".minimum_seconds", "range"),
        ({"increment_seconds": "6"}, ".increment_seconds", "invalid_type"),
        ({"currency": "euro"}, ".currency", "invalid_currency"),
        ({"prefixes": ["+44"]}, ".prefixes", "invalid_prefixes"),
        ({"prefixes": {"44": "0.01"}}, ".prefixes.44", "invalid_prefix"),
        ({"prefixes": {"+44": 1}}, ".prefixes.+44", "invalid_amount"),
        ({"per_minut": "1"}, ".per_minut", "unknown"),
    ],
)
def test_every_fault_of_a_rate_is_told(section, path, code):
    assert [(fault.path, fault.code) for fault in rate_faults(section)] == [(f"rate{path}", code)]


# --- price lists


def listed(**prices):
    entry = {"models": ["m"], "as_of": date(2026, 11, 23), "source": "https://example.com"}
    return {"price": [{**entry, "per": "1M tokens", **prices}]}


def test_the_list_that_ships_is_right_dated_and_has_its_sources():
    for prices in LIST_PRICES.models.values():
        for price in prices:
            assert price.as_of
            assert price.source
            assert price.unit in UNITS
    assert LIST_PRICES.of("nova-3")[0].confirmed is False
    address = "https://developers.openai.com/api/docs/models/gpt-transcribe"
    assert LIST_PRICES.of("gpt-transcribe") == (
        Price("audio_input", "minute", "0.0045", date(2026, 11, 30), address),
    )


def test_an_own_list_goes_before_the_other():
    own = price_book(
        {
            **listed(text_input="1.00"),
            "telephony": {"per_minute": "0.01"},
            "exchange": {"EUR": "1.1"},
        }
    )
    book = own.over(LIST_PRICES)
    assert book.of("m")[0].usd == "1.00"
    assert book.of("nova-3") == LIST_PRICES.of("nova-3")
    assert book.telephony == Rate(Decimal("0.01"))
    assert book.dollars(Decimal(10), "EUR") == Decimal("11.0")
    assert book.dollars(Decimal(10), "SEK") is None
    assert book.without({"m"}).of("m") == ()


@pytest.mark.parametrize(
    ("content", "path", "code"),
    [
        ({"prices": []}, "prices", "unknown"),
        ({"price": {}}, "price", "invalid_type"),
        ({"price": ["m"]}, "price.0", "invalid_type"),
        ({"exchange": {"EUR": 1.1}}, "exchange.EUR", "invalid_rate"),
        ({"exchange": []}, "exchange", "invalid_type"),
        ({"telephony": {"per_minute": 1}}, "telephony.per_minute", "invalid_amount"),
        (listed(), "price.0", "required"),
        (listed(text_input=4.0), "price.0.text_input", "invalid_amount"),
        (listed(text_input="4", per="token"), "price.0.per", "choice"),
        (listed(text_input="4", as_of="2026"), "price.0.as_of", "invalid_date"),
        (listed(text_input="4", source=""), "price.0.source", "required"),
        (listed(text_input="4", confirmed="no"), "price.0.confirmed", "invalid_type"),
        (listed(text_input="4", models="m"), "price.0.models", "invalid_models"),
        (listed(text_input="4", text_inptu="4"), "price.0.text_inptu", "unknown"),
    ],
)
def test_every_fault_of_a_list_is_told(content, path, code):
    assert [(fault.path, fault.code) for fault in price_faults(content)] == [(path, code)]


def test_a_file_that_is_wrong_is_refused_by_its_name(tmp_path):
    file = tmp_path / "prices.toml"
    for content in (None, "[[price", '[[price]]\nmodels = "m"'):
        if content is not None:
            file.write_text(content)
        with pytest.raises(ConfigError, match=r"prices\.toml") as error:
            load_prices(file)
        assert error.value.field == "prices_file"
    file.write_text('[telephony]\nper_minute = "0.01"\n')
    assert load_prices(file).telephony == Rate(Decimal("0.01"))


def test_the_example_in_the_rules_is_a_list():
    lines = [
        line[4:] for line in price_book.__globals__["__doc__"].splitlines() if line[:4] == "    "
    ]
    assert list(price_faults(tomllib.loads("\n".join(lines)))) == []


# --- calls


def line_of(lines, component):
    (line,) = [one for one in lines if one.component is component]
    return line


def talk(seconds=42, rate=PER_SECONDS, number=ENGLAND, **more):
    return Talk(number, seconds, trunk=Trunk("Telnyx", rate), **more)


def test_a_realtime_call_worked_out():
    """700 fresh and 300 cached text tokens, 600 and 400 of audio, 100 and 1200 out, at the prices
    of gpt-realtime-2.1-mini: 700 x 0.60 + 300 x 0.06 + 600 x 10 + 400 x 0.30 + 100 x 2.40 +
    1200 x 20, for a million: 0.030798. Half a minute written down: 0.00225. 42 seconds at 0.9 cents
    a minute: 0.0063."""
    usages = {
        "gpt-realtime-2.1-mini": TokenUsage(1000, 1000, 700, 100, 1200, 400),
        "gpt-transcribe": TokenUsage(heard_ms=30_000),
    }
    lines = of_call(talk(), usages, LIST_PRICES)
    assert line_of(lines, Component.MODEL).amount == Decimal("0.030798")
    assert line_of(lines, Component.TRANSCRIPTION).amount == Decimal("0.002250")
    assert line_of(lines, Component.TELEPHONY).amount == Decimal("0.006300")
    assert total(lines) == known(lines) == Decimal("0.039348")
    assert told(lines)["total"] == "0.039348"
    quantities = {one.item: one.quantity for one in line_of(lines, Component.MODEL).items}
    assert quantities == {
        "text_input": 700,
        "text_cached_input": 300,
        "text_output": 100,
        "audio_input": 600,
        "audio_cached_input": 400,
        "audio_output": 1200,
    }


def test_a_call_of_the_chain_worked_out():
    """15,000 tokens read, 5,000 from the cache and 2,000 written of gpt-6-luna: 0.0015 + 0.00005
    + 0.001; 90 seconds heard by nova-3: 0.0072. What the voice costs is not on the list."""
    usages = {
        "gpt-6-luna": TokenUsage(20_000, input_cached=5_000, output_text=2_000),
        "nova-3": TokenUsage(heard_ms=90_000),
        "eleven_v3": TokenUsage(voice_characters=900),
    }
    lines = of_call(talk(90, Rate(Decimal("0.01"))), usages, LIST_PRICES)
    assert line_of(lines, Component.MODEL).amount == Decimal("0.002550")
    assert line_of(lines, Component.TRANSCRIPTION).amount == Decimal("0.007200")
    assert line_of(lines, Component.TELEPHONY).amount == Decimal("0.020000")
    voice = line_of(lines, Component.VOICE)
    assert (voice.amount, voice.reason) == (None, "The price list does not have this model.")
    assert total(lines) is None
    assert known(lines) == Decimal("0.029750")
    own = price_book(
        {
            "price": [
                {
                    "models": ["eleven_v3"],
                    "as_of": date(2026, 11, 23),
                    "source": "contract",
                    "per": "1K characters",
                    "text_input": "0.05",
                }
            ]
        }
    )
    lines = of_call(talk(90, Rate(Decimal("0.01"))), usages, own.over(LIST_PRICES))
    assert total(lines) == Decimal("0.074750")


@pytest.mark.parametrize(
    ("spoken", "reason"),
    [
        (talk(rate=None), "has no rate"),
        (talk(rate=Rate(inbound_per_minute=Decimal(1))), "this destination"),
        (talk(rate=Rate(Decimal(1)), inbound=True), "calls that come in"),
        (talk(rate=Rate(Decimal(1), currency="EUR")), "exchange rate of EUR"),
    ],
)
def test_what_a_carrier_charges_is_not_known_without_its_rate(spoken, reason):
    (line,) = of_call(spoken, {}, PriceBook())
    assert line.amount is None
    assert reason in line.reason


def test_a_call_that_nobody_answered_costs_nothing_whatever_the_rate():
    (line,) = of_call(talk(0, None), {}, PriceBook())
    assert line.amount == 0
    assert told([line])["total"] == "0.00"


def test_a_call_that_was_never_dialled_has_no_carrier():
    assert of_call(Talk(ENGLAND, 0), {}, PriceBook()) == ()
    assert told([])["total"] == "0.00"


def test_another_currency_is_changed():
    book = PriceBook(exchange={"EUR": Decimal("1.25")})
    (line,) = of_call(talk(60, Rate(Decimal("0.02"), currency="EUR")), {}, book)
    assert line.amount == Decimal("0.025000")


def test_a_price_that_is_missing_makes_the_line_unknown():
    book = PriceBook({"m": (Price("text_input", "1M tokens", "1"),)})
    (line,) = costs.model_lines("m", TokenUsage(10, output_audio=1), book)
    assert line.amount is None
    assert "audio_output" in line.reason


@pytest.mark.parametrize(
    ("amount", "written"),
    [
        ("0", "0.00"),
        ("12", "12.00"),
        ("0.1", "0.10"),
        ("0.0000005", "0.000001"),
        ("1.250000", "1.25"),
    ],
)
def test_money_is_written_in_decimals(amount, written):
    assert text(Decimal(amount)) == written


token_counts = st.integers(0, 5_000_000)


@given(st.lists(token_counts, min_size=8, max_size=8))
def test_cached_tokens_are_a_part_of_what_was_read_and_cost_no_more(counts):
    usage = TokenUsage(*counts)
    lines = list(costs.model_lines("gpt-realtime-2.1", usage, LIST_PRICES))
    fresh = TokenUsage(
        usage.input_text, usage.input_audio, 0, usage.output_text, usage.output_audio
    )
    (dearest,) = list(costs.model_lines("gpt-realtime-2.1", fresh, LIST_PRICES)) or [None]
    model = [line for line in lines if line.component is Component.MODEL]
    assert bool(model) is (astuple(fresh) != astuple(TokenUsage()))
    if model:
        assert 0 <= model[0].amount <= dearest.amount
        read = sum(one.quantity for one in model[0].items if "input" in one.item)
        assert read == usage.input_text + usage.input_audio


# --- forecasts


def test_a_minute_of_speech_to_speech_foretold():
    """Half a minute each: 300 tokens of the caller, 600 of the agent; 6 turns, of which 5 read
    half of that again."""
    makeup = Makeup("gpt-realtime-2.1", "gpt-transcribe", instructions_length=400)
    found = forecast(makeup, 60)
    model = found["gpt-realtime-2.1"]
    assert (model.output_audio, model.output_text) == (600, 120)
    assert model.input_audio - model.input_cached_audio == 300
    assert model.input_cached_audio == 5 * 450
    assert found["gpt-transcribe"] == TokenUsage(heard_ms=30_000)


def test_a_minute_of_the_chain_foretold():
    found = forecast(Makeup("gpt-6-luna", "nova-3", "eleven_flash_v2_5"), 60)
    assert found["nova-3"] == TokenUsage(heard_ms=60_000)
    assert found["eleven_flash_v2_5"] == TokenUsage(voice_characters=450)
    assert found["gpt-6-luna"] == TokenUsage(6 * (700 + 120), output_text=120)


@given(st.integers(1, 7_200), st.integers(1, 7_200))
def test_a_longer_call_never_costs_less(one, other):
    makeup = Makeup("gpt-realtime-2.1", "gpt-transcribe")
    shorter, longer = (
        total(of_call(talk(seconds), forecast(makeup, seconds), LIST_PRICES))
        for seconds in sorted((one, other))
    )
    assert shorter <= longer


def test_a_model_that_reads_aloud_is_forecast_in_tokens() -> None:
    makeup = Makeup("gpt-6-luna", "nova-3", "gpt-realtime-2.1-mini", reads_aloud=True)
    voice = forecast(makeup, 60)["gpt-realtime-2.1-mini"]
    assert (voice.output_audio, voice.voice_characters) == (600, 0)
    assert voice.input_text > 0
