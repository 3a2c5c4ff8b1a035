"""Prompts that were heard before, and choices that were made."""

from __future__ import annotations

import pytest

from topcalls.core.answer_phrases import plain
from topcalls.core.menus import MenuWalk, Prompt, is_queue

pytestmark = pytest.mark.unit

SALES = "For sales, press one. For billing, press two. For anything else, press zero."
ORDERS = "For old orders, press one. For new orders, press two. For anything else, press zero."


def hear(walk: MenuWalk, text: str) -> Prompt | None:
    walk.speech_began()
    return walk.heard(plain(text))


@pytest.mark.parametrize(
    "again",
    [
        SALES,
        "For sales press 1, for billing press 2. For anything else press 0.",
        "For sale press one. For billings, press two. For anything else press zero",
        "For sales, press one. For billing,",  # a key cut it short
        "press one. For billing, press two. For anything else, press zero.",
        "Welcome back. For sales, press one. For billing press two. For anything else press zero.",
    ],
)
def test_the_same_prompt_is_known_however_it_is_written_down(again: str) -> None:
    walk = MenuWalk(10)
    assert hear(walk, SALES) is Prompt.FIRST
    assert hear(walk, again) is Prompt.AGAIN


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (SALES, ORDERS),
        ("For your balance, press one.", "For your cards, press one."),
        ("Bitte drücken Sie die Eins für Termine.", "Bitte drücken Sie die Eins für Rechnungen."),
        ("Para citas, pulse uno.", "Para facturas, pulse uno."),
    ],
)
def test_another_prompt_is_another(one: str, other: str) -> None:
    walk = MenuWalk(10)
    assert [hear(walk, text) for text in (one, other)] == [Prompt.FIRST, Prompt.FIRST]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Für Termine drücken Sie die eins.", "Für Termine drücken Sie die 1."),
        ("Para citas, pulse dos o espere.", "Para citas pulse 2 o espere"),
        ("Pour une facture, tapez trois.", "Pour une facture tapez 3."),
        ("Per il saldo, prema quattro.", "Per il saldo prema 4."),
        ("Para saldo e cartões, digite cinco.", "Para saldo e cartões digite 5"),
        ("Voor uw saldo, toets zes.", "Voor uw saldo toets 6."),
    ],
)
def test_numerals_are_the_same_in_words_and_digits(one: str, other: str) -> None:
    walk = MenuWalk(10)
    assert [hear(walk, text) for text in (one, other)] == [Prompt.FIRST, Prompt.AGAIN]


def test_the_fourth_time_is_a_loop() -> None:
    walk = MenuWalk(10)
    heard = [hear(walk, SALES) for _ in range(4)]
    assert heard == [Prompt.FIRST, Prompt.AGAIN, Prompt.AGAIN, Prompt.LOOP]


def test_a_circle_of_several_menus_is_a_loop() -> None:
    walk = MenuWalk(10)
    heard = [hear(walk, text) for _ in range(4) for text in (SALES, ORDERS)]
    assert heard[:2] == [Prompt.FIRST, Prompt.FIRST]
    assert heard[2:6] == [Prompt.AGAIN] * 4
    assert heard[6] is Prompt.LOOP


def test_a_prompt_that_is_heard_in_parts_counts_once() -> None:
    walk = MenuWalk(10)
    assert hear(walk, SALES) is Prompt.FIRST
    for _ in range(2):
        assert hear(walk, "For sales, press one. For billing, press two.") is Prompt.AGAIN
        assert hear(walk, "For anything else, press zero.") is None


def test_whoever_waits_in_a_queue_is_in_no_loop() -> None:
    walk = MenuWalk(10)
    text = "All of our agents are busy. Please stay on the line, your call is important to us."
    assert is_queue(plain(text))
    assert [hear(walk, text) for _ in range(9)] == [None] * 9


def test_a_queue_that_offers_a_choice_is_a_prompt() -> None:
    text = "All of our agents are busy. To be called back, press one."
    assert not is_queue(plain(text))
    assert hear(MenuWalk(10), text) is Prompt.FIRST


def test_few_words_are_no_prompt() -> None:
    assert hear(MenuWalk(10), "Press one.") is None


def test_each_press_is_a_choice() -> None:
    walk = MenuWalk(2)
    walk.enter()
    hear(walk, SALES)
    for _ in range(2):
        walk.pressed()
    assert not walk.is_over_budget
    walk.pressed()
    assert walk.is_over_budget


def test_what_is_said_to_a_prompt_is_one_choice() -> None:
    walk = MenuWalk(1)
    walk.enter()
    hear(walk, "In a few words, what are you calling about?")
    walk.spoke()
    walk.spoke()
    assert not walk.is_over_budget
    hear(walk, "Please say billing or orders.")
    walk.spoke()
    assert walk.is_over_budget


def test_what_was_said_before_the_prompt_was_written_down_is_a_choice_too() -> None:
    walk = MenuWalk(0)
    walk.enter()
    walk.speech_began()
    walk.spoke()
    assert not walk.is_over_budget
    walk.heard(plain(SALES))
    assert walk.is_over_budget


def test_words_and_keys_for_one_prompt_are_one_choice() -> None:
    walk = MenuWalk(1)
    walk.enter()
    hear(walk, SALES)
    walk.spoke()
    walk.pressed()
    assert not walk.is_over_budget
    walk.pressed()
    assert walk.is_over_budget


def test_talking_to_a_person_is_no_choice() -> None:
    walk = MenuWalk(0)
    walk.enter()
    hear(walk, "Yes, I can look that up for you, what is the name?")
    walk.spoke()
    assert not walk.is_over_budget


def test_only_keys_that_were_pressed_count_from_before_the_menu_was_known() -> None:
    walk = MenuWalk(1)
    walk.speech_began()
    walk.spoke()
    walk.pressed()
    walk.enter()
    assert walk.has_pressed and not walk.is_over_budget
    walk.pressed()
    assert walk.is_over_budget
