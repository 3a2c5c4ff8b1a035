"""Supervisors of live calls: which call is meant, who may be on it, and what is written of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from topcalls.core import supervision as rules
from topcalls.core import supervisor_codes
from topcalls.core.call_state import State
from topcalls.core.call_status import PUBLIC
from topcalls.core.softphones import is_extension
from topcalls.core.supervision import Failure, Mode, Outcome
from topcalls.core.supervisor_codes import Candidate, Refusal
from topcalls.errors import Conflict, InvalidRequest, NotFound
from topcalls.services.keys import Principal
from topcalls.store import calls, commands, softphones, supervisions
from topcalls.store.database import Database
from topcalls.store.fields import from_microseconds, to_microseconds
from topcalls.store.models import CallSupervision, Softphone

SUPERVISE = "calls:supervise"
"""The scope of a key that may have a softphone put on a call."""

ASKED = "SupervisionAsked"
"""What stands in the trail of a call, with the key that asked."""

AGENT, PERSON = PARTNERS = ("agent", "person")
MOST_LIVE = 1000
COLUMNS = frozenset({"ended_at", "failure", "joined_at", "outcome", "taken_over_at"})
"""What is learnt of a stay after it was asked for, besides its modes."""

_TRIES = 3
_TALKING = (State.ANSWERED, State.IN_PROGRESS, State.TRANSFERRED)


class Supervisor(NamedTuple):
    """Who supervises: the softphone, as it is called in its account and known to the switch."""

    softphone_id: str
    extension: str
    name: str | None
    username: str

    @property
    def label(self) -> str:
        """For people."""
        return self.name or f"extension {self.extension}"


class Found(NamedTuple):
    """What a dialled code asks for: `owner` is the controller that has the call."""

    call_id: str
    owner: str | None
    mode: Mode
    supervisor: Supervisor


class ModeView(NamedTuple):
    """How a supervisor took part, and from when to when; `ended_at` None: until now."""

    mode: Mode
    began_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class SupervisionView:
    """A stay as the call's owner sees it. `supervision` counts from 1; `outcome` is None while it
    lasts. `taken_over_at`: since when the caller talked to the supervisor alone."""

    supervision: int
    extension: str
    name: str | None
    asked_by: str
    channel_id: str
    asked_at: datetime
    joined_at: datetime | None
    taken_over_at: datetime | None
    ended_at: datetime | None
    outcome: Outcome | None
    failure: Failure | None
    modes: tuple[ModeView, ...]


class LiveSupervisor(NamedTuple):
    """Who is on a live call, and how."""

    extension: str
    mode: Mode


@dataclass(frozen=True, slots=True)
class LiveCallView:
    """A call that is live. `live_code` names it on a softphone, once it is answered; `talks_with`:
    one of `PARTNERS` from then on."""

    id: str
    live_code: str | None
    direction: str
    phone_number: str
    from_phone_number: str | None
    agent_id: str | None
    node: str | None
    call_status: str | None
    talks_with: str | None
    created_at: datetime
    started_at: datetime | None
    supervisors: tuple[LiveSupervisor, ...] = ()


class Supervisions:
    """Writes for controllers, reads and wishes for users."""

    def __init__(self, db: Database) -> None:
        self._db = db

    # --- controllers

    def find(self, username: str, dialled: str, node: str) -> Found | Refusal:
        """What a softphone that dialled a feature code at the switch of `node` wants."""

        def verb() -> Found | Refusal:
            softphone = softphones.with_username(username)
            if softphone is None:
                return Refusal.UNKNOWN_SOFTPHONE
            wish = supervisor_codes.wish_of(dialled)
            if wish is None:
                return Refusal.UNKNOWN_CODE
            if not softphone.may_supervise:
                return Refusal.NOT_ALLOWED
            rows = supervisions.live_of(softphone.account_id, MOST_LIVE)
            chosen = supervisor_codes.choose(
                wish, [_candidate(row) for row in rows if _is_answered(row)]
            )
            if isinstance(chosen, Refusal):
                return chosen
            (row,) = [row for row in rows if row[0] == chosen.call_id]
            if row[_NODE] not in (None, node):
                return Refusal.OTHER_NODE
            if len(supervisions.present([chosen.call_id])) >= rules.MOST_AT_ONCE:
                return Refusal.TOO_MANY
            return Found(chosen.call_id, row[_OWNER], wish.mode, _supervisor(softphone))

        return self._db.read(verb)

    def intend(
        self,
        call_id: str,
        supervisor: Supervisor,
        mode: Mode,
        *,
        asked_by: str,
        channel_id: str,
        now: datetime,
    ) -> int | None:
        """Store a stay before anything is done for it; its number. None: one began on this leg
        already."""

        def verb() -> int | None:
            if supervisions.is_known(channel_id):
                return None
            number = len(supervisions.of_call(call_id)) + 1
            supervisions.insert(
                call_id,
                number,
                softphone_id=supervisor.softphone_id,
                extension=supervisor.extension,
                name=supervisor.name,
                asked_by=asked_by,
                channel_id=channel_id,
                modes=[_mode(mode, now)],
                asked_at=now,
            )
            return number

        return self._db.run(verb)

    def note(
        self, call_id: str, number: int, modes: Sequence[tuple[Mode, datetime]], **columns: Any
    ) -> None:
        """Store what is learnt: how the supervisor took part so far, if at all, and columns of
        `COLUMNS`."""
        unknown = set(columns) - COLUMNS
        if unknown:
            raise ValueError(f"No columns of a stay: {', '.join(sorted(unknown))}")
        if modes:
            columns["modes"] = [_mode(mode, at) for mode, at in modes]
        if columns:
            self._db.run(lambda: supervisions.change(call_id, number, **columns))

    def abandoned(self, call_id: str, now: datetime) -> list[str]:
        """Another controller had the call: end the stays that it left, but one that has taken over;
        the legs to hang up."""

        def verb() -> list[str]:
            left = [row for row in supervisions.present([call_id]) if row.taken_over_at is None]
            for row in left:
                ended = {"ended_at": now, "outcome": Outcome.LEFT}
                supervisions.change(call_id, row.number, **ended)
            return [row.channel_id for row in left]

        return self._db.run(verb)

    # --- users

    def of_call(self, account_id: str, call_id: str) -> list[SupervisionView]:
        """The stays on a call of this account, in order; none for any other call."""

        def verb() -> list[SupervisionView]:
            if calls.of_account(account_id, call_id) is None:
                return []
            return [supervision_view(row) for row in supervisions.of_call(call_id)]

        return self._db.read(verb)

    def code_of(self, call_id: str) -> str | None:
        """By which digits a live call is named on a softphone; None before its answer and after its
        end."""
        return self._db.read(supervisions.code_of, call_id)

    def live(self, account_id: str, limit: int) -> tuple[list[LiveCallView], int]:
        """An account's live calls, the last answered first, and how many there are in all."""

        def verb() -> tuple[list[LiveCallView], int]:
            rows = supervisions.live_of(account_id, limit)
            there: dict[str, list[LiveSupervisor]] = {}
            for stay in supervisions.present([row[0] for row in rows]):
                if stay.joined_at is not None:
                    mode = Mode(stay.modes[-1]["mode"])
                    present = LiveSupervisor(stay.extension, mode)
                    there.setdefault(stay.call_id, []).append(present)
            views = [_live_view(row, tuple(there.get(row[0], ()))) for row in rows]
            return views, supervisions.count_live(account_id)

        return self._db.read(verb)

    def ask(
        self, principal: Principal, call_id: str, wanted: Mapping[str, Any], now: datetime
    ) -> str:
        """Have the softphone of an `extension` rung and put on a call, or, when it is on it, take
        part in another `mode`; the command's id.

        Raises:
            Conflict: the call is not in progress, is with a person who is not replaced, or has as
                many supervisors as it may have.
            InsufficientScope: the key may not.
            InvalidRequest: there is no such softphone, or it may not supervise.
            NotFound: no such call in this account.
        """
        principal.require(SUPERVISE)
        mode, account_id = Mode(wanted["mode"]), principal.account_id

        def verb() -> str:
            call = calls.of_account(account_id, call_id)
            if call is None:
                raise NotFound("No such call.")
            softphone = _softphone(account_id, wanted["extension"])
            if State(call.state) not in _TALKING:
                raise Conflict("The call is not in progress.")
            if State(call.state) is State.TRANSFERRED and mode is Mode.TAKE_OVER:
                raise Conflict(
                    "The caller is with a person already, who is not replaced.",
                    remedy="Use barge to join the two.",
                )
            present = supervisions.present([call_id])
            is_there = any(row.softphone_id == softphone.id for row in present)
            if not is_there and len(present) >= rules.MOST_AT_ONCE:
                raise Conflict(f"A call has at most {rules.MOST_AT_ONCE} supervisors.")
            payload = {"mode": mode, "supervisor": _supervisor(softphone)._asdict()}
            wish = commands.insert(call_id, "supervise", payload, _TRIES, now)
            told = {"command_id": wish, "extension": softphone.extension, "mode": mode}
            calls.note(call_id, ASKED, {**told, "key_id": principal.key_id}, now)
            return wish

        return self._db.run(verb)


# --- parts

_CODE, _DIRECTION, _STATE, _NODE, _OWNER, _ANSWERED = 1, 2, 3, 7, 8, 10


def _is_answered(row: tuple[Any, ...]) -> bool:
    return row[_ANSWERED] is not None and State(row[_STATE]) in _TALKING


def _candidate(row: tuple[Any, ...]) -> Candidate:
    with_person = State(row[_STATE]) is State.TRANSFERRED
    return Candidate(row[0], row[_CODE], row[4], row[5], row[_ANSWERED], with_person)


def _live_view(row: tuple[Any, ...], there: tuple[LiveSupervisor, ...]) -> LiveCallView:
    call_id, code, direction, state, number, caller, agent, node, _, created, answered = row
    return LiveCallView(
        id=call_id,
        live_code=code,
        direction=direction,
        phone_number=number,
        from_phone_number=caller,
        agent_id=agent,
        node=node,
        call_status=PUBLIC[State(state)].call_status,
        talks_with=_partner(State(state), answered),
        created_at=created,
        started_at=answered,
        supervisors=there,
    )


def _partner(state: State, answered_at: datetime | None) -> str | None:
    if answered_at is None:
        return None
    return PERSON if state is State.TRANSFERRED else AGENT


def _softphone(account_id: str, extension: Any) -> Softphone:
    row = softphones.with_extension(account_id, extension) if is_extension(extension) else None
    if row is None:
        raise InvalidRequest(
            "There is no softphone with this extension in your account: GET /v1/softphones.",
            field="extension",
        )
    if not row.may_supervise:
        raise InvalidRequest("This softphone may not supervise.", field="extension")
    return row


def _supervisor(row: Softphone) -> Supervisor:
    return Supervisor(row.id, row.extension, row.name, row.username)


def _mode(mode: Mode, at: datetime) -> dict[str, Any]:
    return {"mode": mode.value, "at": to_microseconds(at)}


def supervision_view(row: CallSupervision) -> SupervisionView:
    """A row for its owner. Whoever was never on the line took no part."""
    return SupervisionView(
        supervision=row.number,
        extension=row.extension,
        name=row.name,
        asked_by=row.asked_by,
        channel_id=row.channel_id,
        asked_at=row.asked_at,
        joined_at=row.joined_at,
        taken_over_at=row.taken_over_at,
        ended_at=row.ended_at,
        outcome=Outcome(row.outcome) if row.outcome else None,
        failure=Failure(row.failure) if row.failure else None,
        modes=_modes(row) if row.joined_at is not None else (),
    )


def _modes(row: CallSupervision) -> tuple[ModeView, ...]:
    moments = [from_microseconds(told["at"]) for told in row.modes]
    ends = [*moments[1:], row.ended_at]
    return tuple(
        ModeView(Mode(told["mode"]), began, ended)
        for told, began, ended in zip(row.modes, moments, ends, strict=True)
    )
