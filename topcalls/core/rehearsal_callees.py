"""People who are only simulated, and the network before them: what comes of each dial.

Each draw depends on the seed, the number and which dial to it it is, and on nothing else: neither
the order of the calls nor their time changes what a person does, so two rehearsals of different
settings meet the same people.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any, Final

from topcalls.core.answer_verdict import Answerer
from topcalls.core.call_state import State
from topcalls.core.campaign_outcomes import SHORT_TALK_SECONDS, CallEnd
from topcalls.core.end_reasons import EndReason
from topcalls.core.suggestions import did_you_mean
from topcalls.errors import FieldError

HUMAN: Final = 30.0
VOICEMAIL: Final = 35.0
BUSY: Final = 5.0
REJECTED: Final = 2.0
UNREACHABLE: Final = 5.0
INVALID: Final = 1.0
"""Percent of dials. Lists of known customers are said to answer 30 to 50 % of first calls, others 5
to 15 %: vendors' figures. Put your own in their place."""

MOST_OUTAGES: Final = 100
LONGEST_SECONDS: Final = 3600.0
MOST_MINUTES: Final = 60 * 24 * 366
_LOTS: Final = 2**64
_RING_LEAST, _BUSY_AFTER, _REFUSED_AFTER = 3.0, 2.0, 0.3


@dataclass(frozen=True, slots=True)
class Outage:
    """The carrier takes no call from `after_minutes` of the rehearsal on, for `minutes`."""

    after_minutes: float
    minutes: float


@dataclass(frozen=True, slots=True)
class Callees:
    """How people take calls, in percent of dials; whoever is left does not answer.

    `invalid_percent`: of people, whose number does not exist. Of people who answer:
    `opt_out_percent`, `callback_percent`, `converted_percent`, and `short_talk_percent` who hang up
    at once. Seconds are means. `carrier_failure_percent`: dials that the carrier has no line for.
    """

    human_percent: float = HUMAN
    voicemail_percent: float = VOICEMAIL
    busy_percent: float = BUSY
    rejected_percent: float = REJECTED
    unreachable_percent: float = UNREACHABLE
    invalid_percent: float = INVALID
    opt_out_percent: float = 1.0
    callback_percent: float = 2.0
    converted_percent: float = 8.0
    short_talk_percent: float = 10.0
    talk_seconds: float = 90.0
    voicemail_seconds: float = 25.0
    ring_seconds: float = 12.0
    carrier_failure_percent: float = 0.5
    carrier_outages: tuple[Outage, ...] = ()


@dataclass(frozen=True, slots=True)
class Simulated:
    """What comes of one dial: how it ends, after how many seconds of ringing and of talk."""

    end: CallEnd
    rings: float
    talks: float = 0.0
    is_conversion: bool = False

    @property
    def seconds(self) -> float:
        """From the dial to its end."""
        return self.rings + self.talks


_PERCENT: Final = tuple(name for name in Callees.__dataclass_fields__ if name.endswith("_percent"))
_SECONDS: Final = ("talk_seconds", "voicemail_seconds", "ring_seconds")
_OF_DIALS: Final = ("human", "voicemail", "busy", "rejected", "unreachable")
_OF_PEOPLE: Final = ("opt_out", "callback", "short_talk")


def faults(given: object, path: str = "callees") -> Iterator[FieldError]:
    """Everything wrong with how callees are to be simulated. None: the defaults."""
    if given is None:
        return
    if not isinstance(given, Mapping):
        yield FieldError(path, "Must be an object.", "invalid_type")
        return
    known = tuple(Callees.__dataclass_fields__)
    for key in given:
        if key not in known:
            message = f"Is nothing that callees have.{did_you_mean(str(key), known)}"
            yield FieldError(f"{path}.{key}", message, "unknown")
    wrong = [
        *_not_within(given, path, _PERCENT, 0.0, 100.0, "percent"),
        *_not_within(given, path, _SECONDS, 1.0, LONGEST_SECONDS, "seconds"),
    ]
    yield from wrong
    if not wrong:
        yield from _too_many(given, path, _OF_DIALS, "dials")
        yield from _too_many(given, path, _OF_PEOPLE, "people who answer")
    yield from _outage_faults(given.get("carrier_outages"), f"{path}.carrier_outages")


def callees_of(given: Mapping[str, Any] | None) -> Callees:
    """Callees in which `faults` found nothing wrong; what is left out, or null, has its default."""
    told = {key: value for key, value in (given or {}).items() if value is not None}
    outages = told.pop("carrier_outages", ())
    return Callees(
        **told,
        carrier_outages=tuple(Outage(one["after_minutes"], one["minutes"]) for one in outages),
    )


def simulated(
    callees: Callees,
    seed: int,
    number: str,
    dial: int,
    ring_timeout_seconds: float,
    since_start: timedelta,
    now: datetime,
) -> Simulated:
    """What comes of the `dial`-th dial (from 1) to a number, `since_start` of the rehearsal on."""
    dice = _dice(seed, number, dial)
    minutes = since_start.total_seconds() / 60
    is_down = any(
        outage.after_minutes <= minutes < outage.after_minutes + outage.minutes
        for outage in callees.carrier_outages
    )
    if dice.random() * 100 < callees.carrier_failure_percent or is_down:
        return _refused(503, "NORMAL_TEMPORARY_FAILURE", _REFUSED_AFTER)
    if _lot(seed, number, 0) / _LOTS * 100 < callees.invalid_percent:
        return _refused(404, "UNALLOCATED_NUMBER", _REFUSED_AFTER)
    rings = min(_RING_LEAST + dice.expovariate(1.0) * callees.ring_seconds, ring_timeout_seconds)
    lot = dice.random() * 100
    for name, become in _BECOMES:
        share: float = getattr(callees, f"{name}_percent")
        if lot < share:
            return become(callees, dice, rings, now)
        lot -= share
    end = CallEnd(State.NO_ANSWER, EndReason.NO_ANSWER, "NO_ANSWER", 487, rang=True)
    return Simulated(end, ring_timeout_seconds)


def _human(callees: Callees, dice: random.Random, rings: float, now: datetime) -> Simulated:
    lot, converts = dice.random() * 100, dice.random() * 100 < callees.converted_percent
    talks = SHORT_TALK_SECONDS + dice.expovariate(1.0) * max(
        1.0, callees.talk_seconds - SHORT_TALK_SECONDS
    )
    opted_out = lot < callees.opt_out_percent
    lot -= callees.opt_out_percent
    agreed = None
    if 0 <= lot < callees.callback_percent:
        agreed = now + timedelta(hours=round(2 + dice.random() * 46))
    lot -= callees.callback_percent
    if 0 <= lot < callees.short_talk_percent:
        talks = 2 + dice.random() * (SHORT_TALK_SECONDS - 3)
    is_short = talks < SHORT_TALK_SECONDS
    end = CallEnd(
        State.COMPLETED,
        EndReason.CALLEE_HUNG_UP if is_short else EndReason.AGENT_ENDED,
        "NORMAL_CLEARING",
        200,
        rang=True,
        answered=True,
        talk_seconds=round(talks),
        answered_by=Answerer.HUMAN,
        agent_spoke=True,
        opted_out=opted_out,
        callback_at=agreed,
    )
    is_conversion = converts and not opted_out and agreed is None and not is_short
    return Simulated(end, rings, talks, is_conversion)


def _voicemail(callees: Callees, dice: random.Random, rings: float, now: datetime) -> Simulated:
    talks = max(2.0, dice.gauss(callees.voicemail_seconds, callees.voicemail_seconds / 5))
    end = CallEnd(
        State.COMPLETED,
        EndReason.AGENT_ENDED,
        "NORMAL_CLEARING",
        200,
        rang=True,
        answered=True,
        talk_seconds=round(talks),
        answered_by=Answerer.VOICEMAIL,
        agent_spoke=True,
    )
    return Simulated(end, rings, talks)


def _busy(callees: Callees, dice: random.Random, rings: float, now: datetime) -> Simulated:
    end = CallEnd(State.BUSY, EndReason.BUSY, "USER_BUSY", 486)
    return Simulated(end, _BUSY_AFTER)


def _rejected(callees: Callees, dice: random.Random, rings: float, now: datetime) -> Simulated:
    end = CallEnd(State.REJECTED, EndReason.REJECTED, "CALL_REJECTED", 603, rang=True)
    return Simulated(end, rings)


def _unreachable(callees: Callees, dice: random.Random, rings: float, now: datetime) -> Simulated:
    return _refused(480, "NO_USER_RESPONSE", _BUSY_AFTER)


_BECOMES: Final = (
    ("human", _human),
    ("voicemail", _voicemail),
    ("busy", _busy),
    ("rejected", _rejected),
    ("unreachable", _unreachable),
)


def _refused(status: int, cause: str, after: float) -> Simulated:
    return Simulated(CallEnd(State.FAILED, EndReason.DIAL_FAILED, cause, status), after)


def _dice(seed: int, number: str, dial: int) -> random.Random:
    return random.Random(_lot(seed, number, dial))


def _lot(seed: int, number: str, dial: int) -> int:
    """A number below `_LOTS` that only these three decide."""
    digest = blake2b(f"{seed}:{number}:{dial}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big")


def _not_within(
    given: Mapping[str, Any],
    path: str,
    names: tuple[str, ...],
    least: float,
    most: float,
    unit: str,
) -> Iterator[FieldError]:
    for name in names:
        value = given.get(name)
        if value is not None and not _is_number(value, least, most):
            message = f"Must be a number from {least:g} to {most:g}, in {unit}."
            yield FieldError(f"{path}.{name}", message, "range")


def _too_many(
    given: Mapping[str, Any], path: str, names: tuple[str, ...], of: str
) -> Iterator[FieldError]:
    usual = Callees()
    values = (given.get(f"{name}_percent") for name in names)
    shares = [
        getattr(usual, f"{name}_percent") if value is None else value
        for name, value in zip(names, values, strict=True)
    ]
    if sum(shares) > 100:
        listed = ", ".join(f"{name}_percent" for name in names)
        message = f"Are {sum(shares):g} % of {of} together with the defaults of those left out."
        yield FieldError(path, f"{listed}: {message} Give at most 100.", "range")


def _outage_faults(given: object, path: str) -> Iterator[FieldError]:
    if given is None:
        return
    if not isinstance(given, list | tuple) or len(given) > MOST_OUTAGES:
        yield FieldError(path, f"Must be a list of at most {MOST_OUTAGES} outages.", "invalid_type")
        return
    for index, one in enumerate(given):
        keys = set(one) if isinstance(one, Mapping) else set()
        fits = keys == {"after_minutes", "minutes"} and all(
            _is_number(one[key], 0, MOST_MINUTES) for key in keys
        )
        if not fits:
            message = "Must be {after_minutes, minutes}: when it begins after the start, how long."
            yield FieldError(f"{path}.{index}", message, "invalid")


def _is_number(value: object, least: float, most: float) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and least <= value <= most  # type: ignore[operator]
