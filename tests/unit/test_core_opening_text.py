"""Whether the beginning of a call says what it is stated to say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topcalls.core.opening_text import Beginning, has_number, unsaid
from topcalls.core.rule_values import SLOTS

pytestmark = pytest.mark.unit

WHOLE = (
    "Hello, this is an AI assistant calling for Bright Smile, about your appointment. The call is "
    "recorded. To stop all calls, say stop or press 9. You reach us at +1 305 555 0199. Is it all "
    "right to go on?"
)


def lacks(text, *slots, **more):
    found = {"recorded": True, "seller": "Bright Smile", "language": "en-US", **more}
    return unsaid(slots or SLOTS, Beginning(text, **found))


def test_one_opening_says_everything():
    assert lacks(WHOLE) == ()


def test_what_is_stated_and_not_said_is_found():
    plain = "Hello, this is Rachel. I call about your appointment."
    assert set(lacks(plain)) == set(SLOTS) - {"purpose"}
    assert lacks(plain, "purpose") == ()


@pytest.mark.parametrize("slot", SLOTS)
def test_without_a_fixed_beginning_nothing_is_said(slot):
    assert lacks("", slot) == (slot,)
    assert lacks("  …  ", slot) == (slot,)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("de", "Hier spricht die KI von Bright Smile, das Gespräch wird aufgezeichnet. Die 9 "
               "beendet alle Anrufe."),
        ("es-MX", "Soy la asistente virtual de Bright Smile. Llamada grabada. Pulse el nueve."),
        ("fr", "Je suis l'assistante virtuelle de Bright Smile. Appel enregistré. Dites stop."),
        ("it", "Parla la voce artificiale di Bright Smile. Chiamata registrata. Prema il nove."),
        ("pt-BR", "Sou a assistente virtual da Bright Smile. A chamada é gravada. Diga parar."),
        ("nl", "Hier de virtuele assistent van Bright Smile. Dit wordt opgenomen. Zeg stop."),
        ("pl", "Mówi wirtualna asystentka Bright Smile. Rozmowa jest nagrywana. Wybierz 9."),
        ("ro", "Sunt asistentul virtual Bright Smile. Apelul este înregistrat. Spuneți stop."),
    ],
)  # fmt: skip
def test_each_language_has_words_of_its_own(language, text):
    slots = ("ai_voice", "opt_out", "recording", "registered_name")
    assert lacks(text, *slots, language=language) == ()
    assert lacks(text, *slots, language=None) == ()
    foreign = "Bonjour Bright Smile, bonne journée." if language != "fr" else "Hi Bright Smile."
    assert set(lacks(foreign, *slots, language=language)) == {"ai_voice", "opt_out", "recording"}


def test_words_are_whole_ones():
    assert lacks("I maintain aid for robotics and 1995 stoppages.", "ai_voice", "opt_out") == (
        "ai_voice",
        "opt_out",
    )


def test_in_a_language_that_is_not_known_the_statement_counts():
    assert lacks("こんにちは、Bright Smileです。", "ai_voice", "opt_out", language="ja") == ()
    assert lacks("こんにちは。", "registered_name", language="ja") == ("registered_name",)
    assert lacks("よろしいですか？", "go_on", language="ja") == ()


def test_a_name_is_found_however_it_is_written_and_none_is_looked_for_where_none_is_known():
    text = "Hello from BRIGHT-smile, Inc."
    assert lacks(text, "registered_name") == ()
    assert lacks(text, "registered_name", seller="Bright Smile Dental") == ("registered_name",)
    assert lacks(text, "registered_name", seller=None) == ()
    assert lacks("Hello from {{company}}.", "registered_name") == ()


def test_a_number_may_be_said_later_in_the_call():
    assert lacks("Hello.", "callback_number") == ("callback_number",)
    assert lacks("Hello.", "callback_number", number_later=True) == ()
    assert has_number("Call (305) 555-0199.")
    assert has_number("Call {{office}}.")
    assert not has_number("It is 2026, at 10:30.")


def test_a_recording_that_is_not_made_or_is_announced_needs_no_words():
    assert lacks("Hello.", "recording") == ("recording",)
    assert lacks("Hello.", "recording", recorded=False) == ()


def test_other_words_are_named_and_have_to_be_there():
    said = (("ai_voice", "your digital helper"),)
    assert lacks("Hi, I am your DIGITAL helper.", "ai_voice", said=said) == ()
    assert lacks("Hi, I am an AI.", "ai_voice", said=said) == ("ai_voice",)


@given(st.text(max_size=200), st.sets(st.sampled_from(SLOTS)))
def test_whatever_is_said_only_what_is_stated_is_judged_and_more_words_never_lack_more(text, slots):
    found = set(lacks(text, *slots)) if slots else set()
    assert found <= slots
    if slots:
        assert set(lacks(f"{text} {WHOLE}", *slots)) == set()
