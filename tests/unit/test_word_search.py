"""Texts found by words in them."""

import pytest

from topcalls.core.csv_cells import plain_cell
from topcalls.core.word_search import holds, sought

pytestmark = pytest.mark.unit
SAID = ["Guten Tag, STRASSE sieben.", "I want a refund on Monday.", "请退款"]


@pytest.mark.parametrize(
    "text", ["refund", "REFUND monday", "fund", "straße", "退款", "tag refund", "monday. tag,"]
)
def test_each_word_is_found_in_any_text_and_any_case(text):
    assert holds(SAID, sought(text))


@pytest.mark.parametrize("text", ["tuesday", "refund tuesday", "monday.请", "re fund x"])
def test_a_word_that_is_missing_is_missed(text):
    assert not holds(SAID, sought(text))


def test_words_are_looked_for_once():
    assert sought("  To TO\tbe ") == ("to", "be")
    assert sought("") == ()


def test_without_words_everything_is_found():
    assert holds([], ())
    assert not holds([], ("a",))


@pytest.mark.parametrize("value", ["=1+1", "+12025550100", "-1", "@SUM(A1)", "\tx", "\r=1"])
def test_no_cell_is_a_formula(value):
    assert plain_cell(value) == f"'{value}"


@pytest.mark.parametrize("value", ["", "plain", "a=b", -1, 1.5, None, False])
def test_other_cells_stay(value):
    assert plain_cell(value) == value
