"""What a call asks for of the time after it: the body's `summary` and `redaction`."""

from __future__ import annotations

import marshmallow as ma

from topcalls.api import fields
from topcalls.core.analysis_work import LONGEST_TEXT
from topcalls.core.personal_data import FILLS, KINDS, MOST_NAMES


class SummarySchema(ma.Schema):
    """Whether and how a call is summed up. An empty object asks for it too."""

    enabled = fields.Flag(allow_none=True, metadata={"default": True})
    prompt = fields.Text(
        allow_none=True,
        metadata={
            "description": "What the summary is to hold, or how it is to be written.",
            "maxLength": LONGEST_TEXT,
        },
    )
    success_criteria = fields.Text(
        allow_none=True,
        metadata={
            "description": "When the call has reached what it was for. Without it that is judged "
            "by the task.",
            "maxLength": LONGEST_TEXT,
        },
    )


class RedactionSchema(ma.Schema):
    """What identifies people is taken out of transcript, tools and texts when the call is over. An
    empty object asks for every kind."""

    enabled = fields.Flag(allow_none=True, metadata={"default": True})
    kinds = fields.ListOf(
        fields.Choice(*KINDS),
        allow_none=True,
        metadata={
            "description": "What; all of it if left out. `name`: names that are known (`names`, "
            "and values of `request_data` and `metadata` whose name ends in `name`) and how "
            "people introduce themselves."
        },
    )
    names = fields.ListOf(
        fields.Text(),
        allow_none=True,
        metadata={"description": "Names that may be said.", "maxItems": MOST_NAMES},
    )
    audio = fields.Choice(
        *FILLS,
        allow_none=True,
        metadata={
            "description": "Replaces the sound too: of each turn that holds such a thing the "
            "whole, on its speaker's channel."
        },
    )
