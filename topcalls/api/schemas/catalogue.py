"""Models, voices and languages."""

from __future__ import annotations

import marshmallow as ma

from topcalls.api import fields
from topcalls.core.call_request import MODES

_AVAILABLE = {"description": "Calls of its mode can be made with this version."}


class ModeQuerySchema(ma.Schema):
    """Of one mode, or of all."""

    mode = fields.Choice(*MODES)


class ModelSchema(ma.Schema):
    """A model a call may name."""

    id = fields.Text(required=True)
    mode = fields.Choice(*MODES, required=True)
    vendor = fields.Text(required=True)
    description = fields.Text(required=True)
    is_default = fields.Flag(required=True)
    supports_temperature = fields.Flag(required=True)
    supports_reasoning = fields.Flag(required=True)
    shutdown_date = ma.fields.Date(
        allow_none=True, metadata={"description": "The day its vendor ends it, where known."}
    )
    replacement = fields.Text(allow_none=True)
    available = fields.Flag(required=True, metadata=_AVAILABLE)


class ModelsSchema(ma.Schema):
    """Best first."""

    data = fields.ListOf(ma.fields.Nested(ModelSchema), required=True)


class VoiceSchema(ma.Schema):
    """A built-in voice."""

    id = fields.Text(required=True)
    mode = fields.Choice(*MODES, required=True)
    vendor = fields.Text(required=True)
    is_default = fields.Flag(required=True)
    recommended = fields.Flag(required=True)
    available = fields.Flag(required=True, metadata=_AVAILABLE)


class VoicesSchema(ma.Schema):
    """The built-in voices."""

    data = fields.ListOf(ma.fields.Nested(VoiceSchema), required=True)


class LanguageSchema(ma.Schema):
    """A language calls are known to work in."""

    tag = fields.Text(required=True, metadata={"description": "BCP 47"})
    name = fields.Text(required=True)
    native_name = fields.Text(required=True)


class LanguagesSchema(ma.Schema):
    """Others may work as well."""

    data = fields.ListOf(ma.fields.Nested(LanguageSchema), required=True)
