"""What the person hears whom a call is about to be handed over to.

It is a conversation of its own, on their line and in the agent's voice: they can ask what they
want to know before they press the key that takes the call.
"""

from __future__ import annotations

from dataclasses import replace

from topcalls.bridge.config import ConversationConfig, conversation_for
from topcalls.bridge.opening import OpeningPlan
from topcalls.bridge.tone_guard import InBandKeys
from topcalls.core.answer_plan import AnswerPlan
from topcalls.core.call_request import CallRequest
from topcalls.core.interruption import Interruption
from topcalls.core.transfer import Destination
from topcalls.core.transfer_answer import BRIEFED
from topcalls.providers.languages import language_name

HELLO_SECONDS = 1.5
ASK_AGAIN_SECONDS = 8.0
_KEYS = {"*": "the star key", "#": "the hash key"}
_ROLE = (
    "You are on the telephone with a colleague of yours, who has just answered. A caller waits on "
    "another line and is to be handed over to them. Tell them what it is about, answer their "
    "questions from what stands below and from nothing else, in one short sentence each, and "
    "remind them that pressing {key} takes the call. You cannot take a message, and you cannot "
    "connect them by yourself. If a recording or a voicemail answers, say nothing more."
)


def briefing_for(
    request: CallRequest,
    destination: Destination,
    summary: str,
    *,
    default_model: str,
    in_band_keys: InBandKeys = "auto",
) -> ConversationConfig:
    """The conversation with the target of a warm transfer. `summary` is the agent's, or empty."""
    key = _KEYS.get(destination.accept_key, destination.accept_key)
    about = " ".join(part.strip() for part in (destination.briefing or "", summary) if part.strip())
    colleague = CallRequest(
        phone_number=destination.number,
        instructions=f"{_ROLE.format(key=key)}\n\n# The call\n{about or 'Nothing is known of it.'}",
        mode=request.mode,
        voice=request.voice,
        speaker=request.speaker,
        model=request.model,
        language=request.language,
        pronunciations=request.pronunciations,
        spoken_forms=request.spoken_forms,
        silence_timeout_seconds=ASK_AGAIN_SECONDS,
        interruption=Interruption("low"),
    )
    made = conversation_for(
        colleague, default_model=default_model, in_band_keys=in_band_keys, tools=False
    )
    opening = _opening(about, key, request.language)
    return replace(made, opening=opening, answer=AnswerPlan(detect=True, rules=BRIEFED))


def _opening(about: str, key: str, language: str | None) -> OpeningPlan:
    what = about or "There is a call for you."
    if language is None or language.lower().split("-")[0] == "en":
        return OpeningPlan(f"{what} To take the call, press {key}.", HELLO_SECONDS)
    name = language_name(language) or language
    told = f"Say in {name}: {what} Then say that pressing {key} takes the call. Nothing else."
    return OpeningPlan(told, HELLO_SECONDS, exact=False)
