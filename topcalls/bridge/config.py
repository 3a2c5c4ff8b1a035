"""The settings of one conversation, made from what the customer asked for."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime

from topcalls.bridge.hearing import HANG_MS, HearingOptions, HearingPlan
from topcalls.bridge.opening import OpeningPlan
from topcalls.bridge.tone_guard import InBandKeys
from topcalls.core.answer_plan import AnswerPlan, answer_plan
from topcalls.core.builtin_tools import END_CALL, SEND_DTMF, Situation, names_of, specs_of
from topcalls.core.call_request import DEFAULT_VOICE, CallRequest
from topcalls.core.endpointing import Endpointing
from topcalls.core.filler import FillerPlan, FillerRequest
from topcalls.core.instructions import compose_instructions
from topcalls.core.interruption import LONGEST_ANSWER_SECONDS, Interruption
from topcalls.core.knowledge_use import BaseOutline, KnowledgePlan, plan_of
from topcalls.core.opt_out_words import OptOutPlan
from topcalls.core.pronunciation import pronunciations_of, told
from topcalls.core.tools import Tool, ToolSpec, tools_of
from topcalls.core.transfer import destinations_of
from topcalls.core.turn_rules import TurnRules
from topcalls.core.voices import address_of
from topcalls.providers import registry
from topcalls.providers.base import AudioFormat, Ears, SessionConfig
from topcalls.providers.languages import language_name

HELLO_SECONDS = 2.5  # how long the person who was called may be the first to speak
GREETING_SECONDS = 4.0  # the same, when the customer wants their greeting waited for
_THRESHOLDS = {"low": 0.7, "medium": 0.6, "high": 0.5}
_MAX_OUTPUT_TOKENS = 4096


@dataclass(frozen=True)
class Limits:
    """How long, in seconds, the conversation waits for others."""

    answer: float = 8.0  # for a response to begin, and to go on
    retry: float = 0.7  # before a failed response is asked for again
    reopen: float = 0.3  # before a failed opening of the session is repeated
    reconnect: float = 6.0  # for a new session during the call
    swap: float = 55 * 60.0  # until a session is replaced, before the vendor ends it
    swap_again: float = 60.0  # before a failed replacement is repeated
    media: float = 5.0  # for the caller's audio to come back
    linger: float = 1.5  # for the caller's last words to be written down


@dataclass(frozen=True)
class ConversationConfig:
    """`apology` is heard when the AI fails; it is in the session's audio format.

    `builtin_tools` are the built-in tools the model may call, `tools` the customer's own,
    `destinations` the names of those whom it may hand the call over to. `show_keys`: pressed keys
    stand in the transcript as they are, else as asterisks.
    """

    session: SessionConfig
    opening: OpeningPlan = field(default_factory=OpeningPlan)
    rules: TurnRules = field(default_factory=TurnRules)
    silence_timeout: float = 30.0
    apology: bytes = b""
    apology_text: str = ""
    limits: Limits = field(default_factory=Limits)
    batch_ms: int = 40
    builtin_tools: tuple[str, ...] = (END_CALL.name, SEND_DTMF.name)
    in_band_keys: InBandKeys = "auto"
    show_keys: bool = False
    tools: tuple[Tool, ...] = ()
    destinations: tuple[str, ...] = ()
    answer: AnswerPlan = field(default_factory=AnswerPlan)
    hearing: HearingPlan = field(default_factory=HearingPlan)
    endpointing: Endpointing = field(default_factory=Endpointing)
    acknowledgements: tuple[str, ...] = ()
    longest_answer_ms: int = LONGEST_ANSWER_SECONDS * 1000
    filler: FillerPlan = field(default_factory=FillerPlan)
    knowledge: KnowledgePlan = field(default_factory=KnowledgePlan)
    opt_out: OptOutPlan = field(default_factory=OptOutPlan)


def conversation_for(
    request: CallRequest,
    *,
    default_model: str,
    today: date | None = None,
    now: datetime | None = None,
    inbound: bool = False,
    audio_format: AudioFormat = "audio/pcmu",
    apology: bytes = b"",
    apology_text: str = "",
    in_band_keys: InBandKeys = "auto",
    show_keys: bool = False,
    tools: bool = True,
    bases: tuple[BaseOutline, ...] = (),
    filler: FillerRequest = FillerRequest(enabled=False),  # noqa: B008 - it is frozen
    hearing: HearingOptions = HearingOptions(),  # noqa: B008 - it is frozen
    opt_out: OptOutPlan = OptOutPlan(),  # noqa: B008 - it is frozen
) -> ConversationConfig:
    """What a call asks for, as settings. `today` and `now` are where the other person is. Without
    `tools` the model can only talk. `bases` are its knowledge. `filler` is that of calls that say
    nothing of it."""
    names = names_of(vars(request)) if tools else ()
    builtin = specs_of(names, vars(request), Situation(now, bases))
    custom = tools_of(request.tools) if tools else ()
    specs = (*builtin, *(tool.spec for tool in custom))
    session = _session(request, request.model or default_model, today, audio_format, specs)
    hears = hearing.plan(request, session.ears)
    session = replace(session, ears=replace(session.ears, local=hears.ears is not None))
    return ConversationConfig(
        session=session,
        opening=_opening(request, inbound),
        rules=request.interruption.turn_rules(
            HANG_MS if hears.ears is not None else session.ears.silence_ms
        ),
        acknowledgements=request.interruption.acknowledgements,
        endpointing=request.interruption.end_of_turn,
        longest_answer_ms=request.interruption.longest_answer_ms,
        filler=(request.filler or filler).plan(request.language),
        silence_timeout=request.silence_timeout_seconds,
        apology=apology,
        apology_text=apology_text,
        in_band_keys=in_band_keys,
        show_keys=show_keys,
        builtin_tools=tuple(spec.name for spec in builtin),
        tools=custom,
        knowledge=plan_of(
            request.knowledge_base_ids if tools else (),
            request.knowledge,
            request.task or request.instructions or "",
            request.first_sentence,
        ),
        destinations=tuple(item.name for item in destinations_of(request.transfer)),
        answer=AnswerPlan() if inbound or not tools else answer_plan(request),
        hearing=hears,
        opt_out=opt_out,
    )


def _session(
    request: CallRequest,
    model: str,
    today: date | None,
    audio_format: AudioFormat,
    tools: tuple[ToolSpec, ...],
) -> SessionConfig:
    known = registry.find_model(model)
    language, pronunciations = request.language, pronunciations_of(request.pronunciations)
    return SessionConfig(
        model=model,
        instructions=compose_instructions(
            task=request.task,
            instructions=request.instructions,
            request_data=request.request_data,
            language=(language_name(language) or language) if language else None,
            today=today,
            pronunciations=told(pronunciations) if request.mode == "realtime" else (),
            ends_itself=any(tool.name == END_CALL.name for tool in tools),
        ),
        voice=_voice(request),
        audio_format=audio_format,
        language=language,
        keywords=request.keywords,
        pronunciations=pronunciations,
        spoken_forms=request.spoken_forms,
        tools=tools,
        ears=_ears(request.interruption),
        noise_reduction="near_field",
        max_output_tokens=_MAX_OUTPUT_TOKENS,
        reasoning_effort="low" if known and known.supports_reasoning else None,
        temperature=request.temperature,
    )


def _ears(interruption: Interruption) -> Ears:
    """The model's own. Silence that ends a turn is mostly counted here, the rest of it there."""
    threshold, end_of_turn = _THRESHOLDS[interruption.sensitivity], interruption.end_of_turn
    if end_of_turn.by_model:
        return Ears(threshold, semantic=True)
    return Ears(threshold, silence_ms=end_of_turn.ears_ms)


def _voice(request: CallRequest) -> str:
    """The voice as the model wants it: speech to speech by its name, the chain by its address."""
    if request.mode == "legacy":
        return request.speaker or request.voice or ""
    if request.speaker is not None:
        return address_of(request.speaker).voice_id
    return request.voice or DEFAULT_VOICE


def _opening(request: CallRequest, inbound: bool) -> OpeningPlan:
    announcement = request.recording.announcement if request.recording.enabled else None
    if announcement is not None:
        wait = 0.0  # it comes before anything else
    elif request.wait_for_greeting:
        wait = GREETING_SECONDS
    elif inbound or request.first_sentence:
        wait = 0.0
    else:
        wait = HELLO_SECONDS
    protected = request.interruption.protect_first_sentence
    return OpeningPlan(request.first_sentence, wait, protected, announcement=announcement)
