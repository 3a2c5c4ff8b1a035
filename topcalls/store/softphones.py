"""Queries on softphones and their registrations."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from typing import Any

from topcalls.store.models import Softphone, SoftphoneRegistration
from topcalls.store.models.base import tuples


def insert(**columns: Any) -> Softphone:
    """Store a new softphone."""
    softphone: Softphone = Softphone.create(**columns)
    return softphone


def of_account(account_id: str) -> list[Softphone]:
    """An account's softphones, by their extensions."""
    query = Softphone.select().where(Softphone.account == account_id)
    return list(query.order_by(Softphone.extension))


def get(account_id: str, softphone_id: str) -> Softphone | None:
    """One softphone of one account."""
    return Softphone.get_or_none(Softphone.id == softphone_id, Softphone.account == account_id)


def with_extension(account_id: str, extension: str) -> Softphone | None:
    """The softphone that an account calls by this extension."""
    return Softphone.get_or_none(Softphone.account == account_id, Softphone.extension == extension)


def with_username(username: str) -> Softphone | None:
    """The softphone that proves itself by this name, in any account."""
    return Softphone.get_or_none(Softphone.username == username)


def ids() -> set[str]:
    """Every softphone of the installation: a look that needs no secret."""
    return {softphone_id for (softphone_id,) in tuples(Softphone.select(Softphone.id))}


def every() -> list[Softphone]:
    """All softphones of the installation."""
    return list(Softphone.select().order_by(Softphone.id))


def delete(softphone_id: str) -> None:
    """Forget a softphone."""
    mine = SoftphoneRegistration.softphone == softphone_id
    SoftphoneRegistration.delete().where(mine).execute()
    Softphone.delete().where(Softphone.id == softphone_id).execute()


# --- where they are registered


def put_registrations(node: str, softphone_ids: Collection[str], now: datetime) -> None:
    """Store which softphones are registered at a node, and that no others are."""
    at_node = SoftphoneRegistration.node == node
    gone = at_node & SoftphoneRegistration.softphone.not_in(list(softphone_ids))
    SoftphoneRegistration.delete().where(gone).execute()
    for softphone_id in sorted(softphone_ids):
        SoftphoneRegistration.insert(softphone=softphone_id, node=node, seen_at=now).on_conflict(
            conflict_target=[SoftphoneRegistration.softphone, SoftphoneRegistration.node],
            update={"seen_at": now},
        ).execute()


def registrations(softphone_ids: Collection[str], since: datetime) -> dict[str, list[str]]:
    """The nodes at which softphones were registered since a moment, by softphone."""
    found: dict[str, list[str]] = defaultdict(list)
    if softphone_ids:
        query = SoftphoneRegistration.select(
            SoftphoneRegistration.softphone, SoftphoneRegistration.node
        ).where(
            SoftphoneRegistration.softphone.in_(list(softphone_ids)),
            SoftphoneRegistration.seen_at >= since,
        )
        for softphone_id, node in tuples(query.order_by(SoftphoneRegistration.node)):
            found[softphone_id].append(node)
    return found
