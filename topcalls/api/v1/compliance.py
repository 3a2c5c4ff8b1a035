"""`/v1/account/compliance`, `/v1/eligibility`, `/v1/decisions`, `/v1/ledger` and `/v1/people`."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response

from topcalls.api import compliance_examples as examples
from topcalls.api.auth import principal, requires
from topcalls.api.blueprint import ApiBlueprint, fails_with
from topcalls.api.context import services
from topcalls.api.ledger_lines import lines
from topcalls.api.schemas.compliance import (
    DecisionPageSchema,
    DecisionQuerySchema,
    DecisionSchema,
    EligibilityRequestSchema,
    EligibilitySchema,
    EraseQuerySchema,
    ExportQuerySchema,
    PersonSchema,
    ReceiptSchema,
    TermsChangeSchema,
    TermsSchema,
    VerificationSchema,
    eligibility_shown,
    terms_shown,
)
from topcalls.services.ledger import DecisionPage, DecisionView, Verification
from topcalls.services.people import Person, Receipt

compliance = ApiBlueprint(
    "compliance", __name__, description="Whether somebody may be called, and what proves it."
)
_TERMS = "/v1/account/compliance"
_PERSON = "/v1/people/<phone_number>"
_LINES = "application/x-ndjson"


@compliance.route(_TERMS)
@requires("leads:read")
@compliance.response(200, TermsSchema, example=examples.TERMS)
def get_terms() -> dict[str, Any]:
    """Get how the account's calls are judged, beside the law."""
    return terms_shown(services().compliance_terms.get(principal().account_id))


@compliance.route(_TERMS, methods=["PATCH"])
@requires("leads:write")
@compliance.arguments(TermsChangeSchema, example=examples.TERMS_BODY)
@compliance.response(200, TermsSchema, example=examples.TERMS)
def change_terms(body: dict[str, Any]) -> dict[str, Any]:
    """Change how the account's calls are judged.

    Each section is replaced as a whole; null takes it back to its default.
    """
    return terms_shown(services().compliance_terms.change(principal().account_id, body))


@compliance.route("/v1/eligibility/check", methods=["POST"])
@requires("calls:write")
@fails_with(404)
@compliance.arguments(EligibilityRequestSchema, example=examples.ELIGIBILITY_BODY)
@compliance.response(200, EligibilitySchema, example=examples.ELIGIBILITY)
def check_eligibility(body: dict[str, Any]) -> dict[str, Any]:
    """Ask whether somebody may be called, now or at a moment to come.

    Nobody is called and nothing is written. Every question that is asked before a dial is answered.
    """
    return eligibility_shown(services().eligibility_checks.check(principal(), body))


@compliance.route("/v1/decisions")
@requires("leads:read")
@compliance.arguments(DecisionQuerySchema, location="query")
@compliance.response(200, DecisionPageSchema, example=examples.DECISION_PAGE)
def list_decisions(query: dict[str, Any]) -> DecisionPage:
    """List what was decided about calls, newest first."""
    return services().ledger.list(principal().account_id, **query)


@compliance.route("/v1/decisions/<uuid:decision_id>")
@requires("leads:read")
@compliance.response(200, DecisionSchema, example=examples.DECISION)
def get_decision(decision_id: UUID) -> DecisionView:
    """Get one decision, with every check."""
    return services().ledger.get(principal().account_id, str(decision_id))


@compliance.route("/v1/ledger/verify")
@requires("leads:read")
@compliance.response(200, VerificationSchema, example=examples.VERIFICATION)
def verify_ledger() -> Verification:
    """Read the whole chain of your decisions.

    Each record that is not as it was written, or is missing, is named.
    """
    return services().ledger.verify(principal().account_id)


@compliance.route("/v1/ledger/export")
@requires("leads:read")
@compliance.arguments(ExportQuerySchema, location="query")
@compliance.response(200, {"type": "string"}, content_type=_LINES)
def export_ledger(query: dict[str, Any]) -> Response:
    """Get the ledger, or all that is about one number, as a JSON object on each line."""
    found = services().ledger.export(principal().account_id, query.get("phone_number"))
    return Response(lines(found), content_type=_LINES)


@compliance.route(_PERSON)
@requires("leads:read")
@compliance.response(200, PersonSchema, example=examples.PERSON)
def get_person(phone_number: str) -> Person:
    """Get everything that is stored about one number.

    Leads, lists, consents with their wording, entries of the do-not-call list, every decision, and
    calls with all that hangs on them.
    """
    return services().people.get(principal().account_id, phone_number)


@compliance.route(_PERSON, methods=["DELETE"])
@requires("leads:write")
@fails_with(409)
@compliance.arguments(EraseQuerySchema, location="query")
@compliance.response(200, ReceiptSchema, example=examples.RECEIPT)
def erase_person(query: dict[str, str], phone_number: str) -> Receipt:
    """Erase one person, for good, and get the receipt.

    Recordings, transcripts, leads and whatever else tells of them goes. What stays: that calls were
    made and what they cost, and, under a fingerprint of their number, that they may not be called
    and once agreed. 409: a call with them is not over.
    """
    verb, by = services().people.erase, f"key {principal().key_id}"
    return verb(principal().account_id, phone_number, by, suppress=query["suppress"] == "true")
