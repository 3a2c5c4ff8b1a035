"""Does this request for a call make sense? Every rule of `POST /v1/calls` that is more than shape.

`violations` reports every fault at once, each with the field and what to write instead. The
rules read a plain mapping, so that the API, campaigns and tests judge a body the same way.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any

from topcalls.core import (
    builtin_tools,
    json_objects,
    phone_numbers,
    variables,
    web_addresses,
)
from topcalls.core.analysis_work import summary_faults
from topcalls.core.answer_plan import answer_faults
from topcalls.core.appointment_rules import appointment_faults
from topcalls.core.call_request import (
    BACKGROUND_GAINS,
    BACKGROUNDS,
    CALL_EVENTS,
    DEFAULT_RING_TIMEOUT,
    DEFAULT_VOICE,
    MODES,
    OF_THE_INSTALLATION,
    CallRequest,
)
from topcalls.core.do_not_call import purpose_faults
from topcalls.core.filler import filler_faults
from topcalls.core.interruption import interruption_faults
from topcalls.core.json_schema import schema_faults
from topcalls.core.knowledge_use import KnowledgeBook, knowledge_faults
from topcalls.core.languages import LANGUAGE_PATTERN, LanguageRules
from topcalls.core.model_life import ModelRules
from topcalls.core.outcome_rules import mapping_faults
from topcalls.core.personal_data import redaction_faults
from topcalls.core.pronunciation import keyword_faults, pronunciation_faults
from topcalls.core.recording_rules import recording_faults
from topcalls.core.suggestions import did_you_mean
from topcalls.core.tool_cassette import cassette_faults
from topcalls.core.tool_rules import tool_faults
from topcalls.core.transfer_rules import transfer_faults
from topcalls.core.voices import FixedVoices, VoiceBook, speech_faults
from topcalls.errors import FieldError, InvalidRequest

TEXT_LENGTHS = {
    "task": (10, 32_000),
    "instructions": (10, 32_000),
    "first_sentence": (1, 1_000),
    "voice": (1, 100),
    "carrier_id": (1, 100),
}
NUMBER_RANGES = {
    "temperature": (0, 2),
    "max_duration": (0.5, 120),
    "ring_timeout_seconds": (5, 120),
    "silence_timeout_seconds": (5, 600),
    "priority": (0, 9),
}
MAX_SCHEDULE_AHEAD = timedelta(days=30)
MODEL_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$"
_OBJECTS = (
    *("request_data", "metadata", "summary", "voicemail", "ivr", "screening", "transfer"),
    "appointments",
)
_FIELDS = tuple(f.name for f in fields(CallRequest) if f.name not in OF_THE_INSTALLATION)
_ORDER = {name: index for index, name in enumerate(_FIELDS)}
OF_ONE_CALL = frozenset(
    {
        *("phone_number", "from_number", "schedule_at", "purpose"),
        *("metadata", "agent_id", "agent_version"),
    }
)
"""Fields that an agent cannot hold, because they are about one call."""

Faults = Iterator[FieldError]


@dataclass(frozen=True)
class CallRules:
    """What this installation adds to the rules.

    `voices` are those that the account's calls may have, `knowledge` tells which bases are not its
    own.
    """

    default_from_number: str | None = None
    default_ring_timeout: float = DEFAULT_RING_TIMEOUT
    voices: VoiceBook = FixedVoices({})  # noqa: RUF009 - it is frozen
    languages: LanguageRules = field(default_factory=LanguageRules)
    models: ModelRules = field(default_factory=ModelRules)
    reach: web_addresses.Reach = web_addresses.INTERNET
    local_ears: bool = False
    turn_model: bool = False
    knowledge: KnowledgeBook | None = None


def check(body: Mapping[str, Any], rules: CallRules, now: datetime) -> CallRequest:
    """The request in `body`.

    Raises:
        InvalidRequest: with every violation.
    """
    wrong = violations(body, rules, now)
    if wrong:
        raise InvalidRequest("The call cannot be made as asked.", wrong)
    return complete(body, rules)


def complete(body: Mapping[str, Any], rules: CallRules) -> CallRequest:
    """The request in a `body` without violations, with the installation's defaults."""
    defaults = {
        "from_number": rules.default_from_number,
        "ring_timeout_seconds": rules.default_ring_timeout,
        "voice": DEFAULT_VOICE if body.get("mode") in (None, "realtime") else None,
    }
    given = {key: value for key, value in body.items() if value is not None}
    return CallRequest.from_mapping({**defaults, **given})


def violations(body: Mapping[str, Any], rules: CallRules, now: datetime) -> list[FieldError]:
    """Everything wrong with `body`, in the order of the fields; None counts as not given."""
    return _judged(body, rules, now, _RULES)


def configuration_violations(
    configuration: Mapping[str, Any], rules: CallRules, now: datetime
) -> list[FieldError]:
    """Everything wrong with what an agent holds: a call but for the fields `OF_ONE_CALL`.

    Names in its texts need no value yet: calls bring them.
    """
    return _judged(configuration, rules, now, _CONFIGURATION_RULES)


def _judged(
    body: Mapping[str, Any], rules: CallRules, now: datetime, judged: tuple[Rule, ...]
) -> list[FieldError]:
    given = {key: value for key, value in body.items() if value is not None}
    found = [fault for rule in judged for fault in rule(given, rules, now)]
    return sorted(found, key=lambda f: _ORDER.get(f.path.split(".")[0], len(_ORDER)))


def _unknown(given: Mapping[str, Any], rules: CallRules, now: datetime) -> Faults:
    for name in given.keys() - set(_FIELDS):
        yield FieldError(name, f"Is not a field of a call.{did_you_mean(name, _FIELDS)}", "unknown")


def _of_one_call(given: Mapping[str, Any], rules: CallRules, now: datetime) -> Faults:
    for name in OF_ONE_CALL & given.keys():
        yield FieldError(name, "Is about one call. Give it with the call.", "not_of_an_agent")


def _agent(given: Mapping[str, Any], rules: CallRules, now: datetime) -> Faults:
    agent_id, version = given.get("agent_id"), given.get("agent_version")
    if agent_id is not None and not isinstance(agent_id, str):
        yield FieldError("agent_id", "Must be text.", "invalid_type")
    if version is None:
        return
    if isinstance(version, bool) or not isinstance(version, int):
        yield FieldError("agent_version", "Must be a whole number.", "invalid_type")
    elif agent_id is None:
        yield FieldError("agent_version", "Say of which agent, in 'agent_id'.", "needs_agent_id")


def _numbers(given: Mapping[str, Any], rules: CallRules, now: datetime) -> Faults:
    if "phone_number" not in given:
        yield FieldError("phone_number", "Say whom to call, as in +12025550123.", "required")
    if "from_number" not in given and not rules.default_from_number:
        message = "Give the caller ID to show, or set FROM_NUMBER on the server."
        yield FieldError("from_number", message, "required")
    for name in ("phone_number", "from_number"):
        wrong = phone_numbers.fault(given[name], name) if name in given else None
        if wrong:
            yield wrong


def _prompt(given: Mapping[str, Any], rules: CallRules, now: datetime) -> Faults:
    if "task" in given and "instructions" in given:
        message = (
            "Not together with 'task'. Keep 'task' for a wish, 'instructions' for a whole prompt."
        )
        yield FieldError("instructions", message, "exclusive")
    without = "task" not in given and "instructions" not in given
    if without and not any(_agent(given, rules, now)):  # the agent may have one
        message = "Say what the agent is to do, in 'task' or in 'instructions'."
        yield FieldError("task", message, "required")


def _texts(given: Mapping[str, Any], rules: CallRules, now: datetime) -> Faults:
    for name in TEXT_LENGTHS.keys() & given.keys():
        value, (least, most) = given[name], TEXT_LENGTHS[name]
        if not isinstance(value, str):
            yield FieldError(name, "Must be text.", "invalid_type")
        elif (len(value.strip()) < least and "{{" not in value) or len(value) > most:
            message = f"Must be {least} to {most} characters, not counting space around it."
            yield FieldError(name, message, "length")
    for name, pattern, example in (
        ("model", MODEL_PATTERN, "a model's name from GET /v1/models"),
        ("language", LANGUAGE_PATTERN, "a BCP 47 language tag, as in 'en' or 'pt-BR'"),
    ):
        value = given.get(name)
        if name in given and not (isinstance(value, str) and re.fullmatch(pattern, value)):
            yield FieldError(name, f"Must be {example}.", f"invalid_{name}")


def _placeholders(given: Mapping[str, Any], rules: CallRules, now: datetime) -> Faults:
    yield from variables.syntax_faults(given)


def _values(given: Mapping[str, Any], rules: CallRules, now: datetime) -> Faults:
    call = variables.of_body(given, rules.default_from_number)
    missing = list(variables.value_faults(given, call))
    yield from missing or variables.length_faults(given, call, TEXT_LENGTHS)


def _ranges(given: Mapping[str, Any], rules: CallRules, now: datetime) -> Faults:
    for name in NUMBER_RANGES.keys() & given.keys():
        value, (least, most) = given[name], NUMBER_RANGES[name]
        kinds = int if name == "priority" else (int, float)
        if isinstance(value, bool) or not isinstance(value, kinds):
            kind = "whole number" if name == "priority" else "number"
            yield FieldError(name, f"Must be a {kind}.", "invalid_type")
        elif not least <= value <= most:
            unit = " minutes" if name == "max_duration" else ""
            yield FieldError(name, f"Must be from {least} to {most}{unit}.", "range")


def _choices(given: Mapping[str, Any], rules: CallRules, now: datetime) -> Faults:
    mode, voice, model = given.get("mode", MODES[0]), given.get("voice"), given.get("model")
    if mode not in MODES:
        yield FieldError("mode", f"Must be one of {', '.join(MODES)}.", "choice")
        return
    yield from speech_faults(voice, given.get("language"), mode, rules.voices, rules.languages)
    if model is None or isinstance(model, str):
        yield from rules.models.faults(model, mode, now.date())


def _background(given: Mapping[str, Any], rules: CallRules, now: datetime) -> Faults:
    for name, choices in (
        ("background_audio", BACKGROUNDS),
        ("background_audio_gain", BACKGROUND_GAINS),
    ):
        if name in given and given[name] not in choices:
            yield FieldError(name, f"Must be one of {', '.join(choices)}.", "choice")
    if "background_audio_gain" in given and "background_audio" not in given:
        message = "Say which sound, in 'background_audio', or leave this out."
        yield FieldError("background_audio_gain", message, "needs_background_audio")


def _speech(given: Mapping[str, Any], rules: CallRules, now: datetime) -> Faults:
    yield from keyword_faults(given.get("keywords", ()))
    yield from pronunciation_faults(given.get("pronunciations", ()))


def _webhook(given: Mapping[str, Any], rules: CallRules, now: datetime) -> Faults:
    for name in given.keys() & {"webhook_url", "answer_webhook_url"}:
        wrong = web_addresses.fault(given[name], name, rules.reach)
        yield from [wrong] if wrong else []
    events = given.get("webhook_events", ())
    if not isinstance(events, list | tuple):
        yield FieldError("webhook_events", "Must be a list of event names.", "invalid_type")
        return
    if events and "webhook_url" not in given:
        message = "Say where to send them, in 'webhook_url', or leave this out."
        yield FieldError("webhook_events", message, "needs_webhook_url")
    for index, name in enumerate(events):
        if name not in CALL_EVENTS:
            hint = did_you_mean(str(name), CALL_EVENTS)
            message = f"Is not an event of a call.{hint} Known: {', '.join(CALL_EVENTS)}."
            yield FieldError(f"webhook_events.{index}", message, "unknown_event")


def _schedule(given: Mapping[str, Any], rules: CallRules, now: datetime) -> Faults:
    moment = given.get("schedule_at")
    if moment is None:
        return
    if isinstance(moment, str):
        try:
            moment = datetime.fromisoformat(moment)
        except ValueError:
            moment = None
    if not isinstance(moment, datetime) or moment.tzinfo is None:
        message = "Must be a time with its offset from UTC, as in 2030-01-31T09:30:00Z."
        yield FieldError("schedule_at", message, "invalid_time")
    elif moment <= now:
        message = "Is in the past. Leave it out to call now."
        yield FieldError("schedule_at", message, "in_the_past")
    elif moment - now > MAX_SCHEDULE_AHEAD:
        message = f"Is more than {MAX_SCHEDULE_AHEAD.days} days ahead. Create the call later."
        yield FieldError("schedule_at", message, "too_far_ahead")


def _purpose(given: Mapping[str, Any], rules: CallRules, now: datetime) -> Faults:
    if "purpose" in given:
        yield from purpose_faults(given["purpose"], "purpose")


def _objects(given: Mapping[str, Any], rules: CallRules, now: datetime) -> Faults:
    for name in _OBJECTS:
        wrong = json_objects.fault(given.get(name, {}), name)
        yield from [wrong] if wrong else []


def _recording(given: Mapping[str, Any], rules: CallRules, now: datetime) -> Faults:
    yield from recording_faults(given.get("recording", {}))


def _filler(given: Mapping[str, Any], rules: CallRules, now: datetime) -> Faults:
    yield from filler_faults(given)


def _interruption(given: Mapping[str, Any], rules: CallRules, now: datetime) -> Faults:
    yield from interruption_faults(given, local_ears=rules.local_ears, turn_model=rules.turn_model)


def _structures(given: Mapping[str, Any], rules: CallRules, now: datetime) -> Faults:
    if "analysis_schema" in given:
        yield from schema_faults(given["analysis_schema"], "analysis_schema")
    yield from tool_faults(given.get("tools", []), reach=rules.reach)
    if "built_in_tools" in given:
        yield from builtin_tools.faults(given["built_in_tools"], given)
    yield from cassette_faults(given["tool_cassette"]) if "tool_cassette" in given else ()
    yield from summary_faults(given)
    yield from redaction_faults(given)
    yield from mapping_faults(given, knows_schema="phone_number" in given)
    yield from transfer_faults(given["transfer"]) if "transfer" in given else ()
    yield from appointment_faults(given.get("appointments"), reach=rules.reach)
    yield from answer_faults(given)
    yield from knowledge_faults(given, rules.knowledge)


def _plain_shapes(given: Mapping[str, Any], rules: CallRules, now: datetime) -> Faults:
    for name in ("wait_for_greeting", "spoken_forms"):
        if not isinstance(given.get(name, False), bool):
            yield FieldError(name, "Must be true or false.", "invalid_type")


Rule = Callable[[Mapping[str, Any], CallRules, datetime], Faults]
_RULES: tuple[Rule, ...] = (
    _unknown,
    _agent,
    _numbers,
    _prompt,
    _texts,
    _placeholders,
    _values,
    _ranges,
    _choices,
    _background,
    _speech,
    _webhook,
    _schedule,
    _purpose,
    _objects,
    _recording,
    _interruption,
    _filler,
    _structures,
    _plain_shapes,
)
_CONFIGURATION_RULES: tuple[Rule, ...] = (
    _of_one_call,
    *(rule for rule in _RULES if rule not in (_agent, _numbers, _schedule, _purpose, _values)),
)
