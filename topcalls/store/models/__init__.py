"""The schema, nothing else. Queries are beside this package, one module per noun."""

from topcalls.store.models.accounts import Account, ApiKey, MinuteGrant, MinuteUsage, Reservation
from topcalls.store.models.agents import Agent, AgentVersion
from topcalls.store.models.analyses import Analysis, AnalysisRun
from topcalls.store.models.answers import CallAnswer
from topcalls.store.models.appointments import Appointment
from topcalls.store.models.calls import (
    Call,
    CallEvent,
    CallUsage,
    Command,
    TranscriptTurn,
    TurnTiming,
    WrapUp,
)
from topcalls.store.models.carriers import Carrier, CarrierStatus, PhoneNumber
from topcalls.store.models.do_not_call import DoNotCallNumber
from topcalls.store.models.knowledge import (
    CallLookup,
    KnowledgeBase,
    KnowledgeContent,
    KnowledgeDocument,
    KnowledgePassage,
    KnowledgeSource,
    KnowledgeVectors,
)
from topcalls.store.models.latency import LatencyDay
from topcalls.store.models.lead_jobs import LeadJob, LeadUploadPart, LeadUploadRefusal
from topcalls.store.models.leads import Lead, LeadList, LeadListAssignment, LeadTag
from topcalls.store.models.number_orders import NumberOrder
from topcalls.store.models.processes import Controller, NamedLease, SchemaVersion
from topcalls.store.models.recordings import CallRecording
from topcalls.store.models.routing import CallAttempt
from topcalls.store.models.softphones import Softphone, SoftphoneRegistration
from topcalls.store.models.statistics import CallStatistic
from topcalls.store.models.supervisions import CallSupervision, LiveCode
from topcalls.store.models.tools import CallTool, ToolSecret
from topcalls.store.models.transfers import CallTransfer
from topcalls.store.models.voices import ClonedVoice, VendorVoice
from topcalls.store.models.webhooks import (
    IdempotencyRecord,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEvent,
    WebhookLane,
    WebhookListener,
    WebhookReceiver,
    WebhookSubscription,
)

TABLES = (
    Account,
    ApiKey,
    MinuteGrant,
    MinuteUsage,
    Agent,
    AgentVersion,
    Call,
    Reservation,
    CallEvent,
    TranscriptTurn,
    LatencyDay,
    TurnTiming,
    CallUsage,
    CallStatistic,
    Command,
    WrapUp,
    WebhookEvent,
    WebhookDelivery,
    WebhookAttempt,
    WebhookSubscription,
    WebhookListener,
    WebhookReceiver,
    WebhookLane,
    IdempotencyRecord,
    Controller,
    NamedLease,
    Carrier,
    CarrierStatus,
    PhoneNumber,
    CallAttempt,
    CallRecording,
    CallTransfer,
    ToolSecret,
    CallTool,
    CallAnswer,
    Appointment,
    NumberOrder,
    DoNotCallNumber,
    VendorVoice,
    ClonedVoice,
    Softphone,
    SoftphoneRegistration,
    CallSupervision,
    LiveCode,
    AnalysisRun,
    Analysis,
    KnowledgeBase,
    KnowledgeSource,
    KnowledgeContent,
    KnowledgeDocument,
    KnowledgePassage,
    KnowledgeVectors,
    CallLookup,
    LeadList,
    Lead,
    LeadListAssignment,
    LeadTag,
    LeadJob,
    LeadUploadPart,
    LeadUploadRefusal,
)
"""Every table but the migration history, in the order in which they can be created."""

__all__ = [
    "TABLES",
    "Account",
    "Agent",
    "AgentVersion",
    "Analysis",
    "AnalysisRun",
    "ApiKey",
    "Appointment",
    "Call",
    "CallAnswer",
    "CallAttempt",
    "CallEvent",
    "CallLookup",
    "CallRecording",
    "CallTool",
    "CallStatistic",
    "CallSupervision",
    "CallTransfer",
    "CallUsage",
    "Carrier",
    "CarrierStatus",
    "ClonedVoice",
    "Command",
    "Controller",
    "DoNotCallNumber",
    "IdempotencyRecord",
    "KnowledgeBase",
    "KnowledgeContent",
    "KnowledgeDocument",
    "KnowledgePassage",
    "KnowledgeSource",
    "KnowledgeVectors",
    "LatencyDay",
    "Lead",
    "LeadJob",
    "LeadList",
    "LeadListAssignment",
    "LeadTag",
    "LeadUploadPart",
    "LeadUploadRefusal",
    "LiveCode",
    "MinuteGrant",
    "MinuteUsage",
    "NamedLease",
    "NumberOrder",
    "PhoneNumber",
    "Reservation",
    "SchemaVersion",
    "Softphone",
    "SoftphoneRegistration",
    "ToolSecret",
    "TranscriptTurn",
    "TurnTiming",
    "VendorVoice",
    "WebhookAttempt",
    "WebhookDelivery",
    "WebhookEvent",
    "WebhookLane",
    "WebhookListener",
    "WebhookReceiver",
    "WebhookSubscription",
    "WrapUp",
]
