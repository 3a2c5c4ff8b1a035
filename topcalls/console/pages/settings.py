"""How the account's calls are judged and spoken, and how the installation is doing."""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, flash, redirect, render_template, url_for

from topcalls.console.changes import changed
from topcalls.console.forms import Field, Form, Kind
from topcalls.console.pages.here import backend, filled, or_none, sent, taken

settings = Blueprint("settings", __name__)
_TERMS_AT: Final = "/v1/account/compliance"
_SPEECH_AT: Final = "/v1/account/speech"
_SPEECH: Final = (Field("keywords", Kind.LINES), Field("pronunciations", Kind.JSON))
_TERMS: Final = (Field("enforcement"), Field("category"), Field("seller"), Field("*", Kind.JSON))
_TOLD: Final = "effective"
"""What the terms tell and nobody sets."""


@settings.get("/settings")
def show() -> Any:
    """The terms and the dictionary, each where the key may see it."""
    return _page()


@settings.post("/settings/speech")
def put_speech() -> Any:
    """Replace the dictionary."""
    form = sent(_SPEECH)
    nothing: dict[str, Any] = {"keywords": [], "pronunciations": []}
    if taken(form, lambda body: backend().put(_SPEECH_AT, {**nothing, **body})) is None:
        return _page(speech=form), 400
    flash("The dictionary is kept. Calls made from now on have it.", "done")
    return redirect(url_for("settings.show"), 303)


@settings.post("/settings/terms")
def change_terms() -> Any:
    """Change how calls are judged."""
    form, before = sent(_TERMS), _terms(backend().get(_TERMS_AT))
    done = taken(form, lambda body: backend().patch(_TERMS_AT, changed(before, body)))
    if done is None:
        return _page(terms=form), 400
    flash("The terms are kept. Calls are judged by them from now on.", "done")
    return redirect(url_for("settings.show"), 303)


@settings.get("/status")
def status() -> Any:
    """How the installation is doing."""
    return render_template("status.html", status=backend().get("/v1/status"))


def _page(speech: Form | None = None, terms: Form | None = None) -> str:
    api = backend()
    told, words = or_none(lambda: api.get(_TERMS_AT)), or_none(lambda: api.get(_SPEECH_AT))
    return render_template(
        "settings.html",
        effective=told[_TOLD] if told else None,
        terms=terms or (filled(_TERMS, _terms(told)) if told else None),
        speech=speech or (filled(_SPEECH, words) if words else None),
    )


def _terms(told: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in told.items() if name != _TOLD and value is not None}
