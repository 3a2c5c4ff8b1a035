"""Build the console's Flask application. It is mounted at `/console`, beside the API."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from flask import Flask, Response, flash, g, redirect, render_template, request, url_for
from flask_wtf.csrf import CSRFError, CSRFProtect
from jinja2 import StrictUndefined
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from topcalls import __version__
from topcalls.api import auth
from topcalls.console import sessions, wording
from topcalls.console.backend import Backend, Refused
from topcalls.console.navigation import SECTIONS
from topcalls.console.pages import PAGES
from topcalls.errors import TopCallsError, Unauthorized
from topcalls.log import get_logger

MOUNTED_AT: Final = "/console"
MAX_FORM_BYTES: Final = 50_000_000
"""A CSV file of 100,000 leads, and a document for a knowledge base."""

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "media-src 'self' blob:; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=()",
}
_OPEN: Final = frozenset({"static", "session.enter", "session.sign_in"})
_TITLES = {
    400: "That was not right",
    402: "The budget does not allow it",
    403: "Your key does not allow that",
    404: "There is no such page",
    405: "That cannot be asked here",
    409: "That is not possible now",
    413: "That was too large",
    422: "That call is not allowed",
    429: "Too many requests",
    503: "Not available just now",
}
_LOST_FORM = (
    "This form was open for too long, or was not made by this page. Nothing was changed. "
    "Load the page again, and send it from there."
)
log = get_logger("console")


def create_console(
    api: Flask,
    secret_keys: str,
    now: Callable[[], datetime],
    *,
    public_url: str = "",
    proxies: int = 0,
) -> Flask:
    """The console of an API, with the installation's `secret_keys` to sign sessions.

    `public_url`: how the world reaches the API; over TLS, the cookie travels by TLS alone.
    `proxies`: as for the API.
    """
    app = Flask("topcalls.console", static_url_path="/static")
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.config.update(MAX_CONTENT_LENGTH=MAX_FORM_BYTES, WTF_CSRF_TIME_LIMIT=None)
    app.extensions["topcalls.console.now"] = now
    app.extensions["topcalls.console.api"] = api
    sessions.install(app, secret_keys, secure=public_url.startswith("https:"))
    app.before_request(lambda: _enter(app, api, now))
    CSRFProtect(app)
    app.after_request(_finish)
    app.context_processor(_context)
    _install_filters(app)
    for pages in PAGES:
        app.register_blueprint(pages)
    _handle_errors(app)
    if proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=0, x_host=0)  # type: ignore[method-assign]
    return app


def _enter(app: Flask, api: Flask, now: Callable[[], datetime]) -> Any:
    """Find out who asks; whoever is not signed in is led to where that is done."""
    g.backend = None
    g.zone = sessions.zone()
    if request.endpoint == "static":
        return None
    try:
        key_id = sessions.key_id(now())
        if key_id is not None:
            g.backend = Backend(api, auth.recognise(api, key_id))
    except Unauthorized as error:
        sessions.end()
        flash(f"{error} Sign in again.", "fault")
    if g.backend is None and request.endpoint not in _OPEN:
        here = request.script_root + request.full_path.rstrip("?")
        back = here if request.method == "GET" else None
        return redirect(url_for("session.enter", back=back), 303)
    return None


def _finish(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    lasting = "public, max-age=86400" if request.endpoint == "static" else "no-store"
    response.headers.setdefault("Cache-Control", lasting)
    return response


def _context() -> dict[str, Any]:
    backend: Backend | None = g.get("backend")
    shown = [section for section in SECTIONS if backend is not None and section.is_for(backend)]
    return {"sections": shown, "me": backend, "zone": g.get("zone", "UTC"), "version": __version__}


def _install_filters(app: Flask) -> None:
    filters = app.jinja_env.filters
    filters["moment"] = lambda text: wording.moment(text, g.zone)
    filters["clock"] = lambda text: wording.clock(text, g.zone)
    filters["minutes"] = wording.minutes
    filters["seconds"] = wording.seconds
    filters["share"] = wording.share
    filters["count"] = wording.count
    filters["money"] = wording.money
    filters["words"] = wording.words
    filters["hidden"] = wording.hidden_number
    filters["numberless"] = wording.without_numbers


# --- errors, as pages


def _handle_errors(app: Flask) -> None:
    app.register_error_handler(CSRFError, lambda _: _error_page(400, _LOST_FORM))
    app.register_error_handler(Refused, _of_refusal)
    app.register_error_handler(TopCallsError, _of_ours)
    app.register_error_handler(HTTPException, _of_http)
    app.register_error_handler(Exception, _of_unknown)


def _of_refusal(refused: Refused) -> Any:
    return _error_page(refused.status, str(refused), refused.faults)


def _of_ours(error: TopCallsError) -> Any:
    return _error_page(400, str(error))


def _of_http(error: HTTPException) -> Any:
    status = error.code or 500
    words = "Nothing is at this address." if status == 404 else str(error.description)
    return _error_page(status, words)


def _of_unknown(error: Exception) -> Any:
    log.error("A page failed.", path=request.path, exc_info=error)
    return _error_page(500, "A fault of this software; it is in the log of the API.")


def _error_page(status: int, words: str, faults: dict[str, str] | None = None) -> Any:
    title = _TITLES.get(status, "Something went wrong")
    told = {"title": title, "words": words, "faults": faults or {}}
    return render_template("error.html", status=status, **told), status
