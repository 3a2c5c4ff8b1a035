"""Whether somebody may be called, asked without calling them: now, or at a moment to come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from topcalls.clock import Clock
from topcalls.core import do_not_call, phone_numbers
from topcalls.core.call_request import CallRequest, Recording
from topcalls.core.eligibility_facts import Decision
from topcalls.errors import InvalidRequest, NotFound
from topcalls.services.eligibility import Eligibility
from topcalls.services.judgements import Meant
from topcalls.services.keys import Principal
from topcalls.store import campaigns, dispatch
from topcalls.store.database import Database


@dataclass(frozen=True, slots=True)
class EligibilityView:
    """A decision that nothing follows from. `would_dial`: by the account's policy."""

    decision: Decision
    would_dial: bool


class EligibilityChecks:
    """Dry runs: they write nothing."""

    def __init__(self, db: Database, clock: Clock, eligibility: Eligibility) -> None:
        self._db = db
        self._clock = clock
        self._eligibility = eligibility

    def check(self, principal: Principal, body: Mapping[str, Any]) -> EligibilityView:
        """Decide as for a call to `phone_number`, `at` a moment: a single one of a `purpose`, or
        one of a campaign.

        Raises:
            InvalidRequest: it is no telephone number, or both a purpose and a campaign are given.
            NotFound: no such campaign in this account.
        """
        number, purpose = body["phone_number"], body.get("purpose")
        fault = phone_numbers.fault(number, "phone_number")
        wrong = [fault] if fault is not None else []
        if purpose is not None:
            wrong += do_not_call.purpose_faults(purpose, "purpose")
            if body.get("campaign_id") is not None:
                raise InvalidRequest("A campaign has its own purpose.", field="purpose")
        if wrong:
            raise InvalidRequest("The request is not right as it was sent: see 'errors'.", wrong)
        now = self._clock.now()
        request = CallRequest(number, recording=Recording(enabled=body.get("recording", True)))
        meant = Meant(
            account_id=principal.account_id,
            request=request,
            planned_at=body.get("at") or now,
            stage="check",
            campaign_id=body.get("campaign_id"),
            asked_by=principal.key_id,
            purpose=purpose,
        )
        # It may make the account's key for fingerprints; nothing else is written.
        return self._db.run(self._check, meant, now)

    def _check(self, meant: Meant, now: datetime) -> EligibilityView:
        known = meant.campaign_id is None or campaigns.get(meant.account_id, meant.campaign_id)
        if not known:
            raise NotFound("No such campaign.")
        terms = dispatch.compliance_of(meant.account_id)
        judged = self._eligibility.judge(meant, terms, now)
        return EligibilityView(judged.decision, judged.refused_by is None)
