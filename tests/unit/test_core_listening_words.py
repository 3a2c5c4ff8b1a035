"""Which words let the agent go on, and which stop it, in every language that calls may have."""

from __future__ import annotations

import pytest

from topcalls.core.languages import primary
from topcalls.core.listening_data import LANGUAGES
from topcalls.core.listening_words import ListeningWords, Words, own_faults
from topcalls.providers.languages import LANGUAGES as CALL_LANGUAGES

GOING_ON = [
    ("en-US", "Mm-hm."),
    ("en-GB", "Uh-huh, okay. Right!"),
    ("en", "No problem."),
    ("en", "Mmmmmm"),
    ("de-CH", "Ja, genau, alles klar."),
    ("fr-FR", "D’accord, très bien."),
    ("es-MX", "Sí, claro que sí."),
    ("it", "Sì, va bene, ho capito."),
    ("pt-BR", "Tá bom, com certeza."),
    ("nl-BE", "Ja, ik begrijp het."),
    ("pl", "No tak, oczywiście."),
    ("cs", "No jo, jasně."),
    ("sv", "Ja, just det."),
    ("da", "Ja, det er fint."),
    ("nb", "Ja, akkurat."),
    ("no", "Skjønner."),
    ("fi", "Joo joo, niin on."),
    ("tr", "Evet, tamam. İyi."),
    ("ru", "Да-да, понятно."),
    ("uk", "Так, зрозуміло."),
    ("el", "Ναι, μάλιστα."),
    ("ro", "Da, așa este."),
    ("hu", "Igen, így van."),
    ("ja", "はい、そうですね。"),
    ("zh-CN", "嗯，好的。"),
    ("zh-TW", "對，沒問題。"),
    ("ko", "네, 알겠습니다."),
    ("hi", "जी हाँ, ठीक है।"),
    ("ar", "نعم، تمام."),
    ("he", "כן, בסדר."),
    ("th", "ใช่ครับ"),
    ("vi", "Dạ vâng, đúng rồi."),
    ("id", "Iya, baiklah."),
    (None, "Ja, genau."),
    (None, "はい"),
]
INTERRUPTING = [
    ("en", "Stop."),
    ("en", "No."),
    ("en", "Okay, wait a minute."),
    ("de", "Moment mal!"),
    ("de", "Nein"),
    ("fr", "Excusez-moi !"),
    ("es", "Espere, por favor."),
    ("ja", "ちょっと待ってください"),
    ("zh", "等一下"),
    ("ko", "잠깐만요"),
    ("th", "เดี๋ยวก่อนครับ"),
    ("ru", "Подождите"),
    ("tr", "Hayır"),
    (None, "No!"),
]


@pytest.mark.parametrize(("language", "text"), GOING_ON)
def test_acknowledgements_mean_go_on(language: str | None, text: str) -> None:
    words = ListeningWords(language).count(text)
    assert words.acknowledges
    assert not words.stops


@pytest.mark.parametrize(("language", "text"), INTERRUPTING)
def test_some_words_take_the_floor_alone(language: str | None, text: str) -> None:
    words = ListeningWords(language).count(text)
    assert words.stops
    assert words.meaningful


@pytest.mark.parametrize(
    ("language", "text", "words"),
    [
        ("en", "", Words(0, 0)),
        ("en", " … ?! ", Words(0, 0)),
        ("en", "okay but I have a question", Words(5, 6)),
        ("en", "A question, yes", Words(2, 3)),
        ("en", "go to the office", Words(4, 4)),
        ("de", "Ja, aber um acht Uhr", Words(4, 5)),
        ("pt", "um café", Words(2, 2)),
        ("zh", "我不需要这个东西", Words(4, 4)),
        ("zh", "好的，我想问一下价格", Words(4, 5)),
        ("ja", "はい、予約したいです", Words(3, 4)),
        ("th", "ไม่เป็นไรครับ", Words(0, 3)),
        ("en", "123 okay", Words(1, 2)),
        ("sw", "ndiyo, okay", Words(1, 2)),
    ],
)
def test_words_are_counted_as_the_language_writes_them(
    language: str, text: str, words: Words
) -> None:
    assert ListeningWords(language).count(text) == words


@pytest.mark.parametrize("text", ["[unintelligible]", "(coughs)", "[noise] …", "（笑）"])
def test_remarks_of_a_recogniser_are_no_words(text: str) -> None:
    assert ListeningWords("en").count(text) == Words(0, 0)


def test_words_of_another_language_do_not_count_as_acknowledgements() -> None:
    assert ListeningWords("en").count("tak").meaningful == 1
    assert ListeningWords("es").count("no").stops
    assert ListeningWords("pl").count("no").acknowledges
    assert ListeningWords(None).count("no").stops  # in doubt, the caller is listened to


def test_a_call_adds_words_of_its_own() -> None:
    words = ListeningWords("en", ("Roger", "copy that", "no"))
    assert words.count("Roger, copy that.").acknowledges
    assert words.count("No.").acknowledges
    assert words.count("copy the address").meaningful == 3


def test_every_list_is_of_a_language_that_calls_may_have() -> None:
    assert set(LANGUAGES) <= {primary(language.tag) for language in CALL_LANGUAGES}


def test_a_language_without_a_list_has_the_sounds_that_all_have() -> None:
    words = ListeningWords("sw")
    assert words.count("Mhm, okay.").acknowledges
    assert not words.count("yes").acknowledges


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_listed_word_means_what_it_is_listed_for(language: str) -> None:
    words = ListeningWords(language)
    for phrase in LANGUAGES[language].going_on.split(","):
        assert words.count(phrase).acknowledges, phrase
    for phrase in LANGUAGES[language].stopping.split(","):
        assert words.count(phrase).stops, phrase
        assert words.count(phrase).meaningful, phrase


def test_own_words_are_checked_by_their_place() -> None:
    assert list(own_faults(["fine", "go right ahead", "了解しました"])) == []
    faults = dict(own_faults([1, "", "?!", "a" * 61, "one two three four five six"]))
    assert sorted(faults) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("language", "text"),
    [("en", "Hello?"), ("de", "Hallo?"), ("fr", "Allô ?"), ("ja", "もしもし"), (None, "Pronto?")],
)
def test_who_picks_up_the_phone_does_not_mean_to_interrupt(language: str, text: str) -> None:
    assert not ListeningWords(language).count(text).stops
