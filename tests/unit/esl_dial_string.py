"""How FreeSWITCH reads the text of a command, as far as quoting goes.

Splitting and unescaping happen several times over one text: `originate` at its blanks, the braces
at their commas, each pair at its equals sign. The contract tests hold this model to a real switch.
"""

from __future__ import annotations

BACKSLASH = "\\"
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "s": " "}


def split(text: str, delimiter: str, limit: int) -> list[str]:
    """Cut at `delimiter` outside quotes into at most `limit` parts, and clean each."""
    parts, part, quoted, position = [], "", False, 0
    while position < len(text) and len(parts) < limit - 1:
        character = text[position]
        if character == BACKSLASH:
            part += text[position : position + 2]
            position += 2
            continue
        if character == "'" and (delimiter == " " or quoted or "'" in text[position + 1 :]):
            quoted = not quoted
        elif character == delimiter and not quoted:
            parts.append(part)
            part = ""
            position += 1
            while delimiter == " " and text[position : position + 1] == " ":
                position += 1
            continue
        part += character
        position += 1
    parts.append(part + text[position:])
    return [_clean(each, "" if delimiter == " " else delimiter) for each in parts if each]


def _clean(text: str, delimiter: str) -> str:
    """Remove paired quotes, blanks at both ends, and one level of escaping."""
    text = text.lstrip(" ")
    result, end, quoted, position = "", 0, False, 0
    while position < len(text):
        character, following = text[position], text[position + 1 : position + 2]
        if character == BACKSLASH and following:
            literal = following in ("'", '"', BACKSLASH) or following == delimiter
            if literal or following in _ESCAPES:
                result += following if literal else _ESCAPES[following]
                end = len(result)
                position += 2
                continue
        if character == "'" and (quoted or "'" in text[position + 1 :]):
            quoted = not quoted
            end = len(result) if quoted else end
        else:
            result += character
            end = len(result) if character != " " or quoted else end
        position += 1
    return result[:end]


def read_originate(command: str) -> tuple[dict[str, str], str, str]:
    """Variables, endpoint and application of an `originate` command."""
    verb, rest = command.split(" ", 1)
    assert verb == "originate"
    leg, application = split(rest, " ", 10)
    braces, endpoint = _take_braces(leg)
    pairs = (split(pair, "=", 2) for pair in split(braces, ",", 1024))
    return {pair[0]: pair[1] for pair in pairs if len(pair) == 2}, endpoint, application


def _take_braces(text: str) -> tuple[str, str]:
    depth = 0
    for position, character in enumerate(text):
        depth += (character == "{") - (character == "}")
        if depth == 0:
            return text[1:position], text[position + 1 :]
    raise AssertionError("the braces never end")
