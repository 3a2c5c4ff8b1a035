"""`/docs`: Swagger UI from the installed package. The page loads nothing from elsewhere."""

from __future__ import annotations

from flask import Blueprint, Response, abort, send_from_directory
from swagger_ui_bundle import swagger_ui_path

from topcalls.api.auth import public

_FILES = frozenset({"swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png"})
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>TopCalls API</title>
<link rel="icon" type="image/png" href="/docs/static/favicon-32x32.png">
<link rel="stylesheet" href="/docs/static/swagger-ui.css">
</head>
<body>
<noscript>This page needs JavaScript. The same text is in <a href="/openapi.json">/openapi.json</a>.
</noscript>
<main id="swagger-ui"></main>
<script src="/docs/static/swagger-ui-bundle.js"></script>
<script src="/docs/static/start.js"></script>
</body>
</html>
"""
# `validatorUrl: null` keeps Swagger UI from showing the document to a validator on the internet.
_START = """SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  displayRequestDuration: true,
  docExpansion: "list",
  validatorUrl: null,
});
"""

docs_page = Blueprint("docs", __name__)


@docs_page.get("/docs")
@public
def page() -> Response:
    """The reference for people."""
    response = Response(_PAGE, mimetype="text/html")
    response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    return response


@docs_page.get("/docs/static/start.js")
@public
def start() -> Response:
    """What starts Swagger UI; a file of its own because the page allows no inline script."""
    return _cached(Response(_START, mimetype="text/javascript"))


@docs_page.get("/docs/static/<name>")
@public
def static_file(name: str) -> Response:
    """The few files of Swagger UI that the page uses."""
    if name not in _FILES:
        abort(404)
    return _cached(send_from_directory(str(swagger_ui_path), name))


def _cached(response: Response) -> Response:
    response.headers["Cache-Control"] = "public, max-age=86400"
    return response
