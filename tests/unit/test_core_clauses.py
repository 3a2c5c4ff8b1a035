"""Where a voice may take a breath."""

from __future__ import annotations

import pytest

from topcalls.core.clauses import ClauseSplitter, speakable

pytestmark = pytest.mark.unit


def cut(text: str, size: int = 1) -> list[str]:
    splitter = ClauseSplitter()
    pieces = []
    for start in range(0, len(text), size):
        pieces += splitter.feed(text[start : start + size])
    return pieces + splitter.flush()


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("Yes.", ["Yes."]),
        (
            "Sure, I can do that, of course. And now?",
            ["Sure, I can do that,", "of course.", "And now?"],
        ),
        ("Hello there. How are you?", ["Hello there.", "How are you?"]),
        ("Dr. Miller is in. Good.", ["Dr. Miller is in.", "Good."]),
        ("It costs 3.50 euros. Fine?", ["It costs 3.50 euros.", "Fine?"]),
        ("At 2 p.m. we close. Bye.", ["At 2 p.m. we close.", "Bye."]),
        ("Am 3. Mai, also am Freitag, geht es.", ["Am 3. Mai,", "also am Freitag, geht es."]),
        ('He said "Stop!" Then left.', ['He said "Stop!"', "Then left."]),
        ("好的。我明白了。", ["好的。", "我明白了。"]),
        ("One\nTwo", ["One", "Two"]),
        ("...", []),
        ("", []),
    ],
)
def test_cuts(text: str, pieces: list[str]) -> None:
    assert cut(text) == pieces


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_nothing_is_lost_or_said_twice(size: int) -> None:
    text = (
        "Well, I have looked at it, and there is one free place. It is on Mr. Smith's list; "
        "would that do? " + "word " * 100 + "end."
    )
    assert " ".join(cut(text, size)).split() == text.split()


def test_a_first_clause_does_not_wait_for_the_sentence() -> None:
    splitter = ClauseSplitter()
    assert splitter.feed("Of course I can, and ") == ["Of course I can,"]
    assert splitter.feed("then, if you like, more ") == []


def test_text_without_an_end_is_cut_all_the_same() -> None:
    pieces = cut("word " * 200)
    assert max(len(piece) for piece in pieces) <= 160
    assert cut("x" * 400) == ["x" * 160, "x" * 160, "x" * 80]


def test_marks_for_eyes_are_not_spoken() -> None:
    assert speakable("**Yes**, `really`") == "Yes, really"
    assert cut("# Plan\n- first\n- second") == ["Plan", "first", "second"]
