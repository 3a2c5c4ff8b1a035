"""A server of the account that is asked before a call is made, and what its answer counts for.

It can only tighten: what the rules forbid it does not allow, and nobody asks it then. An answer
that does not come, or cannot be read, makes the call wait; an account may let calls out all the
same, but for those that are telemarketing. Either is recorded with the decision.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from topcalls.core.eligibility_facts import Category, Check, Decision, Result, Verdict
from topcalls.core.field_checks import choice, moment_of, number, section, text
from topcalls.core.web_addresses import MAX_LENGTH
from topcalls.errors import FieldError

RULE: Final = "pre_dial"
"""The name of the rule, where a call is refused by it."""

SECONDS: Final = (1.0, 30.0)
"""How long a server may be waited for."""

DEFAULT_SECONDS: Final = 3.0
WAIT: Final = timedelta(minutes=5)
"""How long a call waits whose server did not answer, or did not say for how long."""

LONGEST_WAIT: Final = timedelta(days=366)
MOST_BYTES: Final = 16_384
"""Of an answer: all of it is kept in the ledger."""

MAX_REASON: Final = 500
_ALLOWED: Final = (Verdict.ALLOW, Verdict.DEFER, Verdict.BLOCK)
_ORDER: Final = (Verdict.ALLOW, Verdict.DEFER, Verdict.REVIEW, Verdict.BLOCK)
_SHAPE: Final = 'The answer is not of the form {"verdict": "allow"}, "defer" or "block".'


class OnFailure(StrEnum):
    """What becomes of a call whose server did not answer: it waits, or is made."""

    DEFER = "defer"
    ALLOW = "allow"


@dataclass(frozen=True, slots=True)
class Server:
    """Who is asked."""

    url: str
    timeout_seconds: float = DEFAULT_SECONDS
    on_failure: OnFailure = OnFailure.DEFER


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said of a call at a moment.

    `failure`: why there is no answer that counts; then the verdict is of no meaning. `status`: its
    HTTP status. `request_digest`: SHA-256 over the body that it was sent, in hex. `server`: whom
    the answer is of.
    """

    server: Server
    asked_at: datetime
    request_digest: str
    latency_ms: int
    verdict: Verdict = Verdict.DEFER
    until: datetime | None = None
    reason: str = ""
    evidence: Any = None
    status: int | None = None
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """The body of an answer, read."""

    verdict: Verdict
    until: datetime | None = None
    reason: str = ""
    evidence: Any = field(default=None)


def server_of(stored: Mapping[str, Any] | None) -> Server | None:
    """The server of terms, or of a campaign, in which `faults` found nothing."""
    if not stored:
        return None
    given = {name: value for name, value in stored.items() if value is not None}
    return Server(
        given["url"],
        float(given.get("timeout_seconds", DEFAULT_SECONDS)),
        OnFailure(given.get("on_failure", OnFailure.DEFER)),
    )


def faults(value: object, path: str) -> Iterator[FieldError]:
    """What is wrong with a server as it was sent, beyond where its address leads."""
    yield from section(value, path, _FIELDS, ("url",))


def read(body: bytes, now: datetime) -> Reply:
    """The answer in a body.

    Raises:
        ValueError: it is none, with words for whoever runs the server.
    """
    try:
        said = json.loads(body)
        verdict = Verdict(said["verdict"])
    except (ValueError, TypeError, KeyError, RecursionError):
        raise ValueError(_SHAPE) from None
    if verdict not in _ALLOWED:
        raise ValueError(_SHAPE)
    until = said.get("until")
    moment = None if until is None else moment_of(until)
    if until is not None and (moment is None or moment - now > LONGEST_WAIT):
        raise ValueError("'until' is no time with its offset from UTC within a year.")
    reason = said.get("reason")
    if reason is not None and not isinstance(reason, str):
        raise ValueError("'reason' is no text.")
    return Reply(verdict, moment, (reason or "")[:MAX_REASON], said.get("evidence"))


def judged(decision: Decision, answer: Answer, category: Category) -> Decision:
    """A decision with what the server said; never wider than it was."""
    return _tightened(decision, check(answer, category))


def check(answer: Answer, category: Category) -> Check:
    """The answer as a question of the decision that was asked and answered."""
    verdict, reason, until, result = answer.verdict, "", None, Result.PASS
    if answer.failure is not None:
        is_let_out = (
            answer.server.on_failure is OnFailure.ALLOW and category is not Category.TELEMARKETING
        )
        verdict = Verdict.ALLOW if is_let_out else Verdict.DEFER
        reason, result = "pre_dial_failed", Result.UNKNOWN
        until = None if is_let_out else answer.asked_at + WAIT
    elif verdict is Verdict.DEFER:
        reason, result = "pre_dial_deferred", Result.FAIL
        until = max(answer.until or answer.asked_at + WAIT, answer.asked_at)
    elif verdict is Verdict.BLOCK:
        reason, result = "pre_dial_blocked", Result.FAIL
    observed = {
        "asked_at": answer.asked_at.isoformat(),
        "request_sha256": answer.request_digest,
        "latency_ms": answer.latency_ms,
        "status": answer.status,
        "failure": answer.failure,
        "reason": answer.reason,
        "evidence": answer.evidence,
        "on_failure": answer.server.on_failure.value,
    }
    return Check(RULE, RULE, result, verdict, reason, "", observed, until=until)


def _tightened(decision: Decision, found: Check) -> Decision:
    checks = (*decision.checks, found)
    if _ORDER.index(found.verdict) > _ORDER.index(decision.verdict):
        return replace(
            decision,
            verdict=found.verdict,
            rule_id=found.rule_id,
            reason=found.reason,
            until=found.until,
            checks=checks,
        )
    until = decision.until
    if found.verdict is decision.verdict is Verdict.DEFER and until and found.until:
        until = max(until, found.until)
    return replace(decision, checks=checks, until=until)


_FIELDS: Final = {
    "url": text(1, MAX_LENGTH),
    "timeout_seconds": number(*SECONDS),
    "on_failure": choice(*OnFailure),
}
