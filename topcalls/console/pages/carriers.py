"""Carriers: added by a preset, changed, and how they stand on each node."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for

from topcalls.console.changes import changed
from topcalls.console.forms import Field, Form, Kind
from topcalls.console.pages.here import attempt, backend, filled, sent, taken
from topcalls.core.trunks import CALLER_ID_HEADERS, NUMBER_FORMATS, SRTP, TRANSPORTS, TRUNK_TYPES

carriers = Blueprint("carriers", __name__)
_BASE: Final = "/v1/phone-numbers/carriers"
_SWITCHES: Final = ("inbound", "outbound", "ping")
_SECTIONS: Final = ("sip_gateway", "registration", "inbound_auth", "outbound_auth")
_FIELDS: Final = (
    Field("carrier_name"),
    Field("preset"),
    Field("trunk_type"),
    Field("priority", Kind.NUMBER),
    Field("sip_gateway.ipv4"),
    Field("sip_gateway.port", Kind.NUMBER),
    Field("sip_gateway.transport"),
    Field("sip_gateway.srtp"),
    Field("sip_gateway.inbound", Kind.FLAG),
    Field("sip_gateway.outbound", Kind.FLAG),
    Field("sip_gateway.ping", Kind.FLAG),
    Field("sip_gateway.inbound_addresses", Kind.LINES),
    *(
        Field(f"{section}.{name}")
        for section in ("registration", "outbound_auth")
        for name in ("username", "password", "sip_realm", "from_user", "from_domain")
    ),
    Field("inbound_auth.username"),
    Field("inbound_auth.password"),
    Field("number_format"),
    Field("number_prefix"),
    Field("caller_id_header"),
    Field("provider_trunk_id"),
    Field("rate", Kind.JSON),
)
_NAMES: Final = frozenset(field.path.partition(".")[0] for field in _FIELDS)


@carriers.get("/carriers")
def listed() -> Any:
    """The carriers, in the order in which they are tried."""
    api = backend()
    presets = api.get(f"{_BASE}/presets")["data"]
    return render_template("carriers.html", found=api.get(_BASE)["data"], presets=presets)


@carriers.get("/carriers/new")
def begin() -> Any:
    """A form for another, filled with what its preset says."""
    preset = _preset(request.args.get("preset"))
    body: dict[str, Any] = {"sip_gateway": {"outbound": True}}
    if preset is not None:
        gateway = {"ipv4": preset["host"], "outbound": True, **preset["gateway_defaults"]}
        body = {
            "carrier_name": preset["name"],
            "preset": preset["id"],
            **preset["defaults"],
            "sip_gateway": gateway,
        }
    return _page(filled(_FIELDS, body), preset=preset)


@carriers.post("/carriers/new")
def create() -> Any:
    """Add a carrier."""
    form = sent(_FIELDS)
    made = taken(form, lambda body: backend().post(_BASE, _whole(body)))
    if made is None:
        return _page(form, preset=_preset(request.form.get("preset"))), 400
    flash("The carrier is added. The switch of every node takes it up within seconds.", "done")
    return redirect(url_for("carriers.show", carrier_id=made["id"]), 303)


@carriers.get("/carriers/<uuid:carrier_id>")
def show(carrier_id: UUID) -> Any:
    """A carrier, and how it stands on each node."""
    carrier = backend().get(f"{_BASE}/{carrier_id}")
    return _page(filled(_FIELDS, carrier), carrier)


@carriers.post("/carriers/<uuid:carrier_id>")
def change(carrier_id: UUID) -> Any:
    """Change a carrier. A password that is not written stays."""
    path = f"{_BASE}/{carrier_id}"
    carrier, form = backend().get(path), sent(_FIELDS)
    before = {name: value for name, value in carrier.items() if name in _NAMES and value != ""}

    def write(body: dict[str, Any]) -> Any:
        return backend().patch(path, changed(before, _whole(body), _SECTIONS))

    if taken(form, write) is None:
        return _page(form, carrier), 400
    flash("The carrier is changed. Calls under way go on.", "done")
    return redirect(url_for("carriers.show", carrier_id=carrier_id), 303)


@carriers.post("/carriers/<uuid:carrier_id>/delete")
def delete(carrier_id: UUID) -> Any:
    """Delete a carrier that no number and no call needs."""
    if attempt(lambda: backend().delete(f"{_BASE}/{carrier_id}"), "The carrier is deleted."):
        return redirect(url_for("carriers.listed"), 303)
    return redirect(url_for("carriers.show", carrier_id=carrier_id), 303)


def _whole(body: Mapping[str, Any]) -> dict[str, Any]:
    """With what a form cannot say by leaving it out: a name that is none, a switch that is off."""
    gateway = body.get("sip_gateway") or {}
    switches = dict.fromkeys(_SWITCHES, False)
    gateway = {"ipv4": "", "inbound_addresses": [], **switches, **gateway}
    return {"carrier_name": "", **body, "sip_gateway": gateway}


def _preset(name: str | None) -> Any:
    found = backend().get(f"{_BASE}/presets")["data"] if name else ()
    return next((preset for preset in found if preset["id"] == name), None)


def _page(form: Form, carrier: Any = None, preset: Any = None) -> str:
    return render_template(
        "carrier.html",
        form=form,
        carrier=carrier,
        preset=preset,
        trunk_types=_pairs(TRUNK_TYPES),
        transports=_pairs(TRANSPORTS),
        srtp=_pairs(SRTP),
        number_formats=_pairs(NUMBER_FORMATS),
        caller_id_headers=_pairs(CALLER_ID_HEADERS),
    )


def _pairs(words: Any) -> list[tuple[str, str]]:
    return [(str(word), str(word)) for word in words]
