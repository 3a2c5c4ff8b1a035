"""`interruption` and `filler` of a call: who speaks when, and what fills a wait."""

from __future__ import annotations

import marshmallow as ma

from topcalls.api import fields
from topcalls.core.ears import EARS
from topcalls.core.endpointing import LONGEST_MS, SHORTEST_MS, Endpointing
from topcalls.core.filler import AFTER_MS, DEFAULT_AFTER_MS, LONGEST_PHRASE, MOST_PHRASES
from topcalls.core.interruption import (
    JUDGES,
    LONGEST,
    LONGEST_ANSWER_SECONDS,
    MIN_WORDS,
    SENSITIVITIES,
)
from topcalls.core.listening_words import LONGEST_OWN, MOST_OWN
from topcalls.core.turn_rules import LONGEST_TURN_SECONDS


class EndpointingSchema(ma.Schema):
    """When a turn of the other person's is over."""

    min_ms = fields.Whole(
        allow_none=True,
        metadata={
            "default": Endpointing.min_ms,
            "minimum": SHORTEST_MS[0],
            "maximum": SHORTEST_MS[1],
            "description": "The least silence, in milliseconds: after a sentence that has ended.",
        },
    )
    max_ms = fields.Whole(
        allow_none=True,
        metadata={
            "default": Endpointing.max_ms,
            "minimum": LONGEST_MS[0],
            "maximum": LONGEST_MS[1],
            "description": "The most, in milliseconds: in the middle of a sentence, a number, a "
            "word that is spelt or an e-mail address.",
        },
    )
    by = fields.Choice(
        *JUDGES,
        allow_none=True,
        metadata={
            "description": "Who judges: the gateway by the words (`rules`), or by the words and "
            "how they sound (`sound`, where the operator has installed a model for it), or the "
            "vendor's model itself (`model`: semantic VAD, of speech to speech only), which the "
            "two limits do not bind. Left out: `rules` or `sound`, as the installation is set up.",
        },
    )


class InterruptionSchema(ma.Schema):
    """How readily the agent stops when the caller speaks."""

    enabled = fields.Flag(
        metadata={
            "default": True,
            "description": "Whether speech interrupts the agent at all. What was said meanwhile is "
            "answered after its sentence.",
        }
    )
    min_words = fields.Whole(
        allow_none=True,
        metadata={
            "minimum": MIN_WORDS[0],
            "maximum": MIN_WORDS[1],
            "description": "How many words interrupt, acknowledgements not counted. Left out: by "
            "the sensitivity. Speech that lasts, and words like 'stop', interrupt all the same.",
        },
    )
    acknowledgements = fields.ListOf(
        fields.Text(metadata={"maxLength": LONGEST_OWN}),
        allow_none=True,
        metadata={
            "maxItems": MOST_OWN,
            "description": "Words and short phrases that never interrupt, besides those of the "
            "call's language ('mm-hm', 'okay', 'I see').",
        },
    )
    endpointing = ma.fields.Nested(EndpointingSchema, allow_none=True)
    sensitivity = fields.Choice(*SENSITIVITIES, metadata={"default": "medium"})
    protect_first_sentence = fields.Flag(
        metadata={
            "default": False,
            "description": "The first sentence yields only to a caller who speaks on over it for "
            "three seconds; what they said is answered after it.",
        }
    )
    longest_turn_seconds = fields.Whole(
        allow_none=True,
        metadata={
            "default": LONGEST_TURN_SECONDS,
            "minimum": LONGEST[0],
            "maximum": LONGEST[1],
            "description": "After so long the agent takes the floor from somebody who does not "
            "stop speaking, or from a noise that the ears take for speech: it acknowledges what "
            "was said and asks a question.",
        },
    )
    longest_answer_seconds = fields.Whole(
        allow_none=True,
        metadata={
            "default": LONGEST_ANSWER_SECONDS,
            "minimum": LONGEST[0],
            "maximum": LONGEST[1],
            "description": "An answer of the agent's that gets longer ends at the next pause "
            "between two sentences. Exact words, as the first sentence, are said to their end.",
        },
    )
    ears = fields.Choice(
        *EARS,
        allow_none=True,
        metadata={
            "description": "Who notices that the other person speaks: the model (`server`), or the "
            "gateway itself (`local`), which hears through echo of the agent's own voice. `auto`: "
            "the gateway in `legacy` mode where it can, else the model. Left out: as the "
            "installation is set up."
        },
    )


class FillerSchema(ma.Schema):
    """A phrase for somebody who waits for an answer of the model's, or for a tool."""

    enabled = fields.Flag(metadata={"default": True})
    after_ms = fields.Whole(
        allow_none=True,
        metadata={
            "default": DEFAULT_AFTER_MS,
            "minimum": AFTER_MS[0],
            "maximum": AFTER_MS[1],
            "description": "After so much silence. A second and a third one within one wait take "
            "two and three times as long.",
        },
    )
    phrases = fields.ListOf(
        fields.Text(metadata={"maxLength": LONGEST_PHRASE}),
        allow_none=True,
        metadata={
            "maxItems": MOST_PHRASES,
            "description": "They take turns. Left out: 'One moment, please.' and the like, in 20 "
            "languages.",
        },
    )
