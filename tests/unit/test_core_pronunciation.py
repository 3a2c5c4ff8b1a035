"""A customer's dictionary: what may stand in it, how lists add up, and which words it finds."""

import pytest

from topcalls.core.pronunciation import (
    MOST_KEYWORDS,
    Pronunciation,
    keyword_faults,
    matcher,
    merged_keywords,
    merged_pronunciations,
    pronunciation_faults,
    pronunciations_of,
    told,
)

pytestmark = pytest.mark.unit
WIN = {"word": "Nguyen", "say": "win"}


@pytest.mark.parametrize(
    ("value", "wrong"),
    [
        ([], []),
        (["Bright Smile", "X"], []),
        ("Bright", [("keywords", "invalid_type")]),
        ([1], [("keywords.0", "invalid_type")]),
        (["ok", " "], [("keywords.1", "length")]),
        (["x" * 51], [("keywords.0", "length")]),
        (["a\nb"], [("keywords.0", "invalid_character")]),
        (["x"] * (MOST_KEYWORDS + 1), [("keywords", "too_many")]),
    ],
)
def test_keywords_are_short_plain_words(value, wrong):
    assert [(fault.path, fault.code) for fault in keyword_faults(value)] == wrong


@pytest.mark.parametrize(
    ("value", "wrong"),
    [
        ([WIN], []),
        ([{"word": "Nguyen", "ipa": "ŋwin"}], []),
        ([{"word": "Nguyen", "say": None, "ipa": "ŋwin"}], []),
        (WIN, [("pronunciations", "invalid_type")]),
        (["Nguyen"], [("pronunciations.0", "invalid_type")]),
        ([{"word": "Nguyen"}], [("pronunciations.0.say", "required")]),
        ([{"say": "win"}], [("pronunciations.0.word", "required")]),
        ([WIN, {"word": "NGUYEN", "say": "x"}], [("pronunciations.1.word", "repeated")]),
        ([{**WIN, "sya": "x"}], [("pronunciations.0.sya", "unknown")]),
        ([{"word": 1, "say": "x"}], [("pronunciations.0.word", "invalid_type")]),
        ([WIN] * 201, [("pronunciations", "too_many")]),
    ],
)
def test_pronunciations_name_a_word_and_how_it_is_said(value, wrong):
    found = [(fault.path, fault.code) for fault in pronunciation_faults(value)]
    assert [item for item in found if item[1] != "repeated" or len(value) < 100] == wrong


def test_lists_add_up_and_the_nearer_one_decides():
    assert merged_keywords(["Smile", "Acme"], ["smile", "Bright"]) == ["Smile", "Acme", "Bright"]
    other = {"word": "nguyen", "say": "new-yen"}
    assert merged_pronunciations([WIN], [other, {"word": "SQL", "say": "sequel"}]) == [
        WIN,
        {"word": "SQL", "say": "sequel"},
    ]


def test_what_a_model_is_told():
    entries = pronunciations_of(
        [WIN, {"word": "Siobhán", "ipa": "ʃɪˈvɔːn"}, {"word": "A", "say": "B", "ipa": "c"}]
    )
    assert told(entries) == [
        'Say "Nguyen" like "win".',
        'Say "Siobhán" as /ʃɪˈvɔːn/ (IPA).',
        'Say "A" like "B", /c/ (IPA).',
    ]


@pytest.mark.parametrize(
    ("word", "text", "found"),
    [
        ("SQL", "Use sql, MySQL and SQL.", ["sql", "SQL"]),
        ("C++", "C++ and C", ["C++"]),
        (".NET", "the .NET world", [".NET"]),
        ("東京", "私は東京に住む", ["東京"]),
        ("Acme", "Acme's", ["Acme"]),
        ("a.b", "axb a.b", ["a.b"]),
    ],
)
def test_words_are_found_whole_but_in_scripts_that_do_not_part_them(word, text, found):
    pattern = matcher([Pronunciation(word, "x")])
    assert [match.group() for match in pattern.finditer(text)] == found


def test_the_longer_of_two_words_is_found_first():
    pattern = matcher([Pronunciation("New", "x"), Pronunciation("New York", "y")])
    assert pattern.findall("New York, new") == ["New York", "new"]
    assert matcher([Pronunciation("X", ipa="y")]) is None
