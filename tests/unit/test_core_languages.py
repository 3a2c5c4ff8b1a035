"""In which languages a call can be held."""

import pytest

from topcalls.core.languages import Engine, LanguageRules, primary

pytestmark = pytest.mark.unit

RULES = LanguageRules(
    Engine("realtime", frozenset({"en", "de", "et"})),
    (Engine("flux", frozenset({"en", "de"})), Engine("nova", frozenset({"en", "sv", "et"}))),
    (
        Engine("elevenlabs", frozenset({"en", "de", "sv"})),
        Engine("openai", frozenset({"en", "et"})),
    ),
)


def codes(tag, mode, provider=None, rules=RULES):
    return [(fault.path, fault.code) for fault in rules.faults(tag, mode, provider)]


NO = [("language", "language_not_spoken")]


@pytest.mark.parametrize(
    ("tag", "mode", "provider", "wrong"),
    [
        ("en-GB", "realtime", "openai", []),
        ("sv", "realtime", None, NO),
        ("DE-ch", "legacy", None, []),
        ("sv", "legacy", "elevenlabs", []),
        ("sv", "legacy", "openai", NO),
        ("et", "legacy", None, []),
        ("et", "legacy", "openai", []),
        ("et", "legacy", "elevenlabs", NO),
        ("fr", "legacy", None, NO),
        ("fr", "legacy", "openai", NO),
    ],
)
def test_both_ears_and_voice_must_know_it(tag, mode, provider, wrong):
    assert codes(tag, mode, provider) == wrong


def test_the_refusal_names_who_does_not_know_it_and_where_to_look():
    def message(tag, provider):
        (fault,) = RULES.faults(tag, "legacy", provider)
        return fault.message

    assert "flux, nova" in message("fr", None)
    assert "one of openai" in message("sv", "openai")
    assert "GET /v1/voices/builtin?mode=legacy&language=sv" in message("sv", "openai")


def test_engines_of_which_nothing_is_known_may_know_anything():
    open_rules = LanguageRules(Engine("server"), (Engine("x"),), (Engine("y"),))
    for mode in ("realtime", "legacy"):
        assert codes("tlh", mode, "y", open_rules) == []
    assert codes("tlh", "legacy", None, LanguageRules()) == []


@pytest.mark.parametrize(
    ("tag", "code"),
    [("pt-BR", "pt"), ("NO", "nb"), ("nn-NO", "nb"), ("tl", "fil"), ("zh-Hant-TW", "zh")],
)
def test_a_language_has_one_code(tag, code):
    assert primary(tag) == code
