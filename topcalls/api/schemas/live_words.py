"""Words for a live call."""

from __future__ import annotations

from collections.abc import Callable

import marshmallow as ma

from topcalls.api import fields
from topcalls.core.live_words import LONGEST_NOTE, LONGEST_WORDS


def _of_length(longest: int) -> Callable[[str], None]:
    def check(text: str) -> None:
        if not text.strip():
            raise ma.ValidationError("Must not be blank.")
        if len(text) > longest:
            raise ma.ValidationError(f"Must have at most {longest} characters.")

    return check


def _text(longest: int, description: str) -> fields.Text:
    return fields.Text(
        required=True,
        validate=_of_length(longest),
        metadata={"description": description, "minLength": 1, "maxLength": longest},
    )


def _flag(*, default: bool, description: str) -> fields.Flag:
    return fields.Flag(
        load_default=default, metadata={"description": description, "default": default}
    )


class SaySchema(ma.Schema):
    """What the agent shall say."""

    text = _text(LONGEST_WORDS, "Said word for word, in the agent's voice.")
    interrupt = _flag(
        default=False,
        description="Cut off what the agent is saying. Otherwise the words wait until neither side "
        "speaks. The caller is not talked over, unless the words are not `interruptible`.",
    )
    interruptible = _flag(
        default=True, description="A caller who speaks cuts them off, like any words of the agent."
    )
    end_call = _flag(
        default=False,
        description="Hang up once they were heard. A caller who interrupts them keeps the call.",
    )


class InjectSchema(ma.Schema):
    """What the model shall know."""

    text = _text(LONGEST_NOTE, "Told to the model as a note of your side; the caller hears none.")
    respond = _flag(
        default=False, description="Have the agent speak about it as soon as it may speak."
    )
