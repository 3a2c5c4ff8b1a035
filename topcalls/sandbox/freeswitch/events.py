"""What every event of a switch begins with, and the switch's own HEARTBEAT."""

from __future__ import annotations

import os
import socket
from email.utils import format_datetime

from topcalls.clock import Clock
from topcalls.ids import new_id
from topcalls.sandbox.freeswitch.wire import Event

VERSION = "1.10.12-release-sandbox~64bit"


class EventFactory:
    """Numbers and dates the events of one switch process."""

    def __init__(self, clock: Clock) -> None:
        self.hostname = socket.gethostname()
        self._clock = clock
        self.core_uuid = new_id()
        self._sequence = 0

    def make(self, name: str, headers: dict[str, str], body: str = "") -> Event:
        """An event now."""
        self._sequence += 1
        now = self._clock.now()
        core = {
            "Event-Name": name,
            "Core-UUID": self.core_uuid,
            "FreeSWITCH-Hostname": self.hostname,
            "FreeSWITCH-Switchname": self.hostname,
            "FreeSWITCH-IPv4": "127.0.0.1",
            "FreeSWITCH-IPv6": "::1",
            "Event-Date-Local": now.astimezone().strftime("%Y-%m-%d %H:%M:%S"),
            "Event-Date-GMT": format_datetime(now, usegmt=True),
            "Event-Date-Timestamp": str(int(now.timestamp() * 1_000_000)),
            "Event-Calling-File": "sandbox.c",
            "Event-Calling-Function": "sandbox",
            "Event-Calling-Line-Number": "1",
            "Event-Sequence": str(self._sequence),
        }
        return Event({**core, **headers}, body)


def heartbeat(uptime: float, calls: int, since_startup: int, peak: int) -> dict[str, str]:
    """The headers of HEARTBEAT."""
    idle = 1 - os.getloadavg()[0] / (os.cpu_count() or 1)
    return {
        "Event-Info": "System Ready",
        "Up-Time": up_time(uptime),
        "FreeSWITCH-Version": VERSION,
        "Uptime-msec": str(int(uptime * 1000)),
        "Session-Count": str(calls),
        "Max-Sessions": "1000",
        "Session-Per-Sec": "30",
        "Session-Since-Startup": str(since_startup),
        "Session-Peak-Max": str(peak),
        "Idle-CPU": f"{100 * max(0.0, idle):.6f}",
    }


def status(uptime: float, calls: int, since_startup: int, peak: int) -> str:
    """The answer to `status`."""
    return (
        f"UP {up_time(uptime)}\n"
        f"FreeSWITCH (Version {VERSION}) is ready\n"
        f"{since_startup} session(s) since startup\n"
        f"{calls} session(s) - peak {peak}, last 5min {peak} \n"
        "0 session(s) per Sec out of max 30, peak 1, last 5min 1 \n"
        "1000 session(s) max\n"
        "min idle cpu 0.00/98.00\n"
        "Current Stack Size/Max 240K/8192K\n"
    )


def up_time(seconds: float) -> str:
    """As `status` and HEARTBEAT spell it."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    milliseconds = int(seconds * 1000) % 1000
    return (
        f"0 years, {days} days, {hours} hours, {minutes} minutes, {rest} seconds, "
        f"{milliseconds} milliseconds, 0 microseconds"
    )
