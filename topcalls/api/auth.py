"""Who may call what: a bearer key on every route, and a scope per route.

Nothing is open by omission: `protect` refuses to start an application with a route that neither
names its scope nor is declared public.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from flask import Flask, g, request

from topcalls.errors import InsufficientScope, Unauthorized
from topcalls.services.keys import SCOPES, Keys, Principal

View = TypeVar("View", bound=Callable[..., object])

_SCOPE = "required_scope"
_PUBLIC = "is_public"
_HOW = "Send 'Authorization: Bearer <key>'. 'topcalls keys create' makes a key."


def requires(scope: str) -> Callable[[View], View]:
    """Only keys with `scope` may call this route."""
    assert scope in SCOPES

    def mark(view: View) -> View:
        setattr(view, _SCOPE, scope)
        return view

    return mark


def public(view: View) -> View:
    """This route needs no key."""
    setattr(view, _PUBLIC, True)
    return view


def scope_of(view: Callable[..., object]) -> str | None:
    """The scope a route needs; None for a public one."""
    return getattr(view, _SCOPE, None)


def is_public(view: Callable[..., object]) -> bool:
    """Whether a route was declared open."""
    return getattr(view, _PUBLIC, False)


def protect(app: Flask, keys: Keys) -> None:
    """Check the key and the scope before anything else of a request is looked at.

    Raises RuntimeError for a route without a scope. Call it when every route is registered.
    """
    for endpoint, view in app.view_functions.items():
        if is_public(view) == (scope_of(view) is not None):
            raise RuntimeError(f"Route {endpoint} must name its scope or be public, not both.")
    app.before_request(lambda: _check(app, keys))


def _check(app: Flask, keys: Keys) -> None:
    view = app.view_functions.get(request.endpoint or "")
    if view is None or is_public(view):
        return
    g.principal = keys.authenticate(_token())
    scope = scope_of(view)
    if scope not in g.principal.scopes:
        raise InsufficientScope(
            f"This key lacks the scope '{scope}'.",
            remedy=f"Use a key made with 'topcalls keys create --scopes {scope},...'.",
            scope=scope,
        )


def _token() -> str:
    header = request.headers.get("Authorization", "")
    if not header:
        raise Unauthorized("The request carries no key.", remedy=_HOW)
    word, _, token = header.partition(" ")
    if word.lower() != "bearer" or not token.strip():
        raise Unauthorized("The Authorization header is not of the kind 'Bearer'.", remedy=_HOW)
    return token.strip()


def principal() -> Principal:
    """Whose request this is."""
    return g.principal  # type: ignore[no-any-return]
