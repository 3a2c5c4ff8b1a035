"""The sound of a call, behind the same keys as the call, and its pauses."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

from flask import Response, request
from werkzeug.exceptions import HTTPException
from werkzeug.wsgi import wrap_file

from topcalls.api import examples
from topcalls.api.auth import has_link, or_link, principal, requires
from topcalls.api.blueprint import ApiBlueprint, fails_with
from topcalls.api.context import services
from topcalls.api.idempotency import idempotent, json_answer, once
from topcalls.api.schemas.keys import CommandSchema
from topcalls.api.schemas.recordings import (
    KindQuerySchema,
    LinkQuerySchema,
    LinkSchema,
    SignatureQuerySchema,
)
from topcalls.errors import NotFound
from topcalls.services.recording_links import Link
from topcalls.services.recording_store import CHUNK_BYTES
from topcalls.services.recordings import KINDS, Sound

recordings = ApiBlueprint("recordings", __name__, description="The sound of calls.")
_KINDS = ", ".join(KINDS)
_BINARY = {"type": "string", "format": "binary"}


@recordings.route("/v1/calls/<uuid:call_id>/recording")
@requires("calls:read")
@fails_with(416)
@recordings.arguments(KindQuerySchema, location="query")
@recordings.response(200, _BINARY, content_type="audio/*")
@recordings.alt_response(206, schema=_BINARY, content_type="audio/*", success=True)
def get_call_recording(query: dict[str, str], call_id: UUID) -> Response:
    """Download the recording of a call.

    As WAV, or as MP3 with `format=mp3`. Ranges are served, so a player can seek. In stereo the
    other person is on the left, the agent on the right.
    """
    account_id = principal().account_id
    return _sent(services().recordings.sound(account_id, str(call_id), query["format"]))


@recordings.route("/v1/calls/<uuid:call_id>/recording", methods=["DELETE"])
@requires("calls:write")
@recordings.response(204)
def delete_call_recording(call_id: UUID) -> None:
    """Delete the recording of a call, for good.

    The transcript stays. Links to it lead nowhere any more.
    """
    now = services().clock.now()
    services().recordings.delete(principal().account_id, str(call_id), now)


@recordings.route("/v1/calls/<uuid:call_id>/recording/link")
@requires("calls:read")
@recordings.arguments(LinkQuerySchema, location="query")
@recordings.response(200, LinkSchema, example=examples.RECORDING_LINK)
def get_recording_link(query: dict[str, Any], call_id: UUID) -> Link:
    """Make a link to the recording of a call that needs no key.

    Whoever has it can hear this one recording until `expires_at`: for a browser, or a colleague.
    """
    account_id, now = principal().account_id, services().clock.now()
    seconds, kind = query["expires_in"], query["format"]
    return services().recordings.link(account_id, str(call_id), seconds, kind, now)


@recordings.route(
    f"/recordings/<uuid:call_id>/<int:year>/<int:month>/<int:day>/<any({_KINDS}):kind>"
)
@requires("calls:read")
@or_link
@fails_with(416)
@recordings.arguments(SignatureQuerySchema, location="query")
@recordings.response(200, _BINARY, content_type="audio/*")
@recordings.alt_response(206, schema=_BINARY, content_type="audio/*", success=True)
def get_recording(
    query: dict[str, str], call_id: UUID, year: int, month: int, day: int, kind: str
) -> Response:
    """Download a recording.

    The address is the call's `recording_url`; send the key here too, or use a link that
    `/v1/calls/{call_id}/recording/link` has signed. Ranges are served, so a player can seek.
    """
    return _sent(_linked(call_id, kind, query) if has_link() else _own(call_id, kind))


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


def _linked(call_id: UUID, kind: str, query: dict[str, str]) -> Sound:
    now = services().clock.now()
    return services().recordings.linked(request.path, str(call_id), kind, query, now)


def _own(call_id: UUID, kind: str) -> Sound:
    account_id = principal().account_id
    url = services().calls.get(account_id, str(call_id)).recording_url
    if url is None or not url.rpartition("/")[0].endswith(request.path.rpartition("/")[0]):
        raise NotFound("No recording is at this address.", remedy="Use the call's recording_url.")
    return services().recordings.sound(account_id, str(call_id), kind)


def _sent(sound: Sound) -> Response:
    """The whole, or the range that was asked for."""
    body = wrap_file(request.environ, sound.file, buffer_size=CHUNK_BYTES)
    response = Response(body, mimetype=sound.mimetype, direct_passthrough=True)
    response.content_length = sound.size
    response.headers["Content-Disposition"] = f"inline; filename={sound.filename}"
    response.headers["Cache-Control"] = "no-store"
    try:
        response.make_conditional(request, accept_ranges=True, complete_length=sound.size)
    except HTTPException:  # no such range: nobody reads it
        response.close()
        raise
    return response


def _masked(call_id: str, *, paused: bool) -> Response:
    verb = services().commands.mask_recording
    mask = partial(verb, principal(), call_id, paused, services().clock.now())
    return once(mask, lambda made: json_answer(202, {"ok": True, "command_id": made}))
