"""What the models and voices of a call took."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import marshmallow as ma

from topcalls.api import fields
from topcalls.services.call_trail import UsageView

_COUNTS = {
    "responses": "Answers that a model made, or texts that a voice spoke.",
    "input_text": "Tokens of text that it read.",
    "input_audio": "Tokens of sound that it heard.",
    "input_cached": "Of both, those that were in the vendor's cache.",
    "input_cached_audio": "Of these, those of sound.",
    "output_text": "Tokens of text that it wrote.",
    "output_audio": "Tokens of sound that it spoke.",
    "voice_characters": "Characters that a voice of its own was given (mode `legacy`).",
    "heard_ms": "Milliseconds of sound that a recogniser was sent, or told that it wrote down.",
    "wasted_tokens": "Estimated, of answers that were begun before the caller had surely finished "
    "and were thrown away, `speculative_replies`; in none of the others.",
    "wasted_characters": "What a voice was given for these; it is counted with the voice, too.",
}


def _count(text: str) -> fields.Whole:
    return fields.Whole(required=True, metadata={"description": text})


UsageSchema = ma.Schema.from_dict(
    {
        "model": fields.Text(required=True),
        **{name: _count(text) for name, text in _COUNTS.items()},
    },
    name="UsageOfModelSchema",
)


def usage_shown(used: UsageView) -> dict[str, Any]:
    """What `UsageSchema` shows."""
    return {"model": used.model, "responses": used.responses, **asdict(used.tokens)}
