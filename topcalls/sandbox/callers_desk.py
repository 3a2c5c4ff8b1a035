"""Where people are made to call us while the sandbox runs: calls in by HTTP.

- `PUT /` with what a caller's INVITE says, in JSON (`to`, and if wanted `caller`, `name`,
  `headers`, `codec`, `patience`), and the name of the `scenario` that they play; answers with the
  channel
- `PUT /softphones` with `user`, `password` and a `scenario`: that softphone registers, and its
  person plays the scenario when it is rung
- `GET /CHANNEL`: how the call goes, as the caller sees it

A browser does not send `PUT` to a stranger unasked, so no web page can do any of this.
"""

from __future__ import annotations

from typing import Any

from topcalls.errors import TopCallsError
from topcalls.sandbox.freeswitch.call import Call
from topcalls.sandbox.freeswitch.causes import refusal_for
from topcalls.sandbox.freeswitch.invite import Invite
from topcalls.sandbox.freeswitch.server import SwitchServer
from topcalls.sandbox.http_wire import Exchange, HttpServer
from topcalls.sandbox.magic_numbers import NumberPlan

_GAVE_UP = 487
_ANSWERED = 200
_SETTINGS: dict[str, type | tuple[type, ...]] = {
    "to": str,
    "caller": str,
    "name": str,
    "headers": dict,
    "codec": str,
    "patience": (int, float),
    "scenario": str,
    "user": str,
    "password": str,
}
_SOFTPHONE = ("user", "password", "scenario")
_SOFTPHONES = "softphones"


class CallersDesk:
    """Listens, and has the people of `plan` call `switch`."""

    def __init__(self, address: tuple[str, int], switch: SwitchServer, plan: NumberPlan) -> None:
        self._switch = switch
        self._plan = plan
        self._server = HttpServer(address, self._serve)

    def start(self) -> None:
        """Listen."""
        self._server.start()

    def stop(self) -> None:
        """Close everything."""
        self._server.stop()

    @property
    def url(self) -> str:
        """Where to send callers."""
        return f"http://{self._server.host}:{self._server.port}/"

    def _serve(self, exchange: Exchange) -> None:
        method = exchange.request.method
        if method == "PUT" and exchange.request.path.strip("/") == _SOFTPHONES:
            self._register(exchange)
        elif method == "PUT":
            self._call_in(exchange)
        elif method == "GET":
            self._show(exchange)
        else:
            exchange.respond_json(405, {"error": "GET or PUT."})

    def _call_in(self, exchange: Exchange) -> None:
        try:
            wishes = _checked(exchange.request.json())
            name = wishes.pop("scenario", None)
            scenario = self._plan.by_name(name) if name else None
            call = self._switch.switch.call_in(Invite(**wishes), scenario)
        except (ValueError, TopCallsError) as error:
            exchange.respond_json(400, {"error": str(error)})
            return
        exchange.respond_json(201, _state(call))

    def _register(self, exchange: Exchange) -> None:
        try:
            user, password, name = _checked_softphone(exchange.request.json())
            self._switch.switch.users.register(user, password, self._plan.by_name(name))
        except (ValueError, TopCallsError) as error:
            exchange.respond_json(400, {"error": str(error)})
            return
        exchange.respond_json(201, {"user": user})

    def _show(self, exchange: Exchange) -> None:
        call = self._switch.switch.call(exchange.request.path.strip("/"))
        if call is None:
            exchange.respond_json(404, {"error": "No such channel."})
        else:
            exchange.respond_json(200, _state(call))


def _checked(content: Any) -> dict[str, Any]:
    if not isinstance(content, dict) or not content.get("to"):
        raise ValueError("Say whom to call, as in {'to': '+12025550123'}.")
    for name, value in content.items():
        if name not in _SETTINGS or not isinstance(value, _SETTINGS[name]):
            raise ValueError(f"{name}: not understood; there are {', '.join(_SETTINGS)}.")
    headers = content.get("headers", {})
    if not all(isinstance(value, str) for value in headers.values()):
        raise ValueError("headers: names and values are text.")
    return dict(content)


def _checked_softphone(content: Any) -> list[str]:
    given = content if isinstance(content, dict) else {}
    wishes = [value for name in _SOFTPHONE if isinstance(value := given.get(name), str) and value]
    if len(wishes) < len(_SOFTPHONE):
        raise ValueError(f"A softphone has {', '.join(_SOFTPHONE)}, each of them text.")
    return wishes


def _state(call: Call) -> dict[str, Any]:
    """`sip_status`: the last answer that the caller got, if any."""
    channel = call.channel
    answered = channel.times.answered > 0
    return {
        "channel_id": channel.uuid,
        "call_id": channel.variables.get("tc_call_id"),
        "state": "over" if not channel.is_up else "talking" if answered else "ringing",
        "cause": channel.cause or None,
        "sip_status": _ANSWERED if answered else _refused(call),
    }


def _refused(call: Call) -> int | None:
    channel = call.channel
    if channel.is_up:
        return None
    gave_up = channel.variables.get("sip_hangup_disposition") == "recv_cancel"
    return _GAVE_UP if gave_up else refusal_for(channel.cause).status
