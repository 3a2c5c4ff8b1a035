"""`/recordings`: the sound of a call, behind the same keys as the call."""

from __future__ import annotations

from uuid import UUID

from flask import Response, request, send_file

from topcalls.api.auth import principal, requires
from topcalls.api.blueprint import ApiBlueprint, fails_with
from topcalls.api.context import services
from topcalls.errors import NotFound

recordings = ApiBlueprint("recordings", __name__, description="The sound of calls.")
_BINARY = {"type": "string", "format": "binary"}


@recordings.route("/recordings/<uuid:call_id>/<int:year>/<int:month>/<int:day>/wav")
@requires("calls:read")
@fails_with(416)
@recordings.response(200, _BINARY, content_type="audio/wav")
@recordings.alt_response(206, schema=_BINARY, content_type="audio/wav", success=True)
def get_recording(call_id: UUID, year: int, month: int, day: int) -> Response:
    """Download a recording.

    The address is the call's `recording_url`; send the key here too. Ranges are served, so a
    player can seek. One side of the call is on each channel.
    """
    account_id = principal().account_id
    url = services().calls.get(account_id, str(call_id)).recording_url
    if url is None or not url.endswith(request.path):
        raise NotFound("No recording is at this address.", remedy="Use the call's recording_url.")
    file = services().recordings.path(account_id, str(call_id))
    name = f"{call_id}.wav"
    response = send_file(file, mimetype="audio/wav", conditional=True, download_name=name)
    response.headers["Cache-Control"] = "no-store"
    return response
