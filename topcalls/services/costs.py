"""What calls cost: predicted when they are created, counted when they are over.

Every method is part of a verb. What a call is predicted to cost
rests on the carrier that would try first, and on how long the account's last calls were talked;
both are read once a minute at most, because calls are created by the hundred.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from topcalls.clock import Clock
from topcalls.core import quota
from topcalls.core.call_request import CallRequest
from topcalls.core.cost_forecast import Makeup, forecast
from topcalls.core.costs import (
    CURRENCY,
    Line,
    Prediction,
    Talk,
    Trunk,
    first_unknown,
    known,
    micros,
    of_call,
    telephony,
    told,
    total,
)
from topcalls.core.prices import PriceBook
from topcalls.core.rates import Rate, rate_of
from topcalls.core.token_usage import TokenUsage
from topcalls.providers import registry
from topcalls.services import budgets
from topcalls.services.lineup import Lineup
from topcalls.store import calls, carriers, costs, routing, transfers
from topcalls.store.models import Call, Carrier

OWN_TRUNK = "the installation's own trunk"
REMEMBERED = timedelta(minutes=1)
_ALIKE = 400  # characters of instructions that make no difference
_TOKENS = tuple(TokenUsage.__dataclass_fields__)


@dataclass
class _Known:
    """What was read of an account. `predicted` holds what calls like one another share."""

    read_at: datetime
    carriers: list[Carrier]
    average_seconds: int | None
    predicted: dict[tuple[Any, ...], Prediction] = field(default_factory=dict)


class Costs:
    """See the module's text."""

    def __init__(self, clock: Clock, book: PriceBook, lineup: Lineup) -> None:
        self._clock = clock
        self._book = book
        self._lineup = lineup
        self._accounts: dict[str, _Known] = {}

    def predicted(
        self, account_id: str, request: CallRequest, *, inbound: bool = False
    ) -> Prediction:
        """What a call of this request will cost: if it is talked for as long as it may be, and if
        it is talked for as long as the account's last calls were (None without any)."""
        known = self._known(account_id)
        number = request.phone_number
        first = self._first_trunk(known, request.carrier_id)
        trunk = self._called_trunk(number) if inbound else first
        minute = trunk.rate and trunk.rate.minute_price(number, inbound=inbound)
        prompt = len(request.instructions or request.task or "")
        likeness = (request.mode, request.model, request.max_duration, request.speaker)
        key = (*likeness, inbound, trunk.name, minute, prompt // _ALIKE)
        if key not in known.predicted:
            makeup = self._makeup(request, prompt)
            talk = Talk(number, quota.reservation(request.max_duration), inbound, trunk)
            known.predicted[key] = self._predict(known, talk, makeup)
        return known.predicted[key]

    def close(self, call: Call) -> None:
        """Count what a call took that is over, and keep it with the call."""
        if call.cost is not None:
            return
        usages = {row.model: _usage(row) for row in calls.usage(call.id)}
        lines = of_call(self._talk(call), usages, self._book)
        counted = (*lines, *self._transfers(call))
        call.cost = told(counted)
        calls.set_columns(call.id, cost=call.cost)
        whole = total(counted)
        budgets.charge(
            call.id,
            None if whole is None else micros(whole),
            micros(known(counted)),
            self._clock.now(),
        )

    def recount(self, call: Call) -> None:
        """Something was taken for a call after it was counted; part of a verb."""
        if call.cost is not None:
            call.cost = None
            self.close(call)

    def close_left_behind(self, now: datetime, limit: int) -> int:
        """Count calls whose cost was not counted when the work after them ended; how many."""
        found = budgets.left_behind(now, limit)
        for call_id in found:
            call = calls.get(call_id)
            assert call is not None
            call.cost = None
            self.close(call)
        return len(found)

    # --- parts

    def _known(self, account_id: str) -> _Known:
        now, known = self._clock.now(), self._accounts.get(account_id)
        if known is None or now - known.read_at > REMEMBERED:
            found = carriers.of_account(account_id)
            known = _Known(now, found, costs.average_seconds(account_id))
            self._accounts[account_id] = known
        return known

    def _predict(self, known: _Known, talk: Talk, makeup: Makeup) -> Prediction:
        def lines(seconds: int) -> tuple[Line, ...]:
            talked = replace(talk, seconds=seconds)
            return of_call(talked, forecast(makeup, seconds), self._book)

        def cost(seconds: int) -> dict[str, Any]:
            return {"minutes": quota.minutes(seconds), **told(lines(seconds))}

        average, most = known.average_seconds, lines(talk.seconds)
        whole = total(most)
        return Prediction(
            {
                "at_most": cost(talk.seconds),
                "expected": None if average is None else cost(min(average, talk.seconds)),
            },
            None if whole is None else micros(whole),
            first_unknown(most),
        )

    def _makeup(self, request: CallRequest, prompt: int) -> Makeup:
        lineup, mode = self._lineup, request.mode
        voice = lineup.voice_model(request.speaker) if mode == "legacy" else None
        return Makeup(
            request.model or lineup.defaults[mode],
            lineup.transcriber(mode),
            voice,
            prompt,
            reads_aloud=voice is not None and registry.reads_aloud(voice),
        )

    def _first_trunk(self, known: _Known, carrier_id: str | None) -> Trunk:
        for row in known.carriers:
            if carrier_id in (None, row.id):
                return _trunk(row)
        return Trunk(OWN_TRUNK, self._book.telephony)

    def _talk(self, call: Call) -> Talk:
        inbound = call.direction == "inbound"
        return Talk(call.phone_number, call.billed_seconds or 0, inbound, self._trunk(call))

    def _trunk(self, call: Call) -> Trunk | None:
        """Who carried it; None where nobody was asked to."""
        if call.direction == "inbound":
            return self._called_trunk(call.phone_number)
        dials = routing.attempts(call.id)
        if dials:
            return self._of_carrier(dials[-1].carrier_id, dials[-1].carrier_name)
        return Trunk(OWN_TRUNK, self._book.telephony) if call.dialled_at is not None else None

    def _called_trunk(self, number: str) -> Trunk:
        row = carriers.number_named(number)
        return self._of_carrier(row.carrier_id if row else None, OWN_TRUNK)

    def _of_carrier(self, carrier_id: str | None, name: str) -> Trunk:
        if carrier_id is None:
            return Trunk(OWN_TRUNK, self._book.telephony)
        row = carriers.get(carrier_id)
        return _trunk(row) if row is not None else Trunk(name)

    def _transfers(self, call: Call) -> list[Line]:
        """The second line of a hand-over that we dialled. By which carrier is not recorded: it is
        known where there is one only."""
        lines = []
        for row in transfers.of_call(call.id):
            if row.answered_at is None or row.ended_at is None or row.channel_id is None:
                continue
            seconds = quota.billed(row.answered_at, row.ended_at)
            lines.append(
                telephony(
                    Talk(row.phone_number, seconds, trunk=self._only_trunk(call.account_id)),
                    self._book,
                )
            )
        return lines

    def _only_trunk(self, account_id: str) -> Trunk:
        found = self._known(account_id).carriers
        if not found:
            return Trunk(OWN_TRUNK, self._book.telephony)
        return _trunk(found[0]) if len(found) == 1 else Trunk("transfer")


def cost_view(
    predicted: Mapping[str, Any] | None, actual: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The cost of a call as its owner sees it."""
    return {"currency": CURRENCY, "predicted": predicted, "actual": actual}


def _trunk(row: Carrier) -> Trunk:
    rate: Rate | None = None if row.rate is None else rate_of(row.rate)
    return Trunk(row.name, rate)


def _usage(row: Any) -> TokenUsage:
    return TokenUsage(**{name: getattr(row, name) for name in _TOKENS})
