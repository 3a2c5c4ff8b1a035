"""What passes between a controller and its switch, kept with the call that it is about."""

from __future__ import annotations

import re
from typing import Final

from topcalls import call_trace
from topcalls.call_trace import FROM_SWITCH, TO_SWITCH, CallTrace
from topcalls.controller.sessions import Sessions
from topcalls.esl.parser import ESLEvent

_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LOOKED_THROUGH: Final = 600
"""Of a command: its channel stands near its beginning."""

_KEPT: Final = (
    *("Event-Subclass", "Unique-ID", "Event-Date-Timestamp", "Channel-State", "Answer-State"),
    *("Call-Direction", "Hangup-Cause", "variable_hangup_cause_q850", "variable_sip_term_status"),
    *("variable_sip_hangup_disposition", "variable_endpoint_disposition"),
    *("variable_read_codec", "variable_write_codec", "Playback-Status", "DTMF-Source"),
)
"""Headers of the switch's events that tell of no person."""


def note_event(sessions: Sessions, event: ESLEvent) -> None:
    """Keep an event of the switch with its call."""
    trace = _of_channel(sessions, event.uuid)
    if trace is not None:
        fields = {"Event-Name": event.name}
        for name in _KEPT:
            if value := event.get(name):
                fields[name] = value
        trace.add_fields(FROM_SWITCH, fields)


def note_command(sessions: Sessions, command: str) -> None:
    """Keep a command for the switch with its call."""
    for channel in _UUID.findall(command, 0, _LOOKED_THROUGH):
        trace = _of_channel(sessions, channel)
        if trace is not None:
            trace.add(TO_SWITCH, command)
            return


def _of_channel(sessions: Sessions, channel: str) -> CallTrace | None:
    call_id = sessions.call_of(channel)
    return None if call_id is None else call_trace.of(call_id)
