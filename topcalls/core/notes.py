"""What stands in a transcript and was not said: what people and telephones did meanwhile."""

from __future__ import annotations

from typing import Final

PUT_ON_HOLD: Final = "[put the call on hold]"
TAKEN_OFF_HOLD: Final = "[took the call off hold]"
SUPERVISOR_JOINED: Final = "[a supervisor joined the conversation]"
SUPERVISOR_LEFT: Final = "[the supervisor left the conversation]"
OPTED_OUT: Final = "[does not want to be called again]"
OPTED_OUT_OF_PURPOSE: Final = "[does not want to be called about this again]"
ALL: Final = (
    *(PUT_ON_HOLD, TAKEN_OFF_HOLD, SUPERVISOR_JOINED, SUPERVISOR_LEFT),
    *(OPTED_OUT, OPTED_OUT_OF_PURPOSE),
)


def is_note(text: str) -> bool:
    """It is one of these."""
    return text in ALL
