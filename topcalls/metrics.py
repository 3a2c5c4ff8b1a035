"""Every metric of the product, in one list. No label ever holds a call id or personal data.

Processes of one machine share a directory of metric files (`share_between_processes`, called before
this module is imported elsewhere), so that the API's `/metrics` shows them all.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import REGISTRY

_DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"
_TRIES = 5
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

calls_ended = Counter("topcalls_calls_ended_total", "Calls that ended.", ["state", "end_reason"])
live_calls = Gauge(
    "topcalls_live_calls", "Calls a controller carries now.", multiprocess_mode="livesum"
)
provider_sessions = Gauge(
    "topcalls_provider_sessions",
    "Sessions with models that speak which are open, spares and those of ringing calls too.",
    multiprocess_mode="livesum",
)
first_word = Histogram(
    "topcalls_answer_to_first_word_seconds",
    "From a call's answer to the first the agent says; longer where it waits for a greeting.",
    buckets=_SECONDS,
)
database_up = Gauge(
    "topcalls_database_up",
    "Whether the API could read the database when these metrics were asked for.",
    multiprocess_mode="livemostrecent",
)
queue_depth = Gauge(
    "topcalls_queue_depth",
    "What waits in the database: `calls_scheduled`, `calls_queued`, `calls_live` (under way), "
    "`webhooks_due`, `wrap_ups_due`.",
    ["queue"],
    multiprocess_mode="livemostrecent",
)
oldest_queued = Gauge(
    "topcalls_oldest_queued_call_seconds",
    "For how long the oldest call that waits for a controller has waited; 0: none waits.",
    multiprocess_mode="livemostrecent",
)
leases = Gauge(
    "topcalls_leases",
    "Leases held: of `calls` by controllers, of `loops` by workers.",
    ["kind"],
    multiprocess_mode="livemostrecent",
)
producer_lag = Gauge(
    "topcalls_producer_lag_seconds",
    "For how long the longest overdue contact of all running campaigns has been due; 0: none is.",
    multiprocess_mode="livemostrecent",
)
answers = Counter(
    "topcalls_answers_total", "Verdicts on what answered, revised ones too.", ["answerer"]
)
impossible_events = Counter(
    "topcalls_impossible_events_total", "Events that contradict a call's state.", ["state", "event"]
)
disagreements = Counter(
    "topcalls_reconciler_disagreements_total",
    "What database, switch and conversation said differently of a call, and was repaired.",
    ["kind"],
)
pre_dial_answers = Counter(
    "topcalls_pre_dial_answers_total",
    "What accounts' own servers said of calls before they were made.",
    ["answer"],
)
register_answers = Counter(
    "topcalls_register_answers_total",
    "What registers said of numbers that were asked about: of how many they did or did not, and "
    "how often they could not be asked.",
    ["provider", "answer"],
)
inbound_refused = Counter(
    "topcalls_inbound_refused_total", "Calls that came in and were not taken.", ["refusal"]
)
inbound_missed = Counter(
    "topcalls_inbound_missed_total", "Calls that came in and were over before anybody took them."
)
supervision_refused = Counter(
    "topcalls_supervision_refused_total",
    "Codes of supervisors that led to no call.",
    ["refusal"],
)
esl_lag = Histogram(
    "topcalls_esl_event_lag_seconds", "Switch's time stamp to our dispatch.", buckets=_SECONDS
)
esl_queue = Gauge(
    "topcalls_esl_queue_events",
    "Events of the switch that wait for a controller.",
    multiprocess_mode="livesum",
)
esl_reconnects = Counter("topcalls_esl_reconnects_total", "Event Socket connections lost.")
recordings = Counter(
    "topcalls_recordings_total", "What became of recordings on the switch's disk.", ["outcome"]
)
recording_spool_free = Gauge(
    "topcalls_recording_spool_free_bytes",
    "Room where the switch writes recordings.",
    multiprocess_mode="livemin",
)
turn_gateway = Histogram(
    "topcalls_turn_gateway_seconds", "Delay this gateway adds to a turn.", buckets=_SECONDS
)
turn_provider = Histogram(
    "topcalls_turn_provider_seconds", "Delay of the AI provider in a turn.", buckets=_SECONDS
)
turn_endpointing = Histogram(
    "topcalls_turn_endpointing_seconds",
    "Noticing that the caller's turn has ended.",
    buckets=_SECONDS,
)
turn_ear = Histogram(
    "topcalls_turn_ear_seconds",
    "From the caller's last sound to the answer's first, on the recording.",
    buckets=_SECONDS,
)
interruptions = Counter(
    "topcalls_interruptions_total", "Times the agent was spoken over, or seemed to be.", ["verdict"]
)
withdrawn_answers = Counter(
    "topcalls_answers_withdrawn_total",
    "Answers that were asked for too early, and withdrawn before anybody heard them.",
)
turn_verdicts = Counter(
    "topcalls_turn_verdicts_total",
    "Pauses that the end-of-turn model was asked about: finished, doubtful, goes_on; late: the "
    "caller went on before it answered; unasked: it was busy or out of order.",
    ["verdict"],
)
turn_verdict_delay = Histogram(
    "topcalls_turn_verdict_seconds",
    "From a pause until the end-of-turn model's verdict.",
    buckets=_SECONDS,
)
chain_stage = Histogram(
    "topcalls_chain_stage_seconds",
    "From asking a stage of the chain to the first it gives: mind to text, voice to sound.",
    ["stage"],
    buckets=_SECONDS,
)
calls_saved = Counter(
    "topcalls_calls_saved_total",
    "Times a stage or model that failed in a call was replaced by the next, by what failed.",
    ["stage"],
)
speculations = Counter(
    "topcalls_speculations_total",
    "Answers begun before the caller had surely finished, by whether they were used.",
    ["outcome"],
)
speculation_wasted_characters = Counter(
    "topcalls_speculation_wasted_characters_total",
    "Characters that a voice was given for answers that were thrown away.",
)
speculation_wasted_tokens = Counter(
    "topcalls_speculation_wasted_tokens_total",
    "Tokens, estimated, of answers that were begun and not used.",
)
carrier_dials = Counter(
    "topcalls_carrier_dials_total",
    "Dials that ended, by carrier and its last SIP status (200: answered; none: it said nothing).",
    ["carrier", "sip_status"],
)
carrier_up = Gauge(
    "topcalls_carrier_up",
    "Whether a carrier's gateway on this node can be used.",
    ["carrier", "node"],
    multiprocess_mode="livemostrecent",
)
analyses = Counter("topcalls_analyses_total", "Analyses of calls that ended, by how.", ["outcome"])
number_orders = Counter(
    "topcalls_number_orders_total",
    "Purchases and releases of numbers that ended, by how.",
    ["provider", "kind", "outcome"],
)
tool_calls = Counter(
    "topcalls_tool_calls_total",
    "Calls of tools that ended, by how. Customers' tools are all counted as `custom`.",
    ["tool", "outcome"],
)
tool_seconds = Histogram(
    "topcalls_tool_seconds", "How long calls of tools took.", ["tool"], buckets=_SECONDS
)
knowledge_seconds = Histogram(
    "topcalls_knowledge_search_seconds",
    "How long searches in knowledge bases took, by how: `hybrid`, or `full_text` alone.",
    ["method"],
    buckets=_SECONDS,
)
knowledge_unembedded = Counter(
    "topcalls_knowledge_unembedded_total",
    "Searches by words alone because the embedding model failed or was too slow.",
)
webhook_receivers_disabled = Counter(
    "topcalls_webhook_receivers_disabled_total", "Webhook receivers that were disabled."
)
webhook_attempts = Counter("topcalls_webhook_attempts_total", "Webhook attempts.", ["outcome"])
api_requests = Histogram(
    "topcalls_api_request_seconds", "API requests.", ["method", "route", "status"], buckets=_SECONDS
)
event_streams = Gauge(
    "topcalls_event_streams",
    "Streams of events of calls and campaigns.",
    multiprocess_mode="livesum",
)
listeners = Gauge(
    "topcalls_listeners", "People who listen in to calls.", multiprocess_mode="livesum"
)
greenlets = Gauge(
    "topcalls_greenlets", "Greenlets of a process.", ["process"], multiprocess_mode="livesum"
)
loop_lag = Histogram(
    "topcalls_loop_lag_seconds", "How late an event loop runs its timers.", ["process"]
)


def begin() -> None:
    """Count as this process from now on, which may have been forked from one that had loaded this
    module: each process has files of its own, and they change hands with a look at any metric."""
    list(database_up.collect())


def share_between_processes(directory: Path) -> None:
    """Make this process and its children keep their metrics in `directory`.

    Has an effect only before the first import of `prometheus_client` in a process, so the
    supervisor calls it for its children.
    """
    directory.mkdir(parents=True, exist_ok=True)
    os.environ[_DIRECTORY] = str(directory)


def shared_directory() -> Path | None:
    """Where this process and others keep their metrics; None where it keeps them to itself."""
    directory = os.environ.get(_DIRECTORY)
    return Path(directory) if directory else None


def exposition() -> bytes:
    """All metrics as Prometheus text: of every process sharing the directory, or of this one."""
    if _DIRECTORY not in os.environ:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    for _ in range(_TRIES):
        with suppress(FileNotFoundError):  # the files of a process that died go meanwhile
            return generate_latest(registry)
    return generate_latest(registry)
