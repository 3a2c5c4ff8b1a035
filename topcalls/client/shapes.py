"""What the API takes and tells.

Written by `scripts/draw_client.py`; a test compares.

Times are RFC 3339 texts in UTC. What is `NotRequired` may be left out of what is sent, and be
absent from what is told.
"""

# ruff: noqa: E501

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypeAlias, TypedDict


class AccountLimits(TypedDict):
    concurrent_calls: Gauge
    inbound_reserve: int
    calls_per_minute: Gauge
    requests_per_second: int | None
    minutes: Balance


class Agent(TypedDict):
    id: str
    account_id: str
    name: str
    description: str | None
    status: Literal["active", "archived"]
    revision: int
    published_version: int | None
    draft_version: int | None
    created_at: str
    updated_at: str
    archived_at: str | None


class AgentChange(TypedDict):
    path: str
    kind: Literal["added", "removed", "changed"]
    before: Any
    after: Any


class AgentCreate(TypedDict):
    name: str
    description: NotRequired[str | None]
    configuration: CallConfiguration


class AgentDetails(TypedDict):
    id: str
    account_id: str
    name: str
    description: str | None
    status: Literal["active", "archived"]
    revision: int
    published_version: int | None
    draft_version: int | None
    created_at: str
    updated_at: str
    archived_at: str | None
    warnings: list[Fault]
    published: AgentVersion | None
    draft: AgentVersion | None


class AgentDiff(TypedDict):
    from_version: int
    to_version: int
    changes: list[AgentChange]


class AgentEdit(TypedDict):
    name: NotRequired[str]
    description: NotRequired[str | None]
    configuration: NotRequired[CallConfiguration]


class AgentPage(TypedDict):
    data: list[Agent]
    next_cursor: str | None


class AgentRollback(TypedDict):
    version: int


class AgentVersion(TypedDict):
    number: int
    state: Literal["draft", "published", "superseded"]
    configuration: CallConfiguration
    variables: list[str]
    created_at: str
    updated_at: str
    published_at: str | None


class AgentVersionPage(TypedDict):
    data: list[AgentVersion]
    next_cursor: int | None


class Alert(TypedDict):
    name: str
    severity: Literal["page", "warn"]
    firing: bool
    since: str
    summary: str
    remedy: str


class Alerts(TypedDict):
    data: list[Alert]


class AnalysisReport(TypedDict):
    status: Literal["waiting", "done", "failed"]
    errors: dict[str, str]
    sentiment: Sentiment | None
    success: Success | None
    language: str | None
    evidence: dict[str, Any] | None
    unsupported: list[str]
    rule: int | None
    model: str | None
    run_id: str | None
    finished_at: str | None


class Analytics(TypedDict):
    time_zone: str
    currency: Literal["USD"]
    group_by: Literal["day", "hour", "total", "campaign", "agent_version", "carrier", "number"]
    data: list[Group]
    total: Tally


class Answer(TypedDict):
    answered_by: Literal["human", "voicemail", "ivr", "unknown"]
    detected: Literal[
        "human", "voicemail", "ivr", "screening", "fax", "intercept", "silence", "unknown"
    ]
    detected_first: Literal[
        "human", "voicemail", "ivr", "screening", "fax", "intercept", "silence", "unknown"
    ]
    confidence: float
    decided_after_ms: int
    evidence: list[Evidence]
    corrected: (
        Literal["human", "voicemail", "ivr", "screening", "fax", "intercept", "silence", "unknown"]
        | None
    )
    corrected_at: str | None


class ApiKey(TypedDict):
    id: str
    name: str
    kind: Literal["live", "test"]
    prefix: str
    scopes: list[
        Literal[
            "agents:read",
            "agents:write",
            "budgets:write",
            "calls:read",
            "calls:write",
            "calls:transfer",
            "calls:supervise",
            "campaigns:read",
            "campaigns:write",
            "knowledge:read",
            "knowledge:write",
            "leads:read",
            "leads:write",
            "phone_numbers:read",
            "phone_numbers:write",
            "softphones:read",
            "softphones:write",
            "voices:write",
            "webhooks:read",
            "webhooks:write",
            "admin",
        ]
    ]
    limits: OwnLimits
    created_at: str
    expires_at: str | None
    revoked_at: str | None
    last_used_at: str | None


class ApiKeyCreate(TypedDict):
    name: str
    scopes: list[
        Literal[
            "agents:read",
            "agents:write",
            "budgets:write",
            "calls:read",
            "calls:write",
            "calls:transfer",
            "calls:supervise",
            "campaigns:read",
            "campaigns:write",
            "knowledge:read",
            "knowledge:write",
            "leads:read",
            "leads:write",
            "phone_numbers:read",
            "phone_numbers:write",
            "softphones:read",
            "softphones:write",
            "voices:write",
            "webhooks:read",
            "webhooks:write",
            "admin",
        ]
    ]
    expires_at: NotRequired[str | None]


class ApiKeyMade(TypedDict):
    id: str
    name: str
    kind: Literal["live", "test"]
    prefix: str
    scopes: list[
        Literal[
            "agents:read",
            "agents:write",
            "budgets:write",
            "calls:read",
            "calls:write",
            "calls:transfer",
            "calls:supervise",
            "campaigns:read",
            "campaigns:write",
            "knowledge:read",
            "knowledge:write",
            "leads:read",
            "leads:write",
            "phone_numbers:read",
            "phone_numbers:write",
            "softphones:read",
            "softphones:write",
            "voices:write",
            "webhooks:read",
            "webhooks:write",
            "admin",
        ]
    ]
    limits: OwnLimits
    created_at: str
    expires_at: str | None
    revoked_at: str | None
    last_used_at: str | None
    token: str


class ApiKeys(TypedDict):
    data: list[ApiKey]


class Appointment(TypedDict):
    reference: str
    status: Literal["booked", "replaced"]
    book: str
    kind: str | None
    starts_at: str
    ends_at: str
    time_zone: str
    contact: Contact
    booked_at: str


class AppointmentKind(TypedDict):
    name: str
    duration_minutes: NotRequired[int | None]


class AppointmentSettings(TypedDict):
    time_zone: str
    duration_minutes: NotRequired[int | None]
    kinds: NotRequired[list[AppointmentKind] | None]
    required: NotRequired[list[Literal["name", "email", "phone_number"]] | None]
    notice_minutes: NotRequired[int | None]
    days_ahead: NotRequired[int | None]
    calendar: NotRequired[CalendarBook | None]
    webhook: NotRequired[WebhookBook | None]


class Attempt(TypedDict):
    number: int
    at: str
    status: int | None
    error: str | None
    duration_ms: int | None
    response: str | None


class AuditEntry(TypedDict):
    id: str
    at: str
    api_key_id: str
    api_key_name: str | None
    action: Literal[
        "number_shown", "lead_number_shown", "numbers_exported", "key_created", "key_revoked"
    ]
    subject_id: str


class AuditPage(TypedDict):
    data: list[AuditEntry]
    next_cursor: str | None


class Balance(TypedDict):
    unit: Literal["call_minutes"]
    minutes_remaining: float
    minutes_available: float
    plan_minutes: float
    total_minutes: float
    minutes_used: float
    minutes_reserved: float
    bonus_minutes_used: float
    bonus_minutes_remaining: float
    unlimited: bool


class Budget(TypedDict):
    minutes: NotRequired[float | None]
    calls: NotRequired[int | None]
    cost: NotRequired[str | None]


class BudgetCalls(TypedDict):
    limit: int | None
    spent: int
    held: int
    left: int | None


class BudgetCost(TypedDict):
    limit: str | None
    spent: str
    held: str
    left: str | None


class BudgetMinutes(TypedDict):
    limit: float | None
    spent: float
    held: float
    left: float | None


class BudgetView(TypedDict):
    starts_at: str
    frees_at: str
    minutes: BudgetMinutes
    calls: BudgetCalls
    cost: BudgetCost


class Budgets(TypedDict):
    time_zone: str
    day: BudgetView
    month: BudgetView


class BudgetsChange(TypedDict):
    day: NotRequired[Budget | None]
    month: NotRequired[Budget | None]


class BulkDelete(TypedDict):
    ids: NotRequired[list[str]]
    filter: NotRequired[LeadFilter]
    account_id: NotRequired[str]


class CalendarBook(TypedDict):
    name: NotRequired[str]
    hours: CalendarBookHours
    step_minutes: NotRequired[int | None]
    buffer_minutes: NotRequired[int | None]


class Call(TypedDict):
    id: str
    created_at: str
    phone_number: str | None
    direction: Literal["outbound", "inbound"]
    from_phone_number: str | None
    status: Literal["pending", "queued", "in_progress", "completed", "failed", "cancelled"]
    call_status: (
        Literal[
            "in-progress",
            "completed",
            "busy",
            "no-answer",
            "rejected",
            "failed",
            "cancelled",
            "dispatch_timeout",
        ]
        | None
    )
    duration: float | None
    started_at: str | None
    end_at: str | None
    end_reason: (
        Literal[
            "callee_hung_up",
            "agent_ended",
            "silence",
            "max_duration",
            "stopped",
            "busy",
            "no_answer",
            "rejected",
            "dial_failed",
            "configuration",
            "not_callable",
            "dispatch_timeout",
            "stream_lost",
            "playback_failed",
            "provider_failed",
            "internal_error",
            "channel_lost",
            "controller_lost",
            "shutdown",
            "network_hung_up",
            "switch_hung_up",
            "caller_hung_up",
            "answer_failed",
            "too_many_calls",
            "no_minutes",
            "over_budget",
            "no_capacity",
            "transferred",
            "transfer_ended",
        ]
        | None
    )
    ended_by: (
        Literal[
            "callee",
            "caller",
            "agent",
            "customer",
            "transferee",
            "carrier",
            "provider",
            "gateway",
            "configuration",
        ]
        | None
    )
    hangup: Hangup | None
    schedule_at: str | None
    agent_id: str | None
    agent_version: int | None
    campaign_id: str | None
    lead_id: str | None
    opted_out: Literal["account", "purpose"] | None
    answered_by: Literal["human", "voicemail", "ivr", "unknown"] | None
    error_message: str | None
    recording_url: str | None
    transcript: list[Turn]
    call_summary: str | None
    disposition: str | None
    sentiment: Literal["positive", "neutral", "negative", "mixed"] | None
    success: bool | None
    analysis_status: Literal["waiting", "done", "failed"] | None
    actual_duration_billed: float | None
    cost: CallCost
    sandbox: bool


class CallConfiguration(TypedDict):
    task: NotRequired[str | None]
    instructions: NotRequired[str | None]
    first_sentence: NotRequired[str | None]
    mode: NotRequired[Literal["realtime", "legacy"] | None]
    voice: NotRequired[str | None]
    model: NotRequired[str | None]
    language: NotRequired[str | None]
    keywords: NotRequired[list[str] | None]
    pronunciations: NotRequired[list[Pronunciation] | None]
    spoken_forms: NotRequired[bool | None]
    temperature: NotRequired[float | None]
    max_duration: NotRequired[float | None]
    ring_timeout_seconds: NotRequired[float | None]
    silence_timeout_seconds: NotRequired[float | None]
    interruption: NotRequired[Interruption | None]
    filler: NotRequired[Filler | None]
    recording: NotRequired[Recording | None]
    priority: NotRequired[int | None]
    request_data: NotRequired[dict[str, Any] | None]
    webhook_url: NotRequired[str | None]
    webhook_events: NotRequired[
        list[
            Literal[
                "call.queued", "call.started", "call.completed", "call.failed", "call.transferred"
            ]
        ]
        | None
    ]
    carrier_id: NotRequired[str | None]
    background_audio: NotRequired[Literal["office", "cafe", "street", "call_center"] | None]
    background_audio_gain: NotRequired[Literal["low", "medium", "high"] | None]
    knowledge_base_ids: NotRequired[list[str] | None]
    knowledge: NotRequired[KnowledgeUse | None]
    tools: NotRequired[list[Tool] | None]
    built_in_tools: NotRequired[
        list[
            Literal[
                "end_call",
                "send_dtmf",
                "pause_recording",
                "resume_recording",
                "transfer_call",
                "find_appointment_times",
                "book_appointment",
                "search_knowledge",
                "add_to_do_not_call",
                "schedule_callback",
            ]
        ]
        | None
    ]
    tool_cassette: NotRequired[CassetteSettings | None]
    summary: NotRequired[Summary | None]
    analysis_schema: NotRequired[dict[str, Any] | None]
    outcome_mapping: NotRequired[list[dict[str, Any]] | None]
    redaction: NotRequired[Redaction | None]
    voicemail: NotRequired[Voicemail | None]
    ivr: NotRequired[Ivr | None]
    screening: NotRequired[Screening | None]
    answer_webhook_url: NotRequired[str | None]
    wait_for_greeting: NotRequired[bool | None]
    transfer: NotRequired[TransferSettings | None]
    appointments: NotRequired[AppointmentSettings | None]


class CallCost(TypedDict):
    currency: Literal["USD"]
    predicted: PredictedCost | None
    actual: Cost | None


class CallCounts(TypedDict):
    total: int
    open: int
    dialled: int
    answered: int
    connected: int
    by_outcome: dict[str, int]


class CallCreate(TypedDict):
    task: NotRequired[str | None]
    instructions: NotRequired[str | None]
    first_sentence: NotRequired[str | None]
    mode: NotRequired[Literal["realtime", "legacy"] | None]
    voice: NotRequired[str | None]
    model: NotRequired[str | None]
    language: NotRequired[str | None]
    keywords: NotRequired[list[str] | None]
    pronunciations: NotRequired[list[Pronunciation] | None]
    spoken_forms: NotRequired[bool | None]
    temperature: NotRequired[float | None]
    max_duration: NotRequired[float | None]
    ring_timeout_seconds: NotRequired[float | None]
    silence_timeout_seconds: NotRequired[float | None]
    interruption: NotRequired[Interruption | None]
    filler: NotRequired[Filler | None]
    recording: NotRequired[Recording | None]
    priority: NotRequired[int | None]
    request_data: NotRequired[dict[str, Any] | None]
    webhook_url: NotRequired[str | None]
    webhook_events: NotRequired[
        list[
            Literal[
                "call.queued", "call.started", "call.completed", "call.failed", "call.transferred"
            ]
        ]
        | None
    ]
    carrier_id: NotRequired[str | None]
    background_audio: NotRequired[Literal["office", "cafe", "street", "call_center"] | None]
    background_audio_gain: NotRequired[Literal["low", "medium", "high"] | None]
    knowledge_base_ids: NotRequired[list[str] | None]
    knowledge: NotRequired[KnowledgeUse | None]
    tools: NotRequired[list[Tool] | None]
    built_in_tools: NotRequired[
        list[
            Literal[
                "end_call",
                "send_dtmf",
                "pause_recording",
                "resume_recording",
                "transfer_call",
                "find_appointment_times",
                "book_appointment",
                "search_knowledge",
                "add_to_do_not_call",
                "schedule_callback",
            ]
        ]
        | None
    ]
    tool_cassette: NotRequired[CassetteSettings | None]
    summary: NotRequired[Summary | None]
    analysis_schema: NotRequired[dict[str, Any] | None]
    outcome_mapping: NotRequired[list[dict[str, Any]] | None]
    redaction: NotRequired[Redaction | None]
    voicemail: NotRequired[Voicemail | None]
    ivr: NotRequired[Ivr | None]
    screening: NotRequired[Screening | None]
    answer_webhook_url: NotRequired[str | None]
    wait_for_greeting: NotRequired[bool | None]
    transfer: NotRequired[TransferSettings | None]
    appointments: NotRequired[AppointmentSettings | None]
    phone_number: str
    agent_id: NotRequired[str | None]
    agent_version: NotRequired[int | None]
    from_number: NotRequired[str | None]
    schedule_at: NotRequired[str | None]
    purpose: NotRequired[str | None]
    metadata: NotRequired[dict[str, Any] | None]


class CallCreated(TypedDict):
    call_id: str
    provider_call_id: str
    status: Literal["pending", "queued", "in_progress", "completed", "failed", "cancelled"]
    warnings: list[Fault]


class CallDetails(TypedDict):
    id: str
    created_at: str
    phone_number: str | None
    direction: Literal["outbound", "inbound"]
    from_phone_number: str | None
    status: Literal["pending", "queued", "in_progress", "completed", "failed", "cancelled"]
    call_status: (
        Literal[
            "in-progress",
            "completed",
            "busy",
            "no-answer",
            "rejected",
            "failed",
            "cancelled",
            "dispatch_timeout",
        ]
        | None
    )
    duration: float | None
    started_at: str | None
    end_at: str | None
    end_reason: (
        Literal[
            "callee_hung_up",
            "agent_ended",
            "silence",
            "max_duration",
            "stopped",
            "busy",
            "no_answer",
            "rejected",
            "dial_failed",
            "configuration",
            "not_callable",
            "dispatch_timeout",
            "stream_lost",
            "playback_failed",
            "provider_failed",
            "internal_error",
            "channel_lost",
            "controller_lost",
            "shutdown",
            "network_hung_up",
            "switch_hung_up",
            "caller_hung_up",
            "answer_failed",
            "too_many_calls",
            "no_minutes",
            "over_budget",
            "no_capacity",
            "transferred",
            "transfer_ended",
        ]
        | None
    )
    ended_by: (
        Literal[
            "callee",
            "caller",
            "agent",
            "customer",
            "transferee",
            "carrier",
            "provider",
            "gateway",
            "configuration",
        ]
        | None
    )
    hangup: Hangup | None
    schedule_at: str | None
    agent_id: str | None
    agent_version: int | None
    campaign_id: str | None
    lead_id: str | None
    opted_out: Literal["account", "purpose"] | None
    answered_by: Literal["human", "voicemail", "ivr", "unknown"] | None
    error_message: str | None
    recording_url: str | None
    transcript: list[CitedTurn]
    call_summary: str | None
    disposition: str | None
    sentiment: Literal["positive", "neutral", "negative", "mixed"] | None
    success: bool | None
    analysis_status: Literal["waiting", "done", "failed"] | None
    actual_duration_billed: float | None
    cost: CallCost
    sandbox: bool
    account_id: str
    external_call_id: str | None
    completed: bool
    metadata: dict[str, Any]
    configuration: dict[str, Any]
    analysis: Any
    analysis_report: AnalysisReport | None
    timings: list[Timing]
    latency: LatencySpreads
    usage: list[UsageOfModel]
    stages_replaced: list[Literal["recognizer", "model", "voice", "speech_to_speech"]]
    routing: list[Dial]
    transfers: list[Transfer]
    appointments: list[Appointment]
    knowledge_lookups: list[Lookup]
    tool_calls: list[ToolUse]
    live_code: str | None
    supervisions: list[Supervision]
    recording: RecordingView
    answer: Answer | None


class CallEvent(TypedDict):
    version: int
    kind: str
    from_state: Literal[
        "pending",
        "queued",
        "dispatching",
        "ringing",
        "answered",
        "in_progress",
        "transferred",
        "ending",
        "completed",
        "busy",
        "no_answer",
        "rejected",
        "failed",
        "cancelled",
        "dispatch_timeout",
    ]
    to_state: Literal[
        "pending",
        "queued",
        "dispatching",
        "ringing",
        "answered",
        "in_progress",
        "transferred",
        "ending",
        "completed",
        "busy",
        "no_answer",
        "rejected",
        "failed",
        "cancelled",
        "dispatch_timeout",
    ]
    detail: dict[str, Any]
    at: str


class CallEvents(TypedDict):
    data: list[CallEvent]


CallFilter = TypedDict(
    "CallFilter",
    {
        "call_ids": "NotRequired[list[str]]",
        "from": "NotRequired[str]",
        "to": "NotRequired[str]",
        "campaign_id": "NotRequired[str]",
        "agent_id": "NotRequired[str]",
        "dispositions": "NotRequired[list[str | None]]",
    },
)


class CallMessage(TypedDict):
    created_at: str
    phone_number: str | None
    direction: Literal["outbound", "inbound"]
    from_phone_number: str | None
    status: Literal["pending", "queued", "in_progress", "completed", "failed", "cancelled"]
    call_status: (
        Literal[
            "in-progress",
            "completed",
            "busy",
            "no-answer",
            "rejected",
            "failed",
            "cancelled",
            "dispatch_timeout",
        ]
        | None
    )
    duration: float | None
    started_at: str | None
    end_at: str | None
    end_reason: (
        Literal[
            "callee_hung_up",
            "agent_ended",
            "silence",
            "max_duration",
            "stopped",
            "busy",
            "no_answer",
            "rejected",
            "dial_failed",
            "configuration",
            "not_callable",
            "dispatch_timeout",
            "stream_lost",
            "playback_failed",
            "provider_failed",
            "internal_error",
            "channel_lost",
            "controller_lost",
            "shutdown",
            "network_hung_up",
            "switch_hung_up",
            "caller_hung_up",
            "answer_failed",
            "too_many_calls",
            "no_minutes",
            "over_budget",
            "no_capacity",
            "transferred",
            "transfer_ended",
        ]
        | None
    )
    ended_by: (
        Literal[
            "callee",
            "caller",
            "agent",
            "customer",
            "transferee",
            "carrier",
            "provider",
            "gateway",
            "configuration",
        ]
        | None
    )
    hangup: Hangup | None
    agent_id: str | None
    agent_version: int | None
    campaign_id: str | None
    lead_id: str | None
    opted_out: Literal["account", "purpose"] | None
    answered_by: Literal["human", "voicemail", "ivr", "unknown"] | None
    error_message: str | None
    recording_url: str | None
    transcript: list[ToldTurn]
    call_summary: str | None
    disposition: str | None
    sentiment: Literal["positive", "neutral", "negative", "mixed"] | None
    success: bool | None
    analysis_status: Literal["waiting", "done", "failed"] | None
    cost: CallCost
    sandbox: bool
    event: Literal[
        "call.queued",
        "call.started",
        "call.completed",
        "call.failed",
        "call.transferred",
        "call.updated",
    ]
    sequence: int
    call_id: str
    completed: bool
    analysis: Any
    appointments: list[Appointment]
    metadata: dict[str, Any]
    transfer: NotRequired[HandedOver]


class CallPage(TypedDict):
    data: list[Call]
    next_cursor: str | None


class Callees(TypedDict):
    human_percent: NotRequired[float | None]
    voicemail_percent: NotRequired[float | None]
    busy_percent: NotRequired[float | None]
    rejected_percent: NotRequired[float | None]
    unreachable_percent: NotRequired[float | None]
    invalid_percent: NotRequired[float | None]
    opt_out_percent: NotRequired[float | None]
    callback_percent: NotRequired[float | None]
    converted_percent: NotRequired[float | None]
    short_talk_percent: NotRequired[float | None]
    talk_seconds: NotRequired[float | None]
    voicemail_seconds: NotRequired[float | None]
    ring_seconds: NotRequired[float | None]
    carrier_failure_percent: NotRequired[float | None]
    carrier_outages: NotRequired[list[Outage] | None]


class Campaign(TypedDict):
    name: str
    description: str | None
    list_ids: list[str]
    call: CampaignCall
    purpose: str
    subject_key: str | None
    compliance: CampaignCompliance
    schedule: Schedule
    pacing: Pacing
    weight: int
    priority: int
    retry: Retry
    from_numbers: FromNumbers
    conversion_outcomes: list[str]
    webhook_url: str | None
    webhook_events: list[
        Literal[
            "call.queued",
            "call.started",
            "call.completed",
            "call.failed",
            "call.transferred",
            "campaign.started",
            "campaign.paused",
            "campaign.resumed",
            "campaign.completed",
            "campaign.stopped",
        ]
    ]
    missing_variables: Literal["refuse", "default"]
    variable_defaults: dict[str, Any]
    budget: CampaignBudget
    circuit_breaker: CircuitBreaker
    id: str
    account_id: str
    status: Literal["draft", "scheduled", "running", "paused", "completed", "cancelled"]
    revision: int
    enrolling: bool
    paused_for: Reason | None
    ended_for: Reason | None
    created_at: str
    updated_at: str
    started_at: str | None
    paused_at: str | None
    ended_at: str | None
    archived_at: str | None


class CampaignAttempt(TypedDict):
    number: int
    call_id: str | None
    decision_id: str | None
    from_number: str | None
    outcome: (
        Literal[
            "completed",
            "callback",
            "opted_out",
            "short_talk",
            "dropped",
            "voicemail_left",
            "voicemail",
            "busy",
            "no_answer",
            "unreachable",
            "rejected",
            "unwanted",
            "unassigned",
            "invalid_number",
            "blocked_by_network",
            "trunk_busy",
            "trunk_failed",
            "network_timeout",
            "carrier_refused",
            "caller_id_refused",
            "misconfigured",
            "failed",
            "lost",
            "deferred",
            "not_callable",
            "dispatch_timeout",
            "withdrawn",
            "cancelled",
        ]
        | None
    )
    counted: bool | None
    disposition: str | None
    status: str | None
    call_status: str | None
    answered_by: str | None
    talk_seconds: int | None
    created_at: str
    dialled_at: str | None
    answered_at: str | None
    ended_at: str | None


class CampaignBudget(TypedDict):
    minutes: NotRequired[float | None]
    calls: NotRequired[int | None]
    cost: NotRequired[str | None]


class CampaignCall(TypedDict):
    task: NotRequired[str | None]
    instructions: NotRequired[str | None]
    first_sentence: NotRequired[str | None]
    mode: NotRequired[Literal["realtime", "legacy"] | None]
    voice: NotRequired[str | None]
    model: NotRequired[str | None]
    language: NotRequired[str | None]
    keywords: NotRequired[list[str] | None]
    pronunciations: NotRequired[list[Pronunciation] | None]
    spoken_forms: NotRequired[bool | None]
    temperature: NotRequired[float | None]
    max_duration: NotRequired[float | None]
    ring_timeout_seconds: NotRequired[float | None]
    silence_timeout_seconds: NotRequired[float | None]
    interruption: NotRequired[Interruption | None]
    filler: NotRequired[Filler | None]
    recording: NotRequired[Recording | None]
    request_data: NotRequired[dict[str, Any] | None]
    webhook_url: NotRequired[str | None]
    webhook_events: NotRequired[
        list[
            Literal[
                "call.queued", "call.started", "call.completed", "call.failed", "call.transferred"
            ]
        ]
        | None
    ]
    carrier_id: NotRequired[str | None]
    background_audio: NotRequired[Literal["office", "cafe", "street", "call_center"] | None]
    background_audio_gain: NotRequired[Literal["low", "medium", "high"] | None]
    knowledge_base_ids: NotRequired[list[str] | None]
    knowledge: NotRequired[KnowledgeUse | None]
    tools: NotRequired[list[Tool] | None]
    built_in_tools: NotRequired[
        list[
            Literal[
                "end_call",
                "send_dtmf",
                "pause_recording",
                "resume_recording",
                "transfer_call",
                "find_appointment_times",
                "book_appointment",
                "search_knowledge",
                "add_to_do_not_call",
                "schedule_callback",
            ]
        ]
        | None
    ]
    tool_cassette: NotRequired[CassetteSettings | None]
    summary: NotRequired[Summary | None]
    analysis_schema: NotRequired[dict[str, Any] | None]
    outcome_mapping: NotRequired[list[dict[str, Any]] | None]
    redaction: NotRequired[Redaction | None]
    voicemail: NotRequired[Voicemail | None]
    ivr: NotRequired[Ivr | None]
    screening: NotRequired[Screening | None]
    answer_webhook_url: NotRequired[str | None]
    wait_for_greeting: NotRequired[bool | None]
    transfer: NotRequired[TransferSettings | None]
    appointments: NotRequired[AppointmentSettings | None]
    agent_id: NotRequired[str | None]
    agent_version: NotRequired[int | None]
    from_number: NotRequired[str | None]
    metadata: NotRequired[dict[str, Any] | None]


class CampaignChange(TypedDict):
    path: str
    kind: Literal["added", "removed", "changed"]
    before: Any
    after: Any
    takes_effect: Literal[
        "at_once", "next_calls", "next_endings", "contacts", "reports", "at_start"
    ]


class CampaignCompliance(TypedDict):
    category: NotRequired[
        Literal["telemarketing", "informational", "service", "debt", "research"] | None
    ]
    seller: NotRequired[str | None]
    slots: NotRequired[
        list[
            Literal[
                "registered_name",
                "purpose",
                "ai_voice",
                "opt_out",
                "recording",
                "callback_number",
                "go_on",
            ]
        ]
        | None
    ]
    said: NotRequired[dict[str, Any] | None]
    pre_dial: NotRequired[PreDial | None]


class CampaignContact(TypedDict):
    lead_id: str
    name: str
    phone_number: str
    status: Literal["waiting", "held", "in_flight", "done", "given_up", "skipped", "removed"]
    next_at: str | None
    attempts: int
    counted_attempts: int
    last_outcome: (
        Literal[
            "completed",
            "callback",
            "opted_out",
            "short_talk",
            "dropped",
            "voicemail_left",
            "voicemail",
            "busy",
            "no_answer",
            "unreachable",
            "rejected",
            "unwanted",
            "unassigned",
            "invalid_number",
            "blocked_by_network",
            "trunk_busy",
            "trunk_failed",
            "network_timeout",
            "carrier_refused",
            "caller_id_refused",
            "misconfigured",
            "failed",
            "lost",
            "deferred",
            "not_callable",
            "dispatch_timeout",
            "withdrawn",
            "cancelled",
        ]
        | None
    )
    disposition: str | None
    converted: bool
    reason: str | None
    list_id: str | None
    enrolled_at: str
    updated_at: str


class CampaignCost(TypedDict):
    currency: str
    known: str
    calls: int
    calls_unknown: int


class CampaignCreate(TypedDict):
    name: str
    description: NotRequired[str | None]
    list_ids: NotRequired[list[str]]
    call: NotRequired[CampaignCall]
    purpose: NotRequired[str]
    subject_key: NotRequired[str | None]
    compliance: NotRequired[CampaignCompliance]
    schedule: NotRequired[Schedule]
    pacing: NotRequired[Pacing]
    weight: NotRequired[int]
    priority: NotRequired[int]
    retry: NotRequired[Retry]
    from_numbers: NotRequired[FromNumbers]
    conversion_outcomes: NotRequired[list[str]]
    webhook_url: NotRequired[str | None]
    webhook_events: NotRequired[
        list[
            Literal[
                "call.queued",
                "call.started",
                "call.completed",
                "call.failed",
                "call.transferred",
                "campaign.started",
                "campaign.paused",
                "campaign.resumed",
                "campaign.completed",
                "campaign.stopped",
            ]
        ]
    ]
    missing_variables: NotRequired[Literal["refuse", "default"]]
    variable_defaults: NotRequired[dict[str, Any]]
    budget: NotRequired[CampaignBudget]
    circuit_breaker: NotRequired[CircuitBreaker]


class CampaignDetails(TypedDict):
    name: str
    description: str | None
    list_ids: list[str]
    call: CampaignCall
    purpose: str
    subject_key: str | None
    compliance: CampaignCompliance
    schedule: Schedule
    pacing: Pacing
    weight: int
    priority: int
    retry: Retry
    from_numbers: FromNumbers
    conversion_outcomes: list[str]
    webhook_url: str | None
    webhook_events: list[
        Literal[
            "call.queued",
            "call.started",
            "call.completed",
            "call.failed",
            "call.transferred",
            "campaign.started",
            "campaign.paused",
            "campaign.resumed",
            "campaign.completed",
            "campaign.stopped",
        ]
    ]
    missing_variables: Literal["refuse", "default"]
    variable_defaults: dict[str, Any]
    budget: CampaignBudget
    circuit_breaker: CircuitBreaker
    id: str
    account_id: str
    status: Literal["draft", "scheduled", "running", "paused", "completed", "cancelled"]
    revision: int
    enrolling: bool
    paused_for: Reason | None
    ended_for: Reason | None
    created_at: str
    updated_at: str
    started_at: str | None
    paused_at: str | None
    ended_at: str | None
    archived_at: str | None
    statistics: CampaignStatistics


class CampaignEdit(TypedDict):
    name: NotRequired[str]
    description: NotRequired[str | None]
    list_ids: NotRequired[list[str]]
    call: NotRequired[CampaignCall]
    purpose: NotRequired[str]
    subject_key: NotRequired[str | None]
    compliance: NotRequired[CampaignCompliance]
    schedule: NotRequired[Schedule]
    pacing: NotRequired[Pacing]
    weight: NotRequired[int]
    priority: NotRequired[int]
    retry: NotRequired[Retry]
    from_numbers: NotRequired[FromNumbers]
    conversion_outcomes: NotRequired[list[str]]
    webhook_url: NotRequired[str | None]
    webhook_events: NotRequired[
        list[
            Literal[
                "call.queued",
                "call.started",
                "call.completed",
                "call.failed",
                "call.transferred",
                "campaign.started",
                "campaign.paused",
                "campaign.resumed",
                "campaign.completed",
                "campaign.stopped",
            ]
        ]
    ]
    missing_variables: NotRequired[Literal["refuse", "default"]]
    variable_defaults: NotRequired[dict[str, Any]]
    budget: NotRequired[CampaignBudget]
    circuit_breaker: NotRequired[CircuitBreaker]


class CampaignForecast(TypedDict):
    ends_at: str | None
    reason: (
        Literal[
            "not_running", "enrolling", "held", "no_calls_lately", "not_by_its_end", "too_far_ahead"
        ]
        | None
    )
    calls_per_minute: float
    expected_calls: int


class CampaignMessage(TypedDict):
    event: Literal[
        "campaign.started",
        "campaign.paused",
        "campaign.resumed",
        "campaign.completed",
        "campaign.stopped",
    ]
    campaign_id: str
    name: str
    status: str
    at: str
    statistics: CampaignStatistics
    reason: NotRequired[str | None]
    sandbox: bool


class CampaignMoved(TypedDict):
    ok: bool
    status: Literal["draft", "scheduled", "running", "paused", "completed", "cancelled"]


class CampaignPage(TypedDict):
    data: list[Campaign]
    next_cursor: str | None


class CampaignPreview(TypedDict):
    changes: list[CampaignChange]
    errors: list[Fault]
    contacts_added: int
    contacts_removed: int
    calls_open: int


class CampaignStatistics(TypedDict):
    at: str
    contacts: ContactCounts
    held_for: dict[str, int]
    calls: CallCounts
    conversions: int
    opted_out: int
    answer_rate: float | None
    connection_rate: float | None
    completion_rate: float | None
    conversion_rate: float | None
    average_duration: float | None
    minutes_talked: float
    cost: CampaignCost
    forecast: CampaignForecast


class Cancelled(TypedDict):
    ok: bool


class Caps(TypedDict):
    most_per_day: NotRequired[int | None]
    most_per_30_days: NotRequired[int | None]
    hours_apart: NotRequired[float | None]
    caps_by_subject: NotRequired[bool]
    oral_consent_5th_circuit: NotRequired[bool]
    gb_ai_is_live_call: NotRequired[bool]
    allow_no_data: NotRequired[bool]
    require_scrubs: NotRequired[bool]
    require_reassigned: NotRequired[bool]
    regions: NotRequired[list[str]]


class Carrier(TypedDict):
    trunk_type: Literal["static_ip", "auth", "reg"] | None
    preset: Literal["twilio", "telnyx", "plivo", "bandwidth", "voipms", "generic"] | None
    priority: int | None
    number_format: Literal["+e164", "e164", "national"] | None
    number_prefix: str | None
    caller_id_header: Literal["from", "pai", "rpid"] | None
    provider_trunk_id: str | None
    rate: Rate | None
    id: str
    account_id: str
    voip_carrier_sid: str
    sip_gateway_sid: str
    carrier_name: str
    sip_gateway: SipGateway
    registration: Login | None
    inbound_auth: InboundAuth | None
    outbound_auth: Login | None
    status: CarrierStatus
    created_at: str
    updated_at: str


class CarrierChange(TypedDict):
    trunk_type: NotRequired[Literal["static_ip", "auth", "reg"] | None]
    preset: NotRequired[
        Literal["twilio", "telnyx", "plivo", "bandwidth", "voipms", "generic"] | None
    ]
    priority: NotRequired[int | None]
    number_format: NotRequired[Literal["+e164", "e164", "national"] | None]
    number_prefix: NotRequired[str | None]
    caller_id_header: NotRequired[Literal["from", "pai", "rpid"] | None]
    provider_trunk_id: NotRequired[str | None]
    rate: NotRequired[Rate | None]
    carrier_name: NotRequired[str | None]
    sip_gateway: NotRequired[SipGatewayChange]
    registration: NotRequired[LoginChange | None]
    inbound_auth: NotRequired[InboundAuthChange | None]
    outbound_auth: NotRequired[LoginChange | None]


class CarrierCreate(TypedDict):
    trunk_type: NotRequired[Literal["static_ip", "auth", "reg"] | None]
    preset: NotRequired[
        Literal["twilio", "telnyx", "plivo", "bandwidth", "voipms", "generic"] | None
    ]
    priority: NotRequired[int | None]
    number_format: NotRequired[Literal["+e164", "e164", "national"] | None]
    number_prefix: NotRequired[str | None]
    caller_id_header: NotRequired[Literal["from", "pai", "rpid"] | None]
    provider_trunk_id: NotRequired[str | None]
    rate: NotRequired[Rate | None]
    carrier_name: str
    sip_gateway: SipGateway
    registration: NotRequired[LoginBody | None]
    inbound_auth: NotRequired[InboundAuthBody | None]
    outbound_auth: NotRequired[LoginBody | None]


class CarrierList(TypedDict):
    data: list[Carrier]


class CarrierStatus(TypedDict):
    state: Literal["pending", "up", "registered", "registering", "failed", "down", "missing"]
    registered: bool | None
    reachable: bool | None
    nodes: list[NodeStatus]
    last_refused_call: RefusedCall | None


class CassetteSettings(TypedDict):
    version: NotRequired[int]
    call_id: NotRequired[str]
    calls: list[RecordedTool]
    left_out: NotRequired[int]
    timing: NotRequired[Literal["instant", "recorded"]]


class Change(TypedDict):
    field: str
    before: Any
    after: Any


class ChangePage(TypedDict):
    data: list[ChangedCall]
    next_cursor: str | None


class ChangedCall(TypedDict):
    call_id: str
    status: Literal["waiting", "done", "failed"]
    changes: list[Change]
    rule: int | None
    errors: dict[str, str]
    unsupported: list[str]
    applied: bool


class Chat(TypedDict):
    messages: NotRequired[list[ChatMessage]]
    version: NotRequired[int]
    request_data: NotRequired[dict[str, Any]]


class ChatAnswer(TypedDict):
    version: int
    text: str
    tool_calls: list[ChatToolCall]
    model: str | None
    cut_off: bool


class ChatMessage(TypedDict):
    role: Literal["user", "assistant", "tool"]
    text: NotRequired[str]
    tool_calls: NotRequired[list[ChatToolCall]]
    tool_call_id: NotRequired[str]


class ChatToolCall(TypedDict):
    id: str
    name: str
    arguments: str


class Check(TypedDict):
    check: str
    rule_id: str
    jurisdiction: str
    result: Literal["pass", "fail", "unknown", "not_applicable"]
    verdict: Literal["allow", "defer", "review", "block"]
    reason: str
    status: str
    until: str | None
    observed: dict[str, Any] | None
    required: dict[str, Any] | None
    evidence_ids: list[str]


class CircuitBreaker(TypedDict):
    enabled: NotRequired[bool | None]
    failure_percent: NotRequired[float | None]
    least_calls: NotRequired[int | None]
    window_minutes: NotRequired[float | None]
    answer_percent: NotRequired[float | None]
    short_talk_seconds: NotRequired[float | None]
    health_calls: NotRequired[int | None]


class Citation(TypedDict):
    knowledge_base_id: str
    source_id: str
    document_id: str
    passage: int
    title: str
    url: str | None
    heading: str | None
    page: int | None
    line_from: int | None
    line_to: int | None
    row: int | None


class CitedTurn(TypedDict):
    id: int
    user: Literal["assistant", "user"]
    text: str
    created_at: str
    started_ms: int
    ended_ms: int
    interrupted: bool
    citations: list[Citation]


class ClonedVoice(TypedDict):
    id: str
    name: str
    description: str | None
    language: str | None
    gender: Literal["female", "male", "neutral"] | None
    provider: str
    state: Literal["creating", "unverified", "ready", "failed", "deleting", "deleted"]
    error: str | None
    consent: str
    consent_by: str
    consented_at: str
    samples: list[Sample]
    created_at: str
    updated_at: str


class ClonedVoices(TypedDict):
    data: list[ClonedVoice]


class ClosestCall(TypedDict):
    margin_seconds: int
    lead_id: str
    at: str
    local_times: dict[str, str]
    jurisdictions: list[str]


class Command(TypedDict):
    ok: bool
    command_id: str


class Component(TypedDict):
    name: Literal["database", "controller", "switch", "worker"]
    status: Literal["up", "draining", "down"]
    detail: str


class Consent(TypedDict):
    id: str
    phone_number: str | None
    list_id: str | None
    campaign_id: str | None
    kind: Literal[
        "request",
        "callback",
        "express",
        "express_written",
        "express_documented",
        "ebr_purchase",
        "ebr_inquiry",
        "warranty",
    ]
    purposes: list[str]
    sellers: list[str]
    source: str
    captured_at: str
    expires_at: str | None
    revoked_at: str | None
    revoked_by: str | None
    wording: str | None
    proof: dict[str, Any] | None
    names_ai_voice: bool
    device_agreement: bool
    lifts_hours: bool
    created_by: str
    created_at: str


class ConsentBulk(TypedDict):
    consents: list[ConsentCreate]


class ConsentBulkReport(TypedDict):
    inserted: int


class ConsentCreate(TypedDict):
    phone_number: NotRequired[str | None]
    list_id: NotRequired[str | None]
    campaign_id: NotRequired[str | None]
    kind: Literal[
        "request",
        "callback",
        "express",
        "express_written",
        "express_documented",
        "ebr_purchase",
        "ebr_inquiry",
        "warranty",
    ]
    purposes: NotRequired[list[str]]
    sellers: NotRequired[list[str]]
    source: str
    captured_at: str
    expires_at: NotRequired[str | None]
    wording: NotRequired[str | None]
    proof: NotRequired[dict[str, Any] | None]
    names_ai_voice: NotRequired[bool]
    device_agreement: NotRequired[bool]
    lifts_hours: NotRequired[bool]


class ConsentPage(TypedDict):
    data: list[Consent]
    next_cursor: str | None


class Consumer(TypedDict):
    type: str
    id: str


class Contact(TypedDict):
    name: str
    phone_number: str | None
    email: str | None
    notes: str | None


class ContactCounts(TypedDict):
    total: int
    waiting: int
    held: int
    in_flight: int
    done: int
    given_up: int
    skipped: int
    removed: int


class ContactDetails(TypedDict):
    contact: CampaignContact
    attempts: list[CampaignAttempt]
    timeline: list[TimelineEntry]


class ContactPage(TypedDict):
    data: list[CampaignContact]
    next_cursor: str | None


class ContactsAdd(TypedDict):
    lead_ids: list[str]


class ContactsAdded(TypedDict):
    added: int
    already: int


class Correction(TypedDict):
    answered_by: Literal[
        "human", "voicemail", "ivr", "screening", "fax", "intercept", "silence", "unknown"
    ]


class Cost(TypedDict):
    total: str | None
    known: str
    components: list[CostComponent]


class CostComponent(TypedDict):
    component: Literal["telephony", "model", "transcription", "voice"]
    name: str
    amount: str | None
    reason: str | None
    items: list[CostItem]


class CostItem(TypedDict):
    item: str
    quantity: int
    unit_price: str
    unit: str
    as_of: str | None


class Day(TypedDict):
    day: str
    mode: str
    model: str
    latency: LatencySpreads


class Days(TypedDict):
    data: list[Day]


class Decision(TypedDict):
    id: str
    call_id: str | None
    campaign_id: str | None
    stage: str
    verdict: Literal["allow", "defer", "review", "block"]
    rule_id: str
    decided_at: str
    digest: str
    seq: int | None
    chain: str | None
    erased: bool
    detail: dict[str, Any]


class DecisionPage(TypedDict):
    data: list[Decision]
    next_cursor: str | None


class Deleted(TypedDict):
    kind: Literal["sync"]
    deleted: int
    skipped: int
    skipped_payload: list[Skipped]


class Deleting(TypedDict):
    kind: Literal["async"]
    job_id: str
    status: Literal["pending"]
    total_leads: int
    chunks_total: int


class Deliveries(TypedDict):
    data: list[Delivery]


class Delivery(TypedDict):
    id: str
    message_id: str
    event: str
    call_id: str | None
    webhook_id: str | None
    sequence: int | None
    url: str
    status: Literal["pending", "delivered", "dead"]
    attempts: int
    last_status: int | None
    last_error: str | None
    log: list[Attempt]
    created_at: str
    next_attempt_at: str | None
    finished_at: str | None


class DeliveryDetails(TypedDict):
    id: str
    message_id: str
    event: str
    call_id: str | None
    webhook_id: str | None
    sequence: int | None
    url: str
    status: Literal["pending", "delivered", "dead"]
    attempts: int
    last_status: int | None
    last_error: str | None
    log: list[Attempt]
    created_at: str
    next_attempt_at: str | None
    finished_at: str | None
    request: SentRequest


class DeliveryPage(TypedDict):
    data: list[Delivery]
    next_cursor: str | None


class Destination(TypedDict):
    name: str
    number: str
    kind: NotRequired[Literal["blind", "warm"]]
    method: NotRequired[Literal["bridge", "refer"]]
    briefing: NotRequired[str | None]
    ring_timeout_seconds: NotRequired[float]
    accept_key: NotRequired[str]
    accept_timeout_seconds: NotRequired[float]
    detect_voicemail: NotRequired[bool]


class Dial(TypedDict):
    attempt: int
    carrier_id: str | None
    carrier_name: str
    channel_id: str
    dialled_at: str
    ended_at: str | None
    rang_seconds: float | None
    sip_status: int | None
    sip_phrase: str | None
    sip_reason: str | None
    retry_at: str | None
    cause: str | None
    then: Literal["try_next", "stop"] | None
    why: str | None


class DoNotCallMessage(TypedDict):
    event: Literal["do_not_call.added"]
    at: str
    entry_id: str
    phone_number: str | None
    scope: Literal["account", "purpose", "campaign"]
    purpose: str | None
    campaign_id: str | None
    reason: str | None
    source: str
    expires_at: str | None
    call_id: str | None
    of_campaign_id: str | None
    lead_id: str | None
    sandbox: bool


class Document(TypedDict):
    id: str
    source_id: str
    title: str
    url: str | None
    state: Literal["waiting", "ready", "failed"]
    error: (
        Literal[
            "broken",
            "encrypted",
            "empty",
            "too_large",
            "too_slow",
            "unsupported_type",
            "no_rows",
            "reader_missing",
            "base_full",
            "robots",
            "private_address",
            "own_address",
            "not_found",
            "refused",
            "unreachable",
            "redirects",
            "embedding",
            "internal",
        ]
        | None
    )
    error_message: str | None
    in_use: bool
    passages: int
    characters: int
    read_at: str | None


class DocumentPage(TypedDict):
    data: list[Document]
    next_cursor: str | None


class Eligibility(TypedDict):
    verdict: Literal["allow", "defer", "review", "block"]
    rule_id: str
    reason: str
    until: str | None
    would_dial: bool
    jurisdictions: list[str]
    zones: list[str]
    alarms: list[str]
    versions: dict[str, Any]
    checks: list[Check]


class EligibilityRequest(TypedDict):
    phone_number: str
    campaign_id: NotRequired[str]
    purpose: NotRequired[str]
    at: NotRequired[str]
    recording: NotRequired[bool]


class Endpointing(TypedDict):
    min_ms: NotRequired[int | None]
    max_ms: NotRequired[int | None]
    by: NotRequired[Literal["rules", "sound", "model"] | None]


class Engine(TypedDict):
    engine: str
    role: Literal["converses", "hears", "speaks"]
    regional: bool
    in_use: bool


class Event(TypedDict):
    sequence: int
    message_id: str
    event: str
    created_at: str
    body: str


class Events(TypedDict):
    data: list[Event]


class Evidence(TypedDict):
    name: str
    at: float
    value: float | None


class Fault(TypedDict):
    path: str
    message: str
    code: str


class Filler(TypedDict):
    enabled: NotRequired[bool]
    after_ms: NotRequired[int | None]
    phrases: NotRequired[list[str] | None]


class Finding(TypedDict):
    rule: str
    blame: (
        Literal[
            "callee",
            "caller",
            "agent",
            "customer",
            "transferee",
            "carrier",
            "provider",
            "gateway",
            "configuration",
        ]
        | None
    )
    cause: str
    evidence: list[str]
    remedy: str


class Forecast(TypedDict):
    total: str | None
    known: str
    components: list[CostComponent]
    minutes: float


class Found(TypedDict):
    data: list[Passage]
    method: Literal["hybrid", "full_text"]
    took_ms: int


class FromNumbers(TypedDict):
    numbers: NotRequired[list[str] | None]
    local_presence: NotRequired[bool | None]
    rotation: NotRequired[Literal["least_used", "in_turn"] | None]
    per_number_daily: NotRequired[int | None]
    warm_up: NotRequired[bool | None]


class Gauge(TypedDict):
    limit: int
    used: int
    left: int
    when_reached: Literal["wait", "refuse"]
    frees_at: str | None


class Group(TypedDict):
    calls: int
    dialled: int
    answered: int
    completed: int
    answer_rate: float | None
    completion_rate: float | None
    minutes: float
    average_seconds: float | None
    outcomes: dict[str, dict[str, int]]
    latency: LatencySpreads
    input_tokens: int
    output_tokens: int
    cost: str
    calls_of_unknown_cost: int
    group: str
    name: str | None


class HandedOver(TypedDict):
    destination: str
    phone_number: str
    kind: Literal["blind", "warm"]
    method: Literal["bridge", "refer"]
    asked_by: Literal["agent", "api"]
    summary: str | None
    connected_at: str


class Hangup(TypedDict):
    cause: str
    sip_status: int | None
    q850: int | None
    by: Literal["far_end", "gateway", "network"] | None


class Import(TypedDict):
    list_id: str
    leads: list[ImportedLead]
    mode: NotRequired[Literal["merge", "skip", "overwrite"]]


class ImportReport(TypedDict):
    success: bool
    inserted: int
    updated: int
    duplicates: int
    total_processed: int
    duration_ms: int


class ImportedLead(TypedDict):
    email: NotRequired[str | None]
    status: NotRequired[Literal["New", "Contacted", "Converted", "Unsubscribed"]]
    notes: NotRequired[str | None]
    tags: NotRequired[list[str]]
    metadata: NotRequired[dict[str, Any]]
    time_zone: NotRequired[str | None]
    region: NotRequired[str | None]
    phone_number: str
    name: NotRequired[str | None]


class InboundAuth(TypedDict):
    username: str


class InboundAuthBody(TypedDict):
    username: str
    password: str


class InboundAuthChange(TypedDict):
    username: NotRequired[str | None]
    password: NotRequired[str | None]


class Inject(TypedDict):
    text: str
    respond: NotRequired[bool]


class Interruption(TypedDict):
    enabled: NotRequired[bool]
    min_words: NotRequired[int | None]
    acknowledgements: NotRequired[list[str] | None]
    endpointing: NotRequired[Endpointing | None]
    sensitivity: NotRequired[Literal["low", "medium", "high"]]
    protect_first_sentence: NotRequired[bool]
    longest_turn_seconds: NotRequired[int | None]
    longest_answer_seconds: NotRequired[int | None]
    ears: NotRequired[Literal["auto", "server", "local"] | None]


class Invitation(TypedDict):
    url: str
    expires_at: str


class Ivr(TypedDict):
    action: Literal["navigate", "hangup"]
    goal: NotRequired[str | None]
    by: NotRequired[Literal["keys", "speech", "both"] | None]
    max_steps: NotRequired[int | None]


class JobError(TypedDict):
    code: str
    message: str


class KeyLimits(TypedDict):
    id: str
    concurrent_calls: Gauge | None
    new_calls_per_minute: Gauge | None
    requests_per_second: int | None


class Keys(TypedDict):
    digits: str
    pause_ms: NotRequired[int]


class KnowledgeBase(TypedDict):
    id: str
    name: str
    description: str | None
    language: str | None
    status: Literal["empty", "processing", "ready", "failed"]
    sources: int
    sizes: Sizes
    bytes: int
    semantic: bool
    created_at: str
    updated_at: str


class KnowledgeChange(TypedDict):
    name: NotRequired[str]
    description: NotRequired[str | None]
    text: NotRequired[str]


class KnowledgeCreate(TypedDict):
    type: Literal["text", "data", "web"]
    name: str
    description: NotRequired[str | None]
    language: NotRequired[str | None]
    text: NotRequired[str | None]
    rows: NotRequired[list[dict[str, Any]] | None]
    urls: NotRequired[list[str] | None]
    site: NotRequired[bool | None]
    max_pages: NotRequired[int | None]
    recrawl_hours: NotRequired[int | None]


class KnowledgeFile(TypedDict):
    type: Literal["file"]
    name: NotRequired[str]
    description: NotRequired[str]
    language: NotRequired[str]
    file: list[str]


class KnowledgePage(TypedDict):
    data: list[KnowledgeBase]
    next_cursor: str | None


class KnowledgeUse(TypedDict):
    at_start: NotRequired[bool | None]
    per_turn: NotRequired[bool | None]
    max_tokens: NotRequired[int | None]


class Language(TypedDict):
    tag: str
    language: str
    name: str
    native_name: str
    modes: list[Literal["realtime", "legacy"]]
    engines: list[Engine]


class Languages(TypedDict):
    data: list[Language]


class LatencySpreads(TypedDict):
    endpointing: Spread | None
    provider: Spread | None
    gateway: Spread | None
    ear: Spread | None


class Lead(TypedDict):
    id: str
    account_id: str
    name: str
    phone_number: str
    email: str | None
    status: Literal["New", "Contacted", "Converted", "Unsubscribed"]
    notes: str | None
    tags: list[str]
    metadata: dict[str, Any]
    time_zone: str | None
    region: str | None
    list_ids: list[str]
    converted_at: str | None
    created_at: str
    updated_at: str


class LeadChange(TypedDict):
    email: NotRequired[str | None]
    status: NotRequired[Literal["New", "Contacted", "Converted", "Unsubscribed"]]
    notes: NotRequired[str | None]
    tags: NotRequired[list[str]]
    metadata: NotRequired[dict[str, Any]]
    time_zone: NotRequired[str | None]
    region: NotRequired[str | None]
    name: NotRequired[str]
    phone_number: NotRequired[str]
    notes_append: NotRequired[str]


class LeadCreate(TypedDict):
    email: NotRequired[str | None]
    status: NotRequired[Literal["New", "Contacted", "Converted", "Unsubscribed"]]
    notes: NotRequired[str | None]
    tags: NotRequired[list[str]]
    metadata: NotRequired[dict[str, Any]]
    time_zone: NotRequired[str | None]
    region: NotRequired[str | None]
    name: str
    phone_number: str
    list_id: str
    notes_append: NotRequired[str | None]


class LeadFilter(TypedDict):
    list_id: NotRequired[str]
    status: NotRequired[Literal["New", "Contacted", "Converted", "Unsubscribed"]]
    tag: NotRequired[str]


class LeadJob(TypedDict):
    id: str
    kind: Literal["delete", "upload"]
    status: Literal["receiving", "pending", "checking", "running", "completed", "failed"]
    list_id: str | None
    total_leads: int
    chunks_total: int
    chunks_done: int
    progress: float
    deleted: int
    inserted: int
    updated: int
    duplicates: int
    refused: int
    error: JobError | None
    created_at: str
    finished_at: str | None


class LeadList(TypedDict):
    id: str
    account_id: str
    name: str
    description: str | None
    lead_count: int | None
    created_at: str
    updated_at: str


class LeadMessage(TypedDict):
    event: Literal["lead.status_changed"]
    at: str
    lead_id: str
    phone_number: str
    previous_status: str
    status: str
    cause: Literal["api", "import", "campaign", "call"]
    campaign_id: str | None
    call_id: str | None
    sandbox: bool


class LeadPage(TypedDict):
    items: list[Lead]
    has_more: bool
    next_cursor: str | None


class LeadSent(TypedDict):
    id: str
    account_id: str
    name: str
    phone_number: str
    email: str | None
    status: Literal["New", "Contacted", "Converted", "Unsubscribed"]
    notes: str | None
    tags: list[str]
    metadata: dict[str, Any]
    time_zone: str | None
    region: str | None
    list_ids: list[str]
    converted_at: str | None
    created_at: str
    updated_at: str
    existed: bool


class LedgerFault(TypedDict):
    seq: int
    record_id: str | None
    message: str


class Limits(TypedDict):
    account: AccountLimits
    key: KeyLimits
    budgets: Budgets


class Link(TypedDict):
    url: str
    expires_at: str


class ListChange(TypedDict):
    name: NotRequired[str]
    description: NotRequired[str | None]


class ListCreate(TypedDict):
    name: str
    description: NotRequired[str | None]


class ListPage(TypedDict):
    data: list[LeadList]
    next_cursor: str | None


class ListedBulk(TypedDict):
    numbers: list[ListedNumberCreate]


class ListedFile(TypedDict):
    inserted: int
    existed: int
    rows: int
    refused: int
    refusals: list[Refusal]


class ListedImport(TypedDict):
    inserted: int
    existed: int


class ListedNumber(TypedDict):
    id: str
    phone_number: str | None
    scope: Literal["account", "purpose", "campaign"]
    purpose: str | None
    campaign_id: str | None
    reason: str | None
    source: Literal["api", "csv", "agent", "key", "transcript", "carrier", "erasure"]
    call_id: str | None
    created_at: str
    expires_at: str | None


class ListedNumberCreate(TypedDict):
    phone_number: str
    reason: NotRequired[str | None]
    purpose: NotRequired[str | None]
    campaign_id: NotRequired[str | None]
    expires_at: NotRequired[str | None]


class ListedPage(TypedDict):
    data: list[ListedNumber]
    next_cursor: str | None


class Listener(TypedDict):
    id: str
    secret: str
    cursor: str
    expires_at: str


class Live(TypedDict):
    status: Literal["live"]


class LiveCall(TypedDict):
    id: str
    live_code: str | None
    direction: Literal["outbound", "inbound"]
    phone_number: str
    from_phone_number: str | None
    call_status: (
        Literal[
            "in-progress",
            "completed",
            "busy",
            "no-answer",
            "rejected",
            "failed",
            "cancelled",
            "dispatch_timeout",
        ]
        | None
    )
    talks_with: Literal["agent", "person"] | None
    agent_id: str | None
    node: str | None
    created_at: str
    started_at: str | None
    supervisors: list[LiveSupervisor]


class LiveCalls(TypedDict):
    data: list[LiveCall]
    total: int


class LiveSupervisor(TypedDict):
    extension: str
    mode: Literal["listen", "whisper", "barge", "take_over"]


class Login(TypedDict):
    username: str
    sip_realm: str | None
    from_user: str | None
    from_domain: str | None


class LoginBody(TypedDict):
    username: str
    sip_realm: NotRequired[str | None]
    from_user: NotRequired[str | None]
    from_domain: NotRequired[str | None]
    password: str


class LoginChange(TypedDict):
    username: NotRequired[str | None]
    sip_realm: NotRequired[str | None]
    from_user: NotRequired[str | None]
    from_domain: NotRequired[str | None]
    password: NotRequired[str | None]


class Lookup(TypedDict):
    trigger: Literal["start", "turn", "tool"]
    query: str
    at_ms: int
    took_ms: int
    method: Literal["hybrid", "full_text"]
    passages: list[Passage]


class Message(TypedDict):
    id: str
    event: str
    call_id: str | None
    headers: dict[str, str]
    body: str


class Messages(TypedDict):
    data: list[Message]
    next_cursor: str


class Mode(TypedDict):
    mode: Literal["listen", "whisper", "barge", "take_over"]
    began_at: str
    ended_at: str | None


class Model(TypedDict):
    id: str
    kind: Literal["speech_to_speech", "chat", "transcription", "speech"]
    mode: Literal["realtime", "legacy"]
    provider: str
    description: str
    is_default: bool
    in_use: bool
    capabilities: list[
        Literal[
            "tools",
            "reasoning",
            "temperature",
            "g711",
            "keywords",
            "turn_detection",
            "early_turn_end",
            "word_timing",
            "language_hint",
        ]
    ]
    supports_temperature: bool
    supports_reasoning: bool
    context_tokens: int | None
    prices: list[Price]
    prices_as_of: str | None
    shutdown_date: str | None
    replacement: str | None
    warning: str | None
    available: bool


class Models(TypedDict):
    data: list[Model]


class Moments(TypedDict):
    caller_energy: int | None
    turn_ended: int | None
    first_token: int | None
    first_byte: int | None
    first_packet: int | None
    far_energy: int | None


class Node(TypedDict):
    name: str
    status: Literal["up", "full", "draining", "down"]
    since: str | None
    detail: str
    controllers: int
    capacity: int
    live_calls: int
    weight: int
    sessions: int | None
    max_sessions: int | None
    idle_percent: float | None
    switch_version: str | None


class NodeStatus(TypedDict):
    node: str
    state: Literal["pending", "up", "registered", "registering", "failed", "down", "missing"]
    registered: bool | None
    reachable: bool | None
    sip_status: int | None
    found: str
    remedy: str | None
    since: str | None
    checked_at: str | None


class NumberCheck(TypedDict):
    id: str
    phone_number: str
    kind: Literal["scrub", "reassigned"]
    register: str
    answer: Literal["listed", "clear", "yes", "no", "no_data"]
    asked_about: str | None
    version_at: str | None
    checked_at: str
    expires_at: str | None
    provider: str
    receipt: str | None


class NumberCheckBulk(TypedDict):
    checks: list[NumberCheckCreate]


class NumberCheckCreate(TypedDict):
    phone_number: str
    kind: Literal["scrub", "reassigned"]
    register: str
    answer: Literal["listed", "clear", "yes", "no", "no_data"]
    checked_at: str
    version_at: NotRequired[str | None]
    asked_about: NotRequired[str | None]
    expires_at: NotRequired[str | None]
    provider: NotRequired[str | None]
    receipt: NotRequired[str | None]


class NumberCheckPage(TypedDict):
    data: list[NumberCheck]
    next_cursor: str | None


class NumberCheckReport(TypedDict):
    inserted: int


class Offer(TypedDict):
    number: str
    provider: Literal["telnyx", "twilio"]
    country: str
    region: str | None
    locality: str | None
    monthly_price: str | None
    upfront_price: str | None
    currency: str
    features: list[str]
    requirements: list[str] | None


class OfferList(TypedDict):
    data: list[Offer]


class Outage(TypedDict):
    after_minutes: float
    minutes: float


class OutcomeCount(TypedDict):
    before: str | None
    after: str | None
    calls: int


class OwnKey(TypedDict):
    id: str
    account_id: str
    account_name: str
    kind: Literal["live", "test"]
    scopes: list[
        Literal[
            "agents:read",
            "agents:write",
            "budgets:write",
            "calls:read",
            "calls:write",
            "calls:transfer",
            "calls:supervise",
            "campaigns:read",
            "campaigns:write",
            "knowledge:read",
            "knowledge:write",
            "leads:read",
            "leads:write",
            "phone_numbers:read",
            "phone_numbers:write",
            "softphones:read",
            "softphones:write",
            "voices:write",
            "webhooks:read",
            "webhooks:write",
            "admin",
        ]
    ]


class OwnLimits(TypedDict):
    max_concurrent_calls: int | None
    max_new_calls_per_minute: int | None
    max_requests_per_second: int | None


class Pacing(TypedDict):
    max_concurrent: NotRequired[int | None]
    calls_per_minute: NotRequired[float | None]
    calls_per_second: NotRequired[float | None]
    ramp_up: NotRequired[RampUp | None]


class Passage(TypedDict):
    knowledge_base_id: str
    source_id: str
    document_id: str
    passage: int
    title: str
    url: str | None
    heading: str | None
    page: int | None
    line_from: int | None
    line_to: int | None
    row: int | None
    text: str


class Person(TypedDict):
    phone_number: str
    calls: list[dict[str, Any]]
    of_calls: dict[str, Any]
    rows: dict[str, Any]
    recordings: list[str]
    decisions: list[Decision]
    erasures: list[Receipt]


class PhoneNumber(TypedDict):
    id: str
    account_id: str
    number: str
    voip_carrier_sid: str | None
    carrier_name: str | None
    agent_id: str | None
    source: Literal["topcalls", "byoc", "manual", "import", "twilio", "telnyx"]
    phone_number_sid: str
    status: Literal["active", "inactive", "pending", "failed"]
    label: str | None
    error_message: str | None
    provisioning: Provisioning | None
    created_by_user_id: str | None
    created_at: str
    updated_at: str


class PhoneNumberChange(TypedDict):
    voip_carrier_sid: NotRequired[str | None]
    label: NotRequired[str | None]
    agent_id: NotRequired[str | None]
    status: NotRequired[Literal["active", "inactive"]]


class PhoneNumberCreate(TypedDict):
    number: str
    voip_carrier_sid: NotRequired[str | None]
    label: NotRequired[str | None]
    agent_id: NotRequired[str | None]


class PhoneNumberList(TypedDict):
    data: list[PhoneNumber]


class PreDial(TypedDict):
    url: str
    timeout_seconds: NotRequired[float | None]
    on_failure: NotRequired[Literal["defer", "allow"] | None]


class PredictedCost(TypedDict):
    at_most: Forecast
    expected: Forecast | None


class Preset(TypedDict):
    id: str
    name: str
    host: str
    docs_url: str
    addresses_url: str
    notes: list[str]
    defaults: dict[str, Any]
    gateway_defaults: dict[str, Any]


class PresetList(TypedDict):
    data: list[Preset]


class Preview(TypedDict):
    calls: int
    changed: int
    without_analysis: int
    unmatched: int
    rules: list[RuleCount]
    outcomes: list[OutcomeCount]
    changes: list[PreviewedCall]


class PreviewRequest(TypedDict):
    outcome_mapping: list[dict[str, Any]]
    filter: NotRequired[CallFilter]
    limit: NotRequired[int]


class PreviewedCall(TypedDict):
    call_id: str
    before: str | None
    after: str | None
    rule: int | None


class Price(TypedDict):
    item: str
    unit: str
    usd: str
    source: str
    confirmed: bool


class Problem(TypedDict):
    type: Literal[
        "https://api.topcalls.ai/errors/invalid_request",
        "https://api.topcalls.ai/errors/unauthorized",
        "https://api.topcalls.ai/errors/insufficient_quota",
        "https://api.topcalls.ai/errors/insufficient_scope",
        "https://api.topcalls.ai/errors/not_found",
        "https://api.topcalls.ai/errors/method_not_allowed",
        "https://api.topcalls.ai/errors/not_acceptable",
        "https://api.topcalls.ai/errors/conflict",
        "https://api.topcalls.ai/errors/idempotency_conflict",
        "https://api.topcalls.ai/errors/payload_too_large",
        "https://api.topcalls.ai/errors/unsupported_media_type",
        "https://api.topcalls.ai/errors/range_not_satisfiable",
        "https://api.topcalls.ai/errors/not_callable",
        "https://api.topcalls.ai/errors/rate_limited",
        "https://api.topcalls.ai/errors/internal_error",
        "https://api.topcalls.ai/errors/loop_detected",
        "https://api.topcalls.ai/errors/provider_error",
        "https://api.topcalls.ai/errors/no_capacity",
        "https://api.topcalls.ai/errors/store_unavailable",
    ]
    title: str
    status: int
    detail: NotRequired[str]
    remedy: NotRequired[str]
    instance: NotRequired[str | None]
    errors: NotRequired[list[Fault]]
    scope: NotRequired[str]
    rule: NotRequired[str]
    until: NotRequired[str]
    limit: NotRequired[str]
    consumer: NotRequired[Consumer]
    unit: NotRequired[str]
    needed: NotRequired[float | str]
    left: NotRequired[float | str]
    exhausted: NotRequired[bool]
    frees_at: NotRequired[str]
    problems: NotRequired[list[Fault]]


class Pronunciation(TypedDict):
    word: str
    say: NotRequired[str | None]
    ipa: NotRequired[str | None]


class Provisioning(TypedDict):
    kind: Literal["purchase", "release"]
    state: Literal["buying", "confirming", "bought", "releasing", "released", "failed", "unknown"]
    provider: Literal["telnyx", "twilio"]
    monthly_price: str | None
    max_monthly_price: str | None
    currency: str | None
    requested_at: str
    finished_at: str | None


class Purchase(TypedDict):
    number: str
    max_monthly_price: float
    currency: NotRequired[str | None]
    provider: NotRequired[Literal["telnyx", "twilio"] | None]
    voip_carrier_sid: NotRequired[str | None]
    label: NotRequired[str | None]
    agent_id: NotRequired[str | None]


class Queue(TypedDict):
    calls_scheduled: int
    calls_queued: int
    calls_live: int
    oldest_queued_at: str | None
    webhooks_due: int
    wrap_ups_due: int


RampUp = TypedDict("RampUp", {"from": "float", "minutes": "float"})


class Rate(TypedDict):
    per_minute: NotRequired[str | None]
    inbound_per_minute: NotRequired[str | None]
    per_call: NotRequired[str | None]
    minimum_seconds: NotRequired[int | None]
    increment_seconds: NotRequired[int | None]
    currency: NotRequired[str | None]
    prefixes: NotRequired[dict[str, str] | None]


class Readiness(TypedDict):
    ready: bool
    problems: list[Fault]
    warnings: list[Fault]


class Ready(TypedDict):
    status: Literal["ready"]


class Reason(TypedDict):
    code: str
    detail: str


class Receipt(TypedDict):
    id: str
    fingerprint: str
    requested_by: str
    erased: dict[str, int]
    at: str


class Receiver(TypedDict):
    id: str | None
    url: str
    status: Literal["ok", "failing", "disabled"]
    failing_since: str | None
    given_up: int
    last_error: str | None
    disabled_at: str | None
    remedy: str | None


class ReceiverMessage(TypedDict):
    event: Literal["webhook.disabled"]
    receiver_id: str
    url: str
    failing_since: str
    disabled_at: str
    given_up: int
    unsent: int
    last_error: str | None
    enable: str


class Receivers(TypedDict):
    data: list[Receiver]


class RecordedTool(TypedDict):
    name: str
    arguments: NotRequired[dict[str, Any] | None]
    result: Any
    status: NotRequired[Literal["succeeded", "failed", "refused"]]
    error: NotRequired[str | None]
    http_status: NotRequired[int | None]
    duration_ms: NotRequired[int | None]


class Recording(TypedDict):
    enabled: NotRequired[bool]
    channels: NotRequired[Literal["stereo", "mono"] | None]
    announcement: NotRequired[str | None]
    agent_may_pause: NotRequired[bool]
    retention_days: NotRequired[int | None]


class RecordingView(TypedDict):
    state: Literal[
        "none", "expected", "recording", "paused", "storing", "stored", "lost", "deleted"
    ]
    channels: int | None
    seconds: float | None
    size: int | None
    sha256: str | None
    paused_at: str | None
    expires_at: str | None
    deleted_at: str | None
    problem: str | None


class Redaction(TypedDict):
    enabled: NotRequired[bool | None]
    kinds: NotRequired[list[Literal["phone", "card", "email", "iban", "ssn", "name"]] | None]
    names: NotRequired[list[str] | None]
    audio: NotRequired[Literal["silence", "tone"] | None]


class Refusal(TypedDict):
    line: int
    errors: list[RefusalError]


class RefusalError(TypedDict):
    path: str
    message: str
    code: str


class RefusalPage(TypedDict):
    data: list[Refusal]
    next_cursor: int | None


class RefusedCall(TypedDict):
    at: str
    sip_status: int
    found: str
    remedy: str | None


class Rehearsal(TypedDict):
    campaign: RehearsedCampaign
    wishes: RehearsalRequest
    versions: RehearsalVersions
    people: int
    ends: Literal["completed", "held", "paused", "time_over"]
    paused: RehearsalPause | None
    starts_at: str
    ends_at: str
    first_call_at: str | None
    last_call_at: str | None
    calls: RehearsalCalls
    contacts: RehearsalContacts
    postponed_by_rule: dict[str, int]
    not_enforced_by_rule: dict[str, int]
    not_known: dict[str, int]
    rates: RehearsalRates
    spent: RehearsalSpent
    closest_call: ClosestCall | None
    hours: list[RehearsalHour]
    dials: list[RehearsedDial]


class RehearsalCalls(TypedDict):
    total: int
    outcomes: dict[str, int]
    by_attempt: dict[str, int]
    peak_concurrent: int
    peak_at: str | None


class RehearsalContacts(TypedDict):
    done: int
    given_up: int
    skipped: int
    held: int
    left: int
    done_by_reason: dict[str, int]
    given_up_by_reason: dict[str, int]
    skipped_by_rule: dict[str, int]
    held_by_rule: dict[str, int]


class RehearsalHour(TypedDict):
    at: str
    calls: int
    answered: int


class RehearsalPause(TypedDict):
    at: str
    code: str
    detail: str


class RehearsalRates(TypedDict):
    answer_rate: float | None
    connection_rate: float | None
    completion_rate: float | None
    conversion_rate: float | None
    average_talk_seconds: float | None


class RehearsalRequest(TypedDict):
    seed: NotRequired[int | None]
    starts_at: NotRequired[str | None]
    days: NotRequired[float | None]
    callees: NotRequired[Callees | None]
    dials: NotRequired[int | None]


class RehearsalSpent(TypedDict):
    minutes: float
    calls: int
    cost: str | None


class RehearsalVersions(TypedDict):
    pack: str
    pack_hash: str
    engine: str
    tz: str
    phones: str
    holidays: str


class RehearsedCampaign(TypedDict):
    id: str
    revision: int
    status: Literal["draft", "scheduled", "running", "paused", "completed", "cancelled"]


class RehearsedDial(TypedDict):
    at: str
    lead_id: str
    attempt: int
    outcome: str
    talk_seconds: int
    from_number: str | None


class Remark(TypedDict):
    name: str
    found: str
    remedy: str


ReplayRange = TypedDict(
    "ReplayRange",
    {
        "from": "str",
        "to": "NotRequired[str]",
        "status": "NotRequired[Literal['dead', 'delivered', 'any']]",
    },
)


class Replayed(TypedDict):
    replayed: int
    go_on_from: str | None


class ReplayedOne(TypedDict):
    delivery_id: str


class Retention(TypedDict):
    transcript_days: NotRequired[int | None]
    lead_days: NotRequired[int | None]


class Retry(TypedDict):
    max_attempts: NotRequired[int | None]
    stop_on_dispositions: NotRequired[list[str] | None]
    outcomes: NotRequired[RetryRules | None]


class RetryRule(TypedDict):
    max: NotRequired[int | None]
    delays_minutes: NotRequired[list[float] | None]
    other_time_of_day: NotRequired[bool | None]


class RetryRules(TypedDict):
    busy: NotRequired[RetryRule | None]
    no_answer: NotRequired[RetryRule | None]
    unreachable: NotRequired[RetryRule | None]
    voicemail: NotRequired[RetryRule | None]
    voicemail_left: NotRequired[RetryRule | None]
    rejected: NotRequired[RetryRule | None]
    short_talk: NotRequired[RetryRule | None]
    failed: NotRequired[RetryRule | None]
    callback: NotRequired[RetryRule | None]
    dispatch_timeout: NotRequired[RetryRule | None]


class Revocation(TypedDict):
    by: str
    revoked_at: NotRequired[str | None]


class RootCause(TypedDict):
    call_id: str
    direction: Literal["outbound", "inbound"]
    status: Literal["pending", "queued", "in_progress", "completed", "failed", "cancelled"]
    call_status: (
        Literal[
            "in-progress",
            "completed",
            "busy",
            "no-answer",
            "rejected",
            "failed",
            "cancelled",
            "dispatch_timeout",
        ]
        | None
    )
    over: bool
    finding: Finding
    remarks: list[Remark]
    steps: list[Step]


class Rotate(TypedDict):
    overlap_hours: NotRequired[int]


class Rotated(TypedDict):
    secret: str
    previous_valid_until: str | None


class RuleCount(TypedDict):
    rule: int
    outcome: str
    calls: int


class Run(TypedDict):
    id: str
    name: str | None
    status: Literal["running", "done", "cancelled"]
    apply: bool
    calls: int
    waiting: int
    done: int
    failed: int
    changed: int | None
    outcomes: list[OutcomeCount] | None
    filter: dict[str, Any]
    request: dict[str, Any]
    created_at: str
    finished_at: str | None
    applied_at: str | None


class RunRequest(TypedDict):
    name: NotRequired[str | None]
    filter: NotRequired[CallFilter]
    summary: NotRequired[Summary | None]
    analysis_schema: NotRequired[dict[str, Any] | None]
    outcome_mapping: NotRequired[list[dict[str, Any]] | None]
    apply: NotRequired[bool]
    limit: NotRequired[int]


class Runs(TypedDict):
    data: list[Run]


class Sample(TypedDict):
    name: str
    bytes: int
    sha256: str


class Say(TypedDict):
    text: str
    interrupt: NotRequired[bool]
    interruptible: NotRequired[bool]
    end_call: NotRequired[bool]


class Schedule(TypedDict):
    start_at: NotRequired[str | None]
    end_at: NotRequired[str | None]
    windows: NotRequired[list[Window] | None]
    time_zone: NotRequired[str | None]
    holidays: NotRequired[Literal["call", "skip"] | None]
    blackout_dates: NotRequired[list[str] | None]


class Screening(TypedDict):
    name: str
    purpose: NotRequired[str | None]


class SentRequest(TypedDict):
    url: str
    headers: dict[str, str]
    body: str


class Sentiment(TypedDict):
    overall: Literal["positive", "neutral", "negative", "mixed"]
    caller: Literal["positive", "neutral", "negative", "mixed"]
    agent: Literal["positive", "neutral", "negative", "mixed"]
    turning_point: TurningPoint | None


class SipGateway(TypedDict):
    ipv4: str
    port: NotRequired[int | None]
    inbound: NotRequired[bool | None]
    outbound: NotRequired[bool | None]
    transport: NotRequired[Literal["udp", "tcp", "tls"] | None]
    srtp: NotRequired[Literal["off", "optional", "mandatory"] | None]
    ping: NotRequired[bool | None]
    inbound_addresses: NotRequired[list[str] | None]


class SipGatewayChange(TypedDict):
    ipv4: NotRequired[str | None]
    port: NotRequired[int | None]
    inbound: NotRequired[bool | None]
    outbound: NotRequired[bool | None]
    transport: NotRequired[Literal["udp", "tcp", "tls"] | None]
    srtp: NotRequired[Literal["off", "optional", "mandatory"] | None]
    ping: NotRequired[bool | None]
    inbound_addresses: NotRequired[list[str] | None]


class Sizes(TypedDict):
    documents: int
    documents_done: int
    documents_failed: int
    passages: int
    characters: int


class Skipped(TypedDict):
    lead_id: str
    reason: Literal["not_found"]


class Softphone(TypedDict):
    id: str
    account_id: str
    extension: str
    name: str | None
    username: str
    may_supervise: bool
    registered_at: list[str]
    created_at: str


class SoftphoneCreate(TypedDict):
    extension: str
    name: NotRequired[str | None]
    may_supervise: NotRequired[bool]


class SoftphoneCreated(TypedDict):
    id: str
    account_id: str
    extension: str
    name: str | None
    username: str
    may_supervise: bool
    registered_at: list[str]
    created_at: str
    password: str


class SoftphoneList(TypedDict):
    data: list[Softphone]


class Source(TypedDict):
    id: str
    knowledge_base_id: str
    type: Literal["text", "file", "data", "web"]
    name: str
    state: Literal["waiting", "working", "ready", "failed"]
    settings: dict[str, Any]
    sizes: Sizes
    bytes: int
    created_at: str
    updated_at: str
    finished_at: str | None
    due_again_at: str | None


class SourceCreate(TypedDict):
    type: Literal["text", "data", "web"]
    name: NotRequired[str | None]
    text: NotRequired[str | None]
    rows: NotRequired[list[dict[str, Any]] | None]
    urls: NotRequired[list[str] | None]
    site: NotRequired[bool | None]
    max_pages: NotRequired[int | None]
    recrawl_hours: NotRequired[int | None]


class SourceFile(TypedDict):
    type: Literal["file"]
    name: NotRequired[str]
    file: list[str]


class Sources(TypedDict):
    data: list[Source]


class Speech(TypedDict):
    keywords: list[str]
    pronunciations: list[Pronunciation]


class SpeechChange(TypedDict):
    keywords: NotRequired[list[str]]
    pronunciations: NotRequired[list[Pronunciation]]


class Spread(TypedDict):
    answers: int
    p50: int
    p95: int
    p99: int


class Status(TypedDict):
    mode: Literal["sandbox", "live"]
    ai_mode: Literal["sandbox", "live"]
    version: str
    components: list[Component]
    nodes: list[Node]
    capacity: int
    queue: Queue


class Step(TypedDict):
    at: str
    source: Literal[
        "call",
        "compliance",
        "dial",
        "event",
        "conversation",
        "answer",
        "tool",
        "transfer",
        "after",
        "webhook",
        "switch",
    ]
    text: str


class Stopped(TypedDict):
    ok: bool
    status: Literal["cancelled"]


class Success(TypedDict):
    reached: bool | None
    reason: str


class Summary(TypedDict):
    enabled: NotRequired[bool | None]
    prompt: NotRequired[str | None]
    success_criteria: NotRequired[str | None]


class Supervise(TypedDict):
    mode: Literal["listen", "whisper", "barge", "take_over"]
    extension: str


class Supervision(TypedDict):
    supervision: int
    extension: str
    name: str | None
    asked_by: Literal["code", "api"]
    channel_id: str
    asked_at: str
    joined_at: str | None
    taken_over_at: str | None
    ended_at: str | None
    outcome: Literal["left", "call_over", "failed"] | None
    failure: Literal["busy", "no_answer", "declined", "not_registered", "not_dialled"] | None
    modes: list[Mode]


class Tally(TypedDict):
    calls: int
    dialled: int
    answered: int
    completed: int
    answer_rate: float | None
    completion_rate: float | None
    minutes: float
    average_seconds: float | None
    outcomes: dict[str, dict[str, int]]
    latency: LatencySpreads
    input_tokens: int
    output_tokens: int
    cost: str
    calls_of_unknown_cost: int


class Terms(TypedDict):
    enforcement: Literal["enforce", "record"] | None
    consent_required: bool | None
    opt_out_question: bool | None
    category: Literal["telemarketing", "informational", "service", "debt", "research"] | None
    purposes: (
        dict[str, Literal["telemarketing", "informational", "service", "debt", "research"]] | None
    )
    seller: str | None
    slots: (
        list[
            Literal[
                "registered_name",
                "purpose",
                "ai_voice",
                "opt_out",
                "recording",
                "callback_number",
                "go_on",
            ]
        ]
        | None
    )
    said: dict[str, Any] | None
    policy: Caps | None
    pre_dial: PreDial | None
    retention: Retention | None
    effective: Literal["enforce", "record"]


class TermsChange(TypedDict):
    enforcement: NotRequired[Literal["enforce", "record"] | None]
    consent_required: NotRequired[bool | None]
    opt_out_question: NotRequired[bool | None]
    category: NotRequired[
        Literal["telemarketing", "informational", "service", "debt", "research"] | None
    ]
    purposes: NotRequired[
        dict[str, Literal["telemarketing", "informational", "service", "debt", "research"]] | None
    ]
    seller: NotRequired[str | None]
    slots: NotRequired[
        list[
            Literal[
                "registered_name",
                "purpose",
                "ai_voice",
                "opt_out",
                "recording",
                "callback_number",
                "go_on",
            ]
        ]
        | None
    ]
    said: NotRequired[dict[str, Any] | None]
    policy: NotRequired[Caps | None]
    pre_dial: NotRequired[PreDial | None]
    retention: NotRequired[Retention | None]


class TestMessage(TypedDict):
    event: Literal["webhook.test"]
    webhook_id: str
    subscribed_to: str
    sent_at: str


class Tested(TypedDict):
    message_id: str


class TimelineEntry(TypedDict):
    at: str
    what: Literal[
        "enrolled",
        "call_created",
        "dialled",
        "answered",
        "call_ended",
        "call",
        "call_again",
        "held",
        "done",
        "given_up",
        "skipped",
        "removed",
    ]
    attempt: int | None
    call_id: str | None
    detail: str | None


class Timing(TypedDict):
    turn: int
    endpointing_ms: int
    provider_ms: int
    gateway_ms: int
    ear_ms: int | None
    unexplained_ms: int | None
    finished: float | None
    moments: Moments


class ToldTurn(TypedDict):
    id: int
    user: Literal["assistant", "user"]
    text: str
    created_at: str
    citations: list[Citation]


Tool = TypedDict(
    "Tool",
    {
        "name": "str",
        "description": "str",
        "parameters": "NotRequired[dict[str, Any] | None]",
        "url": "str",
        "headers": "NotRequired[dict[str, str] | None]",
        "headers_id": "NotRequired[str | None]",
        "timeout_seconds": "NotRequired[float | None]",
        "speak_while_waiting": "NotRequired[str | None]",
        "async": "NotRequired[bool | None]",
    },
)


class ToolCassette(TypedDict):
    version: int
    call_id: str
    calls: list[RecordedTool]
    left_out: int


class ToolResult(TypedDict):
    result: NotRequired[Any]
    error: NotRequired[str]


class ToolResultTaken(TypedDict):
    ok: bool
    delivered: bool


class ToolUse(TypedDict):
    id: str
    name: str
    is_builtin: bool
    arguments: Any
    result: Any
    status: Literal["running", "pending", "succeeded", "failed", "refused", "interrupted"]
    error: str | None
    http_status: int | None
    attempts: int
    called_ms: int
    duration_ms: int | None
    called_at: str
    finished_at: str | None


class Transcript(TypedDict):
    call_id: str
    language: str | None
    final: bool
    turns: list[CitedTurn]


class Transfer(TypedDict):
    transfer: int
    destination: str
    phone_number: str
    kind: Literal["blind", "warm"]
    method: Literal["bridge", "refer"]
    asked_by: Literal["agent", "api"]
    summary: str | None
    channel_id: str | None
    asked_at: str
    answered_at: str | None
    connected_at: str | None
    ended_at: str | None
    outcome: Literal["transferred", "referred", "failed", "called_off"] | None
    failure: (
        Literal[
            "busy",
            "no_answer",
            "declined",
            "not_accepted",
            "voicemail",
            "hung_up",
            "carrier",
            "not_dialled",
            "briefing_failed",
            "bridge_failed",
        ]
        | None
    )
    cause: str | None
    sip_status: int | None


class TransferSettings(TypedDict):
    destinations: list[Destination]


class TransferWish(TypedDict):
    destination: NotRequired[str]
    number: NotRequired[str]
    kind: NotRequired[Literal["blind", "warm"]]


class Turn(TypedDict):
    id: int
    user: Literal["assistant", "user"]
    text: str
    created_at: str
    started_ms: int
    ended_ms: int
    interrupted: bool


class TurningPoint(TypedDict):
    turn: int
    started_ms: int
    ended_ms: int
    why: str


class UsageDay(TypedDict):
    day: str
    calls: int
    answered: int
    minutes: float
    input_tokens: int
    output_tokens: int
    cost: str
    calls_of_unknown_cost: int


class UsageOfModel(TypedDict):
    model: str
    responses: int
    input_text: int
    input_audio: int
    input_cached: int
    input_cached_audio: int
    output_text: int
    output_audio: int
    voice_characters: int
    heard_ms: int
    wasted_tokens: int
    wasted_characters: int


class UsageReport(TypedDict):
    time_zone: str
    currency: Literal["USD"]
    data: list[UsageDay]


class Verification(TypedDict):
    account_id: str
    records: int
    head: str
    unsealed: int
    faults: list[LedgerFault]


class Voice(TypedDict):
    id: str
    name: str
    provider: Literal["openai", "elevenlabs", "local"]
    modes: list[Literal["realtime", "legacy"]]
    gender: Literal["female", "male", "neutral"] | None
    languages: list[str]
    accent: str | None
    category: str | None
    description: str | None
    preview_url: str | None
    recommended: bool
    default_for: list[Literal["realtime", "legacy"]]


class VoiceClone(TypedDict):
    name: str
    consent: str
    consent_by: str
    samples: list[str]
    description: NotRequired[str]
    language: NotRequired[str]
    gender: NotRequired[Literal["female", "male", "neutral"]]
    remove_background_noise: NotRequired[bool]


class VoicePage(TypedDict):
    data: list[Voice]
    next_cursor: str | None


class Voicemail(TypedDict):
    action: Literal["hangup", "leave_message", "continue"]
    message: NotRequired[str | None]


class Webhook(TypedDict):
    id: str
    account_id: str
    event: str
    url: str
    filters: dict[str, Any] | None
    enabled: bool
    receiver: Receiver
    created_by_api_key_id: str
    created_at: str
    deleted_at: str | None


class WebhookBook(TypedDict):
    url: str
    timeout_seconds: NotRequired[float | None]


class WebhookChange(TypedDict):
    event: NotRequired[str]
    url: NotRequired[str]
    filters: NotRequired[dict[str, Any] | None]
    enabled: NotRequired[bool]


class WebhookCreate(TypedDict):
    event: str
    url: str
    filters: NotRequired[dict[str, Any] | None]


WebhookMessage: TypeAlias = (
    "CallMessage | CampaignMessage | LeadMessage | DoNotCallMessage | ReceiverMessage | TestMessage"
)


class Webhooks(TypedDict):
    data: list[Webhook]


class Window(TypedDict):
    days: NotRequired[list[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]] | None]
    start: str
    end: str


class CalendarBookHours(TypedDict):
    monday: NotRequired[list[str]]
    tuesday: NotRequired[list[str]]
    wednesday: NotRequired[list[str]]
    thursday: NotRequired[list[str]]
    friday: NotRequired[list[str]]
    saturday: NotRequired[list[str]]
    sunday: NotRequired[list[str]]
