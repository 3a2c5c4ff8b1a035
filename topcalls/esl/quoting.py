"""What may go into a command, and how it has to be written so that it arrives as it is.

Two dangers. A line break, or one of the switch's own delimiters, turns a value into a command.
And the switch itself gives meaning to text: `${name}` is replaced by a variable's value or by the
output of an API command, and a command line that mentions reloading the module behind this very
socket reloads it. Values that cannot be written safely are refused by the name of their field.
"""

from __future__ import annotations

import re

from topcalls.errors import InvalidRequest

MAX_LENGTH = 32 * 1024

_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029\ud800-\udfff]")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,127}")
_NUMBER = re.compile(r"\+?[0-9*#]{1,32}")
_SIP_USER = re.compile(r"[A-Za-z0-9+*#][A-Za-z0-9+*#_.-]{0,63}")
_FORBIDDEN = ("${", "mod_event_socket")
_LEG_SEPARATOR = ":_:"


def printable(field: str, value: str) -> str:
    """Any text of one line that the switch will not act on by itself."""
    if _CONTROL.search(value):
        raise InvalidRequest("Control characters and line breaks are not allowed.", field=field)
    if len(value) > MAX_LENGTH:
        raise InvalidRequest(f"Longer than {MAX_LENGTH} characters.", field=field)
    for text in _FORBIDDEN:
        if text in value.lower():
            raise InvalidRequest(f"The text {text!r} has a meaning to the switch.", field=field)
    return value


def uuid(field: str, value: str) -> str:
    """A UUID in its usual form."""
    return _matching(_UUID, field, value, "a UUID")


def token(field: str, value: str) -> str:
    """Letters, digits, `_`, `.` and `-`, such as a gateway, a context or a hang-up cause."""
    return _matching(_TOKEN, field, value, "a name of letters, digits, '_', '.' and '-'")


def name(field: str, value: str) -> str:
    """The name of a channel variable or application."""
    return _matching(_NAME, field, value, "a variable's name")


def number(field: str, value: str) -> str:
    """A telephone number: digits, `*`, `#`, and a leading `+`."""
    return _matching(_NUMBER, field, value, "a telephone number")


def sip_user(field: str, value: str) -> str:
    """A number, or the user part of a SIP address."""
    return _matching(_SIP_USER, field, value, "a number or SIP user")


def seconds(field: str, value: int) -> int:
    """A whole number of seconds between 1 and a week."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= 7 * 24 * 3600:
        raise InvalidRequest("Must be a whole number of seconds, 1 to a week.", field=field)
    return value


def path(field: str, value: str) -> str:
    """An absolute path, as one argument of a command."""
    if not value.startswith("/") or "/../" in f"{value}/":
        raise InvalidRequest("Must be an absolute path without '..'.", field=field)
    return argument(field, value)


def argument(field: str, value: str) -> str:
    """One argument among others separated by spaces."""
    printable(field, value)
    if not value or set(value) & set(" '\\"):
        return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
    return value


def variable(field: str, value: str) -> str:
    """The value of a variable between the braces of a dial string.

    The switch unescapes it three times: when it splits the command at spaces, the braces at commas
    and the pair at its equals sign. Braces are counted without regard to quotes.
    """
    printable(field, value)
    if _LEG_SEPARATOR in value:
        raise InvalidRequest(f"The text {_LEG_SEPARATOR!r} separates legs.", field=field)
    if not _braces_match(value):
        raise InvalidRequest("Braces must come in pairs.", field=field)
    inner = value.strip(" ")
    if not set(value) & set(" ,'\\"):
        return value
    leading = len(value) - len(value.lstrip(" "))
    trailing = len(value) - leading - len(inner)
    escaped = inner.translate(_THREE_TIMES)
    return f"'{_SPACE * leading}{escaped}{_SPACE * trailing}'"


_THREE_TIMES = str.maketrans({"\\": "\\" * 8, "'": "\\" * 7 + "'", ",": "\\,"})
_SPACE = "\\" * 4 + "s"


def _braces_match(value: str) -> bool:
    depth = 0
    for character in value:
        depth += (character == "{") - (character == "}")
        if depth < 0:
            return False
    return depth == 0


def _matching(pattern: re.Pattern[str], field: str, value: str, what: str) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise InvalidRequest(f"Must be {what}.", field=field)
    return printable(field, value)
