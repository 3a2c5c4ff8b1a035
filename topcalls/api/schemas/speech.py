"""Words to expect, and how words are said."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from topcalls.api import fields
from topcalls.core.pronunciation import (
    KEYWORD_LENGTH,
    MOST_KEYWORDS,
    MOST_PRONUNCIATIONS,
    SAY_LENGTH,
    WORD_LENGTH,
)

KEYWORDS = (
    "Names and terms that the caller may say, for the recogniser to expect: product and company "
    f"names, places. At most {MOST_KEYWORDS} of {KEYWORD_LENGTH} characters."
)
PRONUNCIATIONS = (
    "How the agent says words; transcripts keep them as they are written. At most "
    f"{MOST_PRONUNCIATIONS}."
)


class PronunciationSchema(ma.Schema):
    """How one word is said. It needs `say` or `ipa`."""

    word = fields.Text(
        required=True,
        metadata={"description": "Found whole, whatever its case.", "maxLength": WORD_LENGTH},
    )
    say = fields.Text(
        allow_none=True,
        metadata={
            "description": "Another spelling, which every voice reads.",
            "maxLength": SAY_LENGTH,
            "example": "win",
        },
    )
    ipa = fields.Text(
        allow_none=True,
        metadata={
            "description": "In the International Phonetic Alphabet, for models that can be told: "
            "speech to speech, and OpenAI's voice. Other voices of the chain need `say`.",
            "maxLength": SAY_LENGTH,
        },
    )


def keywords(**options: Any) -> fields.ListOf:
    """A field of keywords."""
    about = {"description": KEYWORDS}
    return fields.ListOf(fields.Text(), metadata=about, **options)


def pronunciations(**options: Any) -> fields.ListOf:
    """A field of pronunciations."""
    about = {"description": PRONUNCIATIONS}
    return fields.ListOf(ma.fields.Nested(PronunciationSchema), metadata=about, **options)


class SpeechSchema(ma.Schema):
    """The dictionary of an account. Every call has it, behind that of its agent and its own."""

    keywords = keywords(required=True)
    pronunciations = pronunciations(required=True)


class SpeechChangeSchema(ma.Schema):
    """The whole dictionary; what is left out is emptied."""

    keywords = keywords()
    pronunciations = pronunciations()
