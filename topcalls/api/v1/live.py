"""`/v1/calls/{id}`: take part in a call while it lasts."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

from flask import Response

from topcalls.api import live_examples
from topcalls.api.auth import principal, requires
from topcalls.api.blueprint import ApiBlueprint, fails_with
from topcalls.api.context import services
from topcalls.api.examples import COMMAND
from topcalls.api.idempotency import idempotent, json_answer, once
from topcalls.api.live_answers import DOCUMENTED, event_stream, wants_stream
from topcalls.api.schemas.call_views import CallEventsSchema
from topcalls.api.schemas.keys import CommandSchema
from topcalls.api.schemas.listening import InvitationSchema
from topcalls.api.schemas.live_words import InjectSchema, SaySchema
from topcalls.services.listening import Invitation

live = ApiBlueprint("live calls", __name__, description="Take part in calls while they last.")


@live.route("/v1/calls/<uuid:call_id>/events")
@requires("calls:read")
@live.doc(**DOCUMENTED)
@live.alt_response(204, success=True, description="The stream is over, and you have all of it.")
@live.response(200, CallEventsSchema)
def list_call_events(call_id: UUID) -> Any:
    """List what happened to a call, oldest first; or follow it.

    With `Accept: text/event-stream` the answer is a stream of all that happens, words included,
    which ends with the call.
    """
    if wants_stream():
        return event_stream(services(), str(call_id))
    return {"data": services().call_trail.events(principal().account_id, str(call_id))}


@live.route("/v1/calls/<uuid:call_id>/listen")
@requires("calls:read")
@fails_with(409)
@live.response(200, InvitationSchema, example=live_examples.INVITATION)
def listen(call_id: UUID) -> Invitation:
    """Where a live call is heard.

    Needs the scope `calls:supervise` too. The address needs no key: whoever has it may begin to
    listen until `expires_at`, and hears the call until it ends.
    """
    return services().listening.invite(principal(), str(call_id), services().clock.now())


@live.route("/v1/calls/<uuid:call_id>/say", methods=["POST"])
@requires("calls:write")
@fails_with(409)
@idempotent
@live.arguments(SaySchema, example=live_examples.SAY)
@live.response(202, CommandSchema, example=COMMAND)
def say(wanted: dict[str, Any], call_id: UUID) -> Response:
    """Have the agent say something.

    What was heard of it stands in the transcript. Once it is over, the call's events have a
    `WordsSaid` with this `command_id`, and in its `detail` an `outcome`: `heard`, `interrupted` or
    `not_said`.
    """
    verb, now = services().calls.live_words.say, services().clock.now()
    ask = partial(verb, principal(), str(call_id), wanted, now)
    return once(ask, lambda made: json_answer(202, {"ok": True, "command_id": made}))


@live.route("/v1/calls/<uuid:call_id>/inject", methods=["POST"])
@requires("calls:write")
@fails_with(409)
@idempotent
@live.arguments(InjectSchema, example=live_examples.INJECT)
@live.response(202, CommandSchema, example=COMMAND)
def inject(wanted: dict[str, Any], call_id: UUID) -> Response:
    """Let the model know something.

    Once it knows, the call's events have a `ContextInjected` with this `command_id`.
    """
    verb, now = services().calls.live_words.inject, services().clock.now()
    ask = partial(verb, principal(), str(call_id), wanted, now)
    return once(ask, lambda made: json_answer(202, {"ok": True, "command_id": made}))
