"""The answer that goes on for as long as a call does."""

from __future__ import annotations

from typing import Any

from flask import Response, request

from topcalls.api.auth import principal
from topcalls.api.context import ApiServices
from topcalls.api.event_streams import EventStreams
from topcalls.api.examples import CALL_EVENTS
from topcalls.api.schemas.call_views import CallEventsSchema
from topcalls.core.live_events import NAMES, Position, parse_position
from topcalls.errors import FieldError, InvalidRequest, StoreUnavailable, Unauthorized
from topcalls.log import get_logger

EVENT_STREAM = "text/event-stream"
LAST_EVENT_ID = "Last-Event-ID"
log = get_logger("api.live_answers")

DOCUMENTED: dict[str, Any] = {
    "parameters": [
        {
            "in": "header",
            "name": LAST_EVENT_ID,
            "description": "Of a stream: the `id` of the last event you have. What came after it "
            "follows; after the end of the call there is nothing, and the answer is 204.",
            "schema": {"type": "string"},
            "example": "118-12-5-2",
        }
    ],
    "responses": {
        "200": {
            "content": {
                "application/json": {"schema": CallEventsSchema, "example": CALL_EVENTS},
                EVENT_STREAM: {
                    "schema": {
                        "type": "string",
                        "description": "Server-sent events, named "
                        + ", ".join(f"`{name}`" for name in NAMES)
                        + ". Each has JSON `data`, and all but `partial` an `id`.",
                    }
                },
            }
        }
    },
}
"""What a list that is also a stream adds to the documentation of its address."""


def wants_stream() -> bool:
    """The client asks for an event stream by name, and is going to read it."""
    return request.method == "GET" and EVENT_STREAM in request.headers.get("Accept", "").lower()


def event_stream(verbs: ApiServices, call_id: str) -> Response:
    """The events of a call of this account, from its beginning or from where a client is."""
    position = _position()
    if position.over:
        verbs.live_events.check(principal().account_id, call_id)
        return Response(status=204)  # by which an EventSource knows that it is over
    verbs.live_events.begin(principal(), call_id)
    return streamed(verbs, verbs.event_streams, call_id, position)


def streamed(verbs: ApiServices, streams: EventStreams, followed: str, position: Any) -> Response:
    """The events of what has the id `followed`, behind a position, for as long as the client reads
    and its key is good."""
    key_id = principal().key_id
    stream = streams.open(key_id, followed, position)
    response = Response(
        stream.sent(lambda: _is_good(verbs, key_id), verbs.clock),
        mimetype=EVENT_STREAM,
        headers={"X-Accel-Buffering": "no"},  # nginx would keep it back
    )
    response.call_on_close(lambda: streams.leave(stream))
    return response


def _position() -> Position:
    told = request.headers.get(LAST_EVENT_ID, "")
    position = parse_position(told) if told else Position()
    if position is None:
        fault = FieldError(LAST_EVENT_ID, "Is not the id of an event of ours.", "invalid")
        raise InvalidRequest("The Last-Event-ID header is not right.", [fault])
    return position


def _is_good(verbs: ApiServices, key_id: str) -> bool:
    try:
        verbs.keys.recognise(key_id)
    except Unauthorized:
        return False
    except StoreUnavailable:
        log.info("A key could not be looked at, and is looked at again")
    return True
