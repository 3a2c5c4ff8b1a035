"""`/v1/voices`: voices that the account has cloned, and how voices sound."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response

from topcalls.api import voice_examples as examples
from topcalls.api.auth import principal, requires
from topcalls.api.blueprint import FORM, ApiBlueprint, fails_with
from topcalls.api.context import services
from topcalls.api.schemas.voices import (
    ClonedVoiceSchema,
    ClonedVoicesSchema,
    PreviewQuerySchema,
    VoiceCloneSchema,
)
from topcalls.core.voice_clones import State
from topcalls.services.voice_clones import CloneView

voices = ApiBlueprint("voices", __name__, description="Voices of your own, and how voices sound.")
_BASE = "/v1/voices"
_SOUND = {"type": "string", "format": "binary"}


@voices.route(_BASE)
@requires("calls:read")
@voices.response(200, ClonedVoicesSchema, example=examples.VOICES)
def list_cloned_voices() -> dict[str, Any]:
    """List cloned voices, newest first."""
    return {"data": services().voice_clones.list(principal().account_id)}


@voices.route(_BASE, methods=["POST"])
@requires("voices:write")
@fails_with(409, 502)
@voices.arguments(VoiceCloneSchema, location=FORM)
@voices.response(201, ClonedVoiceSchema, example=examples.VOICE)
@voices.alt_response(202, schema=ClonedVoiceSchema, example=examples.CREATING, success=True)
def clone_voice(form: dict[str, Any]) -> tuple[CloneView, int, dict[str, str]]:
    """Clone a voice.

    Only with the consent of the person whose voice it is. The same samples make one voice, not two:
    repeating the request is a conflict that names the voice by `voice_id`. 202: its vendor's answer
    got lost, and within a quarter of an hour it is found out whether the voice is there.
    """
    made = services().voice_clones.create(principal(), form)
    status = 202 if made.state is State.CREATING else 201
    return made, status, {"Location": f"{_BASE}/{made.id}"}


@voices.route(f"{_BASE}/<uuid:voice_id>")
@requires("calls:read")
@voices.response(200, ClonedVoiceSchema, example=examples.VOICE)
def get_cloned_voice(voice_id: UUID) -> CloneView:
    """Get a cloned voice, with the consent to it."""
    return services().voice_clones.get(principal().account_id, str(voice_id))


@voices.route(f"{_BASE}/<uuid:voice_id>", methods=["DELETE"])
@requires("voices:write")
@fails_with(409)
@voices.response(202, ClonedVoiceSchema, example=examples.DELETING)
def delete_cloned_voice(voice_id: UUID) -> CloneView:
    """Delete a cloned voice.

    No call can name it any more; its vendor is told until it has forgotten it. The consent and the
    digests of the samples are kept as evidence.
    """
    return services().voice_clones.delete(principal().account_id, str(voice_id))


@voices.route(f"{_BASE}/<uuid:voice_id>/preview")
@requires("calls:read")
@fails_with(502)
@voices.arguments(PreviewQuerySchema, location="query")
@voices.response(200, _SOUND, content_type="audio/wav")
def preview_cloned_voice(query: dict[str, Any], voice_id: UUID) -> Response:
    """Hear a cloned voice, as it sounds on the telephone.

    Its vendor takes for it what a sentence in a call costs.
    """
    account_id = principal().account_id
    clone = services().voice_clones.get(account_id, str(voice_id))
    query.setdefault("language", clone.language)
    return _sound(services().voice_previews.sound(account_id, clone.id, **query))


@voices.route(f"{_BASE}/builtin/<name>/preview")
@requires("calls:read")
@fails_with(502)
@voices.arguments(PreviewQuerySchema, location="query")
@voices.response(200, _SOUND, content_type="audio/wav")
def preview_voice(query: dict[str, Any], name: str) -> Response:
    """Hear a built-in voice of mode `legacy`, as it sounds on the telephone.

    Its vendor takes for it what a sentence in a call costs.
    """
    return _sound(services().voice_previews.sound(principal().account_id, name, **query))


def _sound(wav: bytes) -> Response:
    return Response(wav, mimetype="audio/wav")
