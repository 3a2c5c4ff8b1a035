"""What an account has said about how its calls are to be judged, beside the law.

`Terms` hold a policy, what its calls are about, who they are made for, which caps it wants below
those of the law, its own server that is asked before each call, and how long it keeps what.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any, Final

from topcalls.core import do_not_call, pre_dial
from topcalls.core.eligibility_facts import Category, Policy
from topcalls.core.field_checks import section, text
from topcalls.core.pre_dial import Server
from topcalls.core.rule_values import SLOTS
from topcalls.errors import FieldError


class Enforcement(StrEnum):
    """`ENFORCE`: a call that is not allowed is not made. `RECORD`: it is made, unless the number is
    on the do-not-call list; what was decided is kept all the same."""

    ENFORCE = "enforce"
    RECORD = "record"


DEFAULT_PURPOSE: Final = "unspecified"
"""Of calls that name none."""

MAX_NAME: Final = 200
MAX_SAID: Final = 300
MOST_DAYS: Final = 36_500


@dataclass(frozen=True, slots=True)
class Retention:
    """After how many days what was said, and leads that nobody was in touch with, are deleted;
    None: never."""

    transcript_days: int | None = None
    lead_days: int | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """See the module's text. `enforcement` None: as the installation has it. `consent_required`:
    the consent to single calls must be stored too; else who asks for one warrants it.
    `opt_out_question`: who says something that may mean it is asked whether they want no calls;
    what is clear counts without. `category`:
    what calls are about whose purpose `purposes` does not know. `slots`: what the first sentence of
    every call says (`core/readiness.py`); None: who asks for a single call warrants it. `said`: the
    words by which a slot is said, where they are not known (`core/opening_text.py`)."""

    enforcement: Enforcement | None = None
    consent_required: bool = False
    opt_out_question: bool = True
    category: Category = Category.TELEMARKETING
    purposes: Mapping[str, Category] = field(default_factory=dict)
    seller: str | None = None
    slots: frozenset[str] | None = None
    said: Mapping[str, str] = field(default_factory=dict)
    policy: Policy = field(default_factory=Policy)
    pre_dial: Server | None = None
    retention: Retention = field(default_factory=Retention)

    def category_of(self, purpose: str) -> Category:
        """What calls of a purpose are about, as far as the law asks."""
        return self.purposes.get(purpose, self.category)


def terms_of(data: Mapping[str, Any] | None) -> Terms:
    """The terms stored by `stored`, or a body without faults. None counts as not given."""
    given = {name: value for name, value in (data or {}).items() if value is not None}
    for name, convert in _CONVERTERS.items():
        if name in given:
            given[name] = convert(given[name])
    known = {one.name for one in fields(Terms)}
    return Terms(**{name: value for name, value in given.items() if name in known})


def faults(body: Mapping[str, Any]) -> Iterator[FieldError]:
    """What is wrong with terms as they were sent, beyond their types."""
    for purpose in body.get("purposes") or {}:
        yield from do_not_call.purpose_faults(purpose, f"purposes.{str(purpose)[:64]}")
    seller = body.get("seller")
    if seller is not None and not 0 < len(seller.strip()) <= MAX_NAME:
        yield FieldError("seller", f"Must be a name of up to {MAX_NAME} characters.", "length")
    if body.get("said") is not None:
        yield from said_faults(body["said"], "said")
    policy = body.get("policy") or {}
    for name in ("most_per_day", "most_per_30_days", "hours_apart"):
        if policy.get(name) is not None and not 0 < policy[name] <= 1000:
            yield FieldError(f"policy.{name}", "Must be above 0 and at most 1000.", "range")
    if body.get("pre_dial") is not None:
        yield from pre_dial.faults(body["pre_dial"], "pre_dial")
    for name, days in (body.get("retention") or {}).items():
        if days is not None and not 1 <= days <= MOST_DAYS:
            yield FieldError(f"retention.{name}", f"Must be from 1 to {MOST_DAYS}.", "range")


def said_faults(value: object, path: str) -> Iterator[FieldError]:
    """What is wrong with words by which slots are said."""
    yield from section(value, path, dict.fromkeys(SLOTS, text(2, MAX_SAID)))


def _policy(data: Mapping[str, Any]) -> Policy:
    given = {name: value for name, value in data.items() if value is not None}
    if "regions" in given:
        given["regions"] = tuple(given["regions"])
    return Policy(**given)


def _purposes(data: Mapping[str, str]) -> Mapping[str, Category]:
    return {purpose: Category(category) for purpose, category in data.items()}


_CONVERTERS: Final[Mapping[str, Any]] = {
    "enforcement": Enforcement,
    "category": Category,
    "purposes": _purposes,
    "slots": frozenset,
    "policy": _policy,
    "pre_dial": pre_dial.server_of,
    "retention": lambda data: Retention(**data),
}
