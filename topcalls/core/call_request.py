"""What a customer may ask of one call: every field of `POST /v1/calls`.

`CallRequest` is the request as it is stored with the call and read again by the dispatcher, the
bridge and the wrap-up. Whether a request makes sense is decided in `core/call_rules.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from datetime import datetime
from typing import Any

from topcalls.core.filler import FillerRequest
from topcalls.core.interruption import Interruption
from topcalls.core.knowledge_use import KnowledgeUse

MODES = ("realtime", "legacy")
BACKGROUNDS = ("office", "cafe", "street", "call_center")
RECORDING_CHANNELS = ("stereo", "mono")
BACKGROUND_GAINS = ("low", "medium", "high")
CALL_EVENTS = (
    "call.queued",
    "call.started",
    "call.completed",
    "call.failed",
    "call.transferred",
)
DEFAULT_MAX_DURATION = 10.0
DEFAULT_RING_TIMEOUT = 45.0
DEFAULT_VOICE = "alloy"
"""Of calls of mode `realtime`; the chain has one of its own."""

OF_THE_INSTALLATION = frozenset({"speaker"})
"""Fields that are stored with a call and never given by a customer."""

DEFAULT_BACKGROUND_GAIN = "medium"


@dataclass(frozen=True)
class Recording:
    """Whether the call is recorded, and how it is announced.

    `channels`: None is `stereo`. `announcement` is spoken before anything else where the call is
    recorded. `agent_may_pause`: the model has the tools that mask the recording.
    `retention_days`: for so long it is kept; None: as the account, or the installation, has it.
    """

    enabled: bool = True
    channels: str | None = None
    announcement: str | None = None
    agent_may_pause: bool | None = None
    retention_days: int | None = None


@dataclass(frozen=True)
class CallRequest:
    """One call as it was asked for. Durations in minutes, time limits in seconds.

    `agent_id` and `agent_version` name the agent whose configuration is filled in here already.
    Exactly one of `task` (what the agent should do) and `instructions` (a whole system prompt) is
    set. `purpose` is what the call is for, as consents and the do-not-call list name it; that of a
    campaign's call is the campaign's. A higher `priority` is dispatched first. `model` None means
    the configured default, and `voice` None the one of the mode. `speaker` is what the installation
    made of `voice` (`core.voices.KnownVoice.address`): no customer gives it. `spoken_forms`:
    figures are put into words for voices that get a text. `filler` None: the installation's choice.
    `webhook_events` empty means every event of the call. `built_in_tools` None means those of every
    call, see `core/builtin_tools.py`; an empty list means none.
    """

    phone_number: str
    agent_id: str | None = None
    agent_version: int | None = None
    task: str | None = None
    instructions: str | None = None
    from_number: str | None = None
    first_sentence: str | None = None
    mode: str = "realtime"
    voice: str | None = None
    speaker: str | None = None
    model: str | None = None
    language: str | None = None
    keywords: tuple[str, ...] = ()
    pronunciations: tuple[Mapping[str, Any], ...] = ()
    spoken_forms: bool = True
    temperature: float | None = None
    max_duration: float = DEFAULT_MAX_DURATION
    ring_timeout_seconds: float = DEFAULT_RING_TIMEOUT
    silence_timeout_seconds: float = 30.0
    interruption: Interruption = field(default_factory=Interruption)
    filler: FillerRequest | None = None
    recording: Recording = field(default_factory=Recording)
    priority: int = 5
    schedule_at: datetime | None = None
    purpose: str | None = None
    request_data: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    webhook_url: str | None = None
    webhook_events: tuple[str, ...] = ()
    carrier_id: str | None = None
    background_audio: str | None = None
    background_audio_gain: str | None = None
    knowledge_base_ids: tuple[str, ...] = ()
    knowledge: KnowledgeUse = field(default_factory=KnowledgeUse)
    tools: tuple[Mapping[str, Any], ...] = ()
    built_in_tools: tuple[str, ...] | None = None
    tool_cassette: Mapping[str, Any] | None = None
    summary: Mapping[str, Any] | None = None
    analysis_schema: Mapping[str, Any] | None = None
    outcome_mapping: tuple[Mapping[str, Any], ...] = ()
    voicemail: Mapping[str, Any] | None = None
    ivr: Mapping[str, Any] | None = None
    screening: Mapping[str, Any] | None = None
    answer_webhook_url: str | None = None
    wait_for_greeting: bool = False
    transfer: Mapping[str, Any] | None = None
    redaction: Mapping[str, Any] | None = None
    appointments: Mapping[str, Any] | None = None

    @classmethod
    def from_mapping(cls, data: Mapping[str, Any]) -> CallRequest:
        """The request stored by `to_mapping`, or a body that `core.call_rules` found right.

        None means "not given". Names unknown to this version are left out, so that a row
        written by a newer version can still be read.
        """
        known = {f.name for f in fields(cls)}
        given = {key: data[key] for key in known & data.keys() if data[key] is not None}
        for name, convert in _CONVERTERS.items():
            if name in given:
                given[name] = convert(given[name])
        return cls(**given)

    def to_mapping(self) -> dict[str, Any]:
        """JSON-ready; leaves out what was not given and has no default."""
        pairs = ((f, getattr(self, f.name)) for f in fields(self))
        return {f.name: _plain(value) for f, value in pairs if not _is_absent(value, _default(f))}


def _is_absent(value: Any, default: Any) -> bool:
    return value is None or (value in ((), {}) and value == default)


def _default(item: Field[Any]) -> Any:
    """A field's default; its containers are empty ones."""
    return item.default_factory() if item.default_factory is not MISSING else item.default


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, Interruption | KnowledgeUse | Recording | FillerRequest):
        pairs = {f.name: getattr(value, f.name) for f in fields(value)}
        return {key: _plain(item) for key, item in pairs.items() if item not in (None, ())}
    return value


def _section(kind: type[Any]) -> Any:
    names = {f.name for f in fields(kind)}

    def convert(value: Any) -> Any:
        if isinstance(value, kind):
            return value
        given = {key: item for key, item in value.items() if item is not None}
        return kind(**{key: item for key, item in given.items() if key in names})

    return convert


def _moment(value: datetime | str) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)


_CONVERTERS: dict[str, Any] = {
    "interruption": _section(Interruption),
    "filler": _section(FillerRequest),
    "knowledge": _section(KnowledgeUse),
    "recording": _section(Recording),
    "schedule_at": _moment,
    "keywords": tuple,
    "pronunciations": tuple,
    "webhook_events": tuple,
    "knowledge_base_ids": tuple,
    "tools": tuple,
    "built_in_tools": tuple,
    "outcome_mapping": tuple,
}
