"""Texts in JSON values: found, and changed, wherever they stand."""

import pytest

from topcalls.json_texts import texts_in, with_texts

pytestmark = pytest.mark.unit


def test_texts_are_found_at_any_depth():
    assert list(texts_in({"a": ["b", {"c": "d"}], "e": 1, "f": None})) == ["b", "d"]


@pytest.mark.parametrize(
    ("value", "changed"),
    [
        ("a", "A"),
        ({"a": ["b", ("c", {"d": "e"})]}, {"a": ["B", ["C", {"d": "E"}]]}),
        ({"a": 1, "b": None, "c": True, "d": 1.5}, {"a": 1, "b": None, "c": True, "d": 1.5}),
        ([], []),
    ],
)
def test_texts_are_changed_and_nothing_else(value, changed):
    assert with_texts(value, str.upper) == changed
