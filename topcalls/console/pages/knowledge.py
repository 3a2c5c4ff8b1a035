"""Knowledge: bases and their sources, what was read of them, and what is found in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for

from topcalls.console.backend import Refused
from topcalls.console.forms import Field, Form, Kind
from topcalls.console.pages.here import attempt, backend, filled, sent, taken

knowledge = Blueprint("knowledge", __name__)
_BASE: Final = "/v1/knowledge"
_SOURCE: Final = (
    Field("type"),
    Field("name"),
    Field("text"),
    Field("urls", Kind.LINES),
    Field("site", Kind.FLAG),
    Field("max_pages", Kind.NUMBER),
    Field("recrawl_hours", Kind.NUMBER),
)
_FIELDS: Final = (*_SOURCE, Field("description"), Field("language"))
_OF_TYPE: Final[Mapping[str, frozenset[str]]] = {
    "text": frozenset({"text"}),
    "web": frozenset({"urls", "site", "max_pages", "recrawl_hours"}),
    "file": frozenset(),
}
_CONTENT: Final = frozenset().union(*_OF_TYPE.values())
_SEARCH: Final = (Field("query"),)


@knowledge.get("/knowledge")
def listed() -> Any:
    """The bases, newest first, and a form for another."""
    return _page(filled(_FIELDS, {"type": "text"}))


@knowledge.post("/knowledge")
def create() -> Any:
    """Make a base with its first source."""
    form = sent(_FIELDS)
    made = taken(form, lambda body: _send(_BASE, body))
    if made is None:
        return _page(form), 400
    flash("The base is made. It can be looked things up in as soon as it is read.", "done")
    return redirect(url_for("knowledge.show", base_id=made["id"]), 303)


@knowledge.get("/knowledge/<uuid:base_id>")
def show(base_id: UUID) -> Any:
    """A base: its sources, what was read, and what an agent would find."""
    return _one(base_id, filled(_SOURCE, {"type": "text"}))


@knowledge.post("/knowledge/<uuid:base_id>/sources")
def add(base_id: UUID) -> Any:
    """Add a source."""
    form = sent(_SOURCE)
    if taken(form, lambda body: _send(f"{_BASE}/{base_id}/sources", body)) is None:
        return _one(base_id, form), 400
    flash("The source is added, and is being read.", "done")
    return redirect(url_for("knowledge.show", base_id=base_id), 303)


@knowledge.post("/knowledge/<uuid:base_id>/sources/<uuid:source_id>/<any(refresh,delete):action>")
def act(base_id: UUID, source_id: UUID, action: str) -> Any:
    """Read a source again, or delete it."""
    api, path = backend(), f"{_BASE}/{base_id}/sources/{source_id}"
    doings = {
        "refresh": (lambda: api.post(f"{path}/refresh"), "It is being read again."),
        "delete": (lambda: api.delete(path), "The source is deleted."),
    }
    attempt(*doings[action])
    return redirect(url_for("knowledge.show", base_id=base_id), 303)


@knowledge.post("/knowledge/<uuid:base_id>/delete")
def delete(base_id: UUID) -> Any:
    """Delete a base."""
    if attempt(lambda: backend().delete(f"{_BASE}/{base_id}"), "The base is deleted."):
        return redirect(url_for("knowledge.listed"), 303)
    return redirect(url_for("knowledge.show", base_id=base_id), 303)


def _send(path: str, body: Mapping[str, Any]) -> Any:
    """What the form says of the type that it chose; what is written for another is left out."""
    kind = str(body.get("type") or "")
    foreign = _CONTENT - _OF_TYPE.get(kind, frozenset())
    wanted = {name: value for name, value in body.items() if name not in foreign}
    if kind != "file":
        return backend().post(path, {"type": "", "name": "", **wanted})
    uploaded = request.files.get("file")
    file = {"file": uploaded} if uploaded else {}
    return backend().send_form(path, {**wanted, **file})


def _page(form: Form) -> str:
    found = backend().get(_BASE, cursor=request.args.get("cursor"))
    return render_template("knowledge.html", found=found, form=form)


def _one(base_id: UUID, form: Form) -> str:
    api, path = backend(), f"{_BASE}/{base_id}"
    words = request.args.get("query", "")
    search = filled(_SEARCH, {"query": words} if words else {})
    answers = None
    try:
        answers = api.get(f"{path}/search", query=words) if words else None
    except Refused as refused:
        search.refuse(refused)
    return render_template(
        "knowledge_base.html",
        base=api.get(path),
        sources=api.get(f"{path}/sources")["data"],
        documents=api.get(f"{path}/documents", cursor=request.args.get("cursor")),
        form=form,
        search=search,
        answers=answers,
    )
