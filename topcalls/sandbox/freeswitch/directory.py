"""The switch's users: who proves itself by a password, and what that puts on its calls.

Read with the rest of the configuration, by `reloadxml` and by a rescan of a SIP profile; a file
that was changed meanwhile is not seen.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

from topcalls.errors import TopCallsError
from topcalls.sandbox.freeswitch.generated_files import elements, pairs
from topcalls.sandbox.scenario import Scenario

DOMAIN = "topcalls.invalid"


@dataclass(frozen=True)
class User:
    """A user. `variables` are put on every call that it makes."""

    name: str
    password: str = field(repr=False)
    variables: dict[str, str]

    @property
    def context(self) -> str:
        """The dialplan context of its calls; empty: that of the SIP profile."""
        return self.variables.get("user_context", "")

    @property
    def on_its_calls(self) -> dict[str, str]:
        """Variables of a call on which it has proved itself."""
        return {
            "sip_authorized": "true",
            "sip_auth_username": self.name,
            "sip_auth_realm": DOMAIN,
            "user_name": self.name,
            "domain_name": DOMAIN,
            **self.variables,
        }


class LoginRefused(TopCallsError):
    """SIP 403: a wrong user or password."""

    code = "login_refused"


class Directory:
    """The users of the files in `directory`, as they were read last; who of them is registered, and
    whom it rings then."""

    def __init__(self) -> None:
        self.directory: Path | None = None
        self._users: dict[str, User] = {}
        self._registered: dict[str, Scenario] = {}

    def register(self, name: str, password: str, scenario: Scenario) -> None:
        """A softphone registers. Raises `LoginRefused`."""
        self._registered[self.proved(name, password).name] = scenario

    def rings(self, name: str) -> Scenario | None:
        """Who takes a call to this user; None: it is not registered."""
        return self._registered.get(name)

    def registrations(self, hostname: str) -> str:
        """`show registrations as json`."""
        rows = [_registration(name, hostname) for name in self._registered]
        if not rows:
            return '{"row_count": 0}\n'
        return json.dumps({"row_count": len(rows), "rows": rows}, separators=(",", ":"))

    def reload(self) -> None:
        """Read the files again."""
        found = [
            User(
                element.get("id", ""),
                pairs(element, "param").get("password", ""),
                pairs(element, "variable"),
            )
            for element in elements(self.directory, "user")
        ]
        self._users = {user.name: user for user in found}

    def proved(self, name: str, password: str) -> User:
        """The user, if that is its password. Raises `LoginRefused`."""
        user = self._users.get(name)
        if user is None or user.password != password:
            raise LoginRefused(f"The switch knows no user {name!r} with this password.")
        return user


def _registration(name: str, hostname: str) -> dict[str, str]:
    return {
        "reg_user": name,
        "realm": DOMAIN,
        "token": name,
        "url": f"sofia/internal/sip:{name}@127.0.0.1:5090",
        "expires": "0",
        "network_ip": "127.0.0.1",
        "network_port": "5090",
        "network_proto": "udp",
        "hostname": hostname,
        "metadata": "",
    }
