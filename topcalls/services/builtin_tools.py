"""The built-in tools that do not act on the conversation: what each does for a call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial

from topcalls.clock import Clock
from topcalls.core import appointments, call_rules, callbacks
from topcalls.core.do_not_call import ADD
from topcalls.core.knowledge_use import TOOL as SEARCH_KNOWLEDGE
from topcalls.core.local_times import in_words
from topcalls.core.tools import ToolRequest, ToolResult, ToolStatus, failed, refused, succeeded
from topcalls.errors import Conflict, InvalidRequest, NotFound, TopCallsError
from topcalls.services.booking import Booking
from topcalls.services.call_placement import CallPlacement
from topcalls.services.call_views import ClaimedCall
from topcalls.services.calls import Calls
from topcalls.services.campaign_callbacks import CampaignCallbacks
from topcalls.services.catalogue import Catalogue
from topcalls.services.do_not_call import DoNotCall
from topcalls.services.keys import Principal
from topcalls.services.knowledge_calls import CallKnowledge

_NO_NUMBER = "The other person's number is not known."


def runners(
    calls: Calls,
    placement: CallPlacement,
    catalogue: Catalogue,
    do_not_call: DoNotCall,
    booking: Booking,
    knowledge: CallKnowledge,
    campaigns: CampaignCallbacks,
    clock: Clock,
) -> Mapping[str, Callable[[ClaimedCall, ToolRequest], ToolResult]]:
    """By the names of the tools."""
    return {
        appointments.FIND: booking.find,
        appointments.BOOK: booking.book,
        ADD.name: partial(_add_to_do_not_call, do_not_call),
        SEARCH_KNOWLEDGE: knowledge.tool,
        callbacks.NAME: Callbacks(calls, placement, catalogue, campaigns, clock).schedule,
    }


def _add_to_do_not_call(numbers: DoNotCall, call: ClaimedCall, request: ToolRequest) -> ToolResult:
    if call.other_number is None:
        return refused("no_number", _NO_NUMBER)
    reason = request.arguments.get("reason")
    numbers.add(call.account_id, call.other_number, reason, source="agent", call_id=call.call_id)
    return succeeded(status="listed: this number is not called again")


class Callbacks:
    """Calls people back: by an ordinary call, with all of its checks, or, in a call of a campaign,
    by the campaign."""

    def __init__(
        self,
        calls: Calls,
        placement: CallPlacement,
        catalogue: Catalogue,
        campaigns: CampaignCallbacks,
        clock: Clock,
    ) -> None:
        self._campaigns = campaigns
        self._calls = calls
        self._placement = placement
        self._catalogue = catalogue
        self._clock = clock

    def schedule(self, call: ClaimedCall, request: ToolRequest) -> ToolResult:
        """Schedule a callback of this call, in the place of one that it has scheduled before."""
        number, now = call.other_number, self._clock.now()
        if number is None:
            return refused("no_number", _NO_NUMBER)
        zone = callbacks.zone_of(number)
        try:
            at = callbacks.moment(str(request.arguments["at"]), zone, now)
        except ValueError as error:
            return refused("arguments", str(error))
        words = in_words(at.astimezone(zone))
        if call.campaign_id is not None:
            return self._agree(call, at, words, now)
        reason = str(request.arguments.get("reason") or "").strip()
        try:
            call_id = self._create(call, number, at, now, reason)
        except TopCallsError as error:
            return failed(error.code, _why(error))
        self._withdraw(call, request.id)
        return succeeded(status="scheduled", at=words, call_id=call_id)

    def _agree(self, call: ClaimedCall, at: datetime, words: str, now: datetime) -> ToolResult:
        """The campaign calls back: what it needs to know stands in the record of this use."""
        try:
            self._campaigns.ensure_possible(call, at, now)
        except TopCallsError as error:
            return failed(error.code, _why(error))
        return succeeded(status="scheduled", at=words, **{callbacks.AT: at.isoformat()})

    def _create(
        self, call: ClaimedCall, number: str, at: datetime, now: datetime, reason: str
    ) -> str:
        wanted = callbacks.callback_of(
            call.request,
            call_id=call.call_id,
            to_number=number,
            from_number=call.phone_number if call.is_inbound else call.from_number,
            at=at,
            told=callbacks.told(number, now, reason),
        )
        rules = self._catalogue.call_rules(call.account_id)
        checked = call_rules.check(wanted.to_mapping(), rules, now)
        owner = Principal(call.account_id, "", "", frozenset(), "live")
        return self._placement.place(owner, checked, lambda create: create().id, now)

    def _withdraw(self, call: ClaimedCall, but: str) -> None:
        """Cancel what was scheduled before in this call."""
        for used in self._calls.tools.of_call(call.account_id, call.call_id):
            is_callback = used.name == callbacks.NAME and used.status is ToolStatus.SUCCEEDED
            if is_callback and used.id != but and isinstance(used.result, dict):
                try:
                    self._calls.cancel(call.account_id, str(used.result.get("call_id")))
                except (Conflict, NotFound):
                    continue  # it is over, or was withdrawn already


def _why(error: TopCallsError) -> str:
    if isinstance(error, InvalidRequest) and error.errors:
        return " ".join(f"{fault.path}: {fault.message}" for fault in error.errors)
    return error.message
