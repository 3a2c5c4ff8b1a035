"""What holds for every unit test."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def no_conversation_outlives_its_test() -> Iterator[None]:
    """One that is left running keeps the event loop busy: its clock stands still."""
    yield
    if (doubles := sys.modules.get("bridge_doubles")) is not None:
        doubles.hang_up_all()
