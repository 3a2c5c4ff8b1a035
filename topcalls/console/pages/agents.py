"""Agents: written, published, compared, tried out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import orjson
from flask import Blueprint, flash, redirect, render_template, request, url_for

from topcalls.console import agent_chat
from topcalls.console.backend import Refused
from topcalls.console.changes import changed
from topcalls.console.forms import Field, Form, Kind
from topcalls.console.pages.here import attempt, backend, filled, or_none, sent, taken

agents = Blueprint("agents", __name__)
_FIELDS: Final = (
    Field("name"),
    Field("description"),
    Field("configuration.task"),
    Field("configuration.instructions"),
    Field("configuration.first_sentence"),
    Field("configuration.voice"),
    Field("configuration.language"),
    Field("configuration.model"),
    Field("configuration.max_duration", Kind.NUMBER),
    Field("configuration.built_in_tools", Kind.LINES),
    Field("configuration.tools", Kind.JSON),
    Field("configuration.*", Kind.JSON),
)
_IN_PARTS: Final = ("request_data", "interruption", "recording")
"""Sections of a configuration that the API changes name by name."""

_VERSIONS_SHOWN: Final = 20
_VOICES_OFFERED: Final = 200
_NAMED_BY_CALLS: Final = ("speech_to_speech", "chat")
"""Kinds of models that a call may name; others are stages that the operator chooses."""


@agents.get("/agents")
def listed() -> Any:
    """The agents, newest first."""
    status = "archived" if request.args.get("status") == "archived" else "active"
    found = backend().get("/v1/agents", cursor=request.args.get("cursor"), status=status)
    return render_template("agents.html", found=found, status=status)


@agents.get("/agents/new")
def begin() -> Any:
    """A form for a new one."""
    return render_template("agent_new.html", form=filled(_FIELDS), offered=_offered())


@agents.post("/agents/new")
def create() -> Any:
    """Make an agent: what was written becomes its draft."""
    form = sent(_FIELDS)
    made = taken(
        form, lambda body: backend().post("/v1/agents", {"name": "", "configuration": {}, **body})
    )
    if made is None:
        return render_template("agent_new.html", form=form, offered=_offered()), 400
    flash("The agent is made. Calls use it once it is published.", "done")
    return redirect(url_for("agents.show", agent_id=made["id"]), 303)


@agents.get("/agents/<uuid:agent_id>")
def show(agent_id: UUID) -> Any:
    """An agent: its draft to be edited, its versions, a call to try it."""
    agent = backend().get(f"/v1/agents/{agent_id}")
    return _page(agent, filled(_FIELDS, _body(agent)))


@agents.post("/agents/<uuid:agent_id>")
def edit(agent_id: UUID) -> Any:
    """Change the draft, or begin one."""
    agent = backend().get(f"/v1/agents/{agent_id}")
    before, form = _body(agent), sent(_FIELDS)
    path, revision = f"/v1/agents/{agent_id}", request.form.get("revision")

    def change(_: Any) -> Any:
        after = {"configuration": {}, **form.body(before)}
        body = changed({**before, "configuration": {}}, {**after, "configuration": {}})
        parts = changed(before["configuration"], after["configuration"], _IN_PARTS)
        if parts:
            body["configuration"] = parts
        return backend().patch(path, body, revision=revision)

    if taken(form, change) is None:
        return _page(agent, form), 400
    flash("It is kept as the draft. Publish it, and calls use it.", "done")
    return redirect(url_for("agents.show", agent_id=agent_id), 303)


@agents.post("/agents/<uuid:agent_id>/<any(publish,rollback,archive):action>")
def act(agent_id: UUID, action: str) -> Any:
    """Put a version in use, or put the agent away."""
    api, path = backend(), f"/v1/agents/{agent_id}"
    number = request.form.get("version", "")
    version = int(number) if number.isdecimal() else number
    doings = {
        "publish": (lambda: api.post(f"{path}/publish"), "It is published: calls use it now."),
        "rollback": (
            lambda: api.post(f"{path}/rollback", {"version": version}),
            f"Calls use version {number} again.",
        ),
        "archive": (lambda: api.delete(path), "The agent is archived."),
    }
    attempt(*doings[action])
    return redirect(url_for("agents.show", agent_id=agent_id), 303)


@agents.get("/agents/<uuid:agent_id>/versions/<int:number>")
def version(agent_id: UUID, number: int) -> Any:
    """One version, and what is different in it from the one that calls use."""
    api, path = backend(), f"/v1/agents/{agent_id}"
    agent, found = api.get(path), api.get(f"{path}/versions/{number}")
    used = agent["published_version"]
    diff = None
    if used is not None and used != number:
        diff = api.get(f"{path}/diff", from_=used, to=number)
    raw = orjson.dumps(found["configuration"], option=orjson.OPT_INDENT_2).decode()
    return render_template("agent_version.html", agent=agent, version=found, diff=diff, raw=raw)


@agents.post("/agents/<uuid:agent_id>/call")
def call(agent_id: UUID) -> Any:
    """Have the agent call a number, to try it."""
    agent = backend().get(f"/v1/agents/{agent_id}")
    form = sent(_call_fields(agent))
    made = taken(
        form,
        lambda body: backend().post(
            "/v1/calls", {"phone_number": "", **body, "agent_id": str(agent_id)}
        ),
    )
    if made is None:
        return _page(agent, filled(_FIELDS, _body(agent)), form), 400
    return redirect(url_for("live.call", call_id=made["call_id"]), 303)


@agents.route("/agents/<uuid:agent_id>/chat", methods=["GET", "POST"])
def chat(agent_id: UUID) -> Any:
    """Talk with the agent in writing. What was said is in the form, and nowhere else."""
    agent = backend().get(f"/v1/agents/{agent_id}")
    given = request.form
    said = [] if "again" in given else agent_chat.said(given)
    version = given.get("version", "")
    body: dict[str, Any] = {"messages": said, "request_data": agent_chat.values(given)}
    if version.isdecimal():
        body["version"] = int(version)
    fault = None
    if request.method == "POST" and "again" not in given:
        try:
            answer = backend().post(f"/v1/agents/{agent_id}/chat", body)
            said = [*said, agent_chat.turn_of(answer)]
        except Refused as refused:
            fault = " ".join([str(refused), *refused.faults.values()])
    return render_template(
        "agent_chat.html",
        agent=agent,
        said=said,
        fault=fault,
        version=version,
        values=body["request_data"],
        callable_versions=_callable(agent),
        variables=sorted(_wanted(agent)),
    )


def _page(agent: Mapping[str, Any], form: Form, trial: Form | None = None) -> str:
    api, path = backend(), f"/v1/agents/{agent['id']}"
    fields = _call_fields(agent)
    newest = agent["draft_version"] or agent["published_version"]
    return render_template(
        "agent.html",
        agent=agent,
        form=form,
        offered=_offered(),
        trial=trial or filled(fields, {"agent_version": newest}),
        variables=[field.path for field in fields if field.path.startswith("request_data.")],
        callable_versions=_callable(agent),
        versions=api.get(f"{path}/versions", limit=_VERSIONS_SHOWN),
        diff=api.get(f"{path}/diff") if agent["draft"] and agent["published"] else None,
    )


def _offered() -> dict[str, list[tuple[str, str]]]:
    """Voices, languages and models to choose from, each with what it is for people; others may be
    written as well."""
    api = backend()

    def listed(path: str, **query: Any) -> list[Any]:
        found = or_none(lambda: api.get(path, **query))
        return found["data"] if found else []

    own = listed("/v1/voices")
    voices = [*own, *listed("/v1/voices/builtin", limit=_VOICES_OFFERED)]
    models = [one for one in listed("/v1/models") if one["kind"] in _NAMED_BY_CALLS]
    return {
        "voices": [
            (one["id"], f"{one['name']} ({one.get('provider', 'yours')})") for one in voices
        ],
        "languages": [(one["tag"], one["name"]) for one in listed("/v1/languages")],
        "models": [(one["id"], one["description"]) for one in models],
    }


def _body(agent: Mapping[str, Any]) -> dict[str, Any]:
    """What the form of an agent shows."""
    shown = agent["draft"] or agent["published"]
    return {
        "name": agent["name"],
        "description": agent["description"],
        "configuration": shown["configuration"],
    }


def _callable(agent: Mapping[str, Any]) -> list[tuple[str, str]]:
    versions = (("draft", agent["draft"]), ("published", agent["published"]))
    return [(str(one["number"]), f"{one['number']} ({name})") for name, one in versions if one]


def _call_fields(agent: Mapping[str, Any]) -> list[Field]:
    """Of the form of a call: a field for each value that a version wants."""
    values = [Field(f"request_data.{name}") for name in sorted(_wanted(agent))]
    return [Field("phone_number"), Field("agent_version", Kind.NUMBER), *values]


def _wanted(agent: Mapping[str, Any]) -> set[str]:
    versions = (agent["draft"], agent["published"])
    return {name for one in versions if one for name in one["variables"]}
