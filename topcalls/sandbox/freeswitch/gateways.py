"""The SIP module's gateways: files read as the real one reads them, registrations, pings, events.

A gateway file is read by a rescan only, a gateway that is there already is left as it is, and a
killed one goes a moment later. What a carrier answers is told by its host name: the first label may
be a SIP status, `403.carrier.test`, with which every request to it is refused, or `unreachable`, or
`silent`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import gevent

from topcalls.log import get_logger
from topcalls.sandbox.freeswitch.causes import (
    ASKED_AGAIN,
    AWAY,
    PHRASES,
    SILENT,
    SipRefusal,
    refusal_of,
)
from topcalls.sandbox.freeswitch.generated_files import elements, pairs
from topcalls.sandbox.freeswitch.sofia import INVALID, gateway_status

PROFILE = "external"
REGISTER_SECONDS = 0.1
PURGE_SECONDS = 0.3
_NAME = re.compile(r"[\w.\-]+")
_STATUS = re.compile(r"[3-6][0-9]{2}")
_AWAY = {"unreachable": AWAY, "silent": SILENT}
_UNREACHABLE = 408
_ASKS = (401, 407)
_RULE = "=" * 97
_PING_LEAST = 5

log = get_logger("sandbox.gateways")


@dataclass
class Gateway:
    """A gateway as it was read. `calls_out` counts dials."""

    name: str
    params: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    state: str = "NOREG"
    is_up: bool = True
    deleted: bool = False
    calls_out: int = 0

    @property
    def registers(self) -> bool:
        """It sends REGISTER."""
        return self.params.get("register", "true") == "true"

    @property
    def host(self) -> str:
        """The host of its proxy."""
        return self.params.get("proxy", self.name).partition(":")[0]

    @property
    def is_pinged(self) -> bool:
        """It sends OPTIONS."""
        ping = self.params.get("ping", "0")
        return ping.isdigit() and int(ping) >= _PING_LEAST

    @property
    def answer(self) -> int | None:
        """The SIP status that its carrier refuses everything with; None for one that is well."""
        label = self.host.partition(".")[0]
        if label in _AWAY:
            return _UNREACHABLE
        return int(label) if _STATUS.fullmatch(label) else None

    @property
    def refusal(self) -> SipRefusal | None:
        """How a call by it is refused."""
        status = self.answer
        if status is None:
            return None
        if status in _ASKS:
            return ASKED_AGAIN
        return _AWAY.get(self.host.partition(".")[0]) or refusal_of(status)


class Gateways:
    """Those of the profile `external`. `fixed` are there without a file; those of `down` among
    them do not answer their pings. `raise_event(name, headers)` tells of changes."""

    def __init__(
        self,
        fixed: Callable[[], frozenset[str]],
        down: Callable[[], frozenset[str]],
        raise_event: Callable[[str, dict[str, str]], None],
    ) -> None:
        self.directory: Path | None = None
        self._fixed = fixed
        self._down = down
        self._raise_event = raise_event
        self._read: dict[str, Gateway] = {}

    def find(self, name: str) -> Gateway | None:
        """A gateway that can be used, or is down."""
        if name in self._fixed():
            return Gateway(name, is_up=name not in self._down())
        gateway = self._read.get(name)
        return gateway if gateway is not None and not gateway.deleted else None

    def restart(self) -> None:
        """The switch was started anew: files are all there is."""
        self._read.clear()
        self._rescan()

    def command(self, words: list[str], uptime: float, calls: int) -> str:
        """`sofia ...`."""
        if words[:2] == ["status", "gateway"] and len(words) > 2:
            return self._status(words[2], uptime, calls)
        if words == ["status"]:
            return self._table()
        if words[:1] != ["profile"]:
            return f"Unknown Command [{words[0] if words else ''}]\n"
        if words[1:2] != [PROFILE]:
            return "Invalid Profile!\n"
        if words[2:] == ["rescan"]:
            self._rescan()
            return "Reload XML [Success]\n+OK scan complete\n"
        if words[2:3] == ["killgw"]:
            return self._kill(words[3] if len(words) > 3 else "")
        return f"-ERR Unknown command '{' '.join(words[2:])}'!\n"

    def _status(self, name: str, uptime: float, calls: int) -> str:
        gateway = self.find(name)
        if gateway is None:
            return INVALID
        fixed = name in self._fixed()
        return gateway_status(
            name,
            is_up=gateway.is_up,
            uptime=uptime,
            calls_out=calls if fixed else gateway.calls_out,
            state=gateway.state,
            is_pinged=gateway.is_pinged,
        )

    def _table(self) -> str:
        """Gateways that are being deleted are still listed."""
        rows = [
            f"{PROFILE:>25}\tprofile\t  {'sip:mod_sofia@127.0.0.1:5080':>40}\tRUNNING (0)",
            *(_row(name, "sip:sandbox@127.0.0.1", "NOREG") for name in sorted(self._fixed())),
            *(
                _row(gateway.name, f"sip:{gateway.host}", gateway.state)
                for gateway in self._read.values()
            ),
        ]
        head = f"{'Name':>25}\t   Type\t{'Data':>40}\tState\n{_RULE}\n"
        return head + "\n".join(rows) + f"\n{_RULE}\n1 profile 0 aliases\n"

    def _kill(self, name: str) -> str:
        if not name:
            return "-ERR missing gw name\n"
        gateway = self.find(name)
        if gateway is None or name in self._fixed():
            return "-ERR no such gateway.\n"
        gateway.deleted = True
        gevent.spawn_later(PURGE_SECONDS, self._purge, gateway)
        return "+OK gateway marked for deletion.\n"

    def _purge(self, gateway: Gateway) -> None:
        """By its name, as the real one does: a gateway that was read again meanwhile goes too."""
        self._read.pop(gateway.name, None)

    def _rescan(self) -> None:
        for element in elements(self.directory, "gateway"):
            gateway = Gateway(
                element.get("name", ""), pairs(element, "param"), pairs(element, "variable")
            )
            known = self._read.get(gateway.name)
            if gateway.name in self._fixed() or (known and not known.deleted):
                log.warning("Ignoring duplicate gateway", gateway=gateway.name)
            elif _NAME.fullmatch(gateway.name):
                self._begin(gateway)

    def _begin(self, gateway: Gateway) -> None:
        if gateway.registers and not (
            gateway.params.get("username") and gateway.params.get("password")
        ):
            log.error("A gateway that registers needs username and password", gateway=gateway.name)
            return
        self._read[gateway.name] = gateway
        if gateway.registers:
            gateway.state, gateway.is_up = "TRYING", False
            self._tell(gateway)
            gevent.spawn_later(REGISTER_SECONDS, self._register, gateway)
        elif gateway.is_pinged and gateway.answer == _UNREACHABLE:
            gevent.spawn_later(REGISTER_SECONDS, self._miss_ping, gateway)

    def _register(self, gateway: Gateway) -> None:
        if gateway.deleted:
            return
        status = gateway.answer
        gateway.state = "REGISTER" if status is None else "FAILED"
        self._tell(gateway, status or 200)
        gateway.is_up = status is None
        gateway.state = "REGED" if status is None else "FAIL_WAIT"
        self._tell(gateway)

    def _miss_ping(self, gateway: Gateway) -> None:
        gateway.is_up = False
        self._tell(gateway, _UNREACHABLE)

    def _tell(self, gateway: Gateway, status: int | None = None) -> None:
        """The carrier's answer is told once, with the state that it leads away from."""
        headers = {
            "Event-Subclass": "sofia::gateway_state",
            "Gateway": gateway.name,
            "State": gateway.state,
            "Ping-Status": "UP" if gateway.is_up else "DOWN",
        }
        if status is not None:
            headers |= {"Phrase": PHRASES.get(status, "OK"), "Status": str(status)}
        self._raise_event("CUSTOM", headers)


def _row(name: str, data: str, state: str) -> str:
    return f"{f'{PROFILE}::{name}':>25}\tgateway\t  {data:>40}\t{state}"
