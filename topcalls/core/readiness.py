"""Is a campaign, or a call, ready to be made: what it says at its beginning, how it is recorded,
and the number that it shows.

`opening` tells what the first sentence and the announcement have to contain for a set of
jurisdictions, `start_faults` why a campaign cannot be started there. A call that lacks any of it is
not made.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final

from topcalls.core.eligibility_facts import (
    Abandonment,
    CallerNumber,
    Category,
    Check,
    Plan,
    Recorded,
    Verdict,
    Voice,
)
from topcalls.core.opening_text import FIELD
from topcalls.core.rule_checks import failed, not_asked, passed, unknown
from topcalls.core.rule_pack import Rule, RulePack
from topcalls.core.rule_values import (
    RECORDED_ORDER,
    SLOTS,
    AbandonmentLimit,
    CallerId,
    Disclosure,
    Recording,
    ZoneData,
)
from topcalls.errors import FieldError

WORDS: Final = {
    "registered_name": "the name under which the caller's business is registered",
    "purpose": "what the call is about",
    "ai_voice": "that an AI, or an artificial voice, speaks",
    "opt_out": "how to stop all calls, by a word or a key",
    "recording": "that the call is recorded",
    "callback_number": "a number that can be called to be removed",
    "go_on": "the question whether to go on",
}
"""What each of `SLOTS` means, for people."""

ABANDONMENT: Final = "abandonment"
CALLER: Final = "caller_id"
NOT_READY: Final = "caller_number_not_ready"
"""Names of checks, and the reason of one, that are about the caller and nobody who is called."""

_MOST_CACHED = 4096


@dataclass(frozen=True, slots=True)
class Opening:
    """What the beginning of a call has to contain.

    `slots`: in the order in which they are best said; `why`: the ids of the rules that ask for
    each. `recording`: the least careful way to record. `within_seconds`: by when the strictest rule
    wants its part said; None: none says.
    """

    slots: tuple[str, ...]
    why: dict[str, tuple[str, ...]]
    recording: Recorded
    recording_why: tuple[str, ...]
    within_seconds: float | None = None

    def missing(self, slots: Iterable[str], recording: Recorded) -> tuple[str, ...]:
        """What a call lacks that says these and is recorded so: names of `SLOTS`."""
        said = set(slots)
        lacking = [slot for slot in self.slots if slot not in said]
        if not records_carefully(recording, self.recording):
            lacking.append("recording")
        return tuple(lacking)


def opening(
    jurisdictions: Iterable[str],
    category: Category,
    voice: Voice,
    pack: RulePack,
    day: date,
) -> Opening:
    """What the beginning of such a call has to contain on a day, wherever in these jurisdictions
    somebody may be ("US-FL", "DE"; what they are part of is added)."""
    chains = dict.fromkeys(part for one in jurisdictions for part in pack.chain(one))
    holding = pack.holding(tuple(chains), (category, voice), (day, day))
    why: dict[str, list[str]] = {}
    seconds: list[float] = []
    for rule in holding["disclosure"]:
        assert isinstance(rule.value, Disclosure)
        for slot in rule.value.slots:
            why.setdefault(slot, []).append(rule.id)
        if rule.value.within_seconds is not None:
            seconds.append(rule.value.within_seconds)
    least = _strictest(holding["recording"])
    return Opening(
        slots=tuple(slot for slot in SLOTS if slot in why),
        why={slot: tuple(rules) for slot, rules in why.items()},
        recording=least,
        recording_why=tuple(
            rule.id
            for rule in holding["recording"]
            if isinstance(rule.value, Recording) and rule.value.least is least
        ),
        within_seconds=min(seconds, default=None),
    )


def records_carefully(recording: Recorded, least: Recorded) -> bool:
    """Whether a way to record is at least as careful as another. Where only the agent is recorded,
    nobody has to agree."""
    if recording in (Recorded.OFF, Recorded.AGENT_ONLY):
        return True
    return RECORDED_ORDER.index(recording) >= RECORDED_ORDER.index(least)


def start_faults(
    jurisdictions: Iterable[str],
    plan: Plan,
    pack: RulePack,
    release: str,
    day: date,
    unsaid: Collection[str] = (),
) -> list[FieldError]:
    """Why a campaign whose people may be in these jurisdictions cannot be started: parts that its
    opening lacks, a recording that nobody is told of, zone data that is old. Each names the rules.

    `release`: of the zone data in use (`core.zones.data_version`). `unsaid`: slots that are stated
    and were not found in what is said (`core.opening_text`).
    """
    reach = tuple(jurisdictions)
    needed = opening(reach, plan.category, plan.voice, pack, day)
    found = [
        _unsaid_fault(slot, needed)
        if slot in unsaid
        else FieldError(
            "slots",
            f"The opening must say {WORDS[slot]} ('{slot}'): {', '.join(needed.why[slot])}.",
            "disclosure_missing",
        )
        for slot in needed.slots
        if slot not in plan.slots
    ]
    if not records_carefully(plan.recording, needed.recording):
        asked = f"Record with '{needed.recording}' or 'off': {', '.join(needed.recording_why)}."
        found.append(FieldError("recording", asked, "recording_notice_missing"))
    limit = pack.releases.refuse_after_days
    age = pack.releases.age_days(release, day)
    chains = tuple(dict.fromkeys(part for one in reach for part in pack.chain(one)))
    rules = pack.holding(chains, (plan.category, plan.voice), (day, day))["time_zone_data"]
    wanted = [rule.value.at_least for rule in rules if isinstance(rule.value, ZoneData)]
    if age is None or age > limit or any(release < one for one in wanted):
        least = f" and {max(wanted)} or newer" if wanted else ""
        message = (
            f"Time zone data ({release}) must be at most {limit} days old{least}: upgrade tzdata."
        )
        found.append(FieldError("time_zone_data", message, "time_zone_data_old"))
    return found


def _unsaid_fault(slot: str, needed: Opening) -> FieldError:
    message = (
        f"Does not say {WORDS[slot]}, as 'slots' states ('{slot}') and the rules want: "
        f"{', '.join(needed.why[slot])}. Say it here or in the announcement; where that is done in "
        f"words that are not known, name them in compliance.said.{slot}."
    )
    return FieldError(FIELD, message, "disclosure_not_said")


@lru_cache(_MOST_CACHED)
def disclosure_checks(rules: tuple[Rule, ...], slots: frozenset[str]) -> tuple[Check, ...]:
    """One check of each rule of topic `disclosure`. What is missing is the campaign's fault: the
    call waits until it is put right."""
    return tuple(_disclosure_check(rule, slots) for rule in rules)


@lru_cache(_MOST_CACHED)
def recording_checks(rules: tuple[Rule, ...], recording: Recorded) -> tuple[Check, ...]:
    """One check of each rule of topic `recording`."""
    return tuple(_recording_check(rule, recording) for rule in rules)


@lru_cache(_MOST_CACHED)
def caller_checks(
    rules: tuple[Rule, ...], caller: CallerNumber | None, is_quarantined: bool
) -> tuple[Check, ...]:
    """One check of each rule of topic `caller_id`."""
    return tuple(_caller_check(rule, caller, is_quarantined) for rule in rules)


def abandonment_checks(
    rules: tuple[Rule, ...],
    shares: tuple[Abandonment, ...],
    now: datetime,
    *,
    of_campaign: bool = True,
) -> tuple[Check, ...]:
    """One check of each rule of topic `abandonment`: too many who were called met nobody. It holds
    until the first of them is out of the window. `of_campaign`: the shares are of its calls."""
    return tuple(_abandonment_check(rule, shares, now, of_campaign) for rule in rules)


def _strictest(rules: tuple[Rule, ...]) -> Recorded:
    asked = [rule.value.least for rule in rules if isinstance(rule.value, Recording)]
    return max(asked, key=RECORDED_ORDER.index, default=Recorded.SILENT)


def _disclosure_check(rule: Rule, slots: frozenset[str]) -> Check:
    value = rule.value
    assert isinstance(value, Disclosure)
    missing = [slot for slot in value.slots if slot not in slots]
    required = {"slots": list(value.slots)}
    if not missing:
        return passed(rule, "disclosure", required=required)
    observed, reason = {"missing": missing}, "disclosure_missing"
    return failed(rule, "disclosure", Verdict.DEFER, reason, observed, required)


def _recording_check(rule: Rule, recording: Recorded) -> Check:
    value = rule.value
    assert isinstance(value, Recording)
    observed, required = {"recording": recording.value}, {"least": value.least.value}
    if records_carefully(recording, value.least):
        return passed(rule, "recording", observed, required)
    reason = "recording_notice_missing"
    return failed(rule, "recording", Verdict.DEFER, reason, observed, required)


def _caller_check(rule: Rule, caller: CallerNumber | None, is_quarantined: bool) -> Check:
    value = rule.value
    assert isinstance(value, CallerId)
    if value.prefixes:
        return _series_check(rule, value, caller)
    if caller is None:
        return not_asked(rule, CALLER, {"number": "the installation's own"})
    return _ready_check(rule, caller, is_quarantined)


def _abandonment_check(
    rule: Rule, shares: tuple[Abandonment, ...], now: datetime, of_campaign: bool
) -> Check:
    """Few calls of a campaign are judged as if they were `least_answered`; few of no campaign are
    not judged: the law measures campaigns."""
    value = rule.value
    assert isinstance(value, AbandonmentLimit)
    required = {"most_share": value.most_share, "days": value.days}
    which = (value.days, value.from_resume)
    share = next((one for one in shares if (one.days, one.from_resume) == which), None)
    if share is None or not share.abandoned:
        return not_asked(rule, ABANDONMENT, {"abandoned": 0})
    if not of_campaign and share.answered < value.least_answered:
        return not_asked(rule, ABANDONMENT, {"answered": share.answered})
    observed = {"answered": share.answered, "abandoned": share.abandoned}
    days = timedelta(days=value.days)
    until = share.oldest_at + days if share.oldest_at is not None else None
    is_over = until is not None and until <= now
    most = value.most_share * max(share.answered, value.least_answered)
    if is_over or share.abandoned <= most:
        return passed(rule, ABANDONMENT, observed, required)
    reason = "abandonment_rate"
    return failed(rule, ABANDONMENT, Verdict.DEFER, reason, observed, required, until=until)


def _series_check(rule: Rule, value: CallerId, caller: CallerNumber | None) -> Check:
    required = {"prefixes": list(value.prefixes)}
    if caller is None:
        return unknown(rule, CALLER, "caller_number_unknown", None, required)
    if caller.number.startswith(value.prefixes):
        return passed(rule, CALLER, required=required)
    return failed(rule, CALLER, Verdict.BLOCK, "caller_number_series", None, required)


def _ready_check(rule: Rule, caller: CallerNumber, is_quarantined: bool) -> Check:
    checked = caller.inbound_checked_at
    observed = {
        "right_to_use": caller.right_to_use,
        "inbound_works": caller.inbound_works,
        "inbound_checked_at": checked.isoformat() if checked else None,
    }
    if not caller.right_to_use or not caller.inbound_works:
        return failed(rule, CALLER, Verdict.BLOCK, NOT_READY, observed)
    if is_quarantined:
        reason, until = "caller_number_quarantined", caller.quarantined_until
        return failed(rule, CALLER, Verdict.DEFER, reason, observed, until=until)
    return passed(rule, CALLER, observed)
