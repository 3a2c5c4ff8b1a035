"""Terms, decisions and people's data: what is sent and how it is shown."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from topcalls.api import fields
from topcalls.api.schemas.leads import id_sent
from topcalls.core import pre_dial
from topcalls.core.compliance import MOST_DAYS, Enforcement
from topcalls.core.eligibility_facts import Category, Result, Verdict
from topcalls.core.phone_numbers import E164_PATTERN
from topcalls.core.rule_values import SLOTS
from topcalls.services.compliance_terms import TermsView
from topcalls.services.eligibility_checks import EligibilityView

_ENFORCEMENT = (
    "`enforce`: a call that is not allowed is not made. `record`: it is made, unless its number is "
    "on the do-not-call list; what was decided is kept all the same. Null: as the installation "
    "has it, which is `record` in the sandbox."
)
_CONSENT = (
    "The consent to single calls must be stored. Otherwise whoever asks for one by the API "
    "warrants it, and the ledger keeps which key that was."
)
_QUESTION = (
    'Who says in a call what may mean that they want no more of them ("not interested", "wrong '
    'number") is asked once, and any answer but a clear no puts them on the do-not-call list. '
    "False: they are not asked. Clear words and the key 9 always count."
)
_SLOTS = (
    "What the first sentence, or the announcement, of every call says, stated by you and looked "
    "for there. Null: whoever asks for a single call warrants that it says what it must."
)
SAID = (
    "By slot, the words by which it is said, where they are not those that are known, as in "
    '`{"ai_voice": "your digital helper"}`. They have to be in the first sentence or the '
    "announcement."
)


class CapsSchema(ma.Schema):
    """Caps and choices of the account."""

    most_per_day = fields.Whole(allow_none=True)
    most_per_30_days = fields.Whole(allow_none=True)
    hours_apart = fields.Number(allow_none=True)
    caps_by_subject = fields.Flag()
    oral_consent_5th_circuit = fields.Flag()
    gb_ai_is_live_call = fields.Flag()
    allow_no_data = fields.Flag()
    require_scrubs = fields.Flag()
    require_reassigned = fields.Flag()
    regions = fields.ListOf(
        fields.Text(metadata={"description": "`US` or `US-CA`."}),
        metadata={"description": "Nobody outside them is called; empty: everywhere."},
    )


class PreDialSchema(ma.Schema):
    """Your server that is asked before each call is created."""

    url = fields.Text(required=True, metadata={"format": "uri"})
    timeout_seconds = fields.Number(
        allow_none=True,
        metadata={
            "minimum": pre_dial.SECONDS[0],
            "maximum": pre_dial.SECONDS[1],
            "default": pre_dial.DEFAULT_SECONDS,
        },
    )
    on_failure = fields.Choice(
        *pre_dial.OnFailure,
        allow_none=True,
        metadata={
            "description": "Where it does not answer in time, or not with 2xx: the call waits for "
            "5 minutes, or is made. Telemarketing always waits.",
            "default": pre_dial.OnFailure.DEFER.value,
        },
    )


class RetentionSchema(ma.Schema):
    """After how many days things are deleted; null: never."""

    transcript_days = fields.Whole(
        allow_none=True,
        metadata={"maximum": MOST_DAYS, "description": "What was said, from the call's end on."},
    )
    lead_days = fields.Whole(
        allow_none=True,
        metadata={"maximum": MOST_DAYS, "description": "Leads that were not changed or called."},
    )


class TermsChangeSchema(ma.Schema):
    """What to change of the terms; null takes a section back to its default."""

    enforcement = fields.Choice(
        *Enforcement, allow_none=True, metadata={"description": _ENFORCEMENT}
    )
    consent_required = fields.Flag(allow_none=True, metadata={"description": _CONSENT})
    opt_out_question = fields.Flag(allow_none=True, metadata={"description": _QUESTION})
    category = fields.Choice(
        *Category,
        allow_none=True,
        metadata={"description": "Of calls whose purpose `purposes` does not name."},
    )
    purposes = fields.ObjectOf(
        values=fields.Choice(*Category),
        allow_none=True,
        metadata={"description": "Your names for purposes, and what each is for the law."},
    )
    seller = fields.Text(
        allow_none=True, metadata={"description": "The company in whose name you call."}
    )
    slots = fields.ListOf(fields.Choice(*SLOTS), allow_none=True, metadata={"description": _SLOTS})
    said = fields.ObjectOf(allow_none=True, metadata={"description": SAID})
    policy = ma.fields.Nested(CapsSchema, allow_none=True)
    pre_dial = ma.fields.Nested(PreDialSchema, allow_none=True)
    retention = ma.fields.Nested(RetentionSchema, allow_none=True)


class TermsSchema(TermsChangeSchema):
    """An account's terms."""

    effective = fields.Choice(
        *Enforcement, required=True, metadata={"description": "The `enforcement` that holds."}
    )


def terms_shown(view: TermsView) -> dict[str, Any]:
    """The fields of `TermsSchema`."""
    terms = view.terms
    policy = {name: getattr(terms.policy, name) for name in terms.policy.__slots__}
    return {
        "enforcement": terms.enforcement,
        "effective": view.effective,
        "consent_required": terms.consent_required,
        "opt_out_question": terms.opt_out_question,
        "category": terms.category,
        "purposes": dict(terms.purposes),
        "seller": terms.seller,
        "slots": None if terms.slots is None else sorted(terms.slots),
        "said": dict(terms.said),
        "policy": {**policy, "regions": list(terms.policy.regions)},
        "pre_dial": terms.pre_dial,
        "retention": terms.retention,
    }


class EligibilityRequestSchema(ma.Schema):
    """Whom to ask about, and for what."""

    phone_number = fields.Text(
        required=True, metadata={"description": "In E.164.", "pattern": E164_PATTERN}
    )
    campaign_id = id_sent("As a call of this campaign.", required=False)
    purpose = fields.Text(metadata={"description": "As a single call of this purpose."})
    at = fields.Timestamp(metadata={"description": "As at this moment; by default now."})
    recording = fields.Flag(
        load_default=True, metadata={"description": "The call would be recorded."}
    )


class CheckSchema(ma.Schema):
    """One question, and what answered it."""

    check = fields.Text(required=True)
    rule_id = fields.Text(required=True)
    jurisdiction = fields.Text(required=True)
    result = fields.Choice(*Result, required=True)
    verdict = fields.Choice(*Verdict, required=True)
    reason = fields.Text(required=True)
    status = fields.Text(
        required=True,
        metadata={"description": "How far the rule was confirmed; see docs/rules.md."},
    )
    until = fields.Timestamp(required=True, allow_none=True)
    observed = fields.ObjectOf(required=True, allow_none=True)
    required = fields.ObjectOf(required=True, allow_none=True)
    evidence_ids = fields.ListOf(fields.Text(), required=True)


class EligibilitySchema(ma.Schema):
    """Whether somebody may be called, and why."""

    verdict = fields.Choice(*Verdict, required=True)
    rule_id = fields.Text(
        required=True, metadata={"description": "Of the first check that asks for the verdict."}
    )
    reason = fields.Text(required=True)
    until = fields.Timestamp(
        required=True,
        allow_none=True,
        metadata={"description": "The first moment at which a deferred call is allowed."},
    )
    would_dial = fields.Flag(
        required=True, metadata={"description": "Whether a call would be made, by your policy."}
    )
    jurisdictions = fields.ListOf(fields.Text(), required=True)
    zones = fields.ListOf(fields.Text(), required=True)
    alarms = fields.ListOf(fields.Text(), required=True)
    versions = fields.ObjectOf(required=True)
    checks = fields.ListOf(ma.fields.Nested(CheckSchema), required=True)


class DecisionSchema(ma.Schema):
    """A decision as the ledger has it."""

    id = fields.Text(required=True, metadata={"format": "uuid"})
    call_id = fields.Text(required=True, allow_none=True, metadata={"format": "uuid"})
    campaign_id = fields.Text(required=True, allow_none=True, metadata={"format": "uuid"})
    stage = fields.Text(
        required=True,
        metadata={
            "description": "`create`; `claim`, when it is taken up to be dialled; `dial`, where "
            "more than 60 s went by before a dial, as when carriers fail."
        },
    )
    verdict = fields.Choice(*Verdict, required=True)
    rule_id = fields.Text(required=True)
    decided_at = fields.Timestamp(required=True)
    digest = fields.Text(required=True, metadata={"description": "SHA-256 of all of it, in hex."})
    seq = fields.Whole(
        required=True,
        allow_none=True,
        metadata={
            "description": "Its place in your chain; null for the moment until it is sealed."
        },
    )
    chain = fields.Text(
        required=True,
        allow_none=True,
        metadata={"description": "What binds it to the record before it."},
    )
    erased = fields.Flag(
        required=True, metadata={"description": "What told of the person was taken out."}
    )
    detail = fields.ObjectOf(required=True)


class DecisionPageSchema(ma.Schema):
    """Decisions, newest first."""

    data = fields.ListOf(ma.fields.Nested(DecisionSchema), required=True)
    next_cursor = fields.Text(
        required=True,
        allow_none=True,
        metadata={"description": "Where the next page begins; null on the last."},
    )


class DecisionQuerySchema(ma.Schema):
    """Which decisions to list."""

    phone_number = fields.Text(metadata={"description": "About this number, in E.164."})
    call_id = id_sent("About this call.", required=False)
    verdict = fields.Choice(*Verdict)
    limit = fields.QueryWhole(
        load_default=50, validate=ma.validate.Range(1, 200, error="Must be from 1 to 200.")
    )
    cursor = id_sent("`next_cursor` of the page before.", required=False)


class LedgerFaultSchema(ma.Schema):
    """A record that is not as it was written."""

    seq = fields.Whole(required=True)
    record_id = fields.Text(required=True, allow_none=True)
    message = fields.Text(required=True)


class VerificationSchema(ma.Schema):
    """What came of reading the whole chain."""

    account_id = fields.Text(required=True, metadata={"format": "uuid"})
    records = fields.Whole(required=True)
    head = fields.Text(
        required=True,
        metadata={"description": "The last link: keep it, to prove later that nothing is missing."},
    )
    unsealed = fields.Whole(required=True)
    faults = fields.ListOf(ma.fields.Nested(LedgerFaultSchema), required=True)


class PersonSchema(ma.Schema):
    """Everything that is stored about a number."""

    phone_number = fields.Text(required=True)
    calls = fields.ListOf(fields.ObjectOf(), required=True)
    of_calls = fields.ObjectOf(
        required=True, metadata={"description": "What hangs on these calls, by its kind."}
    )
    rows = fields.ObjectOf(
        required=True,
        metadata={"description": "Leads, consents, registers, do-not-call entries."},
    )
    recordings = fields.ListOf(fields.Text(metadata={"format": "uri"}), required=True)
    decisions = fields.ListOf(ma.fields.Nested(DecisionSchema), required=True)
    erasures = fields.ListOf(ma.fields.Nested(lambda: ReceiptSchema()), required=True)


class ReceiptSchema(ma.Schema):
    """That somebody was erased."""

    id = fields.Text(required=True, metadata={"format": "uuid"})
    fingerprint = fields.Text(
        required=True, metadata={"description": "What stands for their number now."}
    )
    requested_by = fields.Text(required=True)
    erased = fields.ObjectOf(
        values=fields.Whole(),
        required=True,
        metadata={"description": "How many rows of each kind."},
    )
    at = fields.Timestamp(required=True)


class EraseQuerySchema(ma.Schema):
    """How to erase somebody."""

    suppress = fields.Text(
        load_default="true",
        validate=ma.validate.OneOf(["true", "false"], error="Must be true or false."),
        metadata={
            "description": "They are not to be called any more either.",
            "enum": ["true", "false"],
        },
    )


class ExportQuerySchema(ma.Schema):
    """Which decisions to export."""

    phone_number = fields.Text(
        metadata={"description": "Only about this number, in E.164; else the whole chain."}
    )


def eligibility_shown(view: EligibilityView) -> dict[str, Any]:
    """The fields of `EligibilitySchema`."""
    decision, versions = view.decision, view.decision.versions
    return {
        "verdict": decision.verdict,
        "rule_id": decision.rule_id,
        "reason": decision.reason,
        "until": decision.until,
        "would_dial": view.would_dial,
        "jurisdictions": decision.jurisdictions,
        "zones": decision.zones,
        "alarms": decision.alarms,
        "versions": {name: getattr(versions, name) for name in versions.__slots__},
        "checks": decision.checks,
    }
