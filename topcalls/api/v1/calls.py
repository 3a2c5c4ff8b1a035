"""`/v1/calls`: place, look at, stop and cancel calls."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

from flask import Response

from topcalls.api import examples
from topcalls.api.auth import principal, requires
from topcalls.api.blueprint import ApiBlueprint, fails_with
from topcalls.api.call_details import details
from topcalls.api.context import services
from topcalls.api.idempotency import idempotent, json_answer, once
from topcalls.api.schemas.answers import AnswerSchema, CorrectionSchema
from topcalls.api.schemas.call_views import (
    CallCreatedSchema,
    CallDetailsSchema,
    CallPageSchema,
    CallQuerySchema,
    CancelledSchema,
    StoppedSchema,
)
from topcalls.api.schemas.calls import CallCreateSchema
from topcalls.api.schemas.keys import CommandSchema, KeysSchema
from topcalls.api.schemas.supervisions import (
    LiveCallsQuerySchema,
    LiveCallsSchema,
    SuperviseSchema,
)
from topcalls.api.schemas.tool_cassettes import ToolCassetteSchema
from topcalls.api.schemas.transfers import TransferWishSchema
from topcalls.api.tool_examples import CASSETTE
from topcalls.core.call_request import CallRequest
from topcalls.services.call_views import CallPage, CallView
from topcalls.services.catalogue import Catalogue
from topcalls.services.idempotency import Answer

calls = ApiBlueprint("calls", __name__, description="Place calls and see what became of them.")


@calls.route("/v1/calls", methods=["POST"])
@requires("calls:write")
@fails_with(402, 422)
@idempotent
@calls.arguments(CallCreateSchema, examples=examples.CALL_BODIES)
@calls.response(201, CallCreatedSchema, example=examples.CALL_CREATED)
def create_call(wanted: CallRequest) -> Response:
    """Create a call.

    It is queued and dialled as soon as the account's limits allow, or at `schedule_at`. The
    minutes of `max_duration` are reserved at once; what was not talked comes back when it ends.
    """
    run = partial(once, answer=partial(_created, services().catalogue))
    return services().call_placement.place(principal(), wanted, run)


def _created(catalogue: Catalogue, call: CallView) -> Answer:
    told = catalogue.warnings(call.request.get("model"), call.request.get("mode"))
    created = {
        "call_id": call.id,
        "provider_call_id": call.external_call_id,
        "status": call.status,
        "warnings": [fault._asdict() for fault in told],
    }
    return json_answer(201, created, {"Location": f"/v1/calls/{call.id}"})


@calls.route("/v1/calls")
@requires("calls:read")
@calls.arguments(CallQuerySchema, location="query")
@calls.response(200, CallPageSchema, example=examples.CALL_PAGE)
def list_calls(query: dict[str, Any]) -> CallPage:
    """List calls, newest first.

    Follow `next_cursor` until it is null. Calls made meanwhile do not move the pages. With `search`
    a page may hold few calls or none although older ones are found: 2,000 calls are looked through
    for each.
    """
    account_id = principal().account_id
    names = ("limit", "cursor", "status", "campaign_id")
    wanted: list[Any] = [query.get(name) for name in names]
    if "search" in query:
        return services().calls.search.page(account_id, query["search"], *wanted)
    return services().calls.list(account_id, *wanted)


@calls.route("/v1/calls/live")
@requires("calls:read")
@calls.arguments(LiveCallsQuerySchema, location="query")
@calls.response(200, LiveCallsSchema, example=examples.LIVE_CALLS)
def list_live_calls(query: dict[str, Any]) -> dict[str, Any]:
    """List live calls, the last answered first.

    `live_code` names one on a softphone, to listen to it or to take part.
    """
    data, total = services().calls.supervisions.live(principal().account_id, query["limit"])
    return {"data": data, "total": total}


@calls.route("/v1/calls/<uuid:call_id>")
@requires("calls:read")
@calls.response(200, CallDetailsSchema, example=examples.CALL_DETAILS)
def get_call(call_id: UUID) -> dict[str, Any]:
    """Get a call.

    While it is live, the transcript grows turn by turn: poll this to follow it.
    """
    account_id = principal().account_id
    call = services().calls.get(account_id, str(call_id))
    return details(services(), account_id, call)


@calls.route("/v1/calls/<uuid:call_id>", methods=["DELETE"])
@requires("calls:write")
@fails_with(409)
@calls.response(200, CancelledSchema, example=examples.CANCELLED)
def delete_call(call_id: UUID) -> dict[str, bool]:
    """Cancel a call that has not started (older form of cancel).

    Nothing is erased: the call stays listed, as cancelled.
    """
    services().calls.delete(principal().account_id, str(call_id))
    return {"ok": True}


@calls.route("/v1/calls/<uuid:call_id>/stop", methods=["POST"])
@requires("calls:write")
@fails_with(409)
@idempotent
@calls.response(200, StoppedSchema, example=examples.STOPPED)
def stop_call(call_id: UUID) -> Response:
    """End a call that waits or is in progress.

    A call in progress is hung up by its controller within moments; stopping it twice is no error.
    """
    stop = partial(services().calls.stop, principal().account_id, str(call_id))
    return once(stop, lambda _: json_answer(200, {"ok": True, "status": "cancelled"}))


@calls.route("/v1/calls/<uuid:call_id>/cancel", methods=["POST"])
@requires("calls:write")
@fails_with(409)
@idempotent
@calls.response(200, CancelledSchema, example=examples.CANCELLED)
def cancel_call(call_id: UUID) -> Response:
    """Cancel a call that has not started."""
    cancel = partial(services().calls.cancel, principal().account_id, str(call_id))
    return once(cancel, lambda _: json_answer(200, {"ok": True}))


@calls.route("/v1/calls/<uuid:call_id>/dtmf", methods=["POST"])
@requires("calls:write")
@fails_with(409)
@idempotent
@calls.arguments(KeysSchema, example=examples.KEYS)
@calls.response(202, CommandSchema, example=examples.COMMAND)
def press_keys(wanted: dict[str, Any], call_id: UUID) -> Response:
    """Press keys on our side of a call in progress.

    The agent knows of it. With an `Idempotency-Key` a repeated request presses nothing twice.
    """
    digits, pause_ms, now = wanted["digits"], wanted["pause_ms"], services().clock.now()
    verb = services().commands.press_keys
    press = partial(verb, principal(), str(call_id), digits, pause_ms, now)
    return once(press, lambda made: json_answer(202, {"ok": True, "command_id": made}))


@calls.route("/v1/calls/<uuid:call_id>/transfer", methods=["POST"])
@requires("calls:write")
@fails_with(409)
@idempotent
@calls.arguments(TransferWishSchema, example=examples.TRANSFER)
@calls.response(202, CommandSchema, example=examples.COMMAND)
def transfer_call(wanted: dict[str, Any], call_id: UUID) -> Response:
    """Hand a call over from its agent to a person.

    The agent stops talking and the caller hears it ring. If nobody takes the call, the agent is
    told why and goes on talking. What became of it stands in the call's `transfers`.
    """
    ask = partial(
        services().calls.transfers.ask, principal(), str(call_id), wanted, services().clock.now()
    )
    return once(ask, lambda made: json_answer(202, {"ok": True, "command_id": made}))


@calls.route("/v1/calls/<uuid:call_id>/supervise", methods=["POST"])
@requires("calls:write")
@fails_with(409)
@idempotent
@calls.arguments(SuperviseSchema, example=examples.SUPERVISE)
@calls.response(202, CommandSchema, example=examples.COMMAND)
def supervise_call(wanted: dict[str, Any], call_id: UUID) -> Response:
    """Have a softphone rung and put on a call, or take part in another way.

    Needs the scope `calls:supervise` too. What became of it stands in the call's `supervisions`.
    Asking again for a softphone that is on the call changes its `mode`; it leaves by hanging up.
    """
    now = services().clock.now()
    ask = partial(services().calls.supervisions.ask, principal(), str(call_id), wanted, now)
    return once(ask, lambda made: json_answer(202, {"ok": True, "command_id": made}))


@calls.route("/v1/calls/<uuid:call_id>/answered_by", methods=["POST"])
@requires("calls:write")
@fails_with(409)
@calls.arguments(CorrectionSchema, example=examples.CORRECTION)
@calls.response(200, AnswerSchema, example=examples.ANSWER)
def correct_answer(wanted: dict[str, Any], call_id: UUID) -> Any:
    """Say what really answered a call.

    `answered_by` of the call follows, the verdict stays beside it. Webhooks that were sent do not
    change.
    """
    now = services().clock.now()
    verb = services().calls.answers.correct
    return verb(principal().account_id, str(call_id), wanted["answered_by"], now)


@calls.route("/v1/calls/<uuid:call_id>/tool_cassette")
@requires("calls:read")
@calls.response(200, ToolCassetteSchema, example=CASSETTE)
def get_tool_cassette(call_id: UUID) -> dict[str, Any]:
    """Get what the tools of a call answered.

    Send it back as `tool_cassette` of another call, whose tools then answer the same and ask
    nobody.
    """
    return services().calls.tools.cassette(principal().account_id, str(call_id))
