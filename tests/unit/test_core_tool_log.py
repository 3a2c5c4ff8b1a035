"""What is kept of the calls of tools: no secrets, and not too much."""

import json

import pytest

from topcalls.core.tool_log import LONGEST, is_secret, kept, without
from topcalls.core.tools import HIDDEN

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "new_password",
        "userPassword",
        "api_key",
        "apiKey",
        "X-Api-Key",
        "access_token",
        "tokens",
        "client-secret",
        "Authorization",
        "card_number",
        "cardNumber",
        "cvv",
        "pin",
        "iban",
        "ssn",
    ],
)
def test_a_name_that_tells_of_a_secret(name):
    assert is_secret(name)


@pytest.mark.parametrize(
    "name", ["order", "number", "pinned", "tokenized", "passwordless", "opinion", "phone_number"]
)
def test_a_name_that_tells_of_none(name):
    assert not is_secret(name)


def test_secrets_are_hidden_wherever_they_are():
    text = json.dumps({"user": "Zoë", "login": [{"password": "hunter2", "id": 1}], "pin": 1234})
    assert json.loads(kept(text)) == {
        "user": "Zoë",
        "login": [{"password": HIDDEN, "id": 1}],
        "pin": HIDDEN,
    }


@pytest.mark.parametrize("text", ['{"a":  1}', "in stock", "", "[1, null]", '{"pin": null}'])
def test_a_text_without_secrets_stays_as_it_is(text):
    assert kept(text) == text


@pytest.mark.parametrize("text", ["x" * 100_000, json.dumps({"a": "x" * 100_000}), "[" * 90_000])
def test_what_is_too_long_is_cut_and_says_so(text):
    cut = kept(text)
    assert len(cut) == LONGEST
    assert cut.endswith("[cut]")


def test_values_that_a_server_repeats_are_hidden():
    said = 'You sent "Bearer abcdef" and "abcdef". Also x.'
    assert without(said, ["Bearer abcdef", "abcdef", "x"]) == (
        f'You sent "{HIDDEN}" and "{HIDDEN}". Also x.'
    )
    assert without('{"a":"quo\\"ted-value"}', ['quo"ted-value']) == f'{{"a":"{HIDDEN}"}}'
