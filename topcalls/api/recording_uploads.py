"""Where controllers on other hosts send recordings. Not part of the public API.

A request is let in by its ticket (`services/recording_upload.py`), which allows one file of one
call; API keys are of no use here.
"""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Flask, Response, current_app, request

from topcalls.api.auth import signed
from topcalls.api.context import services
from topcalls.errors import InvalidRequest, Unauthorized
from topcalls.services.recording_store import pieces
from topcalls.services.recording_upload import MOST_BYTES, PATH, SCHEME, Tickets

recording_uploads = Blueprint("recording_uploads", __name__)
_TICKETS = "recording_tickets"


@recording_uploads.put(PATH.replace("{call_id}", "<uuid:call_id>"))
@signed
def put_recording(call_id: UUID) -> Response:
    """Keep the recording of a call, which the ticket describes."""
    tickets: Tickets | None = current_app.extensions.get(_TICKETS)
    word, _, text = request.headers.get("Authorization", "").partition(" ")
    if tickets is None or word != SCHEME:
        raise Unauthorized("This address needs a ticket.")
    now = services().clock.now()
    ticket = tickets.check(str(call_id), text, now)
    if request.content_length != ticket.size:
        raise InvalidRequest("The length is not the one that was announced.")
    request.max_content_length = MOST_BYTES
    chunks = pieces(request.stream.read)
    services().recordings.receive(str(call_id), ticket.size, ticket.sha256, chunks, now)
    return Response(status=201)


def attach(app: Flask, tickets: Tickets | None) -> None:
    """Let an application take recordings, by these tickets; without any it takes none."""
    app.extensions[_TICKETS] = tickets
    app.register_blueprint(recording_uploads)
