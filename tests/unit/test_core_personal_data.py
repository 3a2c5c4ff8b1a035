"""What identifies people is found however it is said, and nothing that the rules need not take."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topcalls.core.personal_data import (
    KINDS,
    Rules,
    found,
    is_iban,
    luhn,
    redacted,
    redacted_turns,
    redaction_faults,
)
from topcalls.core.spoken_digits import runs_in
from topcalls.core.transcript import Turn

pytestmark = pytest.mark.unit
ALL = Rules(frozenset(KINDS), ("Ann Miller", "José"))
CARD = "4111111111111111"


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("Call me on +1 (202) 555-0100, please.", "Call me on [phone], please."),
        ("It is 0176 1234567.", "It is [phone]."),
        ("four one five, five five five, oh one nine nine", "[phone]"),
        ("double five triple oh uh one two three", "[phone]"),
        ("null eins sieben sechs eins zwei drei vier", "[phone]"),
        ("zéro six douze", "zéro six douze"),
        ("twenty one forty two ninety nine ten", "[phone]"),
        ("My card is 4111 1111 1111 1111 okay", "My card is [card] okay"),
        ("4111-1111-1111-1112", "[card]"),
        ("four one one one " * 4, "[card] "),
        ("My social security number is 123 45 6789", "My social security number is [ssn]"),
        ("123-45-6789", "[ssn]"),
        ("ann.miller+x@example.co.uk!", "[email]!"),
        ("ann dot m at example dot com", "[email]"),
        ("Das ist max punkt muster at beispiel punkt de", "Das ist [email]"),
        ("DE89 3704 0044 0532 0130 00 and so on", "[iban] and so on"),
        ("gb29nwbk60161331926819", "[iban]"),
        ("This is ANN, Mrs Miller's phone", "This is [name], Mrs [name]'s phone"),
        ("Hi, my name is Peter van Dyke. Hello.", "Hi, my name is [name]. Hello."),
        ("Mein Name ist Müller", "Mein Name ist [name]"),
        ("Hola, josé", "Hola, [name]"),
        ("me llamo María José García", "me llamo [name]"),
    ],
)
def test_what_is_taken_out(said, written):
    assert redacted(said, ALL) == written


@pytest.mark.parametrize(
    "said",
    [
        "Tuesday at ten, the 23rd.",
        "On 2026-11-23 or 23.11.2026.",
        "That is 1,250,000 dollars, or 12.500,50 euros.",
        "One or two of them, at most three.",
        "I have seven days and six nights in room 1204.",
        "Meet me at the dot on the map.",
        "DE12 3456 is my order",
        "My name is",
        "Miller's law and Annual fees",
        "Three hundred forty two",
    ],
)
def test_what_stays(said):
    assert redacted(said, Rules(ALL.kinds, ("Ann",))) == said


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_alone(kind):
    text = (
        "Ann: 415 555 0199 2, 4111 1111 1111 1111, a@b.cd, DE89 3704 0044 0532 0130 00, 123-45-6789"
    )
    left = redacted(text, Rules(frozenset([kind]), ("Ann",)))
    assert f"[{kind}]" in left
    others = [f"[{other}]" for other in KINDS if other != kind]
    assert not any(other in left for other in others)


def turns(*texts, speaker="user"):
    return [
        Turn(seq, speaker if seq % 2 else "assistant", text, seq * 1000, seq * 1000 + 900)
        for seq, text in enumerate(texts, 1)
    ]


def test_a_number_that_is_read_out_in_pieces_is_taken_out_of_each():
    said = turns("four one one one", "Yes.", "1111", "Go on.", "1111", "Mm.", "1111, right?")
    assert [turn.text for turn in redacted_turns(said, ALL)] == [
        *("[card]", "Yes.", "[card]", "Go on.", "[card]", "Mm.", "[card], right?")
    ]


def test_pieces_are_of_one_person_and_of_figures_alone():
    said = turns("Room 1204 is what I want.", "Fine.", "At 1030 tomorrow morning please.")
    assert redacted_turns(said, ALL) == said


def test_what_was_taken_out_once_stays_as_it_is():
    said = turns("Call 415 555 0199, my name is Peter Pan", "415 55", "5", "x", "4111")
    once = redacted_turns(said, ALL)
    assert redacted_turns(once, ALL) == once


def test_the_names_of_a_call_are_known():
    request = {"redaction": {}, "request_data": {"patient_name": "Bea Kay", "age": 7}}
    assert redacted("Bea? Mrs Kay?", Rules.of(request)) == "[name]? Mrs [name]?"
    assert Rules.of({}) is None
    assert Rules.of({"redaction": {"enabled": False}}) is None
    assert Rules.of({"redaction": {"kinds": ["card"]}}).kinds == {"card"}


def with_check_digit(digits):
    return next(f"{digits}{last}" for last in range(10) if luhn(f"{digits}{last}"))


@given(st.text("0123456789", min_size=12, max_size=18), st.data())
def test_every_card_is_found_however_it_is_grouped(digits, data):
    card = with_check_digit(digits)
    groups, at = [], 0
    while at < len(card):
        size = data.draw(st.integers(1, 6))
        groups.append(card[at : at + size])
        at += size
    said = data.draw(st.sampled_from([" ", "-", ", "])).join(groups)
    left = redacted(f"it is {said} yes", Rules(frozenset(["card"])))
    assert left == "it is [card] yes"


def test_luhn_knows_a_wrong_digit_and_most_swaps():
    assert luhn(CARD)
    for place in range(len(CARD)):
        for digit in "0123456789":
            changed = CARD[:place] + digit + CARD[place + 1 :]
            assert luhn(changed) is (changed == CARD)


@pytest.mark.parametrize(
    "iban",
    ["DE89370400440532013000", "GB29 NWBK 6016 1331 9268 19", "fr1420041010050500013m02606"],
)
def test_ibans_are_checked(iban):
    assert is_iban(iban)
    plain = iban.replace(" ", "")
    assert not is_iban(plain[:-1] + ("1" if plain[-1] != "1" else "2"))
    assert not is_iban("DE")


WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]


@given(st.text("0123456789", min_size=2, max_size=20), st.integers(0, 99))
def test_figures_are_the_same_as_words(digits, seed):
    chance = random.Random(seed)
    said = " ".join(WORDS[int(one)] if chance.random() < 0.5 else one for one in digits)
    (run,) = runs_in(f"well {said} then")
    assert run.digits == digits
    assert f"well {said} then"[run.start : run.end] == said


@given(st.text(max_size=60))
def test_no_text_is_too_odd(text):
    spans = found(text, ALL)
    assert all(0 <= span.start < span.end <= len(text) for span in spans)
    once = redacted(text, ALL)
    assert redacted(once, ALL).count("[") >= 0


@pytest.mark.parametrize(
    ("section", "codes"),
    [
        ({}, {}),
        ({"kinds": ["card"], "names": ["Ann"], "audio": "tone"}, {}),
        ({"kinds": []}, {"redaction.kinds": "invalid_type"}),
        ({"kinds": ["cards"]}, {"redaction.kinds.0": "choice"}),
        ({"names": ["x"]}, {"redaction.names.0": "length"}),
        ({"audio": "beep"}, {"redaction.audio": "choice"}),
        ({"kind": []}, {"redaction.kind": "unknown"}),
        ({"enabled": 1}, {"redaction.enabled": "invalid_type"}),
        ([], {"redaction": "invalid_type"}),
    ],
)
def test_what_may_be_asked_for(section, codes):
    faults = redaction_faults({"redaction": section})
    assert {fault.path: fault.code for fault in faults} == codes
