"""What has to be asked of registers before somebody may be called, and how long a call waits.

A decision says which answers it lacks, or finds too old. Where somebody can be asked for all of
them, and nothing but time keeps the call back besides, it waits instead of being left out.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, NamedTuple

from topcalls.core.consent_rules import in_use
from topcalls.core.eligibility_facts import Check, Decision, Facts, Plan, Verdict
from topcalls.core.number_checks import REASSIGNED, SCRUB
from topcalls.core.rule_pack import RulePack
from topcalls.core.rule_values import ReassignedNumbers, Register

RND: Final = "RND"
"""The register of reassigned numbers, as answers name it."""

SHORTEST_WAIT: Final = timedelta(minutes=15)
LONGEST_WAIT: Final = timedelta(hours=6)
"""An answer ends the wait at once. Where none comes, whoever waits is looked at again after as long
as they have waited, so that a register that is away for days is not decided about a thousand times.
"""

FIRST_PAUSE: Final = timedelta(seconds=30)
LONGEST_PAUSE: Final = timedelta(hours=1)

_KINDS: Final = {"register": SCRUB, "reassigned": REASSIGNED}
_OPEN: Final = frozenset(
    {"scrub_missing", "state_list_missing", "scrub_stale", "reassigned_missing", "reassigned_stale"}
)


class RegisterQuestion(NamedTuple):
    """An answer that a decision lacks: of which `register` (as rules name it), for which rule.
    `asked_about`: the date of the consent, for the register of reassigned numbers."""

    kind: str
    register: str
    rule_id: str
    asked_about: datetime | None = None


def open_questions(
    decision: Decision, facts: Facts, plan: Plan, now: datetime
) -> tuple[RegisterQuestion, ...]:
    """What a decision lacks of registers, each once."""
    consent = in_use(facts.consents, plan, now)
    about = consent.captured_at if consent is not None else None
    found: dict[tuple[str, str], RegisterQuestion] = {}
    for check in decision.checks:
        if is_open(check):
            kind = _KINDS[check.check]
            register = RND if kind == REASSIGNED else str((check.required or {})["list"])
            when = about if kind == REASSIGNED else None
            found.setdefault(
                (kind, register), RegisterQuestion(kind, register, check.rule_id, when)
            )
    return tuple(found.values())


def is_open(check: Check) -> bool:
    """Whether a check keeps a call back for want of a register's answer."""
    return check.verdict is not Verdict.ALLOW and check.reason in _OPEN


def may_follow(decision: Decision, now: datetime) -> datetime | None:
    """From when on the call is allowed by all but registers, as far as is known; None: something
    else keeps it back that neither their answers nor time will change."""
    others = [one for one in decision.checks if one.verdict is not Verdict.ALLOW]
    others = [one for one in others if not is_open(one)]
    if any(one.verdict is not Verdict.DEFER or one.until is None for one in others):
        return None
    return max((one.until for one in others if one.until is not None), default=now)


def patience(asked_since: datetime | None, now: datetime) -> timedelta:
    """How long a call waits for answers before it is looked at again without them."""
    waited = timedelta() if asked_since is None else now - asked_since
    return min(LONGEST_WAIT, max(SHORTEST_WAIT, waited))


def pause(failures: int) -> timedelta:
    """How long a register is left alone that could not be asked so many times in a row."""
    return min(LONGEST_PAUSE, FIRST_PAUSE * (1 << min(max(0, failures - 1), 16)))


def longest_age(pack: RulePack, kind: str, register: str) -> timedelta | None:
    """How old an answer may be by the strictest rule that asks for it; None: no rule does."""
    days = [
        rule.value.max_age_days
        for rule in pack.rules
        if (kind == REASSIGNED and isinstance(rule.value, ReassignedNumbers))
        or (isinstance(rule.value, Register) and kind == SCRUB and rule.value.list == register)
    ]
    return timedelta(days=min(days)) if days else None
