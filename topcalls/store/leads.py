"""Queries on leads and the lists that they are on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from peewee import SQL, chunked, fn

from topcalls.store import rows
from topcalls.store.locking import locked
from topcalls.store.models import Call, Lead, LeadList, LeadListAssignment, LeadTag
from topcalls.store.models.base import tuples

_TICK = timedelta(microseconds=1)
_MOST_VALUES = 500
"""Rows in one statement: SQLite takes 32,766 values."""


class Chosen(NamedTuple):
    """Which leads of an account: those that meet all that is given."""

    list_id: str | None = None
    status: str | None = None
    tag: str | None = None
    phone_number: str | None = None


# --- lists


def insert_list(**columns: Any) -> None:
    """Store a list; its `created_at` comes from `free_time`."""
    LeadList.insert(**columns).execute()


def free_time(account_id: str, wanted: datetime) -> datetime:
    """A time not before `wanted` and after every list of the account, which is locked by then."""
    query = LeadList.select(fn.MAX(LeadList.created_at)).where(LeadList.account == account_id)
    last: datetime | None = query.scalar()
    return wanted if last is None or last < wanted else last + _TICK


def list_of(account_id: str, list_id: str, *, lock: bool = False) -> LeadList | None:
    """One list of an account. `lock`: it stays until the end of the verb."""
    query = LeadList.select().where(LeadList.id == list_id, LeadList.account == account_id)
    return (locked(query) if lock else query).first()  # type: ignore[no-any-return]


def list_named(account_id: str, name: str) -> LeadList | None:
    """The list that an account calls by this name."""
    return LeadList.get_or_none(LeadList.account == account_id, LeadList.name == name)


def list_page(account_id: str, limit: int, before: datetime | None) -> list[LeadList]:
    """Up to `limit` lists made before `before`, newest first."""
    query = LeadList.select().where(LeadList.account == account_id)
    if before is not None:
        query = query.where(LeadList.created_at < before)
    return list(query.order_by(LeadList.created_at.desc()).limit(limit))


def change_list(list_id: str, **columns: Any) -> None:
    """Change a list."""
    LeadList.update(**columns).where(LeadList.id == list_id).execute()


def delete_list(list_id: str) -> None:
    """Delete a list; leads stay."""
    LeadList.delete().where(LeadList.id == list_id).execute()


def count_on_list(list_id: str) -> int:
    """How many leads a list has."""
    count: int = _on_list(list_id).count()
    return count


def has_leads(list_id: str) -> bool:
    """Whether a list has any lead."""
    return bool(_on_list(list_id).exists())


# --- leads


def get(account_id: str, lead_id: str, *, lock: bool = False) -> Lead | None:
    """One lead of an account."""
    return rows.one(Lead, lock=lock, id=lead_id, account=account_id)


def with_numbers(account_id: str, numbers: Collection[str], *, lock: bool = False) -> list[Lead]:
    """The leads of an account that have one of these numbers."""
    found: list[Lead] = []
    for some in chunked(sorted(numbers), _MOST_VALUES):
        query = Lead.select().where(Lead.account == account_id, Lead.phone_number.in_(some))
        found += list(locked(query.order_by(Lead.phone_number)) if lock else query)
    return found


def insert_new(leads: Sequence[Mapping[str, Any]]) -> None:
    """Store those of these leads whose number the account has not. Each has every column; in the
    order of their numbers, so that two who do this never wait for each other."""
    ordered = sorted(leads, key=lambda lead: str(lead["phone_number"]))
    for some in chunked(ordered, _MOST_VALUES):
        Lead.insert_many(some).on_conflict_ignore().execute()


def change(lead_id: str, **columns: Any) -> None:
    """Change a lead; its tags are found by `replace_tags`."""
    rows.set_columns(Lead, lead_id, **columns)


def add_tags(account_id: str, tags: Mapping[str, Collection[str]]) -> None:
    """Let leads be found by tags: lead id → its tags."""
    pairs = [(account_id, tag, lead_id) for lead_id, own in tags.items() for tag in own]
    columns = [LeadTag.account, LeadTag.tag, LeadTag.lead]
    for some in chunked(pairs, _MOST_VALUES):
        LeadTag.insert_many(some, fields=columns).on_conflict_ignore().execute()


def replace_tags(account_id: str, lead_id: str, tags: Collection[str]) -> None:
    """Let a lead be found by these tags and no others."""
    LeadTag.delete().where(LeadTag.lead == lead_id).execute()
    add_tags(account_id, {lead_id: tags})


def assign(list_id: str, lead_ids: Collection[str]) -> None:
    """Put leads on a list; those that are on it stay."""
    columns = [LeadListAssignment.lead_list, LeadListAssignment.lead]
    for some in chunked(((list_id, lead_id) for lead_id in sorted(lead_ids)), _MOST_VALUES):
        LeadListAssignment.insert_many(some, fields=columns).on_conflict_ignore().execute()


def unassign(list_id: str, lead_ids: Collection[str]) -> int:
    """Take leads off a list; how many were on it."""
    count: int = (
        LeadListAssignment.delete()
        .where(LeadListAssignment.lead_list == list_id, LeadListAssignment.lead.in_(lead_ids))
        .execute()
    )
    return count


def list_ids(lead_ids: Collection[str]) -> Mapping[str, list[str]]:
    """The lists that each lead is on."""
    found: dict[str, list[str]] = defaultdict(list)
    query = LeadListAssignment.select(LeadListAssignment.lead, LeadListAssignment.lead_list)
    query = query.where(LeadListAssignment.lead.in_(list(lead_ids)))
    for lead_id, list_id in tuples(query.order_by(LeadListAssignment.lead_list)):
        found[lead_id].append(list_id)
    return found


def without_list(lead_ids: Collection[str]) -> list[str]:
    """Those of these leads that are on no list."""
    on_any = LeadListAssignment.select(LeadListAssignment.lead)
    query = Lead.select(Lead.id).where(
        Lead.id.in_(list(lead_ids)), ~fn.EXISTS(on_any.where(LeadListAssignment.lead == Lead.id))
    )
    return [lead_id for (lead_id,) in tuples(query)]


def page(account_id: str, chosen: Chosen, limit: int, before: str | None) -> list[Lead]:
    """Up to `limit` leads made before the one of id `before`, newest first."""
    query = _chosen(Lead.select(), account_id, chosen)
    order = _order(chosen)
    if before is not None:
        query = query.where(order < before)
    return list(query.order_by(order.desc()).limit(limit))


def count_up_to(account_id: str, chosen: Chosen, most: int) -> int:
    """How many leads are chosen, counted no further than `most`."""
    count: int = _chosen(Lead.select(Lead.id), account_id, chosen).limit(most).count()
    return count


def count(account_id: str, chosen: Chosen) -> int:
    """How many leads are chosen."""
    number: int = _chosen(Lead.select(Lead.id), account_id, chosen).count()
    return number


def oldest(account_id: str, chosen: Chosen, until: datetime, limit: int) -> list[str]:
    """The ids of up to `limit` chosen leads that were made by then, oldest first."""
    query = _chosen(Lead.select(Lead.id), account_id, chosen).where(Lead.created_at <= until)
    return [lead_id for (lead_id,) in tuples(query.order_by(_order(chosen)).limit(limit))]


def known(account_id: str, lead_ids: Collection[str]) -> set[str]:
    """Those of these ids that are leads of the account."""
    mine = (Lead.account == account_id) & Lead.id.in_(list(lead_ids))
    return {lead_id for (lead_id,) in tuples(Lead.select(Lead.id).where(mine))}


def delete(account_id: str, lead_ids: Collection[str]) -> int:
    """Delete leads, with their tags and places on lists; calls to them stay without them."""
    gone = 0
    for some in chunked(sorted(lead_ids), _MOST_VALUES):
        Call.update(lead_id=None).where(Call.lead_id.in_(some)).execute()
        mine = (Lead.account == account_id) & Lead.id.in_(some)
        gone += Lead.delete().where(mine).execute()
    return gone


def _on_list(list_id: str) -> Any:
    return LeadListAssignment.select(LeadListAssignment.lead).where(
        LeadListAssignment.lead_list == list_id
    )


def _chosen(query: Any, account_id: str, chosen: Chosen) -> Any:
    """Leads are looked for from the narrowest side: a tag, then a list, then a status.

    Of a tag or a list SQLite would read all leads of the account instead, and sort them: the
    `COALESCE`, which changes nothing, is what it has no index for. PostgreSQL takes it away.
    """
    is_narrow = chosen.tag is not None or chosen.list_id is not None
    owner = fn.COALESCE(Lead.account, SQL("NULL")) if is_narrow else Lead.account
    query = query.where(owner == account_id)
    if chosen.tag is not None:
        tagged = (LeadTag.lead == Lead.id) & (LeadTag.account == account_id)
        query = query.join_from(Lead, LeadTag, on=tagged).where(LeadTag.tag == chosen.tag)
    if chosen.list_id is not None:
        placed = LeadListAssignment.lead == Lead.id
        query = query.join_from(Lead, LeadListAssignment, on=placed)
        query = query.where(LeadListAssignment.lead_list == chosen.list_id)
    if chosen.status is not None:
        query = query.where(Lead.status == chosen.status)
    if chosen.phone_number is not None:
        query = query.where(Lead.phone_number == chosen.phone_number)
    return query


def _order(chosen: Chosen) -> Any:
    """The column that is a lead's id in the index which is read."""
    if chosen.phone_number is not None:
        return Lead.id
    if chosen.tag is not None:
        return LeadTag.lead
    return LeadListAssignment.lead if chosen.list_id is not None else Lead.id
