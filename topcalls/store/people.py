"""Everything that is stored about one person, found by their number; and taking it out.

What hangs on a call is found by the foreign keys of the schema, so that a new table is part of what
is told; what becomes of it when the person is erased stands in one of three tables here, and a test
holds that every table is in one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final

import peewee
from peewee import chunked

from topcalls.core.call_state import FINAL_STATES
from topcalls.store.fields import SecretField
from topcalls.store.models import (
    TABLES,
    Analysis,
    Appointment,
    Call,
    CallAnswer,
    CallAttempt,
    CallEvent,
    CallLookup,
    CallRecording,
    CallSupervision,
    CallTool,
    CallTransfer,
    CallUsage,
    Command,
    Consent,
    Decision,
    DoNotCallEntry,
    Erasure,
    IdempotencyRecord,
    Lead,
    LeadListAssignment,
    LiveCode,
    NumberCheck,
    PartialWords,
    RegisterQuestion,
    TranscriptTurn,
    TurnTiming,
    WebhookEvent,
    WrapUp,
)
from topcalls.store.models.base import Table, tuples

_AT_ONCE = 500
DELETED: Final[tuple[Any, ...]] = (
    *(TranscriptTurn, CallTool, CallLookup, Appointment, Analysis, CallAnswer, Command),
    *(LiveCode, PartialWords),
)
"""Of these everything goes that is of the person's calls."""

CLEARED: Final[Mapping[Any, Mapping[str, Any]]] = {
    CallEvent: {"detail": {}},
    CallTransfer: {"phone_number": "", "summary": None},
    WrapUp: {"log": []},
}
"""Of these rows stay, as the trail of a call, without what may tell of the person."""

KEPT: Final[tuple[Any, ...]] = (TurnTiming, CallUsage, CallAttempt, CallRecording, CallSupervision)
"""These hold measures and places, and nothing of the person. (The sound goes by the verb that
deletes recordings.)"""


def calls_of(account_id: str, number: str) -> list[Call]:
    """The calls to somebody, and those that they made."""
    theirs = ((Call.direction == "outbound") & (Call.phone_number == number)) | (
        (Call.direction == "inbound") & (Call.from_number == number)
    )
    query = Call.select().where(Call.account == account_id, theirs)
    return list(query.order_by(Call.created_at))


def open_calls(account_id: str, number: str) -> list[str]:
    """Those of their calls that are not over."""
    return [call.id for call in calls_of(account_id, number) if call.state not in FINAL_STATES]


def of_calls(call_ids: Collection[str]) -> dict[str, list[dict[str, Any]]]:
    """Everything that hangs on calls, by table; secrets are left out."""
    return {
        model._meta.table_name: found
        for model in with_call()
        if (found := _rows(model, model.call, call_ids))
    }


def of_number(account_id: str, names: Collection[str]) -> dict[str, list[dict[str, Any]]]:
    """Everything else that an account has about a number: leads, consents, checks, entries of the
    do-not-call list, decisions. `names`: the number, and its fingerprint."""
    found: dict[str, list[dict[str, Any]]] = {}
    tables: tuple[Any, ...] = (Lead, DoNotCallEntry, Consent, NumberCheck, RegisterQuestion)
    for model in tables:
        mine = (model.account == account_id) & model.phone_number.in_(list(names))
        found[model._meta.table_name] = list(model.select().where(mine).dicts())
    lists = LeadListAssignment.select(LeadListAssignment.lead, LeadListAssignment.lead_list)
    leads = [lead["id"] for lead in found["lead"]]
    on = tuples(lists.where(LeadListAssignment.lead.in_(leads)))
    found["lead_list_assignment"] = [{"lead_id": lead, "list_id": one} for lead, one in on]
    return found


def with_call() -> list[Any]:
    """The tables whose rows are of one call."""
    return [model for model in TABLES if _call_field(model) is not None]


def erase(
    account_id: str, number: str, fingerprint: str, request: Mapping[str, Any]
) -> dict[str, int]:
    """Take a person out of everything; how many rows of each table. Their calls are over, and keep
    `request` in the place of what was asked for. What proves that they may not be called, or that
    they agreed once, stays under their fingerprint."""
    calls = [call.id for call in calls_of(account_id, number)]
    erased = {"call": len(calls)}
    for some in chunked(calls, _AT_ONCE):
        for name, count in _erase_calls(list(some), number, fingerprint, request).items():
            erased[name] = erased.get(name, 0) + count
    mine = {"account": account_id, "phone_number": number}
    erased["lead"] = _delete(Lead, **mine)
    erased["number_check"] = _delete(NumberCheck, **mine)
    erased["register_question"] = _delete(RegisterQuestion, **mine)
    changes: dict[str, Any] = {"phone_number": None, "personal": None, "salt": None}
    erased["decision"] = _change(Decision, changes, **mine)
    changes = {"phone_number": fingerprint, "proof": None, "revoked_by": None}
    erased["consent"] = _change(Consent, changes, **mine)
    erased["do_not_call_entry"] = _rename_entries(account_id, number, fingerprint)
    erased["idempotency_record"] = _forget_answers(account_id, number)
    return {name: count for name, count in erased.items() if count}


def insert_erasure(**columns: Any) -> None:
    """Store a receipt."""
    Erasure.insert(**columns).execute()


def erasures(account_id: str, fingerprint: str) -> list[Erasure]:
    """The receipts for somebody, oldest first."""
    mine = (Erasure.account == account_id) & (Erasure.fingerprint == fingerprint)
    return list(Erasure.select().where(mine).order_by(Erasure.at))


def idle_leads(account_id: str, before: datetime, limit: int) -> list[str]:
    """Leads of an account that were not changed since, and not called."""
    called = Call.select(Call.id).where(Call.lead_id == Lead.id, Call.created_at >= before)
    mine = (Lead.account == account_id) & (Lead.updated_at < before)
    query = Lead.select(Lead.id).where(mine, ~peewee.fn.EXISTS(called)).order_by(Lead.id)
    return [lead_id for (lead_id,) in tuples(query.limit(limit))]


def delete_said(account_id: str, before: datetime, limit: int) -> int:
    """Delete what was said in up to `limit` calls of an account that ended before; how many calls
    that were."""
    over = (Call.account == account_id) & (Call.ended_at < before)
    spoken = TranscriptTurn.select(TranscriptTurn.call).where(TranscriptTurn.call == Call.id)
    query = Call.select(Call.id).where(over, peewee.fn.EXISTS(spoken)).limit(limit)
    found = [call_id for (call_id,) in tuples(query)]
    for model in (TranscriptTurn, CallTool, CallLookup):
        model.delete().where(model.call.in_(found)).execute()
    Call.update(call_summary=None, analysis=None).where(Call.id.in_(found)).execute()
    return len(found)


def _erase_calls(
    call_ids: list[str], number: str, fingerprint: str, request: Mapping[str, Any]
) -> dict[str, int]:
    erased: dict[str, int] = {}
    for model in DELETED:
        query = model.delete().where(model.call.in_(call_ids))
        erased[model._meta.table_name] = query.execute()
    for model, changes in CLEARED.items():
        mine = model.call.in_(call_ids)
        erased[model._meta.table_name] = model.update(**changes).where(mine).execute()
    events = WebhookEvent.delete().where(WebhookEvent.call_id.in_(call_ids))
    erased["webhook_event"] = events.execute()
    own = Call.id.in_(call_ids)
    Call.update(phone_number=fingerprint).where(own, Call.phone_number == number).execute()
    Call.update(from_number=fingerprint).where(own, Call.from_number == number).execute()
    blank = {"call_summary": None, "analysis": None, "lead_id": None, "error_message": None}
    Call.update(request=dict(request), **blank).where(own).execute()
    return erased


def _rename_entries(account_id: str, number: str, fingerprint: str) -> int:
    """Entries of the list hold on under the fingerprint, one for each scope."""
    mine = (DoNotCallEntry.account == account_id) & (DoNotCallEntry.phone_number == number)
    entries, gone = list(DoNotCallEntry.select().where(mine)), 0
    for entry in entries:
        like = (
            (DoNotCallEntry.account == account_id)
            & (DoNotCallEntry.phone_number == fingerprint)
            & (DoNotCallEntry.scope == entry.scope)
            & (DoNotCallEntry.subject == entry.subject)
        )
        if DoNotCallEntry.select().where(like).exists():
            entry.delete_instance()
        else:
            changes = {"phone_number": fingerprint, "reason": None}
            DoNotCallEntry.update(**changes).where(DoNotCallEntry.id == entry.id).execute()
        gone += 1
    return gone


def _forget_answers(account_id: str, number: str) -> int:
    """Answers that are kept for repeated requests: a day's, and read whole."""
    mine = IdempotencyRecord.account == account_id
    told = [row.id for row in IdempotencyRecord.select().where(mine) if number in (row.body or "")]
    return int(IdempotencyRecord.delete().where(IdempotencyRecord.id.in_(told)).execute())


def _call_field(model: type[Table]) -> Any:
    field = model._meta.fields.get("call")
    is_ours = isinstance(field, peewee.ForeignKeyField) and field.rel_model is Call
    return field if is_ours else None


def _rows(model: Any, column: Any, keys: Collection[str]) -> list[dict[str, Any]]:
    fields = [field for field in model._meta.sorted_fields if not isinstance(field, SecretField)]
    found: list[dict[str, Any]] = []
    for some in chunked(sorted(keys), _AT_ONCE):
        found += list(model.select(*fields).where(column.in_(some)).dicts())
    return found


def _delete(model: type[Table], **mine: Any) -> int:
    return int(model.delete().where(*_all(model, mine)).execute())


def _change(model: type[Table], changes: Mapping[str, Any], **mine: Any) -> int:
    return int(model.update(**changes).where(*_all(model, mine)).execute())


def _all(model: type[Table], mine: Mapping[str, Any]) -> list[Any]:
    return [getattr(model, name) == value for name, value in mine.items()]
