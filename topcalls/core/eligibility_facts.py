"""What is known of somebody when it is decided whether they may be called, and what was decided.

Plain data that whoever stores it fills in: `core/eligibility.py` decides from it alone. Every
moment has a zone and is compared as an instant; a jurisdiction is an ISO 3166 code, of a country
("US") or of one of its parts ("US-FL"). What may be empty is empty where nothing is known, and
what is not known never counts in favour of a call.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple


class Verdict(StrEnum):
    """What may be done. `DEFER`: not before a moment. `REVIEW`: a person has to look at it, or
    evidence is missing that only people can bring; never dialled. `BLOCK`: not at all."""

    ALLOW = "allow"
    DEFER = "defer"
    REVIEW = "review"
    BLOCK = "block"


class Result(StrEnum):
    """How one check went. `UNKNOWN`: what it needs to know is missing."""

    PASS = "pass"
    FAIL = "fail"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not_applicable"


class Category(StrEnum):
    """What a call is about, as far as the law asks. `TELEMARKETING` has the strictest rules, and
    is what a call counts as of which nothing was said."""

    TELEMARKETING = "telemarketing"
    INFORMATIONAL = "informational"
    SERVICE = "service"
    DEBT = "debt"
    RESEARCH = "research"


class Voice(StrEnum):
    """Who speaks. An AI's voice is an artificial one (FCC 24-17)."""

    AI = "ai"
    HUMAN = "human"


class ConsentKind(StrEnum):
    """What somebody agreed to, from the least to the most (compliance rules, consent kinds).

    `REQUEST`: they asked for this very call. `CALLBACK`: they named a time to be called at. The
    `EBR_` ones are business done with them, and lift nothing but a national register. `WARRANTY`:
    the account states that it holds the consent that the law asks for, and shows none.
    """

    REQUEST = "request"
    CALLBACK = "callback"
    EXPRESS = "express"
    EXPRESS_WRITTEN = "express_written"
    EXPRESS_DOCUMENTED = "express_documented"
    EBR_PURCHASE = "ebr_purchase"
    EBR_INQUIRY = "ebr_inquiry"
    WARRANTY = "warranty"


class Scope(StrEnum):
    """How far it goes that somebody does not want to be called."""

    ACCOUNT = "account"
    PURPOSE = "purpose"
    CAMPAIGN = "campaign"


class ZoneSource(StrEnum):
    """Who says where somebody is: they themselves in a call (counts for 7 days), or the account."""

    SPOKEN = "spoken"
    STATED = "stated"


class Recorded(StrEnum):
    """How a call is recorded. `ANNOUNCE`: people are told before the first stored sound. `ASK`:
    what comes before their yes is not stored. `AGENT_ONLY`: nobody but the agent."""

    OFF = "off"
    SILENT = "silent"
    ANNOUNCE = "announce"
    ASK = "ask"
    AGENT_ONLY = "agent_only"


@dataclass(frozen=True, slots=True)
class Contact:
    """Who is called. `regions`: jurisdictions that they are known to be of, by their address or
    their own word. `time_zone` (IANA): where they are said to be. `zone_noted_at`: when both were
    noted; without a date they add to what the number tells, and replace none of it. `is_business`:
    the number is known to be a company's. `id`: the lead."""

    number: str
    regions: tuple[str, ...] = ()
    time_zone: str | None = None
    zone_noted_at: datetime | None = None
    zone_source: ZoneSource = ZoneSource.STATED
    is_business: bool = False
    id: str | None = None


@dataclass(frozen=True, slots=True)
class CallerNumber:
    """The number that is shown. `right_to_use`: the account proved that it may use it.
    `inbound_checked_at`: when a call to it was last taken; `inbound_works`: how that went.
    `quarantined_until`: networks block it."""

    number: str
    right_to_use: bool = True
    inbound_works: bool = True
    inbound_checked_at: datetime | None = None
    quarantined_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """The call that is meant.

    `purpose`: the account's own name for it ("appointment_reminder"); consents and suppressions
    name purposes. `subject_key`: what the call is about, where frequency is counted by subject.
    `debt_key`: the debt, where one is collected. `slots`: what the first sentence and the
    announcement say (`core/readiness.py`). `seller`: the company in whose name it is. None for
    `caller`: the installation's own number, which is not judged. `consent_needed` False: a call of
    which consent is not asked for (the account's policy has told why).
    """

    purpose: str
    category: Category = Category.TELEMARKETING
    voice: Voice = Voice.AI
    campaign_id: str | None = None
    subject_key: str | None = None
    debt_key: str | None = None
    seller: str | None = None
    ring_timeout_seconds: float = 45.0
    recording: Recorded = Recorded.OFF
    slots: frozenset[str] = frozenset()
    caller: CallerNumber | None = None
    consent_needed: bool = True


@dataclass(frozen=True, slots=True)
class PastAttempt:
    """A dial that left the trunk, or (`counted` False) one that never did.

    `conversation`: a person was spoken with; `refused`: and did not want the offer. `outcome` as
    `core/campaign_outcomes.py` names it.
    """

    at: datetime
    id: str = ""
    counted: bool = True
    answered: bool = False
    conversation: bool = False
    refused: bool = False
    outcome: str = ""
    subject_key: str | None = None
    debt_key: str | None = None
    campaign_id: str | None = None
    caller_number: str | None = None


@dataclass(frozen=True, slots=True)
class Consent:
    """What somebody agreed to, and when.

    `purposes`: empty means every purpose of the account. `sellers`: likewise. `has_wording`: the
    words that they agreed to are stored. `names_ai_voice`: these name an artificial voice.
    `device_agreement`: they agreed beforehand to be called by an announcing device (California,
    PUC § 2873). `lifts_hours`: they agreed to be called outside the hours.
    """

    id: str
    kind: ConsentKind
    captured_at: datetime
    purposes: tuple[str, ...] = ()
    sellers: tuple[str, ...] = ()
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    has_wording: bool = False
    names_ai_voice: bool = False
    device_agreement: bool = False
    lifts_hours: bool = False


@dataclass(frozen=True, slots=True)
class Suppression:
    """Somebody is not to be called. `purpose` and `campaign_id` say for what, by `scope`.

    `is_revocation`: they took a consent back (a person's word), so that rules on how far a
    revocation goes apply. `applied_at` None: it waits to be carried out; it holds all the same.
    """

    id: str
    scope: Scope
    since: datetime
    source: str
    purpose: str | None = None
    campaign_id: str | None = None
    is_revocation: bool = True
    applied_at: datetime | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Scrub:
    """What a register of people who are not to be called said of the number.

    `list`: the register's name as rules have it ("US", "US-CO", "FR", "GB"). `version_at`: when
    the copy that was asked was made, where it is known. `expires_at`: the provider's own limit.
    """

    list: str
    listed: bool
    scrubbed_at: datetime
    id: str = ""
    version_at: datetime | None = None
    expires_at: datetime | None = None


class Reassignment(StrEnum):
    """What a register of reassigned numbers answers: another holder since, none, or it does not
    know."""

    YES = "yes"
    NO = "no"
    NO_DATA = "no_data"


@dataclass(frozen=True, slots=True)
class Reassigned:
    """Whether the number has another holder since a consent. `consent_at`: the date asked about."""

    answer: Reassignment
    consent_at: datetime
    checked_at: datetime
    id: str = ""


@dataclass(frozen=True, slots=True)
class Abandonment:
    """Of `answered` calls that people took within the last `days`, `abandoned` met nobody who
    spoke, the first of them at `oldest_at`. They are those of the campaign, or the account's calls
    of no campaign. `from_resume`: since the campaign was last resumed, where that is later."""

    days: int
    answered: int
    abandoned: int
    oldest_at: datetime | None = None
    from_resume: bool = False


@dataclass(frozen=True, slots=True)
class Policy:
    """What the account or the operator chose. None of it is wider than the law of the pack, but
    for what is named so, dated, and shown in each decision.

    `most_per_day`, `most_per_30_days`, `hours_apart`: in place of the product's own caps (2, 6 and
    4 hours); those of the law hold all the same.
    `caps_by_subject`: caps on the "same subject" count by `subject_key`, not the whole account.
    `oral_consent_5th_circuit`: *Bradford* (2026-02-25) is relied on in TX, LA and MS.
    `gb_ai_is_live_call`: an AI that talks is no automated calling system (PECR reg. 19).
    `allow_no_data`: a register of reassigned numbers that cannot say stops nothing.
    `require_reassigned`: that evidence is asked for where rules name it. `require_scrubs` False:
    the answer of a register may be missing or old where a consent that lifts it, or a warranty, is
    held.
    `regions`: empty means everywhere; else nobody outside them is called.
    """

    most_per_day: int | None = None
    most_per_30_days: int | None = None
    hours_apart: float | None = None
    caps_by_subject: bool = False
    oral_consent_5th_circuit: bool = False
    gb_ai_is_live_call: bool = False
    allow_no_data: bool = False
    require_scrubs: bool = True
    require_reassigned: bool = False
    regions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        figures = (self.most_per_day, self.most_per_30_days)
        if any(one is not None and one < 1 for one in figures) or (self.hours_apart or 0) < 0:
            raise ValueError("Caps are at least 1, and hours apart at least 0.")


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that a decision may look at, of one person. Attempts are those of the account to
    the person, all campaigns, of the last 60 days at least."""

    contact: Contact
    attempts: tuple[PastAttempt, ...] = ()
    consents: tuple[Consent, ...] = ()
    suppressions: tuple[Suppression, ...] = ()
    scrubs: tuple[Scrub, ...] = ()
    reassigned: tuple[Reassigned, ...] = ()
    abandonment: tuple[Abandonment, ...] = ()
    policy: Policy = field(default_factory=Policy)


class Check(NamedTuple):
    """One question that was asked, and what answered it.

    `check`: its name ("hours"). `rule_id` and `jurisdiction`: by whose rule. `status`: how far the
    rule was confirmed (`core/rule_pack.py`), with its `source` and the day it was `checked_on`, as
    text. `observed` and `required`: ready for JSON. `evidence_ids`: rows that it rests on.
    `verdict`: what it asks for by itself; `until`: for how long it does.
    """

    check: str
    rule_id: str
    result: Result
    verdict: Verdict = Verdict.ALLOW
    reason: str = ""
    jurisdiction: str = ""
    observed: Mapping[str, Any] | None = None
    required: Mapping[str, Any] | None = None
    evidence_ids: tuple[str, ...] = ()
    until: datetime | None = None
    status: str = ""
    source: str = ""
    checked_on: str = ""


@dataclass(frozen=True, slots=True)
class Versions:
    """What the decision was made with. `pack_hash`: SHA-256 over the rules, in hex."""

    pack: str
    pack_hash: str
    engine: str
    tz: str
    phones: str
    holidays: str


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether, by which rule, and until when it holds.

    `rule_id` and `reason` are of the first check, in the order of evaluation, among those that ask
    for the verdict; empty for `ALLOW`. `until`: the first moment at which a deferred call is
    allowed by all that is known, None where no such moment is near. `valid_until`: an `ALLOW` may
    be used before it, and not at it. `alarms`: what somebody has to be told whatever the verdict.
    """

    verdict: Verdict
    rule_id: str
    reason: str
    until: datetime | None
    valid_until: datetime
    checks: tuple[Check, ...]
    versions: Versions
    jurisdictions: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    alarms: tuple[str, ...] = ()
