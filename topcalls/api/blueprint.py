"""The blueprint every route hangs on: strict arguments, and documentation that follows the code.

A route says once what it needs (`auth.requires`), how it can fail (`fails_with`) and whether it
may be repeated (`idempotency.idempotent`); the OpenAPI entry is derived from that.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NoReturn

import marshmallow as ma
from flask import Request, request
from flask_smorest import Blueprint
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import UnsupportedMediaType

from topcalls.api import form_body, json_body
from topcalls.api.auth import View, is_public, scope_of
from topcalls.core.suggestions import did_you_mean
from topcalls.errors import FieldError, InvalidRequest

IDEMPOTENT = "is_idempotent"
CONDITIONAL = "is_conditional"
STREAMED = "streamed_body"
FORM = "multipart"
"""Where a route's arguments are that come as a form with files."""

CONTENT = "content"
"""The same, where they may come as JSON instead: the schema has the form's as `form_schema`."""

_FAILURES = "documented_failures"
_TAKES = "takes"
_FORM = "form_beside_json"
_BODIES = frozenset({"json", FORM, CONTENT})
_MARSHMALLOW_UNKNOWN = "Unknown field."
_CODES = {
    "Is required.": "required",
    "Must not be null.": "null",
    "Must be text.": "invalid_type",
    "Must be a number.": "invalid_type",
    "Must be a whole number.": "invalid_type",
    "Must be true or false.": "invalid_type",
    "Must be an object.": "invalid_type",
    "Must be a list.": "invalid_type",
}


class StrictParser(FlaskParser):
    """Unknown names are refused in the query as in the body; faults become `InvalidRequest`."""

    DEFAULT_UNKNOWN_BY_LOCATION = {"json": ma.RAISE, "query": ma.RAISE, FORM: ma.RAISE}
    DEFAULT_UNKNOWN_BY_LOCATION |= {CONTENT: ma.RAISE}
    DEFAULT_VALIDATION_STATUS = 400
    __location_map__ = {**FlaskParser.__location_map__, FORM: "load_multipart"}
    __location_map__ |= {CONTENT: "load_content"}

    def load_json(self, req: Request, schema: ma.Schema) -> Any:
        return json_body.load(req)

    def load_multipart(self, req: Request, schema: ma.Schema) -> Any:
        """The fields of a form, and its files."""
        return form_body.load(req, schema)

    def load_content(self, req: Request, schema: Any) -> Any:
        """A JSON body, or the fields of a form and its files."""
        if req.mimetype == form_body.CONTENT_TYPE:
            return form_body.load(req, schema.form_schema)
        return json_body.load(req)

    def handle_error(
        self, error: ma.ValidationError, req: Request, schema: ma.Schema, **_: Any
    ) -> NoReturn:
        ((location, messages),) = error.messages_dict.items()
        where = "query" if location == "query" else "body"
        faults = list(_flatten(messages, "", schema))
        raise InvalidRequest(f"The {where} of this request is not right: see 'errors'.", faults)


def _flatten(messages: Any, path: str, schema: ma.Schema) -> Iterator[FieldError]:
    if isinstance(messages, Mapping):
        for key, inner in messages.items():
            own = "" if key == "_schema" else f".{key}"
            yield from _flatten(inner, f"{path}{own}".lstrip("."), schema)
        return
    for message in messages:
        if message == _MARSHMALLOW_UNKNOWN:
            hint = "" if "." in path else did_you_mean(path, schema.fields)
            yield FieldError(path, f"Is not known here.{hint}", "unknown")
        else:
            yield FieldError(path or "body", message, _CODES.get(message, "invalid"))


def fails_with(*statuses: int) -> Callable[[View], View]:
    """Document that this route can also answer with these statuses."""

    def mark(view: View) -> View:
        setattr(view, _FAILURES, statuses)
        return view

    return mark


def streams(content_type: str, most_bytes: int) -> Callable[[View], View]:
    """Let a route read its own body as it arrives, of this type and at most so long."""

    def mark(view: View) -> View:
        setattr(view, STREAMED, (content_type, most_bytes))
        return view

    return mark


def streamed(view: Callable[..., object]) -> tuple[str, int] | None:
    """The type and the greatest length of the body that a route reads itself."""
    return getattr(view, STREAMED, None)


def form_too(schema: type[ma.Schema]) -> Callable[[View], View]:
    """Document that this route takes a form of this schema beside JSON."""

    def mark(view: View) -> View:
        setattr(view, _FORM, schema)
        return view

    return mark


class ApiBlueprint(Blueprint):
    """flask-smorest's blueprint with our strictness and our documentation."""

    ARGUMENTS_PARSER = StrictParser()
    DEFAULT_LOCATION_CONTENT_TYPE_MAPPING = {
        **Blueprint.DEFAULT_LOCATION_CONTENT_TYPE_MAPPING,
        FORM: form_body.CONTENT_TYPE,
        CONTENT: "application/json",
    }

    if TYPE_CHECKING:  # the library is not typed

        def route(self, rule: str, **options: Any) -> Callable[[View], View]: ...
        def response(
            self, status: int, schema: Any = None, **options: Any
        ) -> Callable[[View], View]: ...
        def alt_response(self, status: int, **options: Any) -> Callable[[View], View]: ...

    def arguments(self, schema: Any, **options: Any) -> Callable[[View], View]:
        """As the library's. One schema instance serves all requests: it is dear to make."""
        instance = schema() if isinstance(schema, type) else schema
        return super().arguments(instance, **options)  # type: ignore[no-any-return]

    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: Any = None,
        provide_automatic_options: bool | None = None,
        **options: Any,
    ) -> None:
        """Register a route; what it needs and how it can fail goes into its documentation."""
        view = self.doc(**_documentation(rule, view_func))(view_func)
        setattr(view, _TAKES, _locations(view_func))
        super().add_url_rule(rule, endpoint, view, provide_automatic_options, **options)


def _locations(view: Any) -> frozenset[str]:
    arguments = getattr(view, "_apidoc", {}).get("arguments", {})
    return frozenset(parameter["in"] for parameter in arguments.get("parameters", ()))


def _documentation(rule: str, view: Any) -> dict[str, Any]:
    statuses = set(getattr(view, _FAILURES, ())) | {400, 413, 500}
    doc: dict[str, Any] = {"security": [], "operationId": view.__name__}
    if not is_public(view):
        doc["security"] = [{"bearerAuth": []}]
        doc["description"] = f"{_description(view)}\n\nScope: `{scope_of(view)}`.".strip()
        statuses |= {401, 403, 429, 503}
    if "<" in rule:
        statuses.add(404)
    if _locations(view) & _BODIES:
        statuses.add(415)
    marks = {IDEMPOTENT: "IdempotencyKey", CONDITIONAL: "IfMatch"}
    form = getattr(view, _FORM, None)
    if form is not None:
        doc["requestBody"] = {"content": {form_body.CONTENT_TYPE: {"schema": form}}}
    body = streamed(view)
    if body is not None:
        schema = {"type": "string", "format": "binary"}
        doc["requestBody"] = {"required": True, "content": {body[0]: {"schema": schema}}}
        statuses.add(415)
    headers = [header for mark, header in marks.items() if getattr(view, mark, False)]
    if headers:
        statuses.add(409)
        doc["parameters"] = headers
    doc["responses"] = {str(status): f"Problem{status}" for status in sorted(statuses)}
    return doc


def _description(view: Any) -> str:
    """What follows the first line of the docstring."""
    return (inspect.getdoc(view) or "").partition("\n\n")[2]


def _taken(view: Callable[..., object]) -> frozenset[str]:
    """Where a route's arguments are."""
    return getattr(view, _TAKES, frozenset())


def takes_files(view: Callable[..., object]) -> bool:
    """Whether a route takes a form with files."""
    return bool(_taken(view) & {FORM, CONTENT})


def refuse_unexpected_input(view: Callable[..., object]) -> None:
    """Refuse a query or a body where a route takes none, so that nothing is silently ignored."""
    takes = _taken(view)
    if request.args and "query" not in takes:
        faults = [FieldError(name, "Is not known here.", "unknown") for name in request.args]
        raise InvalidRequest("This address takes no query parameters.", faults)
    own = streamed(view)
    if own is not None:
        if request.mimetype != own[0]:
            said = request.mimetype[:80]
            raise UnsupportedMediaType(f"The body is declared as '{said}'. Send '{own[0]}'.")
        return
    if not takes & _BODIES and request.get_data().strip() not in (b"", b"{}", b"null"):
        fault = FieldError("body", "Leave the body empty.", "unknown")
        raise InvalidRequest("This request takes no body.", [fault])
