"""Words that somebody outside a live call wants said, or its model told: limits, and what became of
them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

LONGEST_WORDS: Final = 2000
"""Characters of one text to say: about two minutes of speech."""

LONGEST_NOTE: Final = 8000
"""Characters of one note for the model."""

MOST_WAITING: Final = 20
"""Texts of one call that wait for their moment."""

MOST_NOTES: Final = 40
"""So many of the latest notes are told again to a session that replaces another one."""

MOST_TRIES: Final = 3
"""How often words of which nothing was heard are begun."""


class Outcome(StrEnum):
    """What became of words that were to be said."""

    HEARD = "heard"  # to their end
    INTERRUPTED = "interrupted"  # begun, and cut off
    NOT_SAID = "not_said"  # nothing of them was heard


@dataclass(frozen=True, slots=True)
class Words:
    """To be said as they are. `interrupt`: at once, whatever the agent is saying. Not
    `interruptible`: to their end, whoever speaks. `end_call`: hang up afterwards."""

    id: str
    text: str
    interrupt: bool = False
    interruptible: bool = True
    end_call: bool = False
