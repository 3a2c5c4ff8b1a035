"""Models, voices and languages."""

from __future__ import annotations

import marshmallow as ma

from topcalls.api import fields
from topcalls.core.call_request import MODES
from topcalls.core.languages import LANGUAGE_PATTERN
from topcalls.services.catalogue import Ability, Kind
from topcalls.services.voices import GENDERS, PROVIDERS


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
    """The price of one thing: the vendor's list price, or the operator's own."""

    item = fields.Text(required=True, metadata={"example": "audio_input"})
    unit = fields.Text(required=True, metadata={"example": "1M tokens"})
    usd = fields.Text(required=True, metadata={"description": "Decimal.", "example": "32.00"})
    source = fields.Text(required=True, metadata={"description": "Where it was read."})
    confirmed = fields.Flag(
        required=True,
        metadata={"description": "It was read where its vendor tells it, and not elsewhere."},
    )


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
        metadata={"description": "The vendor's list prices; empty where none are known."},
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


class VoiceQuerySchema(ModeQuerySchema):
    """Which voices."""

    provider = fields.Choice(*PROVIDERS)
    language = fields.Text(
        validate=ma.validate.Regexp(
            LANGUAGE_PATTERN, error="Must be a BCP 47 tag, as in 'en' or 'pt-BR'."
        ),
        metadata={"description": "BCP 47; those that speak it."},
    )
    gender = fields.Choice(*GENDERS)
    limit = fields.QueryWhole(
        load_default=50,
        validate=ma.validate.Range(1, 200, error="Must be from 1 to 200."),
    )
    cursor = fields.Text(metadata={"description": "`next_cursor` of the page before."})


class VoiceSchema(ma.Schema):
    """A built-in voice."""

    id = fields.Text(required=True, metadata={"description": "What a call names as `voice`."})
    name = fields.Text(required=True, metadata={"description": "For people."})
    provider = fields.Choice(*PROVIDERS, required=True)
    modes = fields.ListOf(
        fields.Choice(*MODES),
        required=True,
        metadata={"description": "Of the calls that can have it."},
    )
    gender = fields.Choice(*GENDERS, allow_none=True, metadata={"description": "As it is heard."})
    languages = fields.ListOf(
        fields.Text(),
        required=True,
        metadata={
            "description": "Tags that its vendor vouches for. It speaks every language of its "
            "provider's model: GET /v1/languages."
        },
    )
    accent = fields.Text(allow_none=True)
    category = fields.Text(allow_none=True, metadata={"description": "The vendor's word."})
    description = fields.Text(allow_none=True)
    preview_url = fields.Text(
        allow_none=True, metadata={"description": "A sample at the vendor's, if it has one."}
    )
    recommended = fields.Flag(required=True)
    default_for = fields.ListOf(
        fields.Choice(*MODES),
        required=True,
        metadata={"description": "Modes whose calls have it when they name no voice."},
    )


class VoicePageSchema(ma.Schema):
    """Voices, by provider."""

    data = fields.ListOf(ma.fields.Nested(VoiceSchema), required=True)
    next_cursor = fields.Text(
        allow_none=True, metadata={"description": "Where the next page begins; null on the last."}
    )


class EngineSchema(ma.Schema):
    """What serves a language."""

    engine = fields.Text(required=True, metadata={"example": "deepgram-nova"})
    role = fields.Choice(
        "converses",
        "hears",
        "speaks",
        required=True,
        metadata={"description": "`converses`: speech to speech, in mode `realtime`."},
    )
    regional = fields.Flag(
        required=True, metadata={"description": "It minds the region of the tag."}
    )
    in_use = fields.Flag(
        required=True, metadata={"description": "It takes part in calls of this installation."}
    )


class LanguageSchema(ma.Schema):
    """A language calls are known to work in."""

    tag = fields.Text(required=True, metadata={"description": "BCP 47"})
    language = fields.Text(required=True, metadata={"description": "The tag without its region."})
    name = fields.Text(required=True)
    native_name = fields.Text(required=True)
    modes = fields.ListOf(
        fields.Choice(*MODES),
        required=True,
        metadata={"description": "Of the calls that can be held in it here."},
    )
    engines = fields.ListOf(ma.fields.Nested(EngineSchema), required=True)


class LanguagesSchema(ma.Schema):
    """By tag; a language with several dialects has a tag for each."""

    data = fields.ListOf(ma.fields.Nested(LanguageSchema), required=True)
