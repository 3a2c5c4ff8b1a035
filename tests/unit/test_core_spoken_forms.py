"""Texts as they are said, and what of them is told as written while they are."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topcalls.core.pronunciation import Pronunciation
from topcalls.core.spoken_forms import Echo, SpokenForms

pytestmark = pytest.mark.unit

SAID = [
    # money
    (
        "en-US",
        "It is $12.50 or $1,250.",
        "It is twelve dollars and fifty cents or one thousand, two hundred and fifty dollars.",
    ),
    ("en-US", "$0.99, $1, $1.01", "ninety-nine cents, one dollar, one dollar and one cent"),
    ("en-US", "USD 12 and $5 million", "twelve dollars and five million dollars"),
    ("en-GB", "£2.01", "two pounds and one penny"),
    ("de-DE", "12,50 € und 1 €", "zwölf Euro fünfzig und ein Euro"),
    (
        "fr-FR",
        "12,50 €, 21 £, 3 millions €",
        "douze euros cinquante, vingt et une livres, trois millions d'euros",
    ),
    ("es-ES", "21,50 € o 1 £", "veintiún euros con cincuenta o una libra"),
    ("it", "12,50 € o 1 £", "dodici euro e cinquanta o una sterlina"),
    ("pt-BR", "R$ 12,50 ou 2 £", "doze reais e cinquenta ou duas libras"),
    ("nl-NL", "€ 12,50", "twaalf euro vijftig"),
    # dates
    ("en-US", "on 11/23/2026", "on November twenty-third, twenty twenty-six"),
    ("en-US", "November 23", "November twenty-third"),
    ("en-GB", "on 23/11/2026", "on the twenty-third of November twenty twenty-six"),
    ("en-GB", "the 3 March", "the third of March"),
    ("en-US", "2026-11-23", "November twenty-third, twenty twenty-six"),
    ("de-DE", "am 23.11.2026", "am dreiundzwanzigsten November zweitausendsechsundzwanzig"),
    ("de-DE", "Termin: 23.11.26", "Termin: dreiundzwanzigster November zweitausendsechsundzwanzig"),
    ("de-DE", "der 1. Januar", "der erste Januar"),
    ("fr-FR", "le 01/03/2026", "le premier mars deux mille vingt-six"),
    ("es-ES", "el 23/11/2026", "el veintitrés de noviembre de dos mil veintiséis"),
    ("it-IT", "il 01/11/2026", "il primo novembre duemilaventisei"),
    ("pt-BR", "01/11/2026", "primeiro de novembro de dois mil e vinte e seis"),
    ("nl", "op 23-11-2026", "op drieëntwintig november tweeduizendzesentwintig"),
    # times of day
    ("en-US", "at 2:30 pm, 9:05 and 10 a.m.", "at two thirty p.m., nine oh five and ten a.m."),
    ("en-US", "9:00-17:00", "nine o'clock to seventeen hundred hours"),
    ("de-DE", "um 14:30 Uhr, um 9:00", "um vierzehn Uhr dreißig, um neun Uhr"),
    ("fr-FR", "à 14h30, à 1:00", "à quatorze heures trente, à une heure"),
    ("es-ES", "a las 14:30", "a las catorce y treinta"),
    ("pt-BR", "às 22:00", "às vinte e duas horas"),
    ("nl", "om 14:30 uur", "om veertien uur dertig"),
    # telephone numbers
    ("en-US", "202-555-0123", "two zero two, five five five, zero one two three"),
    ("en-US", "+12025550123", "plus one, two zero two, five five five, zero one two three"),
    (
        "fr-FR",
        "01 23 45 67 89",
        "zéro un, vingt-trois, quarante-cinq, soixante-sept, quatre-vingt-neuf",
    ),
    ("es-ES", "912 345 678", "nueve uno dos, tres cuatro cinco, seis siete ocho"),
    ("sv", "070-123 45 67", "noll sju noll, ett två tre, fyra fem, sex sju"),
    # numbers
    (
        "en-US",
        "12.5% of 1,234",
        "twelve point five percent of one thousand, two hundred and thirty-four",
    ),
    ("en-US", "the 1st of 21", "the first of twenty-one"),
    ("en-US", "10-12 people in 2026", "ten to twelve people in twenty twenty-six"),
    (
        "en-US",
        "order 84512367, code 0042",
        "order eight four five one two three six seven, code zero zero four two",
    ),
    ("de-DE", "3,5 % von 1.250", "drei Komma fünf Prozent von eintausendzweihundertfünfzig"),
    ("es-ES", "-2%", "menos dos por ciento"),
    ("fr-FR", "1 234", "mille deux cent trente-quatre"),
    ("tr", "3,5", "üç virgül beş"),
]
AS_WRITTEN = [
    ("en-US", "Room B12, 3D, version 2.1.3, ratio 3:2, 24/7, 1/2 cup."),
    ("en-US", "Write to a12@b.com or look at www.example.com/12 or shop24.de."),
    ("en-US", "It is 99/99/2026, 25:61 and $1.234."),
    ("en-US", "Nothing to say otherwise."),
    ("ja", "12時30分に来てください"),
    ("xx", "12 and 13"),
]


@pytest.mark.parametrize(("tag", "text", "said"), SAID)
def test_figures_are_said_as_the_language_says_them(tag, text, said):
    reading = SpokenForms(tag).read(text)
    assert reading.spoken == said
    assert reading.written == text


@pytest.mark.parametrize(("tag", "text"), AS_WRITTEN)
def test_what_only_looks_like_a_figure_is_left_alone(tag, text):
    reading = SpokenForms(tag).read(text)
    assert reading.spoken == text
    assert reading.is_plain


def test_without_a_language_figures_are_left_to_the_voice():
    assert SpokenForms(None).read("It is $12.50.").is_plain


def test_a_word_of_the_dictionary_is_said_otherwise_with_figures_beside_it():
    forms = SpokenForms("en-US", [Pronunciation("Nguyen", "win"), Pronunciation("X1", "ex one")])
    reading = forms.read("Mr Nguyen's X1 is $2.")
    assert reading.spoken == "Mr win's ex one is two dollars."
    assert reading.written == "Mr Nguyen's X1 is $2."


def test_written_words_follow_the_spoken_ones():
    reading = SpokenForms("en-US").read("It is $12.50, due 3:05 pm. Yes!")
    told = [reading.take(word) for word in reading.spoken.split()]
    assert [part.strip() for part in told if part.strip()] == [
        "It",
        "is",
        "$12.50,",
        "due",
        "3:05 pm.",
        "Yes!",
    ]


TEXTS = st.text(st.sampled_from(list("aB 1205.,:-/%$€+()'\n")), max_size=60)


@given(st.sampled_from(["en-US", "en-GB", "de", "fr", "es", "it", "pt", "nl", "sv", "pl"]), TEXTS)
def test_any_text_is_read_whole_and_told_whole(tag, text):
    reading = SpokenForms(tag, [Pronunciation("aB", "other")]).read(text)
    assert reading.written == text
    parts = re.findall(r"\S+\s*", reading.spoken)
    told = "".join(reading.take(part) for part in parts)
    letters = [char for char in text if char.isalnum()]
    assert [char for char in told if char.isalnum()] == letters


# --- exact words, said by a model


def echo(text="It is $12.50 on Tuesday."):
    return Echo(SpokenForms("en-US").read(text))


def test_a_model_that_keeps_to_its_words_is_told_as_written():
    told = echo()
    deltas = ["It is", " twelve", " dollars and fifty", " cents", " on Tuesday."]
    assert "".join(told.delta(delta) for delta in deltas) == "It is $12.50 on Tuesday."
    assert echo().whole("It is twelve dollars and fifty cents, on Tuesday") == (
        "It is $12.50 on Tuesday."
    )


def test_a_model_that_says_something_else_is_told_as_it_is():
    told = echo()
    assert told.delta("It is") == "It is "
    assert told.delta(" about thirteen dollars") == " about thirteen dollars"
    assert told.delta(" on Tuesday.") == " on Tuesday."
    assert echo().whole("It is about thirteen dollars.") == "It is about thirteen dollars."


def test_more_than_was_asked_for_is_told_too():
    told = echo("Pay $2.")
    assert told.delta("Pay two dollars. Bye.") == "Pay two dollars. Bye."
    assert told.whole("Pay two dollars. Bye.") == "Pay two dollars. Bye."
