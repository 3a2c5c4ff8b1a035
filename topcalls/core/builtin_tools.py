"""The tools every conversation can have without defining them. This is the whole list.

Which of them one call has is its configuration's `builtin_tools`; what they do is in `tool_use.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from topcalls.core import keys
from topcalls.providers.base import ToolSpec

END_CALL: Final = ToolSpec(
    "end_call",
    "End the telephone call. Say goodbye first, in the same answer, then call this. Use it when "
    "the other person says goodbye, asks to end the call, or when everything is settled.",
)
LONGEST_SUMMARY: Final = 1000
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
PAUSE_RECORDING: Final = ToolSpec(
    "pause_recording",
    "Pause the recording of this call, before you ask for something that must not be recorded, "
    "such as a card number. Wait for the answer before you ask. Say nothing about it in the same "
    "answer.",
)
RESUME_RECORDING: Final = ToolSpec(
    "resume_recording",
    "Let the recording go on, as soon as you have heard what must not be recorded.",
)
TRANSFER_CALL: Final = "transfer_call"
"""Only of calls that list destinations."""

RECORDING_TOOLS: Final = (PAUSE_RECORDING.name, RESUME_RECORDING.name)
"""Only of calls that allow it."""

BUILTIN_TOOLS: Final = {tool.name: tool for tool in (END_CALL, SEND_DTMF)}


def offered(names: Iterable[str], destinations: Sequence[str] = ()) -> tuple[ToolSpec, ...]:
    """What a session is told of these. Raises KeyError for a name that is none of ours."""
    masking = {tool.name: tool for tool in (PAUSE_RECORDING, RESUME_RECORDING)}
    known = {**BUILTIN_TOOLS, **masking, TRANSFER_CALL: _transfer_call(destinations)}
    return tuple(known[name] for name in names)


def _transfer_call(destinations: Sequence[str]) -> ToolSpec:
    return ToolSpec(
        TRANSFER_CALL,
        "Hand the caller over to a person. Say in the same answer, before you call this, whom you "
        "connect them with and that it may take a moment. The caller then hears it ring. If it "
        "succeeds you are not needed any more; if it fails you are told why, and go on talking.",
        {
            "type": "object",
            "properties": {
                "destination": {"type": "string", "enum": list(destinations)},
                "summary": {
                    "type": "string",
                    "maxLength": LONGEST_SUMMARY,
                    "description": "Who calls and what about, in one or two sentences, for the "
                    "person who takes over.",
                },
            },
            "required": ["destination"],
            "additionalProperties": False,
        },
    )
