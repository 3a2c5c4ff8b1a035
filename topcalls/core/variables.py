"""`{{name}}` in what the agent says and is told: filled in from `request_data` and the call itself.

`{{name|a default}}` takes the default when the value is missing or blank; `\\{{` stands for two
braces. The names that a call brings itself are those of `of_call`; a value in `request_data` goes
before one of the call.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from topcalls.core.answer_plan import LONGEST
from topcalls.core.call_request import CallRequest
from topcalls.core.suggestions import did_you_mean
from topcalls.core.tools import BRIDGE_LENGTH, DESCRIPTION_LENGTH
from topcalls.core.transfer_rules import BRIEFING_LENGTH
from topcalls.errors import FieldError, InvalidRequest

TEMPLATES = ("task", "instructions", "first_sentence")
"""The fields in which a name is filled in, beside those that are told by `_nested`."""
OF_EVERY_CALL = ("caller_number", "called_number")
"""Names that every call brings itself; an inbound one also `caller_name` and `sip_…`."""
MAX_VALUE_LENGTH = 2_000
MAX_CALLER_VALUE_LENGTH = 200
_NESTED_LENGTHS: Mapping[str, tuple[int, int]] = {
    "message": (1, LONGEST["message"]),
    "description": DESCRIPTION_LENGTH,
    "speak_while_waiting": BRIDGE_LENGTH,
    "briefing": BRIEFING_LENGTH,
}
NAME_PATTERN = r"[A-Za-z_][A-Za-z0-9_]{0,63}"
_MARK = re.compile(
    r"\\\{\{|\{\{\s*(?P<name>"
    + NAME_PATTERN
    + r")\s*(?:\|(?P<default>[^{}]*))?\}\}|(?P<broken>\{\{)"
)
_HOW = "Write it as in {{first_name}} or {{first_name|there}}, and two plain braces as \\{{."


class Placeholder(NamedTuple):
    """One `{{name}}`; `default` None: it must have a value."""

    name: str
    default: str | None


def placeholders(text: str) -> list[Placeholder]:
    """Every `{{name}}` of a text, in order; what is malformed is left out."""
    found = _MARK.finditer(text) if "{{" in text else ()
    return [Placeholder(m["name"], m["default"]) for m in found if m["name"]]


def needed(configuration: Mapping[str, Any]) -> tuple[str, ...]:
    """The names that a call has to give a value: they have neither default nor value here."""
    own = _values(configuration, dict.fromkeys(OF_EVERY_CALL, ""))
    places = [place for text in _texts(configuration).values() for place in placeholders(text)]
    names = [place.name for place in places if place.default is None and place.name not in own]
    return tuple(dict.fromkeys(names))


def of_call(
    caller_number: str | None,
    called_number: str,
    caller_name: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """The values that a call brings itself; those that are unknown are left out.

    Header `X-Customer-Id` becomes `sip_x_customer_id`. What the caller's side can choose freely is
    made one short line, since it is put into the agent's instructions.
    """
    values = {
        "caller_number": _one_line(caller_number or ""),
        "called_number": _one_line(called_number),
        "caller_name": _one_line(caller_name or ""),
    }
    for header, value in (headers or {}).items():
        name = re.sub(r"[^a-z0-9]+", "_", header.lower()).strip("_")
        if name and re.fullmatch(NAME_PATTERN, f"sip_{name}"):
            values[f"sip_{name}"] = _one_line(value)
    return {name: value for name, value in values.items() if value}


def of_body(body: Mapping[str, Any], default_from_number: str | None) -> dict[str, str]:
    """The same for the body of an outbound call, right or not."""
    caller, called = body.get("from_number") or default_from_number, body.get("phone_number")
    return of_call(
        caller if isinstance(caller, str) else None, called if isinstance(called, str) else ""
    )


def syntax_faults(body: Mapping[str, Any]) -> Iterator[FieldError]:
    """Texts in which `{{` begins no placeholder."""
    for field, text in _texts(body).items():
        for mark in _MARK.finditer(text) if "{{" in text else ():
            if mark["broken"]:
                excerpt = text[mark.start() : mark.start() + 30]
                message = f"'{excerpt}' is no placeholder. {_HOW}"
                yield FieldError(field, message, "invalid_placeholder")
                break


def value_faults(body: Mapping[str, Any], call: Mapping[str, str]) -> Iterator[FieldError]:
    """Placeholders of a call's `body` without a usable value. `call` is what `of_call` knows."""
    values = _values(body, call)
    told: set[str] = set()
    for field, text in _texts(body).items():
        for place in placeholders(text):
            wrong = None if place.name in told else _value_fault(field, place, values)
            if wrong:
                told.add(place.name)
                yield FieldError(f"request_data.{place.name}", *wrong)


def length_faults(
    body: Mapping[str, Any], call: Mapping[str, str], lengths: Mapping[str, tuple[int, int]]
) -> Iterator[FieldError]:
    """Texts that their values make longer or shorter than their field may be (`lengths`)."""
    values = _values(body, call)
    for field, text in _texts(body).items():
        least, most = lengths.get(field) or _NESTED_LENGTHS[field.rpartition(".")[2]]
        said = render(text, values)
        fits = least <= len(said.strip()) <= len(said) <= most
        if said != text and len(text) <= most and not fits:
            message = f"Must be {least} to {most} characters once its values are filled in."
            yield FieldError(field, message, "length")


def filled(request: CallRequest, call: Mapping[str, str], *, strict: bool = True) -> CallRequest:
    """The request with every `{{name}}` filled in; never fill in a filled request again.

    What is missing is left blank unless `strict`: a caller who is on the line is not turned away.
    A first sentence that is nothing but blank then is none; a prompt stays as it was written.

    Raises:
        InvalidRequest: with `strict`, when a value is missing or cannot be spoken.
    """
    texts = {field: text for field, text in _texts(vars(request)).items() if "{{" in text}
    if not texts:
        return request
    faults = list(value_faults(vars(request), call)) if strict else []
    if faults:
        raise InvalidRequest("The call lacks values for its texts: see 'errors'.", faults)
    values = _values(vars(request), call)
    said = {field: render(text, values) for field, text in texts.items()}
    changes: dict[str, Any] = {field: text for field, text in said.items() if text.strip()}
    if not said.get("first_sentence", "given").strip():
        changes["first_sentence"] = None
    return _changed(request, changes)


def protected(request: CallRequest) -> CallRequest:
    """A filled request whose texts come out of another `filled` as they are."""
    texts = {field: text for field, text in _texts(vars(request)).items() if "{{" in text}
    changes: dict[str, Any] = {field: text.replace("{{", "\\{{") for field, text in texts.items()}
    return _changed(request, changes)


def render(text: str, values: Mapping[str, Any]) -> str:
    """`text` with its placeholders filled in, once: values are never looked through again."""

    def fill(mark: re.Match[str]) -> str:
        if mark["name"] is None:
            return "{{"
        value = _spoken(values.get(mark["name"]))
        return value or (mark["default"] or "").strip()

    return _MARK.sub(fill, text) if "{{" in text else text


def _texts(body: Mapping[str, Any]) -> dict[str, str]:
    pairs = [(field, body.get(field)) for field in TEMPLATES]
    pairs += _nested(body)
    return {field: text for field, text in pairs if isinstance(text, str)}


def _nested(body: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    """Texts further in, right or not: the message for a mailbox, what tools are for and what is
    said while one is waited for, and the briefings of transfers."""
    voicemail, transfer = body.get("voicemail"), body.get("transfer")
    if isinstance(voicemail, Mapping):
        yield "voicemail.message", voicemail.get("message")
    for place, tool in _mappings(body.get("tools")):
        for name in ("description", "speak_while_waiting"):
            yield f"tools.{place}.{name}", tool.get(name)
    destinations = transfer.get("destinations") if isinstance(transfer, Mapping) else None
    for place, item in _mappings(destinations):
        yield f"transfer.destinations.{place}.briefing", item.get("briefing")


def _mappings(listed: object) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for place, item in enumerate(listed if isinstance(listed, list | tuple) else ()):
        if isinstance(item, Mapping):
            yield place, item


def _changed(request: CallRequest, texts: Mapping[str, Any]) -> CallRequest:
    """The request with other texts; a name with dots is that of one further in."""
    changes: dict[str, Any] = {}
    for field, text in texts.items():
        name, *way = field.split(".")
        changes[name] = _put(changes.get(name, getattr(request, name)), way, text)
    return replace(request, **changes)


def _put(whole: Any, way: list[str], text: Any) -> Any:
    """`whole` with `text` at the end of the way; what is not on it is shared."""
    if not way:
        return text
    if isinstance(whole, Mapping):
        return {**whole, way[0]: _put(whole[way[0]], way[1:], text)}
    place = int(way[0])
    return type(whole)([*whole[:place], _put(whole[place], way[1:], text), *whole[place + 1 :]])


def _values(body: Mapping[str, Any], call: Mapping[str, str]) -> dict[str, Any]:
    """What names stand for; a blank value is none."""
    given = body.get("request_data")
    own = given if isinstance(given, Mapping) else {}
    return {**call, **{name: value for name, value in own.items() if not _is_blank(value)}}


def _is_blank(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _value_fault(
    field: str, place: Placeholder, values: Mapping[str, Any]
) -> tuple[str, str] | None:
    value = values.get(place.name)
    if value is None:
        if place.default is not None:
            return None
        hint = did_you_mean(place.name, values)
        message = (
            f"'{field}' uses {{{{{place.name}}}}}, which has no value.{hint} "
            f"Give it one, or write a default as in {{{{{place.name}|none}}}}."
        )
        return message, "missing_value"
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return f"Must be text or a number, because '{field}' uses it.", "invalid_type"
    if len(_spoken(value)) > MAX_VALUE_LENGTH:
        most = MAX_VALUE_LENGTH
        return f"Must be at most {most} characters, because '{field}' uses it.", "length"
    return None


def _spoken(value: Any) -> str:
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    return str(value).strip() if isinstance(value, str | int | float) else ""


def _one_line(value: str) -> str:
    plain = "".join(letter if letter.isprintable() else " " for letter in value)
    return " ".join(plain.split())[:MAX_CALLER_VALUE_LENGTH]
