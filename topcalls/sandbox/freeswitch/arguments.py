"""How FreeSWITCH takes a command's arguments apart: quotes, escapes, {variables}, dial strings.

The rules are those of its own splitting, with its surprises: a command's arguments are first split
at spaces, which takes one layer of quotes and escapes away, and only then are the variables split
at commas. So `{a='x y'}` holds a space, but a comma needs `{a=\\'x,y\\'}`, `{a=x\\,y}` or `^^:`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "s": " "}
_DEFAULT_TIMEOUT = 60.0


class OriginateSyntax(ValueError):
    """The argument of `originate` cannot be read; the switch answers with its usage line."""


@dataclass(frozen=True)
class Originate:
    """A parsed `originate` command. `gateway` is "" for the null endpoint, and for a `user` of the
    directory."""

    variables: dict[str, str]
    gateway: str
    number: str
    user: str
    application: str
    argument: str
    timeout: float


def separate(text: str, delimiter: str, limit: int = 1024) -> list[str]:
    """Split like `switch_separate_string`: quotes and backslashes protect, then are removed."""
    if len(text) > 3 and text.startswith("^^"):
        delimiter, text = text[2], text[3:]
    if delimiter == " ":
        text = text.lstrip(" ")
    pieces = _split(text, delimiter, limit)
    return [_cleaned(piece, "" if delimiter == " " else delimiter) for piece in pieces]


def parse_originate(text: str) -> Originate:
    """Take an `originate` argument apart. Raises `OriginateSyntax`."""
    arguments = separate(text, " ", 10)
    if not 2 <= len(arguments) <= 7:
        raise OriginateSyntax(text)
    variables, endpoint = split_variables(arguments[0])
    application, argument = _application(arguments[1])
    gateway, number, user = _endpoint(endpoint)
    timeout = variables.get("originate_timeout") or "".join(arguments[6:])
    return Originate(
        variables=variables,
        gateway=gateway,
        number=number,
        user=user,
        application=application,
        argument=argument,
        timeout=(float(timeout) if timeout.isdigit() else 0.0) or _DEFAULT_TIMEOUT,
    )


def patience(timeout: float, now: datetime) -> float:
    """For how many seconds a dial that begins now is left to ring. The switch counts ticks of the
    clock's second, the first of which may come at once: up to a second less than it is told."""
    return timeout - now.microsecond / 1e6


def split_variables(text: str) -> tuple[dict[str, str], str]:
    """`{a=1,b=2}rest` as its variables and the rest."""
    variables: dict[str, str] = {}
    while text.lstrip(" ").startswith("{"):
        text = text.lstrip(" ")
        end = _closing_brace(text)
        if end < 0:
            raise OriginateSyntax(text)
        for item in separate(text[1:end], ","):
            name, *value = separate(item, "=", 2)
            if value:
                variables[name] = value[0]
        text = text[end + 1 :]
    return variables, text


def _split(text: str, delimiter: str, limit: int) -> list[str]:
    """The raw pieces, quotes and escapes still in them. The last one takes the rest."""
    pieces: list[str] = []
    start = at = 0
    quoted = False
    while at < len(text) and len(pieces) + 1 < limit:
        if text[at] == "\\":
            at += 1
        elif text[at] == "'" and (quoted or delimiter == " " or "'" in text[at + 1 :]):
            quoted = not quoted
        elif text[at] == delimiter and not quoted:
            pieces.append(text[start:at])
            while delimiter == " " and text[at + 1 : at + 2] == " ":
                at += 1
            start = at + 1
        at += 1
    if start < len(text):
        pieces.append(text[start:])
    return pieces


def _cleaned(text: str, delimiter: str) -> str:
    """A piece without its quotes, escapes and the spaces around it."""
    result: list[str] = []
    keep = 0  # length up to the last character that is not an unquoted trailing space
    quoted = False
    text = text.lstrip(" ")
    at = 0
    while at < len(text):
        character, following = text[at], text[at + 1 : at + 2]
        if character == "\\" and following and (following in "'\"\\" or following == delimiter):
            result.append(following)
            at += 1
            keep = len(result)
        elif character == "\\" and following in _ESCAPES:
            result.append(_ESCAPES[following])
            at += 1
            keep = len(result)
        elif character == "'" and (quoted or "'" in text[at + 1 :]):
            quoted = not quoted
            keep = len(result) if quoted else keep
        else:
            result.append(character)
            keep = len(result) if character != " " or quoted else keep
        at += 1
    return "".join(result[:keep])


def _closing_brace(text: str) -> int:
    depth = 0
    for at, character in enumerate(text):
        depth += (character == "{") - (character == "}")
        if depth == 0:
            return at
    return -1


def _application(text: str) -> tuple[str, str]:
    if not text.startswith("&") or len(text) < 2:
        raise OriginateSyntax(text)
    name, _, argument = text[1:].partition("(")
    return name.rstrip(")"), argument.partition(")")[0]


def _endpoint(text: str) -> tuple[str, str, str]:
    """(gateway, number, user) of `sofia/gateway/<gateway>/<number>`, `user/<user>` or
    `null/<anything>`."""
    if text.startswith("null/"):
        return "", text.removeprefix("null/"), ""
    if text.startswith("user/"):
        user = text.removeprefix("user/")
        return "", user, user
    kind, word, gateway, number = (*text.split("/", 3), "", "", "")[:4]
    if (kind, word) != ("sofia", "gateway") or not number:
        raise OriginateSyntax(text)
    return gateway, number, ""
