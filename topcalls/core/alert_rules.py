"""What an operator is alerted of: the rules of `docker/prometheus/alerts.yml`, told by us.

A rule looks at facts and answers what is wrong, in words, or nothing. It has to be wrong for a
while (`minutes`) before anybody is told. Facts that nobody knows make no alert.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from topcalls.core.end_reasons import EndReason

PAGE, WARN = "page", "warn"

OUR_FAULTS: Final = frozenset(
    {
        EndReason.PROVIDER_FAILED,
        EndReason.STREAM_LOST,
        EndReason.PLAYBACK_FAILED,
        EndReason.INTERNAL_ERROR,
        EndReason.CONFIGURATION,
        EndReason.CHANNEL_LOST,
        EndReason.CONTROLLER_LOST,
    }
)
"""Ends that are a fault of ours or of the AI."""

MOST_NAMED: Final = 5


@dataclass(frozen=True, slots=True)
class AlertFacts:
    """What is known at one moment. Seconds and milliseconds; None: it is not known here.

    `ended`: calls that ended within 15 minutes, by `end_reason`. `grown`: by how much counters of
    this machine's processes grew, by metric, within the time that their rule looks back.
    """

    oldest_queued_seconds: float = 0.0
    carriers_down: tuple[str, ...] = ()
    ended: Mapping[str, int] = field(default_factory=dict)
    webhooks_due: int = 0
    receivers_disabled: int = 0
    producer_lag_seconds: float = 0.0
    registers_failing: tuple[str, ...] = ()
    grown: Mapping[str, float] = field(default_factory=dict)
    event_lag_p99: float | None = None
    loop_lag_p99: float | None = None
    gateway_p95: float | None = None
    provider_p95: float | None = None
    spool_free_bytes: float | None = None


Look = Callable[[AlertFacts], str | None]


@dataclass(frozen=True, slots=True)
class AlertRule:
    """`look` None: only who watches from outside can tell, which is Prometheus."""

    name: str
    severity: str
    minutes: int
    remedy: str
    look: Look | None = None


def firing(facts: AlertFacts) -> dict[str, str]:
    """What is wrong now, by the name of the rule."""
    looked = ((rule.name, rule.look(facts)) for rule in RULES if rule.look is not None)
    return {name: words for name, words in looked if words}


def rule_named(name: str) -> AlertRule | None:
    """The rule of this name."""
    return next((rule for rule in RULES if rule.name == name), None)


def _over(value: float | None, limit: float, words: str) -> str | None:
    return words.format(value) if value is not None and value > limit else None


def _grown(metric: str, limit: float, words: str) -> Look:
    return lambda facts: _over(facts.grown.get(metric), limit, words)


def _named(words: str, names: tuple[str, ...]) -> str | None:
    shown = ", ".join(names[:MOST_NAMED]) + (" and others" if len(names) > MOST_NAMED else "")
    return words.format(shown) if names else None


def _calls_fail(facts: AlertFacts) -> str | None:
    total = sum(facts.ended.values())
    faults = {reason: facts.ended.get(reason, 0) for reason in sorted(OUR_FAULTS)}
    share = sum(faults.values()) / total if total else 0.0
    worst = max(faults, key=lambda reason: faults[reason])
    words = f"{{:.0%}} of calls end by a fault of ours or of the AI, most by {worst}."
    return _over(share, 0.05, words)


def _spool(facts: AlertFacts) -> str | None:
    free = facts.spool_free_bytes
    if free is None or free >= 2e9:
        return None
    return f"Only {free / 1e9:.1f} GB are left where the switch records."


RULES: Final = (
    AlertRule("TopCallsDatabaseDown", PAGE, 1, "`topcalls doctor`, check `database`."),
    AlertRule("TopCallsNoWorker", PAGE, 2, "Start `topcalls worker`."),
    AlertRule(
        "TopCallsCallsWait",
        PAGE,
        2,
        "See `topcalls status`: no controller, no room (`max_calls`), or a switch that is down.",
        lambda facts: _over(
            facts.oldest_queued_seconds,
            60,
            "The oldest queued call has waited for a controller for {:.0f} s.",
        ),
    ),
    AlertRule(
        "TopCallsCarrierDown",
        PAGE,
        5,
        "`topcalls doctor carrier NAME` says why.",
        lambda facts: _named("Carriers that cannot be used: {}.", facts.carriers_down),
    ),
    AlertRule(
        "TopCallsCallsFail",
        PAGE,
        10,
        "`topcalls rca CALL` explains one of them; docs/operations.md what each reason means.",
        _calls_fail,
    ),
    AlertRule(
        "TopCallsSwitchLost",
        PAGE,
        0,
        "Look at FreeSWITCH's log and at the network between it and the controller.",
        _grown(
            "topcalls_esl_reconnects_total",
            3,
            "The connection to the switch broke {:.0f} times in 15 minutes.",
        ),
    ),
    AlertRule(
        "TopCallsSwitchEventsLate",
        WARN,
        5,
        "Too many calls for a controller's core, or clocks that differ.",
        lambda facts: _over(facts.event_lag_p99, 0.5, "Events of the switch come {:.2f} s late."),
    ),
    AlertRule(
        "TopCallsLoopLags",
        WARN,
        10,
        "Lower `max_calls`, or start another controller on another core.",
        lambda facts: _over(facts.loop_lag_p99, 0.05, "An event loop runs {:.2f} s late."),
    ),
    AlertRule(
        "TopCallsAnswersSlow",
        WARN,
        15,
        "docs/latency.md tells the shares apart; see whether a core is full.",
        lambda facts: _over(
            facts.gateway_p95, 0.15, "This gateway adds {:.2f} s to every twentieth answer."
        ),
    ),
    AlertRule(
        "TopCallsProviderSlow",
        WARN,
        15,
        "Look at the vendor's status, choose another model, or a fallback in the chain.",
        lambda facts: _over(
            facts.provider_p95, 2.5, "The AI takes {:.1f} s for every twentieth answer."
        ),
    ),
    AlertRule(
        "TopCallsProviderFails",
        WARN,
        0,
        "Look at that vendor. Calls go on with the next one configured.",
        _grown(
            "topcalls_calls_saved_total",
            10,
            "{:.0f} times a stage that failed in a call was replaced in 15 minutes.",
        ),
    ),
    AlertRule(
        "TopCallsDisagreements",
        WARN,
        0,
        "Expected after a crash or an outage. Otherwise report it with `topcalls doctor --json`.",
        _grown(
            "topcalls_reconciler_disagreements_total",
            20,
            "Database, switch and conversation disagreed {:.0f} times in an hour.",
        ),
    ),
    AlertRule(
        "TopCallsImpossibleEvents",
        WARN,
        0,
        "Report it with a bundle (`topcalls bundle CALL`); the call was ended safely.",
        _grown(
            "topcalls_impossible_events_total",
            0,
            "{:.0f} events contradicted their call's state in an hour.",
        ),
    ),
    AlertRule(
        "TopCallsWebhooksWait",
        WARN,
        10,
        "Start more workers; GET /v1/webhooks/receivers names receivers that fail.",
        lambda facts: _over(facts.webhooks_due, 1000, "{:.0f} webhooks are due."),
    ),
    AlertRule(
        "TopCallsReceiverDisabled",
        WARN,
        0,
        "docs/webhooks.md says how to mend it, enable it and send what it missed.",
        lambda facts: _over(
            facts.receivers_disabled,
            0,
            "{:.0f} webhook receivers that accepted nothing for days were disabled.",
        ),
    ),
    AlertRule(
        "TopCallsRecordingsLost",
        PAGE,
        0,
        "`topcalls doctor`, checks `recordings_waiting` and `recording_store`.",
        _grown("topcalls_recordings_total", 0, "{:.0f} recordings could not be stored in an hour."),
    ),
    AlertRule(
        "TopCallsRecordingSpoolFull",
        PAGE,
        0,
        "Free space on that disk; calls go on without their recordings when it is full.",
        _spool,
    ),
    AlertRule(
        "TopCallsProducerLate",
        WARN,
        30,
        "Compare what may be called at once with the campaign's size.",
        lambda facts: _over(
            facts.producer_lag_seconds,
            3600,
            "Somebody of a running campaign has been due for {:.0f} s.",
        ),
    ),
    AlertRule(
        "TopCallsRegistersFail",
        WARN,
        0,
        "`topcalls doctor`, check `registers_waiting`.",
        lambda facts: _named(
            "Registers that cannot be asked, and calls wait: {}.", facts.registers_failing
        ),
    ),
    AlertRule(
        "TopCallsServerErrors",
        PAGE,
        5,
        "The API's log has each with its request id.",
        _grown(
            "topcalls_api_request_seconds_count",
            15,
            "The API answered {:.0f} times with a server error in five minutes.",
        ),
    ),
)
"""The names, severities and minutes are those of the Prometheus rules; a test compares."""
