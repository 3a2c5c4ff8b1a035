"""The account's own numbers: bound to agents and carriers, bought, given back."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for

from topcalls.console.changes import changed
from topcalls.console.forms import Field
from topcalls.console.pages.here import attempt, backend, filled, or_none, sent, taken

numbers = Blueprint("numbers", __name__)
_BASE: Final = "/v1/phone-numbers"
_FIELDS: Final = (
    Field("number"),
    Field("label"),
    Field("voip_carrier_sid"),
    Field("agent_id"),
    Field("status"),
)
_SEARCH: Final = (
    Field("country"),
    Field("area_code"),
    Field("contains"),
    Field("locality"),
    Field("provider"),
)
_MOST_CHOICES: Final = 200


@numbers.get("/numbers")
def listed() -> Any:
    """The numbers, and a form to add one that a carrier delivers already."""
    return _page(filled(_FIELDS))


@numbers.post("/numbers")
def add() -> Any:
    """Add a number."""
    form = sent(_FIELDS)
    if taken(form, lambda body: backend().post(_BASE, {"number": "", **body})) is None:
        return _page(form), 400
    flash("The number is added.", "done")
    return redirect(url_for("numbers.listed"), 303)


@numbers.get("/numbers/<uuid:number_id>")
def show(number_id: UUID) -> Any:
    """One number."""
    number = backend().get(f"{_BASE}/{number_id}")
    return _one(number, filled(_FIELDS, number))


@numbers.post("/numbers/<uuid:number_id>")
def change(number_id: UUID) -> Any:
    """Bind it elsewhere, name it, or switch it off."""
    path = f"{_BASE}/{number_id}"
    number, form = backend().get(path), sent(_FIELDS)
    before = {name: number[name] for name in ("label", "voip_carrier_sid", "agent_id", "status")}

    def write(body: dict[str, Any]) -> Any:
        return backend().patch(path, changed(before, {**body, "status": body.get("status", "")}))

    if taken(form, write) is None:
        return _one(number, form), 400
    flash("The number is changed.", "done")
    return redirect(url_for("numbers.show", number_id=number_id), 303)


@numbers.post("/numbers/<uuid:number_id>/<any(remove,release):action>")
def remove(number_id: UUID, action: str) -> Any:
    """Remove a number here, or also give it back to its carrier."""
    release = "true" if action == "release" else "false"
    done = "It is being given back." if action == "release" else "The number is removed."
    attempt(lambda: backend().delete(f"{_BASE}/{number_id}", release=release), done)
    return redirect(url_for("numbers.listed"), 303)


@numbers.get("/numbers/buy")
def search() -> Any:
    """Numbers that can be bought."""
    given = {field.path: request.args.get(field.path, "") for field in _SEARCH}
    asked = {name: value for name, value in given.items() if value}
    form = filled(_SEARCH, {"country": "US", **asked})
    offers = None
    if request.args:
        offers = taken(form, lambda body: backend().get(f"{_BASE}/available", **body))
    return render_template("numbers_buy.html", form=form, offers=offers)


@numbers.post("/numbers/buy")
def buy() -> Any:
    """Buy one of them, for no more than it was offered for."""
    given = request.form
    body = {
        "number": given.get("number", ""),
        "provider": given.get("provider") or None,
        "max_monthly_price": _price(given.get("price", "")),
        "currency": given.get("currency") or None,
    }
    done = "The carrier is asked. The number is active as soon as it has been bought."
    if attempt(lambda: backend().post(f"{_BASE}/purchase", body), done):
        return redirect(url_for("numbers.listed"), 303)
    return redirect(url_for("numbers.search"), 303)


def _price(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _page(form: Any) -> str:
    return render_template(
        "numbers.html",
        found=backend().get(_BASE)["data"],
        form=form,
        agents=_agents(),
        carriers=_carriers(),
    )


def _one(number: dict[str, Any], form: Any) -> str:
    return render_template(
        "number.html", number=number, form=form, agents=_agents(), carriers=_carriers()
    )


def _agents() -> list[tuple[str, str]]:
    found = or_none(lambda: backend().get("/v1/agents", limit=_MOST_CHOICES))
    return [(one["id"], one["name"]) for one in found["data"]] if found else []


def _carriers() -> list[tuple[str, str]]:
    found = backend().get(f"{_BASE}/carriers")["data"]
    return [(one["id"], one["carrier_name"]) for one in found]
