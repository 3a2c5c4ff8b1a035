"""The state of the installation."""

from __future__ import annotations

import marshmallow as ma

from topcalls.api import fields


def _count(text: str) -> fields.Whole:
    return fields.Whole(required=True, metadata={"description": text})


class ComponentSchema(ma.Schema):
    """A part of the product."""

    name = fields.Choice("database", "controller", "switch", "worker", required=True)
    status = fields.Choice("up", "draining", "down", required=True)
    detail = fields.Text(required=True)


class NodeSchema(ma.Schema):
    """One FreeSWITCH and the controllers on it."""

    name = fields.Text(required=True)
    status = fields.Choice(
        "up",
        "full",
        "draining",
        "down",
        required=True,
        metadata={"description": "`up` takes calls; `detail` says why the others do not."},
    )
    since = fields.Timestamp(
        allow_none=True, metadata={"description": "Since when the switch is up or down."}
    )
    detail = fields.Text(required=True)
    controllers = _count("Controllers that are alive there.")
    capacity = _count("Calls that these carry at most.")
    live_calls = _count("Calls on this node now.")
    weight = _count("Its share of the calls, beside the weights of the others.")
    sessions = fields.Whole(
        allow_none=True, metadata={"description": "Sessions on the switch, whoever made them."}
    )
    max_sessions = fields.Whole(allow_none=True)
    idle_percent = ma.fields.Float(
        allow_none=True, metadata={"description": "Idle time of the switch's processors."}
    )
    switch_version = fields.Text(allow_none=True)


class QueueSchema(ma.Schema):
    """What waits, and what is under way; of all accounts."""

    calls_scheduled = _count("Calls whose time has not come.")
    calls_queued = _count("Calls that wait for a controller.")
    calls_live = _count("Calls that a controller carries.")
    oldest_queued_at = fields.Timestamp(allow_none=True)
    webhooks_due = _count("Webhooks that could be sent now.")
    wrap_ups_due = _count("Ended calls with work to do now.")


class StatusSchema(ma.Schema):
    """How the installation is doing."""

    mode = fields.Choice(
        "sandbox", "live", required=True, metadata={"description": "Whether real phones ring."}
    )
    ai_mode = fields.Choice("sandbox", "live", required=True)
    version = fields.Text(required=True)
    components = fields.ListOf(ma.fields.Nested(ComponentSchema), required=True)
    nodes = fields.ListOf(ma.fields.Nested(NodeSchema), required=True)
    capacity = _count("Calls that all controllers together carry at most.")
    queue = ma.fields.Nested(QueueSchema, required=True)


class LiveSchema(ma.Schema):
    """The process answers."""

    status = fields.Choice("live", required=True)


class ReadySchema(ma.Schema):
    """Requests can be served."""

    status = fields.Choice("ready", required=True)


class AlertSchema(ma.Schema):
    """Something that is wrong with the installation."""

    name = fields.Text(required=True, metadata={"description": "The rule, as in docs/alerts.md."})
    severity = fields.Choice("page", "warn", required=True)
    firing = fields.Flag(
        required=True,
        metadata={"description": "It has lasted for the rule's time, and was told."},
    )
    since = fields.Timestamp(required=True)
    summary = fields.Text(required=True)
    remedy = fields.Text(required=True)


class AlertsSchema(ma.Schema):
    """What is wrong now, as the worker found it within the last minute."""

    data = fields.ListOf(ma.fields.Nested(AlertSchema), required=True)
