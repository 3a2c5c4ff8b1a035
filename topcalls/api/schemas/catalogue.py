"""Models, voices and languages."""

from __future__ import annotations

import marshmallow as ma

from topcalls.api import fields
from topcalls.core.call_request import MODES
from topcalls.services.catalogue import Ability, Kind

_AVAILABLE = {"description": "Calls of its mode can be made with this version."}


class ModeQuerySchema(ma.Schema):
    """Of one mode, or of all."""

    mode = fields.Choice(*MODES)


class ModelQuerySchema(ModeQuerySchema):
    """Which models."""

    kind = fields.Choice(
        *Kind,
        metadata={
            "description": "What they do. Without it: the kinds that a call may name, "
            "`speech_to_speech` and `chat`. The others are stages of the chain."
        },
    )


class PriceSchema(ma.Schema):
    """The vendor's list price of one thing."""

    item = fields.Text(required=True, metadata={"example": "audio_input"})
    unit = fields.Text(required=True, metadata={"example": "1M tokens"})
    usd = fields.Text(required=True, metadata={"description": "Decimal.", "example": "32.00"})


class ModelSchema(ma.Schema):
    """A model."""

    id = fields.Text(required=True, metadata={"description": "What a call names as `model`."})
    kind = fields.Choice(*Kind, required=True)
    mode = fields.Choice(
        *MODES, required=True, metadata={"description": "Of the calls that it serves."}
    )
    provider = fields.Text(required=True)
    description = fields.Text(required=True)
    is_default = fields.Flag(
        required=True, metadata={"description": "Calls that name no model have this one."}
    )
    in_use = fields.Flag(
        required=True,
        metadata={"description": "Calls meet it as default, as fallback or as a stage."},
    )
    capabilities = fields.ListOf(fields.Choice(*Ability), required=True)
    supports_temperature = fields.Flag(required=True)
    supports_reasoning = fields.Flag(required=True)
    context_tokens = fields.Whole(
        allow_none=True, metadata={"description": "What it can hold, where known."}
    )
    prices = fields.ListOf(
        ma.fields.Nested(PriceSchema),
        required=True,
        metadata={"description": "The vendor's list prices; empty where it publishes none."},
    )
    prices_as_of = ma.fields.Date(allow_none=True, metadata={"description": "When they were read."})
    shutdown_date = ma.fields.Date(
        allow_none=True, metadata={"description": "The day its vendor ends it, where known."}
    )
    replacement = fields.Text(allow_none=True)
    warning = fields.Text(
        allow_none=True, metadata={"description": "Of a model that ends: when, and what instead."}
    )
    available = fields.Flag(required=True, metadata={"description": "It is not shut down yet."})


class ModelsSchema(ma.Schema):
    """Those in use that are on no list of ours first, then the best."""

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
