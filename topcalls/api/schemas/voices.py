"""Voices that an account has cloned."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask_smorest.fields import Upload

from topcalls.api import fields
from topcalls.api.schemas.phone_numbers import Judged
from topcalls.core.languages import LANGUAGE_PATTERN
from topcalls.core.voice_clones import (
    GENDERS,
    LEAST_SECONDS,
    MOST_BYTES,
    MOST_SAMPLE_BYTES,
    MOST_SAMPLES,
    TEXTS,
    State,
)
from topcalls.services.voice_previews import LONGEST_TEXT


def _about(name: str, text: str) -> dict[str, Any]:
    least, most = TEXTS[name]
    return {"description": text, "minLength": least, "maxLength": most}


class VoiceCloneSchema(Judged):
    """A voice to make of recordings."""

    name = fields.Text(required=True, metadata=_about("name", "For people."))
    consent = fields.Text(
        required=True,
        metadata=_about(
            "consent",
            "The words in which the person whose voice it is agreed to its use. They are kept, "
            "with the time and the digests of the samples.",
        ),
    )
    consent_by = fields.Text(required=True, metadata=_about("consent_by", "Who that is."))
    samples = fields.ListOf(
        Upload(),
        required=True,
        metadata={
            "description": f"Recordings of the voice, and of no other: 1 to {MOST_SAMPLES} files "
            f"of at most {MOST_SAMPLE_BYTES // 1_000_000} MB, {MOST_BYTES // 1_000_000} MB in all: "
            f"WAV, MP3, M4A, FLAC, OGG or WebM. {LEAST_SECONDS:g} s at least; a minute or two of "
            "clear speech is good. They are not kept here."
        },
    )
    description = fields.Text(metadata=_about("description", "For people."))
    language = fields.Text(
        metadata={"description": "BCP 47; what is spoken in it.", "pattern": LANGUAGE_PATTERN}
    )
    gender = fields.Choice(*GENDERS)
    remove_background_noise = fields.Flag(
        metadata={"default": False, "description": "Of noisy samples; clean ones suffer by it."}
    )


class SampleSchema(ma.Schema):
    """What a voice was made of."""

    name = fields.Text(required=True)
    bytes = fields.Whole(required=True)
    sha256 = fields.Text(required=True)


class ClonedVoiceSchema(ma.Schema):
    """A cloned voice. Only the account that made it can use it."""

    id = fields.Text(
        required=True,
        metadata={
            "format": "uuid",
            "description": "What a call in mode `legacy` names as `voice`.",
        },
    )
    name = fields.Text(required=True)
    description = fields.Text(allow_none=True)
    language = fields.Text(allow_none=True)
    gender = fields.Choice(*GENDERS, allow_none=True)
    provider = fields.Text(required=True, metadata={"description": "Who speaks with it."})
    state = fields.Choice(
        *State,
        required=True,
        metadata={
            "description": "`creating`: its vendor was asked and has not answered. `unverified`: "
            "its vendor wants its owner to prove who they are. `deleting`: nobody can use it, and "
            "its vendor has not forgotten it yet. `deleted`: told once, in the answer to DELETE."
        },
    )
    error = fields.Text(
        allow_none=True, metadata={"description": "What was last wrong with it, or is to be done."}
    )
    consent = fields.Text(required=True)
    consent_by = fields.Text(required=True)
    consented_at = fields.Timestamp(
        required=True, metadata={"description": "When the consent reached this installation."}
    )
    samples = fields.ListOf(ma.fields.Nested(SampleSchema), required=True)
    created_at = fields.Timestamp(required=True)
    updated_at = fields.Timestamp(required=True)


class ClonedVoicesSchema(ma.Schema):
    """Cloned voices, newest first."""

    data = fields.ListOf(ma.fields.Nested(ClonedVoiceSchema), required=True)


class PreviewQuerySchema(ma.Schema):
    """What is said."""

    text = fields.Text(
        validate=ma.validate.Length(
            1, LONGEST_TEXT, error=f"Must be 1 to {LONGEST_TEXT} characters."
        ),
        metadata={"description": "Without it: a greeting in the language."},
    )
    language = fields.Text(
        validate=ma.validate.Regexp(
            LANGUAGE_PATTERN, error="Must be a BCP 47 tag, as in 'en' or 'pt-BR'."
        ),
        metadata={"description": "BCP 47. Without it: the voice's own, else English."},
    )
