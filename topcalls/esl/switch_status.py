"""What the switch's `status` command says: version, sessions, limits, idle processors."""

from __future__ import annotations

import re

from topcalls.core.node_share import SwitchVitals

_READY = re.compile(r"FreeSWITCH \(Version (\S+).*\) is (ready|not ready)")
_SESSIONS = re.compile(r"^(\d+) session\(s\) - peak", re.MULTILINE)
_MOST = re.compile(r"^(\d+) session\(s\) max$", re.MULTILINE)
_IDLE = re.compile(r"^min idle cpu (\d+(?:\.\d+)?)/(\d+(?:\.\d+)?)", re.MULTILINE)


def parse(text: str) -> SwitchVitals:
    """The answer to `status`. What it does not hold is left out: versions word it differently."""
    ready = _READY.search(text)
    idle = _IDLE.search(text)
    return SwitchVitals(
        version=ready.group(1) if ready else "",
        is_ready=ready is None or ready.group(2) == "ready",
        sessions=_number(_SESSIONS, text),
        max_sessions=_number(_MOST, text),
        idle_percent=float(idle.group(2)) if idle else None,
        min_idle_percent=float(idle.group(1)) if idle else 0.0,
    )


def _number(pattern: re.Pattern[str], text: str) -> int | None:
    found = pattern.search(text)
    return int(found.group(1)) if found else None
