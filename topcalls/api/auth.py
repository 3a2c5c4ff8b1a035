"""Who may call what: a bearer key on every route, and a scope per route.

Nothing is open by omission: `protect` refuses to start an application with a route that neither
names its scope nor is declared public.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from flask import Flask, Response, g, request

from topcalls.api.rate_limits import PER_ACCOUNT, RateLimits
from topcalls.core.budgets import Consumer
from topcalls.errors import InsufficientScope, RateLimited, Unauthorized
from topcalls.services.keys import SCOPES, Keys, Principal
from topcalls.services.recording_links import SIGNATURE

View = TypeVar("View", bound=Callable[..., object])

_SCOPE = "required_scope"
_PUBLIC = "is_public"
_SIGNED = "is_signed"
_EXTENSION = "topcalls.auth"
_SCHEME = "token_scheme"
_LINKED = "is_opened_by_links"
INSIDE = "topcalls.principal"
"""Where a request that comes from inside this process says whose it is. No header of a request from
outside can become this name of its environment."""
ANY_KEY = "any key"
"""In the place of a scope: whoever has a key."""

_HOW = "Send 'Authorization: Bearer <key>'. 'topcalls keys create' makes a key."


def requires(scope: str) -> Callable[[View], View]:
    """Only keys with `scope` may call this route, or `ANY_KEY`."""
    assert scope in SCOPES or scope == ANY_KEY

    def mark(view: View) -> View:
        setattr(view, _SCOPE, scope)
        return view

    return mark


def public(view: View) -> View:
    """This route needs no key."""
    setattr(view, _PUBLIC, True)
    return view


def signed(view: View) -> View:
    """This route checks a signature of its own: no key opens it."""
    setattr(view, _SIGNED, True)
    return view


def or_token(scheme: str) -> Callable[[View], View]:
    """This route is also opened by a token of this scheme, which it checks itself."""

    def mark(view: View) -> View:
        setattr(view, _SCHEME, scheme)
        return view

    return mark


def or_link(view: View) -> View:
    """This route is also opened by a signature in its query, which it checks itself."""
    setattr(view, _LINKED, True)
    return view


def has_link() -> bool:
    """Whether the request carries a signature in its query, and no key."""
    return SIGNATURE in request.args and "Authorization" not in request.headers


def token_of(scheme: str) -> str | None:
    """The token of this scheme that the request carries."""
    word, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if word == scheme else None


def is_signed(view: Callable[..., object]) -> bool:
    """Whether a route is opened by a signature, and reads its own body."""
    return getattr(view, _SIGNED, False)


def scope_of(view: Callable[..., object]) -> str | None:
    """The scope a route needs; None for a public one."""
    return getattr(view, _SCOPE, None)


def is_public(view: Callable[..., object]) -> bool:
    """Whether a route was declared open."""
    return getattr(view, _PUBLIC, False)


def protect(app: Flask) -> None:
    """Check key, rate and scope before anything else of a request is looked at, by what `attach`
    was told.

    Raises RuntimeError for a route without a scope. Call it when every route is registered.
    """
    for endpoint, view in app.view_functions.items():
        if [is_public(view), is_signed(view), scope_of(view) is not None].count(True) != 1:
            raise RuntimeError(f"Route {endpoint} must name its scope or be public, not both.")
    app.before_request(lambda: _check(app, *app.extensions[_EXTENSION]))
    app.after_request(_tell_allowance)


def attach(app: Flask, keys: Keys, limits: RateLimits) -> None:
    """Whose keys open `app`, and how often."""
    app.extensions[_EXTENSION] = (keys, limits)


def _check(app: Flask, keys: Keys, limits: RateLimits) -> None:
    view = app.view_functions.get(request.endpoint or "")
    if view is None or is_public(view) or is_signed(view):
        return
    scheme = getattr(view, _SCHEME, None)
    if scheme is not None and token_of(scheme) is not None:
        return
    if getattr(view, _LINKED, False) and has_link():
        return
    inside: Principal | None = request.environ.get(INSIDE)
    token = inside.key_id if inside is not None else _token()
    g.principal = inside or _authenticated(token, keys, limits)
    _spend(token, g.principal, limits)
    scope = scope_of(view)
    if scope not in (ANY_KEY, *g.principal.scopes):
        raise InsufficientScope(
            f"This key lacks the scope '{scope}'.",
            remedy=f"Use a key made with 'topcalls keys create --scopes {scope},...'.",
            scope=scope,
        )


def _authenticated(token: str, keys: Keys, limits: RateLimits) -> Principal:
    address = request.remote_addr or ""
    limits.refuse_guesses(address, token)
    try:
        return keys.authenticate(token)
    except Unauthorized:
        limits.failed(address)
        raise


def _spend(token: str, who: Principal, limits: RateLimits) -> None:
    allowance = g.allowance = limits.spend(token, who)
    if not allowance.retry_after:
        return
    by_account = allowance.name == PER_ACCOUNT
    whose = "The keys of this account have" if by_account else "This key has"
    raise RateLimited(
        f"{whose} made too many requests in a short time.",
        remedy="Spread them out, and try again after Retry-After seconds.",
        limit=allowance.name,
        consumer={
            "type": Consumer.ACCOUNT if by_account else Consumer.KEY,
            "id": who.account_id if by_account else who.key_id,
        },
        retry_after=allowance.retry_after,
    )


def _tell_allowance(response: Response) -> Response:
    allowance = g.get("allowance")
    if allowance is not None:
        response.headers["RateLimit-Limit"] = str(allowance.limit)
        response.headers["RateLimit-Remaining"] = str(allowance.remaining)
        response.headers["RateLimit-Reset"] = str(allowance.reset)
    return response


def _token() -> str:
    header = request.headers.get("Authorization", "")
    if not header:
        raise Unauthorized("The request carries no key.", remedy=_HOW)
    word, _, token = header.partition(" ")
    if word.lower() != "bearer" or not token.strip():
        raise Unauthorized("The Authorization header is not of the kind 'Bearer'.", remedy=_HOW)
    return token.strip()


def sign_in(app: Flask, token: str) -> Principal:
    """Whose token this is, for whoever will send requests to `app` from inside this process.

    Raises:
        RateLimited: this address showed too many wrong ones.
        Unauthorized: it opens nothing.
    """
    return _authenticated(token, *app.extensions[_EXTENSION])


def recognise(app: Flask, key_id: str) -> Principal:
    """Whose key this is, of somebody who signed in. Raises Unauthorized."""
    keys: Keys = app.extensions[_EXTENSION][0]
    return keys.recognise(key_id)


def principal() -> Principal:
    """Whose request this is."""
    return g.principal  # type: ignore[no-any-return]
