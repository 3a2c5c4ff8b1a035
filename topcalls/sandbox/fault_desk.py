"""Where things are made to go wrong while the sandbox runs: faults by HTTP.

- `PUT /` with one fault, or a list of them, as a scenario has them, in JSON: they concern every
  call there is, or the next one, and their times count from now
- `DELETE /`: nothing goes wrong any more
- `GET /`: what the switch has now

A browser does not send `PUT` to a stranger unasked, so no web page can do any of this.
"""

from __future__ import annotations

from typing import Any

from topcalls.errors import TopCallsError
from topcalls.sandbox.freeswitch.server import SwitchServer
from topcalls.sandbox.http_wire import Exchange, HttpServer
from topcalls.sandbox.scenario import parse_fault


class FaultDesk:
    """Listens, and puts faults in force on `switch`."""

    def __init__(self, address: tuple[str, int], switch: SwitchServer) -> None:
        self._switch = switch
        self._server = HttpServer(address, self._serve)

    def start(self) -> None:
        """Listen."""
        self._server.start()

    def stop(self) -> None:
        """Close everything."""
        self._server.stop()

    @property
    def url(self) -> str:
        """Where to send faults."""
        return f"http://{self._server.host}:{self._server.port}/"

    def _serve(self, exchange: Exchange) -> None:
        method = exchange.request.method
        if method == "GET":
            exchange.respond_json(200, self._state())
        elif method == "DELETE":
            self._switch.faults.clear()
            exchange.respond(204)
        elif method == "PUT":
            self._take(exchange)
        else:
            exchange.respond_json(405, {"error": "GET, PUT or DELETE."})

    def _take(self, exchange: Exchange) -> None:
        try:
            content = exchange.request.json()
            wanted = content if isinstance(content, list) else [content]
            faults = [parse_fault(item, f"fault {number}") for number, item in enumerate(wanted, 1)]
        except (ValueError, TopCallsError) as error:
            exchange.respond_json(400, {"error": str(error)})
            return
        for fault in faults:
            self._switch.bring_about(fault)
        exchange.respond(204)

    def _state(self) -> dict[str, Any]:
        return {
            "running": not self._switch.crashed,
            "connections": self._switch.connection_count,
            "calls": sorted(self._switch.switch.calls),
        }
