"""The sound of a call, behind the same keys as the call, and its pauses."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from flask import Response, request, send_file

from topcalls.api import examples
from topcalls.api.auth import principal, requires
from topcalls.api.blueprint import ApiBlueprint, fails_with
from topcalls.api.context import services
from topcalls.api.idempotency import idempotent, json_answer, once
from topcalls.api.schemas.keys import CommandSchema
from topcalls.errors import NotFound

recordings = ApiBlueprint("recordings", __name__, description="The sound of calls.")
_BINARY = {"type": "string", "format": "binary"}


@recordings.route("/v1/calls/<uuid:call_id>/recording")
@requires("calls:read")
@fails_with(416)
@recordings.response(200, _BINARY, content_type="audio/wav")
@recordings.alt_response(206, schema=_BINARY, content_type="audio/wav", success=True)
def get_call_recording(call_id: UUID) -> Response:
    """Download the recording of a call.

    The same file as at the call's `recording_url`. Ranges are served, so a player can seek.
    """
    return _sound(str(call_id))


@recordings.route("/recordings/<uuid:call_id>/<int:year>/<int:month>/<int:day>/wav")
@requires("calls:read")
@fails_with(416)
@recordings.response(200, _BINARY, content_type="audio/wav")
@recordings.alt_response(206, schema=_BINARY, content_type="audio/wav", success=True)
def get_recording(call_id: UUID, year: int, month: int, day: int) -> Response:
    """Download a recording.

    The address is the call's `recording_url`; send the key here too. Ranges are served, so a
    player can seek. In stereo the other person is on the left, the agent on the right.
    """
    account_id = principal().account_id
    url = services().calls.get(account_id, str(call_id)).recording_url
    if url is None or not url.endswith(request.path):
        raise NotFound("No recording is at this address.", remedy="Use the call's recording_url.")
    return _sound(str(call_id))


@recordings.route("/v1/calls/<uuid:call_id>/recording/pause", methods=["POST"])
@requires("calls:write")
@fails_with(409)
@idempotent
@recordings.response(202, CommandSchema, example=examples.COMMAND)
def pause_recording(call_id: UUID) -> Response:
    """Have nothing recorded, while a secret is said.

    The recording holds silence instead and keeps its length; turns said meanwhile are stored as
    `[masked]`. It goes on by itself after `recording_pause_seconds`. The agent knows of it.
    """
    return _masked(str(call_id), paused=True)


@recordings.route("/v1/calls/<uuid:call_id>/recording/resume", methods=["POST"])
@requires("calls:write")
@fails_with(409)
@idempotent
@recordings.response(202, CommandSchema, example=examples.COMMAND)
def resume_recording(call_id: UUID) -> Response:
    """Have a paused recording go on."""
    return _masked(str(call_id), paused=False)


def _sound(call_id: str) -> Response:
    file = services().recordings.path(principal().account_id, call_id)
    name = f"{call_id}.wav"
    response = send_file(file, mimetype="audio/wav", conditional=True, download_name=name)
    response.headers["Cache-Control"] = "no-store"
    return response


def _masked(call_id: str, *, paused: bool) -> Response:
    verb = services().commands.mask_recording
    mask = partial(verb, principal().account_id, call_id, paused, services().clock.now())
    return once(mask, lambda made: json_answer(202, {"ok": True, "command_id": made}))
