"""Whether a call that was claimed may still be dialled, where that was decided too long ago.

A decision holds for `core.eligibility.VALID`. From a claim to its dial it takes less; a call that
another controller took over, or whose first carriers failed slowly, takes more: the hours may be
over by then. That its callee is on the do-not-call list holds from the moment it is written, so
that is looked at before each dial, however lately it was decided.
"""

from __future__ import annotations

from datetime import datetime

from topcalls.core.call_request import CallRequest
from topcalls.core.eligibility import VALID
from topcalls.services import eligibility
from topcalls.services.eligibility import Eligibility
from topcalls.services.judgements import Meant
from topcalls.store import dispatch
from topcalls.store.locking import lock_account
from topcalls.store.models import Call


class Redecisions:
    """See the module's text. Its methods are parts of a verb."""

    def __init__(self, eligibility: Eligibility) -> None:
        self._eligibility = eligibility

    def ensure_allowed(self, call: Call, now: datetime) -> None:
        """Decide again where the claim's decision does not hold any more, or the number has come
        onto the do-not-call list, and record it.

        Raises:
            NotAllowed: a rule forbids the dial.
        """
        if call.claimed_at is None:
            return
        is_fresh = now < call.claimed_at + VALID
        where = (call.account_id, call.phone_number)
        if is_fresh and not self._eligibility.is_named_on_the_list(*where):
            return
        lock_account(call.account_id)
        meant = meant_of(call, "dial", now)
        judged = self._eligibility.judge(meant, dispatch.compliance_of(call.account_id), now)
        if judged.refused_by is not None:
            raise judged.refusal()
        eligibility.record(judged, now)


def meant_of(call: Call, stage: str, now: datetime) -> Meant:
    """A call that is there already, as one that is meant for now."""
    return Meant(
        account_id=call.account_id,
        request=CallRequest.from_mapping(call.request),
        planned_at=now,
        stage=stage,
        call_id=call.id,
        campaign_id=call.campaign_id,
        asked_by=call.key_id if call.campaign_id is None else None,
    )
