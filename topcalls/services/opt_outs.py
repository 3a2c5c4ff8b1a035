"""Who does not want to be called is not called again: kept during the call, and looked for again in
what was said when it is over.

What was heard is written in one transaction: the entry of the do-not-call list, with what follows
from it, the mark of the call and an event of its trail. The same again changes nothing; an entry
that somebody took off the list meanwhile is not made anew by a second look.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from topcalls.core import do_not_call as rules
from topcalls.core import keys, network_refusals, notes
from topcalls.core.answer_verdict import MACHINES
from topcalls.core.compliance import DEFAULT_PURPOSE
from topcalls.core.eligibility_facts import Scope
from topcalls.core.opt_out import OPT_OUT_KEY, OptOut, Tier, find, find_in_transcript
from topcalls.core.opt_out_words import OptOutPlan
from topcalls.core.wrap_up import Result
from topcalls.errors import StoreUnavailable
from topcalls.log import get_logger
from topcalls.services.call_views import ClaimedCall
from topcalls.services.do_not_call import DoNotCall
from topcalls.services.eligibility import parsed
from topcalls.store import answers, calls, dispatch, do_not_call, person_facts
from topcalls.store.database import Database
from topcalls.store.locking import lock_account
from topcalls.store.models import Call

HEARD, BY_MACHINE = "OptedOut", "OptOutByMachine"
"""Events of a call's trail."""

USER = "user"
log = get_logger("opt_outs")
_CARRIER = "carrier"
"""Who put a number on the list that a network refused calls to as unwanted."""


class OptOuts:
    """See the module's text."""

    def __init__(self, db: Database, numbers: DoNotCall) -> None:
        self._db = db
        self._numbers = numbers

    def plan_of(self, call: ClaimedCall) -> OptOutPlan:
        """How a call listens. Somebody who calls us is not asked, and their keys mean what the
        agent asked for. As by default while the database cannot tell."""
        try:
            offers, asks = self._db.read(_said, call.account_id, call.campaign_id)
        except StoreUnavailable:
            log.warning("The terms of a call are not known", call_id=call.call_id)
            offers, asks = False, True
        outbound = not call.is_inbound
        return OptOutPlan(True, asks and outbound, outbound, offers and outbound)

    def heard(self, call_id: str, heard: OptOut, now: datetime) -> bool:
        """Keep it; False where that number is not known, or it was kept before."""

        def verb() -> bool:
            call = calls.get(call_id)
            return call is not None and self._keep(call, heard, now)

        return self._db.run(verb)

    def second_look(self, call_id: str, now: datetime) -> Result:
        """Of a call that is over: what its agent put on the list is marked, and what was said is
        searched for what nobody acted on. What a machine said is only noted. May run twice."""
        return self._db.run(self._second_look, call_id, now)

    def _second_look(self, call_id: str, now: datetime) -> Result:
        call = calls.get(call_id)
        if call is None or call.answered_at is None:
            return Result.SKIPPED
        if call.opted_out == Scope.ACCOUNT:
            return Result.DONE
        lock_account(call.account_id)
        entry = _entry_of(call)
        if entry is not None and call.opted_out is None:
            _mark(call, Scope(entry), {"scope": entry, "by": "agent"}, now)
            return Result.DONE
        said = _said_by_caller(call)
        if _is_machine(call):
            return _note_machine(call, said, now)
        offers, _ = _said(call.account_id, call.campaign_id)
        found = find_in_transcript(said, stop_was_offered=offers and call.direction == "outbound")
        if found is None or found.tier > Tier.PURPOSE:
            return Result.SKIPPED
        self._keep(call, found, now)
        return Result.DONE

    def _keep(self, call: Call, heard: OptOut, now: datetime) -> bool:
        number = call.phone_number if call.direction == "outbound" else call.from_number
        scope = Scope.PURPOSE if heard.tier is Tier.PURPOSE else Scope.ACCOUNT
        if number is None or call.opted_out in (scope, Scope.ACCOUNT):
            return False
        by = "key" if heard.words == OPT_OUT_KEY else "transcript"
        self._numbers.add(
            call.account_id,
            number,
            heard.words[: rules.MAX_REASON],
            now=now,
            purpose=_purpose(call) if scope is Scope.PURPOSE else None,
            source=by,
            call_id=call.id,
        )
        flags = {"wrong_party": heard.wrong_party, "litigation_risk": heard.litigation_risk}
        detail = {"scope": scope, "by": by, "language": heard.language or None, **flags}
        _mark(call, scope, detail, now)
        return True


def unwanted(numbers: DoNotCall, call: Call, now: datetime) -> None:
    """A call that is over was marked as unwanted by a telephone, or by its network for it (RFC
    8197): its number is on the list. A part of the verb that ends it, which locked the account."""
    reason = f"SIP {network_refusals.UNWANTED}: marked as unwanted."
    more = {"source": _CARRIER, "call_id": call.id, "now": now}
    numbers.add(call.account_id, call.phone_number, reason, **more)
    _mark(call, Scope.ACCOUNT, {"scope": Scope.ACCOUNT, "by": _CARRIER}, now)


def _mark(call: Call, scope: Scope, detail: Mapping[str, object], now: datetime) -> None:
    calls.set_columns(call.id, opted_out=scope)
    calls.note(call.id, HEARD, dict(detail), now)


def _said(account_id: str, campaign_id: str | None) -> tuple[bool, bool]:
    """Whether the opening of such calls offers the word "stop", and whether they ask."""
    terms = parsed(dispatch.compliance_of(account_id))
    subject = person_facts.subject_of(campaign_id) if campaign_id is not None else None
    slots = (subject.compliance.get("slots") if subject is not None else None) or terms.slots
    return "opt_out" in (slots or ()), terms.opt_out_question


def _purpose(call: Call) -> str:
    subject = person_facts.subject_of(call.campaign_id) if call.campaign_id else None
    if subject is not None:
        return subject.purpose
    return str(call.request.get("purpose") or DEFAULT_PURPOSE)


def _entry_of(call: Call) -> str | None:
    """The scope of what was put on the list in this call, other than by the ears."""
    number = call.phone_number if call.direction == "outbound" else call.from_number
    entries = do_not_call.of_numbers(call.account_id, [number]) if number else []
    scopes = [entry.scope for entry in entries if entry.call_id == call.id]
    return Scope.ACCOUNT if Scope.ACCOUNT in scopes else next(iter(scopes), None)


def _said_by_caller(call: Call) -> list[str]:
    turns = calls.transcripts([call.id])[call.id]
    ordered = sorted(turns, key=lambda turn: (turn.started_ms, turn.seq))
    return [
        turn.text
        for turn in ordered
        if turn.role == USER and not keys.is_written(turn.text) and not notes.is_note(turn.text)
    ]


def _is_machine(call: Call) -> bool:
    answer = answers.of_call(call.id)
    return answer is not None and (answer.corrected or answer.kind) in MACHINES


def _note_machine(call: Call, said: list[str], now: datetime) -> Result:
    """For a person to look at, once."""
    found = [one for text in said if (one := find(text, by_machine=True)) is not None]
    if not found or calls.last_event(call.id, BY_MACHINE) is not None:
        return Result.SKIPPED
    calls.note(call.id, BY_MACHINE, {"language": found[0].language or None}, now)
    return Result.DONE
