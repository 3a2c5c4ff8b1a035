"""The tools every conversation can have without defining them. This is the whole list.

Which of them one call has is its configuration's `builtin_tools`; what they do is in `tool_use.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from topcalls.core import keys
from topcalls.providers.base import ToolSpec

END_CALL: Final = ToolSpec(
    "end_call",
    "End the telephone call. Say goodbye first, in the same answer, then call this. Use it when "
    "the other person says goodbye, asks to end the call, or when everything is settled.",
)
SEND_DTMF: Final = ToolSpec(
    "send_dtmf",
    "Press keys on the telephone, to answer an automatic menu or to enter a number that a "
    "recording asks for. Say nothing in the same answer: the keys are heard at once, and what "
    "follows is the menu's next announcement. Never use it with a person.",
    {
        "type": "object",
        "properties": {
            "digits": {
                "type": "string",
                "pattern": keys.PATTERN,
                "description": "The keys in order: 0-9, *, #, A-D; w waits half a second, W one.",
            },
            "pause_ms": {
                "type": "integer",
                "minimum": 0,
                "maximum": keys.LONGEST_PAUSE_MS,
                "description": "Pause between two keys in milliseconds, for slow menus.",
            },
        },
        "required": ["digits"],
        "additionalProperties": False,
    },
)
BUILTIN_TOOLS: Final = {tool.name: tool for tool in (END_CALL, SEND_DTMF)}


def offered(names: Iterable[str]) -> tuple[ToolSpec, ...]:
    """What a session is told of these. Raises KeyError for a name that is none of ours."""
    return tuple(BUILTIN_TOOLS[name] for name in names)
