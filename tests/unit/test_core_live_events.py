"""Names of what followers are told, and how far they have come."""

import pytest

from topcalls.core.live_events import NAMES, Position, name_of, parse_position

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    "position", [Position(), Position(118, 12, 5, 2), Position(118, 12, 5, 2, over=True)]
)
def test_a_position_is_read_as_it_was_written(position):
    assert parse_position(str(position)) == position


@pytest.mark.parametrize(
    "text",
    ["", "1", "1-2-3", "1-2-3-4-5", "1-2-3--4", "a-b-c-d", "1-2-3-4-END", " 1-2-3-4", "1-2-3-4\n"]
    + ["9" * 19 + "-1-1-1", "١-2-3-4", "-1-2-3-4"],
)
def test_anything_else_is_none(text):
    assert parse_position(text) is None


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("Answered", "state"),
        ("PutOnHold", "hold"),
        ("Transferred", "transfer"),
        ("WordsSaid", "said"),
        ("SomethingElse", "state"),
    ],
)
def test_what_happened_is_told_by_its_name(kind, name):
    assert name_of(kind) == name
    assert name in NAMES
