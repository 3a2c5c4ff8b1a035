"""What can go wrong with a command, told apart by what is known of its effect.

A controller may try again only what certainly did not happen, so the classes answer that question:
`CommandNotSent` (nothing reached the switch), `CommandRefused` (the switch said no),
`OutcomeUnknown` (it may have happened: look before doing anything again).
"""

from __future__ import annotations

from typing import Any

from topcalls.errors import SwitchError


class CommandNotSent(SwitchError):
    """There is no connection, so the switch knows nothing of the command."""


class CommandRefused(SwitchError):
    """The switch answered `-ERR` or `-USAGE`. `reply` is its text without the line break."""

    retryable = False

    def __init__(self, message: str, *, reply: str, **extra: Any) -> None:
        super().__init__(message, reply=reply, **extra)
        self.reply = reply

    @property
    def cause(self) -> str:
        """The hang-up cause that a failed `originate` answers with (`-ERR USER_BUSY`), or empty."""
        word = self.reply.removeprefix("-ERR ").strip()
        return word if word.isupper() and word.replace("_", "").isalnum() else ""


class OutcomeUnknown(SwitchError):
    """The command was sent and never answered: it may or may not have taken effect."""


class CommandTimeout(OutcomeUnknown):
    """No answer within the command's time limit."""


class ConnectionLost(OutcomeUnknown):
    """The connection broke while the command was under way."""


class LoginRefused(SwitchError):
    """The switch rejects the password, or its access list rejects this host."""

    retryable = False


class ProtocolError(SwitchError):
    """The peer sent what no Event Socket sends; the connection cannot be trusted any more."""
