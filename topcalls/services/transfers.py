"""The transfers of calls: their rows, and the wish of a user for one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from topcalls.core import phone_numbers
from topcalls.core.call_request import CallRequest
from topcalls.core.call_state import State
from topcalls.core.personal_data import Rules
from topcalls.core.routing import Route
from topcalls.core.transfer import Destination, Failure, Outcome, destinations_of
from topcalls.errors import Conflict, InvalidRequest, NotFound
from topcalls.services.keys import Principal
from topcalls.services.redacted_calls import rules_for_readers, text_without
from topcalls.services.routing import RoutePlanner
from topcalls.store import calls, commands, transfers
from topcalls.store.database import Database
from topcalls.store.models import Call, CallTransfer

ANYWHERE = "calls:transfer"
"""The scope of a key that may have a call handed over to a number that the call does not list."""

OTHER_NUMBER = "another number"
ASKED = "TransferAsked"
COLUMNS = frozenset(
    {
        "answered_at",
        "cause",
        "channel_id",
        "connected_at",
        "ended_at",
        "failure",
        "method",
        "outcome",
        "sip_status",
    }
)
"""What is learnt of a transfer after it was asked for."""

_TRIES = 3


@dataclass(frozen=True, slots=True)
class TransferView:
    """A transfer as the call's owner sees it. `transfer` counts from 1; `outcome` is None while it
    is under way. `connected_at`: since when the caller talks to the target."""

    transfer: int
    destination: str
    phone_number: str
    kind: str
    method: str
    asked_by: str
    summary: str | None
    channel_id: str | None
    asked_at: datetime
    answered_at: datetime | None
    connected_at: datetime | None
    ended_at: datetime | None
    outcome: Outcome | None
    failure: Failure | None
    cause: str | None
    sip_status: int | None


class Transfers:
    """Writes for controllers, reads and wishes for users."""

    def __init__(self, db: Database) -> None:
        self._db = db

    # --- controllers

    def intend(
        self,
        call_id: str,
        destination: Destination,
        *,
        asked_by: str,
        summary: str | None,
        channel_id: str | None,
        now: datetime,
    ) -> int:
        """Store a transfer before anything is dialled for it; its number. Asked again at the same
        moment, it is the same one."""

        def verb() -> int:
            before = transfers.of_call(call_id)
            for row in before:
                if row.asked_at == now:
                    return int(row.number)
            number = len(before) + 1
            transfers.insert(
                call_id,
                number,
                destination=destination.name,
                phone_number=destination.number,
                kind=destination.kind,
                method=destination.method,
                asked_by=asked_by,
                summary=summary,
                channel_id=channel_id,
                asked_at=now,
            )
            return number

        return self._db.run(verb)

    def note(self, call_id: str, number: int, columns: Mapping[str, Any]) -> None:
        """Store what is learnt: columns of `COLUMNS`."""
        unknown = set(columns) - COLUMNS
        if unknown:
            raise ValueError(f"No columns of a transfer: {', '.join(sorted(unknown))}")
        self._db.run(lambda: transfers.change(call_id, number, **columns))

    def abandoned(self, call_id: str, now: datetime) -> list[str]:
        """Another controller had the call: call off what it left of a transfer, unless caller and
        target are connected; the legs to hang up."""

        def verb() -> list[str]:
            left = [
                row
                for row in transfers.of_call(call_id)
                if row.outcome is None and row.connected_at is None
            ]
            for row in left:
                transfers.change(call_id, row.number, ended_at=now, outcome=Outcome.CALLED_OFF)
            return [row.channel_id for row in left if row.channel_id is not None]

        return self._db.run(verb)

    def routes(
        self, account_id: str, carrier_id: str | None, from_number: str, node: str, now: datetime
    ) -> tuple[Route, ...]:
        """By which carriers of the account a target may be dialled; see `core.routing.plan`."""
        planner = RoutePlanner(node, now)
        return self._db.read(lambda: planner.routes(account_id, carrier_id, from_number))

    # --- users

    def of_call(self, account_id: str, call_id: str) -> list[TransferView]:
        """The transfers of a call of this account, in order; none for any other call."""

        def verb() -> list[TransferView]:
            call = calls.of_account(account_id, call_id)
            if call is None:
                return []
            rules = rules_for_readers(call)
            return [transfer_view(row, rules) for row in transfers.of_call(call_id)]

        return self._db.read(verb)

    def ask(
        self, principal: Principal, call_id: str, wanted: Mapping[str, Any], now: datetime
    ) -> str:
        """Have a call handed over; the command's id. `wanted`: the `destination` by its name, or a
        `number` and perhaps its `kind`; a `summary` for whom it is handed to.

        Raises:
            Conflict: the call is not in progress, or handed over already.
            InsufficientScope: a number, and the key may not name one.
            InvalidRequest: there is no such destination, or no such number.
            NotFound: no such call in this account.
        """
        if wanted.get("number") is not None:
            principal.require(ANYWHERE)
            phone_numbers.check(wanted["number"], "number")

        def verb() -> str:
            call = calls.of_account(principal.account_id, call_id)
            if call is None:
                raise NotFound("No such call.")
            destination = _chosen(call, wanted)
            if State(call.state) is not State.IN_PROGRESS:
                raise Conflict("The call is not with its agent: it cannot be transferred now.")
            payload = {"destination": destination, "summary": wanted.get("summary")}
            wish = commands.insert(call_id, "transfer", payload, _TRIES, now)
            told = {"command_id": wish, "destination": destination["name"]}
            calls.note(call_id, ASKED, {**told, "key_id": principal.key_id}, now)
            return wish

        return self._db.run(verb)


def _chosen(call: Call, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The destination as its listed fields."""
    if wanted.get("number") is not None:
        kind = wanted.get("kind") or "blind"
        return {"name": OTHER_NUMBER, "number": wanted["number"], "kind": kind}
    request = CallRequest.from_mapping(call.request)
    listed = (request.transfer or {}).get("destinations") or ()
    name = wanted.get("destination")
    for item in listed:
        if item["name"] == name:
            return dict(item)
    known = ", ".join(destination.name for destination in destinations_of(request.transfer))
    raise InvalidRequest(
        f"The call lists no such destination. It lists: {known or 'none'}.", field="destination"
    )


def transfer_view(row: CallTransfer, rules: Rules | None = None) -> TransferView:
    """A row for its owner, without what `rules` take out."""
    return TransferView(
        transfer=row.number,
        destination=row.destination,
        phone_number=row.phone_number,
        kind=row.kind,
        method=row.method,
        asked_by=row.asked_by,
        summary=text_without(row.summary, rules),
        channel_id=row.channel_id,
        asked_at=row.asked_at,
        answered_at=row.answered_at,
        connected_at=row.connected_at,
        ended_at=row.ended_at,
        outcome=Outcome(row.outcome) if row.outcome else None,
        failure=Failure(row.failure) if row.failure else None,
        cause=row.cause,
        sip_status=row.sip_status,
    )
