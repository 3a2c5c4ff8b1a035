"""What a rule asks for: one small class for each topic of a rule file, as its `value` has it.

`core/rule_reading.py` makes them of the tables of a file. Topics, and how several rules of one
topic add up, are the tables at the end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from topcalls.core.eligibility_facts import Recorded, Verdict

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MINUTES_OF_DAY: Final = 24 * 60
SLOTS: Final = (
    *("registered_name", "purpose", "ai_voice", "opt_out", "recording", "callback_number"),
    "go_on",
)
"""What an opening may have to say. `registered_name`: the name under which the caller's business is
registered; `callback_number`: a number that takes do-not-call requests; `go_on`: the question
whether to go on, to end, or to be removed."""

NUMBER_KINDS: Final = (
    *("premium_rate", "toll_free", "shared_cost", "personal_number", "voicemail", "pager"),
    *("uan", "voip", "emergency"),
)
RECORDED_ORDER: Final = (Recorded.SILENT, Recorded.ANNOUNCE, Recorded.ASK, Recorded.OFF)
"""From the least to the most careful."""

POLICIES: Final = ("most_per_day", "most_per_30_days", "hours_apart")
WAIVERS: Final = ("oral_consent_5th_circuit", "gb_ai_is_live_call")

Windows = tuple[tuple[int, int], ...]
"""Parts of a day in minutes from its midnight: the first is inside, the last is not."""


@dataclass(frozen=True)
class Hours:
    """When somebody may be called. `days`: Monday first. `holiday` and `holiday_eve` replace the
    weekday's; None: they are days as any. `clock`: the zone in which it is meant, None for that
    of whoever is called. `lift`: somebody may agree to other hours."""

    days: tuple[Windows, ...]
    holiday: Windows | None = None
    holiday_eve: Windows | None = None
    calendar: str | None = None
    clock: str | None = None
    lift: bool = False


@dataclass(frozen=True)
class Frequency:
    """At most `most` attempts in any `hours` of real time, or in `days` consecutive local days.

    `by`: which attempts add up: all of the account to the `person`, those on the same `subject`, or
    on the same `debt`. `outcomes`: only attempts that ended so. `policy`: the field of `Policy`
    that replaces the figure.
    """

    most: int
    hours: float | None = None
    days: int | None = None
    by: str = "person"
    outcomes: tuple[str, ...] = ()
    of_campaign: bool = False
    policy: str | None = None
    verdict: Verdict = Verdict.DEFER


@dataclass(frozen=True)
class Cooldown:
    """Nothing for `days` local days, or `hours`, after a `conversation`, a `refusal`, or an attempt
    with that outcome. `first_day_counts`: the day itself is the first of them. `lifted_by`: kinds
    of consent that are at most `lifted_days` old."""

    after: str
    days: int | None = None
    hours: float | None = None
    first_day_counts: bool = False
    by: str = "person"
    lifted_by: tuple[str, ...] = ()
    lifted_days: int | None = None


@dataclass(frozen=True)
class Lowered:
    """Where the operator relies on `policy`, and every region is one of these, more kinds."""

    policy: str
    regions: tuple[str, ...]
    accepts: tuple[str, ...]


@dataclass(frozen=True)
class ConsentNeeded:
    """One of the kinds `accepts`; its record has what `needs` names: the `wording`, or an agreement
    to an announcing device (`device_agreement`). `unless_policy`: the operator's view that the rule
    is not about such calls."""

    accepts: tuple[str, ...]
    needs: tuple[str, ...] = ()
    lowered: Lowered | None = None
    unless_policy: str | None = None


@dataclass(frozen=True)
class ConsentAge:
    """How old a consent may be, in months."""

    months: int
    verdict: Verdict = Verdict.BLOCK


@dataclass(frozen=True)
class Revocation:
    """How far it goes (`scope` "account": for everything), and by when it has to be carried out."""

    scope: str | None = None
    business_days: int | None = None
    days: int | None = None


@dataclass(frozen=True)
class Register:
    """A list of numbers that are not to be called. `lifted_months`: kinds of consent that lift it
    for so long."""

    list: str
    max_age_days: int
    lifted_by: tuple[str, ...] = ()
    lifted_months: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class ReassignedNumbers:
    """How old an answer may be, and from which age of the consent "no data" needs a person."""

    max_age_days: int
    no_data_review_months: int


@dataclass(frozen=True)
class Disclosure:
    """What has to be said, of `SLOTS`; `within_seconds` of the beginning, where the rule says."""

    slots: tuple[str, ...]
    within_seconds: float | None = None


@dataclass(frozen=True)
class Recording:
    """The least careful way to record that is allowed."""

    least: Recorded


@dataclass(frozen=True)
class CallerId:
    """The number that calls is `ready`, or begins with one of `prefixes`."""

    ready: bool = False
    prefixes: tuple[str, ...] = ()


@dataclass(frozen=True)
class AbandonmentLimit:
    """The share of answered calls that may meet nobody, over `days`. Fewer calls of a campaign than
    `least_answered` count as so many; calls of no campaign are not judged before they are so many.
    `from_resume`: only since the campaign was last resumed, so that whoever has mended it is not
    stopped by what was."""

    most_share: float
    days: int
    least_answered: int = 1
    from_resume: bool = False


@dataclass(frozen=True)
class NumberKinds:
    """Kinds of number that are not dialled."""

    blocked: tuple[str, ...]


@dataclass(frozen=True)
class ZoneData:
    """The oldest release of the IANA data that is right there."""

    at_least: str


@dataclass(frozen=True)
class Emergency:
    """All calls are banned while the rule holds."""


Value = (
    Hours
    | Frequency
    | Cooldown
    | ConsentNeeded
    | ConsentAge
    | Revocation
    | Register
    | ReassignedNumbers
    | Disclosure
    | Recording
    | CallerId
    | AbandonmentLimit
    | NumberKinds
    | ZoneData
    | Emergency
)


TOPICS: Final[Mapping[str, type[Any]]] = {
    "number": NumberKinds,
    "revocation": Revocation,
    "consent": ConsentNeeded,
    "consent_age": ConsentAge,
    "reassigned": ReassignedNumbers,
    "register": Register,
    "emergency": Emergency,
    "time_zone_data": ZoneData,
    "hours": Hours,
    "frequency": Frequency,
    "cooldown": Cooldown,
    "recording": Recording,
    "disclosure": Disclosure,
    "caller_id": CallerId,
    "abandonment": AbandonmentLimit,
}
"""In the order in which they are judged."""

COMBINED: Final[Mapping[str, str]] = {
    "hours": "intersect",
    "frequency": "min",
    "cooldown": "max",
    "recording": "max",
    "abandonment": "min",
    "disclosure": "union",
}
"""How several rules of a topic add up, where they do not simply `all` have to be kept."""
