"""How long a caller may be silent: by what was said, and by what the agent asked for."""

from __future__ import annotations

import pytest

from topcalls.core.endpointing import (
    ADDRESS_MS,
    DOUBT_BELOW,
    DOUBTFUL_MS,
    GOES_ON_BELOW,
    LEADING_ON_MS,
    LONG_NUMBER_MS,
    MENU_MS,
    NAME_MS,
    READING_OUT_MS,
    SPELLING_MS,
    UNFINISHED_MS,
    UNHEARD_MS,
    UNMARKED_MS,
    Endpointing,
    Heard,
    Patience,
)
from topcalls.core.endpointing_data import LANGUAGES
from topcalls.core.languages import primary
from topcalls.providers.languages import LANGUAGES as CALL_LANGUAGES

PLAN = Endpointing()
ENDED = PLAN.min_ms
UNMARKED = PLAN.min_ms + UNMARKED_MS
UNHEARD = PLAN.min_ms + UNHEARD_MS
NUMBER = "What is your customer number?"
EMAIL = "Could you tell me your e-mail address?"
NAME = "May I have your name, please?"


def patience(caller: str, agent: str = "", language: str | None = "en-US", **more: bool) -> int:
    heard = Heard(agent, caller, complete=more.pop("complete", True), **more)
    return Patience(PLAN, language).milliseconds(heard)


@pytest.mark.parametrize(
    ("caller", "expected"),
    [
        ("What are your opening hours?", ENDED),
        ("I would like a table for two.", ENDED),
        ("Yes.", ENDED),
        ("No!", ENDED),
        ('He said "never."', ENDED),
        ("I would like a table for two", UNMARKED),
        ("yes", UNMARKED),
        ("What are you waiting for?", ENDED),
        ("I would like to", LEADING_ON_MS),
        ("I would like to book a table and", LEADING_ON_MS),
        ("I would like to book a table and.", LEADING_ON_MS),
        ("Because, um", LEADING_ON_MS),
        ("On Tuesday,", LEADING_ON_MS),
        ("Well...", LEADING_ON_MS),
        ("I thought …", LEADING_ON_MS),
        ("That is what it is for.", ENDED),
        ("That is what it is for", LEADING_ON_MS),
        ("", LEADING_ON_MS),
    ],
)
def test_the_form_of_a_sentence_tells_whether_it_has_ended(caller: str, expected: int) -> None:
    assert patience(caller) == expected


@pytest.mark.parametrize(
    ("caller", "agent", "expected"),
    [
        ("It is 555", NUMBER, READING_OUT_MS),
        ("It is 555.", NUMBER, READING_OUT_MS),
        ("five five five", NUMBER, READING_OUT_MS),
        ("double five, three", NUMBER, READING_OUT_MS),
        ("five five five one two three four five six seven", NUMBER, LONG_NUMBER_MS),
        ("It is 555-123-4567", NUMBER, LONG_NUMBER_MS),
        ("One moment", NUMBER, LEADING_ON_MS),
        ("I do not have it here.", NUMBER, ENDED),
        ("My number is five five five", "", READING_OUT_MS),
        ("5 5 5", "", READING_OUT_MS),
        ("The order is 55512", "", READING_OUT_MS),
        ("At ten thirty", "", UNMARKED),
        ("On Tuesday at 10:30", "", UNMARKED),
        ("We are two", "Nice to meet you.", UNMARKED),
    ],
)
def test_a_number_is_read_out_in_peace(caller: str, agent: str, expected: int) -> None:
    assert patience(caller, agent) == expected


@pytest.mark.parametrize(
    ("caller", "agent", "expected"),
    [
        ("M I L", "", SPELLING_MS),
        ("It is M-I-L", "", SPELLING_MS),
        ("B as in Bravo", "", SPELLING_MS),
        ("plan B", "", UNMARKED),
        ("John", NAME, NAME_MS),
        ("John Miller.", NAME, NAME_MS),
        ("My name is John Miller.", NAME, ENDED),
        ("Sure.", NAME, NAME_MS),
    ],
)
def test_names_are_spelt_in_peace(caller: str, agent: str, expected: int) -> None:
    assert patience(caller, agent) == expected


@pytest.mark.parametrize(
    ("caller", "agent", "expected"),
    [
        ("john dot", EMAIL, ADDRESS_MS),
        ("john dot miller at example", EMAIL, ADDRESS_MS),
        ("john dot miller at example dot com", EMAIL, UNMARKED),
        ("john.miller@example.com", EMAIL, UNMARKED),
        ("john.miller@example.com.", EMAIL, UNMARKED),
        ("john.miller@example", "", ADDRESS_MS),
        ("you reach me at john dot miller at", "", ADDRESS_MS),
        ("I do not have one.", EMAIL, ENDED),
        ("One second.", EMAIL, ADDRESS_MS),
        ("Look at that", "", UNMARKED),
    ],
)
def test_an_address_is_said_in_peace(caller: str, agent: str, expected: int) -> None:
    assert patience(caller, agent) == expected


@pytest.mark.parametrize("agent", [NUMBER, EMAIL, NAME])
def test_a_yes_to_such_a_question_is_only_its_beginning(agent: str) -> None:
    assert patience("Sure.", agent, acknowledges=True) == LEADING_ON_MS
    assert patience("Sure.", acknowledges=True) == ENDED


@pytest.mark.parametrize(
    ("agent", "before", "expected"),
    [
        ("", "", UNHEARD),
        (NUMBER, "", READING_OUT_MS),
        (EMAIL, "", ADDRESS_MS),
        (NAME, "", NAME_MS),
        ("How can I help you?", "My phone number is", READING_OUT_MS),
        (f"{NUMBER} Or shall I look it up?", "", UNHEARD),
    ],
)
def test_without_words_the_question_tells(agent: str, before: str, expected: int) -> None:
    assert patience(before, agent, complete=False) == expected


def test_a_menu_is_given_time_unless_it_asks() -> None:
    assert patience("For sales, press one.", in_menu=True) == MENU_MS
    assert patience("", complete=False, in_menu=True) == MENU_MS
    assert patience("Sales, how can I help you?", in_menu=True) == ENDED


@pytest.mark.parametrize(
    ("language", "agent", "caller", "expected"),
    [
        ("de-DE", "", "Ich hätte gern einen Termin und", LEADING_ON_MS),
        ("de", "Wie lautet Ihre Kundennummer?", "drei vier", READING_OUT_MS),
        ("de", "Wie ist Ihre E-Mail-Adresse?", "max punkt muster", ADDRESS_MS),
        ("de", "Buchstabieren Sie bitte Ihren Nachnamen.", "M wie Martha", SPELLING_MS),
        ("fr", "", "Je voudrais parler à mon", LEADING_ON_MS),
        ("fr", "Quel est votre numéro de téléphone ?", "zéro six", READING_OUT_MS),
        ("es", "¿Cuál es su correo electrónico?", "juan punto", ADDRESS_MS),
        ("it", "", "Vorrei un tavolo perché", LEADING_ON_MS),
        ("pt-BR", "Qual é o seu CPF?", "três meia", READING_OUT_MS),
        ("nl", "Wat is uw telefoonnummer?", "nul zes", READING_OUT_MS),
        ("ru", "Какой у вас номер?", "восемь девять", READING_OUT_MS),
        ("ja", "", "予約したいんですけど", LEADING_ON_MS),
        ("ja", "", "予約をお願いします。", ENDED),
        ("ja", "お電話番号をお願いします。", "〇九〇", READING_OUT_MS),
        ("zh", "", "我想预约,因为", LEADING_ON_MS),
        ("zh", "", "我想预约。", ENDED),
        ("zh", "您的电话号码是多少？", "一三八", READING_OUT_MS),
        ("sw", "", "Habari za leo", UNMARKED),
        ("sw", "", "moja, mbili,", LEADING_ON_MS),
        (None, "", "5 5 5", READING_OUT_MS),
    ],
)
def test_every_language_has_its_own_words(
    language: str | None, agent: str, caller: str, expected: int
) -> None:
    assert patience(caller, agent, language) == expected


def test_a_calls_limits_hold() -> None:
    quick = Patience(Endpointing(min_ms=200, max_ms=800), "en")
    assert quick.milliseconds(Heard("", "Yes.", complete=True)) == 200
    assert quick.milliseconds(Heard(EMAIL, "john dot", complete=True)) == 800
    slow = Patience(Endpointing(min_ms=1500, max_ms=1500), "en")
    assert slow.milliseconds(Heard("", "Yes.", complete=True)) == 1500


def test_a_model_that_judges_by_itself_is_believed() -> None:
    plan = Endpointing(by_model=True)
    assert Patience(plan, "en").milliseconds(Heard(EMAIL, "john dot", complete=True)) == 0


def test_ears_tell_before_the_turn_is_over() -> None:
    for least in (100, 200, 400, 1000, 2000):
        plan = Endpointing(min_ms=least)
        assert 200 <= plan.ears_ms <= 500
        assert plan.ears_ms <= max(least, 200)


def test_the_lists_are_of_languages_that_calls_may_have() -> None:
    assert set(LANGUAGES) <= {primary(language.tag) for language in CALL_LANGUAGES}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_list_has_empty_or_doubled_entries(language: str) -> None:
    for name, text in LANGUAGES[language]._asdict().items():
        if name != "unspaced":
            entries = [entry.strip() for entry in text.split(",")]
            assert all(entries), name
            assert len(entries) == len(set(entries)), name
    lists = LANGUAGES[language]
    assert not set(lists.leading_on.split(", ")) & set(lists.rarely_last.split(", "))


def test_what_was_dictated_so_far_tells_what_unknown_words_are() -> None:
    patience = Patience(Endpointing(), "en")

    def before_words(caller: str) -> int:
        return patience.milliseconds(Heard("How can I help you?", caller))

    assert before_words("") == before_words("What are your opening hours?") == 480
    assert before_words("It is. Four one five.") == READING_OUT_MS
    assert before_words("It is. Four one five two seven one nine oh three eight.") == LONG_NUMBER_MS
    assert before_words("Lee. S M I") == SPELLING_MS
    assert before_words("It is john dot") == ADDRESS_MS


def test_who_has_paused_before_is_given_as_much_again() -> None:
    patience = Patience(Endpointing(), "en")

    def given(caller: str, *, complete: bool, paused_ms: int = 900) -> int:
        heard = Heard("How can I help you?", caller, complete, paused_ms=paused_ms)
        return patience.milliseconds(heard)

    assert given("", complete=False) == given("The street is anna", complete=True) == 1200
    assert given("", complete=False, paused_ms=2400) == Endpointing.max_ms
    assert given("Well, it is broken.", complete=True) == Endpointing.min_ms
    assert given("", complete=False, paused_ms=0) == 480
    assert given("It is john dot smith at example dot com", complete=True) == 550


# --- how it sounds


@pytest.mark.parametrize(
    ("caller", "finished", "expected"),
    [
        ("I would like a table.", None, ENDED),
        ("I would like a table.", 1.0, ENDED),
        ("I would like a table.", DOUBT_BELOW, ENDED),
        ("I would like a table.", DOUBT_BELOW - 0.01, DOUBTFUL_MS),
        ("I would like a table.", GOES_ON_BELOW, DOUBTFUL_MS),
        ("I would like a table.", GOES_ON_BELOW - 0.01, UNFINISHED_MS),
        ("I would like a table", 0.0, UNFINISHED_MS),
        ("I would like to", 0.0, UNFINISHED_MS),
        ("I would like to", 1.0, LEADING_ON_MS),
        ("four one five", 1.0, READING_OUT_MS),
        ("john dot doe at example", 0.0, ADDRESS_MS),
        ("What are your opening hours?", 0.0, ENDED),
    ],
)
def test_a_voice_that_wants_to_go_on_is_waited_for(caller, finished, expected) -> None:
    assert patience(caller, finished=finished) == expected


def test_before_the_words_are_known_the_sound_tells_alone() -> None:
    assert patience("", complete=False, finished=0.0) == UNFINISHED_MS
    assert patience("", complete=False, finished=1.0) == UNHEARD


def test_an_acknowledgement_is_not_waited_for_however_it_sounds() -> None:
    assert patience("Okay.", acknowledges=True, finished=0.0) == ENDED


def test_the_sound_keeps_to_the_limits_of_the_call() -> None:
    plan = Endpointing(min_ms=300, max_ms=700)
    heard = Heard("", "I would like a table.", complete=True, finished=0.0)
    assert Patience(plan, "en").milliseconds(heard) == 700


def test_where_the_vendor_judges_the_sound_means_nothing() -> None:
    heard = Heard("", "I would like a table.", complete=True, finished=0.0)
    assert Patience(Endpointing(by_model=True), "en").milliseconds(heard) == 0
