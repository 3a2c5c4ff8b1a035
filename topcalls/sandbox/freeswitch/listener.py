"""One Event Socket client's side of the protocol: commands in, replies out. No socket in here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from topcalls.ids import new_id
from topcalls.sandbox.freeswitch import wire
from topcalls.sandbox.freeswitch.commands import Api
from topcalls.sandbox.freeswitch.subscription import Subscription
from topcalls.sandbox.freeswitch.switch import Switch
from topcalls.sandbox.freeswitch.wire import Command

_NOT_FOUND = "-ERR command not found"


class Meddler(Protocol):
    """Who may falsify answers."""

    def refusal(self, line: str) -> str | None:
        """What to answer to `line` instead of carrying it out."""
        ...


class Listener:
    """Authentication, subscription and command dispatch of one connection."""

    def __init__(
        self, switch: Switch, api: Api, password: str, meddler: Meddler, start: Callable[..., None]
    ) -> None:
        """`start(function, *args)` runs a background job."""
        self.subscription = Subscription()
        self.authenticated = False
        self.closing = False
        self._switch = switch
        self._api = api
        self._password = password
        self._meddler = meddler
        self._start = start
        self._verbs: dict[str, Callable[[Command, str], bytes]] = {
            "api": self._run_api,
            "bgapi": self._run_bgapi,
            "sendmsg": self._sendmsg,
            "sendevent": self._sendevent,
            "filter": lambda _, rest: wire.command_reply(self.subscription.filter(rest)),
            "event": lambda _, rest: wire.command_reply(self.subscription.event(rest.split())),
            "nixevent": lambda _, rest: wire.command_reply(
                self.subscription.nixevent(rest.split())
            ),
            "noevents": lambda *_: wire.command_reply(self.subscription.noevents()),
            "myevents": self._myevents,
            "linger": lambda *_: wire.command_reply("-ERR not controlling a session"),
            "nolinger": lambda *_: wire.command_reply("-ERR not controlling a session"),
            "log": lambda _, rest: wire.command_reply(f"+OK log level {rest} [7]"),
            "nolog": lambda *_: wire.command_reply("-ERR not loging"),
        }

    def handle(self, command: Command) -> bytes:
        """The bytes that answer `command`. An `api` command blocks until it is carried out."""
        verb, _, rest = command.line.partition(" ")
        verb = verb.lower()
        if verb in ("exit", "..."):
            self.closing = True
            return wire.command_reply("+OK bye")
        if not self.authenticated:
            return wire.command_reply(self._authenticate(verb, rest))
        if verb not in self._verbs:
            return wire.command_reply(_NOT_FOUND)
        if verb not in ("api", "bgapi") and (refusal := self._meddler.refusal(command.line)):
            return wire.command_reply(refusal)
        return self._verbs[verb](command, rest.strip())

    def _authenticate(self, verb: str, password: str) -> str:
        if verb != "auth":
            return _NOT_FOUND
        if password != self._password:
            self.closing = True
            return "-ERR invalid"
        self.authenticated = True
        return "+OK accepted"

    def _run_api(self, command: Command, line: str) -> bytes:
        refusal = self._meddler.refusal(command.line)
        return wire.api_response(f"{refusal}\n" if refusal else self._api.run(line))

    def _run_bgapi(self, command: Command, line: str) -> bytes:
        job = command.headers.get("job-uuid") or new_id()
        self._start(self._job, job, command.line, line)
        return wire.command_reply(f"+OK Job-UUID: {job}", [("Job-UUID", job)])

    def _job(self, job: str, command_line: str, line: str) -> None:
        refusal = self._meddler.refusal(command_line)
        result = f"{refusal}\n" if refusal else self._api.run(line)
        name, _, argument = line.partition(" ")
        headers = {"Job-UUID": job, "Job-Command": name}
        if argument:
            headers["Job-Command-Arg"] = argument
        self._switch.raise_event("BACKGROUND_JOB", headers, result)

    def _sendmsg(self, command: Command, uuid: str) -> bytes:
        uuid = uuid or command.headers.get("session-id", "")
        headers = dict(command.headers)
        if command.body and not headers.get("execute-app-arg"):
            headers["execute-app-arg"] = command.body
        if not self._switch.send_message(uuid, headers):
            return wire.command_reply(f"-ERR invalid session id [{uuid}]")
        return wire.command_reply("+OK")

    def _sendevent(self, command: Command, name: str) -> bytes:
        uuid = new_id()
        self._switch.send_event(command.headers.get("unique-id", ""), command.headers)
        headers = {key.title(): value for key, value in command.headers.items()}
        headers.pop("Content-Length", None)
        self._switch.raise_event(name.upper(), headers | {"Event-UUID": uuid}, command.body)
        return wire.command_reply(f"+OK {uuid}")

    def _myevents(self, _: Command, rest: str) -> bytes:
        uuid, form = (*rest.split(" ", 1), "")[:2]
        if uuid not in self._switch.calls and form:
            return wire.command_reply("-ERR invalid uuid")
        return wire.command_reply(self.subscription.myevents(uuid, form.lower()))
