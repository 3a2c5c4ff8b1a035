"""The switch's users: who proves itself by a password, and what that puts on its calls.

Read with the rest of the configuration, by `reloadxml` and by a rescan of a SIP profile; a file
that was changed meanwhile is not seen.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from topcalls.sandbox.freeswitch.generated_files import elements, pairs

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


class Directory:
    """The users of the files in `directory`, as they were read last."""

    def __init__(self) -> None:
        self.directory: Path | None = None
        self._users: dict[str, User] = {}

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

    def find(self, name: str) -> User | None:
        """A user by its name."""
        return self._users.get(name)

    def proved(self, name: str, password: str) -> User | None:
        """The user, if that is its password."""
        user = self._users.get(name)
        return user if user is not None and user.password == password else None
